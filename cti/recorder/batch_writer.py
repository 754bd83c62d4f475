"""Writes one batch in one transaction: its rows, and the journal position that they reflect."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import structlog

from cti.errors import CtiError
from cti.recorder.batch import Batch
from cti.recorder.rows import (
    ANOMALIES,
    MERGED_TABLES,
    SQL,
    WHOLE_BATCH_SQL,
    RowSpec,
    whole_batch_arrays,
    without_nul,
)
from cti.recorder.staging import write_staged

log = structlog.get_logger(__name__)

#: A write that takes longer is given up: the database counts as down.
WRITE_SECONDS: Final = 60.0
#: A batch of more rows is written table by table, and of a table more rows go by COPY.
_ROWS_AT_ONCE: Final = 300
_ROWS_IN_ARRAYS: Final = 50
_MOVE_POSITION: Final = (
    "UPDATE recorder_positions SET position = $2, at = now() WHERE node = $1 AND position = $3"
)
_MERGE: Final = tuple(
    f"UPDATE {table} SET call_id = $2, call_started_at = to_timestamp($3) WHERE call_id = $1"  # noqa: S608
    for table in MERGED_TABLES
)
_MERGE_CHOICES: Final = "DELETE FROM ivr_choices WHERE call_id = $1"
_MERGE_DISPOSITIONS: Final = (
    "UPDATE dispositions d SET call_id = $2 WHERE call_id = $1 AND NOT EXISTS "
    "(SELECT FROM dispositions o WHERE o.call_id = $2 AND o.agent_id = d.agent_id)"
)
#: What a row itself can be to blame for.
_ROW_ERRORS: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)


class RecorderFenced(CtiError):  # noqa: N818
    """Another process writes the rows of this node."""

    code = "recorder.fenced"


async def write_batch(connection: asyncpg.Connection, node: str, batch: Batch, after: int) -> None:
    """Commits a batch that follows on the position ``after``. When it fails, nothing of it is there.

    A row that PostgreSQL refuses for what is in it does not hold up the others: it is left out, and said so
    in the log and in `anomalies`.

    Raises:
        RecorderFenced: the position in the database is not ``after``.
        asyncpg.PostgresError, OSError, TimeoutError: the database is down or too slow.
    """
    try:
        if batch.merges or batch.row_count > _ROWS_AT_ONCE:
            await _write_in_steps(connection, node, batch, after)
        else:
            await _write_at_once(connection, node, batch, after)
    except _ROW_ERRORS as error:
        log.error("recorder.rows_refused", error=str(error), position=batch.position)
        if connection.is_in_transaction():
            await _execute(connection, "ROLLBACK")
        await _execute(connection, "BEGIN")
        await _write_sparing(connection, node, batch, after)
        await _execute(connection, "COMMIT")


async def _execute(connection: asyncpg.Connection, statement: str, *values: Any) -> str:
    return str(await connection.execute(statement, *values, timeout=WRITE_SECONDS))


async def _write_at_once(connection: asyncpg.Connection, node: str, batch: Batch, after: int) -> None:
    """One statement, a transaction of its own: a round trip costs more than a small batch's rows."""
    arrays = whole_batch_arrays(batch.tables)
    try:
        await _execute(connection, WHOLE_BATCH_SQL, node, batch.position, after, *arrays)
    except asyncpg.DivisionByZeroError:
        raise _fenced(node, after) from None


async def _write_in_steps(connection: asyncpg.Connection, node: str, batch: Batch, after: int) -> None:
    # Not `connection.transaction()`: its way out waits for an answer without end when the server has none to
    # give.
    await _execute(connection, "BEGIN")
    await _move_position(connection, node, batch, after)
    for spec, rows in batch.tables:
        if len(rows) > _ROWS_IN_ARRAYS:
            await write_staged(connection, spec, rows, seconds=WRITE_SECONDS)
        else:
            await _insert(connection, spec, rows)
    await _merge(connection, batch)
    await _execute(connection, "COMMIT")


def _fenced(node: str, after: int) -> RecorderFenced:
    return RecorderFenced(f"the rows of {node} are not at position {after} as this process left them")


async def _move_position(connection: asyncpg.Connection, node: str, batch: Batch, after: int) -> None:
    status = await _execute(connection, _MOVE_POSITION, node, batch.position, after)
    if status != "UPDATE 1":
        raise _fenced(node, after)


async def _insert(connection: asyncpg.Connection, spec: RowSpec, rows: Sequence[tuple[Any, ...]]) -> None:
    await _execute(connection, SQL[spec.table], *zip(*rows, strict=True))


async def _merge(connection: asyncpg.Connection, batch: Batch) -> None:
    for gone, into, started_at in batch.merges:
        for statement in _MERGE:
            await _execute(connection, statement, gone, into, started_at)
        await _execute(connection, _MERGE_CHOICES, gone)
        await _execute(connection, _MERGE_DISPOSITIONS, gone, into)


async def _write_sparing(connection: asyncpg.Connection, node: str, batch: Batch, after: int) -> None:
    await _move_position(connection, node, batch, after)
    refused: list[tuple[str, str]] = []
    for spec, rows in batch.tables:
        await _insert_sparing(connection, spec, [without_nul(row) for row in rows], refused)
    await _merge(connection, batch)
    reports = [
        (node, batch.position, -1 - number, 0.0, "Recorder", reason[:1000], key[:200])
        for number, (key, reason) in enumerate(refused)
    ]
    if reports:
        await _insert(connection, ANOMALIES, reports)


async def _insert_sparing(
    connection: asyncpg.Connection,
    spec: RowSpec,
    rows: Sequence[tuple[Any, ...]],
    refused: list[tuple[str, str]],
) -> None:
    await _execute(connection, "SAVEPOINT rows")
    try:
        await _insert(connection, spec, rows)
        await _execute(connection, "RELEASE SAVEPOINT rows")
    except _ROW_ERRORS as error:
        await _execute(connection, "ROLLBACK TO SAVEPOINT rows")
        await _execute(connection, "RELEASE SAVEPOINT rows")
        if len(rows) == 1:
            log.error("recorder.row_refused", table=spec.table, key=str(rows[0][0]), error=str(error))
            refused.append((str(rows[0][0]), f"{spec.table}: {error}"))
            return
        middle = len(rows) // 2
        await _insert_sparing(connection, spec, rows[:middle], refused)
        await _insert_sparing(connection, spec, rows[middle:], refused)
