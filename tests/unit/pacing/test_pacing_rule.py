"""How many dials are launched, and what is said about it."""

from math import ceil
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.pacing.abandon_count import AbandonCount
from cti.pacing.launch import LaunchReason, launch_line
from cti.pacing.pacer import LEARNING_DIALS, Pacer, ratio_dials
from cti.pacing.rules import PacingKind, Rules
from cti.pacing.situation import Situation

NOW = 10_000.0
AGES = st.lists(st.floats(0, 900).map(lambda age: NOW - age), max_size=25)
DIAL_AGES = st.lists(st.floats(0, 25).map(lambda age: NOW - age), max_size=40)


def experienced(rules: Rules | None = None, seed: int = 1) -> Pacer:
    """A pacer that has seen a few hundred dials and calls of a usual campaign."""
    chance = Random(seed)
    pacer = Pacer(rules or Rules())
    for number in range(600):
        launched_at = number * 10.0
        answered = chance.random() < 0.3
        rings = 2 + 23 * chance.betavariate(2, 2.6) if answered else 25.0
        pacer.dial_ended(launched_at=launched_at, ended_at=launched_at + rings, answered=answered)
        pacer.talk_ended(chance.expovariate(1 / 180))
        pacer.wrap_up_ended(chance.expovariate(1 / 30))
    return pacer


EXPERIENCED = experienced().dump()


