"""How the service is: a word for everybody, details for supervisors, figures for Prometheus."""

from collections.abc import Callable

import msgspec
from aiohttp import web

from cti.http.principal import Role, Scope
from cti.http.routing import PUBLIC, Routes
from cti.http.shapes import Instant

routes = Routes(tag="status")


class AmiStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The connection to Asterisk."""

    state: str
    since: Instant | None
    last_error: str | None


class JournalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The journal: the last position taken, and the last one that is safe on disk."""

    position: int
    durable_position: int
    health: str
    #: What the disk said, while it takes nothing.
    error: str | None = None


class RecorderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The recorder: up to where the database has everything, and how far behind that is."""

    position: int
    lag_seconds: float | None
    state: str


class DatabaseStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The database: `up` or `down`."""

    state: str


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole service."""

    ami: AmiStatus
    journal: JournalStatus
    recorder: RecorderStatus
    database: DatabaseStatus
    #: The longest that the event loop was kept busy in the last half minute to minute.
    loop_lag_seconds: float
    version: str

    @property
    def healthy(self) -> bool:
        """Whether everything works."""
        return (
            self.ami.state == "ready"
            and self.journal.health == "ok"
            and self.recorder.state == "writing"
            and self.database.state == "up"
        )


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`ok` or `degraded`; calls go on in either case."""

    status: str


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of this moment as Prometheus reads them."""

    text: bytes
    media_type: str


StatusSource = Callable[[], ServiceStatus]

STATUS: web.AppKey[StatusSource] = web.AppKey("status")
METRICS: web.AppKey[Callable[[], Metrics]] = web.AppKey("metrics")


@routes.get("/api/v1/health", roles=PUBLIC, summary="Whether the service is well")
async def read_health(request: web.Request) -> Health:
    """No details."""
    return Health(status="ok" if request.app[STATUS]().healthy else "degraded")


@routes.get("/api/v1/status", roles=(Role.SUPERVISOR, Role.ADMIN), summary="How the service is")
async def read_status(request: web.Request) -> ServiceStatus:
    """Its connections and how far behind they are."""
    return request.app[STATUS]()


@routes.get(
    "/metrics", roles=(Role.ADMIN,), scope=Scope.METRICS_READ, media_type="text/plain", summary="Figures"
)
async def read_metrics(request: web.Request) -> web.Response:
    """In Prometheus' text format."""
    metrics = request.app[METRICS]()
    return web.Response(body=metrics.text, headers={"Content-Type": metrics.media_type})
