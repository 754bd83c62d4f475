"""Facts become rows: each once, never ahead of the journal, whatever is away or dies in between."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from cti.db.engine import plain_dsn
from cti.recorder import recovery
from cti.recorder.recorder import Recorder, RecorderState
from tests.faults import scale
from tests.stage.recording import NODE, TABLES, Service, all_blocks, rows_of

BLOCKS = all_blocks()
#: How far the loops of a service come before it is killed.
TURNS = (1, 2, 3, 5, 8, 13, 21)


@pytest_asyncio.fixture
async def database(postgres_url: str) -> AsyncIterator[str]:
    """A migrated database without rows."""
    yield postgres_url
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    try:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)}, recorder_positions, dispositions CASCADE")
    finally:
        await connection.close()


@pytest_asyncio.fixture(scope="module")
async def expected(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The rows of all transcripts, recorded without any fault."""
    service = Service(tmp_path_factory.mktemp("plain"), postgres_url)
    await service.start()
    service.feed(BLOCKS)
    await service.finish()
    rows = await rows_of(postgres_url)
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    try:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)}, recorder_positions CASCADE")
    finally:
        await connection.close()
    return rows


def pieces(size: int) -> Iterator[list[bytes]]:
    for start in range(0, len(BLOCKS), size):
        yield BLOCKS[start : start + size]


async def test_every_table_gets_rows_and_every_row_is_closed(expected: dict[str, list[Any]]) -> None:
    assert {table for table, rows in expected.items() if not rows} <= {"gaps", "anomalies"}
    assert not expected["anomalies"]


async def test_many_small_batches_make_the_same_rows(
    database: str, tmp_path: Path, expected: dict[str, list[Any]]
) -> None:
    service = Service(tmp_path, database)
    await service.start()
    for piece in pieces(7):
        service.feed(piece)
        await service.recorder.drain()
    await service.finish()
    assert await rows_of(database) == expected


@pytest.mark.parametrize("first", scale.times((0, 3), range(len(TURNS))))
async def test_a_service_killed_between_any_two_steps_resumes_exactly(
    database: str, tmp_path: Path, expected: dict[str, list[Any]], first: int
) -> None:
    """Killed after every 40 events, each time the loops having run for longer: batches are half way.

    The full form has each number at each place.
    """
    turns = itertools.cycle((*TURNS[first:], *TURNS[:first]))
    for piece in pieces(40):
        service = Service(tmp_path, database)
        await service.start()
        service.feed(piece)
        for _ in range(next(turns) * 5):
            await asyncio.sleep(0.0005)
        await service.kill()
    service = Service(tmp_path, database)
    await service.start()
    await service.finish()
    assert await rows_of(database) == expected


async def test_without_a_database_the_journal_keeps_all_and_it_is_written_later(
    database: str, tmp_path: Path, expected: dict[str, list[Any]]
) -> None:
    service = Service(tmp_path, database.replace("host=", "host=/nowhere"))
    await service.start()
    assert service.recorder.status.state is RecorderState.DATABASE_DOWN
    service.feed(BLOCKS)
    await service.journal.flush()
    await service.kill()
    service = Service(tmp_path, database)
    await service.start()
    await service.finish()
    assert await rows_of(database) == expected


async def test_a_database_that_appears_after_the_start_gets_everything(
    database: str, tmp_path: Path, expected: dict[str, list[Any]]
) -> None:
    service = Service(tmp_path, database)
    good, service.recorder._dsn = service.recorder._dsn, "postgresql://nobody@127.0.0.1:1/none"
    await service.start()
    service.feed(BLOCKS[:500])
    await asyncio.sleep(0.2)
    service.recorder._dsn = good
    service.feed(BLOCKS[500:])
    await service.finish()
    assert await rows_of(database) == expected


async def test_a_recorder_that_falls_behind_catches_up_from_the_journal(
    database: str, tmp_path: Path, expected: dict[str, list[Any]]
) -> None:
    service = Service(tmp_path, database, changes_limit=20)
    await service.start()
    connection = await asyncpg.connect(plain_dsn(database))
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            for piece in pieces(50):
                service.feed(piece)
                await asyncio.sleep(0.005)
            assert service.recorder.status.waiting_changes < 300
    finally:
        await connection.close()
    await service.finish()
    assert await rows_of(database) == expected


