"""How the board is made again from the journal: after a restart, and for a recorder that fell behind.

The newest checkpoint at or before a position, then every event after it. Events up to the position that the
database has committed are folded silently; the facts of those after it go to the recorder. So nothing is
written twice and nothing is left out.
"""

from collections.abc import Iterator
from typing import Final, Protocol

import structlog

from cti.asterisk.events import parse
from cti.board.board import Board, BoardVersionError
from cti.board.facts import Fact
from cti.garbage import not_collecting
from cti.journal.segment import Checkpoint

#: Events that are worth a second of the start, so that the database is up to date with the service.
_MOST_AT_START: Final = 100_000

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


class JournalFollower(FactTaker, Protocol):
    """A taker that can read from the journal by itself what it was not given."""

    def fall_behind(self) -> None: ...


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


def read_on(journal: ReadableJournal, *, after: int, written: int) -> Iterator[tuple[int, bytes]]:
    """(position, block) of every record after a position.

    The journal names what is damaged inside it. That its beginning is gone although the database has not got
    it (``written``) can only be told here.
    """
    expected = max(after, written) + 1
    for number, (position, block) in enumerate(journal.read(after=after)):
        if not number and position > expected:
            log.error("recovery.events_missing", position=expected, lost=position - expected)
        yield position, block


def recover(journal: ReadableJournal, node: str, committed: int | None, recorder: JournalFollower) -> Board:
    """The live board as it was when the journal's last event was applied.

    ``committed`` is the position that the database reflects; the recorder gets the facts of all events after
    it. None means that the database could not be asked: then the recorder gets nothing here and catches up by
    itself, as it does when so much is missing in the database that the service would start late for it.
    """
    if committed is not None and journal.position - committed > _MOST_AT_START:
        log.warning("recovery.database_far_behind", committed=committed, position=journal.position)
        recorder.fall_behind()
        committed = None
    with not_collecting():
        board, at = restore(journal, node, journal.position if committed is None else committed)
        for position, block in read_on(journal, after=at, written=committed or 0):
            facts = board.apply(parse(block))
            if committed is not None and position > committed:
                recorder.take(facts, position)
    return board
