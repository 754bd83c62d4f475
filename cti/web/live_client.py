"""One reader of the live connection: his frames in order, bounded; who is too slow is dropped."""

import asyncio
import time
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from cti.http.principal import Language, Principal
from cti.http.shapes import instant

MOST_FRAMES: Final = 256
MOST_BYTES: Final = 1024 * 1024
_CLOSE_SECONDS: Final = 2.0


class LiveClient:
    """The frames for one WebSocket.

    `send` only puts a frame into the queue; `write` is the task that takes them out. A frame is what is sent
    to several readers (`"type":"agent","agent":{...}`), made whole here with the reader's own number.
    """

    def __init__(
        self, socket: web.WebSocketResponse, principal: Principal, language: Language = Language.ENGLISH
    ) -> None:
        self.principal = principal
        self.language = language
        #: Why the connection is to end; set once.
        self.closing: tuple[int, str] | None = None
        self._socket = socket
        # Nearly always empty, a thousand times over: a deque would keep room for 64.
        self._frames: list[bytes] = []
        self._bytes = 0
        self._seq = 0
        #: What the writer waits for while there is nothing to send.
        self._awaited: asyncio.Future[None] | None = None
        #: Done when the reader is to go without waiting for him to read.
        self.dropped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, content: bytes) -> None:
        """Queue a frame; the reader is dropped when he has too much unread."""
        if self.closing is not None:
            return
        frame = b'{"seq":%d,"at":"%s",%s}' % (self._seq, instant(time.time()).encode(), content)
        self._seq += 1
        self._frames.append(frame)
        self._bytes += len(frame)
        if len(self._frames) > MOST_FRAMES or self._bytes > MOST_BYTES:
            self._frames.clear()
            self.dropped.set_result(None)
            self.close(WSCloseCode.TRY_AGAIN_LATER, "too slow")
        self._wake()

    def close(self, code: int, reason: str) -> None:
        """End the connection after what was queued."""
        if self.closing is None:
            self.closing = (code, reason)
            self._wake()

    def _wake(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    async def write(self) -> None:
        """Send what is queued until the connection ends."""
        while True:
            while self._frames:
                frame = self._frames.pop(0)
                self._bytes -= len(frame)
                await self._socket.send_frame(frame, WSMsgType.TEXT)
            if self.closing is not None:
                break
            self._awaited = asyncio.get_running_loop().create_future()
            await self._awaited

    async def finish(self, transport: asyncio.Transport | None) -> None:
        """Say why and close; a reader who does not even take that is cut off."""
        code, reason = self.closing or (WSCloseCode.GOING_AWAY, "")
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close(code=code, message=reason.encode())
        except (TimeoutError, ConnectionError):
            pass
        if transport is not None and not transport.is_closing():
            transport.abort()
