"""Calls as the API shows them; numbers in full or masked, by who reads."""

from collections.abc import Mapping
from typing import Any

import msgspec

from cti.calls.flow_views import NO_QUESTIONS, FlowRunView, Questions, flow_run_view
from cti.calls.row_views import instant_of, view_of
from cti.calls.store import CallDetail, CallSummary, Disposition
from cti.customers.model import AgentName, CustomerName, RecentCall
from cti.customers.numbers import mask
from cti.http.shapes import Instant


class LegView(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of a call."""

    id: str
    kind: str
    interface: str | None
    agent_id: int | None
    number: str | None
    local_pair_id: str | None
    outgoing: bool
    started_at: Instant
    answered_at: Instant | None
    ended_at: Instant | None
    ending: str | None
    hangup_cause: int | None
    sip_status: int | None


class IntervalView(msgspec.Struct, frozen=True, kw_only=True):
    """One measured span; ``unknown_end`` says that nobody knows when it ended."""

    id: str
    kind: str
    leg_id: str | None
    agent_id: int | None
    queue: str | None
    started_at: Instant
    ended_at: Instant | None
    unknown_end: bool


class QueueEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One stay in a queue."""

    id: str
    queue: str
    position: int | None
    joined_at: Instant
    left_at: Instant | None
    outcome: str | None
    agent_id: int | None


class OfferView(msgspec.Struct, frozen=True, kw_only=True):
    """One ringing of one agent."""

    id: str
    agent_id: int
    queue: str
    started_at: Instant
    ended_at: Instant | None
    outcome: str | None


class CallTransferView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to hand the caller on; ``outcome`` is null while the target rings."""

    id: str
    kind: str
    agent_id: int | None
    to_number: str | None
    at: Instant
    outcome: str | None


class SurveyView(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's rating, 1 to 5."""

    outcome: str | None
    rating: int | None
    second_rating: int | None
    language: str | None
    started_at: Instant
    ended_at: Instant | None


class ChoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """A key that the caller pressed in a menu."""

    menu: str
    choice: str
    at: Instant


class SavedDisposition(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's verdict on a call, as it is kept."""

    agent_id: int
    code: str
    note: str | None
    callback_at: Instant | None
    saved_at: Instant


class CallDetailView(RecentCall, frozen=True, kw_only=True):
    """A call and everything that belongs to it, each list by time."""

    legs: list[LegView]
    intervals: list[IntervalView]
    queue_entries: list[QueueEntryView]
    offers: list[OfferView]
    transfers: list[CallTransferView]
    survey: SurveyView | None
    dispositions: list[SavedDisposition]
    ivr_choices: list[ChoiceView]
    flow_runs: list[FlowRunView]


def summary_view(call: CallSummary, *, full_numbers: bool) -> RecentCall:
    """One line of a list of calls."""
    return RecentCall(**_summary_fields(call, full_numbers=full_numbers))


def detail_view(
    call: CallDetail, *, full_numbers: bool, questions: Questions = NO_QUESTIONS
) -> CallDetailView:
    """A call with all that belongs to it; ``questions`` are those that its flows asked."""

    def number(row: Mapping[str, Any], name: str) -> dict[str, Any]:
        return {**row, name: row[name] if full_numbers else mask(row[name])}

    surveys = [view_of(SurveyView, row) for row in call.surveys]
    return CallDetailView(
        **_summary_fields(call.summary, full_numbers=full_numbers),
        legs=[view_of(LegView, number(row, "number")) for row in call.legs],
        intervals=[view_of(IntervalView, row) for row in call.intervals],
        queue_entries=[view_of(QueueEntryView, row) for row in call.queue_entries],
        offers=[view_of(OfferView, row) for row in call.offers],
        transfers=[view_of(CallTransferView, number(row, "to_number")) for row in call.transfers],
        survey=surveys[-1] if surveys else None,
        dispositions=[disposition_view(Disposition(**row)) for row in call.dispositions],
        ivr_choices=[
            ChoiceView(menu=row["menu"], choice=row["choice"], at=instant_of(row["chosen_at"]))
            for row in call.ivr_choices
        ],
        flow_runs=[
            flow_run_view(
                row, call.flow_steps, call.flow_answers, full_numbers=full_numbers, questions=questions
            )
            for row in call.flow_runs
        ],
    )


def disposition_view(saved: Disposition) -> SavedDisposition:
    """A verdict as it is kept."""
    return SavedDisposition(
        agent_id=saved.agent_id,
        code=saved.code,
        note=saved.note or None,
        callback_at=None if saved.callback_at is None else instant_of(saved.callback_at),
        saved_at=instant_of(saved.updated_at),
    )


def _summary_fields(call: CallSummary, *, full_numbers: bool) -> dict[str, Any]:
    outbound = call.direction == "outbound"
    number = call.dialled_number if outbound else call.caller_number
    agent = None
    if call.agent_id is not None:
        agent = AgentName(id=call.agent_id, name=call.agent_name or f"#{call.agent_id}")
    customer = None
    if call.customer_id is not None and call.customer_name is not None:
        customer = CustomerName(id=call.customer_id, name=call.customer_name)
    return {
        "id": call.id,
        "started_at": instant_of(call.started_at),
        "ended_at": None if call.ended_at is None else instant_of(call.ended_at),
        "direction": call.direction,
        "number": number if full_numbers else mask(number),
        "dnis": None if outbound else call.dialled_number,
        "queue": call.queue,
        "agent": agent,
        "answered": call.answered,
        "wait_seconds": call.wait_seconds,
        "talk_seconds": call.talk_seconds,
        "hold_seconds": call.hold_seconds,
        "wrap_up_seconds": call.wrap_up_seconds,
        "outcome": call.outcome.value,
        "rating": call.rating,
        "disposition": call.disposition,
        "customer": customer,
    }
