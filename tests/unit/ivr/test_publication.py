"""What the public sees of a poll: nothing about fewer than five, by no detour."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.flows.question_words import QuestionKind
from cti.ivr.results.figures import question_figures
from cti.ivr.results.publication import FEWEST, PublishedQuestion, published

SCALE = ["1", "2", "3", "4", "5"]
CHOICES = ["north", "south", "west"]


def publish(kind: QuestionKind, answers: dict[str, int], possible: list[str]) -> PublishedQuestion:
    found = published("poll", question_figures("q", kind, answers, possible=possible))
    assert found is not None
    return found


def possible_counts(seen: PublishedQuestion, values: list[str]) -> list[dict[str, int]]:
    """All ways in which the answers may have fallen, for a reader who knows only what is published."""
    assert seen.n is not None
    groups = [(bar.values, bar.count) for bar in seen.bars] or [(tuple(values), seen.n)]
    ways = []
    for group, count in groups:
        splits = [
            dict(zip(group, (*parts, count - sum(parts)), strict=True))
            for parts in product(range(count + 1), repeat=len(group) - 1)
            if sum(parts) <= count
        ]
        ways.append(splits)
    return [{k: v for part in way for k, v in part.items()} for way in product(*ways)]


@given(st.lists(st.integers(0, 12), min_size=3, max_size=3))
def test_no_small_cell_can_be_told_from_what_is_published(counts: list[int]) -> None:
    answers = dict(zip(CHOICES, counts, strict=True))
    seen = publish(QuestionKind.CHOICE, answers, CHOICES)
    if sum(counts) < FEWEST:
        assert (seen.n, seen.bars, seen.csat) == (None, [], None)
        return
    assert all(bar.count >= FEWEST for bar in seen.bars)
    ways = possible_counts(seen, CHOICES)
    for value, count in answers.items():
        if count < FEWEST:
            assert len({way[value] for way in ways}) > 1


@given(st.lists(st.integers(0, 30), min_size=5, max_size=5))
def test_marks_that_are_put_together_stay_on_their_side_so_satisfaction_tells_no_more(
    counts: list[int],
) -> None:
    seen = publish(QuestionKind.SCALE, dict(zip(SCALE, counts, strict=True)), SCALE)
    if seen.csat is None:
        assert seen.bars == []
        return
    assert all(set(bar.values) <= {"4", "5"} or set(bar.values) <= {"1", "2", "3"} for bar in seen.bars)
    assert sum(bar.count for bar in seen.bars) == seen.n == sum(counts)
    merged = any(len(bar.values) > 1 for bar in seen.bars)
    assert (seen.mean is None) == (merged and sum(counts) < 100)


def test_what_is_put_together_stands_where_its_first_answer_would() -> None:
    seen = publish(QuestionKind.SCALE, {"1": 2, "2": 90, "3": 9, "4": 20, "5": 20}, SCALE)
    assert [(bar.values, bar.count) for bar in seen.bars] == [
        (("1", "3"), 11), (("2",), 90), (("4",), 20), (("5",), 20),
    ]  # fmt: skip


def test_cells_that_are_large_enough_are_all_told() -> None:
    seen = publish(QuestionKind.SCALE, {"1": 5, "2": 6, "3": 7, "4": 8, "5": 9}, SCALE)
    assert [(bar.values, bar.count) for bar in seen.bars] == [
        (("1",), 5), (("2",), 6), (("3",), 7), (("4",), 8), (("5",), 9),
    ]  # fmt: skip
    assert seen.mean is not None
    assert seen.csat is not None
    assert seen.csat.value == pytest.approx(17 / 35)


def test_recommendations_are_told_as_three_groups() -> None:
    seen = publish(QuestionKind.RECOMMENDATION, {"10": 3, "9": 4, "8": 5, "0": 6, "6": 1}, [])
    assert [(bar.values, bar.count) for bar in seen.bars] == [
        (("0-6",), 7), (("7-8",), 5), (("9-10",), 7),
    ]  # fmt: skip
    assert seen.nps is not None
    assert (seen.nps.value, seen.mean) == (0.0, None)
    small = publish(QuestionKind.RECOMMENDATION, {"10": 3, "8": 5, "0": 6}, [])
    assert (small.n, small.bars, small.nps) == (14, [], None)


def test_quantities_have_no_bars_and_digits_are_not_told() -> None:
    seen = publish(QuestionKind.NUMBER, {"10": 3, "20": 3}, [])
    assert (seen.n, seen.bars, seen.median) == (6, [], 15.0)
    assert published("poll", question_figures("q", QuestionKind.DIGITS, {"4711": 9})) is None
    assert published("poll", question_figures("q", None, {"x": 9})) is None
