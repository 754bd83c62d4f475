"""One look at a stretch of time: what the database has, against CEL and queue_log. It changes nothing."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.asterisk.queue_log import QueueLogLine, read_queue_log
from cti.config import Settings
from cti.db.engine import open_engine
from cti.errors import LedgerDatabaseAway, QueueLogUnreadable
from cti.ledger.channels import Channel, ChannelFold
from cti.ledger.comparison import Finding, FindingKind, Result, compare
from cti.ledger.legs import LONGEST_LEG, first_call_at, legs_for
from cti.ledger.sources import open_source

#: What ended so lately may not be in the database yet, or not in CEL.
SETTLED_SECONDS: Final = 10.0
#: So many channels are compared at once.
_AT_ONCE: Final = 5_000
_STATEMENT_MS: Final = 120_000

_GAPS: Final = """
SELECT extract(epoch FROM from_at)::float8 AS from_at, extract(epoch FROM to_at)::float8 AS to_at, reason
FROM gaps WHERE node = :node AND to_at >= :from_at AND coalesce(from_at, to_at) < :to_at ORDER BY to_at
"""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which events were missed, and why."""

    from_at: float | None
    to_at: float
    reason: str


class Report(msgspec.Struct, kw_only=True):
    """What a look found.

    ``unmatched`` are channels that do not have exactly one fitting leg, and legs without a channel.
    """

    node: str
    source: str
    from_at: float
    to_at: float
    channels: int = 0
    legs: int = 0
    matched: int = 0
    unmatched: int = 0
    #: The greatest difference of each instant that fits, in seconds.
    worst: dict[str, float] = {}
    findings: list[Finding] = []
    gaps: list[Gap] = []
    #: Lines of CEL that are no rows, and the first of them.
    broken_lines: int = 0
    faults: list[str] = []
    #: What the queue figures were held against; None when there is no queue_log.
    queue_log: str | None = None

    def add(self, result: Result) -> None:
        """What one comparison found."""
        self.channels += result.channels
        self.legs += result.legs
        self.matched += result.matched
        self.findings += result.findings
        lone = sum(one.kind is FindingKind.LEG_WITHOUT_CHANNEL for one in result.findings)
        self.unmatched += len(result.unmatched) + lone
        for field, difference in result.worst.items():
            self.worst[field] = max(self.worst.get(field, 0.0), difference)


async def audit(settings: Settings, begin: float, end: float) -> Report:
    """Compares everything that ended from ``begin`` to before ``end`` (epoch seconds).

    Raises:
        LedgerError: CEL, queue_log or the database cannot be read.
    """
    url = settings.database_url.get_secret_value()
    try:
        async with (
            open_engine(url, pool_size=1, statement_timeout_ms=_STATEMENT_MS) as engine,
            engine.connect() as connection,
        ):
            return await _audit(settings, connection, begin, end)
    except (OSError, TimeoutError, sa.exc.SQLAlchemyError) as error:
        why = str(error).splitlines()[:1] or [type(error).__name__]
        raise LedgerDatabaseAway(f"{LedgerDatabaseAway.__doc__} {why[0]}") from error


async def _audit(settings: Settings, connection: AsyncConnection, begin: float, end: float) -> Report:
    node = settings.node
    fold = ChannelFold()
    lines = await _waits(settings.queue_log_path, begin, end)
    first = await first_call_at(connection, node)
    if first is not None:
        begin = max(begin, first)
    source = open_source(settings, after=begin - LONGEST_LEG.total_seconds())
    report = Report(
        node=node, source=source.name, from_at=begin, to_at=end,
        queue_log=None if lines is None else str(settings.queue_log_path),
    )  # fmt: skip
    fold.take_waits(lines or ())
    try:
        pending: list[Channel] = []
        reached = begin
        while rows := await source.rows():
            fold.take(rows)
            # Rows are a little out of order: what is that old, has come.
            until = min(end, (fold.last_at or 0.0) - SETTLED_SECONDS)
            pending += [channel for channel in fold.take_ended(until) if channel.last_at >= begin]
            if len(pending) >= _AT_ONCE and first is not None:
                await _compare(connection, report, fold, pending, reached, until)
                pending, reached = [], until
        if first is not None:
            pending += [channel for channel in fold.take_ended(end) if channel.last_at >= begin]
            await _compare(connection, report, fold, pending, reached, end)
    finally:
        await source.close()
    report.broken_lines, report.faults = source.broken, source.faults
    report.gaps = await read_gaps(connection, node, begin, end)
    return report


async def _compare(
    connection: AsyncConnection,
    report: Report,
    fold: ChannelFold,
    channels: Sequence[Channel],
    begin: float,
    end: float,
) -> None:
    """Compares what was over from ``begin`` to before ``end``."""
    fold.forget(begin)
    legs = await legs_for(connection, report.node, channels, begin=begin, end=end)
    # Legs that ended before the ledger begins are not to be held against it.
    from_at = fold.first_at if fold.first_at is not None else end
    seen = fold.known() | {leg.uniqueid for leg in legs if (leg.over_at or 0.0) < from_at}
    report.add(
        compare(channels, legs, node=report.node, seen=seen, with_queue_log=report.queue_log is not None)
    )


async def _waits(path: Path, begin: float, end: float) -> list[QueueLogLine] | None:
    """The lines of queue_log about that time; None when there is no such file.

    Raises:
        QueueLogUnreadable
    """

    def read() -> list[QueueLogLine] | None:
        if not path.exists():
            return None
        earliest = begin - LONGEST_LEG.total_seconds()
        return [line for line in read_queue_log(path) if earliest <= line.at <= end]

    try:
        return await asyncio.to_thread(read)
    except OSError as error:
        raise QueueLogUnreadable(f"{path}: {error.strerror or error}") from error


async def read_gaps(connection: AsyncConnection, node: str, begin: float, end: float) -> list[Gap]:
    """The gaps that touch a stretch of time."""
    values = {
        "node": node,
        "from_at": datetime.fromtimestamp(begin, UTC),
        "to_at": datetime.fromtimestamp(end, UTC),
    }
    rows = await connection.execute(sa.text(_GAPS), values)
    return [Gap(from_at=row.from_at, to_at=row.to_at, reason=row.reason) for row in rows]
