"""Asterisk's clock, as well as it can be known from here.

Durations are differences of Asterisk's own timestamps. Where the service must stamp something itself (a
snapshot, an answer in a menu), it needs Asterisk's time of this moment: the time of the latest event plus
what has passed since on the monotonic clock, so that a jump of this machine's clock changes nothing.

An event's timestamp is always too old by its time on the way, never too new. The greatest difference
between timestamp and arrival within a minute is therefore the best. A round trip (Ping) also bounds it from
above, which tells a clock of Asterisk that was set back from events that came late.
"""

import time
from collections.abc import Callable
from typing import Final

_HALF_WINDOW_SECONDS: Final = 30.0


class AsteriskClock:
    """Estimates Asterisk's clock from timestamps; before the first one it shows this machine's."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset: float | None = None
        self._earlier: float | None = None
        self._window_ends = 0.0

    @property
    def is_set(self) -> bool:
        """Whether Asterisk has told its time yet."""
        return self._offset is not None

    def now(self) -> float:
        """Epoch seconds of Asterisk's clock at this moment."""
        if self._offset is None:
            return time.time()
        return self._monotonic() + self._best()

    def observe(self, stamp: float) -> None:
        """Takes the timestamp of something that has just arrived."""
        if stamp <= 0:
            return
        arrived = self._monotonic()
        if arrived >= self._window_ends:
            self._earlier, self._offset = self._offset, None
            self._window_ends = arrived + _HALF_WINDOW_SECONDS
        if self._offset is None or stamp - arrived > self._offset:
            self._offset = stamp - arrived

    def observe_round_trip(self, stamp: float, sent: float) -> None:
        """Takes a timestamp made after ``sent`` (monotonic) in answer to something sent then."""
        if stamp <= 0:
            return
        if self._offset is not None and self._best() > stamp - sent:
            self._offset = self._earlier = None
        self.observe(stamp)

    def _best(self) -> float:
        offset = self._offset
        assert offset is not None  # noqa: S101
        return offset if self._earlier is None else max(offset, self._earlier)
