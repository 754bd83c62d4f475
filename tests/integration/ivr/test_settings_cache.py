"""Settings of the flows: read from the database, remembered without it."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.engine import open_engine
from cti.ivr.model import InboundRoute, SurveySettings
from cti.ivr.settings_cache import SettingsCache
from cti.ivr.store import write_inbound_numbers
from cti.ivr.tables import survey_settings


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as opened:
        yield opened


async def test_settings_are_read_and_the_last_known_ones_serve_when_the_database_fails(
    engine: AsyncEngine,
) -> None:
    async with engine.begin() as connection:
        route = InboundRoute(dnis="4001", queue="support", language="en")
        await write_inbound_numbers(connection, [route, InboundRoute(dnis="+8610000", queue="sales")])
        await write_inbound_numbers(connection, [InboundRoute(dnis="4001", queue="sales", language=None)])
        chosen = SurveySettings(enabled=True, second_question=True, language="en")
        await connection.execute(
            survey_settings.insert(), {"queue": "sales", **msgspec.structs.asdict(chosen)}
        )
    cache = SettingsCache(engine)
    assert cache.settings.route("4001") is None
    assert await cache.refresh()
    known = cache.settings
    assert known.route("4001") == known.route("+4001") == InboundRoute(dnis="4001", queue="sales")
    assert known.route("8610000") == known.route("+8610000") == InboundRoute(dnis="+8610000", queue="sales")
    assert known.route("") is None
    assert known.survey("sales") == chosen
    assert known.survey("support") == SurveySettings()
    async with engine.begin() as connection:
        await connection.execute(sa.text("DROP TABLE survey_settings"))
    assert not await cache.refresh()
    assert cache.settings is known


async def test_a_database_that_is_not_there_leaves_the_settings_empty(tmp_path: Path) -> None:
    async with open_engine(f"postgresql://postgres@/none?host={tmp_path}") as nowhere:
        cache = SettingsCache(nowhere)
        assert not await cache.refresh()
        assert not await cache.refresh()
        assert cache.settings.routes == {}
