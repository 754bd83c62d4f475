"""The flows that ship are registered, active and accepted as an admin's upload of the same text is."""

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.engine import open_engine
from cti.flows import library
from cti.flows.document import flow_of
from cti.flows.version import version_of
from cti.ivr.library import flow_store
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.library.flow_check import FlowCheck
from cti.reference.book import ReferenceBook


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as opened:
        yield opened


async def test_every_flow_that_ships_is_active_from_the_first_start(engine: AsyncEngine) -> None:
    texts = library.texts()
    book = FlowBook(engine, texts, flow_of)
    assert await book.refresh()
    async with engine.connect() as connection:
        stored = {flow.name: flow for flow in await flow_store.list_flows(connection)}
    assert set(stored) == set(texts) >= {"main-menu", "satisfaction-survey", "topic-poll"}
    assert book.broken == {}
    check = FlowCheck(book, ReferenceBook(engine))
    for name, text in texts.items():
        edition = book.active(name)
        assert edition is not None
        assert edition.version == stored[name].active_version == version_of(text)
        assert set(edition.flows) >= set(edition.parts)
        assert (await check.check(name, text)).flow == edition.flow
