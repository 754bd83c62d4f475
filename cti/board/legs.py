"""Legs: a channel appears, rings, is answered, is renamed, is gone."""

from typing import Final

from cti.asterisk.events import AmiEvent
from cti.board import bridges, calls, flow_runs, handovers, queues, surveys
from cti.board.agents import leave_leg, use_leg
from cti.board.calls import follow_link, place_leg, remove_leg
from cti.board.dials import end_offer, stop_ringing, take_up
from cti.board.facts import (
    CallChanged,
    Fact,
    LegChanged,
    LegEnded,
    LegStarted,
)
from cti.board.spans import close_span, let_go, settle
from cti.board.state import LegTrack, State, anomaly, find_leg, instant_of, number_of, take_early
from cti.calls.model import (
    Leg,
    LegEnding,
    LegKind,
    OfferOutcome,
)

_STATE_RING: Final = "4"
_STATE_RINGING: Final = "5"
_STATE_UP: Final = "6"
#: What Asterisk gives as the cause of a SoftHangupRequest when it is stopped (AST_SOFTHANGUP_SHUTDOWN).
_SHUTDOWN: Final = "4"
_NOBODY: Final = frozenset({"", "<unknown>", "s"})
#: Calls from outside enter the dialplan here, and an endpoint whose calls do so is a trunk.
_TRUNK_CONTEXTS: Final = frozenset({"inbound", "from-trunk", "from-pstn"})
_TRUNK_PREFIXES: Final = ("PJSIP/trunk", "DAHDI/")
#: Where the dialplan lets a caller leave a message.
_VOICEMAIL_CONTEXT: Final = "voicemail"
#: Channels behind which nobody can be.
_PLUMBING: Final = frozenset(
    {
        "Announcer",
        "AsyncGoto",
        "Bridge",
        "CBAnn",
        "CBRec",
        "ConfBridgeRecorder",
        "Message",
        "Recorder",
        "Snoop",
        "Surrogate",
    }
)


