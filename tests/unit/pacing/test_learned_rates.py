"""What is learned from dials and calls comes near what they were drawn from, from the first minute on."""

from itertools import accumulate
from random import Random

import pytest

from cti.pacing.answer_rate import MEMORY, AnswerRate, Stretch, change_at
from cti.pacing.availability import LAST_SECOND, ROW_OF, talking_rows, wrapping_rows
from cti.pacing.durations import Durations
from cti.pacing.ring_times import (
    RingTimes,
    answer_chances,
    even_prior,
    quantile,
    share_by,
    timeout_prior,
)


def row(rows: list[tuple[float, ...]], age: float) -> tuple[float, ...]:
    return rows[ROW_OF[min(int(age), LAST_SECOND)]]


def test_answers_that_come_before_silence_ends_do_not_overrate_the_answer_rate() -> None:
    """A hundred dials at once: after 24 seconds every answer is known, and none of the others."""
    rate = AnswerRate()
    for _ in range(30):
        rate.observe(25.0, True)
    rate.settle(24.0, 25.0)
    assert rate.seen == 0
    for _ in range(70):
        rate.observe(25.0, False)
    rate.settle(25.0, 25.0)
    assert rate.seen == 100
    assert rate.share == pytest.approx(0.3, abs=0.01)


def test_the_answer_rate_follows_what_is_new() -> None:
    rate = AnswerRate()
    for _ in range(3_000):
        rate.observe(0.0, False)
    rate.settle(1.0, 25.0)
    low = rate.share
    for number in range(3_000):
        rate.observe(0.0, number % 2 == 0)
    rate.settle(1.0, 25.0)
    assert low < 0.01
    assert rate.share == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("before", "after", "within"), [(0.3, 0.5, 400), (0.5, 0.2, 200), (0.5, 0.0, 60)])
def test_a_change_of_the_answer_rate_is_known_within_few_dials(
    before: float, after: float, within: int
) -> None:
    chance = Random(7)
    for _ in range(10):
        rate = AnswerRate()
        for number in range(2_500 + within):
            rate.observe(float(number), chance.random() < (before if number < 2_500 else after))
            if number % 10 == 9:
                rate.settle(float(number), 25.0)
        assert abs(rate.share - after) < abs(before - after) / 3


def test_chance_alone_makes_nothing_forgotten() -> None:
    chance = Random(8)
    for share in (0.05, 0.3, 0.6):
        rate = AnswerRate()
        for number in range(6_000):
            rate.observe(float(number), chance.random() < share)
            if number % 40 == 39:
                rate.settle(float(number), 25.0)
        assert sum(one.dials for one in rate.stretches) >= MEMORY
        assert rate.share == pytest.approx(share, abs=0.02)


def test_dials_of_one_instant_are_no_change_though_the_answers_are_told_of_first() -> None:
    rate = AnswerRate()
    for number in range(400):
        rate.observe(25.0, number < 120)
    rate.settle(26.0, 25.0)
    assert [(one.dials, one.answers) for one in rate.stretches] == [(400, 120)]


def test_a_stretch_that_goes_otherwise_is_found() -> None:
    steady = [Stretch(20, 6) for _ in range(30)]
    assert change_at(steady) == 0
    assert change_at([*steady, *[Stretch(20, 14) for _ in range(6)]]) == 30
    assert change_at([]) == 0


def test_outcomes_noted_by_a_clock_that_has_begun_anew_are_not_lost() -> None:
    rate = AnswerRate()
    rate.observe(1_000_000.0, True)
    rate.settle(5.0, 25.0)
    assert rate.seen == 1


def test_ring_times_are_those_that_were_seen() -> None:
    chance = Random(1)
    rings = RingTimes()
    for _ in range(3_000):
        rings.observe(2 + 23 * chance.betavariate(2, 2.6))
    rings.settle()
    shares = rings.cumulative(even_prior(25))
    assert quantile(shares, 0.5) == pytest.approx(11.7, abs=0.6)
    assert share_by(shares, 25.0) == pytest.approx(1.0)
    assert share_by(shares, quantile(shares, 0.3)) == pytest.approx(0.3)


def test_a_dial_that_has_rung_long_is_less_likely_to_be_answered() -> None:
    answered = RingTimes()
    for number in range(1_000):
        answered.observe(2 + number % 20)
    answered.settle()
    rows = answer_chances(
        answered.cumulative(even_prior(25)), RingTimes().cumulative(timeout_prior(25)), 0.4, [5.0, 25.0]
    )
    assert rows[0][1] == pytest.approx(0.4, abs=0.001)
    assert rows[2][0] == pytest.approx(0.1, abs=0.01)
    assert rows[12][1] == pytest.approx(0.2 / 0.8, abs=0.01)
    assert rows[24][1] < 0.01


