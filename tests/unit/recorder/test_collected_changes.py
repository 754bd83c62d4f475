"""What an event leaves behind is freed at once: the service must never stop to look for reference cycles."""

import gc
import weakref
from collections.abc import Iterator

import msgspec
import pytest

from cti.asterisk.events import parse
from cti.board.board import Board
from cti.recorder.batch import Changes
from tests.unit.board.scenario import TRANSCRIPTS, read_blocks


@pytest.fixture
def no_search_for_cycles() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def recorded() -> Iterator[bytes]:
    for path in sorted(TRANSCRIPTS.glob("*.ami")):
        yield from read_blocks(path)


@pytest.mark.usefixtures("no_search_for_cycles")
def test_changes_are_freed_with_the_batch_that_was_cut_from_them() -> None:
    board, changes = Board("lab"), Changes("lab")
    for position, block in enumerate(recorded(), 1):
        changes.mark(board.apply(parse(block)), position)
    batch, seen = changes.cut(position), weakref.ref(changes)
    assert batch.row_count > 100
    del changes, batch
    assert seen() is None


@pytest.mark.usefixtures("no_search_for_cycles")
def test_events_leave_no_cycles() -> None:
    board = Board("lab")
    for block in recorded():
        for fact in board.apply(parse(block)):
            msgspec.json.encode(fact)  # fails on one that reaches itself
    board.dump()
    del board, fact
    assert gc.collect() == 0
