"""Look-ups that outlast a database that is down: memory answers meanwhile, and all is asked again later."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import msgspec
import structlog

from cti.customers.lookup import Found
from cti.errors import LookupFailed

log = structlog.get_logger(__name__)

_MOST_REMEMBERED: Final = 2_000
_AT_A_TIME: Final = 4
_RETRY_SECONDS: Final = (0.5, 1.0, 2.0, 5.0)


class PatientLookup:
    """Asks for calls, a few at a time; those that failed wait, and one of them tries again now and then.

    ``ask_again`` is called with a call's id when it should ask once more; it says False when nobody wants to
    know any more. The first answer after an outage lets all that wait ask again.
    """

    def __init__(self, ask_again: Callable[[str], bool]) -> None:
        self._ask_again = ask_again
        #: As JSON, which takes a quarter of the room: read only while the database is down.
        self._remembered: OrderedDict[str, bytes] = OrderedDict()
        self._slots = asyncio.Semaphore(_AT_A_TIME)
        #: Calls to ask again once the database answers; not empty only while it is down.
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._failures = 0
        self._retry: asyncio.TimerHandle | None = None
        #: The one call that asks while the database is down.
        self._trial: str | None = None

    def close(self) -> None:
        """Asks nothing again any more."""
        if self._retry is not None:
            self._retry.cancel()

    def is_waiting(self, call_id: str) -> bool:
        """Whether the call will be asked for again."""
        return call_id in self._waiting

    def forget(self, call_id: str) -> None:
        """Nobody wants to know of this call any more."""
        self._waiting.pop(call_id, None)

    def forget_numbers(self, numbers: Iterable[str]) -> None:
        """What is remembered of these numbers (E.164) is not true any more."""
        for e164 in numbers:
            self._remembered.pop(e164, None)

    async def ask(self, call_id: str, e164: str, question: Callable[[], Awaitable[Found]]) -> Found | None:
        """The answer; from memory, or None, while the database is down."""
        if not self._failures or self._trial == call_id:
            try:
                async with self._slots:
                    found = await question()
            except LookupFailed as error:
                self._went_down(error)
            else:
                self._came_back(call_id)
                self._remember(e164, found)
                return found
        self._waiting[call_id] = None
        self.keep_trying()
        remembered = self._remembered.get(e164)
        return None if remembered is None else Found.read(remembered)

    def keep_trying(self) -> None:
        """Sees to it that somebody tries again while the database is down."""
        if self._failures and self._retry is None:
            delay = _RETRY_SECONDS[min(self._failures, len(_RETRY_SECONDS)) - 1]
            self._retry = asyncio.get_running_loop().call_later(delay, self._try_again)

    def _went_down(self, error: LookupFailed) -> None:
        if not self._failures:
            log.warning(
                "Callers cannot be looked up; those found lately come from memory", reason=error.message
            )
        self._failures += 1

    def _try_again(self) -> None:
        self._retry = None
        for call_id in reversed(tuple(self._waiting)):
            self._trial = call_id
            if self._ask_again(call_id):
                return
            del self._waiting[call_id]
        # Nobody waits, so the next call tries.
        self._failures = 0

    def _came_back(self, call_id: str) -> None:
        self._waiting.pop(call_id, None)
        if not self._failures:
            return
        log.info("Callers can be looked up again")
        self._failures = 0
        waiting, self._waiting = self._waiting, OrderedDict()
        for other in reversed(waiting):
            self._ask_again(other)

    def _remember(self, e164: str, found: Found) -> None:
        self._remembered[e164] = msgspec.json.encode(found)
        self._remembered.move_to_end(e164)
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)
