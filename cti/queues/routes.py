"""Queue settings over HTTP."""

from typing import Annotated

import structlog
from aiohttp import web
from pydantic import Field

from cti.agents.directory import DIRECTORY
from cti.http.keys import ENGINE
from cti.http.principal import PERSON, Language, Principal, Role, Scope
from cti.http.routing import Routes
from cti.http.shapes import Body, Id, Items, Line
from cti.queues import store
from cti.queues.model import Queue

log = structlog.get_logger(__name__)
routes = Routes(tag="queues")

ADMIN = (Role.ADMIN,)
Extension = Annotated[str, Field(pattern=r"^[0-9]{1,16}$")]
ServiceLevelSeconds = Annotated[int, Field(ge=1, le=3600)]
ServiceLevelTarget = Annotated[float, Field(gt=0, le=1)]
WrapUpSeconds = Annotated[int, Field(ge=0, le=3600)]
MissedOffersLimit = Annotated[int, Field(ge=1, le=100)]


class NewQueue(Body):
    """A queue to add; Asterisk must have a queue of that name."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,64}$")
    title: Line
    extension: Extension | None = None
    language: Language | None = None
    service_level_seconds: ServiceLevelSeconds = 20
    service_level_target: ServiceLevelTarget = 0.8
    wrap_up_seconds: WrapUpSeconds = 30
    missed_offers_limit: MissedOffersLimit = 2
    survey: bool = True


class QueueChange(Body):
    """What to change of a queue; what is absent stays."""

    title: Line | None = None
    extension: Extension | None = None
    language: Language | None = None
    service_level_seconds: ServiceLevelSeconds | None = None
    service_level_target: ServiceLevelTarget | None = None
    wrap_up_seconds: WrapUpSeconds | None = None
    missed_offers_limit: MissedOffersLimit | None = None
    survey: bool | None = None


#: The settings that may be set to null; null for any other means "stays".
_CLEARABLE = {"extension", "language"}


@routes.get("/api/v1/queues", roles=PERSON, scope=Scope.QUEUES_READ, summary="List queues")
async def list_queues(request: web.Request) -> Items[Queue]:
    """All settings of all queues."""
    async with request.app[ENGINE].connect() as connection:
        return Items(items=await store.list_queues(connection))


@routes.post("/api/v1/queues", roles=ADMIN, status=201, summary="Add a queue")
async def create_queue(request: web.Request, principal: Principal, body: NewQueue) -> Queue:
    """The name is the one in Asterisk's configuration and never changes."""
    values = body.model_dump(mode="json", exclude={"survey"})
    async with request.app[ENGINE].begin() as connection:
        queue = await store.create_queue(connection, values, survey=body.survey)
    await request.app[DIRECTORY].refresh()
    log.info("queue.created", queue=queue.name, by=principal.key)
    return queue


@routes.patch("/api/v1/queues/{queue_id}", roles=ADMIN, summary="Change a queue")
async def change_queue(request: web.Request, principal: Principal, queue_id: Id, body: QueueChange) -> Queue:
    """Takes effect at once."""
    given = body.model_dump(mode="json", exclude={"survey"}, exclude_unset=True)
    values = {name: value for name, value in given.items() if value is not None or name in _CLEARABLE}
    async with request.app[ENGINE].begin() as connection:
        queue = await store.change_queue(connection, queue_id, values, survey=body.survey)
    await request.app[DIRECTORY].refresh()
    log.info("queue.changed", queue=queue.name, by=principal.key, fields=sorted(body.model_fields_set))
    return queue
