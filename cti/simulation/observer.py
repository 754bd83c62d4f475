"""A plain AMI client for laboratories: it keeps every byte as it came, sends actions, and waits for events.

It is not the service's connection, on purpose: what it records is what the service's is tested against.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from cti.errors import AmiError, AmiWrongSecret

Event = Mapping[str, str]


class AmiObserver:
    """One AMI session; ``blocks`` grows with every event block (bytes, with the empty line that ends it)."""

    def __init__(self, *, port: int, user: str, secret: str, host: str = "127.0.0.1") -> None:
        self.host, self.port, self.user, self.secret = host, port, user, secret
        self.blocks: list[bytes] = []
        self._listeners: list[Callable[[Event], None]] = []
        self._answers: dict[str, asyncio.Future[Event]] = {}
        self._numbers = itertools.count(1)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect and log in."""
        self._reader, self._writer = await asyncio.open_connection(self.host, self.port, limit=2**20)
        await self._reader.readline()
        self._task = asyncio.get_running_loop().create_task(self._read(), name="ami observer")
        answer = await self.send("Login", Username=self.user, Secret=self.secret)
        if answer.get("Response") != "Success":
            raise AmiWrongSecret
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def send(self, action: str, **headers: str) -> Event:
        """Send an action; its answer. ``Variable`` may not be repeated here."""
        if self._writer is None:
            raise AmiError("the observer is not connected")
        number = f"observer-{next(self._numbers)}"
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        lines = [f"Action: {action}", f"ActionID: {number}", *(f"{k}: {v}" for k, v in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        async with asyncio.timeout(10):
            return await future

    async def demand(self, action: str, **headers: str) -> Event:
        """Send an action that has to succeed."""
        answer = await self.send(action, **headers)
        if answer.get("Response") not in ("Success", "Goodbye"):
            raise AmiError(f"{action}: {answer.get('Message', answer)}")
        return answer

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call ``listener`` with every later event."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Event], None]) -> None:
        """Call it no more."""
        self._listeners.remove(listener)

    def expect(self, name: str, **headers: str) -> asyncio.Future[Event]:
        """A future for the next event of that name and those header values; ask before causing it."""
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        def listener(event: Event) -> None:
            if event.get("Event") == name and all(event.get(k) == v for k, v in headers.items()):
                self.unlisten(listener)
                if not future.done():
                    future.set_result(event)

        self.listen(listener)
        return future

    async def _read(self) -> None:
        reader = self._reader
        while reader is not None:
            try:
                block = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            headers = {}
            for line in block.decode("utf-8", errors="replace").split("\r\n"):
                name, colon, value = line.partition(":")
                if colon:
                    headers[name] = value.strip()
            if "Response" in headers:
                future = self._answers.pop(headers.get("ActionID", ""), None)
                if future is not None and not future.done():
                    future.set_result(headers)
                continue
            self.blocks.append(block)
            for listener in list(self._listeners):
                listener(headers)
