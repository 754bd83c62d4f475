"""What the comparison found, kept in the database and read for people."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.calls.model import Call, Leg
from cti.ledger.comparison import Finding, FindingKind, Result

#: Of one stretch of time so many findings are kept; the counts of the day know the others.
_MOST_FINDINGS: Final = 500

_POSITION: Final = """
SELECT extract(epoch FROM checked_to)::float8 FROM ledger_positions WHERE node = :node
"""
_MOVE: Final = """
INSERT INTO ledger_positions (node, checked_to) VALUES (:node, :checked_to)
ON CONFLICT (node) DO UPDATE SET checked_to = EXCLUDED.checked_to
"""
_COUNT: Final = """
INSERT INTO ledger_days (node, day, channels, matched, lone_legs)
VALUES (:node, :day, :channels, :matched, :lone_legs)
ON CONFLICT (node, day) DO UPDATE SET channels = ledger_days.channels + EXCLUDED.channels,
    matched = ledger_days.matched + EXCLUDED.matched, lone_legs = ledger_days.lone_legs + EXCLUDED.lone_legs
"""
_KEEP: Final = """
INSERT INTO ledger_findings (node, kind, at, began_at, uniqueid, linkedid, boot, leg_id, call_id, field, ours,
                             theirs)
VALUES (:node, :kind, :at, :began_at, :uniqueid, :linkedid, :boot, :leg_id, :call_id, :field, :ours, :theirs)
ON CONFLICT DO NOTHING
"""
_COLUMNS: Final = """
SELECT id, node, kind, at, began_at, uniqueid, linkedid, boot, leg_id, call_id, field, ours, theirs,
       settled_at
FROM ledger_findings WHERE """
_UNSETTLED: Final = f"{_COLUMNS} node = :node AND settled_at IS NULL ORDER BY id DESC LIMIT :limit"
_COUNT_UNSETTLED: Final = """
SELECT count(DISTINCT (uniqueid, at)) FROM ledger_findings WHERE node = :node AND settled_at IS NULL
"""
_SETTLE: Final = """
UPDATE ledger_findings SET settled_at = now(), leg_id = coalesce(leg_id, :leg_id),
       call_id = coalesce(call_id, :call_id)
WHERE node = :node AND uniqueid = :uniqueid AND at = :at AND settled_at IS NULL
RETURNING kind
"""
_DAY_SETTLED: Final = """
UPDATE ledger_days SET matched = least(matched + :matched, channels),
       filled = least(filled + :filled, matched + :matched, channels),
       lone_legs = greatest(lone_legs - :lone_legs, 0)
WHERE node = :node AND day = :day
"""
_DAYS: Final = """
SELECT day, sum(channels)::int AS channels, sum(matched)::int AS matched, sum(filled)::int AS filled,
       sum(lone_legs)::int AS lone_legs
FROM ledger_days WHERE day >= :from_day AND day <= :to_day GROUP BY day ORDER BY day
"""
_PAGE: Final = f"{_COLUMNS} at >= :from_at AND at < :to_at"
_GAPS: Final = """
SELECT node, position, from_at, to_at, reason FROM gaps WHERE to_at >= :from_at AND to_at < :to_at
"""
_CALL: Final = "SELECT * FROM calls WHERE id = :id AND merged_into IS NULL"
_LEGS: Final = "SELECT * FROM legs WHERE call_id = :id"


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared of one day (UTC)."""

    day: date
    channels: int
    matched: int
    #: Of those matched, what was filled in afterwards.
    filled: int
    #: Legs without a channel.
    lone_legs: int


class StoredFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding and what became of it."""

    id: int
    finding: Finding
    #: When it fitted after all.
    settled_at: float | None


class StoredGap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which events were missed."""

    node: str
    position: int
    from_at: float | None
    to_at: float
    reason: str


async def read_position(connection: AsyncConnection, node: str) -> float | None:
    """Up to when everything was compared; None before the first time."""
    at = await connection.scalar(sa.text(_POSITION), {"node": node})
    return None if at is None else float(at)


async def save(
    connection: AsyncConnection, node: str, result: Result, ends: Sequence[float], checked_to: float
) -> None:
    """Keeps what one comparison found; ``ends`` are the instants at which its channels were over."""
    unmatched = {(channel.uniqueid, channel.last_at) for channel in result.unmatched}
    channels = Counter(_day(at) for at in ends)
    misfits = Counter(_day(at) for _, at in unmatched)
    lone = Counter(_day(one.at) for one in result.findings if one.kind is FindingKind.LEG_WITHOUT_CHANNEL)
    for day in channels.keys() | lone.keys():
        values = {
            "node": node, "day": day, "channels": channels[day],
            "matched": channels[day] - misfits[day], "lone_legs": lone[day],
        }  # fmt: skip
        await connection.execute(sa.text(_COUNT), values)
    for finding in result.findings[:_MOST_FINDINGS]:
        plain = {**msgspec.structs.asdict(finding), "kind": finding.kind.value}
        plain["at"], plain["began_at"] = _moment(finding.at), _moment_or_none(finding.began_at)
        await connection.execute(sa.text(_KEEP), plain)
    await connection.execute(sa.text(_MOVE), {"node": node, "checked_to": _moment(checked_to)})


async def unsettled(connection: AsyncConnection, node: str, limit: int) -> list[StoredFinding]:
    """Findings that have not fitted yet, the newest first."""
    rows = await connection.execute(sa.text(_UNSETTLED), {"node": node, "limit": limit})
    return [_stored(row) for row in rows]


