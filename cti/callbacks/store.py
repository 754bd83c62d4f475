"""Callbacks out of PostgreSQL."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.callbacks.tables import queue_callbacks


async def page_ended(
    connection: AsyncConnection, *, limit: int, before: tuple[datetime, str] | None
) -> tuple[list[sa.Row[Any]], tuple[datetime, str] | None]:
    """Callbacks that are over, the last promised first, and where the next page begins."""
    key = sa.tuple_(queue_callbacks.c.promised_at, queue_callbacks.c.id)
    query = (
        sa.select(queue_callbacks)
        .where(queue_callbacks.c.ended_at.is_not(None))
        .order_by(queue_callbacks.c.promised_at.desc(), queue_callbacks.c.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(key < before)
    rows = list(await connection.execute(query))
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], (last.promised_at, last.id)
