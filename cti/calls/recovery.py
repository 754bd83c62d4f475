"""How the board is made again from the journal: after a restart, and for a recorder that fell behind.

The newest checkpoint at or before a position, then every event after it. Events up to the position that the
database has committed are folded silently; the facts of those after it go to the recorder. So nothing is
written twice and nothing is left out.
"""

from collections.abc import Iterator
from typing import Protocol

import structlog

from cti.asterisk.events import parse
from cti.calls.board import Board, BoardVersionError
from cti.calls.model import Fact
from cti.journal.segment import Checkpoint

log = structlog.get_logger(__name__)


class ReadableJournal(Protocol):
    """What recovery needs of `cti.journal.journal.Journal`."""

    @property
    def position(self) -> int: ...

    def read(self, after: int = 0) -> Iterator[tuple[int, bytes]]: ...

    def latest_checkpoint(self, at_most: int | None = None) -> Checkpoint | None: ...


class FactTaker(Protocol):
    """Whoever wants facts, with the position of the event that they follow from."""

    def take(self, facts: list[Fact], position: int) -> None: ...


def restore(journal: ReadableJournal, node: str, at_most: int) -> tuple[Board, int]:
    """The board of the newest checkpoint at or before a position, and the position of that checkpoint.

    Without a checkpoint that this program can read, it is an empty board before the first event.
    """
    checkpoint = journal.latest_checkpoint(at_most)
    if checkpoint is not None:
        try:
            return Board.load(checkpoint.state), checkpoint.position
        except BoardVersionError as error:
            log.warning("recovery.checkpoint_unreadable", position=checkpoint.position, error=str(error))
    return Board(node), 0


def recover(journal: ReadableJournal, node: str, committed: int | None, recorder: FactTaker) -> Board:
    """The live board as it was when the journal's last event was applied.

    ``committed`` is the position that the database reflects; the recorder gets the facts of all events after
    it. None means that the database could not be asked: then the recorder gets nothing here and catches up by
    itself.
    """
    board, at = restore(journal, node, journal.position if committed is None else committed)
    for position, block in journal.read(after=at):
        facts = board.apply(parse(block))
        if committed is not None and position > committed:
            recorder.take(facts, position)
    return board
