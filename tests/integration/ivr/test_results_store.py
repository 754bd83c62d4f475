"""Results out of PostgreSQL equal what a plain count of the same calls gives."""

import statistics
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.engine import open_engine
from cti.ivr.results import results_store
from cti.ivr.results.results_store import AnswerFilter, GroupBy, RunFilter
from cti.ivr.results.results_views import all_figures, runs_view
from tests.integration.ivr.flow_record import NOON, Answered, Ran, write

DAY = RunFilter(flow="poll", from_at=NOON - timedelta(hours=12), to_at=NOON + timedelta(hours=12))
ANSWERS = st.one_of(
    st.builds(Answered, st.just("mark"), st.just("scale"), st.sampled_from("12345")),
    st.builds(Answered, st.just("nps"), st.just("recommendation"), st.integers(0, 10).map(str)),
    st.builds(Answered, st.just("age"), st.just("number"), st.integers(0, 120).map("{:03}".format)),
    st.builds(Answered, st.just("account"), st.just("digits"), st.just("4711")),
)
RUNS = st.builds(
    Ran,
    flow=st.sampled_from(["poll", "poll", "poll", "other"]),
    version=st.sampled_from(["0" * 12, "1" * 12]),
    at=st.integers(-48, 48).map(lambda hours: NOON + timedelta(hours=hours)),
    outcome=st.sampled_from(
        ["completed", "wrong_person", "hung_up", "handed_over", "failed", "service_lost", None]
    ),
    answers=st.lists(ANSWERS, max_size=6),
    language=st.sampled_from(["zh-CN", "en", None]),
    agent_id=st.sampled_from([None, 1, 2]),
    queue=st.sampled_from([None, "sales", "support"]),
)


@pytest_asyncio.fixture(scope="module")
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as opened:
        yield opened


async def only(engine: AsyncEngine, *runs: Ran) -> list[str]:
    """These calls and no others."""
    async with engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM calls"))
        return await write(connection, runs)


def last_answers(run: Ran) -> dict[str, str]:
    return {answer.question: answer.value for answer in run.answers}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(RUNS, max_size=25),
    which=st.fixed_dictionaries(
        {},
        optional={
            "version": st.just("0" * 12),
            "language": st.just("en"),
            "queue": st.just("sales"),
            "agent_id": st.just(1),
        },
    ),
)
async def test_figures_equal_a_plain_count(
    engine: AsyncEngine, runs: list[Ran], which: dict[str, Any]
) -> None:
    await only(engine, *runs)
    mine = [
        run
        for run in runs
        if run.flow == "poll"
        and DAY.from_at <= run.at < DAY.to_at
        and all(getattr(run, name) == value for name, value in which.items())
    ]
    wanted = RunFilter(flow="poll", from_at=DAY.from_at, to_at=DAY.to_at, **which)
    async with engine.connect() as connection:
        counted = await results_store.count_runs(connection, wanted)
        answers = await results_store.count_answers(connection, wanted)
        ends = await results_store.count_ends(connection, wanted)
        by_day = await results_store.count_runs(connection, wanted, by=GroupBy.DAY, zone="Asia/Shanghai")
    seen = runs_view(counted)
    over = [run for run in mine if run.outcome is not None]
    left = {"hung_up", "handed_over", "failed", "service_lost"}
    exited = [run for run in over if run.outcome not in left]
    failed = [run for run in over if run.outcome in ("failed", "service_lost")]
    hung_up = [run for run in over if run.outcome == "hung_up"]
    answered = [run for run in over if any(answer.kind != "digits" for answer in run.answers)]
    assert (seen.begun, seen.running, seen.exited, seen.hung_up, seen.failed, seen.answered) == (
        len(mine), len(mine) - len(over), len(exited), len(hung_up), len(failed), len(answered),
    )  # fmt: skip
    assert seen.completion.n == len(exited) + len(hung_up) + len(failed)
    assert seen.response.value == (len(answered) / len(over) if over else None)
    assert {end.outcome: end.count for end in ends} == Counter(run.outcome for run in over)
    shanghai = Counter((run.at + timedelta(hours=8)).date().isoformat() for run in mine)
    assert {day.key: day.begun for day in by_day} == shanghai

    figures = {figure.question: figure for _, figure in all_figures(answers, {}, None)}
    last = [last_answers(run) for run in mine]
    for question in ("mark", "nps", "age", "account"):
        values = [answer[question] for answer in last if question in answer]
        if not values:
            assert question not in figures
            continue
        found = figures[question]
        assert (found.n, found.not_counted) == (len(values), 0)
        if question == "account":
            assert (found.cells, found.mean) == ([], None)
            continue
        numbers = [int(value) for value in values]
        assert found.mean is not None
        assert abs((found.mean.value or 0) - statistics.fmean(numbers)) < 1e-9
        assert found.median == statistics.median(numbers)
        if question != "age":
            assert {c.value: c.count for c in found.cells if c.count} == Counter(map(str, numbers))


