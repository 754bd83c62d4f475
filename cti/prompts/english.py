"""Values in English words, each word the name of a small sound. Pure."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Final

_GROUPS: Final = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Of days up to the twentieth; the thirtieth has its own word, the others are put together.
_ORDINALS: Final = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
    "nineteenth", "twentieth",
)  # fmt: skip
_THIRTIETH: Final = "thirtieth"
#: One unit, several, one subunit, several.
_CURRENCIES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "HKD": ("hong-kong-dollar", "hong-kong-dollars", "cent", "cents"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "JPY": ("yen", "yen", "", ""),
}
CURRENCIES: Final = frozenset(_CURRENCIES)

WORDS: Final = frozenset(
    {
        *map(str, range(21)), *map(str, range(30, 100, 10)), "hundred", *(name for _, name in _GROUPS), "and",
        "point", "minus", *(word for names in _CURRENCIES.values() for word in names if word), *_WEEKDAYS,
        *_MONTHS, *_ORDINALS, _THIRTIETH, "oh", "am", "pm", "noon", "midnight", "hour", "hours", "minute",
        "minutes", "plus", "star", "hash",
    }
)  # fmt: skip


def number(value: Decimal) -> list[str]:
    """A quantity, below a million million, with up to six decimals."""
    said = [*(["minus"] if value < 0 else []), *_whole(int(abs(value)))]
    decimals = f"{abs(value) % 1:.6f}".partition(".")[2].rstrip("0")
    return [*said, "point", *decimals] if decimals else said


def money(cents: int, currency: str) -> list[str]:
    """An amount in hundredths of a unit (of the unit where there are none)."""
    one, several, subunit, subunits = _CURRENCIES[currency]
    said = ["minus"] if cents < 0 else []
    units, rest = divmod(abs(cents), 100)
    if units or not rest:
        said += [*_whole(units), one if units == 1 else several]
    if rest:
        said += [*(["and"] if units else []), *_whole(rest), subunit if rest == 1 else subunits]
    return said


def day(value: date) -> list[str]:
    """A date with its weekday."""
    return [
        _WEEKDAYS[value.weekday()], _MONTHS[value.month - 1], *_ordinal(value.day), *_year(value.year),
    ]  # fmt: skip


def clock(value: time) -> list[str]:
    """A time of day, of twelve hours."""
    if not value.minute and value.hour in (0, 12):
        return ["noon" if value.hour else "midnight"]
    said = _whole(value.hour % 12 or 12)
    if value.minute:
        said += [*(["oh"] if value.minute < 10 else []), *_whole(value.minute)]
    return [*said, "am" if value.hour < 12 else "pm"]


def minutes(value: int) -> list[str]:
    """A duration of minutes, with hours from one on."""
    hours, rest = divmod(value, 60)
    said = [*_whole(hours), "hour" if hours == 1 else "hours"] if hours else []
    if rest or not hours:
        said += [*(["and"] if hours else []), *_whole(rest), "minute" if rest == 1 else "minutes"]
    return said


def _whole(value: int) -> list[str]:
    if value == 0:
        return ["0"]
    said: list[str] = []
    for size, name in _GROUPS:
        if group := value // size % 1000:
            said += [*_hundreds(group), name]
    if rest := value % 1000:
        said += [*(["and"] if said and rest < 100 else []), *_hundreds(rest)]
    return said


def _hundreds(value: int) -> list[str]:
    hundreds, rest = divmod(value, 100)
    said = [str(hundreds), "hundred"] if hundreds else []
    return [*said, *(["and"] if said else []), *_tens(rest)] if rest else said


def _tens(value: int) -> list[str]:
    if value <= 20 or value % 10 == 0:
        return [str(value)]
    return [str(value // 10 * 10), str(value % 10)]


def _ordinal(value: int) -> list[str]:
    """Of a day in a month."""
    if value <= 20:
        return [_ORDINALS[value - 1]]
    tens, ones = divmod(value, 10)
    return [str(tens * 10), _ORDINALS[ones - 1]] if ones else [_THIRTIETH]


def _year(value: int) -> list[str]:
    century, rest = divmod(value, 100)
    if century < 10 or (century % 10 == 0 and rest < 10):
        return _whole(value)
    if not rest:
        return [*_tens(century), "hundred"]
    return [*_tens(century), *(["oh"] if rest < 10 else []), *_tens(rest)]
