"""Where in a journal a fold may begin: at its very first record, or at a checkpoint."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cti.board.board import Board, BoardVersionError
from cti.journal.reader import JournalReader

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
    for segment in reversed(segments):
        if segment.first == 1:
            yield Start(position=0, node=node)
            return
        checkpoint = reader.checkpoint(segment)
        if checkpoint is None:
            continue
        try:
            board = Board.load(checkpoint.state)
        except BoardVersionError:
            continue
        if board.gap_from is not None:  # what a snapshot had listed by then cannot be told again
            continue
        yield Start(position=checkpoint.position, node=board.node, state=checkpoint.state)
        if segment is segments[0]:
            return
    if segments:
        yield Start(position=segments[0].first - 1, node=node)
