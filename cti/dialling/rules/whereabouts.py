"""Where the person called may be, as time zones. Pure.

A number tells a zone, or several: a mobile of a wide country may be anywhere in it. What the contact says of
himself picks among those; where the two contradict each other, both count.
"""

from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import (
    UNKNOWN_TIMEZONE,
    time_zones_for_geographical_number,
    time_zones_for_number,
)


def zones_of(number: str, own_zone: str | None = None) -> tuple[str, ...]:
    """Every zone on whose clock the person may be, in order; none at all when nobody knows.

    ``number`` is E.164. An ``own_zone`` that is none counts as not known.
    """
    of_number = _zones_of_number(number)
    if own_zone is None or not is_zone(own_zone):
        return of_number
    return (own_zone,) if own_zone in of_number else tuple(sorted({*of_number, own_zone}))


def region_of(number: str) -> str | None:
    """The region (`FR`) that the number, in E.164, belongs to; None when it belongs to none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except NumberParseException:
        return None


@lru_cache(maxsize=2048)
def is_zone(name: str) -> bool:
    """Whether the clock of a zone can be told here."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True


def _zones_of_number(number: str) -> tuple[str, ...]:
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return ()
    zones = time_zones_for_number(parsed)
    if UNKNOWN_TIMEZONE in zones:
        # A number that the library's plan does not have yet belongs to its country all the same.
        zones = time_zones_for_geographical_number(parsed)
    # One zone less would be less strict, so a clock that cannot be told here leaves nothing known.
    return tuple(zones) if all(is_zone(zone) for zone in zones) and UNKNOWN_TIMEZONE not in zones else ()
