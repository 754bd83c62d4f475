"""The share of dials that a person answers, as the latest of them had it.

People change with the list and with the hour. As long as the newest dials went as those before, all of them
count, since few dials say little; once they contradict them, those before count no more.
"""

from collections.abc import Callable, Iterable
from itertools import accumulate
from math import log, sqrt
from operator import itemgetter
from typing import Final

import msgspec

#: So many dials are remembered, by so many together.
MEMORY: Final = 3_000
_TOGETHER: Final = 20
#: The older dials are forgotten when it is e to this power times as likely that the rate has changed at the
#: likeliest moment as that it has not. Chance alone does that less than once in twenty thousand dials.
_CONTRADICTION: Final = 11.0
#: What is believed before anything is known, and as how many dials that counts.
_PRIOR: Final = 0.3
_PRIOR_DIALS: Final = 10.0
#: No share is believed to be higher.
_MOST: Final = 0.99
#: So many dials make what is believed on them as uncertain again as it is by chance: after a change there are
#: few, and they were chosen for being far from those before.
_FEW: Final = 120.0
#: A first bound needs so many answers, and dials that have rung so far on the average.
_FIRST_ANSWERS: Final = 5
_FIRST_PART: Final = 0.3
#: It lies so many standard errors and answers above what was seen: how long people take to answer is not
#: known yet, and hundreds are dialled on it at once.
_FIRST_ERRORS: Final = 5.0
_FIRST_MORE: Final = 3.0


class Stretch(msgspec.Struct):
    """Dials that were launched one after the other, and how many of them were answered."""

    dials: int = 0
    answers: int = 0


class AnswerRate(msgspec.Struct, kw_only=True):
    """Learns from the outcome of each dial.

    A dial counts when it could have rung to the end, also when it was answered before: answers come early and
    silence late, so counting each as it is known would overrate the newest answers.
    """

    #: Oldest first.
    stretches: list[Stretch] = []
    #: How many have ever been counted.
    seen: int = 0
    #: Outcomes that do not count yet: from when on, and whether it was answered.
    pending: list[tuple[float, bool]] = []

    def observe(self, counts_from: float, answered: bool) -> None:
        """Takes one outcome, which counts from then on."""
        self.pending.append((counts_from, answered))

    def settle(self, now: float, longest_seconds: float) -> None:
        """Counts what is due.

        What lies further ahead than any dial rings was noted by another clock, and counts too.
        """
        later: list[tuple[float, bool]] = []
        due: dict[float, Stretch] = {}
        for outcome in self.pending:
            counts_from, answered = outcome
            if now < counts_from <= now + longest_seconds:
                later.append(outcome)
                continue
            together = due.setdefault(counts_from, Stretch())
            together.dials += 1
            together.answers += answered
        if not due:
            return
        self.pending = later
        # Those of one instant have no order and stay together, or answers would seem to come before silence.
        for _, together in sorted(due.items(), key=itemgetter(0)):
            self._count(together)
        while sum(one.dials for one in self.stretches[1:]) >= MEMORY:
            del self.stretches[0]
        del self.stretches[: change_at(self.stretches)]

    def _count(self, more: Stretch) -> None:
        self.seen += more.dials
        newest = self.stretches[-1] if self.stretches else None
        if newest is None or newest.dials >= _TOGETHER:
            self.stretches.append(more)
        else:
            newest.dials += more.dials
            newest.answers += more.answers

    @property
    def share(self) -> float:
        """Between 0 and 1, exclusive."""
        answers = sum(one.answers for one in self.stretches)
        return (answers + _PRIOR * _PRIOR_DIALS) / self._weight

    @property
    def careful_share(self) -> float:
        """The share and its standard error, and more while it rests on few dials: an answer more than was
        expected costs more than one less.
        """
        share, weight = self.share, self._weight
        return min(share + (1 + _FEW / weight) * sqrt(share * (1 - share) / weight), _MOST)

    def first_bound(
        self,
        now: float,
        longest_seconds: float,
        ringing: Iterable[float],
        answered_by: Callable[[float], float],
    ) -> float | None:
        """What the share hardly exceeds, before dials could have rung to the end; None when nobody can say.

        Each dial counts as far as it has been seen: `answered_by` gives the share of answers that have come
        after so many seconds, `ringing` when those in flight were launched.
        """
        launched = [*ringing, *(counts_from - longest_seconds for counts_from, _ in self.pending)]
        counted = sum(one.dials for one in self.stretches)
        seen = counted + sum(answered_by(now - at) for at in launched)
        answers = sum(one.answers for one in self.stretches) + sum(answered for _, answered in self.pending)
        if answers < _FIRST_ANSWERS or seen < _FIRST_PART * (counted + len(launched)):
            return None
        return min((answers + _FIRST_ERRORS * sqrt(answers) + _FIRST_MORE) / seen, _MOST)

    @property
    def _weight(self) -> float:
        return sum(one.dials for one in self.stretches) + _PRIOR_DIALS


def change_at(stretches: list[Stretch]) -> int:
    """The first of those that go by another rate than those before it; 0 when one rate explains them all."""
    dials = list(accumulate(one.dials for one in stretches))
    answers = list(accumulate(one.answers for one in stretches))
    if not stretches:
        return 0
    same = _likelihood(dials[-1], answers[-1])
    gains = [
        _likelihood(dials[place], answers[place])
        + _likelihood(dials[-1] - dials[place], answers[-1] - answers[place])
        - same
        for place in range(len(stretches) - 1)
    ]
    most = max(gains, default=0.0)
    return gains.index(most) + 1 if most > _CONTRADICTION else 0


def _likelihood(dials: int, answers: int) -> float:
    """The logarithm of how likely so many answers are at the rate that explains them best."""
    silent = dials - answers
    return sum(count * log(count / dials) for count in (answers, silent) if count)
