"""Whether and when somebody is called again."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.campaigns.forms.dispositions import Next
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import (
    DAY,
    DEFAULT_RETRIES,
    HOUR,
    MINUTE,
    Attempt,
    AttemptLimits,
    Closed,
    HoldReason,
    PhoneHold,
    RetryRule,
    Verdict,
    after_attempt,
    after_flow,
    after_verdict,
    attempts_in_day,
    phone_hold,
)

LIMITS = AttemptLimits()
SENT = [outcome for outcome in Outcome if outcome is not Outcome.NOT_SENT]


def attempt(sent_at: float, outcome: Outcome | None = Outcome.NO_ANSWER, seconds: float = 25.0) -> Attempt:
    return Attempt(sent_at=sent_at, ended_at=None if outcome is None else sent_at + seconds, outcome=outcome)


@given(
    st.lists(st.tuples(st.sampled_from(SENT), st.floats(1, 600), st.floats(0, 40 * HOUR)), max_size=30),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_whatever_the_outcomes_and_whenever_it_is_tried_a_telephone_is_never_called_above_its_limits(
    tries: list[tuple[Outcome, float, float]], most: int, shuffle: random.Random
) -> None:
    limits = AttemptLimits(most_in_day=most)
    made: list[Attempt] = []
    now = 1_800_000_000.0
    for outcome, seconds, wait in tries:
        now += wait
        known = [*made]
        shuffle.shuffle(known)
        hold = phone_hold(known, now, limits)
        if hold is not None:
            # What is told as the end of the hold is one, and not a moment too early or too late.
            assert phone_hold(known, hold.until - 0.001, limits) is not None
            assert phone_hold(known, hold.until, limits) is None
            continue
        made.append(attempt(now, outcome, seconds))
        now += seconds
    for place, one in enumerate(made):
        within = [other for other in made if one.sent_at <= other.sent_at < one.sent_at + DAY]
        assert len(within) <= most
        for earlier in made[:place]:
            assert earlier.ended_at is not None
            assert one.sent_at >= earlier.ended_at + limits.gap_seconds
            if earlier.outcome is Outcome.ABANDONED:
                assert one.sent_at >= earlier.ended_at + limits.abandoned_seconds


@given(st.lists(st.sampled_from(list(Outcome)), max_size=40), st.integers(1, 8))
def test_whatever_the_outcomes_a_contact_is_never_tried_above_the_campaigns_caps(
    outcomes: list[Outcome], most: int
) -> None:
    limits = AttemptLimits(most_in_campaign=most)
    made: list[Outcome] = []
    ended_at = 0.0
    for outcome in outcomes:
        following = after_attempt(outcome, ended_at, made, limits=limits)
        made.append(outcome)
        if isinstance(following, Closed):
            break
        if outcome.is_attempt:
            assert following >= ended_at + limits.gap_seconds
        ended_at = following
    sent = [one for one in made if one.is_attempt]
    assert len(sent) <= most
    for outcome in sent:
        rule = DEFAULT_RETRIES[outcome]
        assert sent.count(outcome) <= rule.most + 1


def test_every_outcome_of_an_attempt_has_a_rule() -> None:
    assert set(DEFAULT_RETRIES) == set(SENT)


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.FAX, Outcome.WRONG_NUMBER])
def test_who_was_reached_or_never_can_be_is_done_with(outcome: Outcome) -> None:
    assert after_attempt(outcome, 0.0, [], limits=LIMITS) is Closed.FINAL


def test_after_busy_it_is_tried_three_times_more_each_half_an_hour_later() -> None:
    before: list[Outcome] = []
    for _ in range(3):
        assert after_attempt(Outcome.BUSY, 100.0, before, limits=LIMITS) == 100.0 + 30 * MINUTE
        before.append(Outcome.BUSY)
    assert after_attempt(Outcome.BUSY, 100.0, before, limits=LIMITS) is Closed.RETRIES_USED


def test_retries_are_counted_for_each_outcome_apart_and_all_together() -> None:
    mixed = [Outcome.BUSY, Outcome.BUSY, Outcome.NO_ANSWER, Outcome.NO_ANSWER]
    assert after_attempt(Outcome.NO_ANSWER, 0.0, mixed, limits=LIMITS) == 4 * HOUR
    assert (
        after_attempt(Outcome.NO_ANSWER, 0.0, [*mixed, Outcome.BUSY], limits=LIMITS) is Closed.ATTEMPTS_USED
    )


def test_what_was_never_sent_uses_nothing_up() -> None:
    used = [Outcome.NO_ANSWER] * 3
    assert after_attempt(Outcome.NOT_SENT, 50.0, used, limits=LIMITS) == 50.0
    assert phone_hold([attempt(0.0, Outcome.NOT_SENT)], 1.0, LIMITS) is None
    assert attempts_in_day([attempt(0.0, Outcome.NOT_SENT)], 1.0) == 0


def test_an_attempt_whose_end_is_unknown_counts_as_one_that_nobody_answered() -> None:
    assert DEFAULT_RETRIES[Outcome.UNKNOWN] == DEFAULT_RETRIES[Outcome.NO_ANSWER]
    unknown = [attempt(0.0, Outcome.UNKNOWN), attempt(2 * HOUR, Outcome.UNKNOWN), attempt(4 * HOUR)]
    assert attempts_in_day(unknown, 5 * HOUR) == 3


def test_no_rule_of_a_campaign_is_shorter_than_the_gap_or_than_the_days_after_an_abandoned_call() -> None:
    hasty = {outcome: RetryRule(most=9, after_seconds=1.0) for outcome in SENT}
    for outcome in SENT:
        least = LIMITS.abandoned_seconds if outcome is Outcome.ABANDONED else LIMITS.gap_seconds
        assert after_attempt(outcome, 7.0, [], retries=hasty, limits=LIMITS) == 7.0 + least


def test_an_abandoned_call_keeps_a_telephone_free_for_72_hours_unless_an_agent_is_reserved() -> None:
    abandoned = [attempt(0.0, Outcome.ABANDONED, 10.0)]
    until = 10.0 + 72 * HOUR
    assert phone_hold(abandoned, 60 * HOUR, LIMITS) == PhoneHold(reason=HoldReason.ABANDONED, until=until)
    assert phone_hold(abandoned, until, LIMITS) is None
    assert phone_hold(abandoned, 60 * HOUR, LIMITS, agent_reserved=True) is None
    gap = phone_hold(abandoned, 60.0, LIMITS, agent_reserved=True)
    assert gap == PhoneHold(reason=HoldReason.GAP, until=10.0 + 30 * MINUTE)


def test_three_attempts_in_a_day_are_enough_until_the_first_is_a_day_old() -> None:
    three = [attempt(0.0), attempt(4 * HOUR), attempt(8 * HOUR)]
    assert phone_hold(three, 12 * HOUR, LIMITS) == PhoneHold(reason=HoldReason.MOST_IN_DAY, until=DAY)
    assert phone_hold(three, DAY, LIMITS) is None
    assert [attempts_in_day(three, now) for now in (12 * HOUR, DAY - 0.001, DAY)] == [3, 3, 2]


def test_a_call_that_is_not_over_counts() -> None:
    assert phone_hold([attempt(0.0, None)], 60.0, LIMITS) is not None


def test_after_a_clock_was_put_back_nobody_is_called_too_early() -> None:
    later = [attempt(10 * HOUR)]
    assert phone_hold(later, 0.0, LIMITS) is not None
    assert attempts_in_day(later, 0.0) == 1


def test_limits_that_allow_nothing_are_no_limits() -> None:
    with pytest.raises(ValueError, match="at least one"):
        AttemptLimits(most_in_day=0)


@pytest.mark.parametrize("step", [Next.DONE, Next.CALLBACK, Next.REFUSE, Next.WRONG_NUMBER])
def test_whom_an_agent_is_done_with_the_campaign_calls_no_more(step: Next) -> None:
    assert after_verdict(Verdict(next=step), 7.0, [], limits=LIMITS) is Closed.FINAL


def test_an_agent_has_somebody_called_again_within_the_limits() -> None:
    def after(seconds: float | None, earlier: list[Outcome]) -> float | Closed:
        verdict = Verdict(next=Next.RETRY, after_seconds=seconds)
        return after_verdict(verdict, 7.0, earlier, limits=LIMITS)

    assert after(DAY, []) == 7.0 + DAY
    assert after(None, []) == after(60.0, []) == 7.0 + LIMITS.gap_seconds
    # What was never sent does not count, however often.
    assert after(DAY, [Outcome.BUSY] * 4 + [Outcome.NOT_SENT] * 9) == 7.0 + DAY
    assert after(DAY, [Outcome.BUSY] * 5) is Closed.ATTEMPTS_USED


def test_a_number_that_an_agent_found_wrong_says_nothing_of_the_others() -> None:
    wrong = Verdict(next=Next.WRONG_NUMBER)
    assert after_verdict(wrong, 7.0, [], limits=LIMITS, numbers=2) == 7.0 + LIMITS.gap_seconds
    twice = [Outcome.WRONG_NUMBER]
    assert after_verdict(wrong, 7.0, twice, limits=LIMITS, numbers=2) is Closed.FINAL
    assert after_verdict(wrong, 7.0, [Outcome.BUSY] * 5, limits=LIMITS, numbers=2) is Closed.ATTEMPTS_USED


def test_who_wants_to_be_called_later_is_called_the_next_day_three_times_at_most() -> None:
    before: list[str | None] = ["no_time", None]
    for _ in range(3):
        assert after_flow("later", 7.0, [], before, limits=LIMITS) == 7.0 + DAY
        before.append("later")
    assert after_flow("later", 7.0, [], before, limits=LIMITS) is Closed.RETRIES_USED


def test_what_a_flow_ends_with_counts_for_nothing_where_the_campaign_says_nothing_of_it() -> None:
    assert after_flow("renewed", 7.0, [], [], limits=LIMITS) is None
    never = {"later": RetryRule(most=0, after_seconds=DAY)}
    assert after_flow("later", 7.0, [], [], retries=never, limits=LIMITS) is None


@given(st.lists(st.sampled_from(list(Outcome)), max_size=12), st.floats(1, 3 * HOUR))
def test_whoever_asks_for_it_is_never_called_above_the_campaigns_attempts_or_within_the_gap(
    earlier: list[Outcome], seconds: float
) -> None:
    hasty = {"later": RetryRule(most=99, after_seconds=seconds)}
    following = after_flow("later", 7.0, earlier, [], retries=hasty, limits=LIMITS)
    if sum(one.is_attempt for one in earlier) + 1 >= LIMITS.most_in_campaign:
        assert following is Closed.ATTEMPTS_USED
    else:
        assert following == 7.0 + max(seconds, LIMITS.gap_seconds)
