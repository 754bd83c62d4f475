"""Flows over HTTP: versions, which of them callers get, and going back."""

from typing import Annotated, Final

import structlog
from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.flows.likeness import unified
from cti.flows.version import VERSION_PATTERN, normalised
from cti.flows.words import NAME_PATTERN
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Principal, Role
from cti.http.problems import Problem
from cti.http.routing import Reply, Routes
from cti.http.shapes import Body, Items, Page, PageQuery, PlainText, Query, decode_cursor, encode_cursor
from cti.ivr.library import flow_store, traces_store
from cti.ivr.library.flow_book import FlowBook, new_version
from cti.ivr.library.flow_check import FlowCheck
from cti.ivr.library.flow_store import StoredFlow
from cti.ivr.library.flow_views import (
    ActivationView,
    AddedVersionView,
    CheckedFlowView,
    FlowDiffView,
    FlowTextView,
    FlowVersionView,
    FlowView,
    activation_view,
    flow_view,
    version_view,
)
from cti.ivr.store import read_settings

log = structlog.get_logger(__name__)
routes = Routes(tag="flows")

#: The versions that calls go through.
FLOW_BOOK: web.AppKey[FlowBook] = web.AppKey("flow_book")
#: What tells a flow from a text that is none.
FLOW_CHECK: web.AppKey[FlowCheck] = web.AppKey("flow_check")

LEADERS: Final = (Role.SUPERVISOR, Role.ADMIN)
ADMIN: Final = (Role.ADMIN,)

FlowName = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
Version = Annotated[str, Field(pattern=VERSION_PATTERN)]
#: A file; with it the body may be as large as bodies may be.
FlowText = Annotated[PlainText, Field(min_length=1, max_length=60_000)]


class FlowTextBody(Body):
    """A text, YAML, to be looked at."""

    text: FlowText


class NewVersionBody(Body):
    """A text to be kept, and why it was changed. With ``new_flow`` it must not be of a flow that is there."""

    text: FlowText
    note: Annotated[PlainText, Field(max_length=500)] = ""
    new_flow: bool = False


class ActivateBody(Body):
    """Which version callers get from now on. ``active`` is the one that its reader saw active: when another
    is by now, nothing is changed.
    """

    version: Version
    active: Version | None = None


class GoBackBody(Body):
    """``active`` is the version that its reader saw active: when another is by now, nothing is changed."""

    active: Version


class DiffQuery(Query):
    """Against which version; the active one when none is given."""

    against: Version | None = None


@routes.get("/api/v1/flows", roles=LEADERS, summary="List flows")
async def list_flows(request: web.Request) -> Items[FlowView]:
    """By name, each with its active version and the numbers that lead to it."""
    async with request.app[ENGINE].connect() as connection:
        found = await flow_store.list_flows(connection)
        return Items(items=await _views(request, connection, found))


@routes.get("/api/v1/flows/{flow}", roles=LEADERS, summary="Read a flow")
async def read_flow(request: web.Request, flow: FlowName) -> FlowView:
    """Its active version, the one before, and one that came with the service and waits."""
    async with request.app[ENGINE].connect() as connection:
        return await _view(request, connection, flow)


@routes.get("/api/v1/flows/{flow}/versions", roles=LEADERS, summary="List versions of a flow")
async def list_flow_versions(request: web.Request, flow: FlowName) -> Items[FlowVersionView]:
    """The newest first."""
    async with request.app[ENGINE].connect() as connection:
        active = (await flow_store.read_flow(connection, flow)).active_version
        found = await flow_store.list_versions(connection, flow)
    return Items(items=[version_view(version, active=active) for version in found])


@routes.get("/api/v1/flows/{flow}/versions/{version}", roles=LEADERS, summary="Read a version of a flow")
async def read_flow_version(request: web.Request, flow: FlowName, version: Version) -> FlowTextView:
    """With its text as it was given."""
    async with request.app[ENGINE].connect() as connection:
        active = (await flow_store.read_flow(connection, flow)).active_version
        found = await flow_store.read_version(connection, flow, version)
    return FlowTextView(version=version_view(found, active=active), text=found.text)


@routes.get("/api/v1/flows/{flow}/versions/{version}/diff", roles=LEADERS, summary="Compare two versions")
async def compare_flow_versions(
    request: web.Request, flow: FlowName, version: Version, query: DiffQuery
) -> FlowDiffView:
    """What leads from the other version to this one, line by line."""
    async with request.app[ENGINE].connect() as connection:
        active = (await flow_store.read_flow(connection, flow)).active_version
        to = await flow_store.read_version(connection, flow, version)
        from_ = await flow_store.read_version(connection, flow, query.against or active or version)
    diff = unified(
        normalised(from_.text),
        normalised(to.text),
        from_name=f"{flow}.yaml {from_.version}",
        to_name=f"{flow}.yaml {to.version}",
    )
    return FlowDiffView(from_version=from_.version, to_version=to.version, diff=diff)


