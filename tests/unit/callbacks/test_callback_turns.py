"""Whose turn it is to be called back."""

from hypothesis import given
from hypothesis import strategies as st

from cti.callbacks.model import Callback, CallbackState
from cti.callbacks.turn import QueueSituation, due, place


def callback(number: int, place_at: float, state: CallbackState = CallbackState.WAITING) -> Callback:
    return Callback(
        id=f"c{number}", name=f"c{number}", call_id="x", call_started_at=0.0, queue="sales",
        number="13800138000", language="zh", promised_at=place_at + 30.0, place_at=place_at, state=state,
    )  # fmt: skip


def situation(*joined: float, staffed: int = 1, ready: int = 0, called_back: int = 0) -> QueueSituation:
    return QueueSituation(joined=joined, staffed=staffed, ready=ready, called_back=called_back)


def test_who_keeps_his_place_is_not_called_while_somebody_waits_who_came_before_him() -> None:
    assert due([callback(1, 100.0)], situation(90.0, 110.0)) == []


def test_at_the_head_of_the_line_he_is_called_even_while_every_agent_talks() -> None:
    one = callback(1, 100.0)
    assert due([one], situation(110.0, 120.0, ready=0)) == [one]


def test_where_nobody_is_signed_in_nobody_is_called() -> None:
    assert due([callback(1, 100.0)], situation(staffed=0)) == []


def test_as_many_are_called_at_once_as_agents_are_free_and_one_at_least() -> None:
    line = [callback(n, 100.0 + n) for n in range(5)]
    assert due(line, situation(staffed=9, ready=3)) == line[:3]
    assert due(line, situation(staffed=9, ready=0)) == line[:1]


def test_who_is_being_called_and_who_was_called_back_and_waits_count() -> None:
    line = [callback(1, 1.0, CallbackState.DIALLING), callback(2, 2.0), callback(3, 3.0)]
    assert due(line, situation(ready=0)) == []
    assert due(line, situation(ready=2)) == line[1:2]
    assert due(line, situation(1.5, ready=2, called_back=1)) == []


def test_the_place_counts_callers_and_callbacks() -> None:
    one, two = callback(1, 100.0), callback(2, 105.0)
    assert place(one, [one, two], [90.0, 102.0]) == 2
    assert place(two, [one, two], [90.0, 102.0]) == 4


@given(
    st.lists(st.tuples(st.floats(0, 100), st.sampled_from(list(CallbackState))), max_size=12),
    st.lists(st.floats(0, 100), max_size=12),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(0, 3),
)
def test_nobody_is_called_out_of_turn_twice_or_in_too_great_a_number(
    found: list[tuple[float, CallbackState]], joined: list[float], staffed: int, ready: int, called: int
) -> None:
    line = [callback(n, at, state) for n, (at, state) in enumerate(found)]
    ready = min(ready, staffed)
    chosen = due(line, situation(*joined, staffed=staffed, ready=ready, called_back=called))
    dialling = sum(one.state is CallbackState.DIALLING for one in line)
    assert all(one.state is CallbackState.WAITING for one in chosen)
    assert all(one.place_at <= at for one in chosen for at in joined)
    assert not chosen or (staffed and len(chosen) + dialling + called <= max(1, ready))
    left = [one for one in line if one.state is CallbackState.WAITING and one not in chosen]
    assert all(one.place_at <= other.place_at for one in chosen for other in left)
