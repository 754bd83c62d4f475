"""The web application: every room's routes in one table, the live WebSocket, and the client's files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.agents import dial_routes, preview_routes
from cti.agents import routes as agents
from cti.agents.click_to_dial import CLICK_TO_DIAL
from cti.agents.commands import COMMANDS
from cti.agents.directory import DIRECTORY
from cti.agents.views import VIEWS
from cti.announcements import routes as announcements
from cti.announcements.board import ANNOUNCEMENTS
from cti.callbacks import agreed_routes
from cti.callbacks import routes as callbacks
from cti.callbacks.due import DUE_CALLBACKS
from cti.callbacks.keeper import CallbackKeeper
from cti.calls import disposition_routes
from cti.calls import routes as calls
from cti.campaigns import routes as campaigns
from cti.campaigns.imports import customer_routes, import_routes
from cti.campaigns.imports.import_runner import CONTACT_IMPORTS, ImportRunner
from cti.campaigns.machines import machine_routes
from cti.campaigns.results import history_routes
from cti.campaigns.results import results_routes as campaign_results
from cti.campaigns.runs import run_routes
from cti.campaigns.runs.figures import FIGURES, FigureMemory
from cti.campaigns.runs.live_reading import LIVE_READING, LiveReading
from cti.campaigns.versions import version_routes
from cti.customers import routes as customers
from cti.customers.screen_pop import ScreenPops
from cti.dialling.live_campaign import LiveSource
from cti.dialling.manual.preview import PREVIEWS, Previews
from cti.do_not_call import call_routes as call_refusals
from cti.do_not_call import import_routes as do_not_call_imports
from cti.do_not_call import routes as do_not_call
from cti.do_not_call.imports import IMPORTS
from cti.do_not_call.list import DO_NOT_CALL
from cti.hours import routes as hours
from cti.hours.opening import HOURS
from cti.http.endpoint import AUTHENTICATOR, add_routes
from cti.http.headers import add_security_headers
from cti.http.idempotency import IDEMPOTENCY
from cti.http.keys import ENGINE, REGION, UPLOADS
from cti.http.middleware import problems_for_errors
from cti.http.routing import Route, Routes
from cti.ivr import number_routes
from cti.ivr import routes as surveys
from cti.ivr.library import flow_routes, picture_routes, trial_routes
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.library.flow_check import FlowCheck
from cti.ivr.results import poll_routes, results_routes
from cti.ivr.results.poll_pages import PollPages
from cti.ivr.results.version_questions import questions_in
from cti.ivr.settings_cache import SettingsCache
from cti.ledger import routes as ledger
from cti.ledger.routes import LedgerSource
from cti.people import phone_access_routes, session_routes
from cti.people import routes as people
from cti.people.authentication import SESSIONS, SITE, THROTTLE, SiteSettings, authenticate
from cti.people.idempotency_keys import StoredKeys
from cti.people.sessions import Sessions
from cti.people.throttle import SignInThrottle
from cti.prompts import routes as prompts
from cti.prompts.repertoire import StandIn
from cti.prompts.routes import SOUNDS, SoundRoom
from cti.queues import routes as queues
from cti.reference import routes as reference
from cti.reference.book import BOOK
from cti.tasks import routes as tasks
from cti.tasks.open_tasks import OPEN_TASKS
from cti.web import live_routes, pages, status
from cti.web.desk import Desk
from cti.web.live import LIVE
from cti.web.live_campaigns import LIVE_CAMPAIGNS, LiveCampaigns
from cti.web.status import StatusSource

#: Every route of the API; roles, description and tests are made from this table.
ROUTES: Final[tuple[Routes, ...]] = (
    session_routes.routes,
    agents.routes,
    dial_routes.routes,
    preview_routes.routes,
    calls.routes,
    disposition_routes.routes,
    customers.routes,
    surveys.routes,
    flow_routes.routes,
    number_routes.routes,
    trial_routes.routes,
    picture_routes.routes,
    results_routes.routes,
    poll_routes.routes,
    live_routes.routes,
    queues.routes,
    people.routes,
    phone_access_routes.routes,
    hours.routes,
    prompts.routes,
    tasks.routes,
    announcements.routes,
    reference.routes,
    callbacks.routes,
    agreed_routes.routes,
    do_not_call_imports.routes,
    do_not_call.routes,
    call_refusals.routes,
    campaigns.routes,
    run_routes.routes,
    version_routes.routes,
    history_routes.routes,
    campaign_results.routes,
    machine_routes.routes,
    import_routes.routes,
    customer_routes.routes,
    ledger.routes,
    status.routes,
    pages.routes,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WebResources:
    """What the web application works with; the composition root opens and closes all of it."""

    engine: AsyncEngine
    desk: Desk
    pops: ScreenPops
    site: SiteSettings
    status: StatusSource
    ledger: LedgerSource
    sounds: SoundRoom
    #: How often something was played for a sound that was missing.
    stand_ins: Mapping[StandIn, int]
    callbacks: CallbackKeeper
    contact_imports: ImportRunner
    #: Where recordings lie.
    recordings_dir: Path
    flow_book: FlowBook
    ivr_settings: SettingsCache
    #: None where nobody dials.
    dialler: LiveSource | None = None
    previews: Previews | None = None
    #: The only numbers (E.164) that people who are called may see; empty: all that lead to us.
    caller_ids: tuple[str, ...] = ()
    default_region: str = "CN"
    home_zone: str = "Asia/Shanghai"
    #: The built client; None serves the API alone.
    client_dir: Path | None = None


def all_routes() -> list[Route]:
    """The one table of routes."""
    return [route for table in ROUTES for route in table]


def create_web_app(resources: WebResources) -> web.Application:
    """The application, ready to be served."""
    app = web.Application(middlewares=[problems_for_errors])
    app.on_response_prepare.append(add_security_headers)
    desk = resources.desk
    sessions = Sessions(resources.engine)
    sessions.on_end = desk.hub.session_ended
    app[ENGINE] = resources.engine
    app[REGION] = resources.default_region
    app[UPLOADS] = resources.contact_imports.folder
    app[CONTACT_IMPORTS] = resources.contact_imports
    app[FIGURES] = FigureMemory(resources.engine)
    app[LIVE_READING] = LiveReading(
        resources.engine,
        app[FIGURES],
        desk.hours,
        dialler=resources.dialler,
        caller_ids=resources.caller_ids,
        region=resources.default_region,
        zone=ZoneInfo(resources.home_zone),
    )
    app[LIVE_CAMPAIGNS] = LiveCampaigns(app[LIVE_READING])
    app[run_routes.CALLER_IDS] = resources.caller_ids
    if resources.previews is not None:
        app[PREVIEWS] = resources.previews
    if resources.dialler is not None:
        app[run_routes.DIALLER] = resources.dialler
    app[SITE] = resources.site
    app[SESSIONS] = sessions
    app[THROTTLE] = SignInThrottle()
    app[AUTHENTICATOR] = authenticate
    app[IDEMPOTENCY] = StoredKeys(resources.engine)
    app[DIRECTORY] = desk.directory
    app[COMMANDS] = desk.commands
    app[CLICK_TO_DIAL] = desk.click_to_dial
    app[DUE_CALLBACKS] = desk.callbacks
    app[VIEWS] = desk.views
    app[customers.SCREEN_POPS] = resources.pops
    app[LIVE] = desk.hub
    app[callbacks.BOARD] = desk.board
    app[callbacks.KEEPER] = resources.callbacks
    app[HOURS] = desk.hours
    app[SOUNDS] = resources.sounds
    app[OPEN_TASKS] = desk.tasks
    app[BOOK] = desk.book
    app[DO_NOT_CALL] = desk.do_not_call
    app[IMPORTS] = desk.number_imports
    app[ANNOUNCEMENTS] = desk.announcements
    app[tasks.RECORDINGS] = resources.recordings_dir
    app[calls.ASKED] = lambda flow, versions: questions_in(resources.flow_book, flow, versions)
    app[disposition_routes.DISPOSITION_SAVED] = desk.hub.agent_changed
    app[status.STATUS] = resources.status
    app[status.METRICS] = lambda: _metrics(resources)
    app[ledger.LEDGER] = resources.ledger
    app[flow_routes.FLOW_BOOK] = resources.flow_book
    app[flow_routes.FLOW_CHECK] = FlowCheck(resources.flow_book, desk.book)
    app[poll_routes.POLL_PAGES] = PollPages(resources.engine, resources.flow_book)
    app[number_routes.IVR_SETTINGS] = resources.ivr_settings
    app[pages.OPENAPI] = pages.description_of(all_routes())
    add_routes(app, *ROUTES)
    pages.add_client(app, resources.client_dir)
    app.on_shutdown.append(_send_everybody_away)
    return app


def _metrics(resources: WebResources) -> status.Metrics:
    # Loaded where a Prometheus asks, which not every installation has.
    from cti.web.metrics import read_metrics

    return read_metrics(resources.desk, resources.status, resources.ledger, resources.stand_ins)


async def _send_everybody_away(app: web.Application) -> None:
    app[LIVE].close()
