"""Somebody at the live connection: keeps what he was shown and waits for what he expects."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

import aiohttp
import msgspec
from web_site import Visitor


class LiveReader:
    """Reads frames and holds that they are numbered without gaps."""

    def __init__(self, visitor: Visitor, **headers: str) -> None:
        self._visitor = visitor
        self._headers = headers
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        headers = {**self._visitor.headers, **self._headers}
        self.socket = await self._visitor.session.ws_connect("/api/v1/live", headers=headers)
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

    async def until(self, wanted: Callable[[dict[str, Any]], bool], after: int = 0) -> dict[str, Any]:
        """The first frame, from number ``after`` on, that fits."""
        seen = after
        async with asyncio.timeout(15), self._news:
            while True:
                for frame in self.frames[seen:]:
                    if wanted(frame):
                        return frame
                seen = max(seen, len(self.frames))
                assert self.closed is None, self.closed
                await self._news.wait()

    async def agent(self, state: str, after: int | None = None, **fields: Any) -> dict[str, Any]:
        """One's own state, once it is as given: in the last frame or one that comes."""
        start = max(0, len(self.frames) - 1) if after is None else after

        def fits(frame: dict[str, Any]) -> bool:
            agent = frame.get("agent")
            return agent is not None and agent["state"] == state and fields.items() <= agent.items()

        return dict((await self.until(fits, start))["agent"])

    async def call(self, phase: str) -> dict[str, Any]:
        """One's own call, once it is in a phase."""

        def fits(frame: dict[str, Any]) -> bool:
            call = (frame.get("agent") or {}).get("call")
            return call is not None and call["phase"] == phase

        start = max(0, len(self.frames) - 1)
        return dict((await self.until(fits, start))["agent"]["call"])

    async def until_closed(self) -> int:
        """The code with which the server ended the connection."""
        async with asyncio.timeout(10), self._news:
            while self.closed is None:
                await self._news.wait()
        return self.closed
