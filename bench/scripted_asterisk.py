"""An AMI peer that plays recorded calls at a rate and in numbers that one small machine's Asterisk could not
carry.

Only for measuring the service under load: what it sends are the bytes of real calls (`call_template`). It
answers every action as Asterisk does, says which agents are signed in when asked for the queues, and
answers a pause with its event, so that the service's own wrap-up logic runs as in earnest.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Self

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
QUEUE = "sales"


class ScriptedAsterisk:
    """`async with ScriptedAsterisk(agents=200) as peer:` listens on `peer.port` of the loopback address."""

    def __init__(self, *, agents: int, port: int = 0) -> None:
        self.agents = agents
        self.port = port
        self.ready = asyncio.Event()
        #: Called with the name of each action that came, for those who wait for one.
        self.on_action: Callable[[str], None] = lambda _name: None
        #: What it lists when asked: the headers of each live channel and of each waiting caller.
        self.channels: list[dict[str, str]] = []
        self.waiting: list[dict[str, str]] = []
        self._variables: dict[str, str] = {}
        self._paused: dict[str, str] = {}
        self._server: asyncio.Server | None = None
        self._readers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._readers:
            writer.close()

    def send(self, blocks: Sequence[bytes]) -> float:
        """Writes event blocks to the service's session now; the monotonic instant just before the write."""
        data = b"".join(blocks)
        sent_at = time.monotonic()
        for writer in self._readers:
            writer.write(data)
        return sent_at

    async def drain(self) -> None:
        """Waits until the service has taken what was sent."""
        for writer in self._readers:
            await writer.drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        try:
            while block := await reader.readuntil(b"\r\n\r\n"):
                lines = (line.partition(":") for line in block.decode().strip().split("\r\n"))
                action = {key: value.strip() for key, _, value in lines}
                name = action.get("Action", "").lower()
                self._answer(writer, name, action)
                self.on_action(name)
        except (asyncio.IncompleteReadError, ConnectionError):
            if writer in self._readers:
                self._readers.remove(writer)

    def _answer(self, writer: asyncio.StreamWriter, name: str, action: dict[str, str]) -> None:
        number = action.get("ActionID", "")

        def respond(**headers: str) -> None:
            fields = {"Response": "Success", "ActionID": number, **headers}
            writer.write("".join(f"{key}: {value}\r\n" for key, value in fields.items()).encode() + b"\r\n")

        if name == "login":
            respond(Message="Authentication accepted")
            writer.write(_event("FullyBooted", Privilege="system,all", Status="Fully Booted"))
            if action.get("Username") == "cti":
                self._readers.append(writer)
        elif name == "getvar":
            respond(Variable=action["Variable"], Value=self._variables.get(action["Variable"], ""))
        elif name == "setvar":
            self._variables[action["Variable"]] = action["Value"]
            respond(Message="Variable Set")
        elif name in ("coreshowchannels", "bridgelist", "queuestatus", "devicestatelist"):
            respond(EventList="start", Message="List will follow")
            items = self._items(name, number)
            complete = {
                "coreshowchannels": "CoreShowChannelsComplete",
                "bridgelist": "BridgeListComplete",
                "queuestatus": "QueueStatusComplete",
                "devicestatelist": "DeviceStateListComplete",
            }[name]
            for item in items:
                writer.write(item)
            writer.write(_event(complete, ActionID=number, EventList="Complete", ListItems=str(len(items))))
            if name == "queuestatus":
                self.ready.set()
        elif name == "ping":
            respond(Ping="Pong", Timestamp=f"{time.time():.6f}")
        elif name == "queuepause":
            respond(Message="Interface paused successfully")
            if _is_paused(action):
                self._paused[action["Interface"]] = action.get("Reason", "")
            else:
                self._paused.pop(action["Interface"], None)
            writer.write(_pause_event(action))
        else:
            respond(Message="Done")

    def _items(self, name: str, number: str) -> list[bytes]:
        if name == "coreshowchannels":
            return [_event("CoreShowChannel", ActionID=number, **headers) for headers in self.channels]
        if name != "queuestatus":
            return []
        entries = [_event("QueueEntry", ActionID=number, **headers) for headers in self.waiting]
        return [*self._queue_items(number), *entries]

    def _queue_items(self, number: str) -> list[bytes]:
        params = _event(
            "QueueParams", Queue=QUEUE, Strategy="rrmemory", Calls="0", ServiceLevel="20", ActionID=number
        )
        members = [
            _event(
                "QueueMember",
                Queue=QUEUE,
                Name=f"agent-{agent}",
                Location=device_of(agent),
                StateInterface=device_of(agent),
                Membership="dynamic",
                Penalty="0",
                InCall="0",
                Status="1",
                Paused="1" if device_of(agent) in self._paused else "0",
                PausedReason=self._paused.get(device_of(agent), ""),
                ActionID=number,
            )
            for agent in range(1, self.agents + 1)
        ]
        return [params, *members]


def device_of(agent: int) -> str:
    """The device an agent of the script sits at."""
    return f"PJSIP/{10_000 + agent}"


def _is_paused(action: dict[str, str]) -> bool:
    return action.get("Paused", "").lower() in ("1", "true", "yes")


def _pause_event(action: dict[str, str]) -> bytes:
    interface = action["Interface"]
    return _event(
        "QueueMemberPause",
        Timestamp=f"{time.time():.6f}",
        Queue=QUEUE,
        MemberName=f"agent-{int(interface.rsplit('/', 1)[1]) - 10_000}",
        Interface=interface,
        StateInterface=interface,
        Paused="1" if _is_paused(action) else "0",
        PausedReason=action.get("Reason", ""),
    )


def _event(name: str, **headers: str) -> bytes:
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
