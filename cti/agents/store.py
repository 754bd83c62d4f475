"""Reading and writing agents, devices and the lists they choose from; functions that take a connection."""

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.agents.tables import (
    agent_queues,
    agents,
    devices,
    disposition_codes,
    pause_reasons,
    wrap_up_extensions,
)
from cti.campaigns.forms.dispositions import CampaignDisposition, code_of_call
from cti.campaigns.tables import campaigns
from cti.http.language import text_in
from cti.http.principal import Language
from cti.http.problems import Problem
from cti.queues.tables import queues


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A telephone that an agent can sign in with."""

    id: int
    name: str
    interface: str
    extension: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a list to choose from, in the reader's language."""

    code: str
    title: str


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """Until when (epoch seconds) an agent has asked to wrap up a call."""

    agent_id: int
    call_id: str
    until_at: float


async def make_agent(connection: AsyncConnection, user_id: int, queue_names: Iterable[str]) -> int:
    """Make a user an agent, or change an agent's queues; returns the agent's id.

    Raises:
        Problem: `queue.not_found`.
    """
    agent_id = await connection.scalar(sa.select(agents.c.id).where(agents.c.user_id == user_id))
    if agent_id is None:
        insert = agents.insert().values(user_id=user_id).returning(agents.c.id)
        agent_id = (await connection.execute(insert)).scalar_one()
    names = sorted(set(queue_names))
    rows = await connection.execute(sa.select(queues.c.id, queues.c.name).where(queues.c.name.in_(names)))
    ids = {row.name: row.id for row in rows}
    missing = next((name for name in names if name not in ids), None)
    if missing is not None:
        raise Problem("queue.not_found", queue=missing)
    await connection.execute(agent_queues.delete().where(agent_queues.c.agent_id == agent_id))
    if ids:
        given = [{"agent_id": agent_id, "queue_id": queue_id} for queue_id in ids.values()]
        await connection.execute(agent_queues.insert(), given)
    return int(agent_id)


async def list_devices(connection: AsyncConnection) -> list[Device]:
    """All devices by extension."""
    rows = await connection.execute(sa.select(devices).order_by(devices.c.extension))
    return [
        Device(id=row.id, name=row.name, interface=row.interface, extension=row.extension) for row in rows
    ]


async def create_device(connection: AsyncConnection, *, name: str, interface: str, extension: str) -> Device:
    """Add a device.

    Raises:
        Problem: `device.exists`.
    """
    values = {"name": name, "interface": interface, "extension": extension}
    try:
        insert = devices.insert().values(values).returning(devices.c.id)
        device_id = (await connection.execute(insert)).scalar_one()
    except IntegrityError:
        raise Problem("device.exists") from None
    return Device(id=device_id, name=name, interface=interface, extension=extension)


async def list_pause_reasons(connection: AsyncConnection, language: Language) -> list[Choice]:
    """What people choose from when they pause."""
    return await _choices(connection, pause_reasons, sa.true(), language)


async def list_dispositions(
    connection: AsyncConnection, language: Language, queue: str | None
) -> list[Choice]:
    """The verdicts offered in a queue: its own and those of all queues; every one when no queue is given."""
    column = disposition_codes.c.queue
    offered = sa.true() if queue is None else column.is_(None) | (column == queue)
    return await _choices(connection, disposition_codes, offered, language)


async def list_own_dispositions(connection: AsyncConnection, language: Language) -> list[Choice]:
    """The verdicts of the campaigns that were started, as calls are marked with them."""
    own = campaigns.c.dispositions
    statement = (
        sa.select(campaigns.c.name, own)
        .where(campaigns.c.started_at.is_not(None), own != sa.literal([], own.type))
        .order_by(campaigns.c.name)
    )
    return [
        Choice(code=code_of_call(name, one.code), title=text_in(one.title, language) or one.code)
        for name, dispositions in await connection.execute(statement)
        for one in msgspec.convert(dispositions, list[CampaignDisposition])
    ]


async def is_disposition(connection: AsyncConnection, code: str) -> bool:
    """Whether there is such a verdict in some queue."""
    known = sa.select(disposition_codes.c.code).where(disposition_codes.c.code == code)
    return await connection.scalar(known) is not None


async def _choices(
    connection: AsyncConnection, table: sa.Table, which: sa.ColumnElement[bool], language: Language
) -> list[Choice]:
    title = table.c.title_zh if language is Language.CHINESE else table.c.title_en
    statement = sa.select(table.c.code, title).where(which).order_by(table.c.position, table.c.code)
    return [Choice(code=code, title=text) for code, text in await connection.execute(statement)]


async def list_extensions(connection: AsyncConnection) -> Sequence[Extension]:
    """The wrap-ups that agents have extended."""
    statement = sa.select(
        wrap_up_extensions.c.agent_id,
        wrap_up_extensions.c.call_id,
        sa.extract("epoch", wrap_up_extensions.c.until_at).cast(sa.Float),
    )
    rows = await connection.execute(statement)
    return [
        Extension(agent_id=agent_id, call_id=call_id, until_at=until) for agent_id, call_id, until in rows
    ]


async def keep_extension(connection: AsyncConnection, extension: Extension) -> None:
    """Remember an extension; an agent has one at a time."""
    await connection.execute(
        sa.text(
            "INSERT INTO wrap_up_extensions (agent_id, call_id, until_at)"
            " VALUES (:agent_id, :call_id, to_timestamp(:until_at))"
            " ON CONFLICT (agent_id) DO UPDATE"
            " SET call_id = excluded.call_id, until_at = excluded.until_at"
        ),
        msgspec.structs.asdict(extension),
    )
