"""Settings of the flows in PostgreSQL."""

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.ivr.model import InboundRoute, IvrSettings, SurveySettings
from cti.ivr.tables import inbound_numbers, survey_settings


async def read_settings(connection: AsyncConnection) -> IvrSettings:
    """All settings as they are now."""
    columns = inbound_numbers.c
    routes = await connection.execute(sa.select(columns.dnis, columns.queue, columns.flow, columns.language))
    surveys = await connection.execute(sa.select(survey_settings))
    return IvrSettings(
        routes={
            row.dnis: InboundRoute(dnis=row.dnis, queue=row.queue, flow=row.flow, language=row.language)
            for row in routes
        },
        surveys={
            row.queue: SurveySettings(
                enabled=row.enabled, second_question=row.second_question, language=row.language
            )
            for row in surveys
        },
    )


async def write_inbound_numbers(connection: AsyncConnection, routes: Iterable[InboundRoute]) -> None:
    """Sets where these dialled numbers lead; others stay as they are."""
    rows = [msgspec.structs.asdict(route) for route in routes]
    if rows:
        statement = insert(inbound_numbers)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[inbound_numbers.c.dnis],
                set_={name: statement.excluded[name] for name in ("queue", "flow", "language")},
            ),
            rows,
        )


async def delete_inbound_number(connection: AsyncConnection, dnis: str) -> bool:
    """Forgets a dialled number; False when it is none of ours."""
    where = inbound_numbers.c.dnis == dnis
    deleted = await connection.execute(
        inbound_numbers.delete().where(where).returning(inbound_numbers.c.dnis)
    )
    return deleted.first() is not None
