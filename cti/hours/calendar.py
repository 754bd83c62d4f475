"""Whether a calendar is open at an instant, and when that changes. Pure.

The clock on the wall decides: an hour that comes twice when the clocks go back counts both times, one that is
skipped counts not at all. Hours belong to the day on which they begin and may go on past midnight; but a
special day is ruled by its own hours alone, so what comes over from the day before ends at its midnight
(unless that too is a special day's, which says so itself).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cti.hours.model import DAY, Calendar, HoursState, Reason, Span, SpecialDay

#: How many days ahead a change is looked for, a few first.
_HORIZONS: Final = (9, 63, 400)
#: Clocks change at most once within so many hours.
_SAMPLE_HOURS: Final = 3
_SECOND: Final = timedelta(seconds=1)


def state_at(calendar: Calendar, at: float) -> HoursState:
    """Whether the calendar is open at an instant (epoch seconds), why, and until when."""
    zone = ZoneInfo(calendar.time_zone)
    now = datetime.fromtimestamp(at, UTC)
    is_open = _is_open(calendar, zone, now)
    special = _special(calendar, now.astimezone(zone).date())
    reason = Reason.HOURS if is_open else Reason.HOLIDAY if special is not None else Reason.CLOSED
    holds_until: datetime | None = None
    changes_at: float | None = None
    for days in _HORIZONS:
        for instant in _borders(calendar, zone, now, days):
            holds_until = holds_until or instant
            if _is_open(calendar, zone, instant) is not is_open:
                changes_at = instant.timestamp()
                break
        if changes_at is not None:
            break
    return HoursState(
        open=is_open,
        reason=reason,
        day=special,
        changes_at=changes_at,
        holds_until=(holds_until or now).timestamp(),
    )


def _is_open(calendar: Calendar, zone: ZoneInfo, instant: datetime) -> bool:
    wall = instant.astimezone(zone)
    day, minute = wall.date(), wall.hour * 60 + wall.minute
    if any(span.begins <= minute < span.ends for span in _hours(calendar, day)):
        return True
    before = day - timedelta(days=1)
    if _special(calendar, day) is not None and _special(calendar, before) is None:
        return False
    return any(span.begins <= minute + DAY < span.ends for span in _hours(calendar, before))


def _hours(calendar: Calendar, day: date) -> tuple[Span, ...]:
    special = _special(calendar, day)
    return calendar.week[day.weekday()] if special is None else special.hours


def _special(calendar: Calendar, day: date) -> SpecialDay | None:
    return calendar.days.get(day.isoformat())


def _borders(calendar: Calendar, zone: ZoneInfo, after: datetime, days: int) -> list[datetime]:
    """Every instant after one at which anything can change, in order, for so many days."""
    first = after.astimezone(zone).date() - timedelta(days=1)
    last = first + timedelta(days=days)
    end = _instants(zone, last, 0)[0]
    found = set[datetime]()
    for number in range(days):
        day = first + timedelta(days=number)
        found.update(_instants(zone, day, 0))
        for span in _hours(calendar, day):
            found.update(_instants(zone, day, span.begins))
            found.update(_instants(zone, day, span.ends))
    found.update(_clock_changes(zone, after, end))
    return sorted(instant for instant in found if after < instant < end)


def _instants(zone: ZoneInfo, day: date, minute: int) -> tuple[datetime, datetime]:
    """The instants at which the clock on the wall shows a minute of a day: twice the same, mostly."""
    over, minute = divmod(minute, DAY)
    wall = datetime.combine(day + timedelta(days=over), time(minute // 60, minute % 60), zone)
    return wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)


def _clock_changes(zone: ZoneInfo, after: datetime, end: datetime) -> Iterator[datetime]:
    """The instants at which the clocks are put forward or back."""
    early = after
    offset = early.astimezone(zone).utcoffset()
    while early < end:
        late = early + timedelta(hours=_SAMPLE_HOURS)
        then = late.astimezone(zone).utcoffset()
        if then != offset:
            known, changed = early.replace(microsecond=0), late.replace(microsecond=0) + _SECOND
            while changed - known > _SECOND:
                middle = known + timedelta(seconds=(changed - known) // _SECOND // 2)
                if middle.astimezone(zone).utcoffset() == offset:
                    known = middle
                else:
                    changed = middle
            yield changed
        early, offset = late, then
