"""What the pages of supervisors and admins warn of."""

import asyncio

from cti.web.status import AmiStatus, DatabaseStatus, JournalStatus, RecorderStatus, ServiceStatus
from cti.web.troubles import Trouble, troubles_of, watch_troubles


def status(*, journal: str = "ok", database: str = "up") -> ServiceStatus:
    return ServiceStatus(
        ami=AmiStatus(state="ready", since=None, last_error=None),
        journal=JournalStatus(position=9, durable_position=7, health=journal),
        recorder=RecorderStatus(position=5, lag_seconds=0.0, state="writing"),
        database=DatabaseStatus(state=database),
        loop_lag_seconds=0.0,
        version="1",
    )


def test_all_is_well_when_journal_and_database_take_what_comes() -> None:
    assert troubles_of(status()) == ()


def test_a_disk_that_refuses_and_a_database_that_is_away_are_each_named() -> None:
    assert troubles_of(status(journal="failing")) == (Trouble.JOURNAL_REFUSED,)
    assert troubles_of(status(database="down")) == (Trouble.DATABASE_DOWN,)
    both = status(journal="failing", database="down")
    assert troubles_of(both) == (Trouble.JOURNAL_REFUSED, Trouble.DATABASE_DOWN)


async def test_the_first_look_is_taken_at_once() -> None:
    told: asyncio.Queue[tuple[Trouble, ...]] = asyncio.Queue()
    task = asyncio.create_task(watch_troubles(lambda: status(journal="failing"), told.put_nowait))
    assert await asyncio.wait_for(told.get(), 5) == (Trouble.JOURNAL_REFUSED,)
    task.cancel()
    await asyncio.wait({task})
