"""What a campaign's definition means for whoever dials: hours, retries, limits. Pure."""

from collections.abc import Iterable
from datetime import date

import msgspec

from cti.campaigns.model import CampaignDefinition, FlowRetry, Retry, Weekday
from cti.dialling.rules.calling_window import REGION_WEEKS, CallingWindow
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import DEFAULT_RULES, AttemptLimits, RetryRule, RetryRules
from cti.hours.model import Calendar, Span


def window_of(definition: CampaignDefinition, calendar: Calendar | None) -> CallingWindow:
    """The campaign's hours, as `calendar_of` has them, on the clocks of all whom it calls."""
    return CallingWindow(calendar_of(definition, calendar))


def hours_on(calendar: Calendar, region: str, day: date) -> tuple[Span, ...]:
    """The hours of one day in which people with numbers of a region (ISO 3166) may be called, by their own
    clocks; ``calendar`` is that of `calendar_of`.
    """
    special = calendar.days.get(day.isoformat())
    hours = calendar.week[day.weekday()] if special is None else special.hours
    law = REGION_WEEKS.get(region)
    return hours if law is None else _both(hours, law[day.weekday()])


def calendar_of(definition: CampaignDefinition, calendar: Calendar | None) -> Calendar:
    """The campaign's hours on its days; of its calendar (``calendar``) the special days are kept.

    A special day narrows the campaign's hours and never widens them.
    """
    window = definition.window
    span = Span(_minutes(window.from_), _minutes(window.to))
    week = tuple((span,) if day in window.days else () for day in Weekday)
    special = {} if calendar is None else calendar.days
    days = {
        written: msgspec.structs.replace(
            day, hours=_both(week[date.fromisoformat(written).weekday()], day.hours)
        )
        for written, day in special.items()
    }
    name = definition.campaign
    return Calendar(id=0, name=name, title_zh=name, title_en=name, time_zone="UTC", week=week, days=days)


def retries_of(definition: CampaignDefinition) -> RetryRules:
    """What it does after each outcome, and after its flow: `DEFAULT_RULES` where it says nothing."""
    own = {Outcome(outcome.value): _rule(retry) for outcome, retry in definition.retries.items()}
    of_flow = {outcome: _rule(retry) for outcome, retry in definition.flow_retries.items()}
    return RetryRules(
        outcomes={**DEFAULT_RULES.outcomes, **own}, flow_outcomes={**DEFAULT_RULES.flow_outcomes, **of_flow}
    )


def limits_of(definition: CampaignDefinition, limits: AttemptLimits) -> AttemptLimits:
    """The limits of the installation with the campaign's own number of attempts on a contact."""
    return msgspec.structs.replace(limits, most_in_campaign=definition.caps.attempts)


def _rule(retry: Retry | FlowRetry) -> RetryRule:
    return RetryRule(most=retry.times, after_seconds=float(retry.after_seconds))


def _both(some: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """When both are open."""
    return tuple(
        Span(max(one.begins, other.begins), min(one.ends, other.ends))
        for one in some
        for other in others
        if one.begins < other.ends and other.begins < one.ends
    )


def _minutes(time: str) -> int:
    """Minutes after midnight of `09:30`; `24:00` is the end of the day."""
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes)
