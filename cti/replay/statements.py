"""The SQL that holds a real table (`r`) against its shadow (`s`).

What is known of the fold stands in `reach`, `spared_calls` and `spared_windows` (`cti.replay.shadow`).
"""

# ruff: noqa: S608  (all names are those of our own tables and columns)

from typing import Final

from cti.recorder.rows import (
    AGENT_CURRENT_STATES,
    AGENT_STATES,
    ANOMALIES,
    CALL_REFUSALS,
    CALLS,
    GAPS,
    INTERVALS,
    MESSAGES,
    QUEUE_ENTRIES,
    TASKS,
    RowSpec,
)
from cti.replay.shadow import folded

_CALLS_FROM: Final = "(SELECT calls_from FROM reach)"
_AGENTS_FROM: Final = "(SELECT agents_from FROM reach)"
_THE_END: Final = "'infinity'::timestamptz"
_NODE: Final = "(SELECT node FROM reach)"
#: These rows belong to no call.
_OF_AGENTS: Final = (AGENT_STATES, AGENT_CURRENT_STATES)
_OF_POSITIONS: Final = (GAPS, ANOMALIES)
#: These rows stay whatever becomes of their call.
_APART: Final = (TASKS, MESSAGES, CALL_REFUSALS)
_ON_LEGS: Final = (INTERVALS, QUEUE_ENTRIES)


