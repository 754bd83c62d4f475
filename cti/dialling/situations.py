"""What the dialler knows of a campaign at one instant, from the board and the attempts in flight. Pure.

Agents may serve several queues, and several campaigns may have one queue. So calls of other queues that the
same agents may take count too: as many of them as there are agents in common, in proportion.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import ceil

import msgspec

from cti.agents.model import Agent, AgentStatus, SystemReason
from cti.calls.model import QueueEntry
from cti.pacing.abandon_count import AbandonCounts
from cti.pacing.situation import FULL_DAY_SECONDS, Situation

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
    queue: str, agents: Iterable[Agent], waiting: Collection[QueueEntry], began: Mapping[int, float]
) -> Staff:
    """The agents of a queue. ``waiting`` are the callers on the board, ``began`` is when the calls of agents
    who are in one began.
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
        elif agent.pause_reason not in (None, SystemReason.WRAP_UP):
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
    staff: Staff,
    *,
    now: float,
    informed_at: float | None,
    agents: Sequence[Agent],
    waiting: Iterable[QueueEntry],
    flights: Iterable[Flight],
    counts: AbandonCounts,
    remaining_seconds: float = FULL_DAY_SECONDS,
    contacts_left: int | None = None,
    free_lines: int | None = None,
) -> Situation:
    """The situation of a campaign whose calls the queue's agents take."""
    ringing: dict[str, list[float]] = {}
    waits: Counter[str] = Counter(entry.queue for entry in waiting)
    for flight in flights:
        if flight.answered:
            waits[flight.queue] += 1
        else:
            ringing.setdefault(flight.queue, []).append(flight.launched_at)
    shares = {other: _share(queue, other, agents) for other in {*ringing, *waits}}
    return Situation(
        now=now,
        informed_at=informed_at,
        idle=staff.idle,
        talking=staff.talking,
        wrapping=staff.wrapping,
        leaving=staff.leaving,
        ringing=[
            since
            for other, launched in ringing.items()
            for since in sorted(launched)[: ceil(len(launched) * shares[other])]
        ],
        waiting=sum(ceil(count * shares[other]) for other, count in waits.items()),
        answered=counts.today.answered,
        abandoned=counts.today.abandoned,
        other_counts=(counts.day, counts.month),
        remaining_seconds=remaining_seconds,
        contacts_left=contacts_left,
        free_lines=free_lines,
    )


def _share(queue: str, other: str, agents: Iterable[Agent]) -> float:
    """The part of another queue's agents who are also this one's."""
    if other == queue:
        return 1.0
    theirs = [agent for agent in agents if other in agent.queues]
    if not theirs:
        return 0.0
    return sum(queue in agent.queues for agent in theirs) / len(theirs)
