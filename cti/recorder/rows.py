"""How entities of the board become rows: for each table its columns, where each comes from, and one
statement.

A statement takes one array for each column, so a hundred rows cost one round trip; more go by `staging`.
Instants go as epoch seconds and become timestamps in PostgreSQL. A row that is there already is overwritten,
which makes every write repeatable.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from cti.calls.model import Call


class Column(msgspec.Struct, frozen=True):
    """A column, its type in PostgreSQL, and the entity's field when that has another name."""

    name: str
    type: str = "text"
    field: str = ""

    @property
    def carrier(self) -> str:
        """The type as which a value travels."""
        return "float8" if self.type == "timestamptz" else self.type

    @property
    def value(self) -> str:
        """The column's value made of what travelled, `u`."""
        return f"to_timestamp(u.{self.name})" if self.type == "timestamptz" else f"u.{self.name}"


class RowSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One table that the recorder writes."""

    table: str
    columns: tuple[Column, ...]
    #: How many of the first columns are the primary key.
    key: int
    #: Rows never change once written.
    final: bool = False

    @property
    def sql(self) -> str:
        """Inserts or overwrites rows; one array for each column."""
        return self.sql_from(1)

    def sql_from(self, first: int) -> str:
        """The same, as part of a statement in which this table's arrays begin at parameter ``first``."""
        names = ", ".join(column.name for column in self.columns)
        arrays = ", ".join(f"${n}::{column.carrier}[]" for n, column in enumerate(self.columns, first))
        return self.insert(f"SELECT {self.values} FROM unnest({arrays}) AS u({names})")  # noqa: S608

    @property
    def values(self) -> str:
        """The columns' values made of what travelled, `u`."""
        return ", ".join(column.value for column in self.columns)

    def insert(self, query: str) -> str:
        """Inserts the rows of a query, or overwrites those that are there."""
        names = [column.name for column in self.columns]
        key = names[: self.key]
        if self.final:
            action = "NOTHING"
        else:
            action = "UPDATE SET " + ", ".join(f"{name} = EXCLUDED.{name}" for name in names[self.key :])
        return (
            f"INSERT INTO {self.table} ({', '.join(names)}) {query} "
            f"ON CONFLICT ({', '.join(key)}) DO {action}"
        )

    @property
    def reader(self) -> Callable[[Any], tuple[Any, ...]]:
        """Takes the values of one row from an entity."""
        return attrgetter(*(column.field or column.name for column in self.columns))


def _columns(names: str) -> tuple[Column, ...]:
    """Columns written as `name`, `name:type` or `name:type:field`; those that end in `at` are instants."""
    found = []
    for word in names.split():
        name, _, rest = word.partition(":")
        kind, _, field = rest.partition(":")
        found.append(Column(name, kind or ("timestamptz" if name.endswith("at") else "text"), field))
    return tuple(found)


CALLS: Final = RowSpec(
    table="calls",
    key=2,
    columns=_columns(
        "id started_at node boot direction answered_at ended_at unknown_end:bool caller_number number_state "
        "dialled_number language queue agent_id:int8 merged_into voicemail:bool gap:bool "
        "clock_step_seconds:float8"
    ),
)
LEGS: Final = RowSpec(
    table="legs",
    key=2,
    columns=_columns(
        "id started_at call_id call_started_at node boot uniqueid linkedid channel kind interface "
        "agent_id:int8 number name dialled_number local_pair_id outgoing:bool answered_at ended_at ending "
        "hangup_cause:int4 sip_status:int4 clock_step_seconds:float8"
    ),
)
INTERVALS: Final = RowSpec(
    table="intervals",
    key=2,
    columns=_columns(
        "id started_at kind call_id call_started_at leg_id leg_started_at agent_id:int8 queue ended_at "
        "unknown_end:bool"
    ),
)
QUEUE_ENTRIES: Final = RowSpec(
    table="queue_entries",
    key=2,
    columns=_columns(
        "id joined_at call_id call_started_at leg_id leg_started_at queue position:int4 left_at outcome "
        "agent_id:int8"
    ),
)
OFFERS: Final = RowSpec(
    table="offers",
    key=2,
    columns=_columns(
        "id started_at entry_id call_id call_started_at leg_id agent_id:int8 queue ended_at outcome"
    ),
)
TRANSFERS: Final = RowSpec(
    table="transfers",
    key=2,
    columns=_columns("id at call_id call_started_at kind agent_id:int8 from_leg_id to_number outcome"),
)
SURVEYS: Final = RowSpec(
    table="surveys",
    key=2,
    columns=_columns(
        "id started_at call_id call_started_at leg_id agent_id:int8 queue language questions:int2 ended_at "
        "outcome rating:int2 second_rating:int2"
    ),
)
CALLBACKS: Final = RowSpec(
    table="queue_callbacks",
    key=1,
    columns=_columns(
        "id call_id call_started_at queue number language promised_at place_at state dialled_at attempt "
        "ended_at"
    ),
)
FLOW_RUNS: Final = RowSpec(
    table="flow_runs",
    key=2,
    columns=_columns(
        "id started_at call_id call_started_at leg_id flow kind version language agent_id:int8 queue "
        "ended_at outcome last_step handed_to passed"
    ),
)
FLOW_STEPS: Final = RowSpec(
    table="flow_steps",
    key=3,
    columns=_columns(
        "run_id ordinal:int4 at run_started_at call_id call_started_at flow step way mistake:bool keys"
    ),
)
FLOW_ANSWERS: Final = RowSpec(
    table="flow_answers",
    key=3,
    columns=_columns(
        "run_id ordinal:int4 at run_started_at call_id call_started_at flow version step question kind "
        "value keys"
    ),
)
#: People change other columns of it.
TASKS: Final = RowSpec(
    table="tasks",
    key=1,
    final=True,
    columns=_columns(
        "id opened_at node reference kind queue supervisor:bool call_id call_started_at number details "
        "recording due_at"
    ),
)
#: The outbox changes other columns of it.
MESSAGES: Final = RowSpec(
    table="messages",
    key=1,
    final=True,
    columns=_columns("id queued_at node endpoint payload call_id call_started_at run_id"),
)
CALL_REFUSALS: Final = RowSpec(
    table="call_refusals",
    key=1,
    final=True,
    columns=_columns("id refused_at node number scope campaign call_id call_started_at"),
)
AGENT_STATES: Final = RowSpec(
    table="agent_states",
    key=2,
    columns=_columns("id started_at agent_id:int8 status reason interface call_id ended_at"),
)
AGENT_CURRENT_STATES: Final = RowSpec(
    table="agent_current_states",
    key=1,
    columns=_columns("agent_id:int8 id status reason interface call_id started_at"),
)
IVR_CHOICES: Final = RowSpec(
    table="ivr_choices",
    key=4,
    final=True,
    columns=_columns("call_id chosen_at menu choice call_started_at"),
)
GAPS: Final = RowSpec(
    table="gaps", key=2, final=True, columns=_columns("node position:int8 from_at to_at reason")
)
ANOMALIES: Final = RowSpec(
    table="anomalies",
    key=4,
    final=True,
    columns=_columns("node position:int8 ordinal:int4 at event reason uniqueid"),
)

