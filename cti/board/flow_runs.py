"""Callers' ways through flows, as the service reports them while it leads a caller.

A run is on the board as long as its call is, and a little longer: the service may say how it ended after the
call's own end has arrived. Steps and answers are told once and not kept. Each carries its place within the
run, so one that comes twice changes nothing.
"""

from typing import Final

from cti.asterisk.events import AmiEvent
from cti.board.facts import (
    CallChanged,
    Fact,
    FlowAnswered,
    FlowRunChanged,
    FlowRunEnded,
    FlowRunStarted,
    FlowStepped,
)
from cti.board.state import CallTrack, LegTrack, State, anomaly, call_of, find_call, instant_of, number_of
from cti.calls.flow_run import HANDED_OVER, HUNG_UP, SERVICE_LOST, FlowAnswer, FlowRun, FlowStep
from cti.calls.menu_choice import MenuChoice

#: How many runs of calls that are over are remembered.
_LATE_RUNS: Final = 512
#: The kind of question that a menu asks.
_CHOICE: Final = "choice"


def started(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A caller begins a flow."""
    name = event.get("Run")
    run_id = state.leg_id(name)
    if run_id in state.late_runs or not _is_whole(state, event, out, "Run", "Flow", "Kind", "Version"):
        return
    owner = call_of(state, event, out)
    if owner is None or run_id in owner.flow_runs:
        return
    call = owner.call
    run = owner.flow_runs[run_id] = FlowRun(
        id=run_id,
        call_id=call.id,
        call_started_at=call.started_at,
        leg_id=state.leg_id(event.get("Uniqueid")),
        flow=event.get("Flow"),
        kind=event.get("Kind"),
        version=event.get("Version"),
        language=event.get("Language") or call.language,
        agent_id=call.agent_id,
        queue=call.queue,
        started_at=max(instant_of(state, call), call.started_at),
        clock_step_seconds=call.clock_step_seconds,
    )
    out.append(FlowRunStarted(at=state.at, run=run))


def stepped(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The run comes to a step."""
    run = _run(state, event, out)
    if run is None or not _is_next(state, run, event, out):
        return
    step = _step(state, run, event, way=event.get("Way"))
    run.last_step = f"{step.flow}/{step.step}"
    run.state = None  # whoever had been handed over is back
    out.append(FlowStepped(at=state.at, step=step))


def mistaken(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Silence, or keys that fit nothing."""
    run = _run(state, event, out)
    if run is not None and _is_next(state, run, event, out):
        step = _step(state, run, event, mistake=True, keys=event.get("Keys"))
        out.append(FlowStepped(at=state.at, step=step))


def _step(
    state: State, run: FlowRun, event: AmiEvent, *, way: str | None = None, mistake: bool = False,
    keys: str | None = None,
) -> FlowStep:  # fmt: skip
    return FlowStep(
        run_id=run.id,
        ordinal=run.last_ordinal,
        at=_instant(state, run),
        run_started_at=run.started_at,
        call_id=run.call_id,
        call_started_at=run.call_started_at,
        flow=event.get("Flow"),
        step=event.get("Step"),
        way=way,
        mistake=mistake,
        keys=keys,
    )


def answered(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """A question was answered."""
    run = _run(state, event, out)
    if run is None or not _is_next(state, run, event, out, "Question"):
        return
    answer = FlowAnswer(
        run_id=run.id,
        ordinal=run.last_ordinal,
        at=_instant(state, run),
        run_started_at=run.started_at,
        call_id=run.call_id,
        call_started_at=run.call_started_at,
        flow=event.get("Flow"),
        version=run.version,
        step=event.get("Step"),
        question=event.get("Question"),
        kind=event.get("QuestionKind") or None,
        value=event.get("Value"),
        keys=event.get("Keys"),
    )
    out.append(FlowAnswered(at=state.at, answer=answer))
    owner = state.calls.get(run.call_id)
    if owner is not None and answer.kind == _CHOICE:
        # The agent sees what the caller chose while his phone rings.
        words = event.get("Words") or None
        owner.call.choices.append(MenuChoice(answer.question, answer.value, answer.at, words))
        out.append(CallChanged(at=state.at, call=owner.call))


def handed_over(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The dialplan takes the caller, who may come back."""
    run = _run(state, event, out)
    if run is None or not _is_whole(state, event, out, "To"):
        return
    run.handed_to = event.get("To")
    run.state = event.get("State")
    run.queue = event.get("Queue") or run.queue
    run.passed = event.get("Passed") or run.passed
    track = state.legs.get(run.leg_id)
    if track is not None:
        track.rings_agent = number_of(event.get("AgentId"))
    out.append(FlowRunChanged(at=state.at, run=run))
    owner = state.calls.get(run.call_id)
    if owner is not None and owner.call.passed != run.passed and event.get("Passed"):
        # It stays with the caller: whoever has him next, a colleague or a queue's agent, sees it too.
        owner.call.passed = run.passed
        out.append(CallChanged(at=state.at, call=owner.call))


def ended(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """The run is over, in the service's own words; they count more than what the call's end told."""
    run = _run(state, event, out)
    outcome = event.get("Outcome")
    if run is None or not _is_whole(state, event, out, "Outcome") or run.outcome == outcome:
        return
    _end(state, run, outcome, out, unknown=outcome == SERVICE_LOST)


def end_of_leg(state: State, track: LegTrack, out: list[Fact], *, unknown: bool) -> None:
    """The caller is gone.

    When that was in a gap, the service was away, and the run with it.
    """
    owner = state.calls[track.leg.call_id]
    if not owner.flow_runs:
        return
    for run in owner.flow_runs.values():
        if run.outcome is not None or run.leg_id != track.leg.id:
            continue
        if run.state is not None:
            _end(state, run, HANDED_OVER, out, unknown=unknown)
        else:
            _end(state, run, SERVICE_LOST if unknown else HUNG_UP, out, unknown=unknown)


def release(state: State, owner: CallTrack) -> None:
    """The call leaves the board; its runs are remembered for a while."""
    late = state.late_runs
    late |= owner.flow_runs
    while len(late) > _LATE_RUNS:
        del late[next(iter(late))]


def merge(into: CallTrack, gone: CallTrack) -> None:
    """The runs of one call belong to another from now on."""
    for run in gone.flow_runs.values():
        run.call_id, run.call_started_at = into.call.id, into.call.started_at
    into.flow_runs |= gone.flow_runs


def _run(state: State, event: AmiEvent, out: list[Fact]) -> FlowRun | None:
    """The run that an event is about. Before AMI has told of the channel, the event is kept for later."""
    run_id = state.leg_id(event.get("Run"))
    run = state.late_runs.get(run_id)
    if run is not None:
        return run
    uniqueid = event.get("Uniqueid")
    owner = find_call(state, uniqueid)
    if owner is None and state.leg_id(uniqueid) not in state.gone:
        owner = call_of(state, event, out)
        if owner is None:
            return None
    run = owner.flow_runs.get(run_id) if owner is not None else None
    if run is None:
        out.append(anomaly(state, event, "no such run of a flow", uniqueid or None))
    return run


def _is_next(state: State, run: FlowRun, event: AmiEvent, out: list[Fact], *also: str) -> bool:
    """Whether an event tells something new of its run; then its ordinal is the run's last."""
    if not _is_whole(state, event, out, "Flow", "Step", *also):
        return False
    ordinal = number_of(event.get("Ordinal"))
    if ordinal is None:
        out.append(anomaly(state, event, "has no Ordinal", event.get("Uniqueid") or None))
        return False
    if ordinal <= run.last_ordinal:
        return False
    run.last_ordinal = ordinal
    return True


def _is_whole(state: State, event: AmiEvent, out: list[Fact], *headers: str) -> bool:
    for header in headers:
        if not event.get(header):
            out.append(anomaly(state, event, f"has no {header}", event.get("Uniqueid") or None))
            return False
    return True


def _instant(state: State, run: FlowRun) -> float:
    return max(instant_of(state, run), run.started_at)


def _end(state: State, run: FlowRun, outcome: str, out: list[Fact], *, unknown: bool) -> None:
    run.outcome = outcome
    run.state = None
    run.ended_at = None if unknown else _instant(state, run)
    out.append(FlowRunEnded(at=state.at, run=run))
