"""What callers went through in flows, as the API shows it; numbers in full or masked, by who reads."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from cti.calls.passed_values import read_passed
from cti.calls.row_views import view_of
from cti.customers.numbers import mask_digits, mask_value
from cti.flows.actions import PassedValue
from cti.flows.question_list import Question
from cti.http.shapes import Instant

#: What flows asked: by the version of the run's flow, the flow that asks, and the question's name.
Questions = Mapping[tuple[str, str, str], Question]
NO_QUESTIONS: Final[Questions] = MappingProxyType({})


class FlowStepView(msgspec.Struct, frozen=True, kw_only=True):
    """A run came to a step by ``way`` (null for a mistake), or heard silence or ``keys`` that fit nothing."""

    ordinal: int
    flow: str
    step: str
    at: Instant
    way: str | None
    mistake: bool
    keys: str | None


class FlowAnswerView(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `****` where it is nobody's business.

    ``title`` and ``label`` are what the question and the answer are called, by language; empty: as they are.
    """

    ordinal: int
    flow: str
    version: str
    step: str
    question: str
    title: dict[str, str]
    kind: str | None
    value: str
    label: dict[str, str]
    keys: str
    at: Instant


class FlowRunView(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's way through a flow. Steps and answers are in one order by ``ordinal``.

    ``passed`` is what it passed on to whom the caller was joined with.
    """

    id: str
    flow: str
    kind: str
    version: str
    language: str | None
    started_at: Instant
    ended_at: Instant | None
    outcome: str | None
    last_step: str | None
    handed_to: str | None
    passed: list[PassedValue]
    steps: list[FlowStepView]
    answers: list[FlowAnswerView]


def flow_run_view(
    run: Mapping[str, Any],
    steps: Iterable[Mapping[str, Any]],
    answers: Iterable[Mapping[str, Any]],
    *,
    full_numbers: bool,
    questions: Questions,
) -> FlowRunView:
    """A run with those of the steps and answers that are its own."""

    def shown(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
        """What was keyed may be a number."""
        return {**row, **{name: row[name] if full_numbers else mask_digits(row[name]) for name in names}}

    own_steps = [shown(row, "keys") for row in steps if row["run_id"] == run["id"]]
    own_answers = [
        {**shown(row, "value", "keys"), **_called(row, questions)}
        for row in answers
        if row["run_id"] == run["id"]
    ]
    return view_of(
        FlowRunView,
        {
            **run,
            "passed": [_passed(one, full_numbers=full_numbers) for one in read_passed(run["passed"])],
            "steps": [view_of(FlowStepView, row) for row in own_steps],
            "answers": [view_of(FlowAnswerView, row) for row in own_answers],
        },
    )


def _called(answer: Mapping[str, Any], questions: Questions) -> dict[str, dict[str, str]]:
    question = questions.get((answer["version"], answer["flow"], answer["question"]))
    if question is None:
        return {"title": {}, "label": {}}
    labels = {one.value: one.label for one in question.answers}
    return {"title": question.title, "label": labels.get(answer["value"], {})}


def _passed(value: PassedValue, *, full_numbers: bool) -> PassedValue:
    if full_numbers:
        return value
    return msgspec.structs.replace(value, value=mask_value(value.value))
