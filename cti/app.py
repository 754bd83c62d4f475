"""The composition root: opens every resource, starts the loops, stops them in the reverse order.

What is opened first is stopped last: the journal outlives everything that writes to it, and people's
connections are the first to go. The service starts without its database and without Asterisk; it works with
what is there and takes the rest when it comes.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr

from cti.asterisk.agi import AgiServer
from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.asterisk.link import AmiSettings, LinkState, LinkStatus
from cti.board.board import Board
from cti.board.facts import Fact
from cti.callbacks.keeper import CallbackKeeper
from cti.campaigns.imports.import_runner import open_import_runner
from cti.config import Settings, speech_cache_dir
from cti.customers.crm import Crm
from cti.customers.lookup import CustomerLookup
from cti.customers.screen_pop import ScreenPops
from cti.db.engine import open_engine
from cti.dialling.dialler import Dialler
from cti.dialling.manual.preview import Previews
from cti.dialling.opening import listed, open_dialler, rules_of
from cti.flows import library
from cti.flows.document import flow_of
from cti.garbage import collect_rarely
from cti.http.shapes import instant
from cti.installation.asterisk_plan import GENERAL_MAILBOX
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.sessions.telephone import open_telephone
from cti.ivr.settings_cache import SettingsCache
from cti.journal.journal import CHECKPOINT_TIMES, Journal
from cti.ledger.gap_events import Ledger
from cti.ledger.sources import rows_after
from cti.ledger.watch import LedgerWatch
from cti.loops import LoopLag, Loops
from cti.people.authentication import SiteSettings
from cti.prompts import table
from cti.prompts.repertoire import Repertoire
from cti.prompts.routes import SoundRoom
from cti.recorder.intake import Intake
from cti.recorder.recorder import Recorder, RecorderState
from cti.recorder.recovery import recover
from cti.tasks.opening import TaskOpener
from cti.tasks.voicemail_watch import VoicemailWatch, mailbox_folder
from cti.web.desk import Desk, open_desk
from cti.web.listener import serve
from cti.web.live_campaigns import LIVE_CAMPAIGNS
from cti.web.server import WebResources, create_web_app
from cti.web.status import AmiStatus, DatabaseStatus, JournalStatus, RecorderStatus, ServiceStatus
from cti.web.troubles import watch_troubles

log = structlog.get_logger(__name__)

#: How long a stopping service waits for the database to take the last rows; the journal keeps them anyway.
_DRAIN_SECONDS = 5.0
_VERSION = version("cti")
CLIENT_DIR = Path(__file__).resolve().parents[1] / "web" / "dist"


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """The running service."""

    settings: Settings
    http_port: int
    intake: Intake
    journal: Journal
    recorder: Recorder
    ami: AmiConnection
    pops: ScreenPops
    desk: Desk
    agi: AgiServer
    dialler: Dialler
    loops: Loops


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """The whole service, running until the context is left.

    Raises:
        JournalLocked: another service writes this journal.
        OSError: an address to listen on is taken, or the journal's folder cannot be written.
    """
    url = settings.database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        loops, lag = Loops(), LoopLag()
        await stack.enter_async_context(loops.running("loop lag", lag.run()))
        recorder = Recorder(url, settings.node)
        committed = await recorder.committed_position()
        journal, board = await _open_journal(stack, loops, settings, recorder, committed)
        clock = AsteriskClock()
        intake = Intake(journal, board, recorder, clock.now)
        await stack.enter_async_context(loops.running("recorder", recorder.run(journal)))
        stack.push_async_callback(_drain, recorder)

        engine = await stack.enter_async_context(open_engine(url))
        lookup = await stack.enter_async_context(CustomerLookup(url))
        crm = await stack.enter_async_context(_crm(settings)) if settings.crm_url else None
        pops = await stack.enter_async_context(
            ScreenPops(lookup, crm, default_region=settings.default_region, call_of=board.call)
        )
        ledger = Ledger(partial(rows_after, settings), lambda: board.heard)
        ami_settings = _ami_settings(settings, settings.ami_user, settings.ami_secret)
        ami = AmiConnection(ami_settings, intake.take, clock=clock, missed=ledger)
        phone_ami = AmiConnection(_ami_settings(settings, settings.ami_phone_user, settings.ami_phone_secret))
        desk = await stack.enter_async_context(
            open_desk(
                board=board, engine=engine, ami=ami, phone_ami=phone_ami, clock=clock, pops=pops,
                region=settings.default_region, node=settings.node, rules=rules_of(settings),
                callers_zone=settings.callers_timezone, dial_calendar=settings.dial_calendar,
            )
        )  # fmt: skip
        pops.on_change = desk.hub.pop_changed
        pops.adopt(board.calls())
        ami.watch(partial(_begin_pops, pops))
        intake.listen(partial(_give_each, pops))
        intake.listen(desk.observe)

        watch = LedgerWatch(
            settings, engine, board, write=intake.take, clock=clock.now,
            committed=lambda: (recorder.status.position, journal.position),
            connected=lambda: ami.status.state is LinkState.READY,
        )  # fmt: skip
        intake.listen(watch.observe)
        tasks = TaskOpener(
            take=intake.take, durable=journal.wait_durable, reference=board.task_reference, clock=clock.now
        )
        voicemail = _voicemail(settings, board, tasks)
        intake.listen(voicemail.observe)

        texts, spoken = table.shipped(), speech_cache_dir()
        repertoire = await stack.enter_async_context(
            Repertoire(settings.sounds_dir, texts, spoken, zone=ZoneInfo(settings.callers_timezone))
        )
        keeper = CallbackKeeper(
            board, ami, write=intake.take, durable=journal.wait_durable, clock=clock.now, tasks=tasks,
            dialling=desk.dialling, attempts=desk.attempts,
        )  # fmt: skip
        intake.listen(keeper.observe)

        cache = SettingsCache(engine)
        await cache.refresh()
        book = FlowBook(engine, library.texts(), flow_of)
        await book.load()
        status = partial(_status, ami, journal, recorder, lag)
        for name, loop in (
            *desk.loops(),
            ("ivr settings", cache.run()),
            ("flows", book.run()),
            ("ledger", watch.run()),
            ("voicemail", voicemail.run()),
            ("spoken names", repertoire.run()),
            ("callbacks", keeper.run()),
            ("troubles", watch_troubles(status, desk.hub.troubles_changed)),
        ):
            await stack.enter_async_context(loops.running(name, loop))
        agi = await stack.enter_async_context(
            open_telephone(
                settings, board=board, intake=intake, journal=journal, clock=clock, engine=engine,
                lookup=lookup, book=book, ivr_settings=cache, hours=desk.hours,
                announcements=desk.announcements, tables=desk.book, staff=desk.phone_access,
                tasks=tasks, voice=repertoire.sounds, loops=loops,
            )
        )  # fmt: skip
        dialler = await stack.enter_async_context(
            open_dialler(
                settings, board=board, ami=ami, engine=engine, clock=clock, refusals=desk.do_not_call,
                hours=desk.hours, ledger=watch.current, rows_after=partial(rows_after, settings),
                loops=loops,
            )
        )  # fmt: skip
        intake.listen(dialler.observe)
        desk.attempts.retries_of = dialler.campaigns.retries_of
        previews = Previews(engine, dialler, clock=clock.now, boot=lambda: board.boot)
        imports = await stack.enter_async_context(open_import_runner(engine, settings.uploads_dir))
        web_app = create_web_app(
            WebResources(
                engine=engine,
                desk=desk,
                pops=pops,
                site=SiteSettings(external_base_url=settings.external_base_url),
                status=status,
                ledger=watch.current,
                sounds=SoundRoom(settings.sounds_dir, texts, spoken),
                stand_ins=repertoire.stand_ins,
                callbacks=keeper,
                contact_imports=imports,
                recordings_dir=settings.recordings_dir,
                flow_book=book,
                ivr_settings=cache,
                dialler=dialler,
                previews=previews,
                caller_ids=listed(settings.caller_ids),
                default_region=settings.default_region,
                home_zone=settings.callers_timezone,
                client_dir=CLIENT_DIR if CLIENT_DIR.is_dir() else None,
            )
        )
        dialler.on_change = web_app[LIVE_CAMPAIGNS].changed
        await stack.enter_async_context(loops.running("live campaigns", web_app[LIVE_CAMPAIGNS].run()))
        await stack.enter_async_context(loops.running("ami phone", phone_ami.run()))
        await stack.enter_async_context(loops.running("ami", ami.run()))
        port = await stack.enter_async_context(serve(web_app, settings.http_host, settings.http_port))
        log.info(
            "service.started", http=f"{settings.http_host}:{port}", agi_port=agi.port, node=settings.node
        )
        yield Service(
            settings=settings, http_port=port, intake=intake, journal=journal, recorder=recorder, ami=ami,
            pops=pops, desk=desk, agi=agi, dialler=dialler, loops=loops,
        )  # fmt: skip
        log.info("service.stopping")


async def run_service(settings: Settings) -> None:
    """The service until SIGTERM or SIGINT.

    Raises:
        Exception: what one of its loops failed with; the process should end and be started again.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_service(settings) as service:
        collect_rarely()
        stopped = loop.create_task(stop.wait(), name="stop signal")
        failed = loop.create_task(service.loops.failure(), name="failure")
        await asyncio.wait({stopped, failed}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, failed):
            task.cancel()
        if not stop.is_set():
            await failed