def pacer() -> Pacer:
    """The same experience each time."""
    return Pacer.load(Rules(), EXPERIENCED)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    answered = draw(st.integers(0, 3_000))
    return Situation(
        now=NOW,
        idle=draw(AGES),
        talking=draw(AGES),
        wrapping=draw(AGES),
        ringing=draw(DIAL_AGES),
        waiting=draw(st.integers(0, 5)),
        answered=answered,
        abandoned=draw(st.integers(0, answered // 10)),
        remaining_seconds=draw(st.floats(0, 28_800)),
    )


@given(situations())
@settings(max_examples=60, deadline=None)
def test_never_fewer_than_progressive(now: Situation) -> None:
    progressive = Pacer(Rules(kind=PacingKind.PROGRESSIVE)).decide(now)
    assert (
        pacer().decide(now).dials
        >= progressive.dials
        == max(0, len(now.idle) - now.waiting - len(now.ringing))
    )


@given(situations())
@settings(max_examples=60, deadline=None)
def test_an_agent_who_is_idle_instead_of_talking_never_means_fewer_dials(now: Situation) -> None:
    talking = msgspec.structs.replace(now, talking=[*now.talking, NOW - 30.0])
    idle = msgspec.structs.replace(now, idle=[*now.idle, NOW])
    assert pacer().decide(idle).dials >= pacer().decide(talking).dials


@given(situations())
@settings(max_examples=60, deadline=None)
def test_one_more_dial_in_flight_or_answer_waiting_never_means_more_dials(now: Situation) -> None:
    dials = pacer().decide(now).dials
    assert pacer().decide(msgspec.structs.replace(now, ringing=[*now.ringing, NOW - 5.0])).dials <= dials
    assert pacer().decide(msgspec.structs.replace(now, waiting=now.waiting + 1)).dials <= dials


@given(situations())
@settings(max_examples=60, deadline=None)
def test_one_more_abandoned_never_means_more_dials(now: Situation) -> None:
    more = msgspec.structs.replace(now, abandoned=now.abandoned + 1)
    assert pacer().decide(more).dials <= pacer().decide(now).dials


@given(situations())
@settings(max_examples=60, deadline=None)
def test_each_dial_beyond_progressive_keeps_within_the_risk(now: Situation) -> None:
    launch = pacer().decide(now)
    if launch.dials > now.unclaimed:
        assert launch.risk is not None
        assert launch.threshold is not None
        assert launch.risk <= launch.threshold


@given(situations(), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_what_was_kept_decides_as_what_was_never_stopped(now: Situation, seed: int) -> None:
    going_on = experienced(seed=seed % 5)
    going_on.decide(msgspec.structs.replace(now, now=NOW - 4))
    # What has been observed since must be kept as well, though it does not count yet.
    going_on.talk_ended(33.0)
    going_on.dial_ended(launched_at=NOW - 20, ended_at=NOW - 3, answered=True)
    restarted = Pacer.load(Rules(), going_on.dump())
    assert restarted.decide(now) == going_on.decide(now)
    later = msgspec.structs.replace(now, now=NOW + 20)
    assert restarted.decide(later) == going_on.decide(later)


def test_after_the_clock_has_begun_anew_what_was_learned_still_counts() -> None:
    now = Situation(now=3.0, talking=[3.0 - age for age in range(0, 400, 10)], idle=[2.0])
    assert pacer().decide(now).reason is LaunchReason.RISK


def test_it_dials_ahead_for_agents_who_are_about_to_be_free() -> None:
    busy = Situation(
        now=NOW,
        talking=[NOW - age for age in range(0, 300, 8)],
        wrapping=[NOW - age for age in range(0, 40, 2)],
    )
    launch = pacer().decide(busy)
    assert launch.dials > 2
    assert launch.free_soon is not None
    assert launch.free_soon > 3


def test_those_who_leave_after_this_call_are_not_dialled_for() -> None:
    talking = [NOW - age for age in range(0, 300, 8)]
    wrapping = [NOW - age for age in range(0, 40, 2)]
    stays = pacer().decide(Situation(now=NOW, talking=talking, wrapping=wrapping))
    leaves = pacer().decide(Situation(now=NOW, talking=talking, leaving=len(wrapping)))
    assert leaves.dials < stays.dials


def test_nothing_is_dialled_when_asterisk_is_not_heard() -> None:
    now = Situation(now=NOW, informed_at=NOW - 7, idle=[NOW - 9] * 5)
    launch = pacer().decide(now)
    assert (launch.dials, launch.reason) == (0, LaunchReason.NO_NEWS)
    assert launch_line(launch, "en") == "0 dials: nothing heard of Asterisk for 7 s"
    heard = msgspec.structs.replace(now, informed_at=NOW - 1)
    assert pacer().decide(heard).dials >= 5


def test_nobody_is_dialled_without_agents() -> None:
    launch = pacer().decide(Situation(now=NOW, leaving=4))
    assert (launch.dials, launch.reason) == (0, LaunchReason.NO_AGENTS)


def test_no_more_are_dialled_than_lines_are_free() -> None:
    now = Situation(now=NOW, idle=[NOW] * 8, free_lines=3)
    launch = pacer().decide(now)
    assert (launch.dials, launch.reason) == (3, LaunchReason.LINES)


def test_risks_are_taken_only_after_enough_dials_were_seen() -> None:
    fresh = Pacer(Rules())
    now = Situation(now=NOW, idle=[NOW] * 3, talking=[NOW - 100] * 30)
    for number in range(LEARNING_DIALS - 1):
        fresh.dial_ended(launched_at=float(number), ended_at=number + 25.0, answered=False)
    launch = fresh.decide(now)
    assert (launch.dials, launch.reason) == (3, LaunchReason.LEARNING)
    fresh.dial_ended(launched_at=60.0, ended_at=85.0, answered=False)
    later = msgspec.structs.replace(now, now=NOW + 60)
    assert fresh.decide(later).reason is LaunchReason.RISK


def test_a_large_team_dials_more_than_one_for_each_before_anybody_could_have_rung_to_the_end() -> None:
    """Two hundred who began fourteen seconds ago: a seventh of the dials were answered, so not all will
    be, and those who are idle need more than the dials that ring.
    """
    fresh = Pacer(Rules())
    began = NOW - 14
    for _ in range(30):
        fresh.dial_ended(launched_at=began, ended_at=NOW - 1, answered=True)
    now = Situation(now=NOW, idle=[began] * 170, talking=[NOW - 1] * 30, ringing=[began] * 170, answered=30)
    launch = fresh.decide(now)
    assert (launch.reason, launch.dials > 20) == (LaunchReason.RISK, True)
    slow = msgspec.structs.replace(now, ringing=[NOW - 3] * 170)
    assert Pacer(Rules()).decide(slow).reason is LaunchReason.LEARNING


def test_when_too_many_were_abandoned_it_says_so_and_is_careful() -> None:
    now = Situation(
        now=NOW,
        talking=[NOW - age for age in range(0, 300, 8)],
        wrapping=[NOW - age for age in range(0, 40, 2)],
        answered=1_000,
        abandoned=20,
    )
    careless = pacer().decide(now)
    careful = pacer().decide(msgspec.structs.replace(now, abandoned=200))
    assert (careless.reason, careful.reason) == (LaunchReason.RISK, LaunchReason.BUDGET)
    assert careful.dials == 0 < careless.dials


@given(situations(), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_no_more_than_progressive_once_one_more_abandoned_would_cross_the_cap(
    now: Situation, contacts: int
) -> None:
    """Whatever comes: all who are left answer, and nobody else is abandoned."""
    short = msgspec.structs.replace(now, contacts_left=contacts)
    most = now.answered + contacts + len(now.ringing)
    if now.abandoned + 1 > 0.03 * most + 1e-6:
        assert pacer().decide(short).dials == now.unclaimed


@given(situations())
@settings(max_examples=30, deadline=None)
def test_while_nothing_has_been_saved_fewer_contacts_never_mean_more_dials(now: Situation) -> None:
    now = msgspec.structs.replace(now, abandoned=max(now.abandoned, ceil(0.03 * now.answered)))
    dials = [
        pacer().decide(msgspec.structs.replace(now, contacts_left=left)).dials
        for left in (None, 5_000, 500, 50)
    ]
    assert dials == sorted(dials, reverse=True)


def test_a_month_that_is_overdrawn_is_made_good_though_the_day_is_fine() -> None:
    busy = Situation(
        now=NOW,
        talking=[NOW - age for age in range(0, 300, 8)],
        wrapping=[NOW - age for age in range(0, 40, 2)],
        answered=1_000,
        abandoned=10,
    )
    fine = msgspec.structs.replace(busy, other_counts=(AbandonCount(answered=30_000, abandoned=800),))
    spent = msgspec.structs.replace(busy, other_counts=(AbandonCount(answered=30_000, abandoned=1_000),))
    assert pacer().decide(fine) == pacer().decide(busy)
    assert pacer().decide(spent).reason is LaunchReason.BUDGET


def test_who_waits_with_nobody_free_is_as_good_as_abandoned() -> None:
    busy = Situation(
        now=NOW,
        talking=[NOW - age for age in range(0, 300, 8)],
        wrapping=[NOW - age for age in range(0, 40, 2)],
        answered=1_000,
        abandoned=28,
        contacts_left=100,
    )
    assert pacer().decide(busy).reason is LaunchReason.RISK
    assert pacer().decide(msgspec.structs.replace(busy, waiting=3)).reason is LaunchReason.BUDGET


def test_an_agent_who_comes_free_too_late_for_the_queue_to_see_him_is_not_counted_on() -> None:
    busy = Situation(now=NOW, talking=[NOW - 50] * 30, wrapping=[NOW - 10] * 10)
    impatient = Pacer.load(Rules(patience_seconds=1.0), EXPERIENCED).decide(busy)
    assert impatient.dials < pacer().decide(busy).dials


@pytest.mark.parametrize(("ratio", "dials"), [(1.0, 1), (1.5, 2), (2.0, 4), (1.1, 1)])
def test_a_fixed_ratio_dials_for_each_agent_who_is_idle(ratio: float, dials: int) -> None:
    now = Situation(now=NOW, idle=[NOW] * 4, talking=[NOW] * 16, ringing=[NOW] * 2, waiting=1)
    launch = Pacer(Rules(kind=PacingKind.FIXED_RATIO, ratio=ratio)).decide(now)
    assert (launch.dials, launch.reason) == (dials, LaunchReason.RATIO)
    assert ratio_dials(now, ratio) == dials


def test_a_fixed_ratio_ends_where_the_budget_ends() -> None:
    now = Situation(now=NOW, idle=[NOW] * 4, talking=[NOW] * 16, answered=1_000, abandoned=200)
    launch = Pacer(Rules(kind=PacingKind.FIXED_RATIO, ratio=2.0)).decide(now)
    assert (launch.dials, launch.reason) == (4, LaunchReason.BUDGET)


def test_preview_never_dials_by_itself() -> None:
    launch = Pacer(Rules(kind=PacingKind.PREVIEW)).decide(Situation(now=NOW, idle=[NOW] * 4))
    assert (launch.dials, launch.reason) == (0, LaunchReason.PREVIEW)


def test_the_reason_is_one_line_in_both_languages() -> None:
    now = Situation(
        now=NOW,
        idle=[NOW] * 2,
        talking=[NOW - age for age in range(0, 300, 8)],
        ringing=[NOW - age for age in range(10)],
    )
    launch = msgspec.structs.replace(
        pacer().decide(now), dials=12, free_soon=9.04, answers_expected=3.11, risk=0.021, threshold=0.025
    )
    assert launch_line(launch, "en") == (
        "12 dials: 2 idle, 9.0 agents free soon, 3.1 answers expected, risk 2.1% of θ 2.5%"
    )
    assert (
        launch_line(launch, "zh") == "拨出 12 路：空闲 2，即将空闲 9.0，预计接通 3.1，风险 2.1%，上限 θ 2.5%"
    )


@pytest.mark.parametrize("reason", LaunchReason)
def test_every_reason_has_its_words(reason: LaunchReason) -> None:
    launch = msgspec.structs.replace(
        pacer().decide(Situation(now=NOW, idle=[NOW], talking=[NOW - 50])), reason=reason
    )
    assert launch_line(launch, "en").startswith(f"{launch.dials} dial")
    assert launch_line(launch, "zh").startswith(f"拨出 {launch.dials} 路：")
    assert "{" not in launch_line(launch, "en") + launch_line(launch, "zh")
