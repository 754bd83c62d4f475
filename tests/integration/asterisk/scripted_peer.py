"""A peer on a real socket that speaks AMI by a script, to force faults that Asterisk shows seldom."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cti.asterisk.link import AmiSettings

Headers = dict[str, str]
Reply = Callable[[Headers], bytes | None]


def block(*lines: str) -> bytes:
    """The lines as one block of AMI."""
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def answered(headers: Headers, *lines: str, ok: bool = True) -> bytes:
    """A response to the action with these headers."""
    return block(f"Response: {'Success' if ok else 'Error'}", f"ActionID: {headers['ActionID']}", *lines)


def empty_list(event: str) -> Reply:
    """A list without items."""

    def reply(headers: Headers) -> bytes:
        return answered(headers, "EventList: start") + block(
            f"Event: {event}", f"ActionID: {headers['ActionID']}", "EventList: Complete", "ListItems: 0"
        )

    return reply


class ScriptedPeer:
    """Listens on a free port. ``replies`` maps an action's name to what it answers; None is silence."""

    def __init__(self) -> None:
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self.boot = ""
        self.received: list[Headers] = []
        self.connections = 0
        self.arrived = asyncio.Condition()
        self.replies: dict[str, Reply] = {
            "Login": lambda headers: answered(headers) + block("Event: FullyBooted", "Privilege: system,all"),
            "Ping": lambda headers: answered(headers, "Ping: Pong", "Timestamp: 1763789001.000000"),
            "Getvar": lambda headers: answered(headers, "Variable: CTI_BOOT", f"Value: {self.boot}"),
            "Setvar": self._set,
            "Events": lambda headers: answered(headers, "Events: On"),
            "CoreShowChannels": empty_list("CoreShowChannelsComplete"),
            "BridgeList": empty_list("BridgeListComplete"),
            "QueueStatus": empty_list("QueueStatusComplete"),
        }
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self.drop()
        await self._server.wait_closed()

    def settings(self, **changes: float | str) -> AmiSettings:
        """Settings that lead here, with short times."""
        values: dict[str, float | str] = {
            "host": "127.0.0.1",
            "username": "cti",
            "secret": "lab",
            "node": "node1",
            "connect_seconds": 1.0,
            "login_seconds": 1.0,
            "booted_seconds": 1.0,
            "snapshot_seconds": 1.0,
            "ping_interval_seconds": 0.2,
            "ping_seconds": 0.3,
            "action_seconds": 1.0,
            "shortest_back_off_seconds": 0.02,
            "longest_back_off_seconds": 0.1,
        }
        return AmiSettings(port=self.port, **{**values, **changes})  # type: ignore[arg-type]

    def push(self, data: bytes) -> None:
        """Sends bytes to everybody who is connected."""
        for writer in self._writers:
            writer.write(data)

    def cut(self) -> None:
        """Cuts every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def drop(self) -> None:
        """Cuts every connection and lets the other side notice."""
        self.cut()
        await asyncio.sleep(0)

    def count(self, action: str) -> int:
        """How often the action was received."""
        return sum(1 for headers in self.received if headers["Action"] == action)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns once the condition holds; it is looked at after every action and every new connection."""
        async with self.arrived:
            await self.arrived.wait_for(condition)

    def _set(self, headers: Headers) -> bytes:
        self.boot = headers["Value"]
        return answered(headers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        await self._note()
        self.connections += 1
        try:
            writer.write(self.banner)
            while data := await reader.readuntil(b"\r\n\r\n"):
                headers = dict(line.split(": ", 1) for line in data.decode().strip().split("\r\n"))
                self.received.append(headers)
                reply: Reply = self.replies.get(headers["Action"], answered)
                answer = reply(headers)
                if answer is not None:
                    writer.write(answer)
                await self._note()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _note(self) -> None:
        async with self.arrived:
            self.arrived.notify_all()
