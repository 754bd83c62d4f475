"""Everything the board remembers, as plain records: what a checkpoint holds.

Each entity stands in exactly one place and is reached by id from everywhere else, so that a state that was
written and read again is the same as before. So no record reaches itself, and none is looked at in a search
for reference cycles (``gc=False``), which would stop the service for long when there are many.
"""

from typing import Final

import msgspec

from cti.agents.states import AgentRecord
from cti.asterisk.events import AmiEvent
from cti.board.facts import (
    Anomaly,
    Fact,
)
from cti.callbacks.model import Callback
from cti.calls.flow_run import FlowRun
from cti.calls.model import (
    Call,
    Interval,
    Leg,
    LegKind,
    Offer,
    QueueEntry,
    Survey,
    Timed,
    Transfer,
    TransferOutcome,
)

#: Raised whenever a state written by the code before cannot be read by the code after.
STATE_VERSION: Final = 3
#: How many ended legs are remembered, so that an event that comes late is known for what it is.
_REMEMBERED_LEGS: Final = 4096
#: What the dialplan asked about channels that AMI has not told of yet: for how many, and for how long.
_EARLY_LEGS: Final = 256
_EARLY_SECONDS: Final = 60.0


class Consultation(msgspec.Struct, kw_only=True, gc=False):
    """An agent holds a caller and talks, on the same leg, with somebody who may take him over."""

    number: str | None
    #: Who is asked, and the bridge in which.
    target_id: str
    bridge_id: str
    #: Why the target could not be reached, as far as that is known.
    outcome: TransferOutcome | None = None


class LegTrack(msgspec.Struct, kw_only=True, gc=False):
    """A live leg and what its spans follow from."""

    leg: Leg
    up: bool = False
    #: It rings, or hears the ringing of what it dials.
    ringing: bool = False
    #: The leg that dials this one.
    dialled_by: str | None = None
    #: How many legs this one dials now.
    dials: int = 0
    #: It is bridged with another party, and one of them at least has not put it on hold.
    connected: bool = False
    hears: bool = True
    #: The other party, when there is or was exactly one.
    peer_id: str | None = None
    #: Its phone put the other party on hold.
    holding: bool = False
    held_peer_id: str | None = None
    held_by_id: str | None = None
    #: The bridge in which it did so.
    held_in: str | None = None
    #: It waits in a bridge in which nobody hears anybody.
    parked: bool = False
    #: It took a waiting caller whose queue rang elsewhere, or it is that caller's leg.
    picked_up: bool = False
    #: When a bridge was last entered or left.
    bridged_at: float = 0.0
    span: Interval | None = None
    #: The talk that ended last; it goes on when the break was only a moment.
    last_talk: Interval | None = None
    #: The hold that ended last.
    last_hold: Interval | None = None
    spans: int = 0
    #: The queue whose call the agent on this leg has.
    queue: str | None = None
    entry_id: str | None = None
    entries: int = 0
    offer_id: str | None = None
    #: Its end has been asked for, by its own phone or by Asterisk.
    hanging_up: bool = False
    #: It is asked to end because Asterisk is being stopped.
    asterisk_stops: bool = False
    #: This caller hung up on the agent whom he talked with.
    hangs_up_first: bool = False
    #: Asterisk has said that the offer on this leg was missed.
    missed: bool = False
    #: Where in the dialplan it was when it entered its bridge.
    place: str | None = None
    consultation: Consultation | None = None
    #: The leg that would hand on, or has handed on, its party to this one.
    target_of: str | None = None
    #: The agent whom a flow has this leg ring, whatever phone that is; until it does.
    rings_agent: int | None = None
    #: It was handed on, and what becomes of that is not decided.
    transfer: Transfer | None = None
    #: It was sent elsewhere, which is a transfer once it goes on there.
    moved: Transfer | None = None
    #: When it handed on its party last.
    handed_on_at: float | None = None

    @property
    def is_person(self) -> bool:
        """Whether talk, ring and hold are measured here: a phone, or whatever an agent was called on."""
        leg = self.leg
        return leg.kind is LegKind.DEVICE or (leg.agent_id is not None and leg.kind is not LegKind.LOCAL)


class CallTrack(msgspec.Struct, kw_only=True, gc=False):
    """A call and what keeps it on the board."""

    call: Call
    live_legs: int = 0
    #: Agents who wrap it up.
    wrapping: int = 0
    #: The leg of the agent who talked last, and the queue he answered for.
    agent_leg_id: str | None = None
    survey: Survey | None = None
    surveys: int = 0
    #: By id.
    flow_runs: dict[str, FlowRun] = {}


class Bridge(msgspec.Struct, kw_only=True, gc=False):
    """Legs that hear each other, unless they are parked in it."""

    leg_ids: list[str] = []
    holding: bool = False


class Snapshot(msgspec.Struct, kw_only=True):
    """What Asterisk has listed so far, while the list is being read."""

    begun_at: float
    #: Legs, entries and memberships that the board had when it began and that have not been listed yet.
    leg_ids: dict[str, None] = {}
    entry_ids: dict[str, None] = {}
    members: dict[str, tuple[int, str]] = {}
    #: The pause of each listed agent; a queue in which he is paused counts more than one in which he is not.
    pauses: dict[int, str | None] = {}


class Early(msgspec.Struct, kw_only=True, gc=False):
    """An event of the service's own about a leg that is not on the board yet."""

    name: str
    at: float
    headers: dict[str, str]


