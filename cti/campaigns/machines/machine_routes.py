"""Machine detection of a campaign over HTTP: what it heard, what looks like a person after all, and what
people say who look at it again.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store
from cti.campaigns.access import READERS
from cti.campaigns.machines import machine_store
from cti.campaigns.machines.machine_shapes import (
    AttemptId,
    MachinesQuery,
    MachinesView,
    Shown,
    TakenCallsPage,
    TakenCallsQuery,
    TakenCallView,
    VerdictGiven,
    VerdictQuery,
    machines_view,
    taken_call_view,
)
from cti.campaigns.machines.machine_store import CallSpan, TakenCall, TakenCalls
from cti.db.engine import is_too_slow
from cti.dialling.records import machine_reviews
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Principal
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Id, decode_cursor, encode_cursor

log = structlog.get_logger(__name__)
routes = Routes(tag="campaigns")

_DEFAULT_SPAN: Final = timedelta(days=30)
_MOST_SPAN: Final = timedelta(days=366)
_LAST: Final = 2**53 - 1
# What cursors hold; whoever makes one up gets a refusal, not an error.
_Suspicion = Annotated[int, msgspec.Meta(ge=-100, le=0)]
_Microseconds = Annotated[int, msgspec.Meta(ge=-253_402_300_799_000_000, le=0)]
_AttemptId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
_ReviewId = Annotated[int, msgspec.Meta(ge=0, le=_LAST)]


@routes.get("/api/v1/campaigns/{campaign_id}/machines", roles=READERS, summary="What machine detection heard")
async def read_machines(request: web.Request, campaign_id: Id, query: MachinesQuery) -> MachinesView:
    """How many calls were listened to, what they were taken for and why, and how many of those taken for
    machines were persons.
    """
    async with request.app[ENGINE].connect() as connection:
        campaign = await store.read_campaign(connection, campaign_id)
        span = _span(campaign_id, query)
        counts = await machine_store.count_heard(connection, span)
        silence = await machine_store.read_silence(connection, span)
    return machines_view(span, campaign.definition.machine_detection, counts, silence)


@routes.get(
    "/api/v1/campaigns/{campaign_id}/machines/calls",
    roles=READERS,
    summary="List calls that were taken for machines'",
)
async def list_taken_calls(request: web.Request, campaign_id: Id, query: TakenCallsQuery) -> TakenCallsPage:
    """Those that look like a person's, all at which nobody has looked, or those at which somebody has,
    whenever they were.
    """
    span = _span(campaign_id, query)
    async with request.app[ENGINE].connect() as connection:
        await store.read_campaign(connection, campaign_id)
        found = await _PAGES[query.show](connection, span, query)
    shown, language = found.page[: query.limit], reader_language(request)
    return TakenCallsPage(
        items=[taken_call_view(one, language, query.time_zone) for one in shown],
        next_cursor=_cursor(query.show, shown[-1]) if len(found.page) > query.limit else None,
        weighed=found.weighed,
        suspected=found.suspected,
    )


@routes.put(
    "/api/v1/campaigns/{campaign_id}/machines/calls/{attempt_id}/verdict",
    roles=READERS,
    summary="Say whether it was a person or a machine",
)
async def give_verdict(
    request: web.Request,
    principal: Principal,
    campaign_id: Id,
    attempt_id: AttemptId,
    query: VerdictQuery,
    body: VerdictGiven,
) -> TakenCallView:
    """Of a call that was taken for a machine's. A person was abandoned, so he counts among the campaign's
    abandoned calls and is not called for 72 hours; null takes the verdict back, and with it all that.
    """
    async with request.app[ENGINE].begin() as connection:
        campaign = await store.read_campaign(connection, campaign_id)
        changed = await machine_reviews.judge(
            connection,
            campaign,
            attempt_id,
            body.verdict,
            user_id=principal.user_id,
            now=datetime.now(UTC),
        )
        taken = await machine_store.read_taken(connection, campaign_id, attempt_id)
    if changed:
        log.info(
            "machine.reviewed",
            campaign=campaign_id,
            attempt=attempt_id,
            verdict=body.verdict,
            by=principal.key,
        )
    return taken_call_view(taken, reader_language(request), query.time_zone)


def _span(campaign_id: int, query: MachinesQuery) -> CallSpan:
    """Which calls.

    Raises:
        Problem: `results.span_invalid`.
    """
    to_at = query.to or datetime.now(UTC)
    from_at = query.from_ or to_at - _DEFAULT_SPAN
    if not timedelta() < to_at - from_at <= _MOST_SPAN:
        raise Problem("results.span_invalid")
    return CallSpan(campaign_id=campaign_id, from_at=from_at, to_at=to_at)


async def _suspected(connection: AsyncConnection, span: CallSpan, query: TakenCallsQuery) -> TakenCalls:
    """One page of all that are weighed.

    Raises:
        Problem: `machines.too_many`.
    """
    after = None
    if query.cursor is not None:
        after = decode_cursor(query.cursor, tuple[_Suspicion, _Microseconds, _AttemptId])
    try:
        return await machine_store.page_suspected(connection, span, after=after, limit=query.limit + 1)
    except DBAPIError as error:
        if is_too_slow(error):
            raise Problem("machines.too_many") from None
        raise


async def _by_lot(connection: AsyncConnection, span: CallSpan, query: TakenCallsQuery) -> TakenCalls:
    after = "" if query.cursor is None else decode_cursor(query.cursor, tuple[_AttemptId])[0]
    return await machine_store.page_by_lot(connection, span, after=after, limit=query.limit + 1)


async def _reviewed(connection: AsyncConnection, span: CallSpan, query: TakenCallsQuery) -> TakenCalls:
    before = _LAST if query.cursor is None else decode_cursor(query.cursor, tuple[_ReviewId])[0]
    return await machine_store.page_reviewed(
        connection, span.campaign_id, before=before, limit=query.limit + 1
    )


_PAGES: Final = {Shown.SUSPECTED: _suspected, Shown.ALL: _by_lot, Shown.REVIEWED: _reviewed}


def _cursor(show: Shown, last: TakenCall) -> str:
    if show is Shown.SUSPECTED:
        return encode_cursor(*last.place)
    return encode_cursor(last.id if show is Shown.ALL or last.review_id is None else last.review_id)
