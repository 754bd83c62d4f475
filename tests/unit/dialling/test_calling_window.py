"""When somebody may be called, on the clock on his wall."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.timezone import TIMEZONE_DATA

from cti.dialling.rules.calling_window import CallingWindow
from cti.hours.model import Calendar, Reason, Span, SpecialDay

#: Every zone that a number can tell.
ZONES = sorted({zone for zones in TIMEZONE_DATA.values() for zone in zones} & available_timezones())
#: 2016 to 2036: every change of clocks that has been and is planned.
INSTANTS = st.integers(
    int(datetime(2016, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2036, 1, 1, tzinfo=UTC).timestamp())
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def wall(instant: float, zone: str) -> datetime:
    return datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(zone))


def calendar(week: tuple[tuple[Span, ...], ...], **days: SpecialDay) -> Calendar:
    return Calendar(
        id=1, name="c", title_zh="日", title_en="C", time_zone="Asia/Shanghai", week=week, days=days
    )


def near_a_change(draw: st.DrawFn, zone: str) -> float:
    """An instant within a day of one at which the clocks of a zone change, where they do in that year."""
    clock = ZoneInfo(zone)
    start = draw(INSTANTS)
    days = [start + number * 86_400 for number in range(366)]
    changes = [
        day
        for day in days
        if datetime.fromtimestamp(day, clock).utcoffset()
        != datetime.fromtimestamp(day + 86_400, clock).utcoffset()
    ]
    day = draw(st.sampled_from(changes)) if changes else start
    return float(day + draw(st.integers(-86_400, 2 * 86_400)))


@st.composite
def moments(draw: st.DrawFn) -> tuple[tuple[str, ...], float]:
    zones = tuple(draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True)))
    return zones, near_a_change(draw, zones[0]) if draw(st.booleans()) else float(draw(INSTANTS))


@settings(max_examples=150, deadline=None)
@given(moments())
def test_nobody_is_called_before_nine_or_after_twenty_on_any_clock_that_may_be_his(
    moment: tuple[tuple[str, ...], float],
) -> None:
    zones, instant = moment
    state = CallingWindow(region_weeks={}).state(zones, None, instant)
    assert state.open is all(9 <= wall(instant, zone).hour < 20 for zone in zones)
    if state.open:
        assert state.changes_at is not None
        closing = [wall(state.changes_at, zone).strftime("%H:%M:%S") for zone in zones]
        assert "20:00:00" in closing
        assert all(9 <= wall(state.changes_at - 1, zone).hour < 20 for zone in zones)


@settings(max_examples=60, deadline=None)
@given(moments())
def test_it_opens_at_the_first_instant_at_which_every_clock_allows_it(
    moment: tuple[tuple[str, ...], float],
) -> None:
    zones, instant = moment
    window = CallingWindow(region_weeks={})
    state = window.state(zones, None, instant)
    if state.open:
        return
    quarters = [instant - instant % 900 + number * 900 for number in range(1, 4 * 24 * 2 + 1)]
    first = next((one for one in quarters if all(9 <= wall(one, zone).hour < 20 for zone in zones)), None)
    if first is None:
        assert state.changes_at is None or state.changes_at > quarters[-1]
    else:
        # Clocks stand on quarters of an hour everywhere.
        assert state.changes_at == first
        assert window.state(zones, None, first).open


@given(moments(), st.lists(st.floats(0, 3 * 86_400), max_size=5))
@settings(max_examples=25, deadline=None)
def test_a_state_that_is_remembered_is_the_one_that_would_be_found(
    moment: tuple[tuple[str, ...], float], later: list[float]
) -> None:
    zones, instant = moment
    window = CallingWindow()
    for then in [instant, *(instant + seconds for seconds in later)]:
        fresh = CallingWindow().state(zones, "US", then)
        kept = window.state(zones, "US", then)
        assert (kept.open, kept.changes_at, kept.reason) == (fresh.open, fresh.changes_at, fresh.reason)


def test_of_several_zones_the_strictest_counts_and_is_named() -> None:
    window = CallingWindow()
    coasts = ("America/Los_Angeles", "America/New_York")
    early = window.state(coasts, "US", at("2026-11-26T10:00:00-05:00"))
    assert (early.open, early.zone) == (False, "America/Los_Angeles")
    assert early.changes_at == at("2026-11-26T09:00:00-08:00")
    both = window.state(coasts, "US", at("2026-11-26T19:59:59-05:00"))
    assert (both.open, both.zone, both.changes_at) == (
        True, "America/New_York", at("2026-11-26T20:00:00-05:00"),
    )  # fmt: skip
    late = window.state(coasts, "US", at("2026-11-26T20:00:00-05:00"))
    assert (late.open, late.changes_at) == (False, at("2026-11-27T09:00:00-08:00"))


def test_zones_without_a_common_hour_never_open() -> None:
    state = CallingWindow().state(("America/New_York", "Asia/Shanghai"), None, at("2026-11-26T10:00:00Z"))
    assert (state.open, state.changes_at) == (False, None)


def test_where_no_zone_is_known_nobody_is_called() -> None:
    state = CallingWindow().state((), "CN", at("2026-11-26T12:00:00+08:00"))
    assert (state.open, state.zone, state.changes_at) == (False, None, None)


def test_a_campaign_narrows_the_hours_by_its_calendar_on_the_clock_of_the_person() -> None:
    days = {
        "2026-10-01": SpecialDay(title_zh="国庆节", title_en="National Day"),
        "2026-10-10": SpecialDay(title_zh="补班", title_en="Make-up day", hours=(Span(600, 660),)),
    }
    office = ((Span(600, 1080),),) * 5 + ((), ())
    window = CallingWindow(calendar(office, **days))
    thursday = window.state(("Europe/London",), "GB", at("2026-10-08T10:00:00+01:00"))
    assert thursday.open
    holiday = window.state(("Asia/Shanghai",), "CN", at("2026-10-01T11:00:00+08:00"))
    assert (holiday.open, holiday.reason, holiday.day) == (False, Reason.HOLIDAY, days["2026-10-01"])
    assert holiday.changes_at == at("2026-10-02T10:00:00+08:00")
    saturday = window.state(("Asia/Shanghai",), "CN", at("2026-10-10T10:30:00+08:00"))
    assert (saturday.open, saturday.changes_at) == (True, at("2026-10-10T11:00:00+08:00"))


@pytest.mark.parametrize(
    ("region", "zone", "text", "is_open"),
    [
        # France: Monday to Friday, 10 to 13 and 14 to 20.
        ("FR", "Europe/Paris", "2026-11-26T09:30:00+01:00", False),
        ("FR", "Europe/Paris", "2026-11-26T10:00:00+01:00", True),
        ("FR", "Europe/Paris", "2026-11-26T13:30:00+01:00", False),
        ("FR", "Europe/Paris", "2026-11-26T19:59:00+01:00", True),
        ("FR", "Europe/Paris", "2026-11-28T11:00:00+01:00", False),
        # Germany says nothing that is narrower than 9 to 20.
        ("DE", "Europe/Berlin", "2026-11-28T13:30:00+01:00", True),
    ],
)
def test_what_the_law_of_a_region_allows_holds_beside_the_campaign(
    region: str, zone: str, text: str, is_open: bool
) -> None:
    assert CallingWindow().state((zone,), region, at(text)).open is is_open


def test_a_campaign_cannot_widen_what_the_law_allows() -> None:
    always = CallingWindow(calendar(((Span(0, 1440),),) * 7))
    assert not always.state(("America/New_York",), "US", at("2026-11-26T20:30:00-05:00")).open
    assert not always.state(("America/New_York",), "US", at("2026-11-26T07:59:59-05:00")).open
    assert always.state(("America/New_York",), "US", at("2026-11-26T08:00:00-05:00")).open


def test_an_opening_that_is_further_away_than_a_holiday_is_not_told() -> None:
    day = SpecialDay(title_zh="日", title_en="Day", hours=(Span(480, 600),))
    zones = ("Asia/Shanghai",)
    soon = CallingWindow(calendar(((),) * 7, **{"2026-12-10": day})).state(
        zones, "CN", at("2026-11-26T12:00:00+08:00")
    )
    assert soon.changes_at == at("2026-12-10T08:00:00+08:00")
    far = CallingWindow(calendar(((),) * 7, **{"2027-07-01": day})).state(
        zones, "CN", at("2026-11-26T12:00:00+08:00")
    )
    assert (far.open, far.changes_at) == (False, None)
