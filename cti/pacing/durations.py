"""How long talks and wrap-ups last, as the rate at which they end at each age."""

from bisect import bisect_right
from itertools import accumulate, chain, repeat
from math import exp
from typing import Final

import msgspec

#: Ages at which the rate may change, in whole seconds.
_EDGES: Final = (0, 1, 2, 3, 5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 960, 1920)
_WIDTHS: Final = tuple(later - edge for edge, later in zip(_EDGES, (*_EDGES[1:], 1_000_000), strict=True))
#: So many of the latest are remembered.
_MEMORY: Final = 3_000.0
#: The mean that is believed at first counts as so many ends.
_MEAN_WEIGHT: Final = 5.0
#: The common rate counts as so many ends at each age: few ends at an age say little about it.
_RATE_WEIGHT: Final = 8.0


class Durations(msgspec.Struct, kw_only=True):
    """Learns from durations that ended and from those that go on."""

    #: What is believed before anything ended.
    mean_seconds: float
    ends: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(_EDGES))
    exposure: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(_EDGES))
    fresh: list[float] = []
    #: Ends a second at each age, as of the last `settle`.
    rates: list[float] = []

    def observe(self, seconds: float) -> None:
        """Takes one duration that ended; it counts after the next `settle`."""
        self.fresh.append(max(0.0, seconds))

    def settle(self, going_on: list[float]) -> None:
        """Counts what came since the last time.

        `going_on` are the ages of those under way: that they have not ended yet says as much as an end does.
        """
        if self.fresh:
            keep = (1 - 1 / _MEMORY) ** len(self.fresh)
            self.ends = [value * keep for value in self.ends]
            self.exposure = [value * keep for value in self.exposure]
            for seconds in self.fresh:
                self.ends[bisect_right(_EDGES, seconds) - 1] += 1
            _expose(self.exposure, self.fresh)
            self.fresh = []
        exposure = list(self.exposure)
        _expose(exposure, going_on)
        common = (sum(self.ends) + _MEAN_WEIGHT) / (sum(exposure) + _MEAN_WEIGHT * self.mean_seconds)
        self.rates = [
            (ends + _RATE_WEIGHT) / (seconds + _RATE_WEIGHT / common)
            for ends, seconds in zip(self.ends, exposure, strict=True)
        ]

    def survival(self) -> "Survival":
        """What the rates say of ages to come."""
        return Survival(self.rates or [1 / self.mean_seconds] * len(_EDGES))

    @property
    def mean(self) -> float:
        """Mean duration in seconds."""
        return (sum(self.exposure) + _MEAN_WEIGHT * self.mean_seconds) / (sum(self.ends) + _MEAN_WEIGHT)


def _expose(exposure: list[float], durations: list[float]) -> None:
    """Adds how long each of the durations was at each age."""
    for seconds in durations:
        for place, edge in enumerate(_EDGES):
            over = seconds - edge
            if over <= 0:
                break
            width = _WIDTHS[place]
            exposure[place] += min(width, over)


class Survival:
    """The probability to last."""

    def __init__(self, rates: list[float]) -> None:
        self._last_rate = rates[-1]
        by_second = chain.from_iterable(
            repeat(rate, width) for rate, width in zip(rates[:-1], _WIDTHS[:-1], strict=True)
        )
        self._before = [0.0, *accumulate(by_second)]
        self._end = len(self._before) - 1

    def hazard(self, age: float) -> float:
        """The rates added up to an age."""
        second = int(age)
        before = self._before
        if second >= self._end:
            return before[-1] + self._last_rate * (age - self._end)
        return before[second] + (before[second + 1] - before[second]) * (age - second)

    def lasts(self, age: float, more: float) -> float:
        """The probability that what has lasted `age` seconds lasts `more` seconds longer."""
        return exp(self.hazard(age) - self.hazard(age + more))
