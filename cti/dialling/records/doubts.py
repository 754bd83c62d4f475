"""What is not known now, so that nobody is dialled.

Asterisk has to be heard: who waits and who is free follows from its events alone. Its ledger has to be
readable, since what became of an attempt may have to be read there. Clocks have to agree: hours and gaps
follow from them.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from cti.asterisk import actions
from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.asterisk.link import LinkState
from cti.board.board import Board
from cti.board.facts import ClockStepped, Fact
from cti.dialling.rules.may_dial import Doubt
from cti.errors import AmiError
from cti.ledger.model import LedgerState, LedgerStatus

log = structlog.get_logger(__name__)

#: Who has not been heard of for longer may be dead.
NEWS_SECONDS: Final = 3.0
#: So often Asterisk is asked for a sign of life.
_PING_SECONDS: Final = 1.0
#: Asterisk's clock and ours may differ by so much, and nobody dials so long after one of them was set.
CLOCK_SECONDS: Final = 30.0
#: The ledger is compared up to some seconds ago; further back it is behind.
_BEHIND_SECONDS: Final = 120.0


class Doubts:
    """`observe` takes the board's facts; `run` asks Asterisk for signs of life."""

    def __init__(
        self,
        board: Board,
        ami: AmiConnection,
        clock: AsteriskClock,
        ledger: Callable[[], LedgerStatus],
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._board = board
        self._ami = ami
        self._clock = clock
        self._ledger = ledger
        self._wall_clock = wall_clock
        self._heard_at: float | None = None
        self._stepped_at: float | None = None

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        for fact in facts:
            if isinstance(fact, ClockStepped):
                self._stepped_at = self._clock.monotonic()

    @property
    def silence_seconds(self) -> float:
        """For how long Asterisk has not been heard; endless before the first time."""
        return float("inf") if self._heard_at is None else self._clock.monotonic() - self._heard_at

    def current(self, *, database: bool = True) -> tuple[Doubt, ...]:
        """What is in doubt at this moment; ``database`` is whether it answers."""
        found = []
        if not database:
            found.append(Doubt.DATABASE)
        if not self.hears:
            found.append(Doubt.TELEPHONES)
        if self._ledger_is_away():
            found.append(Doubt.LEDGER)
        if self._clock_is_odd():
            found.append(Doubt.CLOCK)
        return tuple(found)

    @property
    def hears(self) -> bool:
        """Whether the board is as Asterisk is."""
        connected = self._ami.status.state is LinkState.READY and self._board.gap_from is None
        return connected and self.silence_seconds <= NEWS_SECONDS

    async def run(self) -> None:
        """Asks for signs of life until cancelled."""
        while True:
            await self._ami.ready.wait()
            try:
                await actions.ping(self._ami)
                self._heard_at = self._clock.monotonic()
            except AmiError as error:
                log.debug("dialler.no_sign_of_life", error=error.code)
            await asyncio.sleep(_PING_SECONDS)

    def _ledger_is_away(self) -> bool:
        status = self._ledger()
        if status.state is LedgerState.UNREADABLE:
            return True
        return status.age_seconds is not None and status.age_seconds > _BEHIND_SECONDS

    def _clock_is_odd(self) -> bool:
        if not self._clock.is_set or abs(self._clock.now() - self._wall_clock()) > CLOCK_SECONDS:
            return True
        stepped_at = self._stepped_at
        return stepped_at is not None and self._clock.monotonic() - stepped_at < CLOCK_SECONDS
