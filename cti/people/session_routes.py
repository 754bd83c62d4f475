"""Signing in and out, and the language of one's own pages."""

import math
import time

import msgspec
import structlog
from aiohttp import web
from pydantic import Field

from cti.http.keys import ENGINE
from cti.http.principal import PERSON, Language, Principal
from cti.http.problems import Problem
from cti.http.routing import PUBLIC, Reply, Routes
from cti.http.shapes import Body
from cti.people import store
from cti.people.authentication import (
    SESSIONS,
    SITE,
    THROTTLE,
    client_address,
    is_same_origin,
    session_cookie,
)
from cti.people.model import User
from cti.people.passwords import LONGEST, verify_password

log = structlog.get_logger(__name__)
routes = Routes(tag="session")


class SignIn(Body):
    """A user name and a password."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=LONGEST)


class SessionChange(Body):
    """What people may change of themselves."""

    language: Language


class SignedInUser(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in; ``agent_id`` is null for everybody who takes no calls."""

    id: int
    username: str
    name: str
    role: str
    language: str
    agent_id: int | None


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session: who, and what his page must send back in `X-CSRF-Token` with every write."""

    user: SignedInUser
    csrf_token: str


@routes.post("/api/v1/session", roles=PUBLIC, summary="Sign in")
async def sign_in(request: web.Request, body: SignIn) -> Reply[SessionView]:
    """Slow after failures: 429 with Retry-After."""
    if not is_same_origin(request):
        raise Problem("auth.origin")
    throttle, username, address = request.app[THROTTLE], body.username.lower(), client_address(request)
    wait = throttle.wait_seconds(username, address, time.monotonic())
    if wait > 0:
        seconds = math.ceil(wait)
        raise Problem("auth.too_many_attempts", headers={"Retry-After": str(seconds)}, seconds=seconds)
    async with request.app[ENGINE].connect() as connection:
        known = await store.find_credentials(connection, username)
    # Counted before it is known, so that many tries at the same time do not all go free.
    throttle.tried(username, address, time.monotonic())
    right = await verify_password(None if known is None else known.password_hash, body.password)
    if known is None or not right or not known.active:
        log.warning("sign_in.failed", address=address, user_id=known and known.user_id)
        raise Problem("auth.wrong_credentials")
    throttle.succeeded(username, address, time.monotonic())
    session = await request.app[SESSIONS].open(known.user_id)
    log.info("sign_in.done", user_id=known.user_id, address=address)
    return Reply(
        content=await _view(request, session.principal),
        cookies=(session_cookie(session.token, request.app[SITE]),),
    )


@routes.get("/api/v1/session", roles=PERSON, summary="Who is signed in")
async def read_session(request: web.Request, principal: Principal) -> SessionView:
    """Also gives the CSRF token again, for a page that was loaded anew."""
    return await _view(request, principal)


@routes.delete("/api/v1/session", roles=PERSON, summary="Sign out")
async def sign_out(request: web.Request, principal: Principal) -> Reply[None]:
    """Ends the session; the agent stays signed in at his device until he signs out there."""
    await request.app[SESSIONS].close(principal.session_key)
    return Reply(content=None, cookies=(session_cookie("", request.app[SITE]),))


@routes.patch("/api/v1/session", roles=PERSON, summary="Change one's own language")
async def change_session(request: web.Request, principal: Principal, body: SessionChange) -> SignedInUser:
    """The language in which this person reads everything from now on."""
    user_id = _user_id(principal)
    async with request.app[ENGINE].begin() as connection:
        user = await store.change_user(
            connection, user_id, values={"language": body.language.value}, password=None, queue_names=None
        )
    request.app[SESSIONS].renamed(user_id)
    return _user_view(user)


async def _view(request: web.Request, principal: Principal) -> SessionView:
    async with request.app[ENGINE].connect() as connection:
        user = await store.read_user(connection, _user_id(principal))
    return SessionView(user=_user_view(user), csrf_token=principal.csrf_token)


def _user_id(principal: Principal) -> int:
    if principal.user_id is None:
        raise Problem("auth.forbidden")
    return principal.user_id


def _user_view(user: User) -> SignedInUser:
    return SignedInUser(
        id=user.id,
        username=user.username,
        name=user.name,
        role=user.role.value,
        language=user.language.value,
        agent_id=user.agent_id,
    )
