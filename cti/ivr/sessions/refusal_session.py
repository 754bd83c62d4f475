"""`/refusal` of the dialplan: who was dialled, and found nobody there, wants never to be called again.

The dialplan says so to CEL too, so a refusal while the service was away is found once it is back
(`cti.ledger.gap_events`).
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from cti.asterisk.agi_session import AgiSession
from cti.asterisk.events import encode
from cti.board.attempts import refusal_of
from cti.calls.model import Call, Leg
from cti.journal.durability import in_time

log = structlog.get_logger(__name__)

#: What tells the dialplan that the refusal is kept.
_KEPT: Final = "CTI_KEPT"


class Calls(Protocol):
    """Where calls are found: `cti.board.board.Board`."""

    def leg_of(self, uniqueid: str) -> Leg | None:
        """The live leg of a channel."""

    def call(self, call_id: str) -> Call | None:
        """A call that lives."""


class RefusalSession:
    """``take`` appends an event and gives its position, ``durable`` waits until a position is on disk,
    ``clock`` is Asterisk's.
    """

    def __init__(
        self,
        *,
        calls: Calls,
        take: Callable[[bytes], int],
        durable: Callable[[int], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self._calls = calls
        self._take = take
        self._durable = durable
        self._clock = clock

    async def __call__(self, session: AgiSession) -> None:
        """Writes the refusal down, and says so once it is sure.

        Raises:
            JournalError, AgiError: it was not, or he hung up; the dialplan takes it for not kept.
        """
        uniqueid = session.request.uniqueid
        leg = self._calls.leg_of(uniqueid)
        call = None if leg is None else self._calls.call(leg.call_id)
        if call is None or call.dialled_number is None:
            log.warning("refusal.nobody", uniqueid=uniqueid)
            return
        position = self._take(
            encode(
                "CtiCallsRefused",
                self._clock(),
                Uniqueid=uniqueid,
                **refusal_of(uniqueid, call.dialled_number),
            )
        )
        try:
            await in_time(self._durable, position)
        except TimeoutError:
            log.warning("refusal.not_durable", uniqueid=uniqueid)
            return
        await session.set_variable(_KEPT, "yes")
