"""Starting, pausing, draining and stopping campaigns over HTTP, and the switch that ends all dialling.

Here only what is wanted is written down. Who dials reads it, and does it.
"""

from collections.abc import Collection

import structlog
from aiohttp import web

from cti.campaigns import store
from cti.campaigns.access import ADMIN, READERS
from cti.campaigns.runs import run_store
from cti.campaigns.runs.live_reading import LIVE_READING
from cti.campaigns.runs.run_shapes import (
    KillSwitchChange,
    KillSwitchView,
    LiveView,
    StandingView,
    kill_switch_view,
    standing_view,
)
from cti.campaigns.runs.running import Hindrance, Order, state_after
from cti.dialling.live_campaign import LiveSource
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Principal
from cti.http.problems import FieldError, Problem
from cti.http.routing import Nothing, Routes
from cti.http.shapes import Id

log = structlog.get_logger(__name__)
routes = Routes(tag="campaigns")

#: Who dials here; absent where nobody does.
DIALLER: web.AppKey[LiveSource] = web.AppKey("dialler")
#: The only numbers (E.164) that people who are called may see; empty: all that lead to us.
CALLER_IDS: web.AppKey[Collection[str]] = web.AppKey("caller ids")


@routes.get("/api/v1/campaigns/{campaign_id}/live", roles=READERS, summary="Read a campaign's live figures")
async def read_live(request: web.Request, campaign_id: Id) -> LiveView:
    """Where it stands, what keeps it from being started, what has come of it, and what happens now; the same
    as on the live connection.
    """
    return await request.app[LIVE_READING].read(campaign_id, reader_language(request))


@routes.post("/api/v1/campaigns/{campaign_id}/start", roles=ADMIN, summary="Start a campaign")
async def start_campaign(
    request: web.Request,
    principal: Principal,
    campaign_id: Id,
    body: Nothing,  # noqa: ARG001
) -> StandingView:
    """From now on people are called. Refused with all that stands against it; one that runs goes on."""
    return await _carry_out(request, principal, campaign_id, Order.START)


@routes.post("/api/v1/campaigns/{campaign_id}/pause", roles=ADMIN, summary="Pause a campaign")
async def pause_campaign(
    request: web.Request,
    principal: Principal,
    campaign_id: Id,
    body: Nothing,  # noqa: ARG001
) -> StandingView:
    """No further call is made; those in flight go on."""
    return await _carry_out(request, principal, campaign_id, Order.PAUSE)


@routes.post("/api/v1/campaigns/{campaign_id}/drain", roles=ADMIN, summary="Let a campaign run dry")
async def drain_campaign(
    request: web.Request,
    principal: Principal,
    campaign_id: Id,
    body: Nothing,  # noqa: ARG001
) -> StandingView:
    """No further call is made; when the last in flight has ended it is paused."""
    return await _carry_out(request, principal, campaign_id, Order.DRAIN)


@routes.post("/api/v1/campaigns/{campaign_id}/stop", roles=ADMIN, summary="Stop a campaign at once")
async def stop_campaign(
    request: web.Request,
    principal: Principal,
    campaign_id: Id,
    body: Nothing,  # noqa: ARG001
) -> StandingView:
    """No further call is made, and what rings is given up; who talks goes on."""
    return await _carry_out(request, principal, campaign_id, Order.STOP)


@routes.get("/api/v1/dialling/kill-switch", roles=READERS, summary="Is all dialling switched off?")
async def read_kill_switch(request: web.Request) -> KillSwitchView:
    """With who switched last, and when."""
    async with request.app[ENGINE].connect() as connection:
        return kill_switch_view(await run_store.read_kill_switch(connection))


@routes.put("/api/v1/dialling/kill-switch", roles=ADMIN, summary="Switch all dialling off, or on again")
async def set_kill_switch(
    request: web.Request, principal: Principal, body: KillSwitchChange
) -> KillSwitchView:
    """Of all campaigns, callbacks and agents. Calls that were answered go on; campaigns keep their states."""
    async with request.app[ENGINE].begin() as connection:
        changed = await run_store.set_kill_switch(connection, on=body.on, user_id=principal.user_id)
        switch = await run_store.read_kill_switch(connection)
    if changed:
        log.warning("dialling.switched", kill_switch=body.on, by=principal.key)
        wake_dialler(request)
    return kill_switch_view(switch)


async def _carry_out(
    request: web.Request, principal: Principal, campaign_id: int, order: Order
) -> StandingView:
    async with request.app[ENGINE].begin() as connection:
        campaign = await store.read_campaign(connection, campaign_id, lock=True)
        wanted = state_after(campaign.state, order)
        if wanted is None:
            raise Problem("campaign.order_not_now")
        if wanted is not campaign.state:
            if order is Order.START:
                _refuse(await request.app[LIVE_READING].hindrances(connection, campaign))
            await run_store.set_state(connection, campaign_id, wanted, user_id=principal.user_id)
        standing = await run_store.read_standing(connection, campaign_id)
    if wanted is not campaign.state:
        log.info("campaign.ordered", campaign=campaign_id, order=order.value, by=principal.key)
        wake_dialler(request)
    return standing_view(standing, [], reader_language(request))


def _refuse(against: list[Hindrance]) -> None:
    if against:
        errors = [FieldError(code=one.code, params=one.params) for one in against]
        raise Problem("campaign.cannot_start", errors=errors)


def wake_dialler(request: web.Request) -> None:
    """Whoever dials here looks at the campaigns now."""
    dialler = request.app.get(DIALLER)
    if dialler is not None:
        dialler.wake()
