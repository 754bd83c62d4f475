"""Kinds of days: how many agents, how people answer, how long calls last."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Final

import numpy as np

DAY_SECONDS: Final = 28_800
RING_TIMEOUT_SECONDS: Final = 25.0

Draw = Callable[[np.random.Generator], float]


def exponential(mean: float) -> Draw:
    """Memoryless."""
    return lambda chance: chance.exponential(mean)


def log_normal(mean: float, variation: float) -> Draw:
    """By mean and coefficient of variation."""
    variance = log(1 + variation * variation)
    middle, spread = log(mean) - variance / 2, sqrt(variance)
    return lambda chance: chance.lognormal(middle, spread)


def even(least: float, most: float) -> Draw:
    """As likely anywhere between the two."""
    return lambda chance: chance.uniform(least, most)


def _usual_ring(chance: np.random.Generator) -> float:
    return 2 + 23 * chance.beta(2, 2.6)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of day."""

    name: str
    agents: int
    #: From when on a dial is answered with which probability.
    answer_rates: tuple[tuple[float, float], ...]
    talk: Draw = field(default_factory=lambda: exponential(180))
    wrap_up: Draw = field(default_factory=lambda: exponential(30))
    seconds: int = DAY_SECONDS
    #: For how long the dialler believes that the day is; None: as it is.
    planned_seconds: int | None = None
    #: When so many agents come (above zero) or announce that they leave (below).
    changes: tuple[tuple[float, int], ...] = ()
    #: Mean seconds between an agent's breaks, which last ten minutes; None without.
    break_every_seconds: float | None = None
    #: From when until when nothing is heard of Asterisk.
    silences: tuple[tuple[float, float], ...] = ()
    #: How long it rings until somebody answers, and when nobody does.
    answered_ring: Draw = _usual_ring
    silent_ring: Draw = lambda _chance: RING_TIMEOUT_SECONDS
    #: How many there are to dial: the day is over when the last call is. None: enough for any day.
    contacts: int | None = None
    #: Dials that the line takes in a second.
    most_dials: int = 1_000_000
    #: So often a queue looks for an agent for somebody who waits, from his answer on; None: all the time.
    looks_every_seconds: float | None = None
