"""The ways that calls took, as they were recorded."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.engine import open_engine
from cti.flows.actions import Answered as AnsweredNote
from cti.flows.actions import Entered, Mistaken
from cti.flows.drawing import Traffic
from cti.flows.question_words import QuestionKind
from cti.flows.retrace import Trace
from cti.ivr.library.traces_store import count_ways, read_runs
from tests.integration.ivr.flow_record import NOON, Answered, Ran, Stepped, write

LONG = Ran(
    at=NOON,
    steps=[Stepped("ask", "start"), Stepped("ask", keys="9"), Stepped("ask", keys=""), Stepped("bye", "1")],
    answers=[Answered("topic", "choice", "1")],
)
SHORT = Ran(
    at=NOON + timedelta(minutes=1),
    outcome="hung_up",
    last_step="poll/ask",
    steps=[Stepped("ask", "start")],
    version="1" * 12,
)
RUNNING = Ran(at=NOON + timedelta(minutes=2), outcome=None, steps=[Stepped("ask", "start")])


@pytest_asyncio.fixture(scope="module")
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as opened:
        async with opened.begin() as connection:
            await connection.execute(sa.text("DELETE FROM calls"))
            await write(connection, [LONG, SHORT, RUNNING, Ran(flow="other")])
        yield opened


async def test_a_trace_has_what_was_noted_in_its_order_and_calls_that_go_on_have_none(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        short, long = await read_runs(connection, "poll", limit=10)
        assert await read_runs(connection, "poll", limit=1) == [short]
        assert await read_runs(connection, "poll", version="0" * 12, limit=1) == [long]
    assert (short.trace.outcome, short.version, short.last_step) == ("hung_up", "1" * 12, "poll/ask")
    assert long.trace == Trace(
        notes=[
            Entered(flow="poll", step="ask", way="start"),
            Mistaken(flow="poll", step="ask", keys="9"),
            Mistaken(flow="poll", step="ask", keys=""),
            Entered(flow="poll", step="bye", way="1"),
            AnsweredNote(
                flow="poll", step="topic", question="topic", kind=QuestionKind.CHOICE, value="1", keys="1"
            ),
        ],
        outcome="completed",
        language="en",
    )


async def test_ways_and_hang_ups_are_counted_over_the_last_calls_of_a_version(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await count_ways(connection, "poll", version="0" * 12, limit=10) == Traffic(
            calls=1, ways={("ask", "1"): 1}
        )
        assert await count_ways(connection, "poll", version="1" * 12, limit=10) == Traffic(
            calls=1, ways={}, hung_up={"ask": 1}
        )
        assert await count_ways(connection, "nobody", version="1" * 12, limit=1) == Traffic(calls=0, ways={})


async def test_a_way_through_a_sub_flow_is_one_from_step_to_step(engine: AsyncEngine) -> None:
    through = Ran(
        version="2" * 12,
        steps=[
            Stepped("ask", "start"),
            Stepped("part", "1"),
            Stepped("own", "start", flow="sub"),
            Stepped("bye", "returned"),
        ],
    )
    async with engine.begin() as connection:
        await write(connection, [through, through])
        found = await count_ways(connection, "poll", version="2" * 12, limit=10)
    assert found.ways == {("ask", "1"): 2, ("part", "returned"): 2}
