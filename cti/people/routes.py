"""Users and integration tokens, for administrators."""

from typing import Annotated, Literal

import msgspec
import structlog
from aiohttp import web
from pydantic import Field

from cti.agents.directory import DIRECTORY
from cti.http.keys import ENGINE
from cti.http.principal import Language, Principal, Role, Scope
from cti.http.problems import Problem, invalid
from cti.http.routing import Reply, Routes
from cti.http.shapes import Body, Id, Items, Line, Page, PageQuery, decode_cursor, encode_cursor
from cti.people import store
from cti.people.authentication import SESSIONS
from cti.people.model import ApiToken, User
from cti.people.passwords import LONGEST, SHORTEST, generate_password

log = structlog.get_logger(__name__)
routes = Routes(tag="administration")

ADMIN = (Role.ADMIN,)
Password = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]
QueueNames = Annotated[list[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]], Field(max_length=200)]


PersonRole = Literal[Role.AGENT, Role.SUPERVISOR, Role.ADMIN]


class AgentPart(Body):
    """What makes a user an agent."""

    queues: QueueNames


class NewUser(Body):
    """A user to add; without a password one is made up and shown once."""

    username: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")
    name: Line
    role: PersonRole
    language: Language
    password: Password | None = None
    agent: AgentPart | None = None


class UserChange(Body):
    """What to change of a user; what is absent stays."""

    username: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")
    name: Line | None = None
    role: PersonRole | None = None
    language: Language | None = None
    active: bool | None = None
    password: Password | None = None
    agent: AgentPart | None = None


class NewToken(Body):
    """A token to make."""

    name: Line
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))


class AgentPartView(msgspec.Struct, frozen=True, kw_only=True):
    """The queues that an agent serves."""

    queues: list[str]


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """A user; ``generated_password`` is shown once, when he was made without a password."""

    id: int
    username: str
    name: str
    role: Role
    language: Language
    active: bool
    agent_id: int | None
    agent: AgentPartView | None
    generated_password: str | None = None


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token; ``token``, its secret, is shown once, when it was made."""

    id: int
    name: str
    scopes: list[Scope]
    created_at: str
    last_used_at: str | None
    token: str | None = None


@routes.get("/api/v1/users", roles=ADMIN, summary="List users")
async def list_users(request: web.Request, query: PageQuery) -> Page[UserView]:
    """In the order they were added."""
    after = decode_cursor(query.cursor, tuple[int])[0] if query.cursor else 0
    async with request.app[ENGINE].connect() as connection:
        found = await store.list_users(connection, after_id=_bounded(after), limit=query.limit + 1)
    more = len(found) > query.limit
    shown = found[: query.limit]
    return Page(
        items=[_view(user) for user in shown], next_cursor=encode_cursor(shown[-1].id) if more else None
    )


@routes.post("/api/v1/users", roles=ADMIN, status=201, shows_secret=True, summary="Add a user")
async def create_user(request: web.Request, principal: Principal, body: NewUser) -> UserView:
    """An agent needs the part `agent`, even with no queue yet."""
    if body.agent is not None and body.role is not Role.AGENT:
        raise invalid("field.not_allowed", pointer="/agent", allowed="null")
    generated = generate_password() if body.password is None else None
    async with request.app[ENGINE].begin() as connection:
        user = await store.create_user(
            connection,
            username=body.username,
            name=body.name,
            role=body.role,
            language=body.language,
            password=body.password or generated,
            queues=body.agent.queues if body.agent is not None else (),
        )
    await request.app[DIRECTORY].refresh()
    log.info("user.created", user_id=user.id, by=principal.key)
    return msgspec.structs.replace(_view(user), generated_password=generated)


@routes.patch("/api/v1/users/{user_id}", roles=ADMIN, summary="Change a user")
async def change_user(request: web.Request, principal: Principal, user_id: Id, body: UserChange) -> UserView:
    """A new password, role or the end of `active` ends all sessions of the user at once."""
    given = body.model_dump(include={"username", "name", "role", "language", "active"}, exclude_none=True)
    if "username" in given:
        given["username"] = given["username"].lower()
    async with request.app[ENGINE].begin() as connection:
        before = await store.read_user(connection, user_id)
        if body.agent is not None and (body.role or before.role) is not Role.AGENT:
            raise invalid("field.not_allowed", pointer="/agent", allowed="null")
        user = await store.change_user(
            connection,
            user_id,
            values=given,
            password=body.password,
            queue_names=body.agent.queues if body.agent is not None else None,
        )
    if body.password is not None or user.role is not before.role or not user.active:
        await request.app[SESSIONS].end_all_of(user_id)
    else:
        request.app[SESSIONS].renamed(user_id)
    await request.app[DIRECTORY].refresh()
    log.info("user.changed", user_id=user_id, by=principal.key, fields=sorted(body.model_fields_set))
    return _view(user)


@routes.get("/api/v1/tokens", roles=ADMIN, summary="List integration tokens")
async def list_tokens(request: web.Request) -> Items[TokenView]:
    """Without their secrets, which nobody knows."""
    async with request.app[ENGINE].connect() as connection:
        return Items(items=[_token_view(token) for token in await store.list_tokens(connection)])


@routes.post("/api/v1/tokens", roles=ADMIN, status=201, shows_secret=True, summary="Make a token")
async def create_token(request: web.Request, principal: Principal, body: NewToken) -> TokenView:
    """The secret is in the answer and is never shown again."""
    async with request.app[ENGINE].begin() as connection:
        token, secret = await store.create_token(
            connection, name=body.name, scopes=body.scopes, created_by=principal.user_id
        )
    log.info("token.created", token_id=token.id, by=principal.key)
    return msgspec.structs.replace(_token_view(token), token=secret)


@routes.delete("/api/v1/tokens/{token_id}", roles=ADMIN, summary="Revoke a token")
async def revoke_token(request: web.Request, principal: Principal, token_id: Id) -> Reply[None]:
    """From now on nobody gets in with it."""
    async with request.app[ENGINE].begin() as connection:
        await store.revoke_token(connection, token_id)
    request.app[SESSIONS].forget_token(token_id)
    log.info("token.revoked", token_id=token_id, by=principal.key)
    return Reply(content=None)


def _bounded(after: int) -> int:
    if not 0 <= after < 2**63:
        raise Problem("paging.cursor_invalid")
    return after


def _view(user: User) -> UserView:
    return UserView(
        id=user.id,
        username=user.username,
        name=user.name,
        role=user.role,
        language=user.language,
        active=user.active,
        agent_id=user.agent_id,
        agent=AgentPartView(queues=user.queues) if user.agent_id is not None else None,
    )


def _token_view(token: ApiToken) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        scopes=token.scopes,
        created_at=token.created_at,
        last_used_at=token.last_used_at,
    )
