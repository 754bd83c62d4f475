"""What the dialler knows of a campaign at one instant, from the board and the attempts in flight. Pure.

Agents may serve several queues, and several campaigns may have one queue. So calls of other queues that the
same agents may take count too, in proportion, and never more of them than there are agents in common: a long
line elsewhere keeps nobody from work who does not serve it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from math import ceil
from typing import Self

import msgspec

from cti.agents.model import Agent, AgentStatus, SystemReason
from cti.calls.model import QueueEntry
from cti.pacing.abandon_count import AbandonCounts
from cti.pacing.situation import FULL_DAY_SECONDS, Situation

_AWAY = frozenset({AgentStatus.LOGGED_OUT, AgentStatus.PAUSED})
_BUSY = frozenset({AgentStatus.TALKING, AgentStatus.HOLD})


class Flight(msgspec.Struct, frozen=True, gc=False):
    """An attempt for a queue's agents that nobody has taken yet."""

    queue: str
    launched_at: float
    #: A person answered and does not wait in the queue yet.
    answered: bool = False


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """The agents of a queue: in each state since when."""

    idle: tuple[float, ...] = ()
    talking: tuple[float, ...] = ()
    wrapping: tuple[float, ...] = ()
    #: In a call or wrap-up after which they pause.
    leaving: int = 0
    paused: int = 0

    @property
    def takes_calls(self) -> bool:
        """Whether somebody takes calls, now or after the one in hand."""
        return bool(self.idle or self.talking or self.wrapping)


def staff_of(
    queue: str,
    agents: Iterable[Agent],
    waiting: Collection[QueueEntry],
    began: Mapping[int, float],
    *,
    taken: Collection[int] = (),
) -> Staff:
    """The agents of a queue. ``waiting`` are the callers on the board, ``began`` is when the calls of agents
    who are in one began; those of the ``taken`` who are in a call will be with others after it.
    """
    calls = {entry.call_id for entry in waiting if entry.queue == queue}
    idle, talking, wrapping = [], [], []
    leaving = paused = 0
    for agent in agents:
        state = agent.state
        if queue not in agent.queues or state.status is AgentStatus.LOGGED_OUT:
            continue
        if state.status is AgentStatus.PAUSED:
            paused += 1
        elif state.status is AgentStatus.READY:
            idle.append(state.started_at)
        elif agent.pause_reason not in (None, SystemReason.WRAP_UP) or agent.agent_id in taken:
            leaving += 1
        elif state.status is AgentStatus.WRAP_UP:
            wrapping.append(agent.wrap_up_started_at or state.started_at)
        elif state.status in _BUSY:
            talking.append(began.get(agent.agent_id, state.started_at))
        elif agent.call_id in calls:
            # He is offered a caller who waits, and who is counted: nobody else is waited for.
            idle.append(state.started_at)
        else:
            talking.append(state.started_at)
    return Staff(
        idle=tuple(idle), talking=tuple(talking), wrapping=tuple(wrapping), leaving=leaving, paused=paused
    )


def situation(
    queue: str,
    *,
    now: float,
    informed_at: float | None,
    agents: Sequence[Agent],
    waiting: Collection[QueueEntry],
    began: Mapping[int, float],
    flights: Iterable[Flight],
    counts: AbandonCounts,
    remaining_seconds: float = FULL_DAY_SECONDS,
    contacts_left: int | None = None,
    free_lines: int | None = None,
) -> Situation:
    """The situation of a campaign whose calls the queue's agents take."""
    ringing: dict[str, list[float]] = {}
    # Who is offered a caller of another queue has him in hand already.
    offered = {agent.call_id for agent in agents if agent.state.status is AgentStatus.RINGING}
    waits: Counter[str] = Counter(
        entry.queue for entry in waiting if entry.queue == queue or entry.call_id not in offered
    )
    for flight in flights:
        if flight.answered:
            waits[flight.queue] += 1
        else:
            ringing.setdefault(flight.queue, []).append(flight.launched_at)
    common = {other: _Common.of(queue, other, agents) for other in {*ringing, *waits} - {queue}}
    waiting_here = waits.pop(queue, 0)
    idle, busy = _taken_by_others(waits, common)
    staff = staff_of(queue, agents, waiting, began, taken=busy)
    return Situation(
        now=now,
        informed_at=informed_at,
        idle=staff.idle,
        talking=staff.talking,
        wrapping=staff.wrapping,
        leaving=staff.leaving,
        ringing=[
            *ringing.pop(queue, ()),
            *(
                since
                for other, launched in ringing.items()
                for since in sorted(launched)[: common[other].part_of(launched)]
            ),
        ],
        waiting=waiting_here + len(idle),
        answered=counts.today.answered,
        abandoned=counts.today.abandoned,
        other_counts=(counts.day, counts.month),
        remaining_seconds=remaining_seconds,
        contacts_left=contacts_left,
        free_lines=free_lines,
    )


class _Common(msgspec.Struct, frozen=True, gc=False):
    """The agents of a queue who also serve another: those who are idle and those who are in a call."""

    idle: tuple[int, ...]
    busy: tuple[int, ...]
    #: Which part they are of all who serve the other.
    share: float

    @classmethod
    def of(cls, queue: str, other: str, agents: Iterable[Agent]) -> Self:
        """Of those who are at work."""
        theirs = [one for one in agents if other in one.queues and one.state.status not in _AWAY]
        ours = [one for one in theirs if queue in one.queues]
        idle = [one.agent_id for one in ours if one.state.status is AgentStatus.READY]
        busy = [one.agent_id for one in ours if one.state.status is not AgentStatus.READY]
        return cls(tuple(idle), tuple(busy), len(ours) / len(theirs) if theirs else 0.0)

    def part_of(self, calls: Sized) -> int:
        """How many of the other queue's calls are for them."""
        return min(ceil(len(calls) * self.share), len(self.idle) + len(self.busy))


def _taken_by_others(
    waits: Mapping[str, int], common: Mapping[str, _Common]
) -> tuple[frozenset[int], frozenset[int]]:
    """Which idle agents, and which of those in a call as soon as they are done, callers of other queues will
    have.
    """
    idle: set[int] = set()
    busy: set[int] = set()
    for other, count in waits.items():
        ours = common[other]
        left = ceil(count * ours.share)
        first = [one for one in ours.idle if one not in idle][:left]
        idle.update(first)
        busy.update([one for one in ours.busy if one not in busy][: left - len(first)])
    return frozenset(idle), frozenset(busy)
