"""Flows drawn, and recorded calls gone through again in a changed flow, over HTTP."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from aiohttp import web
from pydantic import Field

from cti.calls.flow_run import HANDED_OVER
from cti.flows.drawing import Traffic, draw
from cti.flows.model import Flow
from cti.flows.retrace import Difference, DifferenceKind, retrace
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Language
from cti.http.routing import Routes
from cti.http.shapes import Instant, Query, instant
from cti.ivr.library import traces_store
from cti.ivr.library.flow_routes import FLOW_BOOK, FLOW_CHECK, LEADERS, FlowName, Version
from cti.ivr.library.traces_store import RecordedRun
from cti.ivr.library.trial_routes import TriedBody, TriedFlow, tried_flow
from cti.prompts import table as prompts

routes = Routes(tag="flows")

_SVG: Final = "image/svg+xml"
Calls = Annotated[int, Field(ge=1, le=10_000)]


class DrawingQuery(Query):
    """Of a version, or the active one; with ``calls`` how many of the last so many calls through that version
    took each way. In the reader's language without ``language``.
    """

    version: Version | None = None
    calls: Calls | None = None
    language: Language | None = None


class ReplayBody(TriedBody):
    """In which flow, and how many of the last calls."""

    calls: int = Field(50, ge=1, le=200)


class ReplayedCallView(msgspec.Struct, frozen=True, kw_only=True):
    """A call that would have been different, with the version that it went through then."""

    run_id: str
    call_id: str
    started_at: Instant
    version: str
    differences: list[Difference]


class ReplayView(msgspec.Struct, frozen=True, kw_only=True):
    """So many calls were gone through again; ``same`` would have been as they were, ``different`` not."""

    version: str
    calls: int
    same: int
    different: list[ReplayedCallView]


@routes.get("/api/v1/flows/{flow}/drawing", roles=LEADERS, media_type=_SVG, summary="Draw a flow")
async def draw_flow(request: web.Request, flow: FlowName, query: DrawingQuery) -> web.Response:
    """SVG without scripts. Each step has `data-step`, each way `data-from`, `data-to` and `data-ways`."""
    body = TriedBody(version=query.version)
    tried = await tried_flow(request.app[FLOW_BOOK], request.app[FLOW_CHECK], flow, body)
    traffic = None
    if query.calls is not None:
        async with request.app[ENGINE].connect() as connection:
            traffic = await traces_store.count_ways(
                connection, flow, version=tried.version, limit=query.calls
            )
    return await _picture(request, tried.flows[flow], query.language, traffic)


@routes.post("/api/v1/flows/{flow}/drawing", roles=LEADERS, media_type=_SVG, summary="Draw a text")
async def draw_flow_text(request: web.Request, flow: FlowName, body: TriedBody) -> web.Response:
    """The picture of a text that is not kept yet. Mistakes are a problem `flow.invalid`."""
    tried = await tried_flow(request.app[FLOW_BOOK], request.app[FLOW_CHECK], flow, body)
    return await _picture(request, tried.flows[flow], None, None)


async def _picture(
    request: web.Request, flow: Flow, language: Language | None, traffic: Traffic | None
) -> web.Response:
    words = (language or reader_language(request)).value
    picture = await asyncio.to_thread(draw, flow, texts=prompts.texts, language=words, traffic=traffic)
    return web.Response(text=picture, content_type=_SVG, headers={"Cache-Control": "no-store"})


@routes.post(
    "/api/v1/flows/{flow}/replay", roles=LEADERS, summary="Go through recorded calls in another version"
)
async def replay_flow(request: web.Request, flow: FlowName, body: ReplayBody) -> ReplayView:
    """What callers keyed is keyed again, and others do what they did. Where the flow asks what a caller was
    never asked, the comparison of his call ends with `unknown`.
    """
    tried = await tried_flow(request.app[FLOW_BOOK], request.app[FLOW_CHECK], flow, body)
    async with request.app[ENGINE].connect() as connection:
        runs = await traces_store.read_runs(connection, flow, limit=body.calls)
    different = await asyncio.to_thread(_different, runs, tried, flow)
    return ReplayView(
        version=tried.version, calls=len(runs), same=len(runs) - len(different), different=different
    )


def _different(runs: Sequence[RecordedRun], tried: TriedFlow, flow: str) -> list[ReplayedCallView]:
    found = [(run, _differences(run, tried, flow)) for run in runs]
    return [
        ReplayedCallView(
            run_id=run.run_id,
            call_id=run.call_id,
            started_at=instant(run.started_at.timestamp()),
            version=run.version,
            differences=differences,
        )
        for run, differences in found
        if differences
    ]


def _differences(run: RecordedRun, tried: TriedFlow, flow: str) -> list[Difference]:
    found = retrace(run.trace, tried.flows, flow)
    if run.trace.outcome == HANDED_OVER:
        # He did not come back from the queue, so that nobody knows how it went on is as it was.
        return [one for one in found if (one.kind, one.where) != (DifferenceKind.UNKNOWN, run.last_step)]
    return found
