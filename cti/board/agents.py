"""Agents on the board: what queue members, pauses and the legs on their devices make of them."""

from cti.agents import states
from cti.agents.model import agent_id_of
from cti.agents.states import AgentRecord, DeviceLeg, LegUse, QueueCall
from cti.asterisk.events import AmiEvent
from cti.board.calls import release
from cti.board.facts import (
    AgentChanged,
    AgentStateChanged,
    Fact,
    IntervalEnded,
    IntervalStarted,
    LegChanged,
)
from cti.board.state import LegTrack, State, anomaly, instant_of
from cti.calls.model import (
    Interval,
    IntervalKind,
    LegKind,
)


def follow(state: State, record: AgentRecord, out: list[Fact], *, changed: bool = False) -> None:
    """Moves the agent to the state that his record says, and tells it."""
    before = states.settle(record, state.at)
    if before is not None:
        out.append(AgentStateChanged(at=state.at, agent=record.agent, before=before))
    elif changed:
        out.append(AgentChanged(at=state.at, agent=record.agent))


def use_leg(state: State, track: LegTrack, out: list[Fact]) -> None:
    """Tells the agent of a leg what his device does on it."""
    leg = track.leg
    if leg.agent_id is None or leg.kind is LegKind.LOCAL:
        return
    record = state.agents.get(leg.agent_id)
    if record is None:
        return
    use = LegUse.RINGING if not track.up else LegUse.HELD if track.holding else LegUse.UP
    device_leg = record.legs.get(leg.id)
    if device_leg is None:
        record.legs[leg.id] = DeviceLeg(call_id=leg.call_id, use=use, queue=track.queue)
    elif device_leg.use is use and device_leg.queue == track.queue:
        return
    else:
        device_leg.use = use
        device_leg.queue = track.queue
    follow(state, record, out)


def leave_leg(state: State, track: LegTrack, out: list[Fact]) -> None:
    """The leg is gone from the agent's device; the wrap-up of a queue call begins."""
    leg = track.leg
    record = state.agents.get(leg.agent_id) if leg.agent_id is not None else None
    if record is None or record.legs.pop(leg.id, None) is None:
        return
    if track.queue is not None:
        call = QueueCall(
            call_id=leg.call_id,
            call_started_at=leg.call_started_at,
            leg_id=leg.id,
            leg_started_at=leg.started_at,
            queue=track.queue,
        )
        _end_wrap_up(state, record, out)
        if states.begin_wrap_up(record, call, state.at) and (leg.ended_at is not None or leg.ending is None):
            # (When the leg went in a gap, nobody knows when the wrap-up began, so none is measured.)
            _open_wrap_up(state, record, call, out)
    follow(state, record, out)


def _open_wrap_up(state: State, record: AgentRecord, call: QueueCall, out: list[Fact]) -> None:
    owner = state.calls.get(call.call_id)
    step = owner.call.clock_step_seconds if owner is not None else None
    interval = Interval(
        id=f"{call.leg_id}.w",
        kind=IntervalKind.WRAP_UP,
        call_id=call.call_id,
        call_started_at=call.call_started_at,
        leg_id=call.leg_id,
        leg_started_at=call.leg_started_at,
        agent_id=record.agent.agent_id,
        queue=call.queue,
        started_at=state.at - (step or 0.0),
        clock_step_seconds=step,
    )
    state.wrap_ups[record.agent.agent_id] = interval
    if owner is not None:
        owner.wrapping += 1
    out.append(IntervalStarted(at=state.at, interval=interval))


def _end_wrap_up(state: State, record: AgentRecord, out: list[Fact]) -> None:
    if states.end_wrap_up(record):
        close_wrap_up(state, record.agent.agent_id, out)


def close_wrap_up(state: State, agent_id: int, out: list[Fact]) -> None:
    """Ends the measured span of a wrap-up that is over, and lets its call go."""
    interval = state.wrap_ups.pop(agent_id, None)
    if interval is None:
        return
    interval.ended_at = max(instant_of(state, interval), interval.started_at)
    out.append(IntervalEnded(at=state.at, interval=interval))
    owner = state.calls.get(interval.call_id)
    if owner is not None:
        owner.wrapping = max(0, owner.wrapping - 1)
        release(state, owner)


