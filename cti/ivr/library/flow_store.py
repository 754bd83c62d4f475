"""Versions of flows in PostgreSQL: which there are, which one callers get, and how that came."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.http.problems import Problem
from cti.ivr.library.flow_tables import flow_activations, flow_versions, flows


class How(StrEnum):
    """How a version came to be the active one."""

    #: It came with the service.
    SHIPPED = "shipped"
    ACTIVATED = "activated"
    #: Somebody went back to what was active before.
    BACK = "back"


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A text that was found to be a flow."""

    flow: str
    kind: str
    version: str
    title: dict[str, str]
    text: str
    note: str = ""


class StoredFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A flow and which of its versions is what; who activated is None for the service itself."""

    name: str
    kind: str
    title: dict[str, str]
    versions: int
    active_version: str | None
    previous_version: str | None
    shipped_version: str | None
    how: str | None
    activated_at: datetime | None
    activated_by: str | None


class StoredVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version; ``text`` is empty in lists."""

    flow: str
    version: str
    title: dict[str, str]
    note: str
    shipped: bool
    created_at: datetime
    created_by: str | None
    text: str = ""


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the active version."""

    id: int
    version: str
    previous_version: str | None
    how: str
    activated_at: datetime
    activated_by: str | None


class ActiveText(msgspec.Struct, frozen=True, kw_only=True):
    """What `cti.ivr.library.flow_book` has to know: a version that is active, or was a while ago."""

    flow: str
    version: str
    text: str
    active: bool


_FLOWS: Final = """
SELECT f.name, f.kind, f.active_version, f.previous_version, f.shipped_version,
       (SELECT v.title FROM flow_versions v WHERE v.flow = f.name
        ORDER BY v.version = f.active_version DESC NULLS LAST, v.created_at DESC LIMIT 1) AS title,
       (SELECT count(*) FROM flow_versions v WHERE v.flow = f.name) AS versions,
       a.how, a.activated_at, u.name AS activated_by
FROM flows f
LEFT JOIN LATERAL (SELECT * FROM flow_activations a WHERE a.flow = f.name ORDER BY a.id DESC LIMIT 1) a
    ON true
LEFT JOIN users u ON u.id = a.activated_by
WHERE f.name = coalesce(:name, f.name)
ORDER BY f.name
"""

_VERSION: Final = """
SELECT v.flow, v.version, v.title, v.note, v.shipped, v.created_at, u.name AS created_by{text}
FROM flow_versions v LEFT JOIN users u ON u.id = v.created_by
WHERE v.flow = :flow {which}
ORDER BY v.created_at DESC, v.version
"""

_ACTIVATIONS: Final = """
SELECT a.id, a.version, a.previous_version, a.how, a.activated_at, u.name AS activated_by
FROM flow_activations a LEFT JOIN users u ON u.id = a.activated_by
WHERE a.flow = :flow AND a.id < :below
ORDER BY a.id DESC LIMIT :limit
"""

#: The active versions, and those that were active within so many seconds.
_TEXTS: Final = """
SELECT v.flow, v.version, v.text, v.version = f.active_version AS active
FROM flow_versions v JOIN flows f ON f.name = v.flow
WHERE v.version = f.active_version OR (v.flow, v.version) IN (
    SELECT a.flow, unnest(ARRAY[a.version, a.previous_version]) FROM flow_activations a
    WHERE a.activated_at > now() - make_interval(secs => :seconds))
