"""Idempotency keys in PostgreSQL, kept for a day."""

import time
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.http.idempotency import StoredAnswer
from cti.http.problems import Problem
from cti.people.tables import idempotency_keys as keys

_KEPT: Final = sa.text("interval '1 day'")
#: A request that was begun and neither finished nor given back for so long died with its process, before or
#: after it was done: it is not done again.
_ABANDONED: Final = sa.text("interval '1 minute'")

#: How often the keys of everybody that are too old are dropped.
_PURGE_SECONDS: Final = 3600.0


class StoredKeys:
    """An `IdempotencyStore`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._purged_at = 0.0

    async def begin(self, owner: str, key: str, fingerprint: bytes) -> StoredAnswer | None:
        """Take the key, or give the answer of the same request before."""
        values = {"owner": owner, "key": key, "fingerprint": fingerprint}
        mine = (keys.c.owner == owner) & (keys.c.key == key)
        old = keys.c.created_at < sa.func.now() - _KEPT
        dead = (keys.c.created_at < sa.func.now() - _ABANDONED).label("dead")
        taken = insert(keys).values(values).on_conflict_do_nothing().returning(keys.c.key)
        async with self._engine.begin() as connection:
            gone = mine & old
            if time.monotonic() - self._purged_at > _PURGE_SECONDS:
                self._purged_at = time.monotonic()
                gone |= old
            await connection.execute(keys.delete().where(gone))
            if await connection.scalar(taken) is not None:
                return None
            row = (await connection.execute(sa.select(keys, dead).where(mine))).one_or_none()
        if row is not None and row.fingerprint != fingerprint:
            raise Problem("idempotency.key_reused")
        if row is None or (row.status is None and not row.dead):
            raise Problem("idempotency.in_progress", headers={"Retry-After": "1"})
        if row.status is None:
            raise Problem("idempotency.outcome_unknown")
        return StoredAnswer(status=row.status, body=row.body)

    async def finish(self, owner: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer."""
        mine = (keys.c.owner == owner) & (keys.c.key == key)
        async with self._engine.begin() as connection:
            kept = keys.update().where(mine).values(status=answer.status, body=answer.body)
            await connection.execute(kept)

    async def forget(self, owner: str, key: str) -> None:
        """Give the key back."""
        mine = (keys.c.owner == owner) & (keys.c.key == key)
        async with self._engine.begin() as connection:
            await connection.execute(keys.delete().where(mine & keys.c.status.is_(None)))
