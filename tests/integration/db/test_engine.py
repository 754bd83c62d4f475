"""A session that the server ends is a database that is away, at whatever moment it is noticed."""

import asyncio
import time

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.customers.lookup import CustomerLookup
from cti.db.engine import open_engine, plain_dsn
from cti.errors import LookupFailed

END_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
#: Turns of the event loop after which what the server said, and that it says nothing more, has been read.
TURNS = pytest.mark.parametrize("turns", [0, 1, 2, 5])


async def end_sessions(url: str, turns: int) -> None:
    """Ends every session of the database but this one's."""
    connection = await asyncpg.connect(plain_dsn(url))
    await connection.execute(END_ALL)
    time.sleep(0.2)  # noqa: ASYNC251  (whatever the server sends is there before the loop looks)
    for _ in range(turns):
        await asyncio.sleep(0)
    connection.terminate()


@TURNS
async def test_a_session_that_ended_between_two_statements_counts_as_lost(
    postgres_url: str, turns: int
) -> None:
    async with open_engine(postgres_url) as engine:
        assert await ask(engine) == 1
        await end_sessions(postgres_url, turns)
        with pytest.raises(DBAPIError) as raised:
            await ask(engine)
        assert raised.value.connection_invalidated
        assert await ask(engine) == 1


@TURNS
async def test_a_lost_connection_that_cannot_be_closed_in_order_is_no_news(
    postgres_url: str, turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_engine(postgres_url) as engine:
        assert await ask(engine) == 1
        await end_sessions(postgres_url, turns)
    assert caplog.records == []


async def ask(engine: AsyncEngine) -> int:
    """One statement on a connection of the pool."""
    async with engine.connect() as connection:
        return int(await connection.scalar(sa.text("SELECT 1")))


@TURNS
async def test_a_look_up_whose_session_ended_has_no_answer_or_a_new_session(
    postgres_url: str, turns: int
) -> None:
    async with CustomerLookup(postgres_url) as lookup:
        await lookup.warm()
        await end_sessions(postgres_url, turns)
        answers = [await answer(lookup) for _ in range(9)]
    assert answers[-1] == "answered"


async def answer(lookup: CustomerLookup) -> str:
    """How a look-up ends."""
    try:
        await lookup.by_number("+8613800138000", "none")
    except LookupFailed:
        return "failed"
    return "answered"