async def test_connections_that_are_cut_in_the_middle_of_writing_lose_nothing(
    database: str, tmp_path: Path, expected: dict[str, list[Any]]
) -> None:
    service = Service(tmp_path, database)
    await service.start()
    connection = await asyncpg.connect(plain_dsn(database))
    try:
        for piece in pieces(60):
            service.feed(piece)
            await asyncio.sleep(0.008)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'cti recorder' AND datname = current_database()"
            )
    finally:
        await connection.close()
    await service.finish()
    assert await rows_of(database) == expected


async def test_rows_wait_until_the_journal_is_durable(database: str, tmp_path: Path) -> None:
    service = Service(tmp_path, database)
    await service.start()
    service.tasks[0].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await service.tasks[0]
    service.feed(BLOCKS[:200])
    await asyncio.sleep(0.3)
    assert not (await rows_of(database))["calls"]
    service.tasks[0] = asyncio.create_task(service.journal.run())
    await service.finish()
    assert (await rows_of(database))["calls"]


async def test_changes_gather_while_the_batch_before_them_is_written(database: str, tmp_path: Path) -> None:
    gather_seconds, waits = 1.5, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
    service = Service(tmp_path, database, gather_seconds=gather_seconds)
    await service.start()
    connection = await asyncpg.connect(plain_dsn(database))
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            service.feed(BLOCKS[:200])
            async with asyncio.timeout(10):
                while not await connection.fetchval(waits):  # noqa: ASYNC110  (PostgreSQL tells nobody)
                    await asyncio.sleep(0.02)
            service.feed(BLOCKS[200:400])
            await asyncio.sleep(gather_seconds)
        async with asyncio.timeout(gather_seconds - 0.3):
            await service.recorder.drain()
    finally:
        await connection.close()
    await service.finish()


@pytest.mark.parametrize("others", [60, len(BLOCKS)], ids=["small batch", "large batch"])
async def test_a_row_that_postgres_refuses_holds_up_nothing_else(
    database: str, tmp_path: Path, others: int
) -> None:
    service = Service(tmp_path, database)
    await service.start()
    service.feed(BLOCKS[:others])
    for number, name in ((1, "Bob\x00by"), (2, "Eve")):
        service.feed(
            [
                b"Event: Newchannel\r\nTimestamp: 1795330000.0\r\nChannel: PJSIP/9-%d\r\nChannelState: 4\r\n"
                b"CallerIDNum: 1\r\nCallerIDName: %b\r\nUniqueid: x.%d\r\nLinkedid: x.%d\r\n\r\n"
                % (number, name.encode(), number, number)
            ]
        )
    bad = service.board.leg_of("x.2")
    assert bad is not None
    bad.hangup_cause = 2**40
    await service.finish()
    rows = await rows_of(database)
    names = [row[13] for row in rows["legs"]]
    assert "Bobby" in names
    assert "Eve" not in names
    assert [row[4] for row in rows["anomalies"]] == ["Recorder"]


async def test_two_recorders_of_one_node_are_told_apart(database: str, tmp_path: Path) -> None:
    one = Service(tmp_path / "one", database)
    await one.start()
    one.feed(BLOCKS[:100])
    await one.recorder.drain()
    connection = await asyncpg.connect(plain_dsn(database))
    await connection.execute("UPDATE recorder_positions SET position = position + 1")
    await connection.close()
    one.feed(BLOCKS[100:200])
    with pytest.raises(Exception, match="are not at position"):
        await one.tasks[1]
    await one.kill()


async def test_a_database_that_is_far_behind_does_not_hold_up_the_start(
    database: str, tmp_path: Path, expected: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(tmp_path, database.replace("host=", "host=/nowhere"))
    await service.start()
    service.feed(BLOCKS)
    await service.journal.flush()
    await service.kill()
    monkeypatch.setattr(recovery, "_MOST_AT_START", 100)
    service = Service(tmp_path, database)
    await service.start()
    assert service.recorder.status.waiting_changes == 0
    await service.finish()
    assert await rows_of(database) == expected


async def test_a_second_service_waits_for_the_first_ones_unfinished_write(
    database: str, tmp_path: Path
) -> None:
    first = Service(tmp_path, database)
    await first.start()
    first.feed(BLOCKS[:100])
    await first.recorder.drain()
    second = Recorder(database, NODE)
    asked = asyncio.create_task(second.committed_position())
    await asyncio.sleep(0.2)
    assert not asked.done()
    await first.kill()
    assert await asked == 100
