"""Large batches: rows go to the server by COPY, into tables that only the recorder's connection sees.

From there one statement a table puts them into their place. COPY takes a value at a tenth of what an array's
element costs, on our side of the connection most of all. It needs more round trips, so a small batch is
better off with `rows.WHOLE_BATCH_SQL`. The tables are temporary ones: what is in them goes into no log, and
is gone with the transaction.
"""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from cti.recorder.rows import ALL, RowSpec


def _create(spec: RowSpec) -> str:
    columns = ", ".join(f"{column.name} {column.carrier}" for column in spec.columns)
    return f"CREATE TEMP TABLE staged_{spec.table} ({columns}) ON COMMIT DELETE ROWS"


def _move(spec: RowSpec) -> str:
    return spec.insert(f"SELECT {spec.values} FROM staged_{spec.table} AS u")  # noqa: S608


#: Makes the tables, once for each connection.
CREATE: Final = "; ".join(map(_create, ALL))
_MOVE: Final = {spec.table: _move(spec) for spec in ALL}
_COLUMNS: Final = {spec.table: [column.name for column in spec.columns] for spec in ALL}


async def write_staged(
    connection: asyncpg.Connection, spec: RowSpec, rows: Sequence[tuple[Any, ...]], *, seconds: float
) -> None:
    """Inserts or overwrites rows of one table, within a transaction; at most once for each table in it.

    Raises:
        asyncpg.DataError: a value does not fit its column.
    """
    try:
        await connection.copy_records_to_table(
            f"staged_{spec.table}", records=rows, columns=_COLUMNS[spec.table], timeout=seconds
        )
    except (OverflowError, TypeError, ValueError) as error:  # what COPY says, where an array is a DataError
        raise asyncpg.DataError(f"{spec.table}: {error}") from error
    await connection.execute(_MOVE[spec.table], timeout=seconds)
