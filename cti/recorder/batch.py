"""What has changed since the last commit, and one commit's worth of it.

`Changes` collects entities, not rows: whatever happens to an entity before the next batch is cut costs one
row. A `Batch` holds rows as they are at exactly one journal position.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import msgspec

from cti.board.facts import (
    AgentStateChanged,
    Anomaly,
    CallbackChanged,
    CallChanged,
    CallEnded,
    CallMerged,
    CallsRefused,
    CallStarted,
    CallTransferred,
    Fact,
    FlowAnswered,
    FlowRunChanged,
    FlowRunEnded,
    FlowRunStarted,
    FlowStepped,
    GapClosed,
    IntervalEnded,
    IntervalStarted,
    LegChanged,
    LegEnded,
    LegStarted,
    MessageQueued,
    OfferEnded,
    OfferMade,
    QueueJoined,
    QueueLeft,
    SurveyChanged,
    SurveyEnded,
    SurveyStarted,
    TaskOpened,
)
from cti.recorder import rows


class Batch(msgspec.Struct, kw_only=True):
    """Rows that reflect the journal up to ``position`` and no further."""

    position: int
    #: By table, in the order in which they must be written.
    tables: list[tuple[rows.RowSpec, Sequence[tuple[Any, ...]]]]
    #: Calls that became part of another: (id, the other's id, the other's start).
    merges: list[tuple[str, str, float]]
    #: What it was cut from, to be put back when it could not be written.
    source: "Changes"

    @property
    def row_count(self) -> int:
        """How many rows it writes."""
        return sum(len(found) for _, found in self.tables)


class Changes:
    """Entities that changed and are not yet in the database."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._calls: dict[str, Any] = {}
        self._legs: dict[str, Any] = {}
        self._intervals: dict[str, Any] = {}
        self._entries: dict[str, Any] = {}
        self._offers: dict[str, Any] = {}
        self._transfers: dict[str, Any] = {}
        self._surveys: dict[str, Any] = {}
        self._callbacks: dict[str, Any] = {}
        self._flow_runs: dict[str, Any] = {}
        self._flow_steps: dict[str, Any] = {}
        self._flow_answers: dict[str, Any] = {}
        self._tasks: dict[str, Any] = {}
        self._messages: dict[str, Any] = {}
        self._refusals: dict[str, Any] = {}
        self._agent_states: dict[str, Any] = {}
        self._current_states: dict[str, Any] = {}
        self._choices: dict[str, Any] = {}
        self._merges: list[tuple[str, str, float]] = []
        self._gaps: list[tuple[Any, ...]] = []
        self._anomalies: list[tuple[Any, ...]] = []
        calls, legs, intervals = self._calls, self._legs, self._intervals
        entries, offers, surveys = self._entries, self._offers, self._surveys
        #: Facts about one entity: where it stands in the fact, and where it is collected.
        self._simple: dict[type[Fact], tuple[str, dict[str, Any]]] = {
            CallStarted: ("call", calls),
            CallEnded: ("call", calls),
            LegStarted: ("leg", legs),
            LegChanged: ("leg", legs),
            LegEnded: ("leg", legs),
            IntervalStarted: ("interval", intervals),
            IntervalEnded: ("interval", intervals),
            QueueJoined: ("entry", entries),
            QueueLeft: ("entry", entries),
            OfferMade: ("offer", offers),
            OfferEnded: ("offer", offers),
            CallTransferred: ("transfer", self._transfers),
            SurveyStarted: ("survey", surveys),
            SurveyChanged: ("survey", surveys),
            SurveyEnded: ("survey", surveys),
            CallbackChanged: ("callback", self._callbacks),
            FlowRunStarted: ("run", self._flow_runs),
            FlowRunChanged: ("run", self._flow_runs),
            FlowRunEnded: ("run", self._flow_runs),
            FlowStepped: ("step", self._flow_steps),
            FlowAnswered: ("answer", self._flow_answers),
        }

    def mark(self, facts: list[Fact], position: int) -> None:
        """Collects what the facts of the event at ``position`` are about."""
        simple = self._simple
        for fact in facts:
            kind = type(fact)
            found = simple.get(kind)
            if found is not None:
                entity = getattr(fact, found[0])
                found[1][entity.id] = entity
            else:
                other = self._OTHER.get(kind)
                if other is not None:
                    other(self, fact, position)

    def _call_changed(self, fact: CallChanged, position: int) -> None:  # noqa: ARG002
        call = fact.call
        self._calls[call.id] = call
        if call.choices:
            self._choices[call.id] = call

    def _merged(self, fact: CallMerged, position: int) -> None:  # noqa: ARG002
        self._calls[fact.call.id] = fact.call
        self._calls[fact.into.id] = fact.into
        self._merges.append((fact.call.id, fact.into.id, fact.into.started_at))

    def _state_changed(self, fact: AgentStateChanged, position: int) -> None:  # noqa: ARG002
        if fact.before is not None:
            self._agent_states[fact.before.id] = fact.before
        state = fact.agent.state
        self._current_states[str(state.agent_id)] = state

    def _gap(self, fact: GapClosed, position: int) -> None:
        self._gaps.append((self._node, position, fact.from_at, fact.at, fact.reason))

    def _task_opened(self, fact: TaskOpened, position: int) -> None:  # noqa: ARG002
        self._tasks.setdefault(fact.task.id, fact.task)  # the same task twice is the first of both

    def _message_queued(self, fact: MessageQueued, position: int) -> None:  # noqa: ARG002
        self._messages.setdefault(fact.message.id, fact.message)

    def _calls_refused(self, fact: CallsRefused, position: int) -> None:  # noqa: ARG002
        self._refusals.setdefault(fact.refusal.id, fact.refusal)

    def _anomaly(self, fact: Anomaly, position: int) -> None:
        last = self._anomalies[-1] if self._anomalies else None
        ordinal = last[2] + 1 if last is not None and last[1] == position else 0
        self._anomalies.append(
            (self._node, position, ordinal, fact.at, fact.event, fact.reason, fact.uniqueid)
        )

    #: Functions, not methods of the object: those would make it reach itself, and every batch would stay in
    #: memory until Python looks for cycles, which then takes seconds.
    _OTHER: ClassVar[dict[type[Fact], Callable[["Changes", Any, int], None]]] = {
        CallChanged: _call_changed,
        CallMerged: _merged,
        AgentStateChanged: _state_changed,
        GapClosed: _gap,
        TaskOpened: _task_opened,
        MessageQueued: _message_queued,
        CallsRefused: _calls_refused,
        Anomaly: _anomaly,
    }

    @property
    def lists(self) -> tuple[list[Any], ...]:
        """What is collected as it comes."""
        return self._merges, self._gaps, self._anomalies

    @property
    def entities(self) -> tuple[dict[str, Any], ...]:
        """Entities by id, in the order of `rows.ENTITIES`, and last the calls in which a key was pressed."""
        return (
            self._calls,
            self._legs,
            self._intervals,
            self._entries,
            self._offers,
            self._transfers,
            self._surveys,
            self._callbacks,
            self._flow_runs,
            self._flow_steps,
            self._flow_answers,
            self._tasks,
            self._messages,
            self._refusals,
            self._agent_states,
            self._current_states,
            self._choices,
        )

    def __len__(self) -> int:
        return sum(map(len, self.entities)) + sum(map(len, self.lists))

    def cut(self, position: int) -> Batch:
        """Makes rows of everything as it is now, at ``position``; later changes go to new `Changes`."""
        tables: list[tuple[rows.RowSpec, Sequence[tuple[Any, ...]]]] = [
            (spec, rows.entity_rows(spec, entities.values()))
            for spec, entities in zip(rows.ENTITIES, self.entities, strict=False)
            if entities
        ]
        extra: tuple[tuple[rows.RowSpec, list[tuple[Any, ...]]], ...] = (
            (rows.IVR_CHOICES, rows.choice_rows(self._choices.values())),
            (rows.GAPS, self._gaps),
            (rows.ANOMALIES, self._anomalies),
        )
        tables += [(spec, list(found)) for spec, found in extra if found]
        return Batch(position=position, tables=tables, merges=list(self._merges), source=self)

    def put_back(self, older: "Changes") -> None:
        """Takes in what could not be written; what changed since is newer."""
        for mine, old in zip(self.entities, older.entities, strict=True):
            for key, entity in old.items():
                mine.setdefault(key, entity)
        for mine_list, old_list in zip(self.lists, older.lists, strict=True):
            mine_list[:0] = old_list


#: Changes beyond this many are dropped and read again from the journal later: some 60 MB. At 15,000 events a
#: second that is ten seconds, enough for a disk that stalls; reading again would then take far longer.
CHANGES_LIMIT: Final = 150_000