async def _open_journal(
    stack: AsyncExitStack, loops: Loops, settings: Settings, recorder: Recorder, committed: int | None
) -> tuple[Journal, Board]:
    """The journal with its loop, and the board that follows from it."""
    boards: list[Board] = []
    journal = Journal(
        settings.journal_dir,
        checkpoint=lambda: boards[0].dump(),
        segment_bytes=settings.journal_segment_bytes,
        checkpoint_times=CHECKPOINT_TIMES,
        retention_days=settings.journal_retention_days,
        not_below=committed or 0,
    )
    stack.push_async_callback(journal.close)
    boards.append(recover(journal, settings.node, committed, recorder))
    await stack.enter_async_context(loops.running("journal", journal.run()))
    return journal, boards[0]


async def _drain(recorder: Recorder) -> None:
    if recorder.status.state is RecorderState.WRITING:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await recorder.drain()


def _give_each(pops: ScreenPops, facts: list[Fact]) -> None:
    for fact in facts:
        pops.observe(fact)


def _begin_pops(pops: ScreenPops, link: LinkStatus) -> None:
    """Who called before the start is looked up once Asterisk has said who still does, or is not there."""
    if link.state in (LinkState.READY, LinkState.WAITING):
        pops.begin_adopted()


def _ami_settings(settings: Settings, username: str, secret: SecretStr) -> AmiSettings:
    return AmiSettings(
        host=settings.ami_host,
        port=settings.ami_port,
        username=username,
        secret=secret.get_secret_value(),
        node=settings.node,
    )


