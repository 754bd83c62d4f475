"""How campaigns stand now, put together from what is written down, what is counted and what is dialled."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.campaigns import store
from cti.campaigns.model import Campaign, ContactCounts
from cti.campaigns.runs import run_store
from cti.campaigns.runs.figures import FigureMemory
from cti.campaigns.runs.forecast import forecast
from cti.campaigns.runs.run_shapes import (
    KillSwitchView,
    ListedCampaignView,
    LiveView,
    kill_switch_view,
    listed_view,
    live_view,
    standing_view,
)
from cti.campaigns.runs.running import Hindrance, Order, hindrances, orders_in
from cti.customers.numbers import parse_e164
from cti.dialling.live_campaign import LiveSource
from cti.hours.opening import OpeningHours
from cti.http.principal import Language


class LiveReading:
    """``caller_ids`` are the only numbers (E.164) that people may see; none: all that lead to us. ``region``
    and ``zone`` are those of the installation. Where nobody dials ``dialler`` is None.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        figures: FigureMemory,
        hours: OpeningHours,
        *,
        dialler: LiveSource | None,
        caller_ids: Collection[str],
        region: str,
        zone: ZoneInfo,
    ) -> None:
        self._engine = engine
        self._figures = figures
        self._hours = hours
        self._dialler = dialler
        self._caller_ids = caller_ids
        self._region = region
        self._zone = zone

    async def read(self, campaign_id: int, language: Language) -> LiveView:
        """A campaign in the reader's words.

        Raises:
            Problem: `campaign.not_found`.
        """
        async with self._engine.connect() as connection:
            campaign = await store.read_campaign(connection, campaign_id)
            standing = await run_store.read_standing(connection, campaign_id)
            # With what stands against its start, where a start could be ordered.
            may_start = Order.START in orders_in(standing.state)
            against = await self.hindrances(connection, campaign) if may_start else []
        contacts = (await self._figures.contacts()).get(campaign_id, ContactCounts())
        attempts = await self._figures.attempts(campaign_id)
        now = datetime.now(self._zone)
        foreseen = forecast(
            now,
            campaign,
            contacts,
            started_at=standing.started_at,
            calendar=self._hours.memory.content.get(campaign.definition.calendar or ""),
            zone=self._zone,
            region=self._region,
        )
        dialler = None if self._dialler is None else self._dialler.live(campaign_id)
        shown = standing_view(standing, against, language)
        return live_view(now, shown, contacts, attempts, campaign, foreseen, dialler, language)

    async def read_list(self) -> list[ListedCampaignView]:
        """What of each campaign changes while it runs."""
        counts = await self._figures.contacts()
        async with self._engine.connect() as connection:
            marks = await run_store.list_marks(connection)
        return [listed_view(one, counts.get(one.id, ContactCounts())) for one in marks]

    async def kill_switch(self) -> KillSwitchView:
        """Whether all dialling is switched off."""
        async with self._engine.connect() as connection:
            return kill_switch_view(await run_store.read_kill_switch(connection))

    async def hindrances(self, connection: AsyncConnection, campaign: Campaign) -> list[Hindrance]:
        """All that keeps a campaign from being started now."""
        e164 = partial(parse_e164, default_region=self._region)
        found = await run_store.read_surroundings(connection, campaign.id, e164, self._caller_ids)
        return hindrances(campaign.definition, found)


#: One for all who look.
LIVE_READING: web.AppKey[LiveReading] = web.AppKey("live reading")
