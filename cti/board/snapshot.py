"""Reconciling: after a gap in the events the board is held against what Asterisk lists.

Between `CtiSnapshotBegin` and `CtiSnapshotEnd` the items of Asterisk's lists are only gathered, while events
go on to be applied. At the end, what the board had at the beginning and Asterisk does not list is over since
nobody knows when; what Asterisk lists and the board neither has nor has just seen ending is adopted. Every
call that lived through the gap is marked: a hold inside it may have been missed.
"""

from cti.agents.model import agent_id_of
from cti.asterisk.events import AmiEvent
from cti.board import agents, bridges, legs, queues
from cti.board.dials import take_up
from cti.board.facts import (
    CallChanged,
    Fact,
    GapClosed,
    QueueLeft,
)
from cti.board.spans import close_span, settle
from cti.board.state import LegTrack, Snapshot, State, anomaly, epoch_of, number_of
from cti.calls.model import (
    EntryOutcome,
    IntervalKind,
    LegEnding,
    by_present_clock,
)

_UP = "6"
#: The cause of a gap over which Asterisk has been started anew.
RESTARTED = "asterisk_restarted"


def boot(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Asterisk has been started anew: nothing of its last life goes on."""
    name = event.get("Boot")
    if not name:
        out.append(anomaly(state, event, "names no boot"))
        return
    if name == state.boot:
        return
    open_gap(state, RESTARTED)
    if state.boot:
        state.gap_reason = RESTARTED  # whatever was said when the connection broke
    _vanish(state, list(state.legs.values()), LegEnding.ASTERISK_STOPPED, out)
    state.bridges.clear()
    state.locals.clear()
    state.snapshot = None
    # Who asked before AMI told of the new boot asked about a channel of the new one.
    before = f"{state.boot}-"
    state.early = {f"{name}-{leg_id.removeprefix(before)}": early for leg_id, early in state.early.items()}
    state.boot = name
    state.boot_started_at = epoch_of(event.get("Started"))
    state.boot_met_at = state.at


def connected(state: State, event: AmiEvent, out: list[Fact]) -> None:  # noqa: ARG001
    """The connection to Asterisk is back; what was missed shows in the snapshot that follows."""
    open_gap(state, "connected")


def disconnected(state: State, event: AmiEvent, out: list[Fact]) -> None:  # noqa: ARG001
    """The connection to Asterisk is lost."""
    open_gap(state, event.get("Reason") or "disconnected")
    state.snapshot = None


def open_gap(state: State, reason: str) -> None:
    """Notes since when events may be missing."""
    if state.gap_from is None:
        state.gap_from = state.last_event_at or None
        state.gap_reason = reason
        state.gap_boot = state.boot


def begin(state: State, event: AmiEvent, out: list[Fact]) -> None:  # noqa: ARG001
    """Asterisk's lists follow."""
    state.snapshot = Snapshot(
        begun_at=state.at,
        leg_ids=dict.fromkeys(state.legs),
        entry_ids=dict.fromkeys(key for key, entry in state.entries.items() if entry.outcome is None),
        members={
            f"{key} {queue}": (key, queue)
            for key, record in state.agents.items()
            for queue in record.agent.queues
        },
    )
    _mark_gap(state, out)


def _mark_gap(state: State, out: list[Fact]) -> None:
    for owner in state.calls.values():
        if owner.live_legs and not owner.call.gap:
            owner.call.gap = True
            out.append(CallChanged(at=state.at, call=owner.call))


def channel(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A channel that lives."""
    snapshot, uniqueid = state.snapshot, event.get("Uniqueid")
    if snapshot is None or not uniqueid:
        return
    leg_id = state.leg_id(uniqueid)
    snapshot.leg_ids.pop(leg_id, None)
    track = state.legs.get(leg_id)
    if track is None:
        if leg_id in state.gone:
            return
        track = legs.add_leg(state, event, _started_at(state, event), out)
        state.calls[track.leg.call_id].call.gap = True
    elif track.span is None and track.connected:
        settle(state, track, out)  # a hold's end in the gap is unknown; since now he talks
        agents.use_leg(state, track, out)
    elif (
        track.span is not None
        and track.span.kind is IntervalKind.HOLD
        and by_present_clock(track.span.started_at, track.span) < snapshot.begun_at
    ):
        close_span(state, track, out, unknown=True)  # whether it was resumed meanwhile, nobody knows
        bridges.release_hold(state, track, out)
    if event.get("ChannelState") == _UP:
        take_up(state, track, out)
    if track.bridged_at < snapshot.begun_at:
        bridge_id = event.get("BridgeId")
        if bridge_id:
            bridges.join(state, track, bridge_id, out)
        else:
            bridges.part(state, track, out)


def bridge(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A bridge that lives; a channel's entry does not say that those in it are parked."""
    if state.snapshot is not None and event.get("BridgeUniqueid") and bridges.keeps_apart(event):
        bridges.set_apart(state, event.get("BridgeUniqueid"), out)


def queue_member(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """An agent in a queue."""
    snapshot = state.snapshot
    agent_id = agent_id_of(event.get("Name") or event.get("MemberName"))
    if snapshot is None or agent_id is None:
        return
    queue, reason = event.get("Queue"), agents.reason_of(event)
    snapshot.members.pop(f"{agent_id} {queue}", None)
    if reason is not None or agent_id not in snapshot.pauses:
        snapshot.pauses[agent_id] = reason
    record = agents.record_of(state, agent_id, out)
    if reason is not None:
        record.agent.pause_reason = reason if record.agent.pause_reason is None else record.agent.pause_reason
    agents.adopt_member(state, record, queue, event.get("Location") or event.get("Interface"), out)


def queue_entry(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A caller who waits."""
    snapshot = state.snapshot
    track = state.legs.get(state.leg_id(event.get("Uniqueid")))
    if snapshot is None or track is None:
        return
    known = state.entries.get(track.entry_id or "")
    if known is not None:
        snapshot.entry_ids.pop(known.id, None)
        if known.queue == event.get("Queue") or known.outcome is None:
            return
    queues.add_entry(
        state,
        track,
        event.get("Queue"),
        number_of(event.get("Wait")) or 0,
        number_of(event.get("Position")),
        out,
    )


def end(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The lists are complete: what they did not name is over."""
    snapshot = state.snapshot
    if snapshot is None:
        out.append(anomaly(state, event, "no snapshot was begun"))
        return
    state.snapshot = None
    for bridge_id in [key for key, one in state.bridges.items() if not one.leg_ids]:
        del state.bridges[bridge_id]
    vanished = [state.legs[leg_id] for leg_id in snapshot.leg_ids if leg_id in state.legs]
    _vanish(state, vanished, LegEnding.RECONCILED, out)
    for entry_id in snapshot.entry_ids:
        _end_entry(state, entry_id, out)
    for agent_id, queue in snapshot.members.values():
        agents.drop_member(state, state.agents[agent_id], queue, out)
    for agent_id, reason in snapshot.pauses.items():
        record = state.agents[agent_id]
        if record.agent.pause_reason != reason:
            agents.set_pause(state, record, reason, out)
    out.append(GapClosed(at=state.at, from_at=state.gap_from, reason=state.gap_reason or "snapshot"))
    state.gap_from = state.gap_reason = state.gap_boot = None


def _end_entry(state: State, entry_id: str, out: list[Fact]) -> None:
    entry = state.entries.get(entry_id)
    track = state.legs.get(entry.leg_id) if entry is not None else None
    if entry is None or track is None or entry.outcome is not None:
        return
    entry.outcome = EntryOutcome.UNKNOWN
    close_span(state, track, out, unknown=True)
    out.append(QueueLeft(at=state.at, entry=entry, call=state.calls[track.leg.call_id].call))


def _vanish(state: State, tracks: list[LegTrack], ending: LegEnding, out: list[Fact]) -> None:
    for track in tracks:
        call = state.calls[track.leg.call_id].call
        if not call.gap:
            call.gap = True
            out.append(CallChanged(at=state.at, call=call))
        close_span(state, track, out, unknown=True)
        peer = state.legs.get(track.peer_id or "")
        if peer is not None and peer.peer_id == track.leg.id and track.connected:
            close_span(state, peer, out, unknown=True)  # nobody knows until when they talked
    for track in tracks:
        legs.end_leg(state, track, ending, out, unknown=True)


def _started_at(state: State, event: AmiEvent) -> float:
    """When a channel was made: Asterisk writes the second into its Uniqueid; else by its duration."""
    seconds = event.get("Uniqueid").rpartition("-")[2].partition(".")[0]
    if seconds.isascii() and seconds.isdecimal() and len(seconds) == 10:
        return min(float(seconds), state.at)
    parts = [number_of(part) for part in event.get("Duration").split(":")]
    if len(parts) == 3 and None not in parts:
        hours, minutes, rest = (part or 0 for part in parts)
        return state.at - (hours * 3600 + minutes * 60 + rest)
    return state.at
