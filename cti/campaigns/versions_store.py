"""What was said of campaigns, version by version; works in the transaction of the given connection."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.model import Campaign, CampaignDefinition
from cti.campaigns.tables import campaign_versions
from cti.http.problems import Problem
from cti.people.tables import users


class CampaignVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign was from then on. ``before`` is the definition that it replaced, None of the first that
    is known; ``changed_by`` is a name, None when a file said so or nobody knows.
    """

    version: int
    definition: CampaignDefinition
    before: CampaignDefinition | None
    changed_at: datetime
    changed_by: str | None
    restores: int | None


async def keep_version(
    connection: AsyncConnection, campaign: Campaign, *, user_id: int | None, restores: int | None = None
) -> None:
    """Write down what a campaign is now; ``restores`` is the version that was brought back."""
    values = {
        "campaign_id": campaign.id,
        "version": campaign.version,
        "definition": msgspec.to_builtins(campaign.definition),
        "changed_by": user_id,
        "restores": restores,
    }
    await connection.execute(sa.insert(campaign_versions).values(values))


async def read_version(connection: AsyncConnection, campaign_id: int, version: int) -> CampaignDefinition:
    """What a campaign was in a version.

    Raises:
        Problem: `campaign.version_not_found`.
    """
    columns = campaign_versions.c
    which = (columns.campaign_id == campaign_id) & (columns.version == version)
    kept = await connection.scalar(sa.select(columns.definition).where(which))
    if kept is None:
        raise Problem("campaign.version_not_found", version=version)
    return msgspec.convert(kept, CampaignDefinition)


async def page_versions(
    connection: AsyncConnection, campaign_id: int, *, before: int | None, limit: int
) -> list[CampaignVersion]:
    """The newest first; those older than ``before``."""
    columns = campaign_versions.c
    earlier = sa.func.lag(columns.definition).over(order_by=columns.version).label("earlier")
    all_of_them = sa.select(campaign_versions, earlier).where(columns.campaign_id == campaign_id).subquery()
    statement = (
        sa.select(all_of_them, users.c.name.label("by"))
        .outerjoin(users, users.c.id == all_of_them.c.changed_by)
        .order_by(all_of_them.c.version.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(all_of_them.c.version < before)
    return [_version(row) for row in await connection.execute(statement)]


def _version(row: sa.Row[Any]) -> CampaignVersion:
    return CampaignVersion(
        version=row.version,
        definition=msgspec.convert(row.definition, CampaignDefinition),
        before=None if row.earlier is None else msgspec.convert(row.earlier, CampaignDefinition),
        changed_at=row.changed_at,
        changed_by=row.by,
        restores=row.restores,
    )
