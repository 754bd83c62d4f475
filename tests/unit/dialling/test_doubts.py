"""What keeps everybody from being dialled."""

import pytest

from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.asterisk.link import AmiSettings
from cti.board.board import Board
from cti.board.facts import ClockStepped
from cti.dialling.records.doubts import CLOCK_SECONDS, Doubts
from cti.dialling.rules.may_dial import Doubt
from cti.ledger.model import LedgerState, LedgerStatus

NOW = 1_800_000_000.0


class Room:
    """Doubts of a service that is not connected, at an instant by each of its clocks."""

    def __init__(self) -> None:
        self.since_start = 0.0
        self.here = NOW
        self.ledger = LedgerStatus(state=LedgerState.CHECKING, age_seconds=10.0)
        self.clock = AsteriskClock(lambda: self.since_start)
        ami = AmiConnection(AmiSettings(host="127.0.0.1", port=1, username="cti", secret="none"))
        self.doubts = Doubts(Board("lab"), ami, self.clock, lambda: self.ledger, wall_clock=lambda: self.here)

    @property
    def found(self) -> set[Doubt]:
        """What is in doubt beside the telephones, which are away."""
        found = set(self.doubts.current())
        assert Doubt.TELEPHONES in found
        return found - {Doubt.TELEPHONES}


@pytest.fixture
def room() -> Room:
    room = Room()
    room.clock.observe(NOW)
    return room


def test_with_clocks_that_agree_and_a_ledger_that_is_read_only_the_telephones_are_missing(room: Room) -> None:
    assert room.found == set()
    assert Doubt.DATABASE in room.doubts.current(database=False)
    assert room.doubts.silence_seconds == float("inf")


def test_before_asterisk_has_told_its_time_no_clock_is_believed() -> None:
    assert Room().found == {Doubt.CLOCK}


@pytest.mark.parametrize("by", [-3600.0, -CLOCK_SECONDS - 1, CLOCK_SECONDS + 1, 3600.0])
def test_two_clocks_that_differ_are_both_in_doubt(room: Room, by: float) -> None:
    room.here = NOW + by
    assert room.found == {Doubt.CLOCK}


def test_for_a_while_after_it_was_set_a_clock_is_in_doubt(room: Room) -> None:
    room.doubts.observe([ClockStepped(at=NOW, by=5.0)])
    assert room.found == {Doubt.CLOCK}
    room.since_start += CLOCK_SECONDS
    room.here += CLOCK_SECONDS
    assert room.found == set()


@pytest.mark.parametrize(
    ("status", "away"),
    [
        (LedgerStatus(state=LedgerState.UNREADABLE, age_seconds=1.0), True),
        (LedgerStatus(state=LedgerState.CHECKING, age_seconds=600.0), True),
        (LedgerStatus(state=LedgerState.STARTING), False),
    ],
)
def test_a_ledger_that_cannot_be_read_or_is_behind_is_away(
    room: Room, status: LedgerStatus, away: bool
) -> None:
    room.ledger = status
    assert room.found == ({Doubt.LEDGER} if away else set())
