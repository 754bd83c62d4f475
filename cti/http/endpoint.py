"""A declared route as an aiohttp handler: who, what, do, answer."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
import structlog
from aiohttp import hdrs, web
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from cti.errors import ActionUnanswered, CtiError
from cti.http.idempotency import IDEMPOTENCY, StoredAnswer, fingerprint, idempotency_key
from cti.http.keys import UPLOADS
from cti.http.language import PRINCIPAL
from cti.http.principal import Principal, Role
from cti.http.problems import Problem
from cti.http.routing import Reply, Route, Routes, UploadedFile
from cti.http.validation import (
    read_body,
    read_json,
    read_path,
    read_query,
    read_upload,
    receive_upload,
)


class Authenticator(Protocol):
    """Finds out who sends a request, by its cookie or bearer token."""

    async def __call__(self, request: web.Request) -> Principal | None:
        """The sender, or None when he does not say, or what he shows is not valid any more."""


log = structlog.get_logger(__name__)

AUTHENTICATOR = web.AppKey("authenticator", Authenticator)

_encode = msgspec.json.Encoder(decimal_format="number").encode


def add_routes(app: web.Application, *tables: Routes) -> None:
    """Serve the routes of these tables."""
    for table in tables:
        for route in table:
            app.router.add_route(route.method, route.path, endpoint(route))


def endpoint(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of a route."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(route.timeout_seconds):
                return await _serve(route, request)
        except TimeoutError:
            raise Problem("request.timeout") from None

    return handle


async def authorize(request: web.Request, route: Route) -> Principal | None:
    """Let the sender in or not: deny unless allowed.

    Raises:
        Problem: `auth.required`, `auth.forbidden`, `auth.scope_missing` or `auth.csrf`.
    """
    principal = await request.app[AUTHENTICATOR](request)
    if principal is not None:
        request[PRINCIPAL] = principal
    if route.public:
        return principal
    if principal is None:
        raise Problem("auth.required")
    if principal.role not in route.roles:
        raise Problem("auth.forbidden")
    if principal.role is Role.INTEGRATION and (route.scope is None or not principal.has_scope(route.scope)):
        raise Problem("auth.scope_missing", scope=route.scope or "-")
    if route.writes and principal.session_key:
        shown = request.headers.get("X-CSRF-Token", "")
        if not secrets.compare_digest(shown.encode(), principal.csrf_token.encode()):
            raise Problem("auth.csrf")
    return principal


async def _serve(route: Route, request: web.Request) -> web.StreamResponse:
    principal = await authorize(request, route)
    arguments, raw = await _arguments(route, request, principal)
    try:
        key = idempotency_key(request) if route.writes and principal is not None else None
        if key is None or principal is None:
            return _response(route, await route.handler(**arguments))
        return await _once(route, request, principal.key, key, raw, arguments)
    finally:
        sent = arguments.get("content")
        if isinstance(sent, UploadedFile):
            sent.path.unlink(missing_ok=True)


async def _arguments(
    route: Route, request: web.Request, principal: Principal | None
) -> tuple[dict[str, Any], bytes]:
    """What the handler wants to know, and what was sent: itself, or its digest when it lies on the disk.

    Whatever it does not want is gone before it is called: a live connection lasts for hours.
    """
    arguments: dict[str, Any] = {"request": request, "principal": principal}
    if route.path_model is not None:
        path = read_path(request, route.path_model)
        arguments |= {name: getattr(path, name) for name in route.path_model.model_fields}
    arguments["query"] = read_query(request, route.query_model)
    raw = b""
    if route.body_model is not None:
        raw = await read_body(request)
        arguments["body"] = read_json(raw, route.body_model)
    if route.upload is not None and route.upload.on_disk:
        sent = arguments["content"] = await receive_upload(request, route.upload, request.app[UPLOADS])
        raw = sent.digest
    elif route.upload is not None:
        raw = arguments["content"] = await read_upload(request, route.upload)
    return {name: arguments[name] for name in route.wants}, raw


async def _once(
    route: Route, request: web.Request, owner: str, key: str, raw: bytes, arguments: dict[str, Any]
) -> web.StreamResponse:
    store = request.app[IDEMPOTENCY]
    # A short secret can be found by its hash.
    stored = await store.begin(owner, key, fingerprint(request, b"" if route.takes_secret else raw))
    if stored is not None:
        if stored.body is None:
            raise Problem("idempotency.not_replayable")
        headers = {"Idempotency-Replayed": "true"}
        return _json(stored.status, stored.body, headers)
    try:
        response = _response(route, await route.handler(**arguments))
    except BaseException as error:
        # Whatever else ended it, nobody knows whether it was done: the key stays taken.
        if _says_that_nothing_was_done(error):
            await asyncio.shield(_settle(store.forget(owner, key)))
        raise
    body = response.body if isinstance(response, web.Response) else b""
    kept = None if route.shows_secret else bytes(body) if isinstance(body, bytes) else b""
    answer = StoredAnswer(status=response.status, body=kept)
    await asyncio.shield(_settle(store.finish(owner, key, answer)))
    return response


async def _settle(settling: Awaitable[None]) -> None:
    """What was done stays done, and what was refused stays refused, also when the key cannot be settled.

    It is shielded, so it may fail when nobody waits for it any more.
    """
    try:
        await settling
    except Exception as error:  # noqa: BLE001
        log.warning("idempotency.not_kept", error=str(error)[:200])


def _says_that_nothing_was_done(error: BaseException) -> bool:
    """A refusal does, and a database that undid the request; a lost connection or a timeout does not."""
    if isinstance(error, DBAPIError):
        return not error.connection_invalidated
    return isinstance(error, CtiError | web.HTTPException) and not isinstance(error, ActionUnanswered)


def _response(route: Route, answer: object) -> web.StreamResponse:
    if isinstance(answer, web.StreamResponse):
        return answer
    reply: Reply[object] = answer if isinstance(answer, Reply) else Reply(content=answer)
    status = reply.status or route.status
    response = _json(status, encode(reply.content), reply.headers)
    for cookie in reply.cookies:
        response.headers.add(hdrs.SET_COOKIE, cookie)
    return response


def encode(content: object) -> bytes:
    """An answer as JSON; nothing for None."""
    if content is None:
        return b""
    if isinstance(content, BaseModel):
        return content.model_dump_json().encode()
    return _encode(content)


def _json(status: int, body: bytes, headers: dict[str, str]) -> web.Response:
    usual = {"Cache-Control": "no-store"}
    if body:
        usual["Content-Type"] = "application/json"
    return web.Response(status=status, body=body, headers={**usual, **headers})
