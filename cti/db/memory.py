"""A part of the database in memory, for whoever must be answered at once and without it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = structlog.get_logger(__name__)

Content = TypeVar("Content")

_REFRESH_SECONDS: Final = 10.0
#: How soon it is tried again while the database does not answer.
_RETRY_SECONDS: Final = 1.0
_TIME_LIMIT_SECONDS: Final = 5.0


class Memory(Generic[Content]):
    """Reads again and again; while the database is down the last known content serves.

    ``read`` reads the content, ``nothing`` is there before the first time. `run` is the loop; its owner is
    the composition root. `refresh` reads at once, after a change.
    """

    def __init__(
        self,
        name: str,
        engine: AsyncEngine,
        read: Callable[[AsyncConnection], Awaitable[Content]],
        nothing: Content,
        *,
        refresh_seconds: float = _REFRESH_SECONDS,
    ) -> None:
        self.name = name
        self.content = nothing
        self._engine = engine
        self._read = read
        self._refresh_seconds = refresh_seconds
        self._is_down = False
        #: One after the other, so that what was read first is never put over what was read later.
        self._turn = asyncio.Lock()

    async def refresh(self) -> bool:
        """Reads the content; False (and once a line in the log) when the database does not answer."""
        async with self._turn:
            try:
                async with asyncio.timeout(_TIME_LIMIT_SECONDS), self._engine.connect() as connection:
                    found = await self._read(connection)
            except (OSError, TimeoutError, SQLAlchemyError) as error:
                if not self._is_down:
                    log.warning("memory.stale", of=self.name, reason=type(error).__name__)
                self._is_down = True
                return False
            if self._is_down:
                log.info("memory.fresh", of=self.name)
            self._is_down = False
            # Whoever remembers what follows from the content can tell by its identity that it is the same.
            if found != self.content:
                self.content = found
            return True

    async def run(self) -> None:
        """Refreshes until cancelled."""
        while True:
            fresh = await self.refresh()
            await asyncio.sleep(
                self._refresh_seconds if fresh else min(_RETRY_SECONDS, self._refresh_seconds)
            )
