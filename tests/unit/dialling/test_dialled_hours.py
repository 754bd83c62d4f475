"""Some simulated hours: agents are busier than with one dial each, and few are called into silence."""

from functools import partial

import pytest

from bench.dialling_case import Case, even, log_normal
from bench.dialling_policies import FixedRatio, MakePolicy, Threshold
from bench.dialling_world import Outcome, World
from cti.pacing.situation import Situation

HOUR = 3_600


def lived(case: Case, make: MakePolicy) -> list[Outcome]:
    return [World(case, seed, make()).run() for seed in (1, 2)]


def abandoned_share(outcomes: list[Outcome]) -> float:
    return 100 * sum(one.abandoned for one in outcomes) / sum(one.answered for one in outcomes)


def utilisation(outcomes: list[Outcome]) -> float:
    return sum(one.utilisation for one in outcomes) / len(outcomes)


@pytest.mark.parametrize(
    ("case", "gain"),
    [
        (Case(name="small", agents=10, answer_rates=((0.0, 0.3),), seconds=2 * HOUR), 6.0),
        (
            Case(
                name="log-normal",
                agents=25,
                answer_rates=((0.0, 0.5),),
                talk=log_normal(180, 0.8),
                wrap_up=log_normal(30, 0.5),
                seconds=HOUR,
            ),
            3.0,
        ),
        (Case(name="large", agents=100, answer_rates=((0.0, 0.3),), seconds=HOUR), 15.0),
    ],
    ids=lambda value: value.name if isinstance(value, Case) else "",
)
def test_agents_are_busier_and_the_cap_holds(case: Case, gain: float) -> None:
    outcomes = lived(case, Threshold)
    assert abandoned_share(outcomes) <= 3.0
    assert utilisation(outcomes) >= utilisation(lived(case, partial(FixedRatio, 1.0))) + gain


def test_one_dial_for_each_free_agent_abandons_nobody() -> None:
    """The world is right: whom an agent was kept for is never lost."""
    case = Case(name="progressive", agents=20, answer_rates=((0.0, 0.5),), seconds=2 * HOUR)
    for outcome in lived(case, partial(FixedRatio, 1.0)):
        assert outcome.abandoned == 0
        assert outcome.answered == outcome.connected > 100


@pytest.mark.parametrize(
    ("contacts", "looks_every", "over"),
    [(60, 1.0, 0.0), (200, 1.0, 0.0), (1_150, 1.0, 0.0), (1_150, 10.0, 1.0)],
)
def test_a_short_list_of_talks_of_a_second_ends_below_the_cap(
    contacts: int, looks_every: float, over: float
) -> None:
    """A queue that looks for agents once a second, or never again, and a budget of few calls, soon spent.

    Where the pacing foresees too much, the last calls that ring may cost one more than is left.
    """
    case = Case(
        name="seconds",
        agents=20,
        answer_rates=((0.0, 0.6),),
        talk=even(0.5, 2.0),
        wrap_up=even(1.0, 1.1),
        answered_ring=even(0.2, 3.0),
        silent_ring=even(0.0, 3.0),
        contacts=contacts,
        most_dials=20,
        looks_every_seconds=looks_every,
    )
    for seed in range(5):
        outcome = World(case, seed, Threshold(1.0)).run()
        assert outcome.launched == contacts
        assert outcome.over_cap <= over


def test_nothing_is_launched_while_asterisk_is_not_heard_and_all_goes_on_afterwards() -> None:
    launched: list[float] = []

    class Noted(Threshold):
        def dials(self, now: Situation) -> int:
            dials = super().dials(now)
            launched.extend([now.now] * dials)
            return dials

    begin, end = 3_000.0, 3_300.0
    case = Case(name="deaf", agents=20, answer_rates=((0.0, 0.3),), seconds=5_400, silences=((begin, end),))
    outcome = World(case, 1, Noted()).run()
    assert not [at for at in launched if begin + 4 <= at < end]
    assert [at for at in launched if end <= at < end + 60]
    assert outcome.abandoned_share <= 3.0
