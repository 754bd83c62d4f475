"""The way of an event into the service: journal first, then the board, then everybody who wants its facts.

It is one plain call without a wait, made for each block in the order in which it came, whether from
Asterisk or from the service itself. So every listener sees the same order as the journal, and a fact is
never older than its record.
"""

from collections.abc import Callable
from typing import Protocol

import structlog

from cti.asterisk.events import encode, parse
from cti.board.board import Board
from cti.board.facts import (
    Anomaly,
    Fact,
)
from cti.recorder.recovery import FactTaker

log = structlog.get_logger(__name__)

FactListener = Callable[[list[Fact]], None]


class AppendOnly(Protocol):
    """What the intake needs of the journal."""

    def append(self, block: bytes) -> int: ...


class Intake:
    """Takes blocks; belongs to the event loop's thread.

    ``clock`` is Asterisk's, for what the service itself contributes.
    """

    def __init__(
        self, journal: AppendOnly, board: Board, recorder: FactTaker, clock: Callable[[], float]
    ) -> None:
        self.board = board
        self.events = 0
        self.anomalies = 0
        self._journal = journal
        self._recorder = recorder
        self._clock = clock
        self._listeners: list[FactListener] = []

    def listen(self, listener: FactListener) -> None:
        """Gives the facts of every later event to ``listener``, at once, in order. It must not block."""
        self._listeners.append(listener)

    def take(self, block: bytes) -> int:
        """Takes one event block; returns its position in the journal.

        A listener that fails is logged and keeps nobody else from the facts.

        Raises:
            JournalError: the journal cannot take the block; then nothing has seen it.
        """
        position = self._journal.append(block)
        self.events += 1
        facts = self.board.apply(parse(block))
        self._recorder.take(facts, position)
        if facts:
            self._tell(facts)
        return position

    def write(self, event_name: str, /, **headers: str | float) -> int:
        """Takes an event of the service's own, stamped with Asterisk's clock; returns its position."""
        return self.take(encode(event_name, self._clock(), **headers))

    def _tell(self, facts: list[Fact]) -> None:
        for fact in facts:
            if type(fact) is Anomaly:
                self.anomalies += 1
                log.info("board.anomaly", anomaly=fact.event, reason=fact.reason, uniqueid=fact.uniqueid)
        for listener in self._listeners:
            try:
                listener(facts)
            except Exception:
                log.exception(
                    "intake.listener_failed", listener=getattr(listener, "__qualname__", str(listener))
                )
