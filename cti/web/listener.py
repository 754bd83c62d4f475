"""Listening for people: a connection that brings no whole request in time is cut, so none can be hoarded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

#: How long the first request of a connection may take to arrive, headers complete.
FIRST_REQUEST_SECONDS: Final = 20.0
_KEEPALIVE_SECONDS: Final = 75.0
#: How long a stopping server waits for answers that are being made, and then for handlers to be cancelled.
STOP_SECONDS: Final = 2.0
_BACKLOG: Final = 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Connections that have brought no request yet.
_UNPROVEN: Final[web.AppKey[set[web.RequestHandler]]] = web.AppKey("unproven")


class _NotTooLate(logging.Filter):
    """Keeps out of the log that an answer was ready in the moment in which a stopping server gave up waiting
    for it: aiohttp (3.14) then sets a future of its own that it has just cancelled.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.InvalidStateError)


logging.getLogger("aiohttp.server").addFilter(_NotTooLate())


@asynccontextmanager
async def serve(
    app: web.Application, host: str, port: int, *, first_request_seconds: float = FIRST_REQUEST_SECONDS
) -> AsyncIterator[int]:
    """Listen; yields the port (the chosen one when ``port`` is 0), and closes everything at the end."""
    unproven = app[_UNPROVEN] = set()
    app.middlewares.insert(0, _note_connection)
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        auto_decompress=False,
        keepalive_timeout=_KEEPALIVE_SECONDS,
        shutdown_timeout=STOP_SECONDS,
    )
    await runner.setup()
    make_protocol = runner.server
    if make_protocol is None:
        raise RuntimeError("the application was not set up")
    loop = asyncio.get_running_loop()

    def accept() -> asyncio.BaseProtocol:
        protocol = make_protocol()
        unproven.add(protocol)
        loop.call_later(first_request_seconds, _cut, unproven, protocol)
        return protocol

    try:
        listening = await loop.create_server(accept, host, port, backlog=_BACKLOG)
        try:
            yield int(listening.sockets[0].getsockname()[1])
        finally:
            listening.close()
    finally:
        await runner.cleanup()


@web.middleware
async def _note_connection(request: web.Request, handler: Handler) -> web.StreamResponse:
    request.app[_UNPROVEN].discard(request.protocol)
    return await handler(request)


def _cut(unproven: set[web.RequestHandler], protocol: web.RequestHandler) -> None:
    if protocol in unproven:
        unproven.discard(protocol)
        if protocol.transport is not None:
            protocol.transport.abort()
