"""A running web server on a migrated database."""

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine
from web_site import Site, people

from cti.db import migrations
from cti.db.engine import open_engine
from cti.people.authentication import SiteSettings
from cti.web.server import WebResources, create_web_app, serve


@pytest_asyncio.fixture(scope="module")
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    await migrations.upgrade(postgres_url)
    async with open_engine(postgres_url) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module")
async def site(engine: AsyncEngine) -> AsyncIterator[Site]:
    tokens = await people(engine)
    app = create_web_app(WebResources(engine=engine, site=SiteSettings()))
    async with serve(app, "127.0.0.1", 0) as port:
        site = Site(f"http://127.0.0.1:{port}", engine, tokens)
        yield site
        for visitor in site.visitors:
            await visitor.session.close()
