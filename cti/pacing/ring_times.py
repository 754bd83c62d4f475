"""How long dials ring before a person answers, and before they end otherwise."""

from itertools import accumulate
from typing import Final

import msgspec

#: Whole seconds that are told apart; what rings longer counts with the last.
LONGEST_SECONDS: Final = 90
#: So many of the latest are remembered.
_MEMORY: Final = 1_500.0
#: What is believed before anything is known counts as so many.
_PRIOR_WEIGHT: Final = 5.0
#: Nobody answers sooner, as far as is believed before anything is known.
_SOONEST_SECONDS: Final = 2


class RingTimes(msgspec.Struct, kw_only=True):
    """A histogram by whole seconds."""

    counts: list[float] = []
    fresh: list[float] = []

    def observe(self, seconds: float) -> None:
        """Takes one time; it counts after the next `settle`."""
        self.fresh.append(seconds)

    def settle(self) -> None:
        """Counts what came since the last time, and lets the old count less."""
        if not self.fresh:
            return
        counts = self.counts or [0.0] * LONGEST_SECONDS
        keep = (1 - 1 / _MEMORY) ** len(self.fresh)
        counts = [count * keep for count in counts]
        for seconds in self.fresh:
            counts[min(max(0, int(seconds)), LONGEST_SECONDS - 1)] += 1
        self.counts, self.fresh = counts, []

    def cumulative(self, prior: list[float]) -> list[float]:
        """The share that is over by 0, 1, 2, … seconds, from `prior` (adds up to 1) and what was seen."""
        counts = self.counts or [0.0] * LONGEST_SECONDS
        whole = sum(counts) + _PRIOR_WEIGHT
        weights = [
            (count + _PRIOR_WEIGHT * believed) / whole for count, believed in zip(counts, prior, strict=True)
        ]
        return [0.0, *accumulate(weights)]


def even_prior(ring_timeout_seconds: float) -> list[float]:
    """Answers are as likely in any second up to the end of ringing."""
    last = min(max(_SOONEST_SECONDS + 1, round(ring_timeout_seconds)), LONGEST_SECONDS)
    share = 1 / (last - _SOONEST_SECONDS)
    return [share if _SOONEST_SECONDS <= second < last else 0.0 for second in range(LONGEST_SECONDS)]


def timeout_prior(ring_timeout_seconds: float) -> list[float]:
    """Whom nobody answers rings to the end."""
    last = min(round(ring_timeout_seconds), LONGEST_SECONDS - 1)
    return [1.0 if second == last else 0.0 for second in range(LONGEST_SECONDS)]


def share_by(cumulative: list[float], seconds: float) -> float:
    """The share that is over by then, straight between whole seconds."""
    second = int(seconds)
    if second >= LONGEST_SECONDS:
        return cumulative[-1]
    before = cumulative[second]
    return before + (cumulative[second + 1] - before) * (seconds - second)


def quantile(cumulative: list[float], share: float) -> float:
    """By when so much is over, in seconds."""
    for second in range(LONGEST_SECONDS):
        if cumulative[second + 1] >= share:
            step = cumulative[second + 1] - cumulative[second]
            return second + (share - cumulative[second]) / step
    return float(LONGEST_SECONDS)


def answer_chances(
    answered: list[float], ended: list[float], answer_rate: float, ahead: list[float]
) -> list[tuple[float, ...]]:
    """For a dial that has rung 0, 1, 2, … seconds: the probability of an answer within each of `ahead`
    seconds.

    `answered` and `ended` are the shares over by then of those that are answered and of those that are not.
    """
    rows = []
    for age in range(LONGEST_SECONDS):
        silent_still = (1 - answer_rate) * (1 - ended[age])
        answer_to_come = answer_rate * (1 - answered[age])
        alive = answer_to_come + silent_still
        if alive <= 1e-9:
            rows.append((0.0,) * len(ahead))
            continue
        rows.append(
            tuple(answer_rate * (share_by(answered, age + more) - answered[age]) / alive for more in ahead)
        )
    return rows