"""


async def register_shipped(connection: AsyncConnection, shipped: Iterable[NewVersion]) -> list[str]:
    """Makes versions of the files that came with the service; the names of the flows that changed by it.

    A flow follows the files for as long as the version that came last is the active one. When somebody chose
    another, the new one is there and waits to be activated.
    """
    changed = []
    for new in shipped:
        await _insert(connection, new, shipped=True, by=None)
        flow = await _lock(connection, new.flow)
        follows = flow.active_version is None or flow.active_version == flow.shipped_version
        await connection.execute(
            flows.update().where(flows.c.name == new.flow).values(shipped_version=new.version)
        )
        if follows and flow.active_version != new.version:
            await _set_active(connection, flow, new.version, how=How.SHIPPED, by=None)
            changed.append(new.flow)
    return changed


async def add_version(
    connection: AsyncConnection, new: NewVersion, *, by: int | None, new_flow: bool = False
) -> bool:
    """Keeps a version; False when it is there already. With ``new_flow`` it must be the first of its flow.

    Raises:
        Problem: `flow.kind_changed`, `flow.exists`.
    """
    return await _insert(connection, new, shipped=False, by=by, new_flow=new_flow)


async def activate(
    connection: AsyncConnection, name: str, version: str, *, seen: str | None, by: int | None
) -> None:
    """Makes a version the active one. ``seen`` is the active version as its reader knew it.

    Raises:
        Problem: `flow.not_found`, `flow.version_not_found`, `flow.changed_meanwhile`.
    """
    flow = await _lock(connection, name, seen=seen)
    if version not in {found.version for found in await list_versions(connection, name)}:
        raise Problem("flow.version_not_found", version=version)
    if flow.active_version != version:
        await _set_active(connection, flow, version, how=How.ACTIVATED, by=by)


async def go_back(connection: AsyncConnection, name: str, *, seen: str, by: int | None) -> None:
    """Makes the version active that was it before.

    Raises:
        Problem: `flow.not_found`, `flow.changed_meanwhile`, `flow.nothing_before`.
    """
    flow = await _lock(connection, name, seen=seen)
    if flow.previous_version is None:
        raise Problem("flow.nothing_before")
    await _set_active(connection, flow, flow.previous_version, how=How.BACK, by=by)


async def list_flows(connection: AsyncConnection) -> list[StoredFlow]:
    """All flows by name."""
    return await _read_flows(connection, None)


async def read_flow(connection: AsyncConnection, name: str) -> StoredFlow:
    """One flow.

    Raises:
        Problem: `flow.not_found`.
    """
    found = await _read_flows(connection, name)
    if not found:
        raise Problem("flow.not_found", flow=name)
    return found[0]


async def list_versions(connection: AsyncConnection, flow: str) -> list[StoredVersion]:
    """All versions of a flow, the newest first, without their texts."""
    return await _read_versions(connection, _VERSION.format(text="", which=""), flow=flow)


async def read_version(connection: AsyncConnection, flow: str, version: str) -> StoredVersion:
    """One version with its text.

    Raises:
        Problem: `flow.version_not_found`.
    """
    query = _VERSION.format(text=", v.text", which="AND v.version = :version")
    found = await _read_versions(connection, query, flow=flow, version=version)
    if not found:
        raise Problem("flow.version_not_found", version=version)
    return found[0]


async def page_activations(
    connection: AsyncConnection, flow: str, *, limit: int, below: int | None = None
) -> tuple[list[Activation], int | None]:
    """Changes of the active version, the newest first, and where the next page begins."""
    values = {"flow": flow, "limit": limit + 1, "below": below if below is not None else 2**62}
    rows = (await connection.execute(sa.text(_ACTIVATIONS), values)).mappings().all()
    found = [Activation(**row) for row in rows[:limit]]
    return found, found[-1].id if len(rows) > limit else None


async def read_texts(connection: AsyncConnection, *, seconds: float) -> list[ActiveText]:
    """The active versions, and all that were active within so many seconds."""
    rows = (await connection.execute(sa.text(_TEXTS), {"seconds": seconds})).mappings()
    return [ActiveText(**row) for row in rows]


async def read_text(connection: AsyncConnection, flow: str, version: str) -> str | None:
    """The text of any version; None when there is no such."""
    which = sa.and_(flow_versions.c.flow == flow, flow_versions.c.version == version)
    text: str | None = await connection.scalar(sa.select(flow_versions.c.text).where(which))
    return text


async def _insert(
    connection: AsyncConnection, new: NewVersion, *, shipped: bool, by: int | None, new_flow: bool = False
) -> bool:
    named = insert(flows).values(name=new.flow, kind=new.kind)
    begun = await connection.execute(
        named.on_conflict_do_nothing(index_elements=["name"]).returning(flows.c.name)
    )
    if begun.first() is None and new_flow:
        raise Problem("flow.exists", flow=new.flow)
    kind = await connection.scalar(sa.select(flows.c.kind).where(flows.c.name == new.flow))
    if kind != new.kind and not shipped:
        raise Problem("flow.kind_changed", kind=kind)
    if kind != new.kind:
        await connection.execute(flows.update().where(flows.c.name == new.flow).values(kind=new.kind))
    statement = insert(flow_versions).values(
        flow=new.flow,
        version=new.version,
        text=new.text,
        title=new.title,
        note=new.note,
        shipped=shipped,
        created_by=by,
    )
    known = sa.and_(flow_versions.c.flow == new.flow, flow_versions.c.version == new.version)
    added = await connection.execute(statement.on_conflict_do_nothing().returning(flow_versions.c.version))
    is_new = added.first() is not None
    if shipped and not is_new:
        await connection.execute(flow_versions.update().where(known).values(shipped=True))
    return is_new


async def _lock(connection: AsyncConnection, name: str, *, seen: str | None = None) -> Any:
    row = (
        await connection.execute(sa.select(flows).where(flows.c.name == name).with_for_update())
    ).one_or_none()
    if row is None:
        raise Problem("flow.not_found", flow=name)
    if seen is not None and row.active_version != seen:
        raise Problem("flow.changed_meanwhile", version=row.active_version)
    return row


async def _set_active(
    connection: AsyncConnection, flow: Any, version: str, *, how: How, by: int | None
) -> None:
    before = flow.active_version
    await connection.execute(
        flows.update()
        .where(flows.c.name == flow.name)
        .values(active_version=version, previous_version=before)
    )
    await connection.execute(
        flow_activations.insert().values(
            flow=flow.name, version=version, previous_version=before, how=how.value, activated_by=by
        )
    )


async def _read_flows(connection: AsyncConnection, name: str | None) -> list[StoredFlow]:
    query = sa.text(_FLOWS).bindparams(sa.bindparam("name", type_=sa.Text)).columns(title=JSONB)
    return [StoredFlow(**row) for row in (await connection.execute(query, {"name": name})).mappings()]


async def _read_versions(connection: AsyncConnection, query: str, **values: str) -> list[StoredVersion]:
    rows = (await connection.execute(sa.text(query).columns(title=JSONB), values)).mappings()
    return [StoredVersion(**row) for row in rows]