def new_channel(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A channel appeared."""
    uniqueid = event.get("Uniqueid")
    leg_id = state.leg_id(uniqueid)
    if not uniqueid:
        out.append(anomaly(state, event, "names no channel"))
    elif leg_id not in state.legs and leg_id not in state.gone:
        add_leg(state, event, state.at, out)


def add_leg(state: State, event: AmiEvent, started_at: float, out: list[Fact]) -> LegTrack:
    """Puts a leg on the board from what every event about a channel says."""
    uniqueid = event.get("Uniqueid")
    channel, channel_state = event.get("Channel"), event.get("ChannelState")
    said = event.get("LegKind")  # of a PBX that is not ours, whoever reads its ledger knows the trunks
    kind = LegKind(said) if said else _kind(channel, event.get("Context"))
    interface = channel.rpartition("-")[0] if kind is LegKind.DEVICE else None
    leg = Leg(
        id=state.leg_id(uniqueid),
        call_id="",
        call_started_at=started_at,
        node=state.node,
        boot=state.boot,
        uniqueid=uniqueid,
        linkedid=event.get("Linkedid") or uniqueid,
        channel=channel,
        kind=kind,
        interface=interface,
        agent_id=state.agent_by_interface.get(interface) if interface else None,
        number=_known(event.get("CallerIDNum")),
        name=_known(event.get("CallerIDName")),
        dialled_number=_known(event.get("Exten")),
        outgoing=channel_state != _STATE_RING,
        started_at=started_at,
    )
    track = LegTrack(leg=leg)
    state.legs[leg.id] = track
    place_leg(state, track, out)
    started_at = leg.started_at
    out.append(LegStarted(at=state.at, leg=leg))
    if kind is LegKind.LOCAL:
        _find_pair(state, track)
    if channel_state == _STATE_UP:
        track.up = True
        leg.answered_at = started_at
    use_leg(state, track, out)
    at = state.at
    for early in take_early(state, leg.id):
        state.at = max(at, early.at)
        _EARLY_RULES[early.name](state, early, out)
    state.at = at
    return track


#: What the dialplan can bring before AMI tells of its channel.
_EARLY_RULES: Final = {
    "CtiCallLabelled": calls.call_labelled,
    "CtiIvrChoice": calls.ivr_choice,
    "CtiSurveyStarted": surveys.started,
    "CtiSurveyAnswer": surveys.answered,
    "CtiSurveyEnded": surveys.ended,
    "CtiFlowStarted": flow_runs.started,
    "CtiFlowStep": flow_runs.stepped,
    "CtiFlowAnswer": flow_runs.answered,
    "CtiFlowMistake": flow_runs.mistaken,
    "CtiFlowHandedOver": flow_runs.handed_over,
    "CtiFlowEnded": flow_runs.ended,
}


def _kind(channel: str, context: str) -> LegKind:
    technology = channel.partition("/")[0]
    if technology == "Local":
        return LegKind.LOCAL
    if technology in _PLUMBING or technology == channel:
        return LegKind.OTHER
    if context in _TRUNK_CONTEXTS or channel.startswith(_TRUNK_PREFIXES):
        return LegKind.TRUNK
    return LegKind.DEVICE


def _find_pair(state: State, track: LegTrack) -> None:
    name = track.leg.channel.partition(";")[0]
    other = state.legs.get(state.locals.get(name, ""))
    if other is not None and other is not track:
        bridges.pair(state, other, track)
    else:
        state.locals[name] = track.leg.id


def _known(text: str) -> str | None:
    return None if text in _NOBODY else text


def new_state(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A channel rings or was answered."""
    track = find_leg(state, event, out)
    if track is None:
        return
    follow_link(state, track, event, out)
    channel_state = event.get("ChannelState")
    if channel_state == _STATE_UP:
        take_up(state, track, out)
    elif channel_state == _STATE_RINGING and not track.up and not track.ringing and track.leg.outgoing:
        track.ringing = True
        settle(state, track, out)


def new_caller_id(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A channel's number or name became known or changed."""
    track = find_leg(state, event, out)
    if track is None:
        return
    follow_link(state, track, event, out)
    leg = track.leg
    number, name = _known(event.get("CallerIDNum")), _known(event.get("CallerIDName"))
    if (number, name) != (leg.number, leg.name):
        leg.number, leg.name = number, name
        out.append(LegChanged(at=state.at, leg=leg))


def rename(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A channel got another name: two channels changed their places."""
    track = find_leg(state, event, out)
    name = event.get("Newname")
    if track is not None and name and track.leg.channel != name:
        track.leg.channel = name
        out.append(LegChanged(at=state.at, leg=track.leg))


def hangup_request(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A channel is asked to end."""
    track = find_leg(state, event, out)
    if track is None:
        return
    track.hanging_up = True
    if event.name == "HangupRequest" and not track.up:
        track.leg.hangup_cause = number_of(event.get("Cause"))
    if event.name == "SoftHangupRequest" and event.get("Cause") == _SHUTDOWN:
        track.asterisk_stops = True
    if event.name == "HangupRequest" and _has_agent(state, track):
        track.hangs_up_first = True


def _has_agent(state: State, track: LegTrack) -> bool:
    """Whether the caller talks with the agent whom his queue gave him."""
    entry = state.entries.get(track.entry_id or "")
    agent = state.legs.get(track.peer_id or "")
    return entry is not None and agent is not None and track.connected and agent.queue == entry.queue


def hang_up(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A channel is gone."""
    track = find_leg(state, event, out)
    if track is None:
        return
    follow_link(state, track, event, out)
    if event.get("Context") == _VOICEMAIL_CONTEXT:
        state.calls[track.leg.call_id].call.voicemail = True
        out.append(CallChanged(at=state.at, call=state.calls[track.leg.call_id].call))
    if track.hangs_up_first:
        # AgentComplete says so too, but names no channel when both are gone before it is sent.
        surveys.never_offered(state, state.calls[track.leg.call_id], out)
    track.leg.sip_status = _sip_status(event.get("TechCause"))
    ending = LegEnding.ASTERISK_STOPPED if track.asterisk_stops else LegEnding.HANGUP
    end_leg(state, track, ending, out, cause=number_of(event.get("Cause")))


def _sip_status(told: str) -> int | None:
    """The final SIP status among the causes that a channel's technology has; of other networks, None."""
    status = number_of(told)
    return status if status is not None and 200 <= status <= 699 else None


def end_leg(
    state: State,
    track: LegTrack,
    ending: LegEnding,
    out: list[Fact],
    *,
    cause: int | None = None,
    unknown: bool = False,
) -> None:
    """Ends a leg and all that was open on it; nobody knows when if ``unknown``."""
    leg = track.leg
    leg.ending = ending
    leg.hangup_cause = cause
    if not unknown:
        leg.ended_at = max(instant_of(state, leg), leg.started_at)
    queues.end_of_leg(state, track, out, unknown=unknown)
    stop_ringing(state, track, out)
    close_span(state, track, out, unknown=unknown)
    track.connected = track.ringing = track.holding = False
    handovers.end_of_leg(state, track, out, unknown=unknown)
    bridges.part(state, track, out)
    _let_go(state, track, out)
    surveys.end_of_leg(state, track, out)
    flow_runs.end_of_leg(state, track, out, unknown=unknown)
    leave_leg(state, track, out)
    offer = state.offers.pop(track.offer_id or "", None)
    end_offer(state, offer, OfferOutcome.UNKNOWN if unknown else OfferOutcome.WITHDRAWN, out)
    out.append(LegEnded(at=state.at, leg=leg))
    remove_leg(state, track, out)


def _let_go(state: State, track: LegTrack, out: list[Fact]) -> None:
    """Ends the holds that the leg was part of, and its half of a Local channel."""
    holder = state.legs.get(track.held_by_id or "")
    if holder is not None:
        # The holder's phone holds on until it says otherwise or is gone, so its agent does not talk yet:
        # whose hang-up is told first, the holder's or the held one's, makes no difference.
        let_go(state, holder, out)
        bridges.hear_anew(state, holder, out)
    held = state.legs.get(track.held_peer_id or "")
    if held is not None:
        held.held_by_id = None
    if track.leg.kind is LegKind.LOCAL:
        state.locals.pop(track.leg.channel.partition(";")[0], None)
