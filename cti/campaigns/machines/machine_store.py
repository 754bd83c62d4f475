"""What machine detection heard in a campaign, and the calls that it took for machines', in PostgreSQL.

Calls count by the instant in which their attempt was written down; ``to_at`` is not included.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.machines import machine_sql
from cti.dialling.rules.machine_suspicion import MachineCall, Reason, Verdict, reasons_of, suspicion_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
#: How much speaks for a person, when it was (microseconds since the epoch), and its id.
Place = tuple[int, int, str]
#: Before all others.
_FIRST: Final[Place] = (-1_000, 0, "")


class HeardCount(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that were answered and are over, by what Asterisk took them for and why; ``machine`` is None
    where it said nothing, ``cause`` (`MAXWORDS`) where it gave no reason. Of these, those at which somebody
    looked, and those of them that were persons.
    """

    machine: str | None
    cause: str | None
    count: int
    reviewed: int
    persons: int


class TakenCall(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that was taken for a machine, with what speaks for a person; ``review_id`` and
    ``verdict`` are None while nobody looked at it.
    """

    id: str
    contact_id: int | None
    name: str | None
    phone: str
    reserved_at: datetime
    outcome: str
    call_id: str | None
    call: MachineCall
    reasons: list[Reason]
    review_id: int | None
    verdict: Verdict | None
    reviewed_at: datetime | None
    reviewed_by: str | None

    @property
    def place(self) -> Place:
        """Where it stands among those that are suspected: the lowest comes first."""
        at = (self.reserved_at - _EPOCH) // _MICROSECOND
        return -suspicion_of(self.reasons), -at, self.id


class TakenCalls(msgspec.Struct, frozen=True, kw_only=True):
    """A page of calls; where they were weighed, how many that were in the whole span, and how many of them
    look like a person's.
    """

    page: list[TakenCall]
    weighed: int | None = None
    suspected: int | None = None


class CallSpan(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls of a campaign."""

    campaign_id: int
    from_at: datetime
    to_at: datetime


async def count_heard(connection: AsyncConnection, span: CallSpan) -> list[HeardCount]:
    """What Asterisk heard, the most frequent first."""
    rows = await connection.execute(machine_sql.COUNTS, msgspec.structs.asdict(span))
    return [HeardCount(**row) for row in rows.mappings()]


async def read_silence(connection: AsyncConnection, span: CallSpan) -> float | None:
    """For how many seconds persons heard nothing while Asterisk listened, the median; None of nobody."""
    seconds = await connection.scalar(machine_sql.SILENCE, msgspec.structs.asdict(span))
    return None if seconds is None else float(seconds)


async def page_suspected(
    connection: AsyncConnection, span: CallSpan, *, after: Place | None, limit: int
) -> TakenCalls:
    """Weighs all at which nobody has looked, and gives those that look like a person's, the most suspicious
    first; those behind ``after``.

    Raises:
        DBAPIError: also when they are too many for the time that somebody waits.
    """
    await connection.execute(machine_sql.IN_TIME)
    place = dict(zip(("suspicion", "at", "id"), after or _FIRST, strict=True))
    given = {**msgspec.structs.asdict(span), **place, "limit": limit}
    rows = (await connection.execute(machine_sql.SUSPECTED, given)).all()
    return TakenCalls(
        page=[_taken(row) for row in rows if row.id is not None],
        weighed=rows[0].weighed,
        suspected=rows[0].suspected,
    )


async def page_by_lot(connection: AsyncConnection, span: CallSpan, *, after: str, limit: int) -> TakenCalls:
    """All at which nobody has looked, in the order of a lot; those behind the one of id ``after``."""
    given = {**msgspec.structs.asdict(span), "after": after, "limit": limit}
    return TakenCalls(page=[_taken(row) for row in await connection.execute(machine_sql.BY_LOT, given)])


async def page_reviewed(
    connection: AsyncConnection, campaign_id: int, *, before: int, limit: int
) -> TakenCalls:
    """Those at which somebody looked, whenever they were; reviews older than that of id ``before``."""
    given = {"campaign_id": campaign_id, "before": before, "limit": limit}
    return TakenCalls(page=[_taken(row) for row in await connection.execute(machine_sql.REVIEWED, given)])


async def read_taken(connection: AsyncConnection, campaign_id: int, attempt_id: str) -> TakenCall:
    """One of them, which is there."""
    given = {"campaign_id": campaign_id, "attempt_id": attempt_id}
    return _taken((await connection.execute(machine_sql.ONE, given)).one())


def _taken(row: sa.Row[Any]) -> TakenCall:
    call = MachineCall(
        answered_at=_seconds(row.answered_at),
        machine_at=_seconds(row.machine_at),
        ended_at=_seconds(row.ended_at),
        cause=row.machine_cause,
        leaves_message=row.leaves_message,
        cancelled=row.cancelled,
        called_back_at=_seconds(row.called_back_at),
        person_at=_seconds(row.person_at),
        answered_elsewhere_at=_seconds(row.answered_elsewhere_at),
    )
    names = ("id", "contact_id", "name", "phone", "reserved_at", "outcome", "call_id")
    return TakenCall(
        **{name: getattr(row, name) for name in (*names, "review_id", "reviewed_at")},
        reviewed_by=row.reviewer,
        call=call,
        reasons=reasons_of(call),
        verdict=None if row.verdict is None else Verdict(row.verdict),
    )


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
