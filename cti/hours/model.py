"""Opening hours as a calendar has them."""

from enum import StrEnum

import msgspec

#: Minutes of a day.
DAY = 24 * 60


class Span(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Open from ``begins`` until before ``ends``: minutes after the midnight with which its day begins, on
    the clock on the wall.

    ``ends`` is greater than ``begins``, by a day at most; beyond 1440 it lies on the next day.
    """

    begins: int
    ends: int


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True):
    """A date with hours of its own; without any it is closed."""

    title_zh: str
    title_en: str
    hours: tuple[Span, ...] = ()


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Hours by day of the week, Monday first, and special days by date (`2026-12-31`)."""

    id: int
    name: str
    title_zh: str
    title_en: str
    time_zone: str
    week: tuple[tuple[Span, ...], ...]
    days: dict[str, SpecialDay] = {}


class Reason(StrEnum):
    """Why it is open or closed."""

    #: It is open.
    HOURS = "hours"
    #: It is closed on a special day.
    HOLIDAY = "holiday"
    #: It is closed on any other day.
    CLOSED = "closed"


class HoursState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it is open; instants are epoch seconds.

    ``changes_at`` is when that changes next, None when it does not within a year. ``holds_until`` is until
    when all of this holds for sure. ``day`` is the special day that it is.
    """

    open: bool
    reason: Reason
    day: SpecialDay | None
    changes_at: float | None
    holds_until: float
