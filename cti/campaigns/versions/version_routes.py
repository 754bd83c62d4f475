"""Changing a campaign over HTTP, and the history of its changes."""

from functools import partial
from typing import Annotated

import msgspec
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store, versions_store
from cti.campaigns.access import ADMIN, READERS
from cti.campaigns.definition_problem import DefinitionProblem
from cti.campaigns.model import Campaign, CampaignDefinition
from cti.campaigns.routes import checked, field_errors
from cti.campaigns.runs.contact_counts import count_contacts
from cti.campaigns.runs.run_routes import CALLER_IDS, wake_dialler
from cti.campaigns.shapes import CampaignEdit, CampaignView, campaign_view
from cti.campaigns.versions.campaign_change import OwnNumbers, change_campaign
from cti.campaigns.versions.version_shapes import CampaignVersionView, Restoring, version_view
from cti.customers.numbers import parse_e164
from cti.http.keys import ENGINE, REGION
from cti.http.principal import Principal
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Id, Page, PageQuery, decode_cursor, encode_cursor

log = structlog.get_logger(__name__)
routes = Routes(tag="campaigns")

#: In a cursor.
_Version = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


@routes.put("/api/v1/campaigns/{campaign_id}", roles=ADMIN, summary="Change a campaign")
async def put_campaign(
    request: web.Request, principal: Principal, campaign_id: Id, body: CampaignEdit
) -> CampaignView:
    """Give it another definition, whatever its state; ``version`` is the one that was read, and with another
    there meanwhile nothing is changed. It holds from the next look at a contact. Kind, flow and queue can
    change while it does not run and no call of it is in flight.
    """
    async with request.app[ENGINE].begin() as connection:
        before = await _held(connection, campaign_id, body.version)
        definition = await checked(request, connection, body.definition(before.definition.campaign))
        campaign = await _change(request, connection, before, definition, principal)
        contacts = await count_contacts(connection, campaign_id)
    _tell(request, before, campaign, principal)
    return campaign_view(campaign, contacts)


@routes.get("/api/v1/campaigns/{campaign_id}/versions", roles=READERS, summary="List versions of a campaign")
async def list_versions(request: web.Request, campaign_id: Id, query: PageQuery) -> Page[CampaignVersionView]:
    """The newest first: who changed what, and when."""
    before = decode_cursor(query.cursor, tuple[_Version])[0] if query.cursor else None
    async with request.app[ENGINE].connect() as connection:
        await store.read_campaign(connection, campaign_id)
        found = await versions_store.page_versions(
            connection, campaign_id, before=before, limit=query.limit + 1
        )
    shown = found[: query.limit]
    return Page(
        items=[version_view(one) for one in shown],
        next_cursor=encode_cursor(shown[-1].version) if len(found) > query.limit else None,
    )


@routes.post(
    "/api/v1/campaigns/{campaign_id}/versions/{version}/restore",
    roles=ADMIN,
    summary="Bring a campaign back to an earlier version",
)
async def restore_version(
    request: web.Request, principal: Principal, campaign_id: Id, version: Id, body: Restoring
) -> CampaignView:
    """As a new version with the definition of that one, under the same conditions as any other change."""
    async with request.app[ENGINE].begin() as connection:
        before = await _held(connection, campaign_id, body.version)
        kept = await versions_store.read_version(connection, campaign_id, version)
        definition = await checked(request, connection, kept)
        campaign = await _change(request, connection, before, definition, principal, restores=version)
        contacts = await count_contacts(connection, campaign_id)
    _tell(request, before, campaign, principal)
    return campaign_view(campaign, contacts)


async def _held(connection: AsyncConnection, campaign_id: int, version: int) -> Campaign:
    """The campaign, locked, when it still is what somebody has read."""
    campaign = await store.read_campaign(connection, campaign_id, lock=True)
    if campaign.version != version:
        raise Problem("campaign.changed_meanwhile", version=campaign.version, yours=version)
    return campaign


async def _change(
    request: web.Request,
    connection: AsyncConnection,
    before: Campaign,
    wanted: CampaignDefinition,
    principal: Principal,
    *,
    restores: int | None = None,
) -> Campaign:
    own = OwnNumbers(
        e164=partial(parse_e164, default_region=request.app[REGION]), caller_ids=request.app[CALLER_IDS]
    )
    campaign, against = await change_campaign(
        connection, before, wanted, own, user_id=principal.user_id, restores=restores
    )
    _refuse(against)
    return campaign


def _refuse(against: list[DefinitionProblem]) -> None:
    if against:
        raise Problem("campaign.cannot_change", errors=field_errors(against))


def _tell(request: web.Request, before: Campaign, after: Campaign, principal: Principal) -> None:
    if after.version == before.version:
        return
    log.info("campaign.changed", campaign=after.definition.campaign, version=after.version, by=principal.key)
    wake_dialler(request)
