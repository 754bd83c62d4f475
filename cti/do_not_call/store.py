"""Reading and writing entries of the list; functions that take a connection."""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.do_not_call.counts import COUNTS_SQL
from cti.do_not_call.model import Level, Reason, Source
from cti.do_not_call.tables import do_not_call_entries as entries
from cti.do_not_call.tables import do_not_call_imports as imports
from cti.http.principal import Principal
from cti.http.problems import Problem
from cti.outbox.tables import call_refusals

_WITH_IMPORTS: Final = entries.outerjoin(imports, imports.c.id == entries.c.import_id)
COUNTS: Final[sa.ColumnElement[bool]] = sa.literal_column(COUNTS_SQL, sa.Boolean())
_EXPORTED_AT_A_TIME: Final = 2_000


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries: those that count (True), that do not (False) or all; ``prefixes`` are beginnings of
    numbers, ``words`` stand in what people wrote.
    """

    counts: bool | None = True
    prefixes: tuple[str, ...] = ()
    words: str | None = None
    level: Level | None = None
    name: str | None = None
    source: Source | None = None
    import_id: str | None = None


async def reasons(
    connection: AsyncConnection,
    number: str,
    *,
    client: str | None = None,
    campaign: str | None = None,
    since: datetime | None = None,
) -> list[Reason]:
    """Why a number (as `listed_as` gives it) may not be called now for a client and a campaign: what counts,
    the oldest first; with ``since`` only what was said after that.
    """
    of_level = entries.c.level == Level.GLOBAL
    for level, name in ((Level.CLIENT, client), (Level.CAMPAIGN, campaign)):
        if name is not None:
            of_level |= (entries.c.level == level) & (entries.c.name == name)
    query = (
        sa.select(entries)
        .select_from(_WITH_IMPORTS)
        .where(entries.c.number == number, COUNTS, of_level)
        .order_by(entries.c.added_at, entries.c.id)
    )
    if since is not None:
        query = query.where(entries.c.added_at > since)
    return [_reason(row) for row in await connection.execute(query)]


async def has_refusal(connection: AsyncConnection, refusal_id: str) -> bool:
    """Whether the recorder has written it, so that the list knows of it."""
    query = sa.select(sa.exists().where(call_refusals.c.id == refusal_id))
    return bool(await connection.scalar(query))


async def page(
    connection: AsyncConnection, which: EntryFilter, *, before: int | None, limit: int
) -> list[sa.Row[Any]]:
    """Entries with ``undone_at`` of their imports and whether they count, the last added first."""
    query = _shown(which).order_by(entries.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(entries.c.id < before)
    return list(await connection.execute(query))


async def read(connection: AsyncConnection, entry_id: int) -> sa.Row[Any]:
    """One entry as in `page`.

    Raises:
        Problem: `do_not_call.not_found`.
    """
    query = _shown(EntryFilter(counts=None)).where(entries.c.id == entry_id)
    row: sa.Row[Any] | None = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Problem("do_not_call.not_found")
    return row


async def every(connection: AsyncConnection) -> AsyncIterator[sa.Row[Any]]:
    """All that counts, in the order in which it was added; never much in memory."""
    last = 0
    while True:
        query = _shown(EntryFilter()).where(entries.c.id > last)
        rows = list(await connection.execute(query.order_by(entries.c.id).limit(_EXPORTED_AT_A_TIME)))
        for row in rows:
            yield row
        if len(rows) < _EXPORTED_AT_A_TIME:
            return
        last = rows[-1].id


async def add(
    connection: AsyncConnection, values: Mapping[str, object], *, source: Source, by: Principal
) -> tuple[int, bool]:
    """Adds an entry (``number``, ``level``, ``name``, ``reason``, ``expires_at``, ``call_id``); its id, and
    False when the same source had said as much or more: then that entry's.
    """
    given = {"name": None, "reason": None, "expires_at": None, "call_id": None, **values}
    lasts = sa.func.coalesce(entries.c.expires_at, sa.text("'infinity'::timestamptz"))
    if given["expires_at"] is None:
        as_long: sa.ColumnElement[bool] = entries.c.expires_at.is_(None)
    else:
        as_long = lasts >= given["expires_at"]
    same = [
        entries.c[column].is_not_distinct_from(given[column])
        for column in ("number", "level", "name", "call_id")
    ]
    known = sa.select(entries.c.id).select_from(_WITH_IMPORTS).where(*same, entries.c.source == source)
    entry_id = await connection.scalar(known.where(COUNTS, as_long).limit(1))
    if entry_id is not None:
        return int(entry_id), False
    row = {**given, "source": source, "added_by": by.user_id, "added_by_name": by.name}
    added = await connection.scalar(entries.insert().values(row).returning(entries.c.id))
    return int(added or 0), True


async def remove(connection: AsyncConnection, entry_id: int, *, by: Principal) -> None:
    """Takes an entry off the list; it stays as history.

    Raises:
        Problem: `do_not_call.not_found` or `do_not_call.removed_already`.
    """
    ended = {"removed_at": sa.func.now(), "removed_by": by.user_id, "removed_by_name": by.name}
    which = (entries.c.id == entry_id) & entries.c.removed_at.is_(None)
    if (await connection.execute(entries.update().where(which).values(ended))).rowcount == 0:
        await read(connection, entry_id)
        raise Problem("do_not_call.removed_already")


async def restore(connection: AsyncConnection, entry_id: int) -> None:
    """Puts an entry that was removed back on the list.

    Raises:
        Problem: `do_not_call.not_found` or `do_not_call.not_removed`.
    """
    back = {"removed_at": None, "removed_by": None, "removed_by_name": None}
    which = (entries.c.id == entry_id) & entries.c.removed_at.is_not(None)
    if (await connection.execute(entries.update().where(which).values(back))).rowcount == 0:
        await read(connection, entry_id)
        raise Problem("do_not_call.not_removed")


async def entry_of_call(connection: AsyncConnection, call_id: str, user_id: int | None) -> int | None:
    """The entry that an agent made in a call and nobody has removed."""
    query = sa.select(entries.c.id).where(
        entries.c.call_id == call_id,
        entries.c.source == Source.AGENT,
        entries.c.added_by == user_id,
        entries.c.removed_at.is_(None),
    )
    found: int | None = await connection.scalar(query.limit(1))
    return found


async def count_known(
    connection: AsyncConnection, numbers: Iterable[str], level: Level, name: str | None
) -> int:
    """How many of some numbers have a reason at a level already."""
    query = (
        sa.select(sa.func.count(sa.distinct(entries.c.number)))
        .select_from(_WITH_IMPORTS)
        .where(entries.c.number == sa.any_(sa.bindparam("numbers", type_=sa.ARRAY(sa.Text))))
        .where(COUNTS, entries.c.level == level, entries.c.name.is_not_distinct_from(name))
    )
    return int(await connection.scalar(query, {"numbers": list(numbers)}) or 0)


def _shown(which: EntryFilter) -> sa.Select[Any]:
    query = sa.select(entries, imports.c.undone_at, COUNTS.label("counts")).select_from(_WITH_IMPORTS)
    if which.counts is not None:
        query = query.where(COUNTS if which.counts else ~COUNTS)
    if which.prefixes:
        query = query.where(sa.or_(*map(_begins_with, which.prefixes)))
    if which.words:
        written = sa.func.concat_ws(
            " ", entries.c.name, entries.c.reason, entries.c.added_by_name, imports.c.file_name
        )
        query = query.where(sa.func.strpos(sa.func.lower(written), which.words.lower()) > 0)
    for column, value in (
        (entries.c.level, which.level),
        (entries.c.name, which.name),
        (entries.c.source, which.source),
        (entries.c.import_id, which.import_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return query


def _begins_with(prefix: str) -> sa.ColumnElement[bool]:
    """As a range, for which the index is good with any prefix."""
    return (entries.c.number >= prefix) & (entries.c.number < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def _reason(row: sa.Row[Any]) -> Reason:
    return Reason(
        entry_id=row.id,
        level=Level(row.level),
        name=row.name,
        source=Source(row.source),
        text=row.reason,
        added_at=row.added_at.timestamp(),
        expires_at=None if row.expires_at is None else row.expires_at.timestamp(),
    )
