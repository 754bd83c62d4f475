"""A migrated database with demo customers, and the look-up on it."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest_asyncio
from pop_setting import CrmPeer, Gate
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.customers.demo import load_demo_customers
from cti.customers.lookup import CustomerLookup
from cti.db.engine import open_engine

TODAY = date(2026, 11, 22)


@pytest_asyncio.fixture(scope="module")
async def database(postgres_url: str) -> str:
    async with open_engine(postgres_url) as engine, engine.begin() as connection:
        assert await load_demo_customers(connection, 300, today=TODAY) == 300
    return postgres_url


@pytest_asyncio.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def lookup(database: str) -> AsyncIterator[CustomerLookup]:
    async with CustomerLookup(database) as opened:
        yield opened


@pytest_asyncio.fixture
async def gate(database: str, tmp_path: Path) -> AsyncIterator[Gate]:
    opened = Gate(tmp_path, database)
    await opened.open()
    yield opened
    await opened.shut()


@pytest_asyncio.fixture
async def crm_peer() -> AsyncIterator[CrmPeer]:
    async with CrmPeer().serving() as peer:
        yield peer
