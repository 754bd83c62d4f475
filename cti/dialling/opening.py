"""The dialler with its loops, put together in one place."""

import hashlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.board.board import Board
from cti.config import Settings
from cti.dialling.attempts.recovery import RowsAfter
from cti.dialling.dialler import Dialler
from cti.dialling.records.decision_retention import DecisionRetention
from cti.dialling.rules.may_dial import DialRules
from cti.do_not_call.list import DoNotCallList
from cti.hours.opening import OpeningHours
from cti.ledger.model import LedgerStatus
from cti.loops import Loops


@asynccontextmanager
async def open_dialler(
    settings: Settings,
    *,
    board: Board,
    ami: AmiConnection,
    engine: AsyncEngine,
    clock: AsteriskClock,
    refusals: DoNotCallList,
    hours: OpeningHours,
    ledger: Callable[[], LedgerStatus],
    rows_after: RowsAfter,
    loops: Loops,
) -> AsyncIterator[Dialler]:
    """The dialler, running until the context is left; give `Dialler.observe` the board's facts.

    This process holds the lock of the journal in ``settings.journal_dir``.
    """
    dialler = Dialler(
        board,
        ami,
        engine,
        node=settings.node,
        holder=f"{place_of(settings.journal_dir)}:{secrets.token_hex(8)}",
        clock=clock,
        rules=rules_of(settings),
        refusals=refusals,
        hours=hours,
        rows_after=rows_after,
        ledger=ledger,
        home=ZoneInfo(settings.callers_timezone),
        caller_ids=listed(settings.caller_ids),
    )
    async with AsyncExitStack() as stack:
        for name, loop in (
            ("attempts", dialler.book.run()),
            ("signs of life", dialler.doubts.run()),
            ("dialler", dialler.run()),
            ("attempts put right", dialler.corrections.run()),
            ("decision records", DecisionRetention(engine, days=settings.decision_retention_days).run()),
        ):
            await stack.enter_async_context(loops.running(name, loop))
        yield dialler


def place_of(folder: Path) -> str:
    """Names a folder of this host, so that a copy of it elsewhere, or beside it, has another name. It begins
    with the host's, for whoever wants to know which service it was.
    """
    status, host = folder.stat(), socket.gethostname()
    told = f"{host} {status.st_dev} {status.st_ino} {folder.resolve()}"
    # A colon ends the name of a place.
    short = host.partition(".")[0].replace(":", "-")
    return f"{short}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def rules_of(settings: Settings) -> DialRules:
    """What the installation sets for everything that dials."""
    return DialRules(home_region=settings.default_region, allowed_prefixes=listed(settings.allowed_prefixes))


def listed(written: str) -> tuple[str, ...]:
    """What stands in a setting, with commas between."""
    return tuple(written.split(",")) if written else ()
