"""A running web server on a migrated database, alone or with a real Asterisk."""

import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine
from web_site import ALWAYS, Floor, Site, devices, people

from cti import config
from cti.asterisk.connection import AmiConnection
from cti.asterisk.events import parse
from cti.asterisk.link import AmiSettings
from cti.board.board import Board
from cti.callbacks.keeper import CallbackKeeper
from cti.campaigns.imports.import_runner import open_import_runner
from cti.customers.lookup import CustomerLookup
from cti.customers.screen_pop import ScreenPops
from cti.db.engine import open_engine
from cti.flows.document import flow_of
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.settings_cache import SettingsCache
from cti.ledger.model import LedgerState, LedgerStatus
from cti.loops import Loops
from cti.people.authentication import SiteSettings
from cti.prompts import building, table
from cti.prompts.repertoire import StandIn
from cti.prompts.routes import SoundRoom
from cti.simulation.lab import Lab
from cti.tasks.opening import TaskOpener
from cti.web.desk import open_desk
from cti.web.listener import serve
from cti.web.live_campaigns import LIVE_CAMPAIGNS
from cti.web.server import WebResources, create_web_app
from cti.web.status import (
    AmiStatus,
    DatabaseStatus,
    JournalStatus,
    RecorderStatus,
    ServiceStatus,
)


@pytest_asyncio.fixture(scope="module")
async def database(postgres_url: str) -> str:
    return postgres_url


@pytest_asyncio.fixture(scope="module")
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(database) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module")
async def site(engine: AsyncEngine, database: str) -> AsyncIterator[Site]:
    """The server without an Asterisk: its AMI connections are never opened."""
    tokens = await people(engine)
    nowhere = AmiSettings(host="127.0.0.1", port=9, username="nobody", secret="none")
    async with open_floor(engine, database, tokens, nowhere, nowhere) as floor:
        yield floor


@pytest_asyncio.fixture(scope="module")
async def floor(engine: AsyncEngine, database: str, lab: Lab) -> AsyncIterator[Floor]:
    """The server with a real Asterisk, and agents ann (1001) and bob (1002)."""
    tokens = await people(engine)
    await devices(engine)
    main = AmiSettings(
        host="127.0.0.1",
        port=lab.plan.ami_port,
        username=lab.plan.ami_user,
        secret=lab.plan.secrets.ami,
        node=lab.plan.node,
    )
    phones = AmiSettings(
        host="127.0.0.1",
        port=lab.plan.ami_port,
        username=lab.plan.ami_phone_user,
        secret=lab.plan.secrets.ami_phone,
    )
    async with open_floor(engine, database, tokens, main, phones) as floor, running(floor):
        yield floor
        async with lab.observer() as ami:
            await lab.clear(ami)


@asynccontextmanager
async def running(floor: Floor) -> AsyncIterator[None]:
    loops = Loops()
    async with AsyncExitStack() as stack:
        for name, work in floor.desk.loops():
            await stack.enter_async_context(loops.running(name, work))
        await stack.enter_async_context(loops.running("ami", floor.ami.run()))
        await stack.enter_async_context(loops.running("ami phone", floor.phone_ami.run()))
        await floor.ami.ready.wait()
        await floor.phone_ami.ready.wait()
        yield


@asynccontextmanager
async def open_floor(
    engine: AsyncEngine,
    database: str,
    tokens: dict[str, str],
    main: AmiSettings,
    phones: AmiSettings,
) -> AsyncIterator[Floor]:
    board = Board("lab")
    async with AsyncExitStack() as stack:
        recordings = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        texts = table.shipped()
        sounds = SoundRoom(recordings / "sounds", texts, config.speech_cache_dir())
        await building.build(sounds.folder, texts, sounds.cache)
        lookup = await stack.enter_async_context(CustomerLookup(database))
        pops = await stack.enter_async_context(
            ScreenPops(lookup, None, default_region="CN", call_of=board.call)
        )
        floors: list[Floor] = []

        def take(block: bytes) -> int:
            facts = board.apply(parse(block))
            if facts:
                for fact in facts:
                    pops.observe(fact)
                floors[0].desk.observe(facts)
            return 1

        async def durable(position: int) -> None:
            """There is no journal."""

        ami = AmiConnection(main, take)
        phone_ami = AmiConnection(phones)
        desk = await stack.enter_async_context(
            open_desk(
                board=board,
                engine=engine,
                ami=ami,
                phone_ami=phone_ami,
                clock=ami.clock,
                pops=pops,
                node=board.node,
                dial_calendar=ALWAYS,
            )
        )
        pops.on_change = desk.hub.pop_changed
        clock = ami.clock.now
        tasks = TaskOpener(take=take, durable=durable, reference=board.task_reference, clock=clock)
        imports = await stack.enter_async_context(open_import_runner(engine, recordings / "uploads"))
        book = FlowBook(engine, {}, flow_of)
        await book.refresh()
        app = create_web_app(
            WebResources(
                engine=engine,
                desk=desk,
                pops=pops,
                site=SiteSettings(),
                status=lambda: status(ami),
                recordings_dir=recordings,
                ledger=lambda: LedgerStatus(state=LedgerState.CHECKING, checked_to=1_700_000_000.0),
                callbacks=CallbackKeeper(
                    board,
                    ami,
                    write=take,
                    durable=durable,
                    clock=clock,
                    tasks=tasks,
                    dialling=desk.dialling,
                    attempts=desk.attempts,
                ),
                contact_imports=imports,
                flow_book=book,
                ivr_settings=SettingsCache(engine),
                sounds=sounds,
                stand_ins={StandIn.OTHER_LANGUAGE: 3},
            )
        )
        await stack.enter_async_context(Loops().running("live campaigns", app[LIVE_CAMPAIGNS].run()))
        port = await stack.enter_async_context(serve(app, "127.0.0.1", 0))
        floor = Floor(f"http://127.0.0.1:{port}", engine, tokens, desk, ami, phone_ami)
        floor.recordings = recordings
        floor.sounds = sounds
        floor.contact_imports = imports
        floors.append(floor)
        yield floor
        for visitor in floor.visitors:
            await visitor.close()


def status(ami: AmiConnection) -> ServiceStatus:
    return ServiceStatus(
        ami=AmiStatus(state=ami.status.state.value, since=None, last_error=ami.status.last_error),
        journal=JournalStatus(position=0, durable_position=0, health="ok"),
        recorder=RecorderStatus(position=0, lag_seconds=0.0, state="writing"),
        database=DatabaseStatus(state="up"),
        loop_lag_seconds=0.0,
        version=str(time.time()),
    )
