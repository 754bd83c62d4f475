"""What a definition means for whoever dials."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cti.campaigns.model import (
    CallingWindow,
    CampaignDefinition,
    CampaignKind,
    Caps,
    FlowRetry,
    RetriedOutcome,
    Retry,
    Weekday,
)
from cti.dialling.rules.campaign_rules import limits_of, retries_of, window_of
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import DAY, DEFAULT_RETRIES, AttemptLimits, RetryRule
from cti.hours.model import Calendar, Reason, Span, SpecialDay

SHANGHAI = ("Asia/Shanghai",)


def definition(**words: Any) -> CampaignDefinition:
    given = {"campaign": "poll", "title": {"en": "Poll"}, "kind": CampaignKind.PROGRESSIVE, "queue": "sales"}
    return CampaignDefinition(**{**given, **words})


def at(written: str) -> float:
    """An instant on the clock of Shanghai."""
    return datetime.fromisoformat(f"{written}+08:00").astimezone(UTC).timestamp()


@pytest.mark.parametrize(
    ("written", "is_open"),
    [
        ("2026-11-25 08:59", False),
        ("2026-11-25 09:00", True),
        ("2026-11-25 19:59", True),
        ("2026-11-25 20:00", False),
    ],
)
def test_without_words_it_is_from_nine_to_eight(written: str, is_open: bool) -> None:
    assert window_of(definition(), None).state(SHANGHAI, "CN", at(written)).open is is_open


HOLIDAYS = Calendar(
    id=1, name="company", title_zh="公司", title_en="Company", time_zone="UTC",
    # Its own week does not matter.
    week=((Span(0, 60),),) * 7,
    days={
        "2026-11-25": SpecialDay(title_zh="假日", title_en="Holiday"),
        "2026-11-26": SpecialDay(title_zh="半天", title_en="Half a day", hours=(Span(8 * 60, 12 * 60),)),
        "2026-11-28": SpecialDay(title_zh="调休", title_en="Working Saturday", hours=(Span(600, 720),)),
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "is_open"),
    [
        ("2026-11-24 10:00", True),
        ("2026-11-24 18:00", False),
        ("2026-11-25 10:00", False),
        ("2026-11-26 08:30", False),
        ("2026-11-26 11:59", True),
        ("2026-11-26 12:00", False),
        # A Saturday, on which the campaign does not call.
        ("2026-11-28 11:00", False),
    ],
)
def test_special_days_narrow_the_hours_and_never_widen_them(written: str, is_open: bool) -> None:
    weekdays = [day for day in Weekday if day not in (Weekday.SATURDAY, Weekday.SUNDAY)]
    narrow = definition(window=CallingWindow(from_="09:00", to="18:00", days=weekdays))
    assert window_of(narrow, HOLIDAYS).state(SHANGHAI, "CN", at(written)).open is is_open


def test_a_holiday_is_told_as_one() -> None:
    state = window_of(definition(), HOLIDAYS).state(SHANGHAI, "CN", at("2026-11-25 10:00"))
    assert (state.reason, state.changes_at) == (Reason.HOLIDAY, at("2026-11-26 09:00"))


def test_a_window_without_end_never_closes() -> None:
    always = definition(window=CallingWindow(from_="00:00", to="24:00"))
    state = window_of(always, None).state(SHANGHAI, "CN", at("2026-11-25 23:59"))
    assert (state.open, state.changes_at) == (True, None)


def test_what_it_says_of_retries_holds_and_the_rest_is_as_usual() -> None:
    own = definition(
        retries={
            RetriedOutcome.BUSY: Retry(times=1, after_seconds=3_600),
            RetriedOutcome.MACHINE: Retry(times=0),
        }
    )
    retries = retries_of(own).outcomes
    assert retries[Outcome.BUSY] == RetryRule(most=1, after_seconds=3_600.0)
    assert retries[Outcome.MACHINE].most == 0
    assert retries[Outcome.NO_ANSWER] == DEFAULT_RETRIES[Outcome.NO_ANSWER]


def test_who_wants_it_later_is_called_the_next_day_unless_the_campaign_says_otherwise() -> None:
    assert retries_of(definition()).flow_outcomes == {"later": RetryRule(most=3, after_seconds=DAY)}
    own = definition(
        flow_retries={"later": FlowRetry(times=1, after_seconds=7_200), "no_time": FlowRetry(times=2)}
    )
    assert retries_of(own).flow_outcomes == {
        "later": RetryRule(most=1, after_seconds=7_200.0),
        "no_time": RetryRule(most=2, after_seconds=DAY),
    }
    assert retries_of(own).outcomes == DEFAULT_RETRIES


def test_the_limits_are_the_installations_but_for_its_own_number_of_attempts() -> None:
    limits = limits_of(definition(caps=Caps(attempts=2)), AttemptLimits(most_in_day=1))
    assert (limits.most_in_day, limits.most_in_campaign) == (1, 2)
