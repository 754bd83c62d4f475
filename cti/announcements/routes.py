"""Announcements over HTTP: an admin keeps them, a supervisor switches them."""

import time
from datetime import datetime
from typing import Annotated

import msgspec
import structlog
from aiohttp import web
from pydantic import Field

from cti.announcements import store
from cti.announcements.board import ANNOUNCEMENTS
from cti.announcements.model import Announcement, SwitchedBy
from cti.flows.words import NAME_PATTERN
from cti.http.keys import ENGINE
from cti.http.principal import Principal, Role
from cti.http.problems import invalid
from cti.http.routing import Routes
from cti.http.shapes import Body, Id, Instant, Items, Line, When, instant, instant_or_none
from cti.people.routes import QueueNames

log = structlog.get_logger(__name__)
routes = Routes(tag="announcements")

ADMIN = (Role.ADMIN,)
SWITCHERS = (Role.SUPERVISOR, Role.ADMIN)
_HISTORY_SHOWN = 100
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=64)]
PromptName = Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)]


class AnnouncementChange(Body):
    """What to change of an announcement; what is absent stays. No queue at all means all of them."""

    title_zh: Line | None = None
    title_en: Line | None = None
    prompt: PromptName | None = None
    queues: QueueNames | None = None
    hang_up: bool | None = None


class NewAnnouncement(Body):
    """An announcement to add; it is off."""

    name: Name
    title_zh: Line
    title_en: Line
    prompt: PromptName
    queues: QueueNames = Field(default_factory=list)
    hang_up: bool = False


class AnnouncementSwitch(Body):
    """On or off; on from an instant and until another, both optional."""

    on: bool
    from_at: When | None = None
    until_at: When | None = None


class AnnouncementView(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement. ``is_heard`` tells whether callers hear it now: it is on, has begun, is not over."""

    id: int
    name: str
    title_zh: str
    title_en: str
    prompt: str
    queues: list[str]
    hang_up: bool
    is_on: bool
    is_heard: bool
    from_at: Instant | None
    until_at: Instant | None
    switched_at: Instant | None
    switched_by: SwitchedBy | None
    switched_by_name: str | None


class AnnouncementHistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did with it: added, changed, on, off; by page or phone."""

    at: Instant
    act: str
    by: SwitchedBy
    user_name: str | None
    from_at: Instant | None
    until_at: Instant | None


@routes.get("/api/v1/announcements", roles=SWITCHERS, summary="List announcements")
async def list_announcements(request: web.Request) -> Items[AnnouncementView]:
    """All of them, by name."""
    async with request.app[ENGINE].connect() as connection:
        found = await store.read_announcements(connection)
    return Items(items=[_view(one) for one in found.values()])


@routes.post("/api/v1/announcements", roles=ADMIN, status=201, summary="Add an announcement")
async def create_announcement(
    request: web.Request, principal: Principal, body: NewAnnouncement
) -> AnnouncementView:
    """Its name never changes; it is off."""
    async with request.app[ENGINE].begin() as connection:
        found = await store.create_announcement(connection, body.model_dump(), user_id=principal.user_id)
    await request.app[ANNOUNCEMENTS].memory.refresh()
    log.info("announcement.created", announcement=found.name, by=principal.key)
    return _view(found)


@routes.patch("/api/v1/announcements/{announcement_id}", roles=ADMIN, summary="Change an announcement")
async def change_announcement(
    request: web.Request, principal: Principal, announcement_id: Id, body: AnnouncementChange
) -> AnnouncementView:
    """Takes effect at once."""
    values = body.model_dump(exclude_none=True)
    async with request.app[ENGINE].begin() as connection:
        found = await store.change_announcement(
            connection, announcement_id, values, user_id=principal.user_id
        )
    await request.app[ANNOUNCEMENTS].memory.refresh()
    log.info("announcement.changed", announcement=found.name, by=principal.key, fields=sorted(values))
    return _view(found)


@routes.delete("/api/v1/announcements/{announcement_id}", roles=ADMIN, summary="Take an announcement away")
async def delete_announcement(request: web.Request, principal: Principal, announcement_id: Id) -> None:
    """Nobody hears it any more; what was done with it stays known."""
    async with request.app[ENGINE].begin() as connection:
        found = await store.delete_announcement(connection, announcement_id, user_id=principal.user_id)
    await request.app[ANNOUNCEMENTS].memory.refresh()
    log.info("announcement.deleted", announcement=found.name, by=principal.key)


@routes.post(
    "/api/v1/announcements/{announcement_id}/switch", roles=SWITCHERS, summary="Switch an announcement"
)
async def switch_announcement(
    request: web.Request, principal: Principal, announcement_id: Id, body: AnnouncementSwitch
) -> AnnouncementView:
    """The next caller hears it, or hears it no more."""
    _check_order(body.from_at, body.until_at)
    async with request.app[ENGINE].begin() as connection:
        found = await store.switch_announcement(
            connection,
            announcement_id,
            on=body.on,
            from_at=body.from_at,
            until_at=body.until_at,
            user_id=principal.user_id,
            by=SwitchedBy.PAGE,
        )
    await request.app[ANNOUNCEMENTS].memory.refresh()
    log.info("announcement.switched", announcement=found.name, on=body.on, by=principal.key, way="page")
    return _view(found)


@routes.get(
    "/api/v1/announcements/{announcement_id}/history",
    roles=SWITCHERS,
    summary="Read what was done with an announcement",
)
async def read_history(request: web.Request, announcement_id: Id) -> Items[AnnouncementHistoryView]:
    """The last hundred acts, the last first."""
    async with request.app[ENGINE].connect() as connection:
        found = await store.read_announcement(connection, announcement_id)
        history = await store.read_history(connection, found.name, _HISTORY_SHOWN)
    return Items(
        items=[
            AnnouncementHistoryView(
                at=instant(entry.at.timestamp()),
                act=entry.act,
                by=entry.by,
                user_name=entry.user_name,
                from_at=_instant_or_none(entry.from_at),
                until_at=_instant_or_none(entry.until_at),
            )
            for entry in history
        ]
    )


def _check_order(from_at: datetime | None, until_at: datetime | None) -> None:
    if until_at is not None and from_at is not None and until_at <= from_at:
        raise invalid("field.until_before_from", pointer="/until_at")


def _view(one: Announcement) -> AnnouncementView:
    return AnnouncementView(
        id=one.id,
        name=one.name,
        title_zh=one.title_zh,
        title_en=one.title_en,
        prompt=one.prompt,
        queues=list(one.queues),
        hang_up=one.hang_up,
        is_on=one.is_on,
        is_heard=one.is_heard(time.time()),
        from_at=instant_or_none(one.from_at),
        until_at=instant_or_none(one.until_at),
        switched_at=instant_or_none(one.switched_at),
        switched_by=one.switched_by,
        switched_by_name=one.switched_by_name,
    )


def _instant_or_none(at: datetime | None) -> str | None:
    return None if at is None else instant(at.timestamp())
