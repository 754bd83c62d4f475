"""Calls over midnight, the end of a month and a change of daylight saving, and calls of twelve hours, in
PostgreSQL: its partitions are months, and people ask for days.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import pytest_asyncio

from cti.asterisk.events import encode
from cti.calls.store import CallFilter, CallSummary, get_call, page_calls
from cti.db.engine import open_engine, plain_dsn
from tests.stage.books import read_books
from tests.stage.outline import folded, outline, recorded, seconds
from tests.stage.recording import Service
from tests.stage.retiming import begun, retimed
from tests.unit.board.scenario import TRANSCRIPTS, read_blocks, run

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))
HALF_A_DAY = 12 * 3600.0
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
TABLES = (
    "calls", "legs", "intervals", "queue_entries", "offers", "transfers", "surveys", "agent_states",
    "agent_current_states", "gaps", "anomalies", "recorder_positions",
)  # fmt: skip
#: Where the partitions change.
MONTH_ENDS = datetime(2027, 2, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def database(postgres_url: str) -> AsyncIterator[str]:
    """A database without rows, with a partition for each month of 2027."""
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    try:
        await connection.execute("SELECT cti_ensure_partitions('2027-01-01', 12)")
        await connection.execute(f"TRUNCATE {', '.join(TABLES)}")
        yield postgres_url
    finally:
        await connection.close()


async def record(url: str, folder: Path, calls: list[tuple[str, float, dict[float, float]]]) -> None:
    """Record transcripts, each at its instant and in a boot of its own: boot0, boot1 …"""
    service = Service(folder / "journal", url)
    await service.start()
    for number, (name, begins_at, pauses) in enumerate(calls):
        blocks = list(read_blocks(TRANSCRIPTS / f"{name}.ami"))
        service.feed([encode("CtiBoot", begins_at - 1, Boot=f"boot{number}")])
        service.feed(retimed(blocks, begins_at=begins_at, pauses=pauses))
    await service.finish()


async def partitions(url: str, table: str) -> dict[str, int]:
    """How many rows lie in which partition."""
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        rows = await connection.fetch(f"SELECT tableoid::regclass::text, count(*) FROM {table} GROUP BY 1")
        return {row[0]: row[1] for row in rows}
    finally:
        await connection.close()


async def listed(url: str, day: datetime) -> list[CallSummary]:
    """The list of calls of a day, as the API makes it."""
    async with open_engine(url) as engine, engine.connect() as connection:
        wanted = CallFilter(from_at=day, to_at=day + timedelta(days=1))
        calls, _ = await page_calls(connection, wanted)
        return calls


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
async def test_every_recorded_call_has_the_same_rows_when_a_month_ends_in_it(
    database: str, tmp_path: Path, share: float
) -> None:
    calls = []
    for name in NAMES:
        first = begun(read_blocks(TRANSCRIPTS / f"{name}.ami"))
        lasts = max(leg.ended_at or 0.0 for leg in run(name).legs.values()) - first
        calls.append((name, MONTH_ENDS.timestamp() - lasts * share, {}))
    await record(database, tmp_path, calls)
    books = await read_books(database)
    for number, name in enumerate(NAMES):
        boot = f"boot{number}"
        here, there = recorded(books, lambda row, boot=boot: row["boot"] == boot), folded(run(name))
        assert outline(here) == outline(there), name
        assert [value for _, value in seconds(here)] == [
            pytest.approx(value, abs=0.001) for _, value in seconds(there)
        ], name
    assert set(await partitions(database, "intervals")) == {"intervals_2027_01", "intervals_2027_02"}
    assert not any(books.open_rows.values())
    assert not books.anomalies


async def test_a_talk_of_twelve_hours_over_the_end_of_a_month_is_one_call_of_the_day_on_which_it_began(
    database: str, tmp_path: Path
) -> None:
    new_year = datetime(2027, 2, 1, tzinfo=SHANGHAI)
    begins = new_year - timedelta(hours=3)
    await record(database, tmp_path, [("held_twice", begins.timestamp(), {1.5: HALF_A_DAY})])
    assert await partitions(database, "legs") == {"legs_2027_01": 2}
    # wait, ring and the first talk began in January by UTC; hold, talk, hold, talk and wrap-up in February.
    assert await partitions(database, "intervals") == {"intervals_2027_01": 3, "intervals_2027_02": 5}
    [call] = await listed(database, new_year - timedelta(days=1))
    assert await listed(database, new_year) == []
    assert call.talk_seconds == pytest.approx(HALF_A_DAY + 3.0, abs=0.2)
    assert (call.hold_seconds, call.wait_seconds) == (
        pytest.approx(4.0, abs=0.2),
        pytest.approx(0.5, abs=0.1),
    )
    assert call.wrap_up_seconds == pytest.approx(0.5, abs=0.2)
    async with open_engine(database) as engine, engine.connect() as connection:
        detail = await get_call(connection, call.id)
    assert detail is not None
    assert (len(detail.legs), len(detail.intervals), len(detail.queue_entries)) == (2, 8, 1)


@pytest.mark.parametrize(("after", "field"), [(0.7, "wait_seconds"), (3.0, "hold_seconds")])
async def test_twelve_hours_of_waiting_or_of_hold_are_that_and_nothing_else(
    database: str, tmp_path: Path, after: float, field: str
) -> None:
    begins = datetime(2027, 6, 30, 20, tzinfo=UTC)
    await record(database, tmp_path, [("held_twice", begins.timestamp(), {after: HALF_A_DAY})])
    [call] = await listed(database, begins)
    usual = {"wait_seconds": 0.5, "talk_seconds": 3.0, "hold_seconds": 4.0, "wrap_up_seconds": 0.5}
    usual[field] += HALF_A_DAY
    for name, expected in usual.items():
        assert getattr(call, name) == pytest.approx(expected, abs=0.2), name


async def test_a_day_on_which_the_clocks_change_has_the_calls_of_its_25_hours(
    database: str, tmp_path: Path
) -> None:
    day = datetime(2027, 10, 31, tzinfo=BERLIN)
    next_day = datetime(2027, 11, 1, tzinfo=BERLIN)
    assert next_day.timestamp() - day.timestamp() == 25 * 3600
    twice = datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN).timestamp()
    starts = [day.timestamp() - 60, day.timestamp(), twice, twice + 3600, next_day.timestamp() - 60]
    await record(database, tmp_path, [("answered", at, {}) for at in [*starts, next_day.timestamp()]])
    async with open_engine(database) as engine, engine.connect() as connection:
        calls, _ = await page_calls(connection, CallFilter(from_at=day, to_at=next_day))
    assert [call.started_at.timestamp() for call in reversed(calls)] == pytest.approx(starts[1:], abs=0.001)
    assert [call.talk_seconds for call in calls] == [pytest.approx(3.0, abs=0.1)] * 4
