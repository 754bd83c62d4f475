"""A database without campaigns, for whoever dials in a test."""

from collections.abc import AsyncIterator

import pytest_asyncio
from dial_room import DialRoom

from cti.db.engine import open_engine
from tests.stage.dialled_campaign import empty


@pytest_asyncio.fixture
async def room(postgres_url: str) -> AsyncIterator[DialRoom]:
    """Nothing is in it, and the limits are those of the first day."""
    async with open_engine(postgres_url) as engine:
        made = DialRoom(engine)
        await made.clear()
        yield made


@pytest_asyncio.fixture
async def ground(postgres_url: str) -> None:
    """Whatever campaigns other tests left is gone before a service dials."""
    await empty(postgres_url)
