"""Three lists of event names that agree: what is taken, what the board uses, what Asterisk leaves out."""

from cti.asterisk.events import OWN_PREFIX, WANTED
from cti.board.board import RULES
from cti.installation.asterisk_files import UNUSED_EVENTS


def test_every_event_that_the_board_knows_is_taken() -> None:
    assert {name for name in RULES if not name.startswith(OWN_PREFIX)} <= WANTED


def test_asterisk_is_told_to_leave_out_nothing_that_is_taken() -> None:
    assert not WANTED & set(UNUSED_EVENTS)
