"""References: short, unlike any other, and wrong when heard or keyed wrongly."""

from hypothesis import given
from hypothesis import strategies as st

from cti.tasks.reference import day_of, next_number, reference_of

DAYS = st.integers(0, 4000)
NUMBERS = st.integers(1, 20_000)


def is_of_a_task(heard: str) -> bool:
    """Whether the task of the day and the number that it names has this reference."""
    day_and_number = heard[:-1]
    places = 3 if len(heard) <= 8 else 8
    return reference_of(int(day_and_number[:-places]), int(day_and_number[-places:])) == heard


def test_a_reference_is_the_day_the_number_and_a_check_digit() -> None:
    assert day_of(1_795_651_200.0) == 329  # 2026-11-26
    assert reference_of(329, 14)[:6] == "329014"
    assert len(reference_of(329, 14)) == 7
    assert reference_of(329, 1000)[:11] == "32900001000"


@given(DAYS, NUMBERS, DAYS, NUMBERS)
def test_no_two_tasks_have_the_same(day: int, number: int, other_day: int, other: int) -> None:
    same = reference_of(day, number) == reference_of(other_day, other)
    assert same == ((day, number) == (other_day, other))


@given(DAYS, NUMBERS, st.data())
def test_one_wrong_digit_and_two_that_changed_places_are_noticed(
    day: int, number: int, data: st.DataObject
) -> None:
    reference = reference_of(day, number)
    assert is_of_a_task(reference)
    place = data.draw(st.integers(0, len(reference) - 1))
    wrong = data.draw(st.sampled_from("0123456789"))
    heard = f"{reference[:place]}{wrong}{reference[place + 1 :]}"
    assert is_of_a_task(heard) == (heard == reference)
    swapped = list(reference)
    if place:
        swapped[place - 1], swapped[place] = swapped[place], swapped[place - 1]
    assert is_of_a_task("".join(swapped)) == ("".join(swapped) == reference)


@given(st.lists(st.floats(1.7e9, 2e9)))
def test_numbers_go_on_and_never_come_back_whatever_the_clock_does(instants: list[float]) -> None:
    seen: set[tuple[int, int]] = set()
    day = number = 0
    for at in instants:
        day, number = next_number(at, day, number)
        assert (day, number) not in seen
        seen.add((day, number))
