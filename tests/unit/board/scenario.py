"""Runs a recorded transcript through a board and lays out what came of it as rows to compare."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from cti.agents.model import AgentState
from cti.asterisk.cel import CelRow
from cti.asterisk.events import AmiEvent, parse
from cti.board.board import Board
from cti.board.facts import (
    AgentStateChanged,
    Anomaly,
    CallMerged,
    CallStarted,
    CallTransferred,
    Fact,
    FlowAnswered,
    FlowRunEnded,
    FlowRunStarted,
    FlowStepped,
    IntervalStarted,
    LegStarted,
    OfferMade,
    QueueJoined,
    SurveyEnded,
    SurveyStarted,
)
from cti.calls.flow_run import FlowAnswer, FlowRun, FlowStep
from cti.calls.model import (
    Call,
    Interval,
    Leg,
    Offer,
    QueueEntry,
    Survey,
    Transfer,
)
from cti.ledger.sources import PastRows

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts"


def read_blocks(path: Path) -> Iterator[bytes]:
    """The event blocks of a transcript, with either kind of line end."""
    for block in path.read_bytes().replace(b"\r\n", b"\n").split(b"\n\n"):
        if block.strip():
            yield block.replace(b"\n", b"\r\n") + b"\r\n\r\n"


def read_events(name: str) -> list[AmiEvent]:
    """The events of a transcript by its name."""
    return [parse(block) for block in read_blocks(TRANSCRIPTS / f"{name}.ami")]


def read_rows(name: str) -> list[CelRow]:
    """What CEL has of a transcript, in its own order, which is not strictly that of time."""
    return list(PastRows(TRANSCRIPTS / f"{name}.cel.csv", timezone=UTC))


class Scenario:
    """What a board makes of some events: its facts, and every entity as it was in the end."""

    def __init__(self, events: list[AmiEvent], board: Board | None = None) -> None:
        self.board = board or Board("lab")
        self.facts: list[Fact] = []
        self.calls: dict[str, Call] = {}
        self.legs: dict[str, Leg] = {}
        self.intervals: dict[str, Interval] = {}
        self.entries: dict[str, QueueEntry] = {}
        self.offers: dict[str, Offer] = {}
        self.transfers: dict[str, Transfer] = {}
        self.surveys: dict[str, Survey] = {}
        self.flow_runs: dict[str, FlowRun] = {}
        self.flow_steps: dict[str, FlowStep] = {}
        self.flow_answers: dict[str, FlowAnswer] = {}
        self.agent_states: dict[str, AgentState] = {}
        self.anomalies: list[Anomaly] = []
        self.feed(events)

    def feed(self, events: list[AmiEvent]) -> list[Fact]:
        """Applies more events; returns their facts."""
        facts: list[Fact] = []
        for event in events:
            for fact in self.board.apply(event):
                self._note(fact)
                facts.append(fact)
        self.facts += facts
        return facts

    def _note(self, fact: Fact) -> None:
        match fact:
            case CallStarted(call=call):
                self.calls[call.id] = call
            case CallMerged(call=call):
                self.calls[call.id] = call
            case LegStarted(leg=leg):
                self.legs[leg.id] = leg
            case IntervalStarted(interval=interval):
                self.intervals[interval.id] = interval
            case QueueJoined(entry=entry):
                self.entries[entry.id] = entry
            case OfferMade(offer=offer):
                self.offers[offer.id] = offer
            case CallTransferred(transfer=transfer):
                self.transfers[transfer.id] = transfer
            case SurveyStarted(survey=survey) | SurveyEnded(survey=survey):
                self.surveys[survey.id] = survey
            case FlowRunStarted(run=run) | FlowRunEnded(run=run):
                self.flow_runs[run.id] = run
            case FlowStepped(step=step):
                self.flow_steps[step.id] = step
            case FlowAnswered(answer=answer):
                self.flow_answers[answer.id] = answer
            case AgentStateChanged(agent=agent, before=before):
                if before is not None:
                    self.agent_states.setdefault(before.id, before)
                self.agent_states[agent.state.id] = agent.state
            case Anomaly():
                self.anomalies.append(fact)

    def spans(self, at: float | None = None) -> list[tuple[str, str, float, float | None]]:
        """(who, kind, start, end) of every interval, in seconds since the first call started."""
        begun = min(call.started_at for call in self.calls.values()) if at is None else at
        rows = sorted(self.intervals.values(), key=lambda one: (one.started_at, one.id))
        return [
            (
                self._who(one),
                one.kind.value,
                round(one.started_at - begun, 1),
                None if one.ended_at is None else round(one.ended_at - begun, 1),
            )
            for one in rows
        ]

    def _who(self, interval: Interval) -> str:
        if interval.agent_id is not None:
            return f"agent {interval.agent_id}"
        leg = self.legs[interval.leg_id]
        return leg.interface or leg.kind.value

    def states(self, agent_id: int) -> list[str]:
        """The states an agent went through; a pause with its reason."""
        return [
            f"{state.status.value} {state.reason}" if state.reason is not None else state.status.value
            for state in sorted(self.agent_states.values(), key=lambda one: int(one.id.rpartition("-")[2]))
            if state.agent_id == agent_id
        ]

    def seconds(self, kind: str, agent_id: int | None = None) -> float:
        """The sum of all ended intervals of a kind."""
        return sum(
            one.ended_at - one.started_at
            for one in self.intervals.values()
            if one.kind == kind and one.ended_at is not None and agent_id in (None, one.agent_id)
        )


def run(name: str) -> Scenario:
    """A transcript, by its name, through a fresh board."""
    return Scenario(read_events(name))
