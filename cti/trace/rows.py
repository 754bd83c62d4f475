"""The rows of some calls, as they are in the end, to be held against one another."""

from collections.abc import Collection
from typing import Any, Final

from cti.recorder import rows as specs
from cti.recorder.batch import Batch, Changes
from cti.trace.content import Content
from cti.trace.pseudonyms import Pseudonyms

Rows = dict[str, list[dict[str, Any]]]

#: Columns that tell of persons, by table.
_PERSONAL: Final = {
    "calls": {"caller_number": Content.NUMBER, "dialled_number": Content.NUMBER},
    "legs": {
        "channel": Content.CHANNEL,
        "interface": Content.CHANNEL,
        "number": Content.NUMBER,
        "name": Content.NAME,
        "dialled_number": Content.NUMBER,
    },
    "transfers": {"to_number": Content.NUMBER},
    "agent_states": {"interface": Content.CHANNEL},
    "ivr_choices": {"choice": Content.NUMBER},
    "flow_runs": {"passed": Content.NAME},
    "flow_steps": {"keys": Content.NUMBER},
    "flow_answers": {"value": Content.NUMBER, "keys": Content.NUMBER},
    "messages": {"payload": Content.NAME},
    "call_refusals": {"number": Content.NUMBER},
    "queue_callbacks": {"number": Content.NUMBER},
    "tasks": {"number": Content.NUMBER, "details": Content.NAME},
}
#: Where a row's call stands, and what follows from how long a board has known an agent.
_CALL: Final = {"calls": "id"}
_OF_THE_BOARD: Final = {"agent_states": "id"}
_TABLES: Final = (*specs.MERGED_TABLES, "calls", "agent_states", "ivr_choices")


def rows_of(changes: Changes, calls: Collection[str]) -> Rows:
    """The rows of some calls, table by table, in an order of their own."""
    batch = changes.cut(0)
    found: Rows = {}
    for spec, values in batch.tables:
        if spec.table not in _TABLES:
            continue
        names = [column.name for column in spec.columns]
        rows = [dict(zip(names, row, strict=True)) for row in values]
        for row in rows:
            _follow_merges(spec.table, row, batch)
            row.pop(_OF_THE_BOARD.get(spec.table, ""), None)
        call = _CALL.get(spec.table, "call_id")
        found[spec.table] = sorted((row for row in rows if row[call] in calls), key=repr)
    return found


def _follow_merges(table: str, row: dict[str, Any], batch: Batch) -> None:
    """What belonged to a call that became part of another is the other's, as it is in the database."""
    if table not in specs.MERGED_TABLES:
        return
    for gone, into, started_at in batch.merges:
        if row["call_id"] == gone:
            row["call_id"], row["call_started_at"] = into, started_at


def renamed(rows: Rows, pseudonyms: Pseudonyms) -> Rows:
    """The same rows with pseudonyms in them."""
    other = {
        Content.NUMBER: pseudonyms.number_or_name,
        Content.NAME: pseudonyms.name,
        Content.CHANNEL: pseudonyms.channel,
    }
    found: Rows = {}
    for table, old in rows.items():
        personal = _PERSONAL.get(table, {})
        found[table] = sorted(
            (
                {
                    name: other[personal[name]](value) if name in personal and value is not None else value
                    for name, value in row.items()
                }
                for row in old
            ),
            key=repr,
        )
    return found


def differences(expected: Rows, found: Rows) -> list[str]:
    """What is not the same, one line each; none when all is."""
    lines = []
    for table in _TABLES:
        one, other = expected.get(table, []), found.get(table, [])
        lines += [f"{table}: missing {row}" for row in one if row not in other]
        lines += [f"{table}: unexpected {row}" for row in other if row not in one]
    return lines
