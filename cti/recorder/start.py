"""Where in a journal a fold may begin: at its very first record, or at a checkpoint."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cti.board.board import Board, BoardVersionError
from cti.journal.reader import JournalReader
from cti.journal.segment import Segment

_DIGIT_FOLLOWS: Final = rb"(?![0-9])"


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the board after a position."""

    position: int
    node: str
    #: None before the first event.
    state: bytes | None = None

    def board(self) -> Board:
        """A board of its own in that state."""
        return Board(self.node) if self.state is None else Board.load(self.state)

    def mentions(self, uniqueids: Iterable[str]) -> bool:
        """Whether the state knows any of some channels."""
        names = b"|".join(re.escape(uniqueid.encode()) for uniqueid in uniqueids)
        return (
            self.state is not None
            and re.search(b"(?:" + names + b")" + _DIGIT_FOLLOWS, self.state) is not None
        )


def starts(reader: JournalReader, node: str, position: int) -> Iterator[Start]:
    """Where a fold that includes a position may begin, the nearest first.

    A checkpoint that cannot be read is passed over. When none can be and the first record has been erased,
    the last one given is an empty board at the oldest record.
    """
    segments = [segment for segment in reader.segments if segment.first <= position]
    start = None
    for segment in reversed(segments):
        start = known_start(reader, segment, node)
        if start is not None:
            yield start
    if segments and start is None:
        yield Start(position=segments[0].first - 1, node=node)


def known_start(reader: JournalReader, segment: Segment, node: str) -> Start | None:
    """The start before a segment's first record; None when the board's state there is not known."""
    if segment.first == 1:
        return Start(position=0, node=node)
    checkpoint = reader.checkpoint(segment)
    if checkpoint is None:
        return None
    try:
        board = Board.load(checkpoint.state)
    except BoardVersionError:
        return None
    if board.gap_from is not None:  # what a snapshot had listed by then cannot be told again
        return None
    return Start(position=checkpoint.position, node=board.node, state=checkpoint.state)
