"""Attempts in PostgreSQL: reserved, moved forward, ended; functions that work in the transaction of the
connection they are given. Instants are epoch seconds.
"""

import base64
import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.dialling.records import contact_store
from cti.dialling.records.attempt_sql import END, NOTE, RESERVE, SET_SENDING
from cti.dialling.records.limits_store import ALL, IS_OPEN, agent_scope, campaign_scope, count_calls
from cti.dialling.records.tables import attempts
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.may_dial import Purpose
from cti.dialling.rules.news import News, merged
from cti.dialling.rules.outcome import Evidence, Machine, Outcome
from cti.dialling.rules.retry import AttemptLimits, RetryRules

_ID_BYTES: Final = 16
_SENT: Final = [state for state in AttemptState if state.is_open and state is not AttemptState.RESERVED]
_INSTANTS: Final = (
    *("reserved_at", "sent_at", "ringing_at", "answered_at", "connected_at", "ended_at"),
    *("abandoned_at", "window_closes_at"),
)


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to write down before it is sent."""

    attempt_id: str
    phone: str
    purpose: Purpose
    ring_seconds: int
    campaign_id: int | None = None
    campaign_version: int | None = None
    contact_id: int | None = None
    agent_id: int | None = None
    caller_id: str | None = None
    window_closes_at: float | None = None


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt as it is kept; the fields are the columns of `attempts`."""

    id: str
    campaign_id: int | None
    contact_id: int | None
    phone: str
    purpose: Purpose
    agent_id: int | None
    caller_id: str | None
    node: str
    epoch: int
    sent_by: str | None
    state: AttemptState
    outcome: Outcome | None
    reserved_at: float
    sent_at: float | None
    ringing_at: float | None
    answered_at: float | None
    connected_at: float | None
    ended_at: float | None
    abandoned_at: float | None
    ring_seconds: int
    window_closes_at: float | None
    hangup_cause: int | None
    sip_status: int | None
    originate_reason: int | None
    dial_status: str | None
    machine: str | None
    machine_cause: str | None
    connected: bool | None
    fax: bool
    cancelled: bool
    lost: bool
    machine_was_person: bool
    unknown_why: str | None
    boot: str | None
    call_id: str | None

    @property
    def evidence(self) -> Evidence:
        """What was seen of it."""
        return Evidence(
            answered=self.answered_at is not None,
            connected=self.connected,
            abandoned=self.abandoned_at is not None,
            hangup_cause=self.hangup_cause,
            originate_reason=self.originate_reason,
            dial_status=self.dial_status,
            sip_status=self.sip_status,
            machine=Machine(self.machine) if self.machine in set(Machine) else None,
            machine_cause=self.machine_cause,
            machine_was_person=self.machine_was_person,
            fax=self.fax,
            cancelled=self.cancelled,
            lost=self.lost,
        )


def new_attempt_id() -> str:
    """An id that no other attempt has: `at-` and 26 lower-case letters and digits."""
    drawn = base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode()
    return f"at-{drawn.rstrip('=').lower()}"


async def reserve(
    connection: AsyncConnection,
    reservations: Sequence[Reservation],
    *,
    node: str,
    epoch: int,
    now: float,
    day: date,
) -> None:
    """Write attempts down as RESERVED and count them; the caller holds `limits_store.lock_claims`.

    Raises:
        IntegrityError: a telephone or a contact has an attempt that is not over.
        DBAPIError: with SQLSTATE `CT001` when a telephone bears no further attempt now.
    """
    if not reservations:
        return
    given = msgspec.json.encode(reservations).decode()
    await connection.execute(
        sa.text(RESERVE), {"given": given, "node": node, "epoch": epoch, "now": now, "day": day}
    )
    await contact_store.take(
        connection, [one.contact_id for one in reservations if one.contact_id is not None]
    )
    scopes = [scope for one in reservations for scope in _scopes(one.campaign_id, one.agent_id)]
    await count_calls(connection, day, scopes)


async def set_sending(
    connection: AsyncConnection, attempt_id: str, *, holder: str, epoch: int, now: float, boot: str | None
) -> bool:
    """Say that it is about to be sent; commit, and then send it, once.

    False, and nothing is to be sent: the lease is lost or about to end, it is no longer RESERVED, the
    campaign is not running or was changed, the person refused calls meanwhile, his hours end too soon, or the
    kill switch is on.
    """
    given = {"attempt_id": attempt_id, "holder": holder, "epoch": epoch, "now": now, "boot": boot}
    return (await connection.execute(sa.text(SET_SENDING), given)).rowcount == 1


async def release(connection: AsyncConnection, attempt_ids: Sequence[str], *, now: float) -> list[str]:
    """End those that are still RESERVED as never sent: their contacts are open again, nothing is counted.

    Returns the ids of those that were released.
    """
    statement = (
        sa.update(attempts)
        .where(attempts.c.id.in_(attempt_ids), attempts.c.state == AttemptState.RESERVED.value)
        .values(
            state=AttemptState.ENDED.value,
            outcome=Outcome.NOT_SENT.value,
            ended_at=datetime.fromtimestamp(now, UTC),
        )
        .returning(
            *(attempts.c[name] for name in ("id", "contact_id", "campaign_id", "agent_id", "counted_on"))
        )
    )
    released = list(await connection.execute(statement))
    await contact_store.put_back(
        connection, [row.contact_id for row in released if row.contact_id is not None]
    )
    scopes: defaultdict[date, list[str]] = defaultdict(list)
    for row in released:
        scopes[row.counted_on] += _scopes(row.campaign_id, row.agent_id)
    for day in sorted(scopes):
        await count_calls(connection, day, scopes[day], by=-1)
    return [row.id for row in released]


