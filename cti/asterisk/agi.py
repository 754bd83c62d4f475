"""The FastAGI server: the dialplan connects, tells of a call, and a flow takes over until it returns.

It listens where only this machine's Asterisk reaches it, and trusts nobody there: a request must carry the
call's token, headers are bounded in time, number and size, sessions in number and length. A flow that fails
is logged and its session closed, upon which the dialplan goes on by itself.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha1
from types import TracebackType
from typing import Final, Self

import msgspec
import structlog

from cti.asterisk.agi_session import AgiRequest, AgiSession
from cti.asterisk.agi_text import decode
from cti.errors import AgiError, AgiTimeout, CallerHungUp, CtiError

log = structlog.get_logger(__name__)

Flow = Callable[[AgiSession], Awaitable[None]]

#: A caller's number that says there is none.
_UNKNOWN: Final = ("", "unknown", "<unknown>", "anonymous")


class AgiLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one peer, and all of them, may take."""

    header_seconds: float = 2.0
    header_bytes: int = 16 * 1024
    headers: int = 128
    sessions: int = 2000
    #: A flow that takes longer is ended.
    session_seconds: float = 900.0


class AgiServer:
    """Serves flows by path; enter it as an async context manager to listen, leave it to close every session.

    ``flows`` maps a path (`inbound`) to the coroutine function that gets the session. ``secret`` is what
    the dialplan signs with: the first argument of each request must be SHA1(secret:uniqueid) in
    hexadecimal.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        *,
        secret: str,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: AgiLimits | None = None,
    ) -> None:
        if not secret:
            raise AgiError("FastAGI needs a secret")
        self._flows = dict(flows)
        self._secret = secret
        self._host = host
        self._port = port
        self._limits = limits or AgiLimits()
        self._sessions: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port listened on; the one given, or the one the system chose."""
        return self._port

    @property
    def sessions(self) -> int:
        """How many sessions there are now."""
        return len(self._sessions)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, self._host, self._port, limit=self._limits.header_bytes
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= self._limits.sessions:
            log.warning("agi.too_many_sessions", sessions=len(self._sessions))
            writer.transport.abort()
            return
        session = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="agi session")
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = "?"
        limit = asyncio.timeout(None)
        try:
            request = await self._request(reader)
            path = request.path
            async with limit:
                limit.reschedule(asyncio.get_running_loop().time() + self._limits.session_seconds)
                await self._flows[path](AgiSession(request, reader, writer))
        except CallerHungUp:
            log.debug("agi.caller_hung_up", path=path)
        except (asyncio.IncompleteReadError, ConnectionError):
            log.debug("agi.peer_gone", path=path)
        except CtiError as error:
            log.warning("agi.session_failed", path=path, code=error.code, error=error.message)
        except Exception:  # one flow's mistake is no other call's
            if limit.expired():
                log.warning("agi.session_too_long", path=path, seconds=self._limits.session_seconds)
            else:
                log.exception("agi.flow_failed", path=path)
        finally:
            # Not awaited: a peer that reads nothing would keep us. What was written goes out, or the timer
            # cuts it.
            writer.close()
            asyncio.get_running_loop().call_later(self._limits.header_seconds, writer.transport.abort)

    async def _request(self, reader: asyncio.StreamReader) -> AgiRequest:
        headers: dict[str, str] = {}
        size = 0
        try:
            async with asyncio.timeout(self._limits.header_seconds):
                while line := (await reader.readuntil(b"\n")).rstrip(b"\r\n"):
                    size += len(line)
                    if size > self._limits.header_bytes or len(headers) >= self._limits.headers:
                        raise AgiError("a peer sent too many headers")
                    name, _, value = line.partition(b":")
                    headers[decode(name)] = decode(value.removeprefix(b" "))
        except asyncio.LimitOverrunError:
            raise AgiError("a peer sent a header that is too long") from None
        except TimeoutError:
            raise AgiTimeout("a peer took too long to send its headers") from None
        return self._checked(headers)

    def _checked(self, headers: dict[str, str]) -> AgiRequest:
        path = headers.get("agi_network_script", "").partition("?")[0].strip("/")
        if path not in self._flows:
            raise AgiError(f"no flow is at {path[:80]!r}")
        uniqueid = headers.get("agi_uniqueid", "")
        token = sha1(f"{self._secret}:{uniqueid}".encode("utf-8", "replace"), usedforsecurity=False)
        given = headers.get("agi_arg_1", "")
        if not hmac.compare_digest(token.hexdigest().encode(), given.encode("utf-8", "replace")):
            raise AgiError("a request did not carry the call's token")
        arguments: list[str] = []
        while (argument := headers.get(f"agi_arg_{len(arguments) + 2}")) is not None:
            arguments.append(argument)
        caller = headers.get("agi_callerid", "")
        return AgiRequest(
            path=path,
            uniqueid=uniqueid,
            channel=headers.get("agi_channel", ""),
            extension=headers.get("agi_extension", ""),
            caller_number="" if caller.lower() in _UNKNOWN else caller,
            language=headers.get("agi_language", ""),
            arguments=tuple(arguments),
            headers=headers,
        )
