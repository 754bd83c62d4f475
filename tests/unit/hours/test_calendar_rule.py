"""Open or closed, read off the rule and off a clock on the wall, minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.hours.calendar import state_at
from cti.hours.model import Calendar, Reason, Span, SpecialDay

MINUTE = 60
#: A zone and a day about which its clocks do something: an hour more or less, half an hour, at midnight, a
#: whole day left out, nothing at all.
PLACES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Shanghai", date(2026, 10, 1)),
]
#: Around the hours at which clocks change.
MINUTES = st.one_of(st.sampled_from([0, 30, 60, 90, 120, 150, 180, 210, 1380, 1439]), st.integers(0, 1439))


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    begins = draw(st.lists(MINUTES, max_size=3))
    return tuple(Span(minute, minute + draw(st.integers(1, 1440))) for minute in begins)


@st.composite
def calendars(draw: st.DrawFn, about: date, zone: str) -> Calendar:
    near = st.integers(-3, 3).map(lambda days: (about + timedelta(days=days)).isoformat())
    special = st.builds(SpecialDay, title_zh=st.just("假"), title_en=st.just("Day off"), hours=spans())
    return Calendar(
        id=1,
        name="any",
        title_zh="任意",
        title_en="Any",
        time_zone=zone,
        week=tuple(draw(spans()) for _ in range(7)),
        days=draw(st.dictionaries(near, special, max_size=3)),
    )


def painted(calendar: Calendar, about: date) -> set[tuple[date, int]]:
    """Every minute of the clock on the wall that is open, painted day by day."""
    days = [about + timedelta(days=number) for number in range(-6, 7)]
    special = {day for day in days if day.isoformat() in calendar.days}
    open_minutes = set()
    for day in days:
        hours = (
            calendar.days[day.isoformat()].hours if day in special else calendar.week[day.isoweekday() - 1]
        )
        for span in hours:
            for minute in range(span.begins, span.ends):
                shown = day + timedelta(days=minute // 1440)
                if shown == day or shown not in special or day in special:
                    open_minutes.add((shown, minute % 1440))
    return open_minutes


@settings(max_examples=60)
@given(st.data())
def test_the_rule_reads_as_a_clock_on_the_wall_does(data: st.DataObject) -> None:
    zone, about = data.draw(st.sampled_from(PLACES))
    calendar = data.draw(calendars(about, zone))
    open_minutes = painted(calendar, about)
    clock = ZoneInfo(zone)

    def is_open(instant: float) -> bool:
        wall = datetime.fromtimestamp(instant, UTC).astimezone(clock)
        return (wall.date(), wall.hour * 60 + wall.minute) in open_minutes

    noon = datetime(about.year, about.month, about.day, 12, tzinfo=UTC).timestamp()
    at = noon + data.draw(st.integers(-36 * 60, 36 * 60)) * MINUTE + data.draw(st.integers(0, 59))
    state = state_at(calendar, at)
    assert state.open is is_open(at)
    today = datetime.fromtimestamp(at, UTC).astimezone(clock).date().isoformat()
    assert state.day == calendar.days.get(today)
    closed = Reason.HOLIDAY if state.day is not None else Reason.CLOSED
    assert state.reason is (Reason.HOURS if state.open else closed)

    first = at - at % MINUTE + MINUTE
    end = noon + 60 * 3600  # what is painted reaches further
    minutes = [first + number * MINUTE for number in range(int((end - first) // MINUTE))]
    # The clock on the wall is read every minute until it has turned.
    turned = next((minute for minute in minutes if is_open(minute) is not state.open), None)
    if turned is not None:
        assert state.changes_at == turned
    else:
        assert state.changes_at is None or state.changes_at >= end
    assert state.holds_until > at
    later = data.draw(st.sampled_from(minutes))
    if later < state.holds_until:
        there = state_at(calendar, later)
        assert (there.open, there.reason, there.changes_at) == (state.open, state.reason, state.changes_at)


def calendar_of(
    hours: dict[int, list[tuple[int, int]]], zone: str = "Asia/Shanghai", **days: SpecialDay
) -> Calendar:
    week = tuple(tuple(Span(*pair) for pair in hours.get(number, [])) for number in range(1, 8))
    return Calendar(id=1, name="c", title_zh="日", title_en="C", time_zone=zone, week=week, days=days)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


OFFICE = {number: [(540, 720), (810, 1080)] for number in range(1, 6)}


def test_the_week_has_a_lunch_break_and_a_weekend() -> None:
    office = calendar_of(OFFICE)
    assert state_at(office, at("2026-11-26T11:59:59+08:00")).open
    lunch = state_at(office, at("2026-11-26T12:00:00+08:00"))
    assert (lunch.open, lunch.reason, lunch.changes_at) == (
        False,
        Reason.CLOSED,
        at("2026-11-26T13:30:00+08:00"),
    )
    friday = state_at(office, at("2026-11-27T18:00:00+08:00"))
    assert friday.changes_at == at("2026-11-30T09:00:00+08:00")


def test_a_holiday_is_closed_and_a_special_day_has_its_own_hours() -> None:
    days = {
        "2026-10-01": SpecialDay(title_zh="国庆节", title_en="National Day"),
        "2026-10-03": SpecialDay(title_zh="补班", title_en="Make-up day", hours=(Span(600, 900),)),
    }
    office = calendar_of(OFFICE, **days)
    holiday = state_at(office, at("2026-10-01T10:00:00+08:00"))
    assert (holiday.open, holiday.reason, holiday.day) == (False, Reason.HOLIDAY, days["2026-10-01"])
    assert holiday.changes_at == at("2026-10-02T09:00:00+08:00")
    saturday = state_at(office, at("2026-10-03T10:00:00+08:00"))
    assert (saturday.open, saturday.reason, saturday.changes_at) == (
        True,
        Reason.HOURS,
        at("2026-10-03T15:00:00+08:00"),
    )


def test_a_night_shift_goes_on_past_midnight_but_not_into_a_holiday() -> None:
    night = calendar_of({number: [(1320, 1800)] for number in range(1, 8)})
    assert state_at(night, at("2026-12-31T23:00:00+08:00")).changes_at == at("2027-01-01T06:00:00+08:00")
    closed = calendar_of(
        {number: [(1320, 1800)] for number in range(1, 8)},
        **{"2027-01-01": SpecialDay(title_zh="元旦", title_en="New Year")},
    )
    assert state_at(closed, at("2026-12-31T23:00:00+08:00")).changes_at == at("2027-01-01T00:00:00+08:00")
    assert state_at(closed, at("2027-01-01T02:00:00+08:00")).reason is Reason.HOLIDAY
    assert state_at(closed, at("2027-01-01T02:00:00+08:00")).changes_at == at("2027-01-02T22:00:00+08:00")


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        # The clocks jump from 2:00 to 3:00: what would begin at 2:30 begins with the jump.
        ("2026-03-08T01:00:00-05:00", "2026-03-08T03:00:00-04:00"),
        ("2026-03-07T01:00:00-05:00", "2026-03-07T02:30:00-05:00"),
        # The hour from 1:00 to 2:00 comes twice, 2:30 once.
        ("2026-11-01T01:30:00-04:00", "2026-11-01T02:30:00-05:00"),
    ],
)
def test_clocks_that_change_move_the_opening_with_them(now: str, opens: str) -> None:
    early = calendar_of({number: [(150, 300)] for number in range(1, 8)}, "America/New_York")
    assert state_at(early, at(now)).changes_at == at(opens)


def test_a_calendar_that_is_never_open_or_never_closed_does_not_change() -> None:
    assert state_at(calendar_of({}), at("2026-11-26T00:00:00+08:00")).changes_at is None
    always = calendar_of({number: [(0, 1440)] for number in range(1, 8)})
    state = state_at(always, at("2026-11-26T00:00:00+08:00"))
    assert (state.open, state.changes_at) == (True, None)


def test_an_opening_months_ahead_is_found() -> None:
    summer = calendar_of(
        {}, **{"2027-07-01": SpecialDay(title_zh="夏", title_en="Summer", hours=(Span(480, 600),))}
    )
    assert state_at(summer, at("2026-11-26T00:00:00+08:00")).changes_at == at("2027-07-01T08:00:00+08:00")
