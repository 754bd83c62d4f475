"""One Asterisk for all faults of a module, a ground to each test, and the table at the end of the run."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from cti.installation.postgres import EmbeddedPostgres
from cti.simulation.lab import Lab, laboratory
from tests.faults import scale
from tests.faults.ground import PHONES, Ground, open_ground
from tests.faults.record import FaultTable

OpenGround = Callable[..., AbstractAsyncContextManager[Ground]]
_TABLE = pytest.StashKey[FaultTable]()


@pytest_asyncio.fixture(scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """An Asterisk that may be stopped and killed."""
    async with laboratory(tmp_path_factory.mktemp("faulty"), phones=PHONES, ring_seconds=6) as lab:
        yield lab


@pytest.fixture
def ground(
    exchange: Lab, postgres: EmbeddedPostgres, tmp_path: Path, request: pytest.FixtureRequest
) -> OpenGround:
    """Opens a ground: ``async with ground(rate=3.0) as site``."""
    return partial(open_ground, exchange, postgres, tmp_path, name=request.node.name)


@pytest.fixture
def record(request: pytest.FixtureRequest) -> FaultTable:
    """Takes the line of a fault."""
    return request.config.stash.setdefault(_TABLE, FaultTable())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the table, and the seed by which the run can be repeated."""
    table = config.stash.get(_TABLE, None)
    if table is not None:
        terminalreporter.section(f"Faults (seed {scale.seed()}, {'full' if scale.FULL else 'short'})")
        terminalreporter.write_line(table.text())