class State(msgspec.Struct, kw_only=True):
    """The whole board."""

    version: int = STATE_VERSION
    node: str
    boot: str = ""
    #: The instant of the event that is being applied, and of the one before it.
    at: float = 0.0
    last_event_at: float = 0.0
    #: The instant of the last jump of Asterisk's clock, by which a doubled event is known.
    stepped_at: float = 0.0
    calls: dict[str, CallTrack] = {}
    legs: dict[str, LegTrack] = {}
    #: The call that each Linkedid belongs to.
    links: dict[str, str] = {}
    bridges: dict[str, Bridge] = {}
    entries: dict[str, QueueEntry] = {}
    offers: dict[str, Offer] = {}
    agents: dict[int, AgentRecord] = {}
    agent_by_interface: dict[str, int] = {}
    #: Wrap-ups under way, by agent.
    wrap_ups: dict[int, Interval] = {}
    #: The halves of Local channels by the name they share.
    locals: dict[str, str] = {}
    #: The calls of legs that ended lately.
    gone: dict[str, str] = {}
    #: What was said of legs before they appeared, by leg; the oldest first.
    early: dict[str, list[Early]] = {}
    #: Callers who keep their place, until they were called.
    callbacks: dict[str, Callback] = {}
    #: Runs of flows whose calls have left the board lately.
    late_runs: dict[str, FlowRun] = {}
    #: The day of the last task's reference, and its number on that day.
    task_day: int = 0
    task_number: int = 0
    #: When events stopped to come, until a snapshot has closed the gap.
    gap_from: float | None = None
    gap_reason: str | None = None
    #: The boot in which it began; when the present one did, and when it was met.
    gap_boot: str | None = None
    boot_started_at: float | None = None
    boot_met_at: float | None = None
    snapshot: Snapshot | None = None

    def leg_id(self, uniqueid: str) -> str:
        """The id of the leg with that Uniqueid in the present boot of Asterisk."""
        return f"{self.boot}-{uniqueid}"

    def remember(self, leg: Leg) -> None:
        """Keeps an ended leg's call in mind for a while."""
        gone = self.gone
        gone[leg.id] = leg.call_id
        if len(gone) > _REMEMBERED_LEGS:
            del gone[next(iter(gone))]


def instant_of(state: State, record: Timed) -> float:
    """The instant of the event that is being applied, by the clock of a record."""
    step = record.clock_step_seconds
    return state.at if step is None else state.at - step


def find_leg(state: State, event: AmiEvent, out: list[Fact], key: str = "Uniqueid") -> LegTrack | None:
    """The live leg that the event names; when there is none the board says so, unless it ended lately."""
    uniqueid = event.get(key)
    leg_id = f"{state.boot}-{uniqueid}"
    track = state.legs.get(leg_id)
    if track is None and leg_id not in state.gone:
        out.append(anomaly(state, event, "no such leg", uniqueid or None))
    return track


def find_call(state: State, uniqueid: str) -> CallTrack | None:
    """The call of a leg that lives or ended lately."""
    leg_id = f"{state.boot}-{uniqueid}"
    track = state.legs.get(leg_id)
    call_id = track.leg.call_id if track is not None else state.gone.get(leg_id, "")
    return state.calls.get(call_id)


def call_of(state: State, event: AmiEvent, out: list[Fact]) -> CallTrack | None:
    """The call that the service's own event is about.

    The dialplan's question can be answered before AMI has told of its channel: then the event is kept, and
    applied when the channel appears (`take_early`).
    """
    uniqueid = event.get("Uniqueid")
    owner = find_call(state, uniqueid)
    if owner is not None:
        return owner
    leg_id = state.leg_id(uniqueid)
    if not uniqueid or leg_id in state.gone or leg_id in state.legs:
        out.append(anomaly(state, event, "no such call", uniqueid or None))
        return None
    forget_early(state, out)
    state.early.setdefault(leg_id, []).append(
        Early(name=event.name, at=state.at, headers=dict(event.headers))
    )
    return None


def take_early(state: State, leg_id: str) -> list[AmiEvent]:
    """What was said of a leg before it appeared, each as the event that it was."""
    if not state.early:
        return []
    return [AmiEvent.of(one.name, one.at, one.headers) for one in state.early.pop(leg_id, ())]


def forget_early(state: State, out: list[Fact]) -> None:
    """Gives up what was said of legs that never appeared."""
    early = state.early
    while early:
        leg_id, first = next(iter(early.items()))
        if len(early) < _EARLY_LEGS and abs(state.at - first[0].at) < _EARLY_SECONDS:
            return
        del early[leg_id]
        out += [
            Anomaly(at=state.at, event=one.name, reason="no such call", uniqueid=one.headers.get("Uniqueid"))
            for one in first
        ]


def anomaly(state: State, event: AmiEvent, reason: str, uniqueid: str | None = None) -> Anomaly:
    """The fact that says an event made no sense."""
    return Anomaly(at=state.at, event=event.name, reason=reason, uniqueid=uniqueid)


def number_of(text: str) -> int | None:
    """A small whole number in a header, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def epoch_of(text: str) -> float | None:
    """An instant in a header (epoch seconds), or None."""
    try:
        at = float(text)
    except ValueError:
        return None
    return at if 0.0 < at < 1e11 else None
