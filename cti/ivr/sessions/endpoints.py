"""Endpoints that the settings name: asked by look-ups, told by messages. No flow holds an address."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import msgspec

from cti.errors import CtiError
from cti.flows.actions import Value

_MOST_BYTES: Final = 64 * 1024
_SECONDS: Final = 10.0
_MOST_MEMBERS: Final = 100
_LONGEST_TEXT: Final = 1000
#: Names the endpoint in a look-up; not sent.
_NAME: Final = "url"


class EndpointFailed(CtiError):  # noqa: N818
    """An endpoint did not answer as it should; the message says how."""

    code = "endpoint.failed"


class Endpoints:
    """The endpoints by name, and the HTTP client for them; an async context manager."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = dict(addresses)
        self._client: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_SECONDS), cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "cti"},
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()

    def knows(self, name: str) -> bool:
        """Whether the settings name it."""
        return name in self._addresses

    async def look_up(self, arguments: Mapping[str, object]) -> Mapping[str, Value] | None:
        """The members of the JSON object that an endpoint answers a GET with; None when it says 404.

        Raises:
            EndpointFailed: it is not known, not there, or answers with something else.
        """
        name = str(arguments.get(_NAME) or "")
        asked = {key: _text(value) for key, value in arguments.items() if key != _NAME and value is not None}
        status, body = await self.request("GET", name, params=asked)
        if status == 404:
            return None
        if status != 200:
            raise EndpointFailed(f"{name} answered {status}")
        try:
            found = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.MsgspecError:
            raise EndpointFailed(f"{name} answered with no JSON object") from None
        return {key: value for key, value in list(found.items())[:_MOST_MEMBERS] if _is_value(value)}

    async def request(
        self,
        method: str,
        name: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """What an endpoint answers: status and body. A redirect is an answer, and not followed.

        Raises:
            EndpointFailed: it is not known, not there in time, or says too much.
        """
        address = self._addresses.get(name)
        if address is None or self._client is None:
            raise EndpointFailed(f"the settings name no endpoint {name[:80]!r}")
        try:
            async with self._client.request(
                method, address, params=params, data=data, headers=headers, allow_redirects=False
            ) as response:
                body = await response.content.read(_MOST_BYTES + 1)
                while len(body) <= _MOST_BYTES and (more := await response.content.read(_MOST_BYTES)):
                    body += more
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise EndpointFailed(f"{name} cannot be asked: {type(error).__name__}") from None
        if len(body) > _MOST_BYTES:
            raise EndpointFailed(f"{name} answered with more than {_MOST_BYTES} bytes")
        return response.status, body


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:_LONGEST_TEXT]


def _is_value(value: object) -> bool:
    return isinstance(value, int | float | bool) or (isinstance(value, str) and len(value) <= _LONGEST_TEXT)
