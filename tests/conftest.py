"""Real parts for tests: one embedded PostgreSQL and one Asterisk for the whole run, a fresh database for each
module, which is a copy of one that was migrated once.

Both start only when a test asks for them. Nothing is shared with an installation on the same machine.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_asyncio

from cti import config
from cti.installation.postgres import EmbeddedPostgres, embedded
from cti.simulation.lab import Lab, laboratory
from cti.simulation.observer import AmiObserver
from tests.stage.databases import migrated_database, module_database
from tests.stage.whole_service import end_left_over

pytest_plugins = ("tests.second_try",)

# A busy machine is no failure: what has to be fast is measured elsewhere.
hypothesis.settings.register_profile("calm", deadline=None)
hypothesis.settings.load_profile("calm")

_TEXTS = pytest.StashKey[list[str]]()


@pytest.fixture
def summary(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes a text for the end of the run: what was measured is shown, whether the test passed or not."""
    return request.config.stash.setdefault(_TEXTS, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what was measured."""
    for text in config.stash.get(_TEXTS, []):
        terminalreporter.section(text.partition("\n")[0])
        terminalreporter.write_line(text.partition("\n")[2])


@pytest_asyncio.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """The embedded PostgreSQL server of this run."""
    async with embedded(tmp_path_factory.mktemp("pg") / "data") as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def migrated(postgres: EmbeddedPostgres) -> str:
    """The name of a database of the newest revision, to be copied and never written to."""
    return await migrated_database(postgres)


@pytest_asyncio.fixture(scope="module")
async def postgres_url(
    postgres: EmbeddedPostgres, migrated: str, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """The address of a database of the newest revision, without data, that only this module's tests use."""
    async with module_database(postgres, request, prefix="t", template=migrated) as url:
        yield url


@pytest_asyncio.fixture(scope="module")
async def empty_url(postgres: EmbeddedPostgres, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a database without tables that only this module's tests use."""
    async with module_database(postgres, request, prefix="e", template="template0") as url:
        yield url


@pytest_asyncio.fixture(scope="session")
async def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """The one Asterisk of this run; tests ask for `lab`."""
    async with laboratory(tmp_path_factory.mktemp("asterisk"), phones=10) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def lab(shared_lab: Lab) -> AsyncIterator[Lab]:
    """A running Asterisk of our own with ten simulated phones (1001 to 1010), a trunk and short ringing
    times; after a module no service, member, channel and message is left.
    """
    yield shared_lab
    await end_left_over()
    async with shared_lab.observer() as ami:
        await shared_lab.clear(ami)
    for message in (shared_lab.plan.home / "spool" / "voicemail").rglob("msg*"):
        message.unlink()


@pytest_asyncio.fixture
async def observer(lab: Lab) -> AsyncIterator[AmiObserver]:
    """An AMI session that sees every event of the laboratory; afterwards no member and no channel is left."""
    async with lab.observer() as ami:
        yield ami
        await lab.clear(ami)


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., config.Settings]:
    """Makes the service's settings for a laboratory and a database: ``settings_for(lab, postgres_url)``."""

    def make(lab: Lab, database_url: str, **changes: Any) -> config.Settings:
        return config.load(**{**lab.settings(tmp_path / "home", database_url), **changes})

    return make
