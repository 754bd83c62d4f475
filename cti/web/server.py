"""The web application: every room's routes in one table, the live WebSocket, and the client's files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.agents import routes as agents
from cti.agents.commands import COMMANDS
from cti.agents.directory import DIRECTORY
from cti.agents.views import VIEWS
from cti.calls import routes as calls
from cti.customers import routes as customers
from cti.customers.screen_pop import ScreenPops
from cti.http.endpoint import AUTHENTICATOR, add_routes
from cti.http.headers import add_security_headers
from cti.http.idempotency import IDEMPOTENCY
from cti.http.keys import ENGINE, REGION
from cti.http.middleware import problems_for_errors
from cti.http.routing import Route, Routes
from cti.ivr import routes as surveys
from cti.ledger import routes as ledger
from cti.ledger.routes import LedgerSource
from cti.people import routes as people
from cti.people import session_routes
from cti.people.authentication import SESSIONS, SITE, THROTTLE, SiteSettings, authenticate
from cti.people.idempotency_keys import StoredKeys
from cti.people.sessions import Sessions
from cti.people.throttle import SignInThrottle
from cti.queues import routes as queues
from cti.web import live_routes, pages, status
from cti.web.desk import Desk
from cti.web.live import LIVE
from cti.web.metrics import registry_for
from cti.web.status import StatusSource

#: Every route of the API; roles, description and tests are made from this table.
ROUTES: Final[tuple[Routes, ...]] = (
    session_routes.routes,
    agents.routes,
    calls.routes,
    customers.routes,
    surveys.routes,
    live_routes.routes,
    queues.routes,
    people.routes,
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
    default_region: str = "CN"
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
    app[SITE] = resources.site
    app[SESSIONS] = sessions
    app[THROTTLE] = SignInThrottle()
    app[AUTHENTICATOR] = authenticate
    app[IDEMPOTENCY] = StoredKeys(resources.engine)
    app[DIRECTORY] = desk.directory
    app[COMMANDS] = desk.commands
    app[VIEWS] = desk.views
    app[customers.SCREEN_POPS] = resources.pops
    app[LIVE] = desk.hub
    app[calls.DISPOSITION_SAVED] = desk.hub.agent_changed
    app[status.STATUS] = resources.status
    app[status.METRICS] = registry_for(desk, resources.status, resources.ledger)
    app[ledger.LEDGER] = resources.ledger
    app[pages.OPENAPI] = pages.describe(all_routes())
    add_routes(app, *ROUTES)
    pages.add_client(app, resources.client_dir)
    app.on_shutdown.append(_send_everybody_away)
    return app


async def _send_everybody_away(app: web.Application) -> None:
    app[LIVE].close()
