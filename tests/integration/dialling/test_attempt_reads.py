"""What an attempt costs does not grow with the attempts that there are, whatever plans were made of; the step
to that goes up and down.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from dial_room import NOW, DialRoom, phone

from cti.db import migrations
from cti.db.engine import open_engine, plain_dsn

BEFORE = "0036_flow_retries"
AT = datetime.fromtimestamp(NOW, UTC)
LONG_AGO = AT - timedelta(days=10)
ADD = """
INSERT INTO attempts (id, phone, purpose, node, epoch, counted_on, state, outcome, reserved_at, sent_at,
    ended_at, ring_seconds)
VALUES ('at-' || substr($1, 2), $1, 'manual', 'pbx1', 1, current_date, 'ended', 'busy', $2, $2, $2, 25)
"""
READ = "SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'attempts'"
#: So many, and a backend keeps a plan.
KEPT = 10
MANY = 200


@pytest_asyncio.fixture
async def backend(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that has dialled before, of which nothing is left."""
    async with open_engine(postgres_url) as engine:
        await DialRoom(engine).clear()
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    yield connection
    await connection.close()


async def add(backend: asyncpg.Connection, numbers: range, at: datetime) -> None:
    """An attempt on each of these telephones."""
    await backend.executemany(ADD, [(phone(number), at) for number in numbers])


async def refused(backend: asyncpg.Connection) -> None:
    """The first telephone bears no other attempt so soon."""
    with pytest.raises(asyncpg.PostgresError, match=r"dial\.gap"):
        await add(backend, range(1), AT)


async def read_by_one_more(backend: asyncpg.Connection, number: int) -> int:
    """How many attempts are read to find out whether one more may be made, and those just before."""
    async with backend.transaction():
        await add(backend, range(number, number + 1), AT)
        return int(await backend.fetchval(READ))


@pytest.mark.parametrize("few", [0, 1])
async def test_a_plan_made_of_hardly_any_attempts_does_for_many(
    backend: asyncpg.Connection, few: int
) -> None:
    await add(backend, range(KEPT), AT)
    await backend.execute("TRUNCATE attempts CASCADE")
    await add(backend, range(MANY + 1, MANY + 1 + few), LONG_AGO)
    await backend.execute("ANALYZE attempts")
    await add(backend, range(MANY), AT)
    assert await read_by_one_more(backend, MANY) == 0
    await refused(backend)


async def test_the_step_goes_up_and_down_with_attempts_and_their_limits_hold(empty_url: str) -> None:
    await migrations.upgrade(empty_url, BEFORE)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await add(connection, range(1), AT)
        await refused(connection)
        await migrations.upgrade(empty_url)
        await refused(connection)
        await migrations.downgrade(empty_url, BEFORE)
        await refused(connection)
        await migrations.upgrade(empty_url)
        await add(connection, range(1, 2), AT)
    finally:
        await connection.close()
