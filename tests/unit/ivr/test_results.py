"""Every figure of the results, held against another way of computing it."""

import math
import statistics
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.flows.question_words import QuestionKind
from cti.ivr.results.figures import Figure, Method, RunCounts, mean, question_figures, run_figures, share
from cti.ivr.results.student import Z_95, t_95

MARKS = st.lists(st.integers(1, 5), max_size=200)
RECOMMENDATIONS = st.lists(st.integers(0, 10), max_size=200)


def counted(answers: list[int]) -> Counter[str]:
    return Counter(map(str, answers))


def root(function: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (function(middle) > 0) == (function(low) > 0) else (low, middle)
    return (low + high) / 2


@given(MARKS)
def test_marks_equal_what_the_standard_library_makes_of_them(answers: list[int]) -> None:
    figures = question_figures("q", QuestionKind.SCALE, counted(answers))
    assert figures.n == len(answers)
    assert figures.mean is not None
    if not answers:
        assert (figures.mean.value, figures.median, figures.cells) == (None, None, [])
        return
    assert figures.csat is not None or not set(answers) & {4, 5}
    assert figures.mean.value == pytest.approx(statistics.fmean(answers))
    assert figures.median == statistics.median(answers)
    assert {cell.value: cell.count for cell in figures.cells} == counted(answers)
    assert sum(cell.share.value or 0 for cell in figures.cells) == pytest.approx(1)
    if figures.csat is not None:
        assert figures.csat.value == pytest.approx(sum(mark > 3 for mark in answers) / len(answers))
    if len(set(answers)) > 1:
        reach = t_95(len(answers) - 1) * statistics.stdev(answers) / math.sqrt(len(answers))
        assert figures.mean.high == pytest.approx(statistics.fmean(answers) + reach)
        assert figures.mean.low == pytest.approx(statistics.fmean(answers) - reach)
    else:
        assert (figures.mean.low, figures.mean.high, figures.mean.method) == (None, None, None)


@given(RECOMMENDATIONS)
def test_recommendations_equal_a_plain_count(answers: list[int]) -> None:
    figures = question_figures("q", QuestionKind.RECOMMENDATION, counted(answers))
    assert figures.nps is not None
    if not answers:
        assert figures.nps == Figure(n=0)
        return
    scores = [100 if mark >= 9 else -100 if mark <= 6 else 0 for mark in answers]
    assert figures.nps.value == pytest.approx(statistics.fmean(scores))
    # Agresti and Min: one answer of each of the four cells' halves is added, and the scores' spread is taken.
    padded = [*scores, *scores, 100, -100, 0, 0]
    error = Z_95 * statistics.pstdev(padded) / math.sqrt(len(padded) / 2)
    centre = statistics.fmean(padded)
    assert figures.nps.low == pytest.approx(max(-100, min(centre - error, statistics.fmean(scores))))
    assert figures.nps.high == pytest.approx(min(100, max(centre + error, statistics.fmean(scores))))


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_of_a_share_holds_the_shares_that_the_answers_do_not_refute(
    case: tuple[int, int],
) -> None:
    part, whole = case
    found = share(part, whole)
    value = part / whole

    def refuted(true_share: float) -> float:
        return abs(value - true_share) - Z_95 * math.sqrt(true_share * (1 - true_share) / whole)

    assert found.low is not None
    assert found.high is not None
    assert found.low <= value <= found.high
    if part:
        assert found.low == pytest.approx(root(refuted, 0.0, value), abs=1e-9)
    if part < whole:
        assert found.high == pytest.approx(root(refuted, value, 1.0), abs=1e-9)


@given(
    st.lists(st.integers(0, 10), min_size=2, max_size=50).filter(lambda values: len(set(values)) > 1),
    st.integers(0, 500),
)
def test_a_known_population_narrows_every_interval_and_a_census_has_none(
    answers: list[int], others: int
) -> None:
    population = len(answers) + others
    free = question_figures("q", QuestionKind.RECOMMENDATION, counted(answers))
    bound = question_figures("q", QuestionKind.RECOMMENDATION, counted(answers), population=population)
    pairs = [(free.mean, bound.mean), (free.nps, bound.nps)]
    pairs += [(a.share, b.share) for a, b in zip(free.cells, bound.cells, strict=True)]
    for wide, narrow in pairs:
        assert wide is not None
        assert narrow is not None
        assert wide.low is not None and wide.high is not None  # noqa: PT018
        assert narrow.low is not None and narrow.high is not None  # noqa: PT018
        assert narrow.value == wide.value
        assert narrow.population == population
        assert narrow.high - narrow.low <= wide.high - wide.low + 1e-9
        if not others:
            assert narrow.low == narrow.high == narrow.value


def test_the_mean_of_a_sample_of_a_small_population_is_corrected_as_the_textbook_says() -> None:
    answers = [1, 2, 3, 4, 5, 5, 4, 3, 2, 1]
    found = mean(Counter(map(float, answers)), population=40)
    error = statistics.stdev(answers) / math.sqrt(10) * math.sqrt((40 - 10) / (40 - 1))
    assert found.high == pytest.approx(3 + t_95(9) * error)
    assert found.method is Method.STUDENT


def test_a_population_smaller_than_the_sample_corrects_nothing() -> None:
    assert share(3, 10, population=5) == share(3, 10)


def test_known_intervals() -> None:
    most = share(8, 10)
    assert (most.low, most.high) == (pytest.approx(0.4901625), pytest.approx(0.9433178))
    none = share(0, 20)
    assert (none.low, none.high) == (0.0, pytest.approx(0.1611252, abs=1e-6))


@pytest.mark.parametrize("degrees", [1, 2, 3, 7, 29, 30, 199, 200, 201, 500, 5000])
def test_student_s_quantile_cuts_off_95_percent(degrees: int) -> None:
    factor = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2))
    factor /= math.sqrt(degrees * math.pi)
    steps = 20_000
    width = t_95(degrees) / steps

    def density(t: float) -> float:
        return factor * (1 + t * t / degrees) ** (-(degrees + 1) / 2)

    inner = sum((4 if i % 2 else 2) * density(i * width) for i in range(1, steps))
    half = width / 3 * (density(0) + inner + density(steps * width))
    assert 2 * half == pytest.approx(0.95, abs=1e-6)


