"""Student's t distribution, as far as intervals of 95 % need it."""

import math
from functools import lru_cache
from typing import Final

#: 97.5 % of the normal distribution lies below.
Z_95: Final = 1.959963984540054
#: Beyond so many degrees of freedom the expansion is exact to seven digits.
_MANY: Final = 200


@lru_cache(maxsize=_MANY + 1)
def t_95(degrees: int) -> float:
    """97.5 % of the t distribution with so many degrees of freedom (1 or more) lies below this."""
    if degrees > _MANY:
        z = Z_95
        first = (z**3 + z) / 4
        second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
        return z + first / degrees + second / degrees**2
    low, high = Z_95, 13.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if _within(middle, degrees) < 0.95:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _within(t: float, degrees: int) -> float:
    """How much lies between -t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine = math.cos(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for step in range(2 + odd, degrees - 1, 2):
        term *= cosine**2 * (step - 1) / step
        total += term
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total