async def note(connection: AsyncConnection, news: Sequence[News]) -> None:
    """Keep what was seen of attempts: states move forward only, evidence is added, nothing taken back.

    The same news twice, late or in another order leave the same.
    """
    if news:
        await connection.execute(sa.text(NOTE), {"given": msgspec.json.encode(merged(news)).decode()})


async def settle(
    connection: AsyncConnection,
    attempt_id: str,
    outcome: Outcome,
    ended_at: float,
    *,
    retries: RetryRules,
    limits: AttemptLimits,
    unknown_why: str | None = None,
    flow_outcome: str | None = None,
) -> bool:
    """End an attempt that was sent, and say when its contact is called next, or that he is not. With what its
    flow ended decides that too.

    With ``unknown_why`` its state is UNKNOWN (the outcome too), so that it can be corrected; ENDED otherwise.
    NOT_SENT is for what was about to be sent and is known not to have been: it counts for nothing. False when
    it had ended already or was still RESERVED: nothing changes then.
    """
    state = AttemptState.ENDED if unknown_why is None else AttemptState.UNKNOWN
    return await _end(
        connection, attempt_id, outcome, ended_at, state, _SENT, unknown_why, retries, limits, flow_outcome
    )


async def correct(
    connection: AsyncConnection,
    attempt_id: str,
    outcome: Outcome,
    ended_at: float,
    *,
    retries: RetryRules,
    limits: AttemptLimits,
) -> bool:
    """Give an UNKNOWN attempt the end that was found out later; its contact follows unless he was called
    again already. False when it is not UNKNOWN.
    """
    ended, unknown = AttemptState.ENDED, [AttemptState.UNKNOWN]
    return await _end(connection, attempt_id, outcome, ended_at, ended, unknown, None, retries, limits)


async def read_attempt(connection: AsyncConnection, attempt_id: str) -> AttemptRow | None:
    """One attempt."""
    found = await _read(connection, attempts.c.id == attempt_id)
    return found[0] if found else None


async def open_attempts(connection: AsyncConnection, node: str) -> list[AttemptRow]:
    """Those of an Asterisk that are not over, the first reserved first."""
    return await _read(connection, (attempts.c.node == node) & IS_OPEN)


async def unknown_attempts(connection: AsyncConnection, node: str, since: float) -> list[AttemptRow]:
    """Those of an Asterisk sent after ``since`` of which nobody knows how they ended."""
    unknown = attempts.c.state == sa.literal_column(f"'{AttemptState.UNKNOWN.value}'")
    sent = attempts.c.sent_at > datetime.fromtimestamp(since, UTC)
    return await _read(connection, (attempts.c.node == node) & unknown & sent)


async def _end(
    connection: AsyncConnection,
    attempt_id: str,
    outcome: Outcome,
    ended_at: float,
    state: AttemptState,
    from_states: Sequence[AttemptState],
    unknown_why: str | None,
    retries: RetryRules,
    limits: AttemptLimits,
    flow_outcome: str | None = None,
) -> bool:
    given = {
        "attempt_id": attempt_id,
        "state": state.value,
        "outcome": outcome.value,
        "ended_at": ended_at,
        "unknown_why": unknown_why,
        "flow_outcome": flow_outcome,
        "from_states": [one.value for one in from_states],
    }
    ended = (await connection.execute(sa.text(END), given)).one_or_none()
    if ended is None:
        return False
    if not outcome.is_attempt:
        scopes = _scopes(ended.campaign_id, ended.agent_id)
        await count_calls(connection, ended.counted_on, scopes, by=-1)
    if ended.contact_id is not None:
        await contact_store.follow(
            connection,
            ended.contact_id,
            attempt_id,
            outcome,
            ended_at,
            reserved_at=ended.reserved_at,
            retries=retries,
            limits=limits,
        )
    return True


async def _read(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> list[AttemptRow]:
    rows = await connection.execute(
        sa.select(attempts).where(which).order_by(attempts.c.reserved_at, attempts.c.id)
    )
    return [_row(row) for row in rows]


def _row(row: sa.Row[Any]) -> AttemptRow:
    columns = row._mapping  # noqa: SLF001  (SQLAlchemy's public name for it)
    values = {name: columns[name] for name in AttemptRow.__struct_fields__}
    values |= {name: columns[name] and columns[name].timestamp() for name in _INSTANTS}
    values |= {"purpose": Purpose(row.purpose), "state": AttemptState(row.state)}
    values["outcome"] = None if row.outcome is None else Outcome(row.outcome)
    return AttemptRow(**values)


def _scopes(campaign_id: int | None, agent_id: int | None) -> list[str]:
    return [
        ALL,
        *([] if campaign_id is None else [campaign_scope(campaign_id)]),
        *([] if agent_id is None else [agent_scope(agent_id)]),
    ]
