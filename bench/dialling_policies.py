"""Ways to pace a campaign, side by side: the service's own, the usual ones and VICIdial's."""

from collections import deque
from collections.abc import Callable
from typing import Final

from bench.dialling_case import RING_TIMEOUT_SECONDS
from bench.dialling_world import CAP, CONNECT_LIMIT_SECONDS, Policy
from cti.pacing.pacer import Pacer, ratio_dials
from cti.pacing.rules import Rules
from cti.pacing.situation import Situation

#: Percent of the answered calls that may be abandoned.
CAP_PERCENT: Final = 100 * CAP

MakePolicy = Callable[[], Policy]


class Threshold:
    """The pacing of the service itself."""

    def __init__(self, patience_seconds: float = CONNECT_LIMIT_SECONDS, *, always: bool = False) -> None:
        self._pacer = Pacer(
            Rules(
                ring_timeout_seconds=RING_TIMEOUT_SECONDS,
                patience_seconds=patience_seconds,
                always_within_cap=always,
            )
        )

    def dials(self, now: Situation) -> int:
        """See `Policy`."""
        return self._pacer.decide(now).dials

    def dial_ended(self, *, launched_at: float, ended_at: float, answered: bool) -> None:
        """See `Policy`."""
        self._pacer.dial_ended(launched_at=launched_at, ended_at=ended_at, answered=answered)

    def talk_ended(self, *, seconds: float) -> None:
        """See `Policy`."""
        self._pacer.talk_ended(seconds)

    def wrap_up_ended(self, *, seconds: float) -> None:
        """See `Policy`."""
        self._pacer.wrap_up_ended(seconds)


class _Unlearning:
    """Learns nothing from how dials and calls end."""

    def dial_ended(self, *, launched_at: float, ended_at: float, answered: bool) -> None:
        """See `Policy`."""

    def talk_ended(self, *, seconds: float) -> None:
        """See `Policy`."""

    def wrap_up_ended(self, *, seconds: float) -> None:
        """See `Policy`."""


class FixedRatio(_Unlearning):
    """So many dials for each idle agent; 1 is progressive."""

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio

    def dials(self, now: Situation) -> int:
        """See `Policy`."""
        return ratio_dials(now, self._ratio)


class AdaptiveLevel(_Unlearning):
    """VICIdial's: lines for each agent who is ready or in a call, adapted every 15 s by how many were ready.

    Every 60 s the drops of the day are counted. As long as the last count was above the limit, each level is
    at once set to 1 (hard limit) or multiplied with what is left of the day, more than ten hours counting as
    a whole day (tapered); the day is the default of 9 to 21 h, of which the simulated one is the first part.
    """

    _LEVEL_EVERY: Final = 15
    _DROPS_EVERY: Final = 60
    _MOST: Final = 3.0
    _FEWEST_ANSWERS: Final = 50
    _DAY_SECONDS: Final = 43_200.0
    _WHOLE_SECONDS: Final = 36_000.0

    def __init__(self, *, tapered: bool) -> None:
        self._tapered = tapered
        self._level = 1.0
        self._over = False
        self._surplus: deque[float] = deque(maxlen=self._LEVEL_EVERY)
        self._seconds = 0

    def dials(self, now: Situation) -> int:
        """See `Policy`."""
        self._seconds += 1
        self._surplus.append((len(now.idle) - now.waiting) / max(1, now.agents))
        if self._seconds % self._DROPS_EVERY == 0:
            over = 100 * now.abandoned > CAP_PERCENT * now.answered
            self._over = over and now.answered > self._FEWEST_ANSWERS
        if self._seconds % self._LEVEL_EVERY == 0:
            level = self._level * (1 + sum(self._surplus) / len(self._surplus))
            level = min(max(level, 1.0), self._MOST)
            if self._over:
                left = (self._DAY_SECONDS - self._seconds) / self._WHOLE_SECONDS
                level = max(1.0, level * min(1.0, left)) if self._tapered else 1.0
            self._level = level
        lines = int(self._level * (len(now.idle) + len(now.talking)) + 1e-9)
        used = len(now.talking) + now.waiting + len(now.ringing)
        return max(0, lines - used)
