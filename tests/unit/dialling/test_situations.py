"""What the dialler knows of a campaign, from agents, waiting callers and attempts in flight."""

from typing import Any

import pytest

from cti.agents.model import Agent, AgentState, AgentStatus
from cti.board.facts import AgentStateChanged
from cti.calls.model import QueueEntry
from cti.dialling.pace.handle_times import HandleTimes
from cti.dialling.pace.situations import Flight, Staff, situation, staff_of
from cti.pacing.abandon_count import AbandonCount, AbandonCounts
from cti.pacing.situation import Situation


def agent(agent_id: int, status: AgentStatus, *queues: str, since: float = 0.0, **changes: Any) -> Agent:
    state = AgentState(id=f"a{agent_id}", agent_id=agent_id, status=status, started_at=since)
    return Agent(agent_id=agent_id, queues=list(queues or ("sales",)), state=state, **changes)


def waits(call_id: str, queue: str = "sales") -> QueueEntry:
    return QueueEntry(
        id=call_id, call_id=call_id, call_started_at=0.0, leg_id=call_id, leg_started_at=0.0, queue=queue,
        joined_at=0.0,
    )  # fmt: skip


def seen(*agents: Agent, waiting: tuple[QueueEntry, ...] = (), flights: tuple[Flight, ...] = ()) -> Situation:
    return situation(
        "sales", now=100.0, informed_at=99.0, agents=agents, waiting=waiting, began={}, flights=flights,
        counts=AbandonCounts(today=AbandonCount(answered=10, abandoned=1)),
    )  # fmt: skip


def test_agents_are_counted_by_what_they_do_and_since_when() -> None:
    staff = staff_of(
        "sales",
        [
            agent(1, AgentStatus.READY, since=1.0),
            agent(2, AgentStatus.TALKING, since=2.0),
            agent(3, AgentStatus.HOLD, since=30.0),
            agent(4, AgentStatus.WRAP_UP, since=4.0, pause_reason="wrap-up", wrap_up_started_at=3.5),
            agent(5, AgentStatus.PAUSED, since=5.0, pause_reason="lunch"),
            agent(6, AgentStatus.LOGGED_OUT, since=6.0),
            agent(7, AgentStatus.READY, "support", since=7.0),
        ],
        [],
        {3: 3.0},
    )
    assert staff == Staff(idle=(1.0,), talking=(2.0, 3.0), wrapping=(3.5,), paused=1)
    assert staff.takes_calls


@pytest.mark.parametrize(
    "status", [AgentStatus.RINGING, AgentStatus.TALKING, AgentStatus.HOLD, AgentStatus.WRAP_UP]
)
def test_who_pauses_after_the_call_in_hand_is_not_counted_on(status: AgentStatus) -> None:
    staff = staff_of("sales", [agent(1, status, pause_reason="lunch")], [], {})
    assert staff == Staff(leaving=1)
    assert not staff.takes_calls
    # The pause that the service sets for his wrap-up is none.
    assert staff_of("sales", [agent(1, status, pause_reason="wrap-up")], [], {}).takes_calls


def test_who_is_offered_a_waiting_caller_is_idle_and_who_dials_is_not() -> None:
    offered = agent(1, AgentStatus.RINGING, since=5.0, call_id="c1")
    dials = agent(2, AgentStatus.RINGING, since=6.0, call_id="c2")
    staff = staff_of("sales", [offered, dials], [waits("c1")], {})
    assert staff == Staff(idle=(5.0,), talking=(6.0,))
    assert seen(offered, waiting=(waits("c1"),)).unclaimed == 0


def test_two_campaigns_of_one_queue_do_not_dial_for_the_same_agent() -> None:
    ready = agent(1, AgentStatus.READY)
    assert seen(ready).unclaimed == 1
    assert seen(ready, flights=(Flight("sales", 99.0),)).unclaimed == 0
    assert seen(ready, flights=(Flight("sales", 99.0, True),)).waiting == 1
    assert seen(ready, flights=(Flight("support", 99.0),)).unclaimed == 1


def test_calls_of_another_queue_count_by_the_agents_in_common() -> None:
    both = [agent(number, AgentStatus.READY, "sales", "support") for number in range(2)]
    others = [agent(number, AgentStatus.READY, "support") for number in range(2, 4)]
    flights = tuple(Flight("support", float(number)) for number in range(4))
    found = seen(*both, *others, waiting=(waits("c1", "support"),), flights=flights)
    assert list(found.ringing) == [0.0, 1.0]
    assert found.waiting == 1
    assert len(found.idle) == 2


def test_a_line_elsewhere_keeps_nobody_from_work_who_does_not_serve_it() -> None:
    ours = [agent(number, AgentStatus.READY) for number in range(3)]
    both = agent(3, AgentStatus.TALKING, "sales", "support")
    line = tuple(waits(f"c{number}", "support") for number in range(6))
    found = seen(*ours, both, waiting=line)
    assert (found.waiting, found.unclaimed) == (0, 3)
    # He takes the first of them when he is done, so nobody counts on him.
    assert (list(found.talking), found.leaving) == ([], 1)
    ready = agent(3, AgentStatus.READY, "sales", "support")
    assert seen(*ours, ready, waiting=line).unclaimed == 3
    assert seen(*ours, ready, flights=tuple(Flight("support", 99.0) for _ in line)).unclaimed == 3


def test_an_agent_is_taken_by_one_of_the_lines_that_he_serves() -> None:
    both = agent(1, AgentStatus.READY, "sales", "support", "overflow")
    line = (waits("c1", "support"), waits("c2", "overflow"))
    assert seen(both, agent(2, AgentStatus.READY), waiting=line).unclaimed == 1


def test_who_is_offered_a_caller_of_another_queue_has_him_in_hand() -> None:
    offered = agent(1, AgentStatus.RINGING, "sales", "support", since=5.0, call_id="c1")
    ready = agent(2, AgentStatus.READY, "sales", "support")
    found = seen(offered, ready, waiting=(waits("c1", "support"),))
    assert (found.unclaimed, list(found.talking)) == (1, [5.0])


def test_a_talk_lasts_from_the_first_word_to_the_last_with_its_holds() -> None:
    times = HandleTimes()

    def becomes(status: AgentStatus, at: float, before: AgentStatus, since: float) -> tuple[Any, Any]:
        old = AgentState(id="b", agent_id=1, status=before, started_at=since, ended_at=at)
        return times.observe(AgentStateChanged(at=at, agent=agent(1, status, since=at), before=old))

    assert becomes(AgentStatus.TALKING, 10.0, AgentStatus.RINGING, 8.0) == (None, None)
    assert becomes(AgentStatus.HOLD, 20.0, AgentStatus.TALKING, 10.0) == (None, None)
    assert times.began == {1: 10.0}
    assert becomes(AgentStatus.TALKING, 30.0, AgentStatus.HOLD, 20.0) == (None, None)
    assert becomes(AgentStatus.WRAP_UP, 40.0, AgentStatus.TALKING, 30.0) == (30.0, None)
    assert becomes(AgentStatus.READY, 45.0, AgentStatus.WRAP_UP, 40.0) == (None, 5.0)
    assert times.began == {}
