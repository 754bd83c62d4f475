"""The service's long tasks: each has a name and an owner, and one that fails stops the process.

All of them share one event loop, so whoever keeps it busy keeps it from everybody; `LoopLag` tells for how
long.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

log = structlog.get_logger(__name__)

_AGAIN_SECONDS: Final = 1.0


class Loops:
    """Runs loops beside one another; they are stopped in the reverse order of their start.

    A loop that ends by itself, with an exception or without, ends `failure`: the process must stop, because a
    service without one of its loops would only look alive.
    """

    def __init__(self) -> None:
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def failure(self) -> None:
        """Waits for as long as all is well.

        Raises:
            Exception: what the first loop failed with.
        """
        await asyncio.shield(self._failure)

    @asynccontextmanager
    async def running(self, name: str, work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Runs one loop for as long as the context is entered."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(self._ended)
        try:
            yield
        finally:
            # Told once a loop may miss it: in the rollback of a connection that is lost at this very moment
            # the error of the database takes the place of the cancellation, and the loop goes on with what it
            # does when the database is away.
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_AGAIN_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception() or RuntimeError(f"the loop {task.get_name()} ended by itself")
        if self._failure.done():
            log.error("loop.failed", loop=task.get_name(), error=str(error))
            return
        self._failure.set_exception(error)
        self._failure.exception()  # somebody who only stops has not forgotten it


_LOOK_SECONDS: Final = 0.05
#: What was worst is remembered for one to two of these.
_WINDOW_SECONDS: Final = 30.0


class LoopLag:
    """How late the event loop wakes those who sleep. `run` is the loop that looks."""

    def __init__(self) -> None:
        self._now = self._before = 0.0

    @property
    def worst(self) -> float:
        """The longest lateness of the last half minute to minute, in seconds."""
        return max(self._now, self._before)

    async def run(self) -> None:
        """Looks until cancelled."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + _WINDOW_SECONDS
        while True:
            due = loop.time() + _LOOK_SECONDS
            await asyncio.sleep(_LOOK_SECONDS)
            self._now = max(self._now, loop.time() - due)
            if loop.time() >= ends:
                self._before, self._now = self._now, 0.0
                ends = loop.time() + _WINDOW_SECONDS
