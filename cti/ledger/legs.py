"""Our legs, read back from the database for the comparison."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.ledger.channels import Channel
from cti.ledger.comparison import OurEntry, OurLeg

#: A leg that lasts longer is not found by its end.
LONGEST_LEG: Final = timedelta(days=2)
#: How far from the stretch of time the end of a leg may lie whose channel ended in it.
_EDGE: Final = timedelta(seconds=2)
_AT_ONCE: Final = 5_000

_COLUMNS: Final = """
SELECT l.id, l.call_id, l.uniqueid, l.linkedid, l.boot, l.ending, c.gap, l.clock_step_seconds,
       extract(epoch FROM l.started_at)::float8 AS started_at,
       extract(epoch FROM l.answered_at)::float8 AS answered_at,
       extract(epoch FROM l.ended_at)::float8 AS ended_at,
       t.seconds AS talk_seconds
FROM legs l
JOIN calls c ON c.id = l.call_id AND c.started_at = l.call_started_at
LEFT JOIN LATERAL (
    SELECT CASE WHEN bool_or(i.ended_at IS NULL) THEN NULL
                ELSE sum(extract(epoch FROM i.ended_at - i.started_at))::float8 END AS seconds
    FROM intervals i
    WHERE i.leg_id = l.id AND i.kind IN ('talk', 'hold')
      AND i.started_at >= l.started_at AND i.started_at < l.started_at + interval '2 days'
) t ON true
WHERE l.node = :node AND l.started_at >= :started_from AND l.started_at < :started_to
"""
_ENDED: Final = f"{_COLUMNS} AND l.ended_at >= :ended_from AND l.ended_at < :ended_to"
_NAMED: Final = f"{_COLUMNS} AND l.id = ANY(CAST(:ids AS text[]))"

_ENTRIES: Final = """
SELECT leg_id, queue, outcome, extract(epoch FROM joined_at)::float8 AS joined_at,
       extract(epoch FROM left_at)::float8 AS left_at
FROM queue_entries
WHERE call_id = ANY(CAST(:calls AS text[])) AND joined_at >= :joined_from AND joined_at < :joined_to
"""

_BOOTS: Final = """
SELECT DISTINCT boot FROM calls WHERE node = :node AND started_at >= :from_at AND started_at < :to_at
"""

_BOOT_AT: Final = """
SELECT boot FROM calls WHERE node = :node AND started_at <= :at ORDER BY started_at DESC LIMIT 1
"""

_FIRST: Final = """
SELECT extract(epoch FROM started_at)::float8 FROM calls WHERE node = :node ORDER BY started_at LIMIT 1
"""


_OLDEST: Final = """
SELECT extract(epoch FROM min(started_at))::float8 FROM legs
WHERE node = :node AND started_at >= :started_from AND (ended_at >= :ended_from OR ending IS NULL)
"""


async def oldest_since(connection: AsyncConnection, node: str, at: float) -> float:
    """When the oldest leg began that ended at an instant or later, or goes on; at most that instant."""
    moment = _moment(at)
    values = {"node": node, "started_from": moment - LONGEST_LEG, "ended_from": moment - _EDGE}
    oldest = await connection.scalar(sa.text(_OLDEST), values)
    return at if oldest is None else min(at, float(oldest))


async def boot_at(connection: AsyncConnection, node: str, at: float) -> str | None:
    """In which boot of Asterisk the last call before an instant began."""
    values = {"node": node, "at": _moment(at)}
    found = await connection.scalar(sa.text(_BOOT_AT), values)
    return None if found is None else str(found)


async def first_call_at(connection: AsyncConnection, node: str) -> float | None:
    """When our record begins."""
    at = await connection.scalar(sa.text(_FIRST), {"node": node})
    return None if at is None else float(at)


async def legs_for(
    connection: AsyncConnection, node: str, channels: Sequence[Channel], *, begin: float, end: float
) -> list[OurLeg]:
    """The legs that ended in a stretch of time, and those of the channels wherever they ended."""
    from_at, to_at = _moment(begin), _moment(end)
    values: dict[str, Any] = {
        "node": node,
        "started_from": from_at - LONGEST_LEG,
        "started_to": to_at + _EDGE,
        "ended_from": from_at - _EDGE,
        "ended_to": to_at + _EDGE,
    }
    rows = list(await connection.execute(sa.text(_ENDED), values))
    found = {row.uniqueid for row in rows}
    elsewhere = [channel for channel in channels if channel.uniqueid not in found]
    rows += await _named(connection, node, elsewhere, {row.id for row in rows})
    # What ended beside the stretch matters only to a channel of it.
    wanted = {channel.uniqueid for channel in channels}
    rows = [row for row in rows if row.uniqueid in wanted or begin <= _over_at(row) < end]
    return await _with_entries(connection, rows)


async def legs_of(connection: AsyncConnection, node: str, channels: Sequence[Channel]) -> list[OurLeg]:
    """The legs of the channels."""
    return await _with_entries(connection, await _named(connection, node, channels, set()))


async def _with_entries(connection: AsyncConnection, rows: Sequence[Any]) -> list[OurLeg]:
    entries = await _entries(connection, rows)
    return [
        OurLeg(
            id=row.id, call_id=row.call_id, uniqueid=row.uniqueid, linkedid=row.linkedid, boot=row.boot,
            started_at=row.started_at, answered_at=row.answered_at, ended_at=row.ended_at,
            ending=row.ending, gap=row.gap, clock_step_seconds=row.clock_step_seconds,
            talk_seconds=row.talk_seconds, entries=entries.get(row.id, []),
        )
        for row in rows
    ]  # fmt: skip


async def _named(
    connection: AsyncConnection, node: str, channels: Sequence[Channel], known: set[str]
) -> list[Any]:
    if not channels:
        return []
    starts = [one.started_at if one.started_at is not None else one.last_at for one in channels]
    # (A leg may have begun by a clock that was set back since.)
    earliest, latest = _moment(min(starts)) - LONGEST_LEG, _moment(max(starts)) + LONGEST_LEG
    boots = await connection.scalars(sa.text(_BOOTS), {"node": node, "from_at": earliest, "to_at": latest})
    ids = [f"{boot}-{channel.uniqueid}" for boot in boots for channel in channels]
    rows: list[Any] = []
    for place in range(0, len(ids), _AT_ONCE):
        values = {
            "node": node, "ids": ids[place : place + _AT_ONCE], "started_from": earliest, "started_to": latest
        }  # fmt: skip
        rows += await connection.execute(sa.text(_NAMED), values)
    return [row for row in rows if row.id not in known]


async def _entries(connection: AsyncConnection, rows: Iterable[Any]) -> dict[str, list[OurEntry]]:
    rows = list(rows)
    if not rows:
        return {}
    first, last = min(row.started_at for row in rows), max(row.started_at for row in rows)
    values = {
        "calls": sorted({row.call_id for row in rows}),
        "joined_from": _moment(first),
        "joined_to": _moment(last) + LONGEST_LEG,
    }
    found: dict[str, list[OurEntry]] = defaultdict(list)
    for row in await connection.execute(sa.text(_ENTRIES), values):
        found[row.leg_id].append(
            OurEntry(queue=row.queue, joined_at=row.joined_at, left_at=row.left_at, outcome=row.outcome)
        )
    return found


def _over_at(row: Any) -> float:
    return (row.ended_at or 0.0) + (row.clock_step_seconds or 0.0)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
