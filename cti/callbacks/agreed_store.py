"""Callbacks that agents agree with people, in PostgreSQL; functions that take a connection.

Promises to one number are merged: each keeps its row, and all but the last point to a later one. So what was
promised in one call can be taken back without what was promised in another being forgotten.
"""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.callbacks import agreed_sql
from cti.callbacks.agreed import AgreedCallback, AgreedEnd
from cti.customers.tables import callbacks, customer_numbers


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """Whose callbacks somebody sees: an agent's own and those offered to his queues; None sees all."""

    agent_id: int | None = None
    queues: tuple[str, ...] = ()

    @property
    def params(self) -> dict[str, Any]:
        """For a statement."""
        return {"agent_id": self.agent_id, "queues": list(self.queues)}


async def page(
    connection: AsyncConnection,
    sight: Sight,
    *,
    ended: bool,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[AgreedCallback]:
    """Those that are to be made, the first due first; or those that ended, the last first."""
    at, callback_id = after or (None, None)
    statement = agreed_sql.ENDED if ended else agreed_sql.TO_DO
    given = {**sight.params, "at": at, "id": callback_id, "limit": limit}
    return [_read(row) for row in await connection.execute(statement, given)]


async def read(connection: AsyncConnection, callback_id: int, sight: Sight) -> AgreedCallback | None:
    """One that somebody may see and that is no part of another; None otherwise."""
    row = (await connection.execute(agreed_sql.ONE, {**sight.params, "id": callback_id})).first()
    return None if row is None else _read(row)


async def agree(
    connection: AsyncConnection,
    *,
    number: str,
    due_at: datetime,
    agent_id: int | None,
    queue: str | None,
    note: str | None,
    promised_by: int | None,
) -> int:
    """Notes that a number (E.164) will be called; its id. Open promises to the number are kept with it."""
    await _lock(connection, number)
    values = {
        "e164": number, "due_at": due_at, "agent_id": agent_id, "queue": queue, "note": note,
        "promised_by": promised_by,
    }  # fmt: skip
    added = await connection.scalar(callbacks.insert().values(values).returning(callbacks.c.id))
    callback_id = int(added or 0)
    await _merge(connection, number, callback_id)
    return callback_id


async def promise_callback(
    connection: AsyncConnection,
    *,
    call_id: str,
    agent_id: int | None,
    customer_id: int | None,
    e164: str | None,
    due_at: datetime,
    note: str | None,
) -> int:
    """Notes that the other party of a call will be called back; promising again in the same call moves the
    promise. Its id. The customer or the number must be known.
    """
    values = {
        "agent_id": agent_id,
        "promised_by": agent_id,
        "customer_id": customer_id,
        "e164": e164,
        "due_at": due_at,
        "note": note,
        "merged_into": None,
    }
    if e164 is not None:
        await _lock(connection, e164)
    statement = (
        insert(callbacks)
        .values(call_id=call_id, **values)
        .on_conflict_do_update(
            index_elements=[callbacks.c.call_id], index_where=callbacks.c.done_at.is_(None), set_=values
        )
        .returning(callbacks.c.id)
    )
    callback_id = int((await connection.execute(statement)).scalar_one())
    if e164 is not None:
        await _merge(connection, e164, callback_id)
    return callback_id


async def withdraw_callback(connection: AsyncConnection, call_id: str) -> bool:
    """Takes back the open promise of this call; what was kept with it is open as before.

    False when there is none.
    """
    query = sa.select(callbacks).where(callbacks.c.call_id == call_id, callbacks.c.done_at.is_(None))
    promise = (await connection.execute(query)).one_or_none()
    if promise is None:
        return False
    if promise.e164 is not None:
        await _lock(connection, promise.e164)
    below = sa.select(callbacks.c.id).where(callbacks.c.merged_into == promise.id)
    earlier = list(await connection.scalars(below.order_by(callbacks.c.id.desc())))
    await connection.execute(sa.delete(callbacks).where(callbacks.c.id == promise.id))
    if earlier:
        heir = earlier.pop(0) if promise.merged_into is None else promise.merged_into
        moved = sa.update(callbacks).where(callbacks.c.id.in_(earlier)).values(merged_into=heir)
        await connection.execute(moved)
    return True


async def take(connection: AsyncConnection, callback_id: int, agent_id: int) -> None:
    """Whoever calls has it: nobody else of the queue is offered it any more."""
    query = sa.update(callbacks).where(callbacks.c.id == callback_id, callbacks.c.agent_id.is_(None))
    await connection.execute(query.values(agent_id=agent_id))


async def postpone(connection: AsyncConnection, callback_id: int, due_at: datetime, note: str | None) -> None:
    """Another time was agreed; what is of a queue is offered to all its agents again."""
    values: dict[str, Any] = {
        "due_at": due_at,
        "agent_id": sa.case((callbacks.c.queue.is_(None), callbacks.c.agent_id), else_=None),
    }
    if note is not None:
        values["note"] = note
    await connection.execute(sa.update(callbacks).where(callbacks.c.id == callback_id).values(values))


async def end(
    connection: AsyncConnection, callback_id: int, ended_as: AgreedEnd, *, by: int | None
) -> set[str] | None:
    """Notes that somebody was called back, or need not be, with all promises that are kept with this one.

    His numbers (E.164), or None when there is no such callback to be made.
    """
    given = {"id": callback_id, "ended_as": ended_as.value, "by": by}
    ended = (await connection.execute(agreed_sql.END, given)).all()
    if not ended:
        return None
    customers = {row.customer_id for row in ended if row.customer_id is not None}
    query = sa.select(customer_numbers.c.e164).where(customer_numbers.c.customer_id.in_(customers))
    numbers = set(await connection.scalars(query))
    return numbers | {row.e164 for row in ended if row.e164 is not None}


async def reopen(connection: AsyncConnection, callback_id: int) -> bool:
    """Undoes the end of a callback and of what ended with it. False when there is nothing to undo."""
    reopened = (await connection.execute(agreed_sql.REOPEN, {"id": callback_id})).first()
    if reopened is None:
        return False
    if reopened.e164 is not None:
        await _lock(connection, reopened.e164)
        await _merge(connection, reopened.e164, callback_id)
    return True


async def _lock(connection: AsyncConnection, e164: str) -> None:
    key = sa.func.hashtextextended(f"callback {e164}", 0)
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


async def _merge(connection: AsyncConnection, e164: str, into: int) -> None:
    others = (
        (callbacks.c.e164 == e164)
        & (callbacks.c.id != into)
        & callbacks.c.done_at.is_(None)
        & callbacks.c.merged_into.is_(None)
    )
    await connection.execute(sa.update(callbacks).where(others).values(merged_into=into))


def _read(row: sa.Row[Any]) -> AgreedCallback:
    return AgreedCallback(
        id=row.id,
        number=row.number,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        due_at=row.due_at.timestamp(),
        agent_id=row.agent_id,
        queue=row.queue,
        promised_by=row.promised_by,
        promised_at=row.created_at.timestamp(),
        note=row.note,
        earlier=tuple(note for note in row.notes if note),
        promises=1 + len(row.notes),
        ended_at=None if row.done_at is None else row.done_at.timestamp(),
        ended_as=None if row.ended_as is None else AgreedEnd(row.ended_as),
    )