@routes.post("/api/v1/flows/{flow}/check", roles=ADMIN, summary="Look for mistakes in a text")
async def check_flow(request: web.Request, flow: FlowName, body: FlowTextBody) -> CheckedFlowView:
    """Nothing is kept. Mistakes are a problem `flow.invalid` with the line and column of each."""
    checked = await request.app[FLOW_CHECK].check(flow, body.text)
    new = new_version(body.text, checked.flow)
    return CheckedFlowView(
        version=new.version,
        kind=new.kind,
        title=new.title,
        warnings=checked.warnings_in(reader_language(request)),
    )


@routes.post("/api/v1/flows/{flow}/versions", roles=ADMIN, status=201, summary="Add a version of a flow")
async def add_flow_version(
    request: web.Request, principal: Principal, flow: FlowName, body: NewVersionBody
) -> Reply[AddedVersionView]:
    """Callers do not get it before it is activated. A text with mistakes is not kept: `flow.invalid`."""
    checked = await request.app[FLOW_CHECK].check(flow, body.text)
    new = new_version(body.text, checked.flow, body.note)
    async with request.app[ENGINE].begin() as connection:
        added = await flow_store.add_version(connection, new, by=principal.user_id, new_flow=body.new_flow)
    log.info("flow.version_added", flow=flow, version=new.version, by=principal.key)
    warnings = checked.warnings_in(reader_language(request))
    return Reply(
        content=AddedVersionView(version=new.version, added=added, warnings=warnings),
        status=201 if added else 200,
    )


@routes.post("/api/v1/flows/{flow}/activate", roles=ADMIN, summary="Activate a version of a flow")
async def activate_flow_version(
    request: web.Request, principal: Principal, flow: FlowName, body: ActivateBody
) -> FlowView:
    """Calls that begin from now on get it; those that go on keep theirs. It is looked through once more."""
    async with request.app[ENGINE].connect() as connection:
        await _check_stored(request, connection, flow, body.version)
    async with request.app[ENGINE].begin() as connection:
        await flow_store.activate(connection, flow, body.version, seen=body.active, by=principal.user_id)
    log.info("flow.activated", flow=flow, version=body.version, by=principal.key)
    return await _after_change(request, flow)


@routes.post("/api/v1/flows/{flow}/back", roles=ADMIN, summary="Go back to the version before")
async def go_back_to_flow_version(
    request: web.Request, principal: Principal, flow: FlowName, body: GoBackBody
) -> FlowView:
    """Makes the version active that was it before; doing so once more leads forth again."""
    async with request.app[ENGINE].connect() as connection:
        before = (await flow_store.read_flow(connection, flow)).previous_version
        if before is not None:
            await _check_stored(request, connection, flow, before)
    async with request.app[ENGINE].begin() as connection:
        await flow_store.go_back(connection, flow, seen=body.active, by=principal.user_id)
    log.info("flow.went_back", flow=flow, version=before, by=principal.key)
    return await _after_change(request, flow)


@routes.get("/api/v1/flows/{flow}/activations", roles=LEADERS, summary="List activations of a flow")
async def list_flow_activations(
    request: web.Request, flow: FlowName, query: PageQuery
) -> Page[ActivationView]:
    """Which version was active since when, and by whom, the newest first."""
    below = decode_cursor(query.cursor, tuple[int])[0] if query.cursor else None
    async with request.app[ENGINE].connect() as connection:
        await flow_store.read_flow(connection, flow)
        found, following = await flow_store.page_activations(connection, flow, limit=query.limit, below=below)
    return Page(
        items=[activation_view(one) for one in found],
        next_cursor=encode_cursor(following) if following is not None else None,
    )


async def _check_stored(request: web.Request, connection: AsyncConnection, flow: str, version: str) -> None:
    kind = (await flow_store.read_flow(connection, flow)).kind
    stored = await flow_store.read_version(connection, flow, version)
    checked = await request.app[FLOW_CHECK].check(flow, stored.text)
    if checked.flow.kind.value != kind:
        raise Problem("flow.kind_changed", kind=kind)


async def _after_change(request: web.Request, flow: str) -> FlowView:
    await request.app[FLOW_BOOK].refresh()
    async with request.app[ENGINE].connect() as connection:
        return await _view(request, connection, flow)


async def _view(request: web.Request, connection: AsyncConnection, flow: str) -> FlowView:
    found = await flow_store.read_flow(connection, flow)
    return (await _views(request, connection, [found]))[0]


async def _views(
    request: web.Request, connection: AsyncConnection, found: list[StoredFlow]
) -> list[FlowView]:
    numbers: dict[str, list[str]] = {}
    for route in (await read_settings(connection)).routes.values():
        if route.flow is not None:
            numbers.setdefault(route.flow, []).append(route.dnis)
    broken = request.app[FLOW_BOOK].broken
    calls = await traces_store.count_recent(connection)
    return [
        flow_view(
            flow,
            numbers=sorted(numbers.get(flow.name, [])),
            broken=broken.get((flow.name, flow.active_version or "")),
            recent_calls=calls.get(flow.name, 0),
        )
        for flow in found
    ]
