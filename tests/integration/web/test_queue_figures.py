"""Today's figures, from the database and from facts: none twice, none missed, anew at midnight."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from web_site import people

from cti.agents.directory import Directory
from cti.board.board import Board
from cti.board.facts import (
    QueueJoined,
    QueueLeft,
)
from cti.calls.model import (
    Call,
    Direction,
    EntryOutcome,
    QueueEntry,
)
from cti.queues.live_figures import LiveFigures, QueueLive

NOW = time.time()


@pytest_asyncio.fixture(scope="module")
async def directory(engine: AsyncEngine) -> AsyncIterator[Directory]:
    await people(engine)
    directory = Directory(engine)
    await directory.refresh()
    yield directory


def stay(
    number: int, *, joined: float, waited: float, outcome: EntryOutcome
) -> list[QueueJoined | QueueLeft]:
    """The facts of one caller's stay in the queue sales."""
    call = Call(id=f"c{number}", node="lab", boot="b", direction=Direction.INBOUND, started_at=joined)
    entry = QueueEntry(
        id=f"c{number}.e1",
        call_id=call.id,
        call_started_at=joined,
        leg_id=f"c{number}",
        leg_started_at=joined,
        queue="sales",
        joined_at=joined,
    )
    left = QueueEntry(**{name: getattr(entry, name) for name in QueueEntry.__struct_fields__})
    left.left_at, left.outcome = joined + waited, outcome
    return [
        QueueJoined(at=joined, entry=entry, call=call),
        QueueLeft(at=joined + waited, entry=left, call=call),
    ]


def sales(figures: LiveFigures) -> QueueLive:
    return figures.views(["sales"])[0]


async def test_figures_follow_the_facts_and_are_unknown_until_the_database_was_read(
    engine: AsyncEngine, directory: Directory
) -> None:
    figures = LiveFigures(Board("lab"), directory, engine, UTC)
    assert sales(figures).offered_today is None
    await figures.seed()
    assert sales(figures).offered_today == 0
    assert sales(figures).service_level_today is None
    first = stay(1, joined=NOW, waited=5, outcome=EntryOutcome.ANSWERED)
    figures.observe(first[:1])
    assert (sales(figures).waiting, sales(figures).longest_wait_since is not None) == (1, True)
    figures.observe(first[1:])
    figures.observe(stay(2, joined=NOW, waited=25, outcome=EntryOutcome.ANSWERED))
    figures.observe(stay(3, joined=NOW, waited=9, outcome=EntryOutcome.ABANDONED))
    figures.observe(stay(4, joined=NOW, waited=9, outcome=EntryOutcome.UNKNOWN))
    now = sales(figures)
    assert (now.waiting, now.offered_today, now.answered_today, now.abandoned_today) == (0, 3, 2, 1)
    assert now.service_level_today == 0.3333


async def test_an_entry_that_is_in_the_database_too_is_counted_once(
    engine: AsyncEngine, directory: Directory
) -> None:
    figures = LiveFigures(Board("lab"), directory, engine, UTC)
    await figures.seed()
    figures.observe(stay(10, joined=NOW - 1, waited=0.5, outcome=EntryOutcome.ANSWERED))
    await record(engine, "c10", NOW - 1, 0.5, "answered")
    await record(engine, "c11", NOW - 1, 0.5, "abandoned")
    await figures.seed()
    await figures.seed()
    assert (sales(figures).offered_today, sales(figures).abandoned_today) == (2, 1)


async def test_who_is_told_to_have_left_otherwise_than_at_first_is_counted_once(
    engine: AsyncEngine, directory: Directory
) -> None:
    figures = LiveFigures(Board("lab"), directory, engine, UTC)
    await figures.seed()
    before = sales(figures)
    figures.observe(stay(20, joined=NOW, waited=5, outcome=EntryOutcome.OVERFLOW))
    figures.observe(stay(20, joined=NOW, waited=5, outcome=EntryOutcome.ABANDONED)[1:])
    now = sales(figures)
    assert before.offered_today is not None
    assert before.abandoned_today is not None
    assert now.offered_today == before.offered_today + 1
    assert now.abandoned_today == before.abandoned_today + 1


