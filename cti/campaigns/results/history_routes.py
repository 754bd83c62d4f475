"""What was decided and what was dialled in a campaign, over HTTP."""

from typing import Annotated

import msgspec
from aiohttp import web

from cti.campaigns import store
from cti.campaigns.access import READERS
from cti.campaigns.results import history_store
from cti.campaigns.results.history_shapes import (
    AttemptsQuery,
    AttemptView,
    DecisionsQuery,
    DecisionView,
    attempt_view,
    decision_view,
)
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.routing import Routes
from cti.http.shapes import Id, Page, decode_cursor, encode_cursor

routes = Routes(tag="campaigns")

# What cursors hold; whoever makes one up gets a refusal, not an error.
_Microseconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_000_000)]
_AttemptId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,160}$")]
_DecisionId = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


@routes.get("/api/v1/campaigns/{campaign_id}/attempts", roles=READERS, summary="List attempts of a campaign")
async def list_attempts(request: web.Request, campaign_id: Id, query: AttemptsQuery) -> Page[AttemptView]:
    """The newest first; with ``contact`` those of one contact."""
    before = decode_cursor(query.cursor, tuple[_Microseconds, _AttemptId]) if query.cursor else None
    async with request.app[ENGINE].connect() as connection:
        await store.read_campaign(connection, campaign_id)
        found = await history_store.page_attempts(
            connection, campaign_id, contact_id=query.contact, before=before, limit=query.limit + 1
        )
    shown = found[: query.limit]
    return Page(
        items=[attempt_view(one) for one in shown],
        next_cursor=encode_cursor(*shown[-1].place) if len(found) > query.limit else None,
    )


@routes.get(
    "/api/v1/campaigns/{campaign_id}/decisions", roles=READERS, summary="List what was decided in a campaign"
)
async def list_decisions(request: web.Request, campaign_id: Id, query: DecisionsQuery) -> Page[DecisionView]:
    """Each look at a contact, the newest first: dialled or not, and why; with ``contact`` those at one."""
    before = decode_cursor(query.cursor, tuple[_DecisionId])[0] if query.cursor else None
    async with request.app[ENGINE].connect() as connection:
        await store.read_campaign(connection, campaign_id)
        found = await history_store.page_decisions(
            connection, campaign_id, contact_id=query.contact, before=before, limit=query.limit + 1
        )
    shown, language = found[: query.limit], reader_language(request)
    return Page(
        items=[decision_view(one, language, query.time_zone) for one in shown],
        next_cursor=encode_cursor(shown[-1].id) if len(found) > query.limit else None,
    )
