"""What was decided when a contact was looked at: dialled, or not and why, and what it was held against.

One for each look, never changed. The words are in `cti.dialling.rules.decision_line`.
"""

from enum import StrEnum

import msgspec


class Refusal(StrEnum):
    """Why nobody was dialled; the words of each are under `dial.…` in the catalogue of problems."""

    KILL_SWITCH = "kill_switch"
    # The number itself, see `cti.dialling.rules.guards.NumberFault`.
    NOT_A_NUMBER = "not_a_number"
    SATELLITE = "satellite"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    NO_TELEPHONE = "no_telephone"
    FOREIGN = "foreign"
    DO_NOT_CALL = "do_not_call"
    NO_CONSENT = "no_consent"
    CALLER_ID = "caller_id"
    #: The contact is done with, see `cti.dialling.rules.retry.Closed`.
    CLOSED = "closed"
    #: The subscription about which he would be called, see `cti.dialling.rules.may_dial.Renewal`.
    NOTHING_TO_RENEW = "nothing_to_renew"
    NOT_RUNNING = "not_running"
    # What we would need to know: see `Doubt`.
    DATABASE_AWAY = "database_away"
    TELEPHONES_AWAY = "telephones_away"
    LEDGER_AWAY = "ledger_away"
    CLOCK_IN_DOUBT = "clock_in_doubt"
    STANDING_BY = "standing_by"
    #: An attempt on the telephone is not over.
    UNDER_WAY = "under_way"
    ZONE_UNKNOWN = "zone_unknown"
    OUTSIDE_HOURS = "outside_hours"
    #: It could still ring when they are over.
    HOURS_END = "hours_end"
    HOLIDAY = "holiday"
    #: The zones in which he may be are never open together.
    NO_COMMON_HOURS = "no_common_hours"
    NOT_YET = "not_yet"
    # What the telephone bears, see `cti.dialling.rules.retry.phone_hold`.
    AFTER_ABANDONED = "after_abandoned"
    MOST_IN_DAY = "most_in_day"
    GAP = "gap"
    # See `cti.dialling.rules.guards.Cap`.
    CAP_AGENT_IN_DAY = "cap_agent_in_day"
    CAP_CAMPAIGN_IN_DAY = "cap_campaign_in_day"
    CAP_ALL_IN_DAY = "cap_all_in_day"
    CAP_CAMPAIGN_AT_ONCE = "cap_campaign_at_once"
    CAP_ALL_AT_ONCE = "cap_all_at_once"
    NO_AGENT = "no_agent"


class Check(StrEnum):
    """What a look holds a contact against, in this order."""

    KILL_SWITCH = "kill_switch"
    NUMBER = "number"
    DO_NOT_CALL = "do_not_call"
    CONSENT = "consent"
    CALLER_ID = "caller_id"
    CONTACT = "contact"
    RENEWAL = "renewal"
    #: He is called again after what his flow ended with.
    AGAIN = "again"
    CAMPAIGN = "campaign"
    CERTAINTY = "certainty"
    UNDER_WAY = "under_way"
    WINDOW = "window"
    NOT_BEFORE = "not_before"
    PHONE = "phone"
    CAPS = "caps"
    AGENT = "agent"


#: Instants end in `_at` and are epoch seconds.
Figures = dict[str, str | int | float]


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Why not now. ``until`` is when to look again; None when waiting alone changes nothing."""

    refusal: Refusal
    figures: Figures = {}
    until: float | None = None


class CheckMade(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A check that was passed, with what it was held against."""

    check: Check
    figures: Figures = {}


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One look at a contact, ``at`` in epoch seconds. ``hold`` is None when it was dialled.

    ``passed`` are the checks that let it through, in order; when it was not dialled, those before the one
    that did not. ``campaign_version`` are the rules of the campaign under which it was decided; None when
    there is no campaign, or it is not known.
    """

    at: float
    hold: Hold | None = None
    passed: tuple[CheckMade, ...] = ()
    campaign_version: int | None = None

    @property
    def dialled(self) -> bool:
        """Whether it was dialled."""
        return self.hold is None
