"""Whether somebody may be dialled now. Pure; the one definition, for campaigns, callbacks and agents alike.

Whoever dials collects what is known (`Look`) in the transaction that claims, and this decides. The checks go
from what lasts to what passes, so that the record names what really stands against it: who refused calls is
not told to be outside calling hours.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

import msgspec

from cti.dialling.rules.attempt import RING_SECONDS
from cti.dialling.rules.calling_window import CallingWindow
from cti.dialling.rules.decision_record import Check, CheckMade, DecisionRecord, Figures, Hold, Refusal
from cti.dialling.rules.guards import CapUse, cap_reached, number_fault
from cti.dialling.rules.retry import (
    DAY,
    MINUTE,
    Attempt,
    AttemptLimits,
    Closed,
    HoldReason,
    attempts_in_day,
    phone_hold,
)
from cti.dialling.rules.whereabouts import region_of, zones_of
from cti.hours.model import Reason


class Purpose(StrEnum):
    """For what somebody is dialled."""

    CAMPAIGN = "campaign"
    #: An agent dials, by hand or by a click.
    MANUAL = "manual"
    #: The person asked for it: his hours are those that he asked for, and he is not made to wait.
    CALLBACK = "callback"
    #: An agent hands a caller on. The caller wants it, and whom he is led to is often a desk that many call:
    #: what keeps the bill in bounds holds, hours and gaps do not. It is no attempt.
    TRANSFER = "transfer"

    @property
    def is_attempt(self) -> bool:
        """Whether it becomes an attempt on a person, with what a telephone bears."""
        return self is not Purpose.TRANSFER


class Renewal(StrEnum):
    """How the subscription stands about which somebody is called."""

    DUE = "due"
    RENEWED = "renewed"
    #: Its last day is over, or it was cancelled.
    ENDED = "ended"


class Doubt(StrEnum):
    """What is not known now, so that nobody is dialled."""

    DATABASE = "database_away"
    TELEPHONES = "telephones_away"
    LEDGER = "ledger_away"
    CLOCK = "clock_in_doubt"
    #: Another service holds the lease.
    STANDING_BY = "standing_by"


class DialRules(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation sets."""

    home_region: str
    allowed_prefixes: tuple[str, ...] = ()
    limits: AttemptLimits = AttemptLimits()


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when somebody is looked at, ``at`` in epoch seconds.

    What holds for everybody has to be said; what only a campaign knows stays as it is here otherwise.
    """

    at: float
    purpose: Purpose
    #: E.164.
    number: str
    #: The level (`global`, `client`, `campaign`) at which he is not to be called; None when he may be.
    refused_level: str | None
    #: Whether the number that he will see is ours.
    caller_id_is_ours: bool
    kill_switch: bool
    doubts: tuple[Doubt, ...]
    #: Whether an attempt on this telephone is not over.
    under_way: bool
    #: Attempts on this telephone, over all campaigns, as far back as the limits reach.
    attempts: tuple[Attempt, ...]
    caps: tuple[CapUse, ...]
    #: Since when he is not to be called.
    refused_at: float | None = None
    #: What the contact says of himself.
    own_zone: str | None = None
    #: For how long it may ring: that too lies within his hours.
    ring_seconds: float = RING_SECONDS
    needs_consent: bool = False
    has_consent: bool = False
    closed: Closed | None = None
    #: None: he is called about something else.
    renewal: Renewal | None = None
    #: After what his flow ended with he is called again; None: that is not why.
    flow_outcome: str | None = None
    #: The contact's own next instant: after a retry's delay, or a time that was agreed.
    not_before: float | None = None
    #: What the campaign is, when it is not running.
    campaign_state: str | None = None
    #: Whether an agent is reserved for this very call.
    agent_reserved: bool = False
    #: Whether somebody (or the flow) can take the call, as the pacing sees it.
    somebody_takes_it: bool = True


def may_dial(look: Look, rules: DialRules, window: CallingWindow) -> DecisionRecord:
    """Whether to dial now, as the record of it. ``window`` is the campaign's."""
    passed: list[CheckMade] = []
    for check, found in _checks(look, rules, window):
        if isinstance(found, Hold):
            return DecisionRecord(at=look.at, hold=found, passed=tuple(passed))
        if found is not None:
            passed.append(CheckMade(check=check, figures=found))
    return DecisionRecord(at=look.at, passed=tuple(passed))


