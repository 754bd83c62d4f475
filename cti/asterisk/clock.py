"""Asterisk's clock, as well as it can be known from here, and its jumps.

Durations are differences of Asterisk's own timestamps. Where the service must stamp something itself (a
snapshot, an answer in a menu), it needs Asterisk's time of this moment: the time of the latest event plus
what has passed since on the monotonic clock, so that a jump of this machine's clock changes nothing.

An event's timestamp is always too old by its time on the way, never too new. The greatest difference
between timestamp and arrival within a minute is therefore the best. A round trip (Ping) also bounds it from
above.

A *step* is a jump of Asterisk's clock (set by hand, by NTP, by a virtual machine that was moved). It must not
be taken for an event that came late, nor for a reader that was slow. Three things prove one:

* a timestamp ahead of what the last round trip leaves room for: the clock went forward, for nothing arrives
  before it is sent;
* a timestamp well before the one in front of it: the clock went back, for one connection keeps the order;
* a round trip whose answer is older than its question: the clock went back.
"""

import time
from collections.abc import Callable
from typing import Final

_HALF_WINDOW_SECONDS: Final = 30.0
#: A clock that jumps less is only slewed or read by two processors; nobody's durations suffer from it.
SMALLEST_STEP_SECONDS: Final = 2.0
#: How much two good clocks may drift apart in a second (NTP slews by 500 millionths at most).
_DRIFT: Final = 0.001


def _since_boot() -> float:
    """A clock that nothing sets, and that goes on while this machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class AsteriskClock:
    """Estimates Asterisk's clock from timestamps; before the first one it shows this machine's."""

    def __init__(self, monotonic: Callable[[], float] = _since_boot) -> None:
        self.monotonic = monotonic
        self._offset: float | None = None
        self._earlier: float | None = None
        self._window_ends = 0.0
        #: The most that the offset can be, and when a round trip said so; None before the first.
        self._bound: float | None = None
        self._bound_at = 0.0
        self._newest = 0.0

    @property
    def is_set(self) -> bool:
        """Whether Asterisk has told its time yet."""
        return self._offset is not None

    def now(self) -> float:
        """Epoch seconds of Asterisk's clock at this moment."""
        if self._offset is None:
            return time.time()
        return self.monotonic() + self._best()

    def proves_step(self, stamp: float) -> bool:
        """Whether something with this timestamp, arriving now, proves that Asterisk's clock has jumped."""
        if stamp <= 0 or self._offset is None:
            return False
        if stamp < self._newest - SMALLEST_STEP_SECONDS:
            return True
        if self._bound is None:
            return False
        arrived = self.monotonic()
        room = self._bound + SMALLEST_STEP_SECONDS + _DRIFT * (arrived - self._bound_at)
        return stamp - arrived > room

    def observe(self, stamp: float) -> float:
        """Takes the timestamp of something that has just arrived; returns by how much the clock has jumped.

        Timestamps must come in the order of one connection. Nearly always the answer is 0.0.
        """
        if stamp <= 0:
            return 0.0
        step = 0.0
        arrived = self.monotonic()
        if self.proves_step(stamp):
            step = self._step_to(stamp - arrived)
        elif arrived >= self._window_ends:
            self._earlier, self._offset = self._offset, None
            self._window_ends = arrived + _HALF_WINDOW_SECONDS
        if self._offset is None or stamp - arrived > self._offset:
            self._offset = stamp - arrived
        self._newest = max(self._newest, stamp)
        return step

    def observe_round_trip(self, stamp: float, sent: float) -> float:
        """Takes a timestamp made after ``sent`` (monotonic) in answer to something sent then.

        Returns by how much the clock has jumped, as `observe` does.
        """
        if stamp <= 0:
            return 0.0
        step, arrived = 0.0, self.monotonic()
        if self._offset is not None and self._best() > stamp - sent + SMALLEST_STEP_SECONDS:
            step = self._step_to(stamp - arrived)
        elif self._offset is not None and self._best() > stamp - sent:
            self._offset = self._earlier = None  # a small correction
        step += self.observe(stamp)
        self._bound, self._bound_at = stamp - sent, arrived
        return step

    def connected(self) -> None:
        """A new connection begins: what it brings is in no order with what the last one brought."""
        self._newest = 0.0

    def _step_to(self, offset: float) -> float:
        step = offset - self._best()
        self._offset, self._earlier = offset, None
        self._window_ends = self.monotonic() + _HALF_WINDOW_SECONDS
        self._newest = 0.0
        if self._bound is not None:
            self._bound += step
        return step

    def _best(self) -> float:
        offset = self._offset
        assert offset is not None  # noqa: S101
        return offset if self._earlier is None else max(offset, self._earlier)