def set_pause(state: State, record: AgentRecord, reason: str | None, out: list[Fact]) -> None:
    """Takes a pause that Asterisk reports; what is said of one queue goes for all of the agent."""
    changed = record.agent.pause_reason != reason
    ended, begun = states.pause(record, reason, state.at)
    if ended:
        close_wrap_up(state, record.agent.agent_id, out)
    if begun is not None:
        _open_wrap_up(state, record, begun, out)
    follow(state, record, out, changed=changed)


def member_added(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent signed in to a queue, or the service adopted him after a gap."""
    agent_id = agent_id_of(event.get("MemberName"))
    if agent_id is None:
        return
    record = record_of(state, agent_id, out)
    reason = reason_of(event)
    if record.agent.queues:
        # One more queue: that he is not paused in it yet does not make him ready.
        adopt_member(state, record, event.get("Queue"), event.get("Interface"), out)
        if reason is not None:
            set_pause(state, record, reason, out)
    else:
        record.agent.pause_reason = reason
        adopt_member(state, record, event.get("Queue"), event.get("Interface"), out)


def adopt_member(state: State, record: AgentRecord, queue: str, interface: str, out: list[Fact]) -> None:
    """Puts an agent with his device into a queue."""
    agent = record.agent
    changed = False
    if interface and agent.interface != interface:
        if agent.interface is not None:
            state.agent_by_interface.pop(agent.interface, None)
        other = state.agents.get(state.agent_by_interface.get(interface, -1))
        if other is not None:
            other.agent.interface = None
        state.agent_by_interface[interface] = agent.agent_id
        agent.interface = interface
        changed = True
        for track in state.legs.values():
            if track.leg.interface == interface and track.leg.agent_id is None:
                track.leg.agent_id = agent.agent_id
                out.append(LegChanged(at=state.at, leg=track.leg))
                use_leg(state, track, out)
    if queue and queue not in agent.queues:
        agent.queues.append(queue)
        changed = True
    follow(state, record, out, changed=changed)


def member_removed(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent left a queue; with the last one he is logged out."""
    record = _member(state, event, out)
    if record is not None:
        drop_member(state, record, event.get("Queue"), out)


def drop_member(state: State, record: AgentRecord, queue: str, out: list[Fact]) -> None:
    """Takes an agent out of a queue."""
    agent = record.agent
    if queue not in agent.queues:
        return
    agent.queues.remove(queue)
    if not agent.queues:
        _end_wrap_up(state, record, out)
        record.last_queue_call = None
        agent.pause_reason = None
        agent.missed_offers = 0
        if agent.interface is not None:
            state.agent_by_interface.pop(agent.interface, None)
            agent.interface = None
    follow(state, record, out, changed=True)


def member_pause(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A pause began, ended or got another reason."""
    record = _member(state, event, out)
    if record is None:
        return
    if state.snapshot is not None:  # newer than what the lists say
        state.snapshot.pauses.pop(record.agent.agent_id, None)
    set_pause(state, record, reason_of(event), out)


def missed_offer(state: State, agent_id: int, out: list[Fact]) -> None:
    """The agent let an offer go by."""
    record = state.agents.get(agent_id)
    if record is not None:
        record.agent.missed_offers += 1
        follow(state, record, out, changed=True)


def answered_offer(state: State, agent_id: int, out: list[Fact]) -> None:
    """The agent took an offer; whatever he still wrapped up is over with it."""
    record = state.agents.get(agent_id)
    if record is not None:
        record.agent.missed_offers = 0
        _end_wrap_up(state, record, out)
        follow(state, record, out, changed=True)


def record_of(state: State, agent_id: int, out: list[Fact]) -> AgentRecord:
    """The agent's record, made when the board has not seen him before."""
    record = state.agents.get(agent_id)
    if record is None:
        record = state.agents[agent_id] = states.new_record(agent_id, state.at)
        out.append(AgentStateChanged(at=state.at, agent=record.agent, before=None))
    return record


def _member(state: State, event: AmiEvent, out: list[Fact]) -> AgentRecord | None:
    """The agent that a member stands for; a member that somebody configured by hand is none of ours."""
    agent_id = agent_id_of(event.get("MemberName"))
    record = state.agents.get(agent_id) if agent_id is not None else None
    if agent_id is not None and record is None:
        out.append(anomaly(state, event, f"agent {agent_id} is not signed in"))
    return record


def reason_of(event: AmiEvent) -> str | None:
    """The pause that a queue member's event reports; None for no pause."""
    if event.get("Paused") != "1":
        return None
    return event.get("PausedReason") or event.get("Reason")
