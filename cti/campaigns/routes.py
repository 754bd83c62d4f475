"""Campaigns over HTTP: an admin defines them and says whom they are to reach."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated

import msgspec
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store
from cti.campaigns.access import ADMIN, READERS
from cti.campaigns.definition_check import check
from cti.campaigns.definition_file import definition_text
from cti.campaigns.definition_problem import DefinitionProblem
from cti.campaigns.imports import imports_store
from cti.campaigns.imports.import_runner import CONTACT_IMPORTS
from cti.campaigns.model import CampaignDefinition, Contact, ContactCounts
from cti.campaigns.runs.contact_counts import count_contacts
from cti.campaigns.runs.figures import FIGURES
from cti.campaigns.shapes import (
    CampaignCopy,
    CampaignView,
    ContactsQuery,
    ContactView,
    NewCampaign,
    NewContact,
    campaign_view,
    contact_view,
)
from cti.customers.numbers import parse_e164, search_prefixes
from cti.http.keys import ENGINE, REGION
from cti.http.principal import Principal, Scope
from cti.http.problems import FieldError, Problem
from cti.http.routing import Routes
from cti.http.shapes import Id, Items, Page, decode_cursor, encode_cursor

log = structlog.get_logger(__name__)
routes = Routes(tag="campaigns")

#: Of a contact, in a cursor.
_Place = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


@routes.get("/api/v1/campaigns", roles=READERS, summary="List campaigns")
async def list_campaigns(request: web.Request) -> Items[CampaignView]:
    """All of them, by name, with how many contacts each has."""
    async with request.app[ENGINE].connect() as connection:
        found = await store.list_campaigns(connection)
    counts = await request.app[FIGURES].contacts()
    return Items(items=[campaign_view(one, counts.get(one.id, ContactCounts())) for one in found])


@routes.post("/api/v1/campaigns", roles=ADMIN, status=201, summary="Add a campaign")
async def create_campaign(request: web.Request, principal: Principal, body: NewCampaign) -> CampaignView:
    """As a draft."""
    async with request.app[ENGINE].begin() as connection:
        definition = await checked(request, connection, body.definition(body.campaign))
        campaign = await store.create_campaign(connection, definition, user_id=principal.user_id)
    log.info("campaign.created", campaign=body.campaign, by=principal.key)
    return campaign_view(campaign, ContactCounts())


@routes.get("/api/v1/campaigns/{campaign_id}", roles=READERS, summary="Read a campaign")
async def read_campaign(request: web.Request, campaign_id: Id) -> CampaignView:
    """Its definition, where it stands, and how many contacts it has."""
    async with request.app[ENGINE].connect() as connection:
        campaign = await store.read_campaign(connection, campaign_id)
        return campaign_view(campaign, await count_contacts(connection, campaign_id))


@routes.get(
    "/api/v1/campaigns/{campaign_id}/definition.yaml",
    roles=READERS,
    media_type="application/yaml",
    summary="Read a campaign's definition as a file",
)
async def read_definition(request: web.Request, campaign_id: Id) -> web.Response:
    """As `cti campaign apply` takes it."""
    async with request.app[ENGINE].connect() as connection:
        campaign = await store.read_campaign(connection, campaign_id)
    return web.Response(
        text=definition_text(campaign.definition),
        content_type="application/yaml",
        headers={"Cache-Control": "no-store"},
    )


@routes.delete("/api/v1/campaigns/{campaign_id}", roles=ADMIN, summary="Take a campaign away")
async def delete_campaign(request: web.Request, principal: Principal, campaign_id: Id) -> None:
    """A draft without contacts."""
    async with request.app[ENGINE].begin() as connection:
        imports = await imports_store.list_imports(connection, campaign_id)
        name = await store.delete_campaign(connection, campaign_id)
    request.app[CONTACT_IMPORTS].forget(one.id for one in imports)
    log.info("campaign.deleted", campaign=name, by=principal.key)


@routes.post(
    "/api/v1/campaigns/{campaign_id}/copy", roles=ADMIN, status=201, summary="Copy a campaign's definition"
)
async def copy_campaign(
    request: web.Request, principal: Principal, campaign_id: Id, body: CampaignCopy
) -> CampaignView:
    """A draft of another name, with everything of the first but its contacts."""
    async with request.app[ENGINE].begin() as connection:
        original = await store.read_campaign(connection, campaign_id)
        renamed = msgspec.structs.replace(original.definition, campaign=body.campaign)
        definition = await checked(request, connection, renamed)
        campaign = await store.create_campaign(connection, definition, user_id=principal.user_id)
    log.info("campaign.copied", campaign=body.campaign, of=campaign_id, by=principal.key)
    return campaign_view(campaign, ContactCounts())


@routes.get("/api/v1/campaigns/{campaign_id}/contacts", roles=READERS, summary="List contacts of a campaign")
async def list_contacts(request: web.Request, campaign_id: Id, query: ContactsQuery) -> Page[ContactView]:
    """In the order in which they were added."""
    after = 0 if query.cursor is None else decode_cursor(query.cursor, tuple[_Place])[0]
    prefixes: tuple[str, ...] = ()
    if query.number is not None:
        prefixes = search_prefixes(query.number, request.app[REGION])
        if not prefixes:
            raise Problem("request.invalid", errors=[FieldError(code="field.number", parameter="number")])
    async with request.app[ENGINE].connect() as connection:
        await store.read_campaign(connection, campaign_id)
        found = await store.page_contacts(
            connection, campaign_id, prefixes=prefixes, after=after, limit=query.limit + 1
        )
    shown = found[: query.limit]
    return Page(
        items=[contact_view(row) for row in shown],
        next_cursor=encode_cursor(shown[-1].id) if len(found) > query.limit else None,
    )


@routes.post(
    "/api/v1/campaigns/{campaign_id}/contacts",
    roles=ADMIN,
    scope=Scope.CONTACTS_WRITE,
    status=201,
    summary="Add a contact to a campaign",
)
async def add_contact(
    request: web.Request, principal: Principal, campaign_id: Id, body: NewContact
) -> ContactView:
    """One alone, in any state of the campaign: while it runs he is called when his turn comes. A campaign has
    a number only once.
    """
    contact = _contact(body, request.app[REGION])
    async with request.app[ENGINE].begin() as connection:
        await store.read_campaign(connection, campaign_id)
        row = await store.add_contact(connection, campaign_id, contact)
    log.info("contact.added", campaign=campaign_id, contact=row.id, by=principal.key)
    return contact_view(row)


@routes.delete(
    "/api/v1/campaigns/{campaign_id}/contacts/{contact_id}", roles=ADMIN, summary="Take a contact away"
)
async def delete_contact(request: web.Request, principal: Principal, campaign_id: Id, contact_id: Id) -> None:
    """Out of this campaign; it may be added again."""
    async with request.app[ENGINE].begin() as connection:
        await store.delete_contact(connection, campaign_id, contact_id)
    log.info("contact.deleted", campaign=campaign_id, contact=contact_id, by=principal.key)


async def checked(
    request: web.Request, connection: AsyncConnection, definition: CampaignDefinition
) -> CampaignDefinition:
    """The definition with its numbers in E.164.

    Raises:
        Problem: `campaign.invalid` with all that is wrong with it.
    """
    known = await store.read_known(connection, partial(parse_e164, default_region=request.app[REGION]))
    definition, problems = check(definition, known)
    if problems:
        raise Problem("campaign.invalid", errors=field_errors(problems))
    return definition


def field_errors(problems: Iterable[DefinitionProblem]) -> list[FieldError]:
    """What is wrong, each at its word."""
    return [
        FieldError(code=one.code, pointer="".join(f"/{part}" for part in one.path), params=one.params)
        for one in problems
    ]


def _contact(body: NewContact, region: str) -> Contact:
    written = [("/phone", body.phone), *((f"/other_phones/{i}", n) for i, n in enumerate(body.other_phones))]
    numbers = [(pointer, parse_e164(number, region)) for pointer, number in written]
    wrong = [FieldError(code="field.number", pointer=pointer) for pointer, e164 in numbers if e164 is None]
    if wrong:
        raise Problem("request.invalid", errors=wrong)
    phone, *others = dict.fromkeys(e164 for _, e164 in numbers if e164 is not None)
    values = body.model_dump(mode="json", exclude={"phone", "other_phones"})
    return Contact(phone=phone, other_phones=tuple(others), **values)
