"""When a campaign will be done, at the pace of the last hour, within its hours and without its holidays."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cti.campaigns.model import (
    CallingWindow,
    Campaign,
    CampaignDefinition,
    CampaignKind,
    CampaignState,
    ContactCounts,
    Weekday,
)
from cti.campaigns.runs.forecast import Forecast, ForecastReason, forecast
from cti.campaigns.runs.forecast_line import forecast_line
from cti.hours.model import Calendar, Span, SpecialDay
from cti.http.principal import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = CallingWindow(from_="09:00", to="18:00", days=list(Weekday)[:5])
HOLIDAYS = Calendar(
    id=1, name="company", title_zh="公司", title_en="Company", time_zone="UTC", week=((),) * 7,
    days={
        "2026-03-03": SpecialDay(title_zh="假日", title_en="Holiday"),
        "2026-03-04": SpecialDay(title_zh="半天", title_en="Half a day", hours=(Span(8 * 60, 12 * 60),)),
    },
)  # fmt: skip


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    """In March 2026, whose 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=zone)


def foreseen(
    now: datetime,
    left: int = 100,
    closed_in_hour: int = 100,
    *,
    window: CallingWindow = WORKDAYS,
    state: CampaignState = CampaignState.RUNNING,
    calendar: Calendar | None = None,
    named: str | None = None,
    **words: Any,
) -> Forecast:
    definition = CampaignDefinition(
        campaign="poll", title={"en": "Poll"}, kind=CampaignKind.PREDICTIVE, window=window, calendar=named
    )
    given: dict[str, Any] = {"started_at": at(1, 0), "zone": SHANGHAI, "region": "CN", **words}
    return forecast(
        now,
        Campaign(id=1, state=state, version=1, definition=definition),
        ContactCounts(open=left, closed=500, closed_in_hour=closed_in_hour),
        calendar=calendar,
        **given,
    )


@pytest.mark.parametrize(
    ("now", "left", "end"),
    [
        (at(2, 10), 50, at(2, 10, 30)),
        # What is not done until the evening is done on the next day.
        (at(2, 17), 300, at(3, 11)),
        # Up to the very end of the hours.
        (at(2, 17), 100, at(2, 18)),
        # Not on a weekend.
        (at(6, 17, 30), 100, at(9, 9, 30)),
    ],
)
def test_the_end_lies_within_the_hours(now: datetime, left: int, end: datetime) -> None:
    assert foreseen(now, left) == Forecast(reason=ForecastReason.PACE, end_at=end)


def test_holidays_of_its_calendar_do_not_count() -> None:
    # Closed on Tuesday, until noon on Wednesday.
    assert foreseen(at(2, 17), 300, calendar=HOLIDAYS, named="company").end_at == at(4, 11)
    assert foreseen(at(2, 17), 500, calendar=HOLIDAYS, named="company").end_at == at(5, 10)


def test_without_its_calendar_nobody_can_say() -> None:
    assert foreseen(at(2, 10), named="company") == Forecast(reason=ForecastReason.CALENDAR_UNKNOWN)


def test_the_pace_is_that_of_the_time_in_which_people_were_called() -> None:
    # Within the last hour half an hour was open, so 100 in half an hour.
    assert foreseen(at(2, 9, 30), 200).end_at == at(2, 10, 30)
    # It was started a quarter of an hour ago.
    assert foreseen(at(2, 12), 400, started_at=at(2, 11, 45)).end_at == at(2, 13)


def test_a_day_may_last_until_midnight() -> None:
    window = CallingWindow(from_="00:00", to="24:00")
    assert foreseen(at(2, 23), 200, window=window).end_at == at(3, 1)


def test_what_the_law_of_a_region_closes_is_closed() -> None:
    window = CallingWindow(from_="09:00", to="20:00")
    end = foreseen(at(2, 12, zone=BERLIN), 200, window=window, zone=BERLIN, region="FR").end_at
    assert end == at(2, 15, zone=BERLIN)


def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is() -> None:
    window = CallingWindow(from_="00:00", to="24:00")
    now = at(29, 1, 0, BERLIN)
    end = foreseen(now, 200, window=window, zone=BERLIN, region="DE", started_at=at(1, 0)).end_at
    assert end is not None
    assert end.timestamp() - now.timestamp() == 7200
    assert end == at(29, 4, 0, BERLIN)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"now": at(2, 10), "left": 0}, ForecastReason.NOBODY_LEFT),
        ({"now": at(2, 10), "state": CampaignState.PAUSED}, ForecastReason.NOT_RUNNING),
        ({"now": at(2, 10), "closed_in_hour": 0}, ForecastReason.NO_PACE),
        ({"now": at(2, 10), "left": 10_000_000, "closed_in_hour": 1}, ForecastReason.NOT_IN_SIGHT),
        ({"now": at(2, 7)}, ForecastReason.CLOSED),
        ({"now": at(2, 22)}, ForecastReason.CLOSED),
        ({"now": at(2, 9, 4)}, ForecastReason.TOO_SOON),
        ({"now": at(2, 10), "started_at": at(2, 10) - timedelta(minutes=4)}, ForecastReason.TOO_SOON),
        ({"now": at(2, 10), "started_at": at(2, 10)}, ForecastReason.TOO_SOON),
    ],
)
def test_an_end_that_nobody_can_foresee_is_not_told_but_why(
    given: dict[str, Any], reason: ForecastReason
) -> None:
    assert foreseen(**given) == Forecast(reason=reason)


@pytest.mark.parametrize("reason", ForecastReason)
def test_every_reason_has_words(reason: ForecastReason) -> None:
    lines = {forecast_line(reason, language) for language in Language}
    assert len(lines) == len(Language)
