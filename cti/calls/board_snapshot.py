"""Reconciling: after a gap in the events the board is held against what Asterisk lists.

Between `CtiSnapshotBegin` and `CtiSnapshotEnd` the items of Asterisk's lists are only gathered, while events
go on to be applied. At the end, what the board had at the beginning and Asterisk does not list is over since
nobody knows when; what Asterisk lists and the board neither has nor has just seen ending is adopted. Every
call that lived through the gap is marked: a hold inside it may have been missed.
"""

from cti.agents.model import agent_id_of
from cti.asterisk.events import AmiEvent
from cti.calls import board_agents, board_bridges, board_legs, board_queues
from cti.calls.board_dials import take_up
from cti.calls.board_spans import close_span, settle
from cti.calls.board_state import LegTrack, Snapshot, State, anomaly
from cti.calls.model import (
    CallChanged,
    EntryOutcome,
    Fact,
    GapClosed,
    IntervalKind,
    LegEnding,
    QueueLeft,
)

_UP = "6"


def boot(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Asterisk has been started anew: nothing of its last life goes on."""
    name = event.get("Boot")
    if not name:
        out.append(anomaly(state, event, "names no boot"))
        return
    if name == state.boot:
        return
    open_gap(state, "asterisk_restarted")
    for track in list(state.legs.values()):
        _vanish(state, track, out)
    state.bridges.clear()
    state.locals.clear()
    state.snapshot = None
    state.boot = name


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


def begin(state: State, event: AmiEvent, out: list[Fact]) -> None:  # noqa: ARG001
    """Asterisk's lists follow."""
    state.snapshot = Snapshot(
        begun_at=state.at,
        leg_ids=list(state.legs),
        entry_ids=[key for key, entry in state.entries.items() if entry.outcome is None],
        members=[(key, queue) for key, record in state.agents.items() for queue in record.agent.queues],
    )


def channel(state: State, event: AmiEvent, out: list[Fact]) -> None:  # noqa: ARG001
    """A channel that lives."""
    if state.snapshot is not None and event.get("Uniqueid"):
        state.snapshot.channels[event.get("Uniqueid")] = event.headers


def queue_member(state: State, event: AmiEvent, out: list[Fact]) -> None:  # noqa: ARG001
    """An agent in a queue."""
    if state.snapshot is not None:
        state.snapshot.queue_members.append(event.headers)


def queue_entry(state: State, event: AmiEvent, out: list[Fact]) -> None:  # noqa: ARG001
    """A caller who waits."""
    if state.snapshot is not None and event.get("Uniqueid"):
        state.snapshot.queue_entries[event.get("Uniqueid")] = event.headers


def end(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The lists are complete: the board becomes what they say."""
    snapshot = state.snapshot
    if snapshot is None:
        out.append(anomaly(state, event, "no snapshot was begun"))
        return
    state.snapshot = None
    _mark_gap(state, snapshot, out)
    _end_vanished(state, snapshot, out)
    for headers in snapshot.channels.values():
        _reconcile_leg(state, snapshot, headers, out)
    for uniqueid, headers in snapshot.queue_entries.items():
        _adopt_entry(state, uniqueid, headers, out)
    _reconcile_members(state, snapshot, out)
    out.append(GapClosed(at=state.at, from_at=state.gap_from, reason=state.gap_reason or "snapshot"))
    state.gap_from = state.gap_reason = None


def _mark_gap(state: State, snapshot: Snapshot, out: list[Fact]) -> None:
    marked = set()
    for leg_id in snapshot.leg_ids:
        track = state.legs.get(leg_id)
        if track is None or track.leg.call_id in marked:
            continue
        marked.add(track.leg.call_id)
        call = state.calls[track.leg.call_id].call
        if not call.gap:
            call.gap = True
            out.append(CallChanged(at=state.at, call=call))


def _end_vanished(state: State, snapshot: Snapshot, out: list[Fact]) -> None:
    for leg_id in snapshot.leg_ids:
        track = state.legs.get(leg_id)
        if track is not None and track.leg.uniqueid not in snapshot.channels:
            _vanish(state, track, out)
    for entry_id in snapshot.entry_ids:
        entry = state.entries.get(entry_id)
        track = state.legs.get(entry.leg_id) if entry is not None else None
        if entry is None or track is None or entry.outcome is not None:
            continue
        if track.leg.uniqueid not in snapshot.queue_entries:
            entry.outcome = EntryOutcome.UNKNOWN
            close_span(state, track, out, unknown=True)
            out.append(QueueLeft(at=state.at, entry=entry, call=state.calls[track.leg.call_id].call))


def _vanish(state: State, track: LegTrack, out: list[Fact]) -> None:
    call = state.calls[track.leg.call_id].call
    if not call.gap:
        call.gap = True
        out.append(CallChanged(at=state.at, call=call))
    board_legs.end_leg(state, track, LegEnding.RECONCILED, out)


def _reconcile_leg(state: State, snapshot: Snapshot, headers: dict[str, str], out: list[Fact]) -> None:
    leg_id = state.leg_id(headers["Uniqueid"])
    track = state.legs.get(leg_id)
    if track is None:
        if leg_id in state.gone:
            return
        track = board_legs.add_leg(state, headers, _started_at(state, headers), out)
        state.calls[track.leg.call_id].call.gap = True
    elif (
        track.span is not None
        and track.span.kind is IntervalKind.HOLD
        and track.span.started_at < snapshot.begun_at
    ):
        close_span(state, track, out, unknown=True)  # whether it was resumed meanwhile, nobody knows
        board_bridges.release_hold(state, track, out)
    if headers.get("ChannelState") == _UP:
        take_up(state, track, out)
    if track.bridged_at < snapshot.begun_at:
        bridge_id = headers.get("BridgeId", "")
        if bridge_id:
            board_bridges.join(state, track, bridge_id, out)
        elif track.leg.bridge_id is not None:
            board_bridges.part(state, track, out)


def _started_at(state: State, headers: dict[str, str]) -> float:
    """When a channel was made: Asterisk writes the second into its Uniqueid; else by its duration."""
    seconds = headers["Uniqueid"].rpartition("-")[2].partition(".")[0]
    if seconds.isascii() and seconds.isdecimal() and len(seconds) == 10:
        return min(float(seconds), state.at)
    parts = headers.get("Duration", "").split(":")
    if len(parts) == 3 and all(part.isascii() and part.isdecimal() and len(part) < 6 for part in parts):
        hours, minutes, rest = (int(part) for part in parts)
        return state.at - (hours * 3600 + minutes * 60 + rest)
    return state.at


def _adopt_entry(state: State, uniqueid: str, headers: dict[str, str], out: list[Fact]) -> None:
    track = state.legs.get(state.leg_id(uniqueid))
    if track is None:
        return
    known = state.entries.get(track.entry_id or "")
    if known is not None and known.queue == headers.get("Queue", ""):
        return
    if known is not None and known.outcome is None:
        return
    waited = headers.get("Wait", "")
    seconds = int(waited) if waited.isascii() and waited.isdecimal() and len(waited) < 8 else 0
    position = headers.get("Position", "")
    board_queues.add_entry(
        state,
        track,
        headers.get("Queue", ""),
        state.at - seconds,
        int(position) if position.isascii() and position.isdecimal() and len(position) < 6 else None,
        out,
    )
    settle(state, track, out)


def _reconcile_members(state: State, snapshot: Snapshot, out: list[Fact]) -> None:
    listed: dict[int, list[dict[str, str]]] = {}
    for headers in snapshot.queue_members:
        agent_id = agent_id_of(headers.get("Name", "") or headers.get("MemberName", ""))
        if agent_id is not None:
            listed.setdefault(agent_id, []).append(headers)
    for agent_id, queue in snapshot.members:
        record = state.agents.get(agent_id)
        if record is not None and not any(item.get("Queue") == queue for item in listed.get(agent_id, ())):
            board_agents.drop_member(state, record, queue, out)
    for agent_id, items in listed.items():
        record = board_agents.record_of(state, agent_id, out)
        for item in items:
            board_agents.adopt_member(
                state, record, item.get("Queue", ""), item.get("Location") or item.get("Interface", ""), out
            )
        reasons = [board_agents.reason_of(item) for item in items]
        paused = [reason for reason in reasons if reason is not None]
        reason = paused[0] if paused else None
        if reason != record.agent.pause_reason:
            board_agents.set_pause(state, record, reason, out)
