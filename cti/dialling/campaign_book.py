"""The campaigns that dial, in memory: read anew each second, with what their pacing learns."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.model import Campaign
from cti.campaigns.runs.contact_counts import fold_counts
from cti.dialling.attempts.attempt_book import AttemptBook
from cti.dialling.attempts.origination import agents_of
from cti.dialling.paced_campaign import PacedCampaign
from cti.dialling.records import limits_store, running_campaigns
from cti.dialling.rules.campaign_rules import limits_of, retries_of
from cti.dialling.rules.may_dial import DialRules
from cti.dialling.rules.retry import DEFAULT_RULES, AttemptLimits, RetryRules
from cti.hours.opening import OpeningHours
from cti.pacing.abandon_count import AbandonCounts

#: How often a campaign's answers are counted anew, and what its pacing has learned is kept.
_COUNT_SECONDS: Final = 15.0
_KEEP_SECONDS: Final = 60.0
_DAY_SECONDS: Final = 86_400.0
#: A month has many calls, and what leaves it within hours makes no difference.
_COUNT_MONTH_SECONDS: Final = 6 * 3_600.0


class CampaignBook:
    """Campaigns that run or are drained, and those with attempts in flight; ``home`` is the zone of a day."""

    def __init__(self, hours: OpeningHours, rules: DialRules, home: tzinfo) -> None:
        self.campaigns: dict[int, Campaign] = {}
        self._hours = hours
        self._limits = rules.limits
        self._home_region = rules.home_region
        self._home = home
        self._paced: dict[int, PacedCampaign] = {}
        self._folded_at = 0.0

    def __iter__(self) -> Iterator[PacedCampaign]:
        """Who comes first is first."""
        return iter(
            sorted(self._paced.values(), key=lambda one: (-one.campaign.definition.priority, one.campaign.id))
        )

    def get(self, campaign_id: int | None) -> PacedCampaign | None:
        """One of them."""
        return None if campaign_id is None else self._paced.get(campaign_id)

    def retries_of(self, campaign_id: int | None) -> tuple[RetryRules, AttemptLimits]:
        """What a campaign does after each call, and the limits; None is no campaign."""
        campaign = self.campaigns.get(campaign_id or 0)
        if campaign is None:
            return DEFAULT_RULES, self._limits
        return retries_of(campaign.definition), limits_of(campaign.definition, self._limits)

    def queue_of(self, campaign_id: int) -> str | None:
        """The queue whose agents take a campaign's calls."""
        campaign = self.campaigns.get(campaign_id)
        return None if campaign is None else agents_of(campaign.definition)

    async def refresh(
        self, connection: AsyncConnection, attempts: AttemptBook, now: float, *, keep: bool
    ) -> None:
        """Reads what has changed. Whoever dials (``keep``) also writes what the pacing has learned, takes
        back what was put off under other rules, and sums up how many contacts there are.
        """
        flying = {one.campaign_id for one in attempts if one.campaign_id is not None}
        self.campaigns = await running_campaigns.read_campaigns(connection, self.campaigns, flying)
        self._limits = (await limits_store.read_limits(connection)).attempts
        if keep:
            await running_campaigns.look_anew(connection, now)
            if not 0.0 <= now - self._folded_at < _KEEP_SECONDS:
                await fold_counts(connection)
                self._folded_at = now
        for campaign_id in [one for one in self._paced if one not in self.campaigns]:
            paced = self._paced.pop(campaign_id)
            if keep:
                await _keep(connection, paced, now)
        for campaign in self.campaigns.values():
            paced = await self._follow(connection, campaign, now)
            if not 0.0 <= now - paced.counted_at < _COUNT_SECONDS:
                await self._count(connection, paced, now)
            if keep and not 0.0 <= now - paced.kept_at < _KEEP_SECONDS:
                await _keep(connection, paced, now)
        for attempt in attempts:
            if attempt.queue is None and attempt.campaign_id is not None:
                attempt.queue = self.queue_of(attempt.campaign_id)

    async def keep_all(self, connection: AsyncConnection, now: float) -> None:
        """Writes what every campaign's pacing has learned."""
        for paced in self._paced.values():
            await _keep(connection, paced, now)

    async def _count(self, connection: AsyncConnection, paced: PacedCampaign, now: float) -> None:
        campaign_id = paced.campaign.id
        remaining = paced.remaining_seconds(now, (str(self._home), self._home_region))
        day, today = [
            await running_campaigns.count_abandoned(connection, campaign_id, seconds)
            for seconds in (_DAY_SECONDS, max(0.0, _DAY_SECONDS - remaining))
        ]
        month = paced.counts.month
        if not 0.0 <= now - paced.counted_month_at < _COUNT_MONTH_SECONDS:
            month = await running_campaigns.count_abandoned(connection, campaign_id, 30 * _DAY_SECONDS)
            paced.counted_month_at = now
        paced.counts = AbandonCounts(day=day, today=today, month=month)
        paced.dialled_today = await running_campaigns.count_dialled(
            connection, campaign_id, datetime.fromtimestamp(now, self._home).date()
        )
        paced.note_contacts(await running_campaigns.count_contacts(connection, campaign_id, now + remaining))
        paced.counted_at = now

    async def _follow(self, connection: AsyncConnection, campaign: Campaign, now: float) -> PacedCampaign:
        paced = self._paced.get(campaign.id)
        if paced is None:
            kept = await running_campaigns.read_learned(connection, campaign.id)
            paced = self._paced[campaign.id] = PacedCampaign(campaign, kept)
            paced.kept_at = now
        paced.follow(campaign)
        paced.follow_calendar(self._hours.memory.content)
        return paced


async def _keep(connection: AsyncConnection, paced: PacedCampaign, now: float) -> None:
    if paced.pacer is not None:
        await running_campaigns.keep_learned(connection, paced.campaign.id, paced.pacer.dump())
    paced.kept_at = now
