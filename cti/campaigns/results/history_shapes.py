"""Attempts and decision records as the API gives them."""

from datetime import datetime
from typing import Any

import msgspec

from cti.campaigns.forms.form import Answer
from cti.campaigns.results.history_store import AttemptEntry, DecisionEntry
from cti.dialling.rules.decision_line import decision_line
from cti.dialling.rules.decision_record import Refusal
from cti.hours.shapes import TimeZone
from cti.http.principal import Language
from cti.http.shapes import Id, Instant, PageQuery, instant


class AttemptsQuery(PageQuery):
    """Of one contact, or of all."""

    contact: Id | None = None


class DecisionsQuery(AttemptsQuery):
    """In ``time_zone`` are told the instants that belong to no other one."""

    time_zone: TimeZone = "UTC"


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was made, or is: how far it is and what became of it. ``outcome`` is null until it is over,
    ``flow_outcome`` where no flow had him. ``hangup_cause`` (Q.850) and ``sip_status`` are as the network
    told them; ``unknown_why`` says why nobody knows what became of it, ``sent_by`` which service sent it
    under its lease (`place:life`). ``call_id`` leads to the call, ``campaign_version`` to the rules under
    which it was made. ``disposition`` and ``answers`` are the agent's, null when nobody has said anything.
    """

    id: str
    campaign_version: int | None
    contact_id: int | None
    phone: str
    purpose: str
    agent: str | None
    caller_id: str | None
    sent_by: str | None
    state: str
    outcome: str | None
    flow_outcome: str | None
    reserved_at: Instant
    sent_at: Instant | None
    ringing_at: Instant | None
    answered_at: Instant | None
    connected_at: Instant | None
    ended_at: Instant | None
    hangup_cause: int | None
    sip_status: int | None
    unknown_why: str | None
    call_id: str | None
    disposition: str | None
    answers: dict[str, Answer] | None


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a contact: whether it was dialled, otherwise why not, and all of it as a line to read;
    ``campaign_version`` are the rules by which that was decided.
    """

    id: int
    at: Instant
    campaign_version: int | None
    contact_id: int | None
    attempt_id: str | None
    refusal: Refusal | None
    line: str


def attempt_view(entry: AttemptEntry) -> AttemptView:
    """The attempt as it is given."""
    words: dict[str, Any] = {
        name: instant(value.timestamp()) if isinstance(value, datetime) else value
        for name, value in msgspec.structs.asdict(entry).items()
    }
    return AttemptView(**words)


def decision_view(entry: DecisionEntry, language: Language, zone: str) -> DecisionView:
    """The record in the reader's words; ``zone`` is his."""
    hold = entry.record.hold
    return DecisionView(
        id=entry.id,
        at=instant(entry.record.at),
        campaign_version=entry.record.campaign_version,
        contact_id=entry.contact_id,
        attempt_id=entry.attempt_id,
        refusal=None if hold is None else hold.refusal,
        line=decision_line(entry.record, language, zone),
    )
