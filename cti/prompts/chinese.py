"""Values in the words of Mandarin, each word the name of a small sound. Pure.

Two is 两 before a measure word (两元, 两分钟, 两点), before 万 and 亿 when it stands alone there, and before
百 and 千 at the start of a number; otherwise 二. A gap of zeros is said as one 零. One of ten is left out
at the start: 十二, but 一百一十二.
"""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Final

_UNITS: Final = ((1000, "thousand"), (100, "hundred"), (10, "10"))
_GROUPS: Final = ((10**8, "hundred-million"), (10**4, "ten-thousand"), (1, ""))
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Currencies with 元, 角 and 分; the others have one subunit, a hundredth, or none.
_JIAO_FEN: Final = ("CNY", "HKD")
_CURRENCIES: Final[Mapping[str, tuple[str, str]]] = {
    "CNY": ("yuan", "fen"),
    "HKD": ("hkd", "fen"),
    "USD": ("usd", "us-cent"),
    "EUR": ("eur", "euro-cent"),
    "GBP": ("gbp", "penny"),
    "JPY": ("jpy", ""),
}
CURRENCIES: Final = frozenset(_CURRENCIES)

WORDS: Final = frozenset(
    {
        *map(str, range(11)), "liang", "hundred", "thousand", "ten-thousand", "hundred-million", "point",
        "minus", *(word for pair in _CURRENCIES.values() for word in pair if word), "jiao", *_WEEKDAYS,
        "year", "month", "day", "hour-of-day", "minute-of-hour", "sharp", "hours", "minutes", "plus", "star",
        "hash",
    }
)  # fmt: skip


def number(value: Decimal) -> list[str]:
    """A quantity, below a million million, with up to six decimals."""
    whole, decimals = int(abs(value)), _decimals(value)
    said = [*(["minus"] if value < 0 else []), *_whole(whole)]
    return [*said, "point", *decimals] if decimals else said


def money(cents: int, currency: str) -> list[str]:
    """An amount in hundredths of a unit (of the unit where there are none)."""
    unit, subunit = _CURRENCIES[currency]
    said = ["minus"] if cents < 0 else []
    units, rest = divmod(abs(cents), 100)
    if units or not rest:
        said += [*_measured(units), unit]
    if not rest:
        return said
    if currency not in _JIAO_FEN:
        return [*said, *(_whole(rest) if units else _measured(rest)), subunit]
    jiao, fen = divmod(rest, 10)
    if jiao:
        said += [_digit(jiao, first=not units), "jiao"]
    elif units:
        said.append("0")
    return [*said, _digit(fen, first=not units and not jiao), subunit] if fen else said


def day(value: date) -> list[str]:
    """A date with its weekday."""
    return [
        *str(value.year), "year", *_whole(value.month), "month", *_whole(value.day), "day",
        _WEEKDAYS[value.weekday()],
    ]  # fmt: skip


def clock(value: time) -> list[str]:
    """A time of day, of 24 hours."""
    said = [*_measured(value.hour), "hour-of-day"]
    if not value.minute:
        return [*said, "sharp"]
    return [*said, *(["0"] if value.minute < 10 else []), *_whole(value.minute), "minute-of-hour"]


def minutes(value: int) -> list[str]:
    """A duration of minutes, with hours from one on."""
    hours, rest = divmod(value, 60)
    said = [*_measured(hours), "hours"] if hours else []
    return [*said, *_measured(rest), "minutes"] if rest or not hours else said


def _decimals(value: Decimal) -> list[str]:
    digits = f"{abs(value) % 1:.6f}".partition(".")[2].rstrip("0")
    return list(digits)


def _measured(value: int) -> list[str]:
    """A number of something that has a measure word."""
    return ["liang"] if value == 2 else _whole(value)


def _digit(value: int, *, first: bool) -> str:
    return "liang" if first and value == 2 else str(value)


def _whole(value: int) -> list[str]:
    if value == 0:
        return ["0"]
    said: list[str] = []
    gap = False
    for size, name in _GROUPS:
        group = value // size % 10_000
        if not group:
            gap = bool(said)
            continue
        if said and (gap or group < 1000):
            said.append("0")
        said += ["liang"] if name and group == 2 else _group(group, first=not said)
        if name:
            said.append(name)
        gap = False
    return said


def _group(value: int, *, first: bool) -> list[str]:
    """Below ten thousand; ``first`` when nothing stands before it."""
    said: list[str] = []
    gap = False
    for size, name in _UNITS:
        digit = value // size % 10
        if not digit:
            gap = gap or bool(said)
            continue
        if gap:
            said.append("0")
            gap = False
        at_start = first and not said
        if not (at_start and size == 10 and digit == 1):
            said.append("liang" if at_start and size > 10 and digit == 2 else str(digit))
        said.append(name)
    if ones := value % 10:
        said += ["0", str(ones)] if gap else [str(ones)]
    return said
