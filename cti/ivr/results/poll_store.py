"""Published results in PostgreSQL."""

import re
import secrets
from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.http.problems import Problem
from cti.ivr.library.flow_tables import polls
from cti.people.tables import users

#: 128 random bits.
PUBLIC_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}")


class NewPoll(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be published; ``title`` and ``sample`` by language, ``questions`` None for all."""

    flow: str
    title: dict[str, str]
    sample: dict[str, str]
    from_at: datetime
    to_at: datetime
    population: int | None
    questions: list[str] | None


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """Results that are published, or were until ``withdrawn_at``."""

    public_id: str
    flow: str
    title: dict[str, str]
    sample: dict[str, str]
    from_at: datetime
    to_at: datetime
    population: int | None
    questions: list[str] | None
    published_at: datetime
    published_by: str | None
    withdrawn_at: datetime | None


async def publish(connection: AsyncConnection, new: NewPoll, *, by: int | None) -> Poll:
    """Publishes results under a new address of 128 random bits."""
    public_id = secrets.token_urlsafe(16)
    values = {**msgspec.structs.asdict(new), "public_id": public_id, "published_by": by}
    await connection.execute(polls.insert().values(values))
    found = await read_poll(connection, public_id)
    if found is None:
        raise LookupError(public_id)
    return found


async def withdraw(connection: AsyncConnection, flow: str, public_id: str) -> None:
    """Nobody sees it any more.

    Raises:
        Problem: `poll.not_found`.
    """
    which = sa.and_(polls.c.flow == flow, polls.c.public_id == public_id, polls.c.withdrawn_at.is_(None))
    statement = polls.update().where(which).values(withdrawn_at=sa.func.now())
    if (await connection.execute(statement.returning(polls.c.public_id))).first() is None:
        raise Problem("poll.not_found")


async def list_polls(connection: AsyncConnection, flow: str) -> list[Poll]:
    """All of a flow, the newest first."""
    return await _read(connection, polls.c.flow == flow)


async def read_poll(connection: AsyncConnection, public_id: str) -> Poll | None:
    """One that is published; None when there is none, or not any more."""
    which = sa.and_(polls.c.public_id == public_id, polls.c.withdrawn_at.is_(None))
    found = await _read(connection, which)
    return found[0] if found else None


async def _read(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> list[Poll]:
    columns = [column for column in polls.c if column.name != "published_by"]
    query = (
        sa.select(*columns, users.c.name.label("published_by"))
        .outerjoin(users, users.c.id == polls.c.published_by)
        .where(which)
        .order_by(polls.c.published_at.desc(), polls.c.public_id)
    )
    return [Poll(**row) for row in (await connection.execute(query)).mappings()]