def test_dials_that_are_busy_at_once_leave_the_others_more_likely() -> None:
    busy = RingTimes()
    for _ in range(2_000):
        busy.observe(1.0)
    busy.settle()
    rows = answer_chances(
        RingTimes().cumulative(even_prior(25)), busy.cumulative(timeout_prior(25)), 0.4, [25.0]
    )
    assert rows[0][0] == pytest.approx(0.4)
    assert rows[2][0] > 0.99


@pytest.mark.parametrize("mean", [45.0, 180.0, 600.0])
def test_memoryless_durations_end_at_one_rate_whatever_their_age(mean: float) -> None:
    chance = Random(2)
    durations = Durations(mean_seconds=180)
    for _ in range(4_000):
        durations.observe(chance.expovariate(1 / mean))
    durations.settle([])
    assert durations.mean == pytest.approx(mean, rel=0.06)
    survival = durations.survival()
    for age in (0.0, mean / 2, mean):
        assert survival.lasts(age, mean) == pytest.approx(0.368, abs=0.03)


def test_those_still_talking_count_as_much_as_those_who_have_ended() -> None:
    """A minute after two hundred began at once only the short talks have ended."""
    chance = Random(3)
    drawn = [chance.expovariate(1 / 180) for _ in range(2_000)]
    durations = Durations(mean_seconds=180)
    for seconds in drawn:
        if seconds < 60:
            durations.observe(seconds)
    durations.settle([60.0 for seconds in drawn if seconds >= 60])
    assert durations.survival().lasts(0.0, 60.0) == pytest.approx(0.717, abs=0.03)
    durations.settle([])
    assert durations.survival().lasts(0.0, 60.0) < 0.3


def test_an_agent_is_free_when_talk_and_wrap_up_are_over() -> None:
    chance = Random(4)
    talk, wrap_up = Durations(mean_seconds=180), Durations(mean_seconds=30)
    pairs = [(chance.lognormvariate(4.9, 0.7), chance.expovariate(1 / 20)) for _ in range(20_000)]
    for talked, wrapped in pairs:
        talk.observe(talked)
        wrap_up.observe(wrapped)
    talk.settle([])
    wrap_up.settle([])
    ahead = [8.0, 25.0]
    rows = talking_rows(talk.survival(), wrap_up.survival(), ahead)
    for age in (22.0, 100.0, 300.0):
        still = [(talked - age, wrapped) for talked, wrapped in pairs if talked > age]
        for place, more in enumerate(ahead):
            free = sum(talked + wrapped <= more for talked, wrapped in still) / len(still)
            assert row(rows, age)[place] == pytest.approx(free, abs=0.02)
    wrapped = row(wrapping_rows(wrap_up.survival(), ahead), 12.0)
    assert wrapped == pytest.approx((0.33, 0.713), abs=0.03)


def test_what_is_believed_after_few_dials_is_believed_with_care() -> None:
    """A change shows first as a run of luck, and a rate that is too low dials too many."""
    rate, settled = AnswerRate(), AnswerRate()
    for number in range(60):
        rate.observe(0.0, number < 3)
    for number in range(3_000):
        settled.observe(0.0, number % 20 == 0)
    rate.settle(1.0, 25.0)
    settled.settle(1.0, 25.0)
    assert rate.share == pytest.approx(0.086, abs=0.001)
    assert rate.careful_share > 0.16
    assert settled.careful_share < 1.1 * settled.share


def first_bound(ages: list[float], answers: int, settled: int = 0) -> float | None:
    """Of dials that were launched so long ago, of whom so many were answered; `settled` count already."""
    rate = AnswerRate()
    for number in range(settled):
        rate.observe(-100.0, number % 3 == 0)
    rate.settle(-50.0, 25.0)
    for age in ages[:answers]:
        rate.observe(25.0 - age, True)
    by = [0.0, *accumulate(even_prior(25.0))]
    launched = [-age for age in ages[answers:]]
    return rate.first_bound(0.0, 25.0, launched, lambda seconds: share_by(by, seconds))


def test_a_bound_of_the_answer_rate_is_known_before_anybody_could_have_rung_to_the_end() -> None:
    bound = first_bound([14.0] * 200, 30)
    assert bound is not None
    # 30 of 200 after half of the time: 0.3 in the end, and not twice as many.
    assert 0.4 < bound < 0.6
    later = first_bound([24.0] * 200, 60)
    assert later is not None
    assert 0.3 < later < bound


@pytest.mark.parametrize(("ages", "answers"), [([14.0] * 20, 4), ([3.0] * 400, 12), ([], 0)])
def test_of_few_answers_or_of_dials_that_have_hardly_rung_no_bound_is_known(
    ages: list[float], answers: int
) -> None:
    assert first_bound(ages, answers) is None


def test_the_bound_of_a_few_is_no_less_than_what_anybody_believes() -> None:
    assert first_bound([20.0] * 8, 6) == 0.99


def test_dials_that_count_already_are_in_the_bound() -> None:
    bound, more = first_bound([14.0] * 60, 9), first_bound([14.0] * 60, 9, settled=30)
    assert bound is not None
    assert more is not None
    assert more < bound
