"""The board: what goes on in the contact centre now, as a fold over Asterisk's events.

`Board.apply` takes one event and answers with facts, in the order in which they follow from it. It is pure:
no clock, no input or output, no randomness; time is in the event, and every id follows from the events alone.
So the same events give the same board, the same facts and the same rows, today and in a replay.

An event is dispatched by its name through one table, `RULES`; a name that is not in it means nothing to the
board. An event that makes no sense where it comes gives an `Anomaly`, and one that was applied before changes
nothing.

How the pieces hang together (each module beside this one opens with its own part of the theory):

* a *leg* is a channel; it lives in `State.legs` from Newchannel to Hangup;
* a *call* is everything that shares a Linkedid, transitively; it leaves the board after its last leg, once
nobody wraps
  it up any more;
* the *spans* of a leg (wait, ring, talk, hold, park) follow from what bridges, dials, holds and queues say
  of it;
* an *agent's state* follows from the legs on his device, his queues, his pause and his wrap-up.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from cti.agents.model import Agent
from cti.asterisk.events import OWN_PREFIX, AmiEvent
from cti.board import (
    agents,
    attempts,
    bridges,
    callbacks,
    calls,
    clock_steps,
    dials,
    flow_runs,
    holds,
    ledger_calls,
    ledger_rows,
    legs,
    messages,
    pickups,
    queues,
    snapshot,
    surveys,
    tasks,
    transfers,
)
from cti.board.facts import Fact
from cti.board.heard import Heard
from cti.board.state import STATE_VERSION, CallTrack, State, find_call
from cti.callbacks.model import Callback
from cti.calls.flow_run import FlowRun
from cti.calls.model import (
    Call,
    Interval,
    Leg,
    Offer,
    QueueEntry,
    Survey,
)

Rule = Callable[[State, AmiEvent, list[Fact]], None]

RULES: Final[Mapping[str, Rule]] = {
    "Newchannel": legs.new_channel,
    "Newstate": legs.new_state,
    "NewCallerid": legs.new_caller_id,
    "Rename": legs.rename,
    "HangupRequest": legs.hangup_request,
    "SoftHangupRequest": legs.hangup_request,
    "Hangup": legs.hang_up,
    "DialBegin": dials.begin,
    "DialEnd": dials.end,
    "BridgeEnter": bridges.enter,
    "BridgeLeave": bridges.leave,
    "BridgeDestroy": bridges.destroyed,
    "LocalBridge": bridges.local_bridge,
    "Hold": holds.hold,
    "Unhold": holds.unhold,
    "BlindTransfer": transfers.blind,
    "AttendedTransfer": transfers.attended,
    "Pickup": pickups.pickup,
    "QueueCallerJoin": queues.caller_join,
    "QueueCallerAbandon": queues.caller_abandon,
    "QueueCallerLeave": queues.caller_leave,
    "AgentCalled": queues.agent_called,
    "AgentConnect": queues.agent_connect,
    "AgentRingNoAnswer": queues.agent_ring_no_answer,
    "AgentComplete": queues.agent_complete,
    "QueueMemberAdded": agents.member_added,
    "QueueMemberRemoved": agents.member_removed,
    "QueueMemberPause": agents.member_pause,
    "CoreShowChannel": snapshot.channel,
    "BridgeListItem": snapshot.bridge,
    "QueueMember": snapshot.queue_member,
    "QueueEntry": snapshot.queue_entry,
    "CtiLedgerBegin": ledger_rows.begin,
    "CtiLedger": ledger_rows.row,
    "CtiLedgerCall": ledger_calls.whole_call,
    "CtiClockStepped": clock_steps.step,
    "CtiBoot": snapshot.boot,
    "CtiConnected": snapshot.connected,
    "CtiDisconnected": snapshot.disconnected,
    "CtiSnapshotBegin": snapshot.begin,
    "CtiSnapshotEnd": snapshot.end,
    "CtiCallLabelled": calls.call_labelled,
    "CtiIvrChoice": calls.ivr_choice,
    "CtiSurveyStarted": surveys.started,
    "CtiSurveyAnswer": surveys.answered,
    "CtiSurveyEnded": surveys.ended,
    "CtiCallbackPromised": callbacks.promised,
    "CtiCallbackDialled": callbacks.dialled,
    "CtiCallbackEnded": callbacks.ended,
    "CtiFlowStarted": flow_runs.started,
    "CtiFlowStep": flow_runs.stepped,
    "CtiFlowAnswer": flow_runs.answered,
    "CtiFlowMistake": flow_runs.mistaken,
    "CtiFlowHandedOver": flow_runs.handed_over,
    "CtiFlowEnded": flow_runs.ended,
    "CtiTaskOpened": tasks.opened,
    "CtiMessageQueued": messages.queued,
    "CtiCallsRefused": messages.refused,
    "CtiAttemptConnected": attempts.connected,
    "UserEvent": attempts.user_event,
}


class BoardVersionError(ValueError):
    """A checkpoint was written by another version of the board; the journal has to be read from its start."""


class Board:
    """The fold. Everybody may read what it holds; nobody but `apply` changes it."""

    def __init__(self, node: str, *, state: State | None = None) -> None:
        self._state = state or State(node=node)

    def apply(self, event: AmiEvent) -> list[Fact]:
        """Takes one event; returns what follows from it, often nothing.

        Never raises. ``event.at`` may be 0.0 (list items carry no time): then the time of the event before it
        goes.
        """
        facts: list[Fact] = []
        name, at = event.name, event.at
        rule = RULES.get(name)
        if rule is None:
            return facts
        state = self._state
        if at > 0.0:
            state.at = at
        rule(state, event, facts)
        if at > 0.0 and not name.startswith(OWN_PREFIX):
            state.last_event_at = at
        return facts

    def dump(self) -> bytes:
        """The complete state, for a checkpoint."""
        return msgspec.msgpack.encode(self._state)

    @classmethod
    def load(cls, data: bytes) -> "Board":
        """The board that `dump` was called on.

        Raises:
            BoardVersionError: another version wrote it, or it is no state at all.
        """
        try:
            if msgspec.msgpack.decode(data, type=_Version).version != STATE_VERSION:
                raise BoardVersionError("the checkpoint was written by another version of the board")
            state = msgspec.msgpack.decode(data, type=State)
        except msgspec.DecodeError as error:
            raise BoardVersionError(str(error)) from error
        return cls(state.node, state=state)

    @property
    def node(self) -> str:
        """The Asterisk node that the events come from."""
        return self._state.node

    @property
    def boot(self) -> str:
        """Which life of that Asterisk this is."""
        return self._state.boot

    @property
    def at(self) -> float:
        """The instant of the last event, by Asterisk's clock; 0.0 before the first."""
        return self._state.at

    @property
    def gap_from(self) -> float | None:
        """Since when events are missing; None when none are, or when there never was one."""
        return self._state.gap_from

    @property
    def heard(self) -> Heard:
        """How far Asterisk has been heard."""
        state = self._state
        return Heard(
            until=state.gap_from or state.last_event_at or None,
            boot=state.boot,
            last_boot=state.gap_boot or state.boot,
            boot_started_at=state.boot_started_at,
            boot_met_at=state.boot_met_at,
        )

    def call(self, call_id: str) -> Call | None:
        """A call that lives or is being wrapped up."""
        owner = self._state.calls.get(call_id)
        return owner.call if owner is not None else None

    def calls(self) -> Iterator[Call]:
        """All calls on the board."""
        return (owner.call for owner in self._state.calls.values())

    def leg(self, leg_id: str) -> Leg | None:
        """A live leg."""
        track = self._state.legs.get(leg_id)
        return track.leg if track is not None else None

    def leg_of(self, uniqueid: str) -> Leg | None:
        """The live leg of a channel in the present boot."""
        return self.leg(self._state.leg_id(uniqueid))

    def legs(self) -> Iterator[Leg]:
        """All live legs."""
        return (track.leg for track in self._state.legs.values())

    def span(self, leg_id: str) -> Interval | None:
        """The span that is open on a leg now."""
        track = self._state.legs.get(leg_id)
        return track.span if track is not None else None

    def held_peer(self, leg_id: str) -> str | None:
        """The leg that this leg has put on hold."""
        track = self._state.legs.get(leg_id)
        return track.held_peer_id if track is not None and track.holding else None

    def peer(self, leg_id: str) -> str | None:
        """The other party that this leg is, or was last, connected with, when there is exactly one."""
        track = self._state.legs.get(leg_id)
        return track.peer_id if track is not None else None

    def agent(self, agent_id: int) -> Agent | None:
        """An agent who has signed in at some time."""
        record = self._state.agents.get(agent_id)
        return record.agent if record is not None else None

    def agents(self) -> Iterator[Agent]:
        """All agents who have signed in at some time."""
        return (record.agent for record in self._state.agents.values())

    def waiting(self) -> Iterator[QueueEntry]:
        """Callers who wait in queues now."""
        return (entry for entry in self._state.entries.values() if entry.outcome is None)

    def entries(self) -> Iterator[QueueEntry]:
        """Stays in queues of calls that are still on the board, also those that are over."""
        return iter(self._state.entries.values())

    def entry(self, entry_id: str) -> QueueEntry | None:
        """A queue entry of a call that is still on the board."""
        return self._state.entries.get(entry_id)

    def offers(self) -> Iterator[Offer]:
        """Offers that ring now."""
        return (offer for offer in self._state.offers.values() if offer.outcome is None)

    def task_reference(self, at: float) -> str:
        """What a task that is opened at this instant is called."""
        return tasks.next_reference(self._state, at)

    def survey(self, call_id: str) -> Survey | None:
        """The last survey of a call that is still on the board."""
        owner: CallTrack | None = self._state.calls.get(call_id)
        return owner.survey if owner is not None else None

    def callbacks(self) -> Iterator[Callback]:
        """Callers who keep their place and were not called yet, or are being called."""
        return iter(self._state.callbacks.values())

    def flow_runs(self) -> Iterator[FlowRun]:
        """The runs of flows, also ended ones, of all calls on the board."""
        return (run for owner in self._state.calls.values() for run in owner.flow_runs.values())

    def runs_of(self, uniqueid: str) -> list[FlowRun]:
        """The runs of flows on a channel of the present boot, the first first; also when its call has left
        the board lately.
        """
        leg_id = self._state.leg_id(uniqueid)
        known = (*self._state.late_runs.values(), *self.flow_runs())
        return [run for run in known if run.leg_id == leg_id]

    def flow_run(self, uniqueid: str, run: str) -> FlowRun | None:
        """A run of a flow on a live channel, by the channel's Uniqueid and the run's own name."""
        owner = find_call(self._state, uniqueid)
        return owner.flow_runs.get(self._state.leg_id(run)) if owner is not None else None


class _Version(msgspec.Struct):
    version: int