async def test_the_last_answer_of_a_call_counts_and_all_of_them_are_exported(engine: AsyncEngine) -> None:
    again = [Answered("mark", "scale", "1"), Answered("mark", "scale", "5")]
    later = NOON + timedelta(minutes=1)
    nothing = Ran(at=NOON + timedelta(seconds=30))
    await only(engine, Ran(answers=again), nothing, Ran(at=later, answers=[Answered("mark", "scale", "2")]))
    async with engine.connect() as connection:
        counted = await results_store.count_answers(connection, DAY)
        assert await results_store.count_rows(connection, DAY) == 3
        values: list[str] = []
        after = None
        while True:
            rows, after = await results_store.read_rows(connection, DAY, runs=1, after=after)
            values += [row.value for row in rows]
            if after is None:
                break
    assert {(one.value, one.count) for one in counted} == {("5", 1), ("2", 1)}
    assert values == ["1", "5", "2"]


async def test_questions_of_a_sub_flow_are_told_from_the_flow_s_own(engine: AsyncEngine) -> None:
    await only(
        engine,
        Ran(answers=[Answered("mark", "scale", "1"), Answered("mark", "scale", "4", asked_in="rating")]),
    )
    async with engine.connect() as connection:
        counted = await results_store.count_answers(connection, DAY)
    assert {(one.flow, one.value) for one in counted} == {("poll", "1"), ("rating", "4")}


async def test_what_callers_keyed_as_digits_is_not_told_by_value(engine: AsyncEngine) -> None:
    await only(engine, *(Ran(answers=[Answered("account", "digits", str(n))]) for n in range(3)))
    async with engine.connect() as connection:
        counted = await results_store.count_answers(connection, DAY)
    assert [(one.value, one.count) for one in counted] == [("", 3)]


async def test_recordings_are_counted_but_not_those_that_were_dropped(engine: AsyncEngine) -> None:
    kept, dropped = Answered("tip", None, "rec-1"), Answered("tip", None, "")
    await only(engine, Ran(answers=[kept]), Ran(answers=[kept, dropped]), Ran(answers=[dropped, kept]))
    async with engine.connect() as connection:
        counted = await results_store.count_answers(connection, DAY)
        (runs,) = await results_store.count_runs(connection, DAY)
    assert [(one.kind, one.value, one.count) for one in counted] == [(None, "", 2)]
    assert runs.answered == 0


async def test_the_calls_behind_a_figure_are_as_many_as_it_says_page_by_page(engine: AsyncEngine) -> None:
    calls = [
        Ran(
            at=NOON + timedelta(seconds=n // 3),
            answers=[
                Answered("mark", "scale", "1"),
                Answered("mark", "scale", "0" * (n % 3) + str(n % 5 + 1)),
            ],
            outcome="completed" if n % 2 else "hung_up",
        )
        for n in range(40)
    ]
    ids = await only(engine, *calls)
    for answered, expected in (
        (AnswerFilter(), ids),
        (AnswerFilter(outcome="hung_up"), ids[::2]),
        (AnswerFilter(question="mark", value="3"), ids[2::5]),
        (AnswerFilter(question="mark", value="3", outcome="completed"), ids[7::10]),
        (AnswerFilter(question="none"), []),
        (AnswerFilter(question="mark", flow="other"), []),
    ):
        found: list[str] = []
        after: tuple[datetime, str] | None = None
        async with engine.connect() as connection:
            while True:
                page, after = await results_store.page_runs(connection, DAY, answered, limit=3, after=after)
                found += [run.call_id for run in page]
                if after is None:
                    break
        assert sorted(found) == sorted(expected), answered
        assert len(found) == len(set(found))


async def test_groups_are_by_what_was_asked_for(engine: AsyncEngine) -> None:
    await only(
        engine,
        Ran(agent_id=7, queue="sales", language="en", at=datetime(2026, 11, 19, 23, tzinfo=UTC)),
        Ran(agent_id=7, queue="support", language="zh-CN", version="1" * 12),
        Ran(queue="support", language=None),
    )
    wanted = RunFilter(flow="poll", from_at=NOON - timedelta(days=3), to_at=NOON + timedelta(days=3))
    expected: dict[GroupBy, dict[str | None, int]] = {
        GroupBy.VERSION: {"0" * 12: 2, "1" * 12: 1},
        GroupBy.AGENT: {"7": 2, None: 1},
        GroupBy.QUEUE: {"sales": 1, "support": 2},
        GroupBy.LANGUAGE: {"en": 1, "zh-CN": 1, None: 1},
        GroupBy.DAY: {"2026-11-19": 1, "2026-11-20": 2},
        GroupBy.WEEK: {"2026-11-16": 3},
        GroupBy.MONTH: {"2026-11-01": 3},
    }
    async with engine.connect() as connection:
        for by, groups in expected.items():
            found = await results_store.count_runs(connection, wanted, by=by)
            assert {group.key: group.begun for group in found} == groups, by
        versions = await results_store.list_versions(connection, wanted, limit=5)
    assert sorted(versions) == ["0" * 12, "1" * 12]
