"""Calendars as the API takes and gives them."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from cti.hours.model import Calendar, HoursState, Span, SpecialDay
from cti.hours.wall_time import MOST_SPANS, first_overlap, read_minute, span_between, write_minute
from cti.http.problems import FieldError
from cti.http.row_problems import RowProblemView
from cti.http.shapes import Body, Instant, Line, Query, When, instant, instant_or_none


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError("time_zone", "is no time zone") from None
    return name


def _minute(value: object) -> int:
    minute = read_minute(value) if isinstance(value, str) else None
    if minute is None:
        raise PydanticCustomError("time_of_day", "is no time of day")
    return minute


TimeZone = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$"), AfterValidator(_time_zone)]
TimeOfDay = Annotated[
    int,
    PlainValidator(_minute),
    WithJsonSchema({"type": "string", "pattern": r"^([01]?[0-9]|2[0-4]):[0-5][0-9]$"}),
]
CalendarName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=64)]


class SpanPart(Body):
    """Open from a time of day to another; one that is not later lies on the next day."""

    from_: TimeOfDay = Field(alias="from")
    to: TimeOfDay


Hours = Annotated[list[SpanPart], Field(max_length=MOST_SPANS)]


class CalendarChange(Body):
    """All of a calendar but its special days; ``week`` has seven lists, Monday first."""

    title_zh: Line
    title_en: Line
    time_zone: TimeZone
    week: list[Hours] = Field(min_length=7, max_length=7)


class NewCalendar(CalendarChange):
    """A calendar to add, by the name that flows call it by."""

    name: CalendarName


class SpecialDayChange(Body):
    """A date with hours of its own; without any it is closed."""

    title_zh: Line
    title_en: Line
    hours: Hours = Field(default_factory=list)


class SpecialDaysImport(Body):
    """A table as text: `date`, `title_zh`, `title_en` and `hours`; without ``apply`` it is only looked at."""

    csv: str = Field(max_length=60_000)
    apply: bool = False


class StateQuery(Query):
    """At which instant; now without it."""

    at: When | None = None


class SpanView(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """From a time of day to another; one that is not later lies on the next day."""

    from_: str
    to: str


class SpecialDayView(msgspec.Struct, frozen=True, kw_only=True):
    """A date with hours of its own; without any it is closed."""

    date: str
    title_zh: str
    title_en: str
    hours: list[SpanView]


class HoursStateView(msgspec.Struct, frozen=True, kw_only=True):
    """How it is at an instant. ``opens_at`` and ``closes_at`` are null when it does not within a year;
    ``day`` is the special day that it is.
    """

    at: Instant
    open: bool
    reason: str
    opens_at: Instant | None
    closes_at: Instant | None
    day: SpecialDayView | None


class CalendarView(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar, and how it is now."""

    id: int
    name: str
    title_zh: str
    title_en: str
    time_zone: str
    week: list[list[SpanView]]
    days: list[SpecialDayView]
    now: HoursStateView


class SpecialDaysImported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import does, or with ``applied`` has done; a day is new, different from before, or the same."""

    applied: bool
    added: int
    changed: int
    same: int
    days: list[SpecialDayView]
    problems: list[RowProblemView]


def hours_of(parts: list[SpanPart], pointer: str) -> tuple[tuple[Span, ...], list[FieldError]]:
    """The spans in order, and an error when two meet."""
    spans = [span_between(part.from_, part.to) for part in parts]
    place = first_overlap(spans)
    wrong = [] if place is None else [FieldError(code="field.hours_overlap", pointer=f"{pointer}/{place}")]
    return tuple(sorted(spans)), wrong


def calendar_view(calendar: Calendar, state: HoursState, at: float) -> CalendarView:
    """The calendar as it is given."""
    return CalendarView(
        id=calendar.id,
        name=calendar.name,
        title_zh=calendar.title_zh,
        title_en=calendar.title_en,
        time_zone=calendar.time_zone,
        week=[_spans(hours) for hours in calendar.week],
        days=[day_view(date, day) for date, day in sorted(calendar.days.items())],
        now=state_view(calendar, state, at),
    )


def day_view(date: str, day: SpecialDay) -> SpecialDayView:
    """The special day as it is given."""
    return SpecialDayView(date=date, title_zh=day.title_zh, title_en=day.title_en, hours=_spans(day.hours))


def state_view(calendar: Calendar, state: HoursState, at: float) -> HoursStateView:
    """The state as it is given."""
    changes_at = instant_or_none(state.changes_at)
    date = datetime.fromtimestamp(at, ZoneInfo(calendar.time_zone)).date().isoformat()
    return HoursStateView(
        at=instant(at),
        open=state.open,
        reason=state.reason.value,
        opens_at=None if state.open else changes_at,
        closes_at=changes_at if state.open else None,
        day=day_view(date, state.day) if state.day is not None else None,
    )


def _spans(spans: tuple[Span, ...]) -> list[SpanView]:
    return [SpanView(from_=write_minute(span.begins), to=write_minute(span.ends)) for span in spans]
