"""What supervisors and admins have to see at once, on whatever page: something takes no more writing."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from cti.web.status import ServiceStatus, StatusSource

#: How often the service looks at itself; nobody tells it of a disk that is full.
PERIOD_SECONDS: Final = 1.0


class Trouble(StrEnum):
    """What is wrong; calls go on with each."""

    #: The journal's disk refuses: what happens stays in memory, and nothing new reaches the database.
    JOURNAL_REFUSED = "journal_refused"
    #: The database does not answer: the journal has what happens, and it is written afterwards.
    DATABASE_DOWN = "database_down"


def troubles_of(status: ServiceStatus) -> tuple[Trouble, ...]:
    """What is wrong now, the worst first."""
    found = {
        Trouble.JOURNAL_REFUSED: status.journal.health != "ok",
        Trouble.DATABASE_DOWN: status.database.state == "down",
    }
    return tuple(trouble for trouble, is_so in found.items() if is_so)


async def watch_troubles(status: StatusSource, tell: Callable[[tuple[Trouble, ...]], None]) -> None:
    """Tells what is wrong, again and again, until cancelled; whoever is told keeps what is news."""
    while True:
        tell(troubles_of(status()))
        await asyncio.sleep(PERIOD_SECONDS)
