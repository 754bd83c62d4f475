"""A wire between the service and Asterisk's AMI that can be cut and muted, and remembers each action.

What goes to Asterisk is kept block by block, so "no action is sent twice" is counted where it matters: after
the service, before Asterisk.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

_CHUNK = 64 * 1024
_BOOKKEEPING = frozenset({"Ping", "Getvar", "Login"})
#: The last list of the snapshot after a connect: what passes with it makes the picture complete.
_SYNCED = b"Event: QueueStatusComplete"


@dataclass(eq=False)
class Wire:
    """One connection through the proxy."""

    service: asyncio.StreamWriter
    asterisk: asyncio.StreamWriter
    user: str = ""
    #: Bytes that went to the service.
    passed: int = 0
    muted: bool = False
    cut_at: int | None = None
    tail: bytes = b""
    pending: bytes = b""

    def cut(self) -> None:
        """Ends it on both sides at once."""
        for writer in (self.service, self.asterisk):
            with contextlib.suppress(Exception):
                writer.transport.abort()


@dataclass
class AmiProxy:
    """Listens on a free port of its own. ``user`` is the AMI user whose connection is tampered with."""

    target: int
    user: str
    #: How often each action went to Asterisk, by its id and name, and each pause of a member, by its reason.
    #: Counted as they pass: to count those of an hour anew at each look would hold up the wire.
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    pauses: Counter[str] = field(default_factory=Counter)
    #: Seconds that each chunk is kept back on its way.
    delay: float = 0.0
    wires: set[Wire] = field(default_factory=set)
    #: When (monotonic) the snapshot of the latest connection was complete, and when a wire was cut last.
    synced_at: float = 0.0
    cut_at: float = 0.0
    syncs: int = 0
    port: int = 0
    _mute: bool = False
    _next_cut: int | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for wire in list(self.wires):
            wire.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    # --- tampering ---

    def cut(self) -> None:
        """Cuts the connections that are there."""
        for wire in list(self.wires):
            self._cut(wire)

    def cut_after(self, size: int, *, next_connection: bool = False) -> None:
        """Cuts the user's connection once ``size`` more bytes have gone to the service.

        With ``next_connection`` the bytes are those of the connection that is made next, so that the cut
        falls into its login or its snapshot.
        """
        if next_connection:
            self._next_cut = size
            return
        for wire in self.wires:
            if wire.user == self.user:
                wire.cut_at = wire.passed + size

    def mute(self) -> None:
        """From now on nothing that is sent arrives, in either direction, and nobody is told."""
        self._mute = True
        for wire in self.wires:
            wire.muted = True

    def unmute(self) -> None:
        """New connections work again; the old ones stay dead."""
        self._mute = False

    # --- looking ---

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Returns once the condition holds; looked at whenever something was cut or synchronised.

        Raises:
            TimeoutError: it did not come to hold.
        """
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    async def synced_after(self, instant: float, seconds: float = 30.0) -> float:
        """Waits for a complete snapshot that is later than the instant (monotonic); returns when it was."""
        await self.until(lambda: self.synced_at > instant, seconds)
        return self.synced_at

    def repeated(self) -> list[str]:
        """Actions that were sent more than once, by their id."""
        return [
            f"{action} {action_id} was sent {count} times"
            for (action_id, action), count in self.sent.items()
            if count > 1
        ]

    # --- passing on ---

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            source, target = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        wire = Wire(writer, target, muted=self._mute)
        self.wires.add(wire)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._to_asterisk(wire, reader))
                group.create_task(self._to_service(wire, source))
        except* (OSError, _WireEnded):
            pass
        finally:
            wire.cut()
            self.wires.discard(wire)

    async def _to_asterisk(self, wire: Wire, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(_CHUNK):
            if wire.muted:
                continue
            await self._kept_back()
            self._note(wire, data)
            wire.asterisk.write(data)
        raise _WireEnded

    async def _to_service(self, wire: Wire, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(_CHUNK):
            if wire.muted:
                continue
            await self._kept_back()
            room = None if wire.cut_at is None else wire.cut_at - wire.passed
            if room is not None and room < len(data):
                data = data[: max(0, room)]
            wire.passed += len(data)
            wire.service.write(data)
            if room is not None and wire.cut_at is not None and wire.passed >= wire.cut_at:
                with contextlib.suppress(OSError):
                    await wire.service.drain()
                self._cut(wire)
                break
            self._look(wire, data)
        raise _WireEnded

    async def _kept_back(self) -> None:
        if self.delay:
            await asyncio.sleep(self.delay)

    def _note(self, wire: Wire, data: bytes) -> None:
        *blocks, wire.pending = (wire.pending + data).split(b"\r\n\r\n")
        for block in blocks:
            lines = block.decode("utf-8", "replace").split("\r\n")
            headers = {name: value for name, _, value in (line.partition(": ") for line in lines)}
            action = headers.get("Action", "")
            if not wire.user:
                wire.user = headers.get("Username", "")
                if wire.user == self.user:
                    wire.cut_at, self._next_cut = self._next_cut, None
            if action not in _BOOKKEEPING:
                self.sent[headers.get("ActionID", ""), action] += 1
            if action == "QueuePause":
                self.pauses[headers.get("Reason", "")] += 1

    def _look(self, wire: Wire, data: bytes) -> None:
        if _SYNCED in wire.tail + data:
            self.synced_at = time.monotonic()
            self.syncs += 1
            self._tell()
            wire.tail = b""
        else:
            wire.tail = (wire.tail + data)[-len(_SYNCED) :]

    def _cut(self, wire: Wire) -> None:
        wire.cut()
        self.cut_at = time.monotonic()
        self._tell()

    def _tell(self) -> None:
        async def tell() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.get_running_loop().create_task(tell(), name="ami proxy")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _WireEnded(Exception):  # noqa: N818
    """One side closed: the other one is closed too."""
