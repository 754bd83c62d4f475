"""With what the flow of an attempt ended is kept with its end, whenever it is told."""

import pytest
from dial_room import DAY, DialRoom
from followed_attempt import ENDED_AT, Followed, begins, ends, hangup

from cti.dialling.attempts.attempt_book import Settlement
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.outcome import Outcome


async def kept(room: DialRoom) -> tuple[object, ...]:
    ((outcome, flow_outcome, state, next_at),) = await room.rows(
        "SELECT a.outcome, a.flow_outcome, c.state, extract(epoch FROM c.next_at)::float8"
        " FROM attempts a JOIN contacts c ON c.id = a.contact_id"
    )
    return outcome, flow_outcome, state, next_at


ASKED = ("answered", "later", "open", ENDED_AT + DAY)


@pytest.mark.parametrize("hurries", [False, True])
async def test_who_asks_for_another_time_has_asked_for_it_also_when_he_hangs_up_meanwhile(
    room: DialRoom, followed: Followed, hurries: bool
) -> None:
    followed.open()
    followed.happens(*begins(followed.id, "outbound"))
    last = [ends(followed.id, ENDED_AT - 0.1), hangup(followed.id)]
    if hurries:
        last = [hangup(followed.id), ends(followed.id, ENDED_AT + 0.1)]
    followed.happens(*last)
    await followed.until_it_is_written()
    assert await kept(room) == ASKED


async def test_whose_call_was_over_before_it_was_taken_over_has_asked_for_it(
    room: DialRoom, followed: Followed
) -> None:
    """The service died after the flow had ended, and the journal has told the board of it."""
    followed.happens(*begins(followed.id, "outbound"), ends(followed.id, ENDED_AT - 0.1), hangup(followed.id))
    followed.open(look_at=ENDED_AT, state=AttemptState.BRIDGED)
    followed.book.end(followed.id, Settlement(outcome=Outcome.ANSWERED, ended_at=ENDED_AT))
    await followed.until_it_is_written()
    assert await kept(room) == ASKED


async def test_what_a_survey_ends_with_says_nothing_of_an_attempt(room: DialRoom, followed: Followed) -> None:
    followed.open()
    followed.happens(*begins(followed.id, "survey"), ends(followed.id, ENDED_AT - 0.1), hangup(followed.id))
    await followed.until_it_is_written()
    assert (await kept(room))[:3] == ("answered", None, "closed")
