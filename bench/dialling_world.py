"""A dialled campaign as it would go: phones, agents and chance, without any telephone.

Exactly as the pacing benchmark has it: agents idle at 0; a dial is answered with the case's probability after
2 + 23·Beta(2, 2.6) s, otherwise it ends at 25 s; an answer takes the agent idle longest, or waits up to 2 s
first-in-first-out, or is abandoned; a policy is asked once a second. Of the streams that `SeedSequence(seed)`
spawns, dials draw from the first in the order of launch, talk and wrap-up from the second in the order of
connects, so that policies meet the same people.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, Protocol

import msgspec
import numpy as np

from bench.dialling_case import Case
from cti.pacing.situation import Situation

CONNECT_LIMIT_SECONDS: Final = 2.0
#: The share of the answered calls that may be abandoned.
CAP: Final = 0.03
_HOUR: Final = 3_600


class Policy(Protocol):
    """Decides how many dials to launch, and is told how dials and calls ended."""

    def dials(self, now: Situation) -> int:
        """How many to launch now."""
        ...

    def dial_ended(self, *, launched_at: float, ended_at: float, answered: bool) -> None:
        """A dial was answered or rang to the end."""

    def talk_ended(self, *, seconds: float) -> None:
        """A talk lasted so long."""

    def wrap_up_ended(self, *, seconds: float) -> None:
        """A wrap-up lasted so long."""


@dataclass(kw_only=True)
class Outcome:
    """What a day came to."""

    launched: int = 0
    answered: int = 0
    abandoned: int = 0
    connected: int = 0
    busy_seconds: float = 0.0
    present_seconds: float = 0.0
    idle_before_connect: float = 0.0
    by_hour: dict[int, list[int]] = field(default_factory=dict)
    seconds: int = 0
    #: How many of them began with more abandoned than the cap allows of what was answered by then.
    seconds_above_cap: int = 0

    @property
    def utilisation(self) -> float:
        """Percent of the agents' time in talk and wrap-up."""
        return 100 * self.busy_seconds / self.present_seconds

    @property
    def abandoned_share(self) -> float:
        """Percent of the answered calls."""
        return 100 * self.abandoned / self.answered if self.answered else 0.0

    @property
    def over_cap(self) -> float:
        """Abandoned calls beyond what the cap allows of those answered."""
        return max(0.0, self.abandoned - CAP * self.answered)

    @property
    def share_above_cap(self) -> float:
        """Percent of the day in which it could not have been stopped within the cap."""
        return 100 * self.seconds_above_cap / self.seconds if self.seconds else 0.0

    @property
    def mean_idle(self) -> float:
        """Seconds that an agent was idle before a connect."""
        return self.idle_before_connect / self.connected if self.connected else 0.0

    @property
    def worst_hour(self) -> float:
        """Percent abandoned in the hour with most."""
        return max((100 * abandoned / answered for answered, abandoned in self.by_hour.values()), default=0.0)


