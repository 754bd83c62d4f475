"""How much risk a dial may take, from what was answered and abandoned so far.

What the day may still abandon is spread evenly over the answers that are still to come: the risk follows what
is left for each of them. In the morning one call too many therefore changes little, as there is time to make
it good; in the evening it changes much. No risk at all is taken once a single call more would cross the cap
at the end of the day, counting what is abandoned already, what is about to be, and no answers but those that
are to come for certain. Where the cap is to hold at any moment, nothing is borrowed from those: the risk goes
with how many calls may be spent of what was answered. Every window that the cap holds for has a budget of its
own; the tightest decides.
"""

from collections.abc import Iterable
from math import sqrt
from typing import Final

import msgspec

from cti.pacing.abandon_count import AbandonCount

#: The risk is the cap when each answer to come may be lost as often as that; it goes with this power of what
#: is left.
_POWER: Final = 2
#: With less it is hardly more than progressive, and not worth the calls that it loses.
LEAST_RISK: Final = 0.002
#: So much of the cap is risked as long as three calls are left, though they are reserved: the first small
#: risks cost next to no calls and are worth most.
_LEAST_PART: Final = 0.2
_THREE_CALLS: Final = 3.0
#: An answer may be given so many times the cap, and so much more while there are many calls to spend: what is
#: lost comes in clusters, and one of the last few would take more than is left.
_LEAST_MOST_LEFT: Final = 1.2
_MORE_LEFT: Final = 0.8
_MANY_CALLS: Final = 3.0
#: Calls that are never spent: of any day, and for each of its answers; of a large day they go with the root
#: of its answers, as what is lost by chance does.
_RESERVE: Final = 1.5
_RESERVE_OF_ANSWER: Final = 0.0002
_RESERVE_OF_ROOT: Final = 0.043
#: Below this what is left is short.
_SHORT: Final = 0.75
#: Where the cap holds at any moment: the risk is the cap when so many calls may be spent, and goes with the
#: root of their number, so that it seldom falls to nothing; so much above the cap it may be; one is kept.
_CALLS_IN_HAND: Final = 6.0
_MOST_IN_HAND: Final = 1.5
_KEPT: Final = 1.0
#: At the end of the day those calls are spent, too.
_LEAST_TO_SPEND: Final = 0.5


class Allowance(msgspec.Struct, frozen=True, gc=False):
    """The risk that a dial may take, and what is left for each answer to come, as a part of the cap."""

    risk: float
    left: float

    @property
    def short(self) -> bool:
        """Too much was abandoned for a policy that cannot take less risk by degrees."""
        return self.left < _SHORT or self.overdrawn

    @property
    def overdrawn(self) -> bool:
        """No more than one dial for each free agent, until it is made good."""
        return self.risk <= 0.0


def allowance(
    *,
    cap: float,
    counts: Iterable[AbandonCount],
    expected: float,
    at_risk: float = 0.0,
    always: bool = False,
) -> Allowance:
    """`cap` is the share of answered calls that may be abandoned in each of the windows counted, `expected`
    how many answers are still to come, `at_risk` how many of the calls under way will be abandoned;
    `always` says that the cap holds at any moment, and not only in the end."""
    of_window = _at_any_moment if always else _in_the_end
    return min(
        (of_window(cap, count, expected, at_risk) for count in counts),
        key=lambda one: (one.risk, one.left),
    )


def _in_the_end(cap: float, count: AbandonCount, expected: float, at_risk: float) -> Allowance:
    answers = count.answered + expected
    budget = cap * answers
    unspent = budget - count.abandoned - at_risk
    reserve = max(_RESERVE + _RESERVE_OF_ANSWER * answers, _RESERVE_OF_ROOT * sqrt(answers))
    spare = unspent - min(reserve, budget / 2)
    to_spend = cap * max(expected, 1.0)
    most_left = _LEAST_MOST_LEFT + _MORE_LEFT * to_spend / (to_spend + _MANY_CALLS)
    left = min(max(spare, 0.0) / to_spend, most_left)
    part = left**_POWER
    if unspent >= _THREE_CALLS:
        part = max(part, _LEAST_PART)
    risk = cap * part
    return Allowance(risk if unspent >= 1 and risk >= LEAST_RISK else 0.0, left)


def _at_any_moment(cap: float, count: AbandonCount, expected: float, at_risk: float) -> Allowance:
    in_hand = cap * count.answered - count.abandoned - at_risk - _KEPT
    to_spend = min(_CALLS_IN_HAND, max(cap * expected, _LEAST_TO_SPEND))
    left = min(max(in_hand, 0.0) / to_spend, _MOST_IN_HAND)
    risk = cap * sqrt(left)
    return Allowance(risk if risk >= LEAST_RISK else 0.0, left)
