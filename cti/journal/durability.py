"""How far the disk is certain, for whoever has to know before he goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from cti.errors import JournalClosed

#: A disk that is well takes milliseconds. Somebody waits on the telephone meanwhile.
PATIENCE_SECONDS: Final = 3.0


async def in_time(durable: Callable[[int], Awaitable[None]], position: int) -> None:
    """Waits with ``durable`` until the record at ``position`` is durable, but no longer than anybody can be
    kept waiting.

    Raises:
        TimeoutError: it is not, or not yet; it may still become so.
        JournalClosed: the journal was closed before.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        await durable(position)


class DurablePosition:
    """The position up to which every record is durable; it only grows."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._is_closed = False
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    async def wait(self, position: int) -> None:
        """Returns once the record at ``position`` is durable.

        Raises:
            JournalClosed: the journal was closed before.
        """
        if position <= self.position:
            return
        if self._is_closed:
            raise JournalClosed
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((position, waiter))
        await waiter

    def advance(self, position: int) -> None:
        """Says that everything up to ``position`` is durable now."""
        self.position = position
        waiters, self._waiters = self._waiters, []
        for wanted, waiter in waiters:
            if wanted > position:
                self._waiters.append((wanted, waiter))
            elif not waiter.done():
                waiter.set_result(None)

    def close(self) -> None:
        """Says that nothing more will become durable."""
        self._is_closed = True
        for _, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(JournalClosed())
        self._waiters.clear()
