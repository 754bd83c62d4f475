"""All connections of the pool are in use, as when the database is slow: no loop ends for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from cti.agents.directory import Directory
from cti.board.board import Board
from cti.db.engine import async_url
from cti.queues.live_figures import LiveFigures


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """With one connection, for which nobody waits long."""
    engine = create_async_engine(async_url(postgres_url), pool_size=1, max_overflow=0, pool_timeout=0.1)
    yield engine
    await engine.dispose()


def directory(engine: AsyncEngine) -> Directory:
    return Directory(engine)


def live_figures(engine: AsyncEngine) -> LiveFigures:
    return LiveFigures(Board("lab"), Directory(engine), engine, UTC)


@pytest.mark.parametrize("make", [directory, live_figures], ids=lambda make: make.__name__)
async def test_a_loop_that_gets_no_connection_says_so_and_goes_on(
    engine: AsyncEngine, make: Callable[[AsyncEngine], Directory | LiveFigures]
) -> None:
    with capture_logs() as lines:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(engine.connect())
            loop = asyncio.create_task(make(engine).run())
            stack.callback(loop.cancel)
            async with asyncio.timeout(10):
                while not lines and not loop.done():  # noqa: ASYNC110  (a log tells nobody)
                    await asyncio.sleep(0.05)
            assert not loop.done(), loop.exception()
    assert "QueuePool limit" in lines[0]["error"]
