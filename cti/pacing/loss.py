"""The probability that a dial which is launched now finds no agent when it is answered.

It is answered after an unknown time; a few quantiles of the ring time stand for all of them. By each, some
agents will have come free and some dials launched before will have been answered first, each independently of
the others with a probability of its own. What is lost is that no agent is left.

For a small team the two numbers are added up exactly (a Poisson-binomial distribution each); for a large one
their difference is as good as normal.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import erfc, sqrt
from operator import mul
from typing import Final, Protocol

#: Probabilities at each of the quantiles, and how many have them.
Group = tuple[tuple[float, ...], int]

#: Teams up to this size are worth the exact sum.
EXACT_AGENTS: Final = 60
#: Tails below this are cut off.
_NEGLIGIBLE: Final = 1e-9
#: The exact sum is first prepared for so many dials; few decisions launch more.
_FEW_DIALS: Final = 3
_ROOT_HALF: Final = sqrt(0.5)


class Loss(Protocol):
    """How likely a loss is as more dials are launched in the same instant."""

    def after(self, dials: int) -> float:
        """The probability that one more finds no agent when so many are launched before it."""
        ...


class ExactLoss:
    """Adds up every way in which it can come."""

    def __init__(
        self, surplus: int, agents: Sequence[Group], ringing: Sequence[Group], newcomer: tuple[float, ...]
    ) -> None:
        """`surplus`: idle agents less waiting answers; `newcomer`: the chances of a dial launched now."""
        self._surplus = surplus
        self._agents = agents
        self._newcomer = newcomer
        self._answers = [distribution(ringing, at) for at in range(len(newcomer))]
        self._losses: list[float] = []
        self._look_ahead(_FEW_DIALS)

    def _look_ahead(self, dials: int) -> None:
        """Agents matter only as far as there can be answers for them: up to so many dials more."""
        self._ahead = dials
        self._free = [
            list(accumulate(distribution(self._agents, at, len(answers) + dials - self._surplus)))
            for at, answers in enumerate(self._answers)
        ]

    def after(self, dials: int) -> float:
        """See `Loss`; asking for one more than before is cheap."""
        while len(self._losses) <= dials:
            if self._losses:
                self._answers = [
                    with_one_more(answers, chance)
                    for answers, chance in zip(self._answers, self._newcomer, strict=True)
                ]
                self._ahead -= 1
                if self._ahead < 0:
                    self._look_ahead(len(self._losses))
            lost = [
                no_agent_left(self._surplus, free, answers)
                for free, answers in zip(self._free, self._answers, strict=True)
            ]
            self._losses.append(sum(lost) / len(lost))
        return self._losses[dials]


def with_one_more(chances: list[float], chance: float) -> list[float]:
    """The distribution of a number after one more has come with this probability."""
    no = 1 - chance
    return [
        stays * no + rises * chance for stays, rises in zip([*chances, 0.0], [0.0, *chances], strict=True)
    ]


def distribution(groups: Sequence[Group], at: int, most: int = 1_000_000) -> list[float]:
    """The probabilities that 0, 1, 2, … of all come, at one of the quantiles.

    It ends before `most`, or where the rest is negligible.
    """
    if most <= 0:
        return []
    each = [probabilities[at] for probabilities, count in groups for _ in range(count)]
    odd = len(each) % 2
    chances = [1 - each[0], each[0]] if odd else [1.0]
    complete = True
    # Two at a time: here a decision spends most of its time.
    for first, second in zip(each[odd::2], each[odd + 1 :: 2], strict=True):
        both = first * second
        one = first + second - 2 * both
        none = 1 - one - both
        chances = [
            stays * none + rises * one + leaps * both
            for stays, rises, leaps in zip(
                [*chances, 0.0, 0.0], [0.0, *chances, 0.0], [0.0, 0.0, *chances], strict=True
            )
        ]
        while complete and chances[-1] < _NEGLIGIBLE:
            chances.pop()
        if len(chances) > most:
            del chances[most:]
            complete = False
    return chances[:most]


def no_agent_left(surplus: int, free: list[float], answers: list[float]) -> float:
    """P(surplus + agents who came free - answers <= 0); `free` is cumulative, and 1 beyond its end."""
    answers = answers[surplus:] if surplus > 0 else answers
    free = free[-surplus:] if surplus < 0 else free
    met: float = sum(map(mul, answers, free))
    return met + sum(answers[len(free) :])


class NormalLoss:
    """Takes the agents who are left as normally distributed, with a correction for whole numbers."""

    def __init__(
        self, surplus: int, agents: Sequence[Group], ringing: Sequence[Group], newcomer: tuple[float, ...]
    ) -> None:
        """See `ExactLoss`."""
        self._moments = []
        for at, chance in enumerate(newcomer):
            mean, variance = float(surplus), 0.0
            for probabilities, count in agents:
                free = probabilities[at]
                mean += count * free
                variance += count * free * (1 - free)
            for probabilities, count in ringing:
                answer = probabilities[at]
                mean -= count * answer
                variance += count * answer * (1 - answer)
            self._moments.append((mean, variance, chance, chance * (1 - chance)))

    def after(self, dials: int) -> float:
        """See `Loss`."""
        lost = 0.0
        for mean, variance, chance, spread in self._moments:
            left = mean - dials * chance - 0.5
            deviation = variance + dials * spread
            if deviation > 0:
                lost += erfc(left / sqrt(deviation) * _ROOT_HALF) / 2
            else:
                lost += left < 0
        return lost / len(self._moments)


def most_dials(loss: Loss, threshold: float, at_least: int, at_most: int) -> int:
    """How many may be launched so that each beyond `at_least` is lost with at most this probability."""
    if at_most <= at_least or loss.after(at_least) > threshold:
        return min(at_least, at_most)
    step = 1
    while at_least + step < at_most and loss.after(at_least + step) <= threshold:
        step *= 2
    undecided = range(at_least + step // 2 + 1, min(at_least + step, at_most))
    return undecided.start + bisect_right(undecided, threshold, key=loss.after)
