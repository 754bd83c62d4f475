"""Reading calls and saving dispositions: plain functions that take a connection.

Instants are aware datetimes. A duration is None when there was none or nobody knows it, never zero then.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.calls.store_sql import (
    CALL_SUMMARY,
    FIND_CALL,
    HANDLED,
    SAVE_DISPOSITION,
    SUMMARY_ORDER,
    SURVEYS,
)
from cti.calls.tables import (
    dispositions,
    flow_answers,
    flow_runs,
    flow_steps,
    intervals,
    ivr_choices,
    legs,
    offers,
    queue_entries,
    surveys,
    transfers,
)

#: The most that one page may hold.
PAGE_LIMIT: Final = 200


class CallOutcome(StrEnum):
    """What became of a call, for a person who reads a list of calls."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    VOICEMAIL = "voicemail"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls; what is None does not matter. ``agent_id`` finds all calls the agent had a part in."""

    from_at: datetime | None = None
    to_at: datetime | None = None
    queue: str | None = None
    agent_id: int | None = None
    #: Any of these as caller's or dialled number, in the form in which calls keep them.
    numbers: Sequence[str] | None = None


class CallSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of calls."""

    id: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    direction: str
    caller_number: str | None
    number_state: str
    dialled_number: str | None
    language: str | None
    queue: str | None
    agent_id: int | None
    agent_name: str | None
    customer_id: int | None
    customer_name: str | None
    outcome: CallOutcome
    wait_seconds: float | None
    #: Without hold.
    talk_seconds: float | None
    hold_seconds: float | None
    wrap_up_seconds: float | None
    rating: int | None
    disposition: str | None
    #: Events were missed while it went on.
    gap: bool
    #: By how much Asterisk's clock jumped while it went on; its instants are told as if it had not.
    clock_step_seconds: float | None

    @property
    def answered(self) -> bool:
        """Whether a person was connected."""
        return self.answered_at is not None


class CallDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A call and everything that belongs to it; each list by time, each item as its row is."""

    summary: CallSummary
    legs: list[dict[str, Any]]
    intervals: list[dict[str, Any]]
    queue_entries: list[dict[str, Any]]
    offers: list[dict[str, Any]]
    transfers: list[dict[str, Any]]
    surveys: list[dict[str, Any]]
    ivr_choices: list[dict[str, Any]]
    flow_runs: list[dict[str, Any]]
    flow_steps: list[dict[str, Any]]
    flow_answers: list[dict[str, Any]]
    dispositions: list[dict[str, Any]]