def _checks(
    look: Look, rules: DialRules, window: CallingWindow
) -> Iterator[tuple[Check, Hold | Figures | None]]:
    """Each check with why not, or with what it was held against; None where there was nothing to check."""
    of_campaign = look.purpose is Purpose.CAMPAIGN
    yield Check.KILL_SWITCH, Hold(refusal=Refusal.KILL_SWITCH) if look.kill_switch else {}
    yield Check.NUMBER, _number(look, rules)
    yield Check.DO_NOT_CALL, _do_not_call(look)
    if of_campaign:
        yield Check.CONSENT, _consent(look)
    yield Check.CALLER_ID, {} if look.caller_id_is_ours else Hold(refusal=Refusal.CALLER_ID)
    if of_campaign:
        yield Check.CONTACT, _contact(look)
        yield Check.RENEWAL, _renewal(look)
        yield Check.AGAIN, None if look.flow_outcome is None else {"flow_outcome": look.flow_outcome}
        yield Check.CAMPAIGN, _campaign(look)
    yield Check.CERTAINTY, Hold(refusal=Refusal(look.doubts[0].value)) if look.doubts else {}
    if look.purpose.is_attempt:
        yield Check.UNDER_WAY, Hold(refusal=Refusal.UNDER_WAY) if look.under_way else {}
        if look.purpose is not Purpose.CALLBACK:
            yield Check.WINDOW, _window(look, window)
        yield Check.NOT_BEFORE, _not_before(look)
        yield Check.PHONE, _phone(look, rules.limits)
    # What is no attempt is not counted among those at once.
    caps = [use for use in look.caps if look.purpose.is_attempt or use.cap.is_of_day]
    yield Check.CAPS, cap_hold(caps) or {use.cap.value: use.used for use in caps}
    yield Check.AGENT, {} if look.somebody_takes_it else Hold(refusal=Refusal.NO_AGENT)


def _number(look: Look, rules: DialRules) -> Hold | Figures:
    fault = number_fault(look.number, home_region=rules.home_region, allowed_prefixes=rules.allowed_prefixes)
    return {"region": rules.home_region} if fault is None else Hold(refusal=Refusal(fault.value))


def _do_not_call(look: Look) -> Hold | Figures:
    if look.refused_level is None:
        return {}
    figures: Figures = {"level": look.refused_level}
    if look.refused_at is not None:
        figures["refused_at"] = look.refused_at
    return Hold(refusal=Refusal.DO_NOT_CALL, figures=figures)


def _consent(look: Look) -> Hold | Figures | None:
    if not look.needs_consent:
        return None
    return {} if look.has_consent else Hold(refusal=Refusal.NO_CONSENT)


def _contact(look: Look) -> Hold | Figures:
    if look.closed is None:
        return {}
    return Hold(refusal=Refusal.CLOSED, figures={"closed": look.closed.value})


def _renewal(look: Look) -> Hold | Figures | None:
    if look.renewal is None:
        return None
    if look.renewal is Renewal.DUE:
        return {}
    return Hold(refusal=Refusal.NOTHING_TO_RENEW, figures={"renewal": look.renewal.value})


def _campaign(look: Look) -> Hold | Figures:
    if look.campaign_state is None:
        return {}
    return Hold(refusal=Refusal.NOT_RUNNING, figures={"state": look.campaign_state})


def _window(look: Look, window: CallingWindow) -> Hold | Figures:
    zones = zones_of(look.number, look.own_zone)
    if not zones:
        return Hold(refusal=Refusal.ZONE_UNKNOWN)
    state = window.state(zones, region_of(look.number), look.at)
    figures: Figures = {"zone": state.zone or zones[0], "zones": len(zones)}
    if state.open:
        if state.changes_at is not None:
            figures["closes_at"] = state.changes_at
            if look.at + look.ring_seconds > state.changes_at:
                figures["ring_seconds"] = round(look.ring_seconds)
                return Hold(refusal=Refusal.HOURS_END, figures=figures, until=state.changes_at)
        return figures
    figures["local_at"] = look.at
    if state.changes_at is None:
        return Hold(refusal=Refusal.NO_COMMON_HOURS, figures=figures, until=look.at + DAY)
    figures["opens_at"] = state.changes_at
    refusal = Refusal.HOLIDAY if state.reason is Reason.HOLIDAY else Refusal.OUTSIDE_HOURS
    return Hold(refusal=refusal, figures=figures, until=state.changes_at)


def _not_before(look: Look) -> Hold | Figures | None:
    if look.not_before is None:
        return None
    if look.at >= look.not_before:
        return {"not_before_at": look.not_before}
    return Hold(refusal=Refusal.NOT_YET, figures={"not_before_at": look.not_before}, until=look.not_before)


_PHONE_REFUSALS: Final = {
    HoldReason.ABANDONED: Refusal.AFTER_ABANDONED,
    HoldReason.MOST_IN_DAY: Refusal.MOST_IN_DAY,
    HoldReason.GAP: Refusal.GAP,
}


def _phone(look: Look, limits: AttemptLimits) -> Hold | Figures:
    if look.purpose is Purpose.CALLBACK:
        limits = msgspec.structs.replace(limits, gap_seconds=0.0)
    reserved = look.agent_reserved or look.purpose is not Purpose.CAMPAIGN
    hold = phone_hold(look.attempts, look.at, limits, agent_reserved=reserved)
    figures: Figures = {
        "attempts": attempts_in_day(look.attempts, look.at),
        "most": limits.most_in_day,
        "gap_minutes": round(limits.gap_seconds / MINUTE),
    }
    if hold is None:
        return figures
    return Hold(
        refusal=_PHONE_REFUSALS[hold.reason], figures={**figures, "until_at": hold.until}, until=hold.until
    )


def cap_hold(caps: Iterable[CapUse]) -> Hold | None:
    """Why no further call is made, whoever it is for; None when no cap is reached."""
    reached = cap_reached(caps)
    if reached is None:
        return None
    return Hold(
        refusal=Refusal(f"cap_{reached.cap.value}"),
        figures={"used": reached.used, "most": reached.most if reached.most is not None else reached.used},
    )
