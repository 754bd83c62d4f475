"""The recorder's own connection: how it is opened, what says that it is lost, and the position it keeps."""

from typing import Final

import asyncpg

from cti.recorder import staging

_CONNECT_SECONDS: Final = 5.0
_LOCK: Final = "SELECT pg_advisory_lock(hashtextextended('cti recorder ' || $1, 0))"

#: What says that the database is away, as opposed to a fault of ours.
AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What asyncpg says when the server ends the session between two statements.
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.UndefinedTableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
)


async def open_connection(dsn: str, node: str) -> asyncpg.Connection:
    """A connection that alone writes the rows of a node.

    Raises:
        `AWAY`: the database is away, or another process still writes.
    """
    connection = await asyncpg.connect(
        dsn,
        timeout=_CONNECT_SECONDS,
        server_settings={
            "application_name": "cti recorder",
            "timezone": "UTC",
            "jit": "off",
            # Rows can always be made again from the journal, but never with a position that says otherwise: a
            # commit that is lost in a power cut takes its position with it.
            "synchronous_commit": "off",
            # A write whose writer is gone is given up, and its lock with it.
            "client_connection_check_interval": "1000",
        },
    )
    try:
        # One writer for a node; the last one's unfinished transaction is over once this is ours.
        await connection.execute(_LOCK, node, timeout=_CONNECT_SECONDS)
        await connection.execute(staging.CREATE, timeout=_CONNECT_SECONDS)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def read_position(connection: asyncpg.Connection, node: str) -> int:
    """The journal position that the rows of a node reflect; 0 before the first."""
    await connection.execute(
        "INSERT INTO recorder_positions (node, position) VALUES ($1, 0) ON CONFLICT DO NOTHING", node
    )
    return int(
        await connection.fetchval("SELECT position FROM recorder_positions WHERE node = $1", node),
    )


async def set_position(connection: asyncpg.Connection, node: str, position: int) -> None:
    """Says that the rows reflect another position than they did: the journal has lost what was after it."""
    await connection.execute("UPDATE recorder_positions SET position = $2 WHERE node = $1", node, position)


async def make_partitions(connection: asyncpg.Connection) -> None:
    """Makes room for the rows of this month and the two after it."""
    await connection.execute("SELECT cti_ensure_partitions((now() AT TIME ZONE 'UTC')::date, 3)")