#: Tables whose rows are entities, each after those that it refers to.
ENTITIES: Final = (
    CALLS,
    LEGS,
    INTERVALS,
    QUEUE_ENTRIES,
    OFFERS,
    TRANSFERS,
    SURVEYS,
    CALLBACKS,
    FLOW_RUNS,
    FLOW_STEPS,
    FLOW_ANSWERS,
    TASKS,
    MESSAGES,
    CALL_REFUSALS,
    AGENT_STATES,
    AGENT_CURRENT_STATES,
)

#: When two calls become one, what belonged to the one is the other's. (Choices are written anew.)
MERGED_TABLES: Final = (
    "legs",
    "intervals",
    "queue_entries",
    "offers",
    "transfers",
    "surveys",
    "queue_callbacks",
    "flow_runs",
    "flow_steps",
    "flow_answers",
    "tasks",
    "messages",
    "call_refusals",
)

READERS: Final = {spec.table: spec.reader for spec in ENTITIES}
ALL: Final = (*ENTITIES, IVR_CHOICES, GAPS, ANOMALIES)
SQL: Final = {spec.table: spec.sql for spec in ALL}


def _whole_batch_sql() -> str:
    """One statement that writes all tables and moves the position, and fails when that is elsewhere.

    PostgreSQL checks what rows refer to when the statement is complete, so the order of the parts does not
    matter.
    """
    first, parts = 4, []
    for spec in ALL:
        parts.append(f"{spec.table}_rows AS ({spec.sql_from(first)})")
        first += len(spec.columns)
    moved = (
        "moved AS (UPDATE recorder_positions SET position = $2, at = now() "
        "WHERE node = $1 AND position = $3 RETURNING 1)"
    )
    return f"WITH {moved}, {', '.join(parts)} SELECT 1 / (SELECT count(*) FROM moved)"  # noqa: S608


#: Parameters: node, new position, old position, then the arrays of each of `ALL`. It divides by zero when the
#: old position is not the one in the database.
WHOLE_BATCH_SQL: Final = _whole_batch_sql()
_EMPTY: Final = {spec.table: ((),) * len(spec.columns) for spec in ALL}


def whole_batch_arrays(tables: Iterable[tuple[RowSpec, Sequence[tuple[Any, ...]]]]) -> list[Sequence[Any]]:
    """The arrays of `WHOLE_BATCH_SQL` for the rows of some tables."""
    arrays: dict[str, tuple[Sequence[Any], ...]] = dict(_EMPTY)
    for spec, found in tables:
        if found:
            arrays[spec.table] = tuple(zip(*found, strict=True))
    return [array for of_table in arrays.values() for array in of_table]


def entity_rows(spec: RowSpec, entities: Iterable[Any]) -> list[tuple[Any, ...]]:
    """The rows of entities as they are now."""
    return list(map(READERS[spec.table], entities))


def choice_rows(calls: Iterable[Call]) -> list[tuple[Any, ...]]:
    """The rows of the keys that callers pressed."""
    return [
        (call.id, choice.at, choice.menu, choice.choice, call.started_at)
        for call in calls
        for choice in call.choices
    ]


def without_nul(row: Sequence[Any]) -> tuple[Any, ...]:
    """The row without the one character that PostgreSQL cannot keep."""
    return tuple(value.replace("\x00", "") if isinstance(value, str) else value for value in row)