def test_what_nobody_answered_is_no_zero() -> None:
    figures = question_figures("q", QuestionKind.SCALE, {}, possible=["1", "2", "3", "4", "5"])
    assert [cell.count for cell in figures.cells] == [0] * 5
    assert all(cell.share == Figure(n=0) for cell in figures.cells)
    assert (figures.csat, figures.mean, figures.median) == (Figure(n=0), Figure(n=0), None)
    shares = run_figures(RunCounts(begun=1, running=1))
    assert (shares.completion, shares.response) == (Figure(n=0), Figure(n=0))


def test_answers_that_the_flow_does_not_know_are_told_apart() -> None:
    figures = question_figures(
        "q", QuestionKind.CHOICE, {"north": 3, "south": 1, "gone": 2}, possible=["south", "north", "west"]
    )
    assert [(cell.value, cell.count) for cell in figures.cells] == [("south", 1), ("north", 3), ("west", 0)]
    assert (figures.n, figures.not_counted) == (4, 2)
    assert figures.mean is None


@pytest.mark.parametrize("value", ["****", "", "-", ".", "nan", "inf", "1e9", "٣"])
def test_what_is_no_number_is_not_counted_as_one(value: str) -> None:
    figures = question_figures("q", QuestionKind.NUMBER, {value: 1, "7": 1, "-2.5": 1})
    assert (figures.n, figures.not_counted, figures.median) == (2, 1, 2.25)


def test_marks_up_to_ten_have_a_mean_and_no_satisfaction() -> None:
    ten = [str(mark) for mark in range(1, 11)]
    assert question_figures("q", QuestionKind.SCALE, {"4": 2}, possible=ten).csat is None


def test_digits_are_recorded_and_not_counted() -> None:
    figures = question_figures("q", QuestionKind.DIGITS, {"4711": 1, "4712": 1})
    assert (figures.n, figures.cells, figures.mean) == (2, [], None)


def test_completion_leaves_out_who_was_handed_over_and_response_who_is_still_there() -> None:
    counts = RunCounts(begun=20, running=2, exited=9, hung_up=5, handed_over=3, failed=1, answered=12)
    found = run_figures(counts)
    assert (found.completion.value, found.completion.n) == (9 / 15, 15)
    assert (found.response.value, found.response.n) == (12 / 18, 18)


def test_a_mark_is_the_same_with_a_leading_zero() -> None:
    figures = question_figures("q", QuestionKind.RECOMMENDATION, {"9": 1, "09": 2, "00": 1, "11": 1})
    assert {cell.value: cell.count for cell in figures.cells if cell.count} == {"9": 3, "0": 1}
    assert (figures.n, figures.not_counted) == (4, 1)
