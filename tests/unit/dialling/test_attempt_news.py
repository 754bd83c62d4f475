"""News of attempts as one: in whatever order and number they come."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.news import News, merged

SEEN = (AttemptState.RINGING, AttemptState.ANSWERED, AttemptState.BRIDGED)


@st.composite
def news(draw: st.DrawFn) -> News:
    return News(
        attempt_id=draw(st.sampled_from(["at-1", "at-2"])),
        at=draw(st.floats(0, 100)),
        state=draw(st.sampled_from([None, *SEEN])),
        connected=draw(st.sampled_from([None, False, True])),
        hangup_cause=draw(st.sampled_from([None, 16])),
        machine=draw(st.sampled_from([None, "MACHINE"])),
        fax=draw(st.booleans()),
        abandoned=draw(st.booleans()),
    )


@given(st.lists(news(), max_size=8), st.randoms())
def test_the_order_and_repetition_of_news_change_nothing(given_news: list[News], chance: Random) -> None:
    mixed = [*given_news, *given_news]
    chance.shuffle(mixed)
    by_id = {one.attempt_id: one for one in merged(given_news)}
    assert {one.attempt_id: one for one in merged(mixed)} == by_id


@given(st.lists(news(), max_size=8))
def test_what_was_seen_once_stays(given_news: list[News]) -> None:
    for one in merged(given_news):
        mine = [each for each in given_news if each.attempt_id == one.attempt_id]
        states = [each.state for each in mine if each.state is not None]
        assert one.state == (max(states, key=list(AttemptState).index) if states else None)
        rang = [each.at for each in mine if each.state is AttemptState.RINGING]
        assert one.ringing_at == min(rang, default=None)
        connected = any(each.connected or each.state is AttemptState.BRIDGED for each in mine)
        assert bool(one.connected) is connected
        assert (one.abandoned_at is None) is not any(each.abandoned for each in mine)
        heard = [each.at for each in mine if each.machine is not None]
        assert one.machine_at == min(heard, default=None)


def test_a_person_who_was_left_with_nobody_was_not_connected() -> None:
    (one,) = merged([News(attempt_id="at-1", at=3.0, abandoned=True)])
    assert (one.connected, one.abandoned_at) == (False, 3.0)