class Statements:
    """The statements for one table; ``schema`` is where the real one is."""

    def __init__(self, spec: RowSpec, schema: str) -> None:
        self._spec = spec
        self._schema = schema
        self._real = f"{schema}.{spec.table}"
        self._folded = folded(spec.table)
        names = [column.name for column in spec.columns]
        self._names = names
        self._key = names[: spec.key]
        self._same_key = " AND ".join(f"r.{name} = s.{name}" for name in self._key)
        values = names[spec.key :]
        self._differs = " OR ".join(f"r.{name} IS DISTINCT FROM s.{name}" for name in values) or "false"
        self._upserted = f"r.{self._key[0]} IS NULL OR (({self._differs}) AND NOT {self._spared('s')})"

    @property
    def missing(self) -> str:
        """Rows that are not there."""
        return (
            f"SELECT {self._shown('s')}, NULL::jsonb AS was, to_jsonb(s) AS now FROM {self._folded} s "
            f"WHERE {self._in_reach('s')} AND NOT EXISTS (SELECT FROM {self._real} r WHERE {self._same_key})"
        )

    @property
    def changed(self) -> str:
        """Rows that are there with other values."""
        return (
            f"SELECT {self._shown('s')}, to_jsonb(r) AS was, to_jsonb(s) AS now FROM {self._folded} s "
            f"JOIN {self._real} r ON {self._same_key} "
            f"WHERE {self._in_reach('s')} AND ({self._differs}) AND NOT {self._spared('s')}"
        )

    @property
    def extra(self) -> str:
        """Rows that follow from no event."""
        return (
            f"SELECT {self._shown('r')}, to_jsonb(r) AS was, NULL::jsonb AS now FROM {self._real} r "
            f"WHERE {self._taken_away}"
        )

    @property
    def upsert(self) -> str:
        """Writes the rows that are missing or changed, each after what it belongs to."""
        names = ", ".join(self._names)
        values = [name for name in self._names if name not in self._key]
        action = "UPDATE SET " + ", ".join(f"{name} = EXCLUDED.{name}" for name in values)
        return (
            f"INSERT INTO {self._real} ({names}) SELECT {', '.join(f's.{name}' for name in self._names)} "
            f"FROM {self._folded} s LEFT JOIN {self._real} r ON {self._same_key} "
            f"WHERE {self._in_reach('s')} AND {self._has_parent} AND ({self._upserted}) "
            f"ON CONFLICT ({', '.join(self._key)}) DO {action if values else 'NOTHING'}"
        )

    @property
    def delete(self) -> str:
        """Takes away the rows that follow from no event."""
        return f"DELETE FROM {self._real} r WHERE {self._taken_away}"

    def _shown(self, alias: str) -> str:
        parts = ", ".join(f"{alias}.{name}::text" for name in self._key)
        return f"concat_ws(' ', {parts}) AS key"

    def _in_reach(self, alias: str) -> str:
        """The row is about something that the fold knows from its beginning."""
        spec, time = self._spec, f"{alias}.{self._key[-1]}"
        if spec in _OF_POSITIONS:
            return (
                f"{alias}.node = {_NODE} AND EXISTS (SELECT FROM reach WHERE {alias}.position "
                f"BETWEEN reach.first AND reach.last) AND NOT EXISTS (SELECT FROM spared_windows w WHERE "
                f"{alias}.position BETWEEN w.first AND w.last)"
                + (f" AND {alias}.ordinal >= 0" if spec is ANOMALIES else "")
            )
        if spec is AGENT_STATES:
            return f"{time} >= {_AGENTS_FROM} AND NOT {_in_window(time, f'{alias}.ended_at')}"
        if spec is AGENT_CURRENT_STATES:
            return f"{_AGENTS_FROM} IS NOT NULL AND NOT {_in_window(_THE_END)}"
        found = [f"{alias}.{self._time} >= {_CALLS_FROM}"]
        if spec in _ON_LEGS:
            found.append(f"{alias}.leg_started_at >= {_CALLS_FROM}")
        if spec is not CALLS:
            found.append(f"((SELECT exact FROM reach) OR {alias}.call_started_at >= {_CALLS_FROM})")
        return " AND ".join(found)

    @property
    def _time(self) -> str:
        """The column with the instant that is in the key, or that says when the row began."""
        return next(name for name in (*self._key, *self._names) if name.endswith("at"))

    def _spared(self, alias: str) -> str:
        if self._spec in _OF_AGENTS or self._spec in _OF_POSITIONS:
            return "false"
        call, began = ("id", "started_at") if self._spec is CALLS else ("call_id", "call_started_at")
        known = f"EXISTS (SELECT FROM spared_calls c WHERE c.id = {alias}.{call})"
        return f"({known} OR {_in_window(f'{alias}.{began}')})"

    @property
    def _has_parent(self) -> str:
        """What the row belongs to is there: it may be older than the journal, and gone."""
        if self._spec is CALLS or self._spec in (*_APART, *_OF_AGENTS) or self._spec in _OF_POSITIONS:
            return "true"
        parent, name = ("legs", "leg") if self._spec in _ON_LEGS else ("calls", "call")
        return (
            f"EXISTS (SELECT FROM {self._schema}.{parent} p "
            f"WHERE p.id = s.{name}_id AND p.started_at = s.{name}_started_at)"
        )

    @property
    def _taken_away(self) -> str:
        gone = f"NOT EXISTS (SELECT FROM {self._folded} s WHERE {self._same_key})"
        return f"{self._in_reach('r')} AND {self._is_ours} AND NOT {self._spared('r')} AND {gone}"

    @property
    def _is_ours(self) -> str:
        """The real row can only have come from the events that were folded."""
        if self._spec in _OF_POSITIONS:
            return "true"
        if self._spec in _APART:
            return "false"  # somebody has worked on it
        if self._spec in _OF_AGENTS:
            alone = f"NOT EXISTS (SELECT FROM {self._schema}.recorder_positions p WHERE p.node <> {_NODE})"
            return f"r.started_at >= {_AGENTS_FROM} AND {alone}"
        boots = "(SELECT boots FROM reach)"
        if self._spec is CALLS:
            return f"r.node = {_NODE} AND r.boot = ANY ({boots}::text[])"
        return (
            f"r.call_started_at >= {_CALLS_FROM} AND EXISTS (SELECT FROM {self._schema}.calls c "
            f"WHERE c.id = r.call_id AND c.started_at = r.call_started_at AND c.node = {_NODE} "
            f"AND c.boot = ANY ({boots}::text[]))"
        )


def _in_window(begin: str, end: str | None = None) -> str:
    """An instant, or something between two, meets a stretch of which the journal does not tell."""
    return f"EXISTS (SELECT FROM spared_windows w WHERE {begin} <= w.to_at AND {end or begin} >= w.from_at)"


#: What people said of a call that became part of another belongs to that one, as when the recorder wrote it.
MOVE_DISPOSITIONS: Final = (
    "UPDATE {schema}.dispositions d SET call_id = s.merged_into FROM folded_calls s "
    "WHERE d.call_id = s.id AND s.merged_into IS NOT NULL "
    "AND NOT EXISTS (SELECT FROM {schema}.dispositions o "
    "WHERE o.call_id = s.merged_into AND o.agent_id = d.agent_id)"
)
