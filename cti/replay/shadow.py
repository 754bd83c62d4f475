"""Tables like the recorder's that only this connection sees, and that end with it.

They go by the recorder's names, so what the recorder writes with is used as it is, and not one of its own
rows is touched until the whole range has been folded.
"""

from typing import Final

import asyncpg

from cti.recorder.rows import ALL, MERGED_TABLES

#: All that a batch writes or moves.
_NAMES: Final = (*(spec.table for spec in ALL), "dispositions", "recorder_positions")
#: What is known of the fold (`cti.replay.fold`).
_KNOWN: Final = (
    """CREATE TEMPORARY TABLE reach (
        node text NOT NULL, exact bool NOT NULL, calls_from timestamptz NOT NULL, agents_from timestamptz,
        boots text[] NOT NULL, first bigint NOT NULL, last bigint NOT NULL
    )""",
    "CREATE TEMPORARY TABLE spared_calls (id text PRIMARY KEY)",
    """CREATE TEMPORARY TABLE spared_windows (
        from_at timestamptz NOT NULL, to_at timestamptz NOT NULL, first bigint NOT NULL, last bigint NOT NULL
    )""",
)


async def schema_of(connection: asyncpg.Connection) -> str:
    """The schema in which the real tables are, quoted; asked before there are others of their names."""
    return str(
        await connection.fetchval(
            "SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.oid = 'calls'::regclass"
        )
    )


async def make_shadow(connection: asyncpg.Connection, schema: str, node: str, position: int) -> None:
    """Makes empty tables that reflect the journal up to a position."""
    statements = [
        f"CREATE TEMPORARY TABLE {table} (LIKE {schema}.{table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        for table in _NAMES
    ]
    # No more indexes than the writing needs: each row costs one more entry in every one.
    for spec in ALL:
        key = ", ".join(column.name for column in spec.columns[: spec.key])
        statements.append(f"ALTER TABLE {spec.table} ADD PRIMARY KEY ({key})")
    statements += [f"CREATE INDEX ON {table} (call_id)" for table in MERGED_TABLES]
    await connection.execute("; ".join([*statements, *_KNOWN]))
    await connection.execute(
        "INSERT INTO recorder_positions (node, position) VALUES ($1, $2)", node, position
    )


async def end_shadow(connection: asyncpg.Connection) -> None:
    """Gives the recorder's names back to the real tables, whose triggers look for one another by name.

    It also lets PostgreSQL see how many rows there are: nobody does that for tables of one connection.
    """
    statements = [f"ALTER TABLE pg_temp.{table} RENAME TO {folded(table)}" for table in _NAMES]
    statements += [f"ANALYZE {folded(spec.table)}" for spec in ALL]
    await connection.execute("; ".join(statements))


def folded(table: str) -> str:
    """What the shadow of a table is called in the end."""
    return f"folded_{table}"
