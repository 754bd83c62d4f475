"""Somebody at the live connection: keeps what he was shown and waits for what he expects."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import aiohttp
import msgspec


class Reader(Protocol):
    """Whoever reads: his browser, and what he says in each request."""

    session: aiohttp.ClientSession
    headers: dict[str, str]


@dataclass
class SignedIn:
    """A reader whose browser says all that is needed."""

    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict)


class LiveReader:
    """Reads frames and holds that they are numbered without gaps."""

    def __init__(self, reader: Reader, **headers: str) -> None:
        self._reader = reader
        self._headers = headers
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        headers = {**self._reader.headers, **self._headers}
        self.socket = await self._reader.session.ws_connect("/api/v1/live", headers=headers)
        self._task = asyncio.create_task(self._read())
        await self.until(lambda frame: frame["type"] == "snapshot")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.socket.close()

    async def _read(self) -> None:
        async for message in self.socket:
            assert message.type is aiohttp.WSMsgType.TEXT
            frame = msgspec.json.decode(message.data)
            assert frame["seq"] == len(self.frames)
            self.frames.append(frame)
            async with self._news:
                self._news.notify_all()
        self.closed = self.socket.close_code
        async with self._news:
            self._news.notify_all()

    async def until(
        self, wanted: Callable[[dict[str, Any]], bool], after: int = 0, seconds: float = 15.0
    ) -> dict[str, Any]:
        """The first frame, from number ``after`` on, that fits."""
        seen = after
        async with asyncio.timeout(seconds), self._news:
            while True:
                for frame in self.frames[seen:]:
                    if wanted(frame):
                        return frame
                seen = max(seen, len(self.frames))
                assert self.closed is None, self.closed
                await self._news.wait()

    async def agent(self, state: str, after: int | None = None, **fields: Any) -> dict[str, Any]:
        """One's own state, once it is as given: as it was shown last, or is then."""
        start = self._last_own() if after is None else after

        def fits(frame: dict[str, Any]) -> bool:
            agent = frame.get("agent")
            return agent is not None and agent["state"] == state and fields.items() <= agent.items()

        return dict((await self.until(fits, start))["agent"])

    async def call(self, phase: str) -> dict[str, Any]:
        """One's own call, once it is in a phase."""

        def fits(frame: dict[str, Any]) -> bool:
            call = (frame.get("agent") or {}).get("call")
            return call is not None and call["phase"] == phase

        return dict((await self.until(fits, self._last_own()))["agent"]["call"])

    def _last_own(self) -> int:
        return max(number for number, frame in enumerate(self.frames) if "agent" in frame)

    async def until_closed(self) -> int:
        """The code with which the server ended the connection."""
        async with asyncio.timeout(10), self._news:
            while self.closed is None:
                await self._news.wait()
        return self.closed
