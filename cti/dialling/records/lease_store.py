"""The lease under which a service dials, in PostgreSQL; functions that take a connection. Instants are epoch
seconds.
"""

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.dialling.records.tables import dial_leases
from cti.dialling.rules.lease import Lease, taken

#: Any number that nobody else locks.
_LEASES: Final = 0x0C7108


async def take(connection: AsyncConnection, node: str, holder: str, now: float) -> Lease | None:
    """Take or renew the lease of an Asterisk; None while another holds it, and one stands by.

    Those who ask at once come one after the other, so only one of them gets it.
    """
    turn = sa.func.pg_advisory_xact_lock(_LEASES, sa.func.hashtext(node))
    await connection.execute(sa.select(turn))
    lease = taken(await read(connection, node), holder, now)
    if lease is None:
        return None
    values = {"holder": lease.holder, "epoch": lease.epoch, "until": datetime.fromtimestamp(lease.until, UTC)}
    statement = insert(dial_leases).values(node=node, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["node"], set_=values))
    return lease


async def read(connection: AsyncConnection, node: str) -> Lease | None:
    """The lease of an Asterisk as it is."""
    row: sa.Row[Any] | None = (
        await connection.execute(sa.select(dial_leases).where(dial_leases.c.node == node))
    ).one_or_none()
    return None if row is None else Lease(holder=row.holder, epoch=row.epoch, until=row.until.timestamp())


async def give_back(connection: AsyncConnection, node: str, holder: str, epoch: int, now: float) -> None:
    """End a lease that one holds, so that another need not wait for its end; any other stays as it is."""
    columns = dial_leases.c
    mine = (columns.node == node) & (columns.holder == holder) & (columns.epoch == epoch)
    await connection.execute(
        sa.update(dial_leases).where(mine).values(until=datetime.fromtimestamp(now, UTC))
    )
