"""Reading and writing calendars; functions that take a connection."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.hours.model import Calendar, Span, SpecialDay
from cti.hours.tables import calendars, special_days
from cti.http.problems import Problem


async def read_calendars(connection: AsyncConnection) -> dict[str, Calendar]:
    """All calendars by name."""
    return {calendar.name: calendar for calendar in await _read(connection, sa.true())}


async def read_calendar(connection: AsyncConnection, calendar_id: int) -> Calendar:
    """One calendar.

    Raises:
        Problem: `calendar.not_found`.
    """
    found = await _read(connection, calendars.c.id == calendar_id)
    if not found:
        raise Problem("calendar.not_found", calendar=calendar_id)
    return found[0]


async def create_calendar(
    connection: AsyncConnection, name: str, values: Mapping[str, Any], *, user_id: int | None
) -> Calendar:
    """Add a calendar; ``values`` are its titles, `time_zone` and `week`.

    Raises:
        Problem: `calendar.exists`.
    """
    given = {**values, "name": name, "week": msgspec.to_builtins(values["week"]), "updated_by": user_id}
    try:
        calendar_id = await connection.scalar(calendars.insert().values(given).returning(calendars.c.id))
    except IntegrityError:
        raise Problem("calendar.exists") from None
    return await read_calendar(connection, int(calendar_id or 0))


async def change_calendar(
    connection: AsyncConnection, calendar_id: int, values: Mapping[str, Any], *, user_id: int | None
) -> Calendar:
    """Set titles, `time_zone` and `week`; the name stays.

    Raises:
        Problem: `calendar.not_found`.
    """
    given = {**values, "week": msgspec.to_builtins(values["week"]), "updated_by": user_id}
    await connection.execute(
        calendars.update().where(calendars.c.id == calendar_id).values({**given, "updated_at": sa.func.now()})
    )
    return await read_calendar(connection, calendar_id)


async def delete_calendar(connection: AsyncConnection, calendar_id: int) -> str:
    """Take a calendar away; returns its name.

    Raises:
        Problem: `calendar.not_found`.
    """
    deleted = calendars.delete().where(calendars.c.id == calendar_id).returning(calendars.c.name)
    name: str | None = await connection.scalar(deleted)
    if name is None:
        raise Problem("calendar.not_found", calendar=calendar_id)
    return name


async def write_days(connection: AsyncConnection, calendar_id: int, days: Mapping[str, SpecialDay]) -> None:
    """Set special days by date; others stay."""
    if not days:
        return
    statement = insert(special_days)
    columns = ("title_zh", "title_en", "hours")
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["calendar_id", "day"],
            set_={name: statement.excluded[name] for name in columns},
        ),
        [
            {
                "calendar_id": calendar_id,
                "day": date.fromisoformat(day),
                "title_zh": special.title_zh,
                "title_en": special.title_en,
                "hours": msgspec.to_builtins(special.hours),
            }
            for day, special in days.items()
        ],
    )


async def delete_day(connection: AsyncConnection, calendar_id: int, day: date) -> None:
    """Make a special day like any other.

    Raises:
        Problem: `calendar.day_not_found`.
    """
    which = (special_days.c.calendar_id == calendar_id) & (special_days.c.day == day)
    if (await connection.execute(special_days.delete().where(which))).rowcount == 0:
        raise Problem("calendar.day_not_found", date=day.isoformat())


async def _read(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> list[Calendar]:
    rows = (await connection.execute(sa.select(calendars).where(which).order_by(calendars.c.name))).all()
    days: dict[int, dict[str, SpecialDay]] = {row.id: {} for row in rows}
    of_these = special_days.c.calendar_id.in_(list(days))
    for row in await connection.execute(
        sa.select(special_days).where(of_these).order_by(special_days.c.calendar_id, special_days.c.day)
    ):
        days[row.calendar_id][row.day.isoformat()] = SpecialDay(
            title_zh=row.title_zh, title_en=row.title_en, hours=_spans(row.hours)
        )
    return [
        Calendar(
            id=row.id,
            name=row.name,
            title_zh=row.title_zh,
            title_en=row.title_en,
            time_zone=row.time_zone,
            week=tuple(_spans(hours) for hours in row.week),
            days=days[row.id],
        )
        for row in rows
    ]


def _spans(found: Iterable[Iterable[int]]) -> tuple[Span, ...]:
    return tuple(Span(*pair) for pair in found)
