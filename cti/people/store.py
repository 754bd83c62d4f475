"""Reading and writing users and tokens; functions that take a connection."""

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.store import make_agent
from cti.agents.tables import agent_queues, agents
from cti.http.principal import Language, Role, Scope
from cti.http.problems import Problem
from cti.http.shapes import instant
from cti.people.model import ApiToken, User
from cti.people.passwords import hash_password
from cti.people.sessions import new_bearer_token, token_hash
from cti.people.tables import api_tokens, users
from cti.queues.tables import queues


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a sign-in is checked against."""

    user_id: int
    password_hash: str | None
    active: bool


async def create_user(
    connection: AsyncConnection,
    *,
    username: str,
    name: str,
    role: Role,
    language: Language,
    password: str | None,
    queues: Iterable[str] = (),
) -> User:
    """Add a user, and for the role agent the agent with his queues. Without a password nobody can sign in.

    Raises:
        Problem: `user.exists` or `queue.not_found`.
    """
    values = {
        "username": username.lower(),
        "name": name,
        "role": role.value,
        "language": language.value,
        "password_hash": None if password is None else await hash_password(password),
    }
    try:
        user_id = (await connection.execute(users.insert().values(values).returning(users.c.id))).scalar_one()
    except IntegrityError:
        raise Problem("user.exists") from None
    if role is Role.AGENT:
        await make_agent(connection, user_id, queues)
    return await read_user(connection, user_id)


async def change_user(
    connection: AsyncConnection,
    user_id: int,
    *,
    values: dict[str, object],
    password: str | None,
    queue_names: Sequence[str] | None,
) -> User:
    """Change columns of a user (name, role, language, active), his password, and an agent's queues.

    Raises:
        Problem: `user.not_found`, `user.exists`, `user.last_admin` or `queue.not_found`.
    """
    if password is not None:
        values = {**values, "password_hash": await hash_password(password)}
    # Two admins who switch each other off at the same time wait for one another here.
    await connection.execute(
        sa.select(users.c.id).where(users.c.role == Role.ADMIN.value).order_by(users.c.id).with_for_update()
    )
    before = await read_user(connection, user_id)
    if values:
        try:
            await connection.execute(users.update().where(users.c.id == user_id).values(values))
        except IntegrityError:
            raise Problem("user.exists") from None
    if before.role is Role.ADMIN and not await _an_admin_remains(connection):
        raise Problem("user.last_admin")
    role = Role(str(values.get("role", before.role)))
    if role is Role.AGENT and (queue_names is not None or before.agent_id is None):
        await make_agent(connection, user_id, queue_names or ())
    return await read_user(connection, user_id)


async def read_user(connection: AsyncConnection, user_id: int) -> User:
    """One user.

    Raises:
        Problem: `user.not_found`.
    """
    found = await _read_users(connection, users.c.id == user_id, limit=1)
    if not found:
        raise Problem("user.not_found", user_id=user_id)
    return found[0]


async def list_users(connection: AsyncConnection, *, after_id: int, limit: int) -> list[User]:
    """Users in the order they were added."""
    return await _read_users(connection, users.c.id > after_id, limit=limit)


async def find_credentials(connection: AsyncConnection, username: str) -> Credentials | None:
    """What belongs to a user name, however it is typed."""
    statement = sa.select(users.c.id, users.c.password_hash, users.c.active).where(
        users.c.username == username.lower()
    )
    row = (await connection.execute(statement)).one_or_none()
    return row and Credentials(user_id=row.id, password_hash=row.password_hash, active=row.active)


async def create_token(
    connection: AsyncConnection, *, name: str, scopes: Iterable[Scope], created_by: int | None
) -> tuple[ApiToken, str]:
    """Add an integration's token; returns it with its secret, which is kept nowhere."""
    secret = new_bearer_token()
    values = {
        "name": name,
        "token_hash": token_hash(secret),
        "scopes": sorted({scope.value for scope in scopes}),
        "created_by": created_by,
    }
    row = (await connection.execute(api_tokens.insert().values(values).returning(api_tokens))).one()
    return _token(row), secret


async def list_tokens(connection: AsyncConnection) -> list[ApiToken]:
    """The tokens that were not revoked."""
    statement = sa.select(api_tokens).where(api_tokens.c.revoked_at.is_(None)).order_by(api_tokens.c.id)
    return [_token(row) for row in await connection.execute(statement)]


async def revoke_token(connection: AsyncConnection, token_id: int) -> None:
    """End a token for good.

    Raises:
        Problem: `token.not_found`.
    """
    live = (api_tokens.c.id == token_id) & api_tokens.c.revoked_at.is_(None)
    result = await connection.execute(api_tokens.update().where(live).values(revoked_at=sa.func.now()))
    if result.rowcount == 0:
        raise Problem("token.not_found", token_id=token_id)


async def _an_admin_remains(connection: AsyncConnection) -> bool:
    admins = sa.select(users.c.id).where(users.c.role == Role.ADMIN.value, users.c.active)
    return await connection.scalar(admins.limit(1)) is not None


async def _read_users(
    connection: AsyncConnection, which: sa.ColumnElement[bool], *, limit: int
) -> list[User]:
    names = sa.func.array_remove(sa.func.array_agg(queues.c.name), None).label("queues")
    statement = (
        sa.select(users, agents.c.id.label("agent_id"), names)
        .outerjoin(agents, agents.c.user_id == users.c.id)
        .outerjoin(agent_queues, agent_queues.c.agent_id == agents.c.id)
        .outerjoin(queues, queues.c.id == agent_queues.c.queue_id)
        .where(which)
        .group_by(users.c.id, agents.c.id)
        .order_by(users.c.id)
        .limit(limit)
    )
    return [
        User(
            id=row.id,
            username=row.username,
            name=row.name,
            role=Role(row.role),
            language=Language(row.language),
            agent_id=row.agent_id if row.role == Role.AGENT else None,
            active=row.active,
            queues=sorted(row.queues),
        )
        for row in await connection.execute(statement)
    ]


def _token(row: sa.Row[tuple[object, ...]]) -> ApiToken:
    known = {scope.value for scope in Scope}
    used = row.last_used_at
    return ApiToken(
        id=row.id,
        name=row.name,
        scopes=[Scope(scope) for scope in row.scopes if scope in known],
        created_at=instant(row.created_at.timestamp()),
        last_used_at=None if used is None else instant(used.timestamp()),
    )
