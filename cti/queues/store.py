"""Reading and writing queue settings; functions that take a connection."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.http.problems import Problem
from cti.ivr.tables import survey_settings
from cti.queues.model import Queue
from cti.queues.tables import queues

_COLUMNS = tuple(name for name in Queue.__struct_fields__ if name != "survey")


async def list_queues(connection: AsyncConnection) -> list[Queue]:
    """All queues by name."""
    return await _read(connection, sa.true())


async def read_queue(connection: AsyncConnection, queue_id: int) -> Queue:
    """One queue.

    Raises:
        Problem: `queue.not_found`.
    """
    found = await _read(connection, queues.c.id == queue_id)
    if not found:
        raise Problem("queue.not_found", queue=queue_id)
    return found[0]


async def create_queue(connection: AsyncConnection, values: dict[str, object], *, survey: bool) -> Queue:
    """Add a queue.

    Raises:
        Problem: `queue.exists`.
    """
    try:
        queue_id = await connection.scalar(queues.insert().values(values).returning(queues.c.id))
    except IntegrityError:
        raise Problem("queue.exists") from None
    await _ask_for_ratings(connection, str(values["name"]), survey)
    return await read_queue(connection, int(queue_id or 0))


async def change_queue(
    connection: AsyncConnection, queue_id: int, values: dict[str, object], *, survey: bool | None
) -> Queue:
    """Change some settings; the name stays.

    Raises:
        Problem: `queue.not_found` or `queue.exists`.
    """
    before = await read_queue(connection, queue_id)
    if values:
        try:
            await connection.execute(queues.update().where(queues.c.id == queue_id).values(values))
        except IntegrityError:
            raise Problem("queue.exists") from None
    if survey is not None:
        await _ask_for_ratings(connection, before.name, survey)
    return await read_queue(connection, queue_id)


async def _ask_for_ratings(connection: AsyncConnection, name: str, survey: bool) -> None:
    given = insert(survey_settings).values(queue=name, enabled=survey)
    await connection.execute(given.on_conflict_do_update(index_elements=["queue"], set_={"enabled": survey}))


async def _read(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> list[Queue]:
    survey = sa.func.coalesce(survey_settings.c.enabled, sa.true()).label("survey")
    statement = (
        sa.select(*(queues.c[name] for name in _COLUMNS), survey)
        .outerjoin(survey_settings, survey_settings.c.queue == queues.c.name)
        .where(which)
        .order_by(queues.c.name)
    )
    return [Queue(**row) for row in (await connection.execute(statement)).mappings()]
