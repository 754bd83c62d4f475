"""What answers the dialplan, put together: flows with all that they can do, and what serves without them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.announcements.board import AnnouncementBoard
from cti.asterisk.agi import AgiLimits, AgiServer
from cti.asterisk.clock import AsteriskClock
from cti.board.board import Board
from cti.callbacks.promises import Promises
from cti.calls.flow_run import SERVICE_LOST
from cti.calls.model import SurveyOutcome
from cti.campaigns.contact_lookup import ContactLookup
from cti.config import Settings
from cti.customers.lookup import CustomerLookup
from cti.flows.sources import LookUpSource
from cti.hours.opening import OpeningHours
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.sessions.endpoints import Endpoints
from cti.ivr.sessions.flow_deeds import FlowDeeds, Source
from cti.ivr.sessions.flow_phone import Voice
from cti.ivr.sessions.flow_session import FlowSession
from cti.ivr.sessions.inbound import Inbound
from cti.ivr.sessions.lookups import CustomerSource, QueueSource, SubscriptionSource
from cti.ivr.sessions.recordings import RecordingFolder
from cti.ivr.sessions.refusal_session import RefusalSession
from cti.ivr.sessions.survey_session import SurveySession
from cti.ivr.settings_cache import SettingsCache
from cti.journal.journal import Journal
from cti.loops import Loops
from cti.outbox.outbox import Outbox
from cti.people.phone_access import PhoneAccessCheck
from cti.queues.expected_wait import ExpectedWaits
from cti.recorder.intake import Intake
from cti.reference.book import ReferenceBook
from cti.tasks.opening import TaskOpener

log = structlog.get_logger(__name__)

_SWEEP_SECONDS: Final = 3600.0
#: Flows have limits of their own, below this.
_LIMITS: Final = AgiLimits(session_seconds=4 * 3600.0)


@contextlib.asynccontextmanager
async def open_telephone(
    settings: Settings,
    *,
    board: Board,
    intake: Intake,
    journal: Journal,
    clock: AsteriskClock,
    engine: AsyncEngine,
    lookup: CustomerLookup,
    book: FlowBook,
    ivr_settings: SettingsCache,
    hours: OpeningHours,
    announcements: AnnouncementBoard,
    tables: ReferenceBook,
    staff: PhoneAccessCheck,
    tasks: TaskOpener,
    voice: Voice,
    loops: Loops,
) -> AsyncIterator[AgiServer]:
    """The FastAGI server, listening until the context is left; its loops are among ``loops``.

    Raises:
        OSError: the address to listen on is taken.
    """
    async with contextlib.AsyncExitStack() as stack:
        recordings = RecordingFolder(settings.recordings_dir)
        endpoints = await stack.enter_async_context(Endpoints(settings.endpoint_addresses))
        region = settings.default_region
        waits = ExpectedWaits(board)
        intake.listen(waits.observe)
        sources: dict[LookUpSource, Source] = {
            LookUpSource.CUSTOMER: CustomerSource(lookup, default_region=region),
            LookUpSource.SUBSCRIPTION: SubscriptionSource(lookup, default_region=region),
            LookUpSource.HOURS: hours,
            LookUpSource.QUEUE: QueueSource(
                waiting=board.waiting,
                agents=board.agents,
                settings=lambda: ivr_settings.settings,
                expected_wait=waits.seconds,
            ),
            LookUpSource.TABLE: tables,
            LookUpSource.ANNOUNCEMENT: announcements,
            LookUpSource.STAFF: staff,
            LookUpSource.HTTP: endpoints,
        }
        promises = Promises(
            board, write=intake.take, durable=journal.wait_durable, clock=clock.now, region=region
        )
        deeds = FlowDeeds(
            sources=sources, tasks=tasks, announcements=announcements, callbacks=promises, endpoints=endpoints
        )
        _tell_of_lost_runs(board, intake)
        session = FlowSession(
            settings=lambda: ivr_settings.settings,
            book=book,
            runs=board,
            take=intake.take,
            durable=journal.wait_durable_soon,
            clock=clock.now,
            voice=voice,
            recordings=recordings,
            deeds=deeds,
            extension_of=lambda agent: _extension_of(board, agent),
            inbound=Inbound(
                settings=lambda: ivr_settings.settings,
                journal=intake.take,
                clock=clock.now,
                default_region=settings.default_region,
                default_language=settings.default_language,
            ),
            survey=SurveySession(
                settings=lambda: ivr_settings.settings,
                journal=intake.take,
                durable=journal.wait_durable,
                clock=clock.now,
                default_language=settings.default_language,
            ),
            default_region=settings.default_region,
            default_language=settings.default_language,
            contacts=ContactLookup(engine, clock=clock.now, home=ZoneInfo(settings.callers_timezone)),
        )
        refusal = RefusalSession(
            calls=board, take=intake.take, durable=journal.wait_durable_soon, clock=clock.now
        )
        server = AgiServer(
            {"flow": session, "refusal": refusal},
            secret=settings.agi_secret.get_secret_value(),
            host=settings.agi_host,
            port=settings.agi_port,
            limits=_LIMITS,
        )
        outbox = Outbox(
            engine,
            endpoints,
            node=settings.node,
            secret=settings.endpoints_secret.get_secret_value() if settings.endpoints_secret else None,
            position=lambda: journal.position,
            durable=journal.wait_durable,
        )
        intake.listen(outbox.observe)
        for name, loop in (("recordings", _sweep(recordings)), ("outbox", outbox.run())):
            await stack.enter_async_context(loops.running(name, loop))
        yield await stack.enter_async_context(server)


def _extension_of(board: Board, agent: str) -> str | None:
    """The extension of an agent's phone, when he is signed in at one."""
    found = board.agent(int(agent)) if agent.isascii() and agent.isdecimal() and len(agent) < 10 else None
    if found is None or found.interface is None or not found.queues:
        return None
    return found.interface.rpartition("/")[2]


def _tell_of_lost_runs(board: Board, intake: Intake) -> None:
    """Runs that another life of the service was leading: the dialplan has their callers now."""
    boot = f"{board.boot}-"
    for run in list(board.flow_runs()):
        if run.outcome is None and run.state is None:
            log.warning("flow.lost", run=run.id)
            intake.write(
                "CtiFlowEnded",
                Uniqueid=run.leg_id.removeprefix(boot),
                Run=run.id.removeprefix(boot),
                Flow=run.flow,
                Outcome=SERVICE_LOST,
            )
            survey = board.survey(run.call_id)
            if survey is not None and survey.outcome is None:
                # That its service died is no caller's doing; what he had answered counts.
                intake.write(
                    "CtiSurveyEnded",
                    Uniqueid=run.leg_id.removeprefix(boot),
                    Outcome=(survey.answered or SurveyOutcome.FAILED).value,
                )


async def _sweep(recordings: RecordingFolder) -> None:
    while True:
        await asyncio.to_thread(recordings.sweep, time.time())
        await asyncio.sleep(_SWEEP_SECONDS)
