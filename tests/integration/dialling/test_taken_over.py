"""An attempt that is taken over while its channel lives: the ledger has what was said of it before."""

from collections.abc import Sequence

import pytest
from dial_room import NODE, NOW, DialRoom
from followed_attempt import ANSWERED_AT, LATER, Followed, answers, hangup

from cti.asterisk.cel import CelRow
from cti.dialling.attempts.recovery import Recovery
from cti.errors import LedgerUnreadable

#: Before anybody has to be there for him, so that only the dialplan's word tells why he left.
LEFT_AT = ANSWERED_AT + 1.5


class Ledger:
    """Asterisk's, as far as it can be read."""

    def __init__(self) -> None:
        self.rows: list[CelRow] = []
        self.is_readable = True

    def add(self, name: str, at: float, attempt_id: str, said: str) -> None:
        self.rows.append(
            CelRow(
                event=name, at=at, uniqueid=attempt_id, linkedid=attempt_id, channel="PJSIP/trunk-1",
                exten="s", context="dialled", application="", data="", number="", extra={"extra": said},
            )
        )  # fmt: skip

    async def after(self, instant: float) -> Sequence[CelRow]:
        if not self.is_readable:
            raise LedgerUnreadable("not now")
        return [row for row in self.rows if row.at >= instant]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def recovery(room: DialRoom, followed: Followed, ledger: Ledger) -> Recovery:
    return Recovery(
        followed.board, room.engine, followed.book, node=NODE, clock=lambda: LATER,
        rows_after=ledger.after, queue_of=lambda _: None,
    )  # fmt: skip


async def outcome(room: DialRoom, followed: Followed) -> tuple[str, bool]:
    await followed.until_it_is_written()
    ((found, was_abandoned),) = await room.rows("SELECT outcome, abandoned_at IS NOT NULL FROM attempts")
    return found, was_abandoned


@pytest.mark.parametrize("has_left", [False, True])
async def test_who_heard_the_apology_before_he_was_taken_over_was_abandoned_however_soon_he_leaves(
    room: DialRoom, followed: Followed, ledger: Ledger, recovery: Recovery, has_left: bool
) -> None:
    ledger.add("CtiAttemptAbandoned", ANSWERED_AT + 0.1, followed.id, "no_service")
    followed.happens(answers(followed.id))
    followed.open(look_at=LATER)
    if has_left:
        followed.happens(hangup(followed.id, LEFT_AT))
        await recovery.look()
    else:
        await recovery.look()
        followed.happens(hangup(followed.id, LEFT_AT))
    assert await outcome(room, followed) == ("abandoned", True)


async def test_who_leaves_at_once_and_was_told_nothing_has_hung_up(
    room: DialRoom, followed: Followed, recovery: Recovery
) -> None:
    followed.happens(answers(followed.id))
    followed.open(look_at=LATER)
    await recovery.look()
    followed.happens(hangup(followed.id, LEFT_AT))
    assert await outcome(room, followed) == ("hung_up", False)


async def test_what_answered_and_was_taken_for_a_machine_before_is_one(
    room: DialRoom, followed: Followed, ledger: Ledger, recovery: Recovery
) -> None:
    ledger.add("CtiAttemptMachine", ANSWERED_AT + 0.5, followed.id, "MACHINE MAXWORDS-4-3")
    followed.happens(answers(followed.id))
    followed.open(look_at=LATER)
    await recovery.look()
    followed.happens(hangup(followed.id, LEFT_AT))
    assert await outcome(room, followed) == ("machine", False)


async def test_while_the_ledger_cannot_be_read_nothing_is_said_of_whoever_was_taken_over(
    room: DialRoom, followed: Followed, ledger: Ledger, recovery: Recovery
) -> None:
    ledger.is_readable = False
    ledger.add("CtiAttemptAbandoned", ANSWERED_AT + 0.1, followed.id, "no_service")
    followed.happens(answers(followed.id))
    followed.open(look_at=NOW)
    followed.happens(hangup(followed.id, LEFT_AT))
    await recovery.look()
    attempt = followed.book.get(followed.id)
    assert attempt is not None
    assert attempt.outcome(LATER + 60.0) is None
    ledger.is_readable, attempt.look_at = True, NOW
    await recovery.look()
    assert await outcome(room, followed) == ("abandoned", True)