class World:
    """One day of one case with one seed."""

    def __init__(self, case: Case, seed: int, policy: Policy) -> None:
        self._case = case
        self._policy = policy
        dials, calls, breaks = np.random.SeedSequence(seed).spawn(3)
        self._dial_chance = np.random.default_rng(dials)
        self._call_chance = np.random.default_rng(calls)
        self._break_chance = np.random.default_rng(breaks)
        self.outcome = Outcome()
        self._now = 0.0
        self._agenda: list[tuple[float, int, Callable[..., None], tuple[float, ...]]] = []
        self._number = 0
        #: Agents by number, since when; idle ones longest first.
        self._idle: dict[int, float] = {}
        self._talking: dict[int, float] = {}
        self._wrapping: dict[int, float] = {}
        #: Who goes after the call in hand, and for how long (0: for good).
        self._leaving: dict[int, float] = {}
        self._ringing: dict[int, float] = {}
        self._waiting: dict[int, float] = {}
        self._present: dict[int, float] = {}
        self._agents = 0
        self._unheard: list[tuple[Callable[..., None], dict[str, float]]] = []
        self._last_heard: Situation | None = None

    def run(self) -> Outcome:
        """The whole day."""
        case = self._case
        self._come(case.agents)
        for at, change in case.changes:
            self._at(at, self._come if change > 0 else self._go, abs(change))
        for second in range(case.seconds):
            self._pass_until(float(second))
            self.outcome.seconds += 1
            self.outcome.seconds_above_cap += self.outcome.over_cap > 0
            if self._is_over:
                break
            for _ in range(min(self._policy.dials(self._situation()), case.most_dials)):
                self._launch()
        else:
            self._pass_until(float(case.seconds))
        for agent in list(self._present):
            self._sign_out(agent)
        return self.outcome

    @property
    def _is_over(self) -> bool:
        """Whether nobody is left to dial, and nobody in a call."""
        under_way = self._ringing or self._waiting or self._talking or self._wrapping
        return self._contacts_left == 0 and not under_way

    @property
    def _contacts_left(self) -> int | None:
        contacts = self._case.contacts
        return None if contacts is None else contacts - self.outcome.launched

    def _situation(self) -> Situation:
        """What the dialler knows: nothing new while Asterisk is not heard."""
        if self._deaf and (heard := self._last_heard) is not None:
            # The dialler knows of its own launches all the same.
            since = [at for at in self._ringing.values() if at >= heard.now]
            return msgspec.structs.replace(heard, now=self._now, ringing=[*heard.ringing, *since])
        for hear, said in self._unheard:
            hear(**said)
        self._unheard.clear()
        outcome = self.outcome
        leaving = self._leaving
        seen = Situation(
            now=self._now,
            informed_at=self._now,
            idle=list(self._idle.values()),
            talking=[since for agent, since in self._talking.items() if agent not in leaving],
            wrapping=[since for agent, since in self._wrapping.items() if agent not in leaving],
            leaving=len(leaving),
            ringing=list(self._ringing.values()),
            waiting=len(self._waiting),
            answered=outcome.answered,
            abandoned=outcome.abandoned,
            remaining_seconds=(self._case.planned_seconds or self._case.seconds) - self._now,
            contacts_left=self._contacts_left,
        )
        self._last_heard = seen
        return seen

    @property
    def _deaf(self) -> bool:
        return any(begin <= self._now < end for begin, end in self._case.silences)

    def _hear(self, hear: Callable[..., None], **said: float) -> None:
        if self._deaf:
            self._unheard.append((hear, said))
        else:
            hear(**said)

    def _at(self, at: float, what: Callable[..., None], *about: float) -> None:
        self._number += 1
        heappush(self._agenda, (at, self._number, what, about))

    def _pass_until(self, end: float) -> None:
        agenda = self._agenda
        while agenda and agenda[0][0] <= end:
            self._now, _, what, about = heappop(agenda)
            what(*about)
        self._now = end

    # --- Phones ---

    def _launch(self) -> None:
        if self._contacts_left == 0:
            return
        chance = self._dial_chance
        answered = chance.random() < [rate for at, rate in self._case.answer_rates if at <= self._now][-1]
        ring = self._case.answered_ring(chance)
        self.outcome.launched += 1
        dial = self.outcome.launched
        self._ringing[dial] = self._now
        if answered:
            self._at(self._now + ring, self._answer, dial)
        else:
            self._at(self._now + self._case.silent_ring(chance), self._ring_out, dial)

    def _end_ringing(self, dial: int, *, answered: bool) -> None:
        launched_at = self._ringing.pop(dial)
        self._hear(self._policy.dial_ended, launched_at=launched_at, ended_at=self._now, answered=answered)

    def _ring_out(self, dial: int) -> None:
        self._end_ringing(dial, answered=False)

    def _answer(self, dial: int) -> None:
        self._end_ringing(dial, answered=True)
        self.outcome.answered += 1
        self._this_hour[0] += 1
        if self._idle:
            self._connect()
        else:
            self._waiting[dial] = self._now
            self._at(self._now + CONNECT_LIMIT_SECONDS, self._give_up, dial)
            if every := self._case.looks_every_seconds:
                self._at(self._now + every, self._look, dial)

    def _look(self, dial: int) -> None:
        if dial not in self._waiting:
            return
        if self._idle:
            del self._waiting[dial]
            self._connect()
        else:
            self._at(self._now + (self._case.looks_every_seconds or 0.0), self._look, dial)

    def _give_up(self, dial: int) -> None:
        if self._waiting.pop(dial, None) is not None:
            self.outcome.abandoned += 1
            self._this_hour[1] += 1

    @property
    def _this_hour(self) -> list[int]:
        return self.outcome.by_hour.setdefault(int(self._now) // _HOUR, [0, 0])

    # --- Agents ---

    def _connect(self) -> None:
        agent = next(iter(self._idle))
        self.outcome.connected += 1
        self.outcome.idle_before_connect += self._now - self._idle.pop(agent)
        self._talking[agent] = self._now
        talk, wrap_up = self._case.talk(self._call_chance), self._case.wrap_up(self._call_chance)
        until = min(self._case.seconds, self._now + talk + wrap_up)
        self.outcome.busy_seconds += until - self._now
        self._at(self._now + talk, self._hang_up, agent, wrap_up)

    def _hang_up(self, agent: int, wrap_up: float) -> None:
        self._hear(self._policy.talk_ended, seconds=self._now - self._talking.pop(agent))
        self._wrapping[agent] = self._now
        self._at(self._now + wrap_up, self._done, agent)

    def _done(self, agent: int) -> None:
        self._hear(self._policy.wrap_up_ended, seconds=self._now - self._wrapping.pop(agent))
        away = self._leaving.pop(agent, None)
        if away is not None:
            self._leave(agent, away)
            return
        self._be_idle(agent)

    def _be_idle(self, agent: int) -> None:
        self._idle[agent] = self._now
        if self._waiting and self._case.looks_every_seconds is None:
            del self._waiting[next(iter(self._waiting))]
            self._connect()

    def _come(self, number: int) -> None:
        for _ in range(int(number)):
            self._agents += 1
            self._arrive(self._agents)

    def _arrive(self, agent: int) -> None:
        self._present[agent] = self._now
        if every := self._case.break_every_seconds:
            self._at(self._now + self._break_chance.exponential(every), self._depart, agent, 600.0)
        self._be_idle(agent)

    def _go(self, number: int) -> None:
        for agent in [one for one in self._present if one not in self._leaving][: int(number)]:
            self._depart(agent, 0.0)

    def _depart(self, agent: int, away: float) -> None:
        if agent in self._idle:
            del self._idle[agent]
            self._leave(agent, away)
        elif agent in self._present:
            self._leaving[agent] = away

    def _leave(self, agent: int, away: float) -> None:
        self._sign_out(agent)
        if away:
            self._at(self._now + away, self._arrive, agent)

    def _sign_out(self, agent: int) -> None:
        self.outcome.present_seconds += self._now - self._present.pop(agent)
