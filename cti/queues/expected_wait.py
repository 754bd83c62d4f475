"""How long a caller who joins a queue now is likely to wait.

As long as the head of the line has waited so far, or as whoever was answered last had waited, whichever is
longer: of the simple estimates the best, and one that follows a surge at once (R. Ibrahim and W. Whitt,
"Real-time delay estimation based on delay history", 2009). Who finds a free agent waits for nobody; where
nobody waits and nobody was answered lately, nobody can tell.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from cti.agents.model import AgentStatus
from cti.board.board import Board
from cti.board.facts import ClockStepped, Fact, QueueLeft
from cti.calls.model import EntryOutcome, by_present_clock

#: After so long a wait that somebody had says nothing of the present.
_REMEMBERED_SECONDS: Final = 900.0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as it is now."""

    #: For how long the head of the line has waited; None when nobody waits.
    head_seconds: float | None
    #: How long who was answered last had waited; None when that was long ago, or never.
    last_seconds: float | None
    waiting: int
    ready: int


def expected_seconds(line: Line) -> float | None:
    """Seconds that a caller who joins now is likely to wait; None when nobody can tell."""
    if line.ready > line.waiting:
        return 0.0
    known = [seconds for seconds in (line.head_seconds, line.last_seconds) if seconds is not None]
    return max(known, default=None)


class ExpectedWaits:
    """Remembers who was answered last; everything else is the board's. `observe` never waits."""

    def __init__(self, board: Board) -> None:
        self._board = board
        #: By queue: when somebody was answered last, and how long he had waited.
        self._last: dict[str, tuple[float, float]] = {}

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event."""
        for fact in facts:
            if isinstance(fact, QueueLeft):
                entry = fact.entry
                if entry.outcome is EntryOutcome.ANSWERED and entry.left_at is not None:
                    waited = max(0.0, entry.left_at - entry.joined_at)
                    self._last[entry.queue] = by_present_clock(entry.left_at, entry), waited
            elif isinstance(fact, ClockStepped):
                self._last = {queue: (at + fact.by, waited) for queue, (at, waited) in self._last.items()}

    def seconds(self, queue: str) -> float | None:
        """How long who joins this queue now is likely to wait; None when nobody can tell."""
        now = self._board.at
        joined = [
            by_present_clock(entry.joined_at, entry)
            for entry in self._board.waiting()
            if entry.queue == queue
        ]
        at, waited = self._last.get(queue, (0.0, 0.0))
        return expected_seconds(
            Line(
                head_seconds=max(0.0, now - min(joined)) if joined else None,
                last_seconds=waited if now - at <= _REMEMBERED_SECONDS else None,
                waiting=len(joined),
                ready=sum(
                    queue in agent.queues and agent.state.status is AgentStatus.READY
                    for agent in self._board.agents()
                ),
            )
        )
