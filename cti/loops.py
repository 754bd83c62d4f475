"""The service's long tasks: each has a name and an owner, and one that fails stops the process."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

log = structlog.get_logger(__name__)


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
            task.cancel()
            await asyncio.wait({task})

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception() or RuntimeError(f"the loop {task.get_name()} ended by itself")
        if self._failure.done():
            log.error("loop.failed", loop=task.get_name(), error=str(error))
            return
        self._failure.set_exception(error)
        self._failure.exception()  # somebody who only stops has not forgotten it
