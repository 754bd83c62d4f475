"""Rebuilding rows from the journal, and holding rows against it.

Everything is folded into tables that nobody else sees; the real ones are then compared with them, or made the
same, in one transaction. Whoever interrupts it finds all rows as they were.
"""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from cti.db.engine import plain_dsn
from cti.errors import JournalLocked, ReplayDatabaseAway, ReplayServiceRuns
from cti.journal.reader import JournalReader
from cti.journal.record import Damage
from cti.journal.segment import lock_directory
from cti.recorder import staging
from cti.recorder.connection import AWAY, make_partitions, open_connection, read_position
from cti.replay.comparison import TableDifference, differences, make_the_same
from cti.replay.fold import Folding, range_start
from cti.replay.shadow import make_shadow, schema_of

_CONNECT_SECONDS: Final = 10.0
#: The position that rows reflect moves while they are compared with a running service's.
_ATTEMPTS: Final = 100
_POSITION: Final = "SELECT position FROM {schema}.recorder_positions WHERE node = $1"


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    first: int
    last: int
    #: Epoch seconds: what began from here on was made again or compared.
    calls_from: float
    tables: list[TableDifference]
    damage: list[Damage]

    @property
    def count(self) -> int:
        """All differences."""
        return sum(table.count for table in self.tables)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to work on."""

    journal_dir: Path
    database_url: str
    node: str
    #: Epoch seconds; None for as far back as the journal reaches.
    from_at: float | None = None


async def replay(plan: Plan, progress: Callable[[int], None]) -> Replayed:
    """Makes the rows in reach what the journal gives; says what was different.

    Raises:
        ReplayServiceRuns: the service is running.
        ReplayNoStart: the journal holds nothing from which to begin.
        ReplayDatabaseAway: the database is away.
    """
    reader = JournalReader(plan.journal_dir)
    with _journal_alone(plan.journal_dir):
        async with _writing(plan) as connection:
            committed = await read_position(connection, plan.node)
            await make_partitions(connection)
            schema = await schema_of(connection)
            target = max(committed, reader.position)
            folding = await _folding(plan, reader, connection, schema, progress)
            await folding.to(target)
            await folding.finish()
            async with connection.transaction():
                await connection.execute("SET LOCAL synchronous_commit = on")
                found = await differences(connection, schema)
                await make_the_same(connection, schema)
                await connection.execute(
                    f"UPDATE {schema}.recorder_positions SET position = $2, at = now() WHERE node = $1",  # noqa: S608
                    plan.node,
                    target,
                )
            return _replayed(folding, found)


async def check(plan: Plan, progress: Callable[[int], None]) -> Replayed:
    """Compares the rows in reach with what the journal gives, up to the position that they reflect.

    It writes nothing, and the service may run meanwhile.
    """
    reader = JournalReader(plan.journal_dir)
    async with _reading(plan) as connection:
        schema = await schema_of(connection)
        query = _POSITION.format(schema=schema)
        folding = await _folding(plan, reader, connection, schema, progress)
        for _ in range(_ATTEMPTS):
            await folding.to(max(await connection.fetchval(query, plan.node) or 0, folding.position))
            async with connection.transaction(isolation="repeatable_read"):
                if (await connection.fetchval(query, plan.node) or 0) == folding.position:
                    await folding.finish()
                    return _replayed(folding, await differences(connection, schema))
    raise ReplayDatabaseAway("the rows moved on faster than they could be compared")


async def _folding(
    plan: Plan, reader: JournalReader, connection: asyncpg.Connection, schema: str,
    progress: Callable[[int], None],
) -> Folding:  # fmt: skip
    start, exact = range_start(reader, plan.node, plan.from_at)
    await make_shadow(connection, schema, plan.node, start.position)
    return Folding(reader, connection, plan.node, start, exact=exact, progress=progress)


def _replayed(folding: Folding, tables: list[TableDifference]) -> Replayed:
    return Replayed(
        first=folding.first,
        last=folding.position,
        calls_from=folding.reach.calls_from or 0.0,
        tables=tables,
        damage=folding.damage,
    )


@contextlib.contextmanager
def _journal_alone(directory: Path) -> Iterator[None]:
    try:
        descriptor = lock_directory(directory)
    except JournalLocked:
        raise ReplayServiceRuns from None
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.asynccontextmanager
async def _writing(plan: Plan) -> AsyncIterator[asyncpg.Connection]:
    """The recorder's own connection, which nobody else has at the same time."""
    try:
        connection = await open_connection(plain_dsn(plan.database_url), plan.node)
    except TimeoutError:
        raise ReplayServiceRuns("another process writes the rows of this node") from None
    except AWAY as error:
        raise ReplayDatabaseAway(f"{ReplayDatabaseAway.__doc__} {error}") from None
    try:
        yield connection
    except AWAY as error:
        raise ReplayDatabaseAway(f"{ReplayDatabaseAway.__doc__} Nothing was changed. {error}") from None
    finally:
        connection.terminate()


@contextlib.asynccontextmanager
async def _reading(plan: Plan) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(
            plain_dsn(plan.database_url), timeout=_CONNECT_SECONDS,
            server_settings={"application_name": "cti replay", "timezone": "UTC", "jit": "off"},
        )  # fmt: skip
    except AWAY as error:
        raise ReplayDatabaseAway(f"{ReplayDatabaseAway.__doc__} {error}") from None
    try:
        await connection.execute(staging.CREATE)
        yield connection
    except AWAY as error:
        raise ReplayDatabaseAway(f"{ReplayDatabaseAway.__doc__} {error}") from None
    finally:
        connection.terminate()
