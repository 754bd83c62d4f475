"""Contacts out of customers over HTTP: renewals by query, polls by lot. Each can be undone as an import."""

import asyncio
import secrets
from typing import Final

import structlog
from aiohttp import web

from cti.campaigns import store
from cti.campaigns.access import ADMIN, READERS
from cti.campaigns.imports import customer_contacts, imports_store
from cti.campaigns.imports.customer_shapes import (
    RenewalsFound,
    RenewalsWanted,
    SampleView,
    SampleWanted,
    sample_view,
    written,
)
from cti.campaigns.imports.import_shapes import import_view
from cti.campaigns.imports.sample import SampleTooLarge, draw
from cti.campaigns.model import ImportSource, ImportState
from cti.customers.lookup import local_today
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Principal
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Id

log = structlog.get_logger(__name__)
routes = Routes(tag="campaigns")

_SHOWN: Final = 20
_MOST_CUSTOMERS: Final = 1_000_000


@routes.post(
    "/api/v1/campaigns/{campaign_id}/renewals",
    roles=ADMIN,
    timeout_seconds=60.0,
    summary="Make contacts of subscriptions that end",
)
async def find_renewals(
    request: web.Request, principal: Principal, campaign_id: Id, body: RenewalsWanted
) -> RenewalsFound:
    """Those that are in the campaign already stay as they are, so it can be asked each day."""
    query, today = body.query(), local_today()
    row = None
    async with request.app[ENGINE].begin() as connection:
        await store.read_campaign(connection, campaign_id)
        count = await customer_contacts.count_renewals(connection, campaign_id, query, today)
        first = await customer_contacts.list_renewals(connection, query, today, limit=_SHOWN)
        if body.apply:
            row = await imports_store.create_import(
                connection,
                campaign_id,
                ImportSource.CUSTOMERS,
                user_id=principal.user_id,
                state=ImportState.DONE,
                options={"renewals": written(query), "on": today.isoformat()},
            )
            added = await customer_contacts.add_renewals(connection, campaign_id, row.id, query, today)
            await customer_contacts.note_added(connection, row.id, found=count.found, added=added)
            row = await imports_store.read_import(connection, campaign_id, row.id)
    if row is not None:
        log.info("contacts.renewals", campaign=campaign_id, added=row.added, by=principal.key)
    return RenewalsFound(
        found=count.found,
        in_campaign=count.in_campaign,
        without_number=count.without_number,
        first=first,
        contact_import=None if row is None else import_view(row, reader_language(request)),
    )


@routes.post(
    "/api/v1/campaigns/{campaign_id}/samples",
    roles=ADMIN,
    status=201,
    timeout_seconds=120.0,
    summary="Draw a random sample of customers",
)
async def draw_sample(
    request: web.Request, principal: Principal, campaign_id: Id, body: SampleWanted
) -> SampleView:
    """Who is drawn becomes a contact; seed and population are kept, so that it can be repeated."""
    wanted = body.customers.filter()
    by = list(dict.fromkeys(body.by))
    seed = body.seed or secrets.token_hex(8)
    async with request.app[ENGINE].begin() as connection:
        await store.read_campaign(connection, campaign_id)
        population = await customer_contacts.read_population(connection, wanted, by, limit=_MOST_CUSTOMERS)
        if len(population) > _MOST_CUSTOMERS:
            raise Problem("sample.population_too_large", limit=_MOST_CUSTOMERS)
        try:
            drawn, strata = await asyncio.to_thread(draw, population, body.size, seed)
        except SampleTooLarge:
            raise Problem(
                "sample.larger_than_population", population=len(population), size=body.size
            ) from None
        row = await imports_store.create_import(
            connection,
            campaign_id,
            ImportSource.SAMPLE,
            user_id=principal.user_id,
            state=ImportState.DONE,
            options={"customers": written(wanted), "by": [one.value for one in by]},
        )
        await customer_contacts.keep_sample(connection, row.id, population, drawn, strata, seed=seed)
        added = await customer_contacts.add_drawn(connection, campaign_id, row.id)
        await customer_contacts.note_added(connection, row.id, found=len(drawn), added=added)
        row = await imports_store.read_import(connection, campaign_id, row.id)
    log.info("contacts.sampled", campaign=campaign_id, added=row.added, by=principal.key)
    return sample_view(seed, strata, import_view(row, reader_language(request)), repeats=True)


@routes.get(
    "/api/v1/campaigns/{campaign_id}/imports/{import_id}/sample",
    roles=READERS,
    timeout_seconds=60.0,
    summary="Read a random sample, drawn again",
)
async def read_sample(request: web.Request, campaign_id: Id, import_id: Id) -> SampleView:
    """Seed, population and strata, and whether the same are drawn when it is drawn again."""
    async with request.app[ENGINE].connect() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id)
        kept = await customer_contacts.read_sample(connection, import_id)
        if kept is None:
            raise Problem("import.not_found", contact_import=import_id)
        members = await customer_contacts.read_members(connection, import_id)
    seed, strata = kept
    population = [(member, stratum) for member, stratum, _ in members]
    were = {member for member, _, drawn in members if drawn}
    again, _ = await asyncio.to_thread(draw, population, len(were), seed)
    return sample_view(seed, strata, import_view(row, reader_language(request)), repeats=again == were)