async def test_who_joined_before_midnight_counts_for_the_day_before(
    engine: AsyncEngine, directory: Directory
) -> None:
    midnight = datetime.fromtimestamp(NOW, UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    figures = LiveFigures(Board("lab"), directory, engine, UTC)
    await figures.seed()
    before = sales(figures).offered_today or 0
    mark = time.time_ns()
    await record(engine, f"yesterday-{mark}", midnight - 10, 10.5, "answered")
    await record(engine, f"today-{mark}", midnight, 0.5, "answered")
    await figures.seed()
    assert sales(figures).offered_today == before + 1


async def test_a_new_day_begins_at_midnight_where_the_contact_centre_is(
    engine: AsyncEngine, directory: Directory
) -> None:
    shanghai = timezone(timedelta(hours=8))
    midnight = datetime.now(shanghai).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    figures = LiveFigures(Board("lab"), directory, engine, shanghai)
    await figures.seed()
    before = sales(figures).offered_today or 0
    late = midnight.timestamp() - 60
    figures.observe(stay(20, joined=late, waited=5, outcome=EntryOutcome.ANSWERED))
    assert sales(figures).offered_today == before + 1
    figures.observe(stay(21, joined=late, waited=120, outcome=EntryOutcome.ANSWERED))
    assert sales(figures).offered_today == 0
    figures.observe(stay(22, joined=late + 90, waited=5, outcome=EntryOutcome.ANSWERED))
    assert sales(figures).offered_today == 1


async def test_a_call_of_yesterday_that_is_told_of_late_does_not_bring_yesterday_back(
    engine: AsyncEngine, directory: Directory
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    midnight = datetime(2036, 10, 27, tzinfo=berlin).timestamp()  # after the day of 25 hours
    figures = LiveFigures(Board("lab"), directory, engine, berlin)
    await figures.seed()
    figures.observe(stay(30, joined=midnight - 25 * 3600, waited=5, outcome=EntryOutcome.ANSWERED))
    figures.observe(stay(31, joined=midnight - 70, waited=5, outcome=EntryOutcome.ANSWERED))
    assert sales(figures).offered_today == 2
    figures.observe(stay(32, joined=midnight + 1, waited=5, outcome=EntryOutcome.ANSWERED))
    figures.observe(stay(33, joined=midnight - 60, waited=59, outcome=EntryOutcome.ABANDONED))
    now = sales(figures)
    assert (now.offered_today, now.answered_today, now.abandoned_today) == (1, 1, 0)


async def record(engine: AsyncEngine, call_id: str, joined: float, waited: float, outcome: str) -> None:
    """Writes a queue entry as the recorder does."""
    at = datetime.fromtimestamp(joined, UTC)
    async with engine.begin() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO calls (id, started_at, node, boot, direction, unknown_end, number_state,"
                " voicemail, gap) VALUES (:id, :at, 'lab', 'b', 'inbound', false, 'known', false, false)"
            ),
            {"id": call_id, "at": at},
        )
        await connection.execute(
            sa.text(
                "INSERT INTO legs (id, started_at, call_id, call_started_at, node, boot, uniqueid, linkedid,"
                " channel, kind, outgoing)"
                " VALUES (:id, :at, :id, :at, 'lab', 'b', :id, :id, 'x', 'trunk', false)"
            ),
            {"id": call_id, "at": at},
        )
        await connection.execute(
            sa.text(
                "INSERT INTO queue_entries (id, joined_at, call_id, call_started_at, leg_id, leg_started_at,"
                " queue, left_at, outcome) VALUES (:entry, :at, :id, :at, :id, :at, 'sales', :left, :outcome)"
            ),
            {
                "entry": f"{call_id}.e1",
                "id": call_id,
                "at": at,
                "left": at + timedelta(seconds=waited),
                "outcome": outcome,
            },
        )
