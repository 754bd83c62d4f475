"""Promising a caller to call him back: whether that may be done, and that it is not forgotten."""

from collections.abc import Awaitable, Callable
from enum import StrEnum

import structlog

from cti.asterisk.events import encode
from cti.board.board import Board
from cti.calls.model import Leg
from cti.dialling.rules.guards import number_fault
from cti.errors import JournalError
from cti.journal.durability import in_time
from cti.prompts.languages import ASTERISK_LANGUAGES

log = structlog.get_logger(__name__)


class Promised(StrEnum):
    """What came of it."""

    ACCEPTED = "accepted"
    #: Somebody of that number keeps a place in that queue already, and keeps that one.
    KEPT = "kept"
    #: No number, or one that is not called on a caller's word.
    REFUSED = "refused"
    #: It could not be written down.
    FAILED = "failed"


class Promises:
    """``write`` appends an event to the journal, ``durable`` waits until its position is on disk."""

    def __init__(
        self,
        board: Board,
        *,
        write: Callable[[bytes], int],
        durable: Callable[[int], Awaitable[None]],
        clock: Callable[[], float],
        region: str,
    ) -> None:
        self._board = board
        self._write = write
        self._durable = durable
        self._clock = clock
        self._region = region

    async def promise(self, uniqueid: str, *, queue: str, number: str) -> bool:
        """Promises the caller on a channel a callback to ``number``; returns once that is on disk.

        The place is that of his last stay in the queue, or the end of the line. False when he is not called
        back: there is no such number, or none that is called on a caller's word.
        """
        outcome = await self._promise(uniqueid, queue, number)
        log.info("callback.promise", outcome=outcome.value, queue=queue)
        return outcome in (Promised.ACCEPTED, Promised.KEPT)

    async def _promise(self, uniqueid: str, queue: str, number: str) -> Promised:
        dialled = dialled_as(number, self._region)
        if dialled is None:
            return Promised.REFUSED
        if any(one.queue == queue and one.number == dialled for one in self._board.callbacks()):
            return Promised.KEPT
        headers = {
            "Callback": f"{uniqueid}.b-{queue}", "Uniqueid": uniqueid, "Queue": queue, "Number": dialled,
        }  # fmt: skip
        leg = self._board.leg_of(uniqueid)
        call = self._board.call(leg.call_id) if leg is not None else None
        if call is not None and call.language in ASTERISK_LANGUAGES:
            headers["Language"] = ASTERISK_LANGUAGES[call.language]
        place_at = self._place_at(leg, queue)
        if place_at is not None:
            headers["PlaceAt"] = f"{place_at:.6f}"
        try:
            position = self._write(encode("CtiCallbackPromised", self._clock(), **headers))
            await in_time(self._durable, position)
        except (JournalError, TimeoutError) as error:
            log.warning("callback.not_promised", error=type(error).__name__)
            return Promised.FAILED
        return Promised.ACCEPTED

    def _place_at(self, leg: Leg | None, queue: str) -> float | None:
        if leg is None:
            return None
        stays = [
            entry.joined_at
            for entry in self._board.entries()
            if entry.leg_id == leg.id and entry.queue == queue
        ]
        return max(stays, default=None)


def dialled_as(number: str, region: str) -> str | None:
    """How the number is dialled, as it was sent; None for one that is not called on a caller's word."""
    dialled = number.strip()
    return dialled if number_fault(dialled, home_region=region) is None else None
