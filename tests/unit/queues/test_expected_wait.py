"""How long who joins a queue now is likely to wait."""

import pytest

from cti.board.board import Board
from cti.queues.expected_wait import ExpectedWaits, Line, expected_seconds
from tests.unit.board.scenario import read_events


@pytest.mark.parametrize(
    ("head", "last", "waiting", "ready", "expected"),
    [
        (None, None, 0, 0, None),
        (None, None, 0, 1, 0.0),
        (None, 40.0, 0, 1, 0.0),
        (None, 40.0, 0, 0, 40.0),
        (90.0, 40.0, 3, 0, 90.0),
        (5.0, 40.0, 3, 0, 40.0),
        (5.0, None, 1, 1, 5.0),
    ],
)
def test_the_longer_of_the_head_of_the_line_and_the_last_answered_counts(
    head: float | None, last: float | None, waiting: int, ready: int, expected: float | None
) -> None:
    line = Line(head_seconds=head, last_seconds=last, waiting=waiting, ready=ready)
    assert expected_seconds(line) == expected


def test_a_recorded_call_is_followed_from_joining_to_the_answer() -> None:
    board = Board("lab")
    waits = ExpectedWaits(board)
    joined_at = 0.0
    seen: list[float | None] = []
    for event in read_events("answered"):
        waits.observe(board.apply(event))
        if event.name == "QueueCallerJoin":
            joined_at = event.at
        if event.name in ("QueueCallerJoin", "AgentConnect"):
            seen.append(waits.seconds("sales"))
        if event.name == "AgentConnect":
            answered_at = event.at
    # The head of the line has just come; then he was answered, and waited for so long.
    assert seen == [0.0, pytest.approx(answered_at - joined_at, abs=0.1)]
    assert waits.seconds("support") is None
