"""How busy the dialler keeps agents, and how many calls it lets fall, beside other ways to pace.

Every policy lives through the same simulated days (`dialling_world`) in one run. The pacing is the module
that is in service. The goals are those of a reference run of the same rule, with the same streams of chance.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Final

from bench.dialling_case import DAY_SECONDS, Case, even, exponential, log_normal
from bench.dialling_policies import CAP_PERCENT, AdaptiveLevel, FixedRatio, MakePolicy, Threshold
from bench.dialling_world import CONNECT_LIMIT_SECONDS, Outcome, World
from bench.figure import Figure
from cti.pacing.pacer import Pacer
from cti.pacing.rules import Rules
from cti.pacing.situation import Situation

SEEDS: Final = (1, 2, 3, 4, 5)
#: Days of few calls are soon over, and differ much.
_MANY_SEEDS: Final = tuple(range(1, 21))
#: How long whoever answers waits for an agent on the line, as the service's pacing has it.
_LINE_PATIENCE_SECONDS: Final = 1.0
#: Our rule where the cap holds at any moment.
_ALWAYS: Final = "always"
#: The short form takes only the first.
_SHORT_SEEDS: Final = SEEDS[:1]
#: Percent of utilisation to reach, by team and answer rate; the step case; log-normal is to be no worse.
_GOALS: Final = {
    ("p30", 10): 85.9,
    ("p30", 50): 93.8,
    ("p30", 200): 97.7,
    ("p50", 10): 89.0,
    ("p50", 50): 94.3,
    ("p50", 200): 97.7,
    ("step", 10): 85.7,
    ("step", 50): 93.6,
    ("step", 200): 97.5,
}
_TEAMS: Final = (10, 50, 200)
_STEP: Final = ((0.0, 0.3), (7_200.0, 0.5), (18_000.0, 0.2))
#: Dials for each idle agent that are tried.
_RATIOS: Final = tuple(1.25 + step / 4 for step in range(44))
_LN_TALK: Final = log_normal(180, 0.8)
_LN_WRAP_UP: Final = log_normal(30, 0.5)


@dataclass(frozen=True)
class Days:
    """What one policy made of the days of one case."""

    case: Case
    policy: str
    outcomes: list[Outcome]

    @property
    def utilisation(self) -> float:
        """Mean percent."""
        return fmean(outcome.utilisation for outcome in self.outcomes)

    @property
    def abandoned(self) -> float:
        """Mean percent."""
        return fmean(outcome.abandoned_share for outcome in self.outcomes)

    @property
    def worst(self) -> float:
        """Percent of the worst seed."""
        return max(outcome.abandoned_share for outcome in self.outcomes)

    def figures(self, goal: float | None = None) -> Iterator[Figure]:
        """Each with its unit; goals only where they are ours."""
        name = f"pacing_{self.case.name}_{self.policy}"
        ours = self.policy == "threshold"
        yield Figure(
            name=f"{name}_utilisation",
            value=self.utilisation,
            unit="%",
            goal=f">= {goal}" if goal and ours else None,
        )
        yield Figure(name=f"{name}_abandoned", value=self.abandoned, unit="%")
        yield Figure(
            name=f"{name}_abandoned_worst", value=self.worst, unit="%", goal="<= 3.0" if ours else None
        )
        yield Figure(
            name=f"{name}_abandoned_worst_hour",
            value=max(outcome.worst_hour for outcome in self.outcomes),
            unit="%",
        )
        yield Figure(
            name=f"{name}_over_cap", value=max(outcome.over_cap for outcome in self.outcomes), unit="calls"
        )
        yield Figure(
            name=f"{name}_above_cap",
            value=fmean(outcome.share_above_cap for outcome in self.outcomes),
            unit="% of the time",
            goal="<= 0" if self.policy == _ALWAYS else None,
        )
        yield Figure(
            name=f"{name}_idle", value=fmean(outcome.mean_idle for outcome in self.outcomes), unit="s"
        )


def live(case: Case, policy: str, make: MakePolicy, seeds: Iterable[int]) -> Days:
    """The days of all seeds."""
    return Days(case, policy, [World(case, seed, make()).run() for seed in seeds])


def best_ratio(case: Case, seeds: Iterable[int]) -> Days:
    """The largest fixed ratio that would have kept the cap on the mean, as one knows only afterwards."""
    chosen = live(case, "ratio", partial(FixedRatio, 1.0), seeds)
    low, high = 0, len(_RATIOS)
    while low < high:
        middle = (low + high) // 2
        tried = live(case, "ratio", partial(FixedRatio, _RATIOS[middle]), seeds)
        if tried.abandoned <= CAP_PERCENT:
            chosen, low = tried, middle + 1
        else:
            high = middle
    return chosen


def known_cases() -> list[tuple[Case, float]]:
    """Those with figures to beat."""
    cases = []
    for agents in _TEAMS:
        for percent in (30, 50):
            rates = ((0.0, percent / 100),)
            goal = _GOALS[f"p{percent}", agents]
            cases.append((Case(name=f"exp_n{agents}_p{percent}", agents=agents, answer_rates=rates), goal))
            ln = Case(
                name=f"ln_n{agents}_p{percent}",
                agents=agents,
                answer_rates=rates,
                talk=_LN_TALK,
                wrap_up=_LN_WRAP_UP,
            )
            cases.append((ln, goal))
        step = Case(name=f"step_n{agents}", agents=agents, answer_rates=_STEP)
        cases.append((step, _GOALS["step", agents]))
    return cases


def other_cases() -> list[Case]:
    """Those that nothing was tuned on."""
    third = ((0.0, 0.3),)
    return [
        Case(name="other_n50_p10", agents=50, answer_rates=((0.0, 0.1),)),
        Case(name="other_n50_p70", agents=50, answer_rates=((0.0, 0.7),)),
        Case(name="other_n10_p10", agents=10, answer_rates=((0.0, 0.1),)),
        Case(name="other_n10_p70", agents=10, answer_rates=((0.0, 0.7),)),
        Case(name="other_n3_p30", agents=3, answer_rates=third),
        Case(name="other_n5_p30", agents=5, answer_rates=third),
        Case(name="other_n25_p30", agents=25, answer_rates=third),
        Case(name="other_n1000_p30", agents=1_000, answer_rates=third, seconds=14_400),
        Case(
            name="other_n50_short_talk",
            agents=50,
            answer_rates=third,
            talk=exponential(45),
            wrap_up=exponential(10),
        ),
        Case(
            name="other_n50_long_talk",
            agents=50,
            answer_rates=third,
            talk=log_normal(600, 0.6),
            wrap_up=log_normal(90, 0.5),
        ),
        Case(
            name="other_n50_come_and_go",
            agents=20,
            answer_rates=third,
            changes=((3_600, 15), (7_200, 15), (14_400, -25), (18_000, 25), (25_200, -30)),
        ),
        Case(name="other_n50_breaks", agents=50, answer_rates=third, break_every_seconds=3_600),
        Case(
            name="other_n50_lost_link",
            agents=50,
            answer_rates=third,
            silences=((3_000, 3_060), (9_000, 9_300), (15_000, 15_005), (20_000, 20_600)),
        ),
    ]


def hard_cases() -> list[Case]:
    """Those in which the cap is hard to keep: what the day may abandon is few calls, or ends unforeseen.

    Where talks last a second, it is as on the line: a queue looks for an agent once a second, and a line
    takes twenty calls in one.
    """
    third = ((0.0, 0.3),)
    quick = partial(
        Case,
        agents=20,
        talk=even(0.5, 2.0),
        wrap_up=even(1.0, 1.1),
        answered_ring=even(0.2, 3.0),
        silent_ring=even(0.0, 3.0),
        most_dials=20,
        looks_every_seconds=1.0,
    )
    return [
        quick(name="hard_talk_1s_p60", answer_rates=((0.0, 0.6),), contacts=1_150),
        quick(name="hard_talk_1s_p30", answer_rates=third, contacts=2_300),
        # Every answer that finds nobody free is lost, although the pacing counts on another second.
        quick(
            name="hard_talk_1s_unseen", answer_rates=((0.0, 0.6),), contacts=1_150, looks_every_seconds=10.0
        ),
        quick(name="hard_talk_1s_list_200", answer_rates=((0.0, 0.6),), contacts=200),
        Case(name="hard_n10_list_60", agents=10, answer_rates=third, contacts=60),
        Case(name="hard_n10_list_400", agents=10, answer_rates=third, contacts=400),
        Case(name="hard_n50_list_2000", agents=50, answer_rates=third, contacts=2_000),
        Case(name="hard_n200_list_5000", agents=200, answer_rates=third, contacts=5_000),
        Case(
            name="hard_n50_stopped",
            agents=50,
            answer_rates=third,
            seconds=DAY_SECONDS // 4,
            planned_seconds=DAY_SECONDS,
        ),
    ]


def decision_cost() -> list[Figure]:
    """How long one decision takes with 1,000 agents and 3,000 dials in flight."""
    pacer = Pacer(Rules())
    for number in range(400):
        pacer.dial_ended(launched_at=number * 0.01, ended_at=number * 0.01 + 12, answered=number % 3 == 0)
        pacer.talk_ended(30 + number)
        pacer.wrap_up_ended(number % 60)
    took = []
    for number in range(200):
        now = 1_000.0 + number
        situation = Situation(
            now=now,
            idle=[now - 3.0] * 10,
            talking=[now - (place * 0.63) % 500 for place in range(850)],
            wrapping=[now - (place * 0.41) % 60 for place in range(140)],
            ringing=[now - (place * 0.0083) % 25 for place in range(3_000)],
            answered=9_000,
            abandoned=250,
        )
        began = time.perf_counter()
        pacer.decide(situation)
        took.append(1_000 * (time.perf_counter() - began))
    return [
        Figure(name="pacing_decision", value=median(took), unit="ms", goal="<= 5"),
        Figure(name="pacing_decision_max", value=max(took), unit="ms"),
    ]


def run(cache: Path, *, full: bool = False) -> Iterator[Figure]:
    """In the short form the first seed of the exponential cases; in the full one everything."""
    del cache
    seeds = SEEDS if full else _SHORT_SEEDS
    yield from decision_cost()
    for case, goal in known_cases():
        exponential_case = case.name.startswith("exp")
        if not full and not exponential_case:
            continue
        yield from live(case, "threshold", Threshold, seeds).figures(goal)
        if not exponential_case:
            continue
        yield from live(case, _ALWAYS, partial(Threshold, always=True), seeds).figures()
        yield from live(case, "progressive", partial(FixedRatio, 1.0), seeds).figures()
        yield from best_ratio(case, seeds).figures()
        yield from live(case, "vicidial_hard", partial(AdaptiveLevel, tapered=False), seeds).figures()
        yield from live(case, "vicidial_tapered", partial(AdaptiveLevel, tapered=True), seeds).figures()
    for case in hard_cases():
        patience = CONNECT_LIMIT_SECONDS if case.looks_every_seconds is None else _LINE_PATIENCE_SECONDS
        yield from live(case, "threshold", partial(Threshold, patience), _MANY_SEEDS).figures()
        always = partial(Threshold, patience, always=True)
        yield from live(case, _ALWAYS, always, _MANY_SEEDS).figures()
    if full:
        for case in other_cases():
            yield from live(case, "threshold", Threshold, seeds).figures()
            yield from live(case, "progressive", partial(FixedRatio, 1.0), seeds).figures()
