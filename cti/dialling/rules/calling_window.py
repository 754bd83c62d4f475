"""When a person may be called: by the clock on the wall where he is. Pure.

The hours are those of a calendar (`cti.hours`), read on his clock and not on ours; where he may be in several
zones, it has to be open in all of them. What the law of his region allows at most holds beside it, so a
campaign can narrow it and never widen it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from cti.hours.calendar import state_at
from cti.hours.model import Calendar, HoursState, Reason, Span, SpecialDay

#: So far ahead the next opening is looked for; a holiday week is shorter.
_LOOK_AHEAD_SECONDS: Final = 15 * 86_400.0
_MOST_KEPT: Final = 4096

Week = tuple[tuple[Span, ...], ...]

#: When nothing else is said: every day, 9 to 20.
DEFAULT_WEEK: Final[Week] = ((Span(9 * 60, 20 * 60),),) * 7
#: By ISO 3166 region, where the law is narrower than people expect. United States: 8 to 21, in Florida 8 to
#: 20, and who is called in which state a mobile number does not tell. France: not at lunch, not at weekends.
REGION_WEEKS: Final[Mapping[str, Week]] = {
    "US": ((Span(8 * 60, 20 * 60),),) * 7,
    "FR": (*((Span(10 * 60, 13 * 60), Span(14 * 60, 20 * 60)),) * 5, (), ()),
}


class WindowState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody may be called at an instant; instants are epoch seconds.

    ``zone`` is the one that decides: when it is closed the one that opens last, when open the one that closes
    first; None when it is not known where he is. ``changes_at`` is None when nothing changes in sight.
    ``holds_until`` is until when all of this holds for sure.
    """

    open: bool
    zones: tuple[str, ...]
    zone: str | None
    reason: Reason
    day: SpecialDay | None
    changes_at: float | None
    holds_until: float


class CallingWindow:
    """The hours of one campaign on the clocks of all whom it calls.

    ``calendar`` gives its days and holidays (its own zone is not looked at); none is `DEFAULT_WEEK`.
    """

    def __init__(
        self, calendar: Calendar | None = None, *, region_weeks: Mapping[str, Week] = REGION_WEEKS
    ) -> None:
        self._calendar = _calendar("calling hours", DEFAULT_WEEK) if calendar is None else calendar
        self._regions = {region: _calendar(region, week) for region, week in region_weeks.items()}
        #: Looking for the next change takes a while, so it is done once for each stretch of time.
        self._states: dict[tuple[tuple[str, ...], str | None], tuple[float, WindowState]] = {}

    def state(self, zones: tuple[str, ...], region: str | None, at: float) -> WindowState:
        """How it is at an instant for a person in all of these zones, whose number is of a region."""
        key = (zones, region if region in self._regions else None)
        known = self._states.get(key)
        if known is not None and known[0] <= at < known[1].holds_until:
            return known[1]
        calendars = [self._calendar, *([self._regions[key[1]]] if key[1] is not None else [])]
        state = window_state(calendars, zones, at)
        if len(self._states) >= _MOST_KEPT:
            self._states.clear()
        self._states[key] = (at, state)
        return state


def window_state(calendars: Sequence[Calendar], zones: tuple[str, ...], at: float) -> WindowState:
    """How it is when every calendar has to be open on the clock of every zone; with no zone it is closed."""
    clocks = [msgspec.structs.replace(calendar, time_zone=zone) for zone in zones for calendar in calendars]
    states = [(clock.time_zone, state_at(clock, at)) for clock in clocks]
    if not states:
        return WindowState(
            open=False, zones=(), zone=None, reason=Reason.CLOSED, day=None, changes_at=None, holds_until=at
        )
    is_open = all(state.open for _, state in states)
    deciding = min if is_open else max
    zone, state = deciding(
        ((zone, state) for zone, state in states if state.open is is_open), key=lambda one: _changes(one[1])
    )
    return WindowState(
        open=is_open,
        zones=zones,
        zone=zone,
        reason=state.reason,
        day=state.day,
        changes_at=state.changes_at if is_open else _opens_at(clocks, at),
        holds_until=min(state.holds_until for _, state in states),
    )


def _opens_at(clocks: Sequence[Calendar], at: float) -> float | None:
    instant = at
    while instant - at <= _LOOK_AHEAD_SECONDS:
        closed = next((state for clock in clocks if not (state := state_at(clock, instant)).open), None)
        if closed is None:
            return instant
        if closed.changes_at is None:
            return None
        instant = closed.changes_at
    return None


def _changes(state: HoursState) -> float:
    return float("inf") if state.changes_at is None else state.changes_at


def _calendar(name: str, week: Week) -> Calendar:
    return Calendar(id=0, name=name, title_zh=name, title_en=name, time_zone="UTC", week=week)
