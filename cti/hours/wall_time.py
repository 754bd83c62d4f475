"""Hours as people write them: `09:00`, `22:00-06:00`, `09:00-12:00 13:30-18:00`, `closed`. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Final

from cti.hours.model import DAY, Span

MOST_SPANS: Final = 12
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DASH: Final = re.compile(r"\s*[-–~]\s*")
_CLOSED: Final = frozenset({"", "closed", "休息", "放假"})


def read_minute(text: str) -> int | None:
    """Minutes after midnight, 1440 for `24:00`; None for what is no time of day."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    minute = int(match[1]) * 60 + int(match[2])
    return minute if minute <= DAY else None


def write_minute(minute: int) -> str:
    """`09:00`; the end of a day is `24:00`, what lies on the next day is its time there."""
    minute = minute if minute <= DAY else minute - DAY
    return f"{minute // 60:02d}:{minute % 60:02d}"


def span_between(begins: int, ends: int) -> Span:
    """The span from one time of day to another, which lies on the next day when it is not later."""
    return Span(begins % DAY, ends if ends > begins % DAY else ends + DAY)


def first_overlap(spans: Iterable[Span]) -> int | None:
    """The place of the first span, in the order given, that meets one that begins before it; else None."""
    places = sorted(enumerate(spans), key=lambda placed: placed[1])
    for (_, earlier), (place, later) in pairwise(places):
        if later.begins < earlier.ends:
            return place
    return None


def read_hours(text: str) -> tuple[Span, ...] | None:
    """Several spans with spaces, commas or semicolons between; none at all for `closed`. None: not readable,
    overlapping, or too many.
    """
    if text.strip().lower() in _CLOSED:
        return ()
    found = []
    for part in re.split(r"[,;、\s]+", _DASH.sub("-", text.strip())):
        times = [read_minute(time) for time in part.split("-")]
        if len(times) != 2 or times[0] is None or times[1] is None:
            return None
        found.append(span_between(times[0], times[1]))
    if len(found) > MOST_SPANS or first_overlap(found) is not None:
        return None
    return tuple(sorted(found))


def read_date(text: str) -> date | None:
    """A date like `2026-12-31`; None for anything else."""
    if _DATE.fullmatch(text) is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9990 else None