class Disposition(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent said a call was about."""

    call_id: str
    agent_id: int
    code: str
    note: str
    callback_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SurveyResult(msgspec.Struct, frozen=True, kw_only=True):
    """One survey."""

    id: str
    call_id: str
    started_at: datetime
    agent_id: int | None
    agent_name: str | None
    queue: str | None
    language: str | None
    outcome: str | None
    rating: int | None
    second_rating: int | None


class CursorError(ValueError):
    """The cursor is none that a page of ours ended with."""


async def page_calls(
    connection: AsyncConnection, wanted: CallFilter, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[CallSummary], str | None]:
    """Calls, newest first, and the cursor of the next page. Calls that became part of another are left out.

    Raises:
        CursorError: ``cursor`` is none of ours.
    """
    conditions = ["c.merged_into IS NULL"]
    values: dict[str, Any] = {"limit": min(limit, PAGE_LIMIT) + 1}
    if wanted.from_at is not None:
        conditions.append("c.started_at >= :from_at")
        values["from_at"] = wanted.from_at
    if wanted.to_at is not None:
        conditions.append("c.started_at < :to_at")
        values["to_at"] = wanted.to_at
    if wanted.queue is not None:
        conditions.append(
            "(c.queue = :queue OR EXISTS"
            " (SELECT FROM queue_entries e WHERE e.call_id = c.id AND e.queue = :queue))"
        )
        values["queue"] = wanted.queue
    if wanted.agent_id is not None:
        conditions.append("EXISTS (SELECT FROM legs l WHERE l.call_id = c.id AND l.agent_id = :agent_id)")
        values["agent_id"] = wanted.agent_id
    if wanted.numbers is not None:
        conditions.append("(c.caller_number = ANY(:numbers) OR c.dialled_number = ANY(:numbers))")
        values["numbers"] = list(wanted.numbers)
    if cursor is not None:
        conditions.append("(c.started_at, c.id) < (:cursor_at, :cursor_id)")
        values["cursor_at"], values["cursor_id"] = _decode_cursor(cursor)
    query = CALL_SUMMARY + " AND ".join(conditions) + SUMMARY_ORDER
    rows = (await connection.execute(sa.text(query), values)).mappings().all()
    items = [_summary(row) for row in rows[: values["limit"] - 1]]
    more = len(rows) == values["limit"]
    return items, _encode_cursor(items[-1].started_at, items[-1].id) if more else None


async def get_summary(connection: AsyncConnection, call_id: str) -> CallSummary | None:
    """One call; for one that became part of another, that other. None when there is none."""
    found = (await connection.execute(sa.text(FIND_CALL), {"id": call_id})).first()
    if found is None:
        return None
    query = CALL_SUMMARY + "c.id = :id AND c.started_at = :started_at" + SUMMARY_ORDER
    values = {"id": found.id, "started_at": found.started_at, "limit": 1}
    row = (await connection.execute(sa.text(query), values)).mappings().first()
    return _summary(row) if row is not None else None


async def get_call(connection: AsyncConnection, call_id: str) -> CallDetail | None:
    """A call with all that belongs to it, found as by `get_summary`."""
    summary = await get_summary(connection, call_id)
    if summary is None:
        return None
    parts = {
        "legs": (legs, legs.c.started_at),
        "intervals": (intervals, intervals.c.started_at),
        "queue_entries": (queue_entries, queue_entries.c.joined_at),
        "offers": (offers, offers.c.started_at),
        "transfers": (transfers, transfers.c.at),
        "surveys": (surveys, surveys.c.started_at),
        "ivr_choices": (ivr_choices, ivr_choices.c.chosen_at),
        "flow_runs": (flow_runs, flow_runs.c.started_at),
        "flow_steps": (flow_steps, flow_steps.c.ordinal),
        "flow_answers": (flow_answers, flow_answers.c.ordinal),
        "dispositions": (dispositions, dispositions.c.updated_at),
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for name, (table, order) in parts.items():
        rows = await connection.execute(table.select().where(table.c.call_id == summary.id).order_by(order))
        found[name] = [dict(row) for row in rows.mappings()]
    return CallDetail(summary=summary, **found)


async def was_handled_by(connection: AsyncConnection, call_id: str, agent_id: int) -> bool:
    """Whether the agent was offered the call or had a leg in it."""
    return bool(await connection.scalar(sa.text(HANDLED), {"id": call_id, "agent_id": agent_id}))


async def channel_ids(connection: AsyncConnection, call_id: str) -> set[str]:
    """Asterisk's ids (Uniqueid) of the channels that a call had."""
    found = (await connection.execute(sa.text(FIND_CALL), {"id": call_id})).first()
    if found is None:
        return set()
    return set(await connection.scalars(sa.select(legs.c.uniqueid).where(legs.c.call_id == found.id)))


async def save_disposition(
    connection: AsyncConnection,
    *,
    call_id: str,
    agent_id: int,
    code: str,
    note: str,
    callback_at: datetime | None,
) -> Disposition:
    """Saves an agent's disposition of a call; saying it again changes it."""
    found = (await connection.execute(sa.text(FIND_CALL), {"id": call_id})).first()
    values = {
        "call_id": found.id if found is not None else call_id,
        "agent_id": agent_id,
        "code": code,
        "note": note,
        "callback_at": callback_at,
    }
    row = (await connection.execute(sa.text(SAVE_DISPOSITION), values)).mappings().one()
    return Disposition(**row)


async def page_surveys(
    connection: AsyncConnection,
    *,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[SurveyResult], str | None]:
    """Surveys, newest first, and the cursor of the next page.

    Raises:
        CursorError: ``cursor`` is none of ours.
    """
    values: dict[str, Any] = {"limit": min(limit, PAGE_LIMIT) + 1}
    conditions = ["true"]
    if from_at is not None:
        conditions.append("s.started_at >= :from_at")
        values["from_at"] = from_at
    if to_at is not None:
        conditions.append("s.started_at < :to_at")
        values["to_at"] = to_at
    if cursor is not None:
        conditions.append("(s.started_at, s.id) < (:cursor_at, :cursor_id)")
        values["cursor_at"], values["cursor_id"] = _decode_cursor(cursor)
    query = SURVEYS + " AND ".join(conditions) + " ORDER BY s.started_at DESC, s.id DESC LIMIT :limit"
    rows = (await connection.execute(sa.text(query), values)).mappings().all()
    items = [SurveyResult(**row) for row in rows[: values["limit"] - 1]]
    more = len(rows) == values["limit"]
    return items, _encode_cursor(items[-1].started_at, items[-1].id) if more else None


def _summary(row: RowMapping) -> CallSummary:
    values = dict(row)
    over, voicemail, last_entry = (values.pop(name) for name in ("over", "voicemail", "last_entry"))
    if values["answered_at"] is not None:
        outcome = CallOutcome.ANSWERED
    elif not over:
        outcome = CallOutcome.IN_PROGRESS
    elif voicemail:
        outcome = CallOutcome.VOICEMAIL
    elif last_entry in (CallOutcome.ABANDONED, CallOutcome.OVERFLOW):
        outcome = CallOutcome(last_entry)
    else:
        outcome = CallOutcome.FAILED
    return CallSummary(**values, outcome=outcome)


def _encode_cursor(at: datetime, key: str) -> str:
    text = f"{at.astimezone(UTC).isoformat()}|{key}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, key = text.partition("|")
        instant = datetime.fromisoformat(at)
    except (ValueError, binascii.Error) as error:
        raise CursorError("the cursor is none of ours") from error
    if instant.tzinfo is None or "\x00" in key:
        raise CursorError("the cursor is none of ours")
    return instant, key
