"""The number by which a caller can ask for his task. Pure.

It is short, can be read aloud and keyed, and no two tasks have the same: the number of the day (since 2026),
the number of the task on that day (three digits), and a check digit, which finds every wrong digit and every
two that changed places (H. M. Damm's). From the thousandth task of a day on, `000` and five digits stand in
the place of the three; lengths differ, so none of these is one of the others.
"""

from typing import Final

_FIRST_DAY: Final = 1_767_225_600  # 2026-01-01T00:00:00Z
_DAY_SECONDS: Final = 86_400
_SHORT: Final = 999
_DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def day_of(at: float) -> int:
    """The number of an instant's day."""
    return max(0, int((at - _FIRST_DAY) // _DAY_SECONDS))


def next_number(at: float, last_day: int, last_number: int) -> tuple[int, int]:
    """Day and number of the task that follows on another; a clock put back makes no day come twice."""
    day = day_of(at)
    return (day, 1) if day > last_day else (last_day, last_number + 1)


def reference_of(day: int, number: int) -> str:
    """The reference of a day's task; numbers begin at 1."""
    digits = f"{day:03d}" + (f"{number:03d}" if number <= _SHORT else f"000{number:05d}")
    return f"{digits}{_check(digits)}"


def _check(digits: str) -> int:
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim
