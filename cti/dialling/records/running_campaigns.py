"""The campaigns that dial, in PostgreSQL; functions that work in the transaction of their connection."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store
from cti.campaigns.model import Campaign, CampaignState
from cti.campaigns.tables import campaigns
from cti.dialling.records import contact_store
from cti.dialling.records.limits_store import IS_OPEN, campaign_scope
from cti.dialling.records.tables import attempts, dial_counters
from cti.pacing.abandon_count import AbandonCount

#: So many contacts of a campaign are put back at once, so that nobody waits for it.
_PUT_BACK: Final = 5_000
#: More contacts than these are not counted: they last for longer than a day, or than a pacing looks ahead.
MOST_COUNTED: Final = 50_000
#: By priority, as contacts are claimed: each step reads as many rows of the index as it counts.
_LEFT: Final = sa.text(
    """
WITH RECURSIVE levels (priority) AS (
    SELECT max(priority) FROM contacts WHERE campaign_id = :campaign_id AND state = 'open'
    UNION ALL
    SELECT (
        SELECT max(priority) FROM contacts
        WHERE campaign_id = :campaign_id AND state = 'open' AND priority < levels.priority
    ) FROM levels WHERE levels.priority IS NOT NULL
)
SELECT coalesce(sum(counted.due), 0) FROM levels CROSS JOIN LATERAL (
    SELECT count(*) AS due FROM (
        SELECT 1 FROM contacts
        WHERE campaign_id = :campaign_id AND state = 'open' AND priority = levels.priority
            AND next_at <= to_timestamp(CAST(:until AS double precision))
        LIMIT CAST(:most AS integer)
    ) AS contact
) AS counted
WHERE levels.priority IS NOT NULL
"""
)


async def read_campaigns(
    connection: AsyncConnection, known: Mapping[int, Campaign], also: Collection[int]
) -> dict[int, Campaign]:
    """Campaigns that run or are drained, and those of ``also``; what is ``known`` is not read again."""
    which: sa.ColumnElement[bool] = campaigns.c.state.in_(
        (CampaignState.RUNNING.value, CampaignState.DRAINING.value)
    )
    if also:
        which |= campaigns.c.id.in_(also)
    found = {}
    for row in await connection.execute(
        sa.select(campaigns.c.id, campaigns.c.version, campaigns.c.state).where(which)
    ):
        campaign = known.get(row.id)
        if campaign is None or campaign.version != row.version:
            campaign = await store.read_campaign(connection, row.id)
        found[row.id] = msgspec.structs.replace(campaign, state=CampaignState(row.state))
    return found


async def read_learned(connection: AsyncConnection, campaign_id: int) -> bytes | None:
    """What the campaign's pacing has learned, as `cti.pacing.pacer.Pacer.dump` gave it."""
    kept = await connection.scalar(sa.select(campaigns.c.pacing).where(campaigns.c.id == campaign_id))
    return None if kept is None else msgspec.json.encode(kept)


async def keep_learned(connection: AsyncConnection, campaign_id: int, learned: bytes) -> None:
    """Keeps it for another life of the service."""
    values = {"pacing": msgspec.json.decode(learned)}
    await connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign_id).values(values))


async def count_abandoned(connection: AsyncConnection, campaign_id: int, seconds: float) -> AbandonCount:
    """The campaign's calls of the last so many seconds, of what is over."""
    statement = sa.select(
        sa.func.count().filter(attempts.c.outcome.in_(("answered", "abandoned"))).label("answered"),
        sa.func.count().filter(attempts.c.outcome == "abandoned").label("abandoned"),
    ).where(
        attempts.c.campaign_id == campaign_id,
        attempts.c.reserved_at > sa.func.now() - timedelta(seconds=seconds),
    )
    row = (await connection.execute(statement)).one()
    return AbandonCount(answered=row.answered, abandoned=row.abandoned)


async def count_contacts(
    connection: AsyncConnection, campaign_id: int, until: float, most: int = MOST_COUNTED
) -> int | None:
    """Contacts whose turn comes before an instant; None when they are `most` or more."""
    given = {"campaign_id": campaign_id, "until": until, "most": most}
    count = int(await connection.scalar(_LEFT, given) or 0)
    return count if count < most else None


async def count_dialled(connection: AsyncConnection, campaign_id: int, day: date) -> int:
    """Calls of the campaign on a day."""
    counter = (dial_counters.c.scope == campaign_scope(campaign_id)) & (dial_counters.c.day == day)
    return int(await connection.scalar(sa.select(dial_counters.c.used).where(counter)) or 0)


async def look_anew(connection: AsyncConnection, now: float) -> None:
    """Of campaigns that were given other hours or conditions, those who were put off under the ones before
    are looked at again: some thousands with each call.
    """
    flag = sa.select(campaigns.c.id, campaigns.c.version).where(campaigns.c.looks_anew)
    for row in (await connection.execute(flag)).all():
        if await contact_store.look_anew(connection, row.id, now, _PUT_BACK) == _PUT_BACK:
            continue
        # Unless it was changed again meanwhile.
        same = (campaigns.c.id == row.id) & (campaigns.c.version == row.version)
        await connection.execute(sa.update(campaigns).where(same).values(looks_anew=False))


async def end_draining(connection: AsyncConnection, campaign_id: int) -> bool:
    """A campaign of which nothing is in flight any more is paused. False when something is, or it is not
    being drained.
    """
    in_flight = sa.exists().where(attempts.c.campaign_id == campaign_id, IS_OPEN)
    statement = (
        sa.update(campaigns)
        .where(campaigns.c.id == campaign_id, campaigns.c.state == CampaignState.DRAINING.value, ~in_flight)
        .values(state=CampaignState.PAUSED.value, changed_state_at=sa.func.now(), changed_state_by=None)
    )
    return bool((await connection.execute(statement)).rowcount)
