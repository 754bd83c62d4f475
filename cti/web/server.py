"""The web application: every room's routes in one table, the live WebSocket, and the client's files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.http.endpoint import AUTHENTICATOR, add_routes
from cti.http.headers import add_security_headers
from cti.http.idempotency import IDEMPOTENCY
from cti.http.keys import ENGINE
from cti.http.middleware import problems_for_errors
from cti.http.routing import Route, Routes
from cti.people import routes as people
from cti.people import session_routes
from cti.people.authentication import SESSIONS, SITE, THROTTLE, SiteSettings, authenticate
from cti.people.idempotency_keys import StoredKeys
from cti.people.sessions import Sessions
from cti.people.throttle import SignInThrottle
from cti.web import pages

#: Every route of the API; roles, description and tests are made from this table.
ROUTES: Final[tuple[Routes, ...]] = (session_routes.routes, people.routes, pages.routes)

_KEEPALIVE_SECONDS: Final = 75.0


@dataclass(frozen=True, kw_only=True, slots=True)
class WebResources:
    """What the web application works with; the composition root opens and closes all of it."""

    engine: AsyncEngine
    site: SiteSettings
    #: The built client; None serves the API alone.
    client_dir: Path | None = None


def all_routes() -> list[Route]:
    """The one table of routes."""
    return [route for table in ROUTES for route in table]


def create_web_app(resources: WebResources) -> web.Application:
    """The application, ready to be served."""
    app = web.Application(middlewares=[problems_for_errors])
    app.on_response_prepare.append(add_security_headers)
    app[ENGINE] = resources.engine
    app[SITE] = resources.site
    app[SESSIONS] = Sessions(resources.engine)
    app[THROTTLE] = SignInThrottle()
    app[AUTHENTICATOR] = authenticate
    app[IDEMPOTENCY] = StoredKeys(resources.engine)
    app[pages.OPENAPI] = pages.describe(all_routes())
    add_routes(app, *ROUTES)
    pages.add_client(app, resources.client_dir)
    return app


@asynccontextmanager
async def serve(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Listen; yields the port (the chosen one when ``port`` is 0), and closes everything at the end."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        auto_decompress=False,
        keepalive_timeout=_KEEPALIVE_SECONDS,
        shutdown_timeout=2.0,
        max_line_size=8190,
        max_field_size=8190,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