def _crm(settings: Settings) -> Crm:
    token = settings.crm_token.get_secret_value() if settings.crm_token is not None else None
    return Crm(settings.crm_url or "", token=token, default_region=settings.default_region)


def _voicemail(settings: Settings, board: Board, tasks: TaskOpener) -> VoicemailWatch:
    return VoicemailWatch(
        mailbox_folder(settings.voicemail_dir, GENERAL_MAILBOX),
        settings.recordings_dir,
        tasks,
        board,
        queue=settings.voicemail_queue,
    )


def _status(ami: AmiConnection, journal: Journal, recorder: Recorder, lag: LoopLag) -> ServiceStatus:
    link, written, health = ami.status, recorder.status, journal.health
    down = written.state is RecorderState.DATABASE_DOWN
    return ServiceStatus(
        ami=AmiStatus(state=link.state.value, since=instant(link.since), last_error=link.last_error),
        journal=JournalStatus(
            position=journal.position,
            durable_position=journal.durable_position,
            health=health.state.value,
            error=health.error,
        ),
        recorder=RecorderStatus(
            position=written.position, lag_seconds=written.lag_seconds, state=written.state.value
        ),
        database=DatabaseStatus(state="down" if down else "up"),
        loop_lag_seconds=round(lag.worst, 4),
        version=_VERSION,
    )
