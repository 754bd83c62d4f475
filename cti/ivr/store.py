"""Settings of the flows in PostgreSQL."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.ivr.model import InboundRoute, IvrSettings, SurveySettings
from cti.ivr.tables import inbound_numbers, survey_settings


async def read_settings(connection: AsyncConnection) -> IvrSettings:
    """All settings as they are now."""
    routes = await connection.execute(
        sa.select(inbound_numbers.c.dnis, inbound_numbers.c.queue, inbound_numbers.c.language)
    )
    surveys = await connection.execute(sa.select(survey_settings))
    return IvrSettings(
        routes={
            row.dnis: InboundRoute(dnis=row.dnis, queue=row.queue, language=row.language) for row in routes
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
    rows = [{"dnis": r.dnis, "queue": r.queue, "language": r.language} for r in routes]
    if rows:
        statement = insert(inbound_numbers)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[inbound_numbers.c.dnis],
                set_={"queue": statement.excluded.queue, "language": statement.excluded.language},
            ),
            rows,
        )


async def write_survey_settings(connection: AsyncConnection, queue: str, settings: SurveySettings) -> None:
    """Sets how the survey of this queue is asked."""
    values = {
        "enabled": settings.enabled,
        "second_question": settings.second_question,
        "language": settings.language,
    }
    await connection.execute(
        insert(survey_settings)
        .values(queue=queue, **values)
        .on_conflict_do_update(index_elements=[survey_settings.c.queue], set_=values)
    )
