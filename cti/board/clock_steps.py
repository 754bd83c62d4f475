"""Jumps of Asterisk's clock: what was under way keeps the clock with which it began.

A record's start is part of its key and never changes, so its later instants are told as if the clock had not
jumped: each record carries by how much it has (`clock_step_seconds`), and `cti.board.state.instant_of` takes
that off. So every duration is right, and all instants of one call are in one order. What belongs to a call
that is under way (a new leg, a span, an offer) has the call's clock too; a new call has Asterisk's present
one.

What only serves to compare with the present (the start of a wrap-up that a timer ends, the beginning of a
gap) moves with the clock instead.
"""

from cti.asterisk.events import AmiEvent
from cti.board.facts import AgentChanged, CallChanged, ClockStepped, Fact, LegChanged
from cti.board.state import State, anomaly
from cti.calls.model import Timed


def step(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Asterisk's clock has jumped. The same again changes nothing."""
    try:
        by = float(event.get("By"))
    except ValueError:
        out.append(anomaly(state, event, "does not say by how much"))
        return
    if event.at <= 0.0 or event.at == state.stepped_at:
        return
    state.stepped_at = event.at
    _mark_calls(state, by, out)
    _mark_agents(state, by, out)
    _move_present(state, by)
    out.append(ClockStepped(at=state.at, by=by))
    out.append(anomaly(state, event, f"Asterisk's clock jumped by {by:+.3f} s"))


def _mark_calls(state: State, by: float, out: list[Fact]) -> None:
    for owner in state.calls.values():
        _mark(owner.call, by)
        if owner.survey is not None and owner.survey.outcome is None:
            _mark(owner.survey, by)
        for run in owner.flow_runs.values():
            if run.outcome is None:
                _mark(run, by)
        out.append(CallChanged(at=state.at, call=owner.call))
    for track in state.legs.values():
        _mark(track.leg, by)
        for span in (track.span, track.last_talk):  # the last one may go on in a moment
            if span is not None:
                _mark(span, by)
        track.bridged_at += by
        out.append(LegChanged(at=state.at, leg=track.leg))
    for entry in state.entries.values():
        if entry.outcome is None:
            _mark(entry, by)
    for offer in state.offers.values():
        if offer.outcome is None:
            _mark(offer, by)


def _mark_agents(state: State, by: float, out: list[Fact]) -> None:
    for wrap_up in state.wrap_ups.values():
        _mark(wrap_up, by)
    for record in state.agents.values():
        agent = record.agent
        _mark(agent.state, by)
        if agent.wrap_up_started_at is not None:
            agent.wrap_up_started_at += by
        out.append(AgentChanged(at=state.at, agent=agent))


def _mark(record: Timed, by: float) -> None:
    record.clock_step_seconds = (record.clock_step_seconds or 0.0) + by


def _move_present(state: State, by: float) -> None:
    if state.last_event_at:
        state.last_event_at += by
    if state.gap_from is not None:
        state.gap_from += by
    if state.boot_started_at is not None:
        state.boot_started_at += by
    if state.boot_met_at is not None:
        state.boot_met_at += by
    if state.snapshot is not None:
        state.snapshot.begun_at += by
    for waiting in state.early.values():
        for early in waiting:
            early.at += by
