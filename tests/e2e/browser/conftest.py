"""One Asterisk and one browser for all browser tests, a database and a service for each module of them."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from contact_centre import KNOWN_NUMBER, Centre, Wire, chromium_path
from playwright.async_api import Browser, async_playwright

from cti import app, config
from cti.db.engine import open_engine
from cti.hours.model import DAY, Span
from cti.hours.store import create_calendar
from cti.installation.postgres import EmbeddedPostgres
from cti.people.passwords import generate_password
from cti.simulation import demo_data
from cti.simulation.lab import Lab, laboratory
from tests.stage.databases import copy_database, module_database

#: Opening hours in which agents may dial at any time of a test.
ALWAYS = "always"
#: Long enough to look at a ringing call.
RING_SECONDS = 30


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.fail("Chromium is missing; `make test` installs it.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session")
async def call_site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """An Asterisk of its own, in which phones ring for long."""
    home = tmp_path_factory.mktemp("browser-asterisk")
    async with laboratory(home, phones=4, ring_seconds=RING_SECONDS) as lab:
        yield lab


@pytest_asyncio.fixture(scope="session")
async def furnished(postgres: EmbeddedPostgres, migrated: str, call_site: Lab) -> tuple[str, dict[str, str]]:
    """The name of a database with the demonstration's people, queues, phones and customers, to be copied and
    never written to; and everybody's password.
    """
    url = await copy_database(postgres, "furnished", migrated)
    passwords = {user.username: generate_password() for user in demo_data.USERS}
    extensions = [phone.extension for phone in call_site.plan.phones]
    async with open_engine(url, statement_timeout_ms=120_000) as engine, engine.begin() as connection:
        await demo_data.load(connection, passwords, extensions)
        always = {
            "title_zh": "全天",
            "title_en": "Always",
            "time_zone": "UTC",
            "week": ((Span(0, DAY),),) * 7,
        }
        await create_calendar(connection, ALWAYS, always, user_id=None)
    return "furnished", passwords


@pytest_asyncio.fixture(scope="module")
async def database(
    postgres: EmbeddedPostgres, furnished: tuple[str, dict[str, str]], request: pytest.FixtureRequest
) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """The address of a furnished database that only this module's tests use, and everybody's password."""
    template, passwords = furnished
    async with module_database(postgres, request, prefix="b", template=template) as url:
        yield url, passwords


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pages' pictures go: $CTI_TEST_PICTURES, or a folder that pytest clears away some time."""
    folder = Path(os.environ.get("CTI_TEST_PICTURES") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest_asyncio.fixture(scope="module")
async def open_centre(
    call_site: Lab,
    database: tuple[str, dict[str, str]],
    chromium: Browser,
    pictures: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Centre]:
    assert app.CLIENT_DIR.is_dir(), "The web client is not built; `make test` builds it."
    url, passwords = database
    settings = config.load(
        **call_site.settings(tmp_path_factory.mktemp("browser-home"), url), dial_calendar=ALWAYS
    )
    async with app.open_service(settings) as service, Wire(service.http_port) as wire:
        yield Centre(
            lab=call_site, service=service, wire=wire, browser=chromium, passwords=passwords,
            customer_name=await _customer_at(url, KNOWN_NUMBER), pictures=pictures,
        )  # fmt: skip


@pytest_asyncio.fixture
async def centre(open_centre: Centre) -> AsyncIterator[Centre]:
    """The contact centre; afterwards nobody is signed in to a queue and no call is left."""
    yield open_centre
    complaints = list(open_centre.complaints)
    await open_centre.wire.cut()
    await open_centre.wire.mend()
    await open_centre.leave()
    async with open_centre.lab.observer() as ami:
        await open_centre.lab.clear(ami)
    assert complaints == []


async def _customer_at(url: str, e164: str) -> str:
    query = sa.text("SELECT name FROM customers JOIN customer_numbers ON customer_id = id WHERE e164 = :e164")
    async with open_engine(url) as engine, engine.connect() as connection:
        return str((await connection.execute(query, {"e164": e164})).scalar_one())
