"""Results of flows as the API shows them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from cti.flows.question_list import Question
from cti.flows.question_words import QuestionKind
from cti.http.shapes import Instant, instant
from cti.ivr.results.figures import Figure, QuestionFigures, RunCounts, question_figures, run_figures
from cti.ivr.results.result_texts import Definition
from cti.ivr.results.results_store import CountedAnswers, CountedEnds, CountedRuns, FoundRun

#: Questions by the flow that asks them and their name.
Questions = Mapping[tuple[str, str], Question]


class RunsView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the calls that came into the flow; ``completion`` and ``response`` are 0 to 1."""

    begun: int
    running: int
    exited: int
    hung_up: int
    handed_over: int
    failed: int
    answered: int
    completion: Figure
    response: Figure


class CellView(msgspec.Struct, frozen=True, kw_only=True):
    """One possible answer; ``label`` by language, empty when the value says it."""

    value: str
    label: dict[str, str]
    count: int
    share: Figure


class QuestionView(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one question, null those that its kind does not have.

    ``flow`` asks it: the flow itself or a sub-flow. ``n`` answers count, ``not_counted`` fit none of the
    possible answers. ``csat`` and shares are 0 to 1, ``nps`` is -100 to 100.
    """

    flow: str
    question: str
    kind: str | None
    title: dict[str, str]
    n: int
    not_counted: int
    cells: list[CellView]
    mean: Figure | None
    median: float | None
    csat: Figure | None
    nps: Figure | None


class ResultGroupView(msgspec.Struct, frozen=True, kw_only=True):
    """The results of one version, agent, queue, language or period; ``key`` is null for calls without one.

    ``label`` is what people read: an agent's name; otherwise the key.
    """

    key: str | None
    label: str | None
    runs: RunsView
    questions: list[QuestionView]


class FlowEndView(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls ended at a step (`flow/step`), and how."""

    outcome: str
    step: str | None
    count: int


class FlowResultsView(msgspec.Struct, frozen=True, kw_only=True):
    """What callers answered in a flow, from ``from_at`` until before ``to_at``; ``groups`` as asked for.

    A figure has ``n`` answers behind it, a value that is null without any, and the bounds of its 95 %
    interval, null where there is none.
    """

    flow: str
    from_at: Instant
    to_at: Instant
    by: str | None
    population: int | None
    runs: RunsView
    questions: list[QuestionView]
    ends: list[FlowEndView]
    groups: list[ResultGroupView]
    definitions: list[Definition]


class ResultCallView(msgspec.Struct, frozen=True, kw_only=True):
    """One call behind a figure; ``value`` is its answer to the question that was asked for."""

    run_id: str
    call_id: str
    started_at: Instant
    version: str
    language: str | None
    queue: str | None
    agent_id: int | None
    agent: str | None
    outcome: str | None
    value: str | None


def runs_view(rows: Iterable[CountedRuns]) -> RunsView:
    """The runs of one group, or of all together."""
    sums = dict.fromkeys(RunCounts.__struct_fields__, 0)
    for row in rows:
        for name in sums:
            sums[name] += getattr(row, name)
    figures = run_figures(RunCounts(**sums))
    return RunsView(**sums, completion=figures.completion, response=figures.response)


def all_figures(
    rows: Iterable[CountedAnswers], questions: Questions, population: int | None
) -> list[tuple[str, QuestionFigures]]:
    """The figures of each question, with the flow that asks it, in the order in which the flow asks."""
    counted: dict[tuple[str, str, str | None], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        counted[row.flow, row.question, row.kind][row.value] += row.count
    places = {key: place for place, key in enumerate(questions)}
    found = []
    for flow, name, kind in sorted(
        counted, key=lambda key: (places.get(key[:2], len(places)), key[0], key[1], key[2] or "")
    ):
        known = questions.get((flow, name))
        same = known is not None and known.kind.value == kind
        possible = [answer.value for answer in known.answers] if known is not None and same else []
        figures = question_figures(
            name, _kind(kind), counted[flow, name, kind], possible=possible, population=population
        )
        found.append((flow, figures))
    return found


def question_view(flow: str, figures: QuestionFigures, questions: Questions) -> QuestionView:
    """A question as the API shows it."""
    known = questions.get((flow, figures.question))
    labels = {answer.value: answer.label for answer in known.answers} if known is not None else {}
    return QuestionView(
        flow=flow,
        question=figures.question,
        kind=figures.kind.value if figures.kind is not None else None,
        title=known.title if known is not None else {},
        n=figures.n,
        not_counted=figures.not_counted,
        cells=[
            CellView(value=cell.value, label=labels.get(cell.value, {}), count=cell.count, share=cell.share)
            for cell in figures.cells
        ],
        mean=figures.mean,
        median=figures.median,
        csat=figures.csat,
        nps=figures.nps,
    )


def group_views(
    runs: list[CountedRuns],
    answers: list[CountedAnswers],
    questions: Questions,
    *,
    names: Mapping[str, str],
    population: int | None,
) -> list[ResultGroupView]:
    """The groups in the order of their runs."""
    by_key: dict[str | None, list[CountedAnswers]] = defaultdict(list)
    for answer in answers:
        by_key[answer.key].append(answer)
    return [
        ResultGroupView(
            key=row.key,
            label=names.get(row.key, row.key) if row.key is not None else None,
            runs=runs_view([row]),
            questions=[
                question_view(flow, figures, questions)
                for flow, figures in all_figures(by_key[row.key], questions, population)
            ],
        )
        for row in runs
    ]


def end_view(end: CountedEnds) -> FlowEndView:
    """Where calls ended, as the API shows it."""
    return FlowEndView(outcome=end.outcome, step=end.last_step, count=end.count)


def call_view(run: FoundRun) -> ResultCallView:
    """A call behind a figure, as the API shows it."""
    return ResultCallView(
        run_id=run.id,
        call_id=run.call_id,
        started_at=instant(run.started_at.timestamp()),
        version=run.version,
        language=run.language,
        queue=run.queue,
        agent_id=run.agent_id,
        agent=run.agent_name,
        outcome=run.outcome,
        value=run.value,
    )


def _kind(kind: str | None) -> QuestionKind | None:
    return next((known for known in QuestionKind if known.value == kind), None)
