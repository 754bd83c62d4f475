"""Which calls that Asterisk took for machines' look like persons', and how much speaks for it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.dialling.rules.machine_suspicion import (
    AT_ONCE_SECONDS,
    CALLED_BACK_SECONDS,
    MESSAGE_SECONDS,
    SLOW_SECONDS,
    Clue,
    MachineCall,
    reasons_of,
    suspicion_of,
)

#: Hung up on after Asterisk has listened for less than two seconds.
HUNG_UP = MachineCall(answered_at=100.0, machine_at=101.8, ended_at=102.0, cause="LONGGREETING-1500-1500")
#: A message was heard to its end.
TOLD = MachineCall(
    answered_at=100.0, machine_at=101.8, ended_at=118.0, cause="MAXWORDS-4-3", leaves_message=True
)


def clues(call: MachineCall, **words: object) -> dict[Clue, int]:
    """What speaks for a person, with its weight."""
    return {one.clue: one.weight for one in reasons_of(msgspec.structs.replace(call, **words))}


def test_nothing_speaks_for_a_person_where_all_went_as_with_machines() -> None:
    assert clues(HUNG_UP) == clues(TOLD) == {}
    assert suspicion_of(reasons_of(HUNG_UP)) == 0


@pytest.mark.parametrize("cause", ["LONGGREETING-1500-1500", "MAXWORDS-4-3", "MAXWORDLENGTH-5000", None])
def test_the_figures_of_a_cause_stand_at_its_limit_and_tell_nothing(cause: str | None) -> None:
    assert clues(HUNG_UP, cause=cause) == {}


@pytest.mark.parametrize(
    ("later", "hung_up", "told"),
    [
        (0.0, 3, 2),
        (AT_ONCE_SECONDS, 3, 2),
        (AT_ONCE_SECONDS + 1, 1, None),
        (CALLED_BACK_SECONDS, 1, None),
        (CALLED_BACK_SECONDS + 1, None, None),
        (-1.0, None, None),
    ],
)
def test_who_calls_us_soon_had_the_telephone_in_his_hand(
    later: float, hung_up: int | None, told: int | None
) -> None:
    """The message asks to be called back, so that says less."""
    for call, weight in ((HUNG_UP, hung_up), (TOLD, told)):
        assert call.ended_at is not None
        found = clues(call, called_back_at=call.ended_at + later)
        assert found == ({} if weight is None else {Clue.CALLED_BACK: weight})


def test_another_call_to_the_telephone_was_a_persons() -> None:
    assert clues(HUNG_UP, person_at=5.0) == {Clue.PERSON_ELSEWHERE: 2}
    assert clues(HUNG_UP, answered_elsewhere_at=5.0) == {Clue.ANSWERED_ELSEWHERE: 1}
    both = reasons_of(msgspec.structs.replace(HUNG_UP, person_at=5.0, answered_elsewhere_at=6.0))
    assert [(one.clue, one.figure) for one in both] == [
        (Clue.PERSON_ELSEWHERE, 5.0), (Clue.ANSWERED_ELSEWHERE, 6.0),
    ]  # fmt: skip


def test_who_hangs_up_before_the_message_may_be_a_person() -> None:
    early = 101.8 + MESSAGE_SECONDS - 0.1
    assert clues(TOLD, ended_at=early) == {Clue.BROKE_OFF: 2}
    assert clues(TOLD, ended_at=101.8 + MESSAGE_SECONDS) == {}
    # Where Asterisk did not say when, from the answer; when we gave it up, or hang up ourselves, never.
    assert clues(TOLD, machine_at=None, ended_at=104.0) == {Clue.BROKE_OFF: 2}
    assert clues(TOLD, ended_at=early, cancelled=True) == {}
    assert clues(HUNG_UP, ended_at=early) == {}
    assert clues(TOLD, ended_at=None) == {}


@pytest.mark.parametrize(
    ("seconds", "weight"),
    [(SLOW_SECONDS - 0.1, None), (SLOW_SECONDS, 1), (4.9, 1), (11.0, None), (-1.0, None)],
)
def test_pauses_take_time(seconds: float, weight: int | None) -> None:
    found = clues(HUNG_UP, machine_at=100.0 + seconds, ended_at=130.0)
    assert found == ({} if weight is None else {Clue.SLOW: weight})


def test_what_is_not_known_says_nothing() -> None:
    assert reasons_of(MachineCall(answered_at=None, machine_at=None, ended_at=None)) == []
    assert MachineCall(answered_at=1.0, machine_at=None, ended_at=2.0).listened_seconds is None


INSTANT = st.one_of(st.none(), st.floats(0, 200_000))
CALLS = st.builds(
    MachineCall,
    answered_at=INSTANT,
    machine_at=INSTANT,
    ended_at=INSTANT,
    leaves_message=st.booleans(),
    cancelled=st.booleans(),
    called_back_at=INSTANT,
    person_at=INSTANT,
    answered_elsewhere_at=INSTANT,
)


@given(CALLS)
def test_each_clue_comes_once_and_the_weightiest_first(call: MachineCall) -> None:
    reasons = reasons_of(call)
    assert len({one.clue for one in reasons}) == len(reasons)
    weights = [one.weight for one in reasons]
    assert weights == sorted(weights, reverse=True)
    assert all(weight > 0 for weight in weights)
    assert suspicion_of(reasons) == sum(weights)
    # More that is known never makes it less of a person's.
    known = msgspec.structs.replace(call, person_at=1.0)
    assert suspicion_of(reasons_of(known)) >= suspicion_of(reasons)
