"""Reading and writing announcements; functions that take a connection."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.announcements.model import Announcement, SwitchedBy
from cti.announcements.tables import announcement_history, announcements
from cti.http.problems import Problem
from cti.people.tables import users


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did with an announcement; the act is added, changed, on, off or deleted."""

    id: int
    at: datetime
    act: str
    by: SwitchedBy
    user_name: str | None
    from_at: datetime | None
    until_at: datetime | None


async def read_announcements(connection: AsyncConnection) -> dict[str, Announcement]:
    """All of them by name."""
    return {one.name: one for one in await _read(connection, sa.true())}


async def read_announcement(
    connection: AsyncConnection, announcement_id: int, *, lock: bool = False
) -> Announcement:
    """One announcement; with ``lock`` nobody else changes it until the transaction ends.

    Raises:
        Problem: `announcement.not_found`.
    """
    which = announcements.c.id == announcement_id
    if lock:
        await connection.execute(sa.select(announcements.c.id).where(which).with_for_update())
    found = await _read(connection, which)
    if not found:
        raise Problem("announcement.not_found", announcement=announcement_id)
    return found[0]


async def create_announcement(
    connection: AsyncConnection, values: Mapping[str, Any], *, user_id: int | None
) -> Announcement:
    """Add an announcement, which is off.

    Raises:
        Problem: `announcement.exists`.
    """
    try:
        added = announcements.insert().values(dict(values)).returning(announcements.c.id)
        announcement_id = await connection.scalar(added)
    except IntegrityError:
        raise Problem("announcement.exists") from None
    found = await read_announcement(connection, int(announcement_id or 0))
    await _remember(connection, found, "added", user_id, SwitchedBy.PAGE)
    return found


async def change_announcement(
    connection: AsyncConnection, announcement_id: int, values: Mapping[str, Any], *, user_id: int | None
) -> Announcement:
    """Set some of its columns; the name stays.

    Raises:
        Problem: `announcement.not_found`.
    """
    await read_announcement(connection, announcement_id, lock=True)
    if values:
        await connection.execute(
            announcements.update().where(announcements.c.id == announcement_id).values(dict(values))
        )
    found = await read_announcement(connection, announcement_id)
    await _remember(connection, found, "changed", user_id, SwitchedBy.PAGE)
    return found


async def delete_announcement(
    connection: AsyncConnection, announcement_id: int, *, user_id: int | None
) -> Announcement:
    """Take an announcement away; its history stays.

    Raises:
        Problem: `announcement.not_found`.
    """
    found = await read_announcement(connection, announcement_id, lock=True)
    await connection.execute(announcements.delete().where(announcements.c.id == announcement_id))
    await _remember(connection, found, "deleted", user_id, SwitchedBy.PAGE)
    return found


async def switch_announcement(
    connection: AsyncConnection,
    announcement_id: int,
    *,
    on: bool,
    from_at: datetime | None,
    until_at: datetime | None,
    user_id: int | None,
    by: SwitchedBy,
) -> Announcement:
    """Switch it on or off, and say from when until when; off forgets both.

    Raises:
        Problem: `announcement.not_found`.
    """
    await read_announcement(connection, announcement_id, lock=True)
    values = {
        "is_on": on,
        "from_at": from_at if on else None,
        "until_at": until_at if on else None,
        "switched_at": datetime.now(UTC),
        "switched_by": by.value,
        "switched_by_user": user_id,
    }
    await connection.execute(
        announcements.update().where(announcements.c.id == announcement_id).values(values)
    )
    found = await read_announcement(connection, announcement_id)
    await _remember(connection, found, "on" if on else "off", user_id, by)
    return found


async def read_history(connection: AsyncConnection, name: str, limit: int) -> list[HistoryEntry]:
    """What was done with an announcement, the last first."""
    statement = (
        sa.select(announcement_history, users.c.name.label("user_name"))
        .outerjoin(users, users.c.id == announcement_history.c.user_id)
        .where(announcement_history.c.name == name)
        .order_by(announcement_history.c.id.desc())
        .limit(limit)
    )
    return [
        HistoryEntry(
            id=row.id,
            at=row.at,
            act=row.act,
            by=SwitchedBy(row.by),
            user_name=row.user_name,
            from_at=row.from_at,
            until_at=row.until_at,
        )
        for row in await connection.execute(statement)
    ]


async def _remember(
    connection: AsyncConnection, one: Announcement, act: str, user_id: int | None, by: SwitchedBy
) -> None:
    values = {
        "name": one.name,
        "act": act,
        "by": by.value,
        "user_id": user_id,
        "from_at": None if one.from_at is None else datetime.fromtimestamp(one.from_at, UTC),
        "until_at": None if one.until_at is None else datetime.fromtimestamp(one.until_at, UTC),
    }
    await connection.execute(announcement_history.insert().values(values))


async def _read(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> list[Announcement]:
    statement = (
        sa.select(announcements, users.c.name.label("user_name"))
        .outerjoin(users, users.c.id == announcements.c.switched_by_user)
        .where(which)
        .order_by(announcements.c.name)
    )
    return [
        Announcement(
            id=row.id,
            name=row.name,
            title_zh=row.title_zh,
            title_en=row.title_en,
            prompt=row.prompt,
            queues=tuple(row.queues),
            hang_up=row.hang_up,
            is_on=row.is_on,
            from_at=_epoch(row.from_at),
            until_at=_epoch(row.until_at),
            switched_at=_epoch(row.switched_at),
            switched_by=None if row.switched_by is None else SwitchedBy(row.switched_by),
            switched_by_name=row.user_name,
        )
        for row in await connection.execute(statement)
    ]


def _epoch(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
