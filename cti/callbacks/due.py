"""Which callbacks that were agreed are due: told when their time comes, and when something changed."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.callbacks import agreed_sql
from cti.callbacks.agreed_store import Sight
from cti.db.memory import Memory

_REFRESH_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 1.0
#: Those that become due until the next look are known before.
_AHEAD_SECONDS: Final = 3 * _REFRESH_SECONDS
_MOST: Final = 10_000
#: A timer may ring a moment too early.
_AFTER_SECONDS: Final = 0.05


class Place(msgspec.Struct, frozen=True):
    """Whose a callback is: an agent's, or any agent's of a queue."""

    agent_id: int | None
    queue: str | None

    def seen_by(self, sight: Sight) -> bool:
        """Whether it is among what somebody sees."""
        if sight.agent_id is None or self.agent_id == sight.agent_id:
            return True
        return self.agent_id is None and self.queue in sight.queues


class _Soon(msgspec.Struct, frozen=True):
    id: int
    due_at: float
    place: Place


class DueCallbacks:
    """`run` is the loop. ``on_change`` is told whose callbacks changed or became due; ``clock`` gives epoch
    seconds.
    """

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        self.on_change: Callable[[set[Place]], None] = lambda _: None
        self._clock = clock
        self._memory: Memory[tuple[_Soon, ...]] = Memory("callbacks", engine, self._read, ())
        self._wake = asyncio.Event()

    def count(self, sight: Sight) -> int:
        """How many are due of those that somebody sees."""
        return sum(one.place.seen_by(sight) for one in self._due())

    async def changed(self, places: set[Place]) -> None:
        """Something was done with callbacks of these."""
        await self._memory.refresh()
        self.on_change(places)
        self._wake.set()

    async def run(self) -> None:
        """Tells what becomes due until cancelled."""
        told: frozenset[_Soon] = frozenset()
        while True:
            fresh = await self._memory.refresh()
            due = frozenset(self._due())
            if due != told:
                self.on_change({one.place for one in due ^ told})
            told = due
            now = self._clock()
            wait = _REFRESH_SECONDS if fresh else _RETRY_SECONDS
            coming = [one.due_at - now for one in self._memory.content if one.due_at > now]
            self._wake.clear()
            try:
                async with asyncio.timeout(min([wait, *coming]) + _AFTER_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _due(self) -> list[_Soon]:
        now = self._clock()
        return [one for one in self._memory.content if one.due_at <= now]

    async def _read(self, connection: AsyncConnection) -> tuple[_Soon, ...]:
        until = datetime.fromtimestamp(self._clock() + _AHEAD_SECONDS, UTC)
        rows = await connection.execute(agreed_sql.DUE, {"until": until, "limit": _MOST})
        return tuple(_Soon(row.id, row.due_at.timestamp(), Place(row.agent_id, row.queue)) for row in rows)


DUE_CALLBACKS = web.AppKey("due_callbacks", DueCallbacks)
