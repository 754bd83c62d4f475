"""The probability that an agent in a call or in wrap-up is free by a given time."""

from bisect import bisect_right
from itertools import pairwise
from math import exp
from operator import mul
from typing import Final

from cti.pacing.durations import Survival

#: Ages between these have one row, in seconds.
_BOUNDS: Final = (
    0,
    1,
    2,
    3,
    *range(5, 60, 5),
    *range(60, 240, 15),
    *range(240, 960, 60),
    *range(960, 3841, 240),
)

#: For an age in whole seconds, the number of its row.
ROW_OF: Final = [bisect_right(_BOUNDS, second) - 1 for second in range(_BOUNDS[-1] + 1)]
LAST_SECOND: Final = len(ROW_OF) - 1
#: The age that stands for each row.
_AGES: Final = tuple(
    (begin + end) / 2 for begin, end in zip(_BOUNDS, (*_BOUNDS[1:], _BOUNDS[-1] + 240), strict=True)
)


def wrapping_rows(wrap_up: Survival, ahead: list[float]) -> list[tuple[float, ...]]:
    """By row of age: the probability that a wrap-up is over within each of `ahead` seconds."""
    return [tuple(1 - wrap_up.lasts(age, more) for more in ahead) for age in _AGES]


def talking_rows(talk: Survival, wrap_up: Survival, ahead: list[float]) -> list[tuple[float, ...]]:
    """By row of age: the probability that talk and the wrap-up after it are over within each of `ahead`
    seconds.

    The talk may end in any whole second ahead, and the wrap-up has what is left.
    """
    wrapped = [_wrapped(wrap_up, more) for more in ahead]
    seconds = max(len(weights) for weights in wrapped)
    rows = []
    for age in _AGES:
        before = talk.hazard(age)
        lasts = [exp(before - talk.hazard(age + second)) for second in range(seconds + 1)]
        ends = [earlier - later for earlier, later in pairwise(lasts)]
        rows.append(tuple(sum(map(mul, ends, weights)) for weights in wrapped))
    return rows


def _wrapped(wrap_up: Survival, more: float) -> list[float]:
    """For a talk that ends in each second ahead: the probability that its wrap-up is over in `more` seconds
    from now."""
    whole = int(more)
    part = more - whole
    weights = [1 - wrap_up.lasts(0.0, more - second - 0.5) for second in range(whole)]
    return [*weights, part * (1 - wrap_up.lasts(0.0, part / 2))]
