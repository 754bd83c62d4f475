"""The risk that a dial may take, by what was abandoned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.pacing.abandon_budget import LEAST_RISK, Allowance, allowance
from cti.pacing.abandon_count import AbandonCount, AbandonCounts

CAP = 0.03


def allowed(*, answered: int, abandoned: int, expected: float, at_risk: float = 0.0) -> Allowance:
    counts = [AbandonCount(answered=answered, abandoned=abandoned)]
    return allowance(cap=CAP, counts=counts, expected=expected, at_risk=at_risk)


def always(*, answered: int, abandoned: int, expected: float = 1e6, at_risk: float = 0.0) -> Allowance:
    counts = [AbandonCount(answered=answered, abandoned=abandoned)]
    return allowance(cap=CAP, counts=counts, expected=expected, at_risk=at_risk, always=True)


def test_a_day_begins_with_a_risk_a_little_below_the_cap() -> None:
    begin = allowed(answered=0, abandoned=0, expected=6_000)
    assert begin.risk == pytest.approx(0.0291, abs=0.0005)
    assert begin.left == pytest.approx(0.98, abs=0.005)


def test_each_abandoned_call_lowers_the_risk_until_the_budget_is_overdrawn() -> None:
    by_abandoned = [allowed(answered=600, abandoned=abandoned, expected=600) for abandoned in range(60)]
    falling = [one.risk for one in by_abandoned]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > 0.04 > 0.026 > falling[19]
    assert not by_abandoned[0].short
    assert by_abandoned[25].short
    assert not by_abandoned[25].overdrawn
    assert by_abandoned[36].overdrawn
    assert by_abandoned[36].risk == 0


def test_one_call_too_many_matters_more_in_the_evening_than_in_the_morning() -> None:
    morning = [allowed(answered=100, abandoned=abandoned, expected=1_100) for abandoned in (3, 4)]
    evening = [allowed(answered=1_100, abandoned=abandoned, expected=100) for abandoned in (32, 33)]
    assert morning[1].risk > 0.9 * morning[0].risk
    assert evening[1].risk < 0.5 * evening[0].risk


def test_what_is_left_in_the_evening_is_not_thrown_away_at_once() -> None:
    evening = allowed(answered=1_190, abandoned=20, expected=10)
    assert evening.left == pytest.approx(1.27, abs=0.01)
    assert evening.risk == pytest.approx(0.0486, abs=0.001)


def test_calls_that_are_about_to_be_abandoned_count_as_if_they_were() -> None:
    certain = allowed(answered=600, abandoned=14, expected=600)
    likely = allowed(answered=600, abandoned=12, expected=600, at_risk=2.0)
    assert likely == certain
    assert allowed(answered=600, abandoned=30, expected=600, at_risk=5.5).overdrawn


@pytest.mark.parametrize("answers", [1, 20, 33])
def test_a_list_with_fewer_answers_than_one_abandoned_call_needs_takes_no_risk(answers: float) -> None:
    assert allowed(answered=0, abandoned=0, expected=answers).overdrawn


def test_a_list_that_can_bear_one_abandoned_call_risks_one_and_not_two() -> None:
    assert not allowed(answered=10, abandoned=0, expected=50).overdrawn
    assert allowed(answered=10, abandoned=1, expected=50).overdrawn


def test_the_tightest_window_decides() -> None:
    today = AbandonCount(answered=100, abandoned=1)
    fine = AbandonCount(answered=20_000, abandoned=500)
    tight = AbandonCount(answered=20_000, abandoned=605)
    spent = AbandonCount(answered=20_000, abandoned=700)
    alone = allowance(cap=CAP, counts=[today], expected=900)
    assert allowance(cap=CAP, counts=[today, fine], expected=900) == alone
    tightened = allowance(cap=CAP, counts=[today, tight], expected=900)
    assert 0 < tightened.risk < alone.risk
    assert allowance(cap=CAP, counts=[spent, today], expected=900).overdrawn


def test_calls_count_in_every_window() -> None:
    counts = AbandonCounts(day=AbandonCount(answered=50, abandoned=1)).plus(3, 1)
    assert counts == AbandonCounts(
        day=AbandonCount(answered=53, abandoned=2),
        today=AbandonCount(answered=3, abandoned=1),
        month=AbandonCount(answered=3, abandoned=1),
    )


@given(
    cap=st.floats(0.001, 0.2),
    answered=st.integers(0, 100_000),
    abandoned=st.integers(0, 100_000),
    expected=st.floats(0, 100_000),
    at_risk=st.floats(0, 50),
)
def test_the_risk_is_within_its_bounds_never_grows_with_one_more_abandoned_and_ends_with_the_budget(
    cap: float, answered: int, abandoned: int, expected: float, at_risk: float
) -> None:
    def after(abandoned: int) -> Allowance:
        counts = [AbandonCount(answered=answered, abandoned=abandoned)]
        return allowance(cap=cap, counts=counts, expected=expected, at_risk=at_risk)

    before, later = after(abandoned), after(abandoned + 1)
    assert 0 <= later.risk <= before.risk <= 4 * cap
    assert before.risk == 0 or before.risk >= LEAST_RISK
    assert later.overdrawn >= before.overdrawn
    assert later.short >= before.short
    if abandoned + at_risk + 1 > cap * (answered + expected) + 1e-6:
        assert before.overdrawn


def test_a_small_risk_is_taken_while_three_calls_are_left() -> None:
    reserved = allowed(answered=6_000, abandoned=179, expected=70)
    assert reserved.left == 0
    assert reserved.risk == pytest.approx(0.2 * CAP)
    assert allowed(answered=6_000, abandoned=180, expected=70).overdrawn


# --- at any moment ---


@given(
    answered=st.integers(0, 10_000),
    expected=st.floats(0, 1e6),
    at_risk=st.floats(0, 20),
    part=st.floats(0, 2),
)
def test_where_the_cap_holds_always_no_risk_is_taken_that_answers_to_come_would_have_to_make_good(
    answered: int, expected: float, at_risk: float, part: float
) -> None:
    abandoned = int(CAP * answered * part)
    if always(answered=answered, abandoned=abandoned, expected=expected, at_risk=at_risk).risk > 0:
        assert abandoned + at_risk + 1 < CAP * answered


def test_where_the_cap_holds_always_the_first_answers_find_everybody_there() -> None:
    assert always(answered=33, abandoned=0).overdrawn
    assert not always(answered=40, abandoned=0).overdrawn


def test_where_the_cap_holds_always_the_risk_is_the_cap_while_some_calls_may_be_spent() -> None:
    # 3 % of 1,000 are 30; one is kept.
    assert always(answered=1_000, abandoned=23).risk == pytest.approx(CAP)
    assert always(answered=1_000, abandoned=0).risk == pytest.approx(CAP * 1.5**0.5)
    by_abandoned = [always(answered=1_000, abandoned=abandoned).risk for abandoned in range(20, 32)]
    assert by_abandoned == sorted(by_abandoned, reverse=True)
    assert by_abandoned[-1] == 0


def test_where_the_cap_holds_always_the_calls_in_hand_are_spent_when_the_day_ends() -> None:
    evening = always(answered=1_000, abandoned=27, expected=30)
    assert evening.risk > always(answered=1_000, abandoned=27).risk
    assert evening.risk > CAP