async def count_unsettled(connection: AsyncConnection, node: str) -> int:
    """How many channels and legs have not fitted yet."""
    return int(await connection.scalar(sa.text(_COUNT_UNSETTLED), {"node": node}) or 0)


async def settle(
    connection: AsyncConnection, finding: Finding, *, leg_id: str | None, call_id: str | None
) -> int:
    """What was found of a channel or leg fits by now; how many findings that were."""
    values = {
        "node": finding.node, "uniqueid": finding.uniqueid, "at": _moment(finding.at), "leg_id": leg_id,
        "call_id": call_id,
    }  # fmt: skip
    kinds = [row.kind for row in await connection.execute(sa.text(_SETTLE), values)]
    if kinds:
        lone = FindingKind.LEG_WITHOUT_CHANNEL in kinds
        day = {
            "node": finding.node,
            "day": _day(finding.at),
            "matched": 0 if lone else 1,
            "filled": 1 if FindingKind.CHANNEL_WITHOUT_LEG in kinds else 0,
            "lone_legs": 1 if lone else 0,
        }
        await connection.execute(sa.text(_DAY_SETTLED), day)
    return len(kinds)


async def read_days(connection: AsyncConnection, first: date, last: date) -> list[Day]:
    """What was compared, day by day, of all nodes."""
    rows = await connection.execute(sa.text(_DAYS), {"from_day": first, "to_day": last})
    return [
        Day(
            day=row.day,
            channels=row.channels,
            matched=row.matched,
            filled=row.filled,
            lone_legs=row.lone_legs,
        )
        for row in rows
    ]


async def page_findings(
    connection: AsyncConnection,
    begin: datetime,
    end: datetime,
    *,
    limit: int,
    after: tuple[float, int] | None = None,
    only_open: bool = False,
) -> tuple[list[StoredFinding], tuple[float, int] | None]:
    """Findings, the newest first, and where the next page begins."""
    statement, values = _PAGE, {"from_at": begin, "to_at": end, "limit": limit + 1}
    if only_open:
        statement += " AND settled_at IS NULL"
    if after is not None:
        statement += " AND (at, id) < (:after_at, :after_id)"
        values |= {"after_at": _moment(after[0]), "after_id": after[1]}
    statement += " ORDER BY at DESC, id DESC LIMIT :limit"
    found = [_stored(row) for row in await connection.execute(sa.text(statement), values)]
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], (last.finding.at, last.id) if last is not None else None


async def count_gaps(connection: AsyncConnection, begin: datetime, end: datetime) -> int:
    """How many gaps ended in a stretch of time."""
    statement = f"SELECT count(*) FROM ({_GAPS}) g"  # noqa: S608
    return int(await connection.scalar(sa.text(statement), {"from_at": begin, "to_at": end}) or 0)


async def page_gaps(
    connection: AsyncConnection,
    begin: datetime,
    end: datetime,
    *,
    limit: int,
    after: tuple[float, str, int] | None = None,
) -> tuple[list[StoredGap], tuple[float, str, int] | None]:
    """Gaps, the newest first, and where the next page begins."""
    statement, values = _GAPS, {"from_at": begin, "to_at": end, "limit": limit + 1}
    if after is not None:
        statement += " AND (to_at, node, position) < (:after_at, :after_node, :after_position)"
        values |= {"after_at": _moment(after[0]), "after_node": after[1], "after_position": after[2]}
    statement += " ORDER BY to_at DESC, node DESC, position DESC LIMIT :limit"
    found = [
        StoredGap(
            node=row.node, position=row.position, to_at=row.to_at.timestamp(), reason=row.reason,
            from_at=None if row.from_at is None else row.from_at.timestamp(),
        )
        for row in await connection.execute(sa.text(statement), values)
    ]  # fmt: skip
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], (last.to_at, last.node, last.position) if last is not None else None


async def read_call(connection: AsyncConnection, call_id: str) -> tuple[Call, list[Leg]] | None:
    """A call and its legs as they are recorded; None when there is none, or it became part of another."""
    row = (await connection.execute(sa.text(_CALL), {"id": call_id})).mappings().first()
    if row is None:
        return None
    legs = [
        msgspec.convert(_plain(leg), Leg)
        for leg in (await connection.execute(sa.text(_LEGS), {"id": call_id})).mappings()
    ]
    call = msgspec.convert(_plain(row), Call)
    call.linkedids = sorted({leg.linkedid for leg in legs})
    call.leg_ids = [leg.id for leg in legs]
    return call, legs


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.timestamp() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }


def _stored(row: Any) -> StoredFinding:
    finding = Finding(
        kind=FindingKind(row.kind), node=row.node, uniqueid=row.uniqueid, linkedid=row.linkedid,
        at=row.at.timestamp(), began_at=None if row.began_at is None else row.began_at.timestamp(),
        boot=row.boot, leg_id=row.leg_id, call_id=row.call_id, field=row.field, ours=row.ours,
        theirs=row.theirs,
    )  # fmt: skip
    return StoredFinding(
        id=row.id, finding=finding, settled_at=None if row.settled_at is None else row.settled_at.timestamp()
    )


def subjects(findings: Iterable[StoredFinding]) -> dict[tuple[str, float], list[StoredFinding]]:
    """Findings by the channel or leg that they are about."""
    found: dict[tuple[str, float], list[StoredFinding]] = {}
    for one in findings:
        found.setdefault((one.finding.uniqueid, one.finding.at), []).append(one)
    return found


def _day(at: float) -> date:
    return _moment(at).date()


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _moment_or_none(at: float | None) -> datetime | None:
    return None if at is None else _moment(at)
