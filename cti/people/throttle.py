"""Slowing down whoever guesses passwords, without locking out whoever knows them.

Failures are counted per pair of user name and address, per address, and per user name. The pair and the
address are what a guesser runs into first. The user name alone slows down a guesser with many addresses;
but a person who signed in from his address lately is not slowed down by it: strangers cannot lock him out.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

import msgspec

_MOST_REMEMBERED: Final = 20_000
_FORGOTTEN_AFTER_SECONDS: Final = 900.0
_TRUSTED_FOR_SECONDS: Final = 30 * 86_400.0
_LONGEST_DELAY_SECONDS: Final = 300.0


class _Count(msgspec.Struct):
    failures: int
    at: float


class SignInThrottle:
    """Counts failed sign-ins in memory; instants are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Hashable, _Count] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], float] = OrderedDict()

    def wait_seconds(self, username: str, address: str, now: float) -> float:
        """How long this sign-in has to wait; 0 when it may be tried now."""
        waits = [
            self._wait(("pair", username, address), 4, now),
            self._wait(("address", address), 20, now),
        ]
        if now - self._trusted.get((username, address), -_TRUSTED_FOR_SECONDS) >= _TRUSTED_FOR_SECONDS:
            waits.append(self._wait(("user", username), 20, now))
        return max(waits)

    def tried(self, username: str, address: str, now: float) -> None:
        """A sign-in is tried; it counts as failed until `succeeded` takes that back."""
        for key in (("pair", username, address), ("address", address), ("user", username)):
            count = self._counts.pop(key, None)
            if count is None or now - count.at > _FORGOTTEN_AFTER_SECONDS:
                count = _Count(0, now)
            self._counts[key] = _Count(count.failures + 1, now)
        while len(self._counts) > _MOST_REMEMBERED:
            self._counts.popitem(last=False)

    def succeeded(self, username: str, address: str, now: float) -> None:
        """A sign-in worked: this person is known at this address."""
        self._counts.pop(("pair", username, address), None)
        for key in (("address", address), ("user", username)):
            count = self._counts.get(key)
            if count is not None:
                count.failures -= 1
        self._trusted.pop((username, address), None)
        self._trusted[username, address] = now
        if len(self._trusted) > _MOST_REMEMBERED:
            self._trusted.popitem(last=False)

    def _wait(self, key: Hashable, free: int, now: float) -> float:
        count = self._counts.get(key)
        if count is None or count.failures < free or now - count.at > _FORGOTTEN_AFTER_SECONDS:
            return 0.0
        delay = min(_LONGEST_DELAY_SECONDS, 2.0 ** min(count.failures - free, 16))
        return max(0.0, count.at + delay - now)
