"""A campaign is given another definition, where it stands; in the transaction of the given connection.

Whoever dials reads the rules anew each second, and sends nothing that was claimed under those before.
"""

from collections.abc import Callable, Collection

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store, versions_store
from cti.campaigns.definition_problem import DefinitionProblem
from cti.campaigns.model import Campaign, CampaignDefinition, CampaignState
from cti.campaigns.runs import run_store
from cti.campaigns.tables import campaigns
from cti.campaigns.versions.definition_change import against_change, looks_anew, touches_calls


class OwnNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """How our numbers are known: ``e164`` reads one, ``caller_ids`` are all when any are named."""

    e164: Callable[[str], str | None]
    caller_ids: Collection[str]


async def change_campaign(
    connection: AsyncConnection,
    campaign: Campaign,
    wanted: CampaignDefinition,
    own: OwnNumbers,
    *,
    user_id: int | None,
    restores: int | None = None,
) -> tuple[Campaign, list[DefinitionProblem]]:
    """Give a campaign a definition that was checked; the caller holds it.

    Returns the campaign as it is then, and what stands against the change: with any of that nothing was
    changed. The same definition changes nothing either.
    """
    against = await read_against(connection, campaign, wanted, own)
    if against or wanted == campaign.definition:
        return campaign, against
    changed = await store.set_definition(connection, campaign.id, wanted, user_id=user_id)
    await versions_store.keep_version(connection, changed, user_id=user_id, restores=restores)
    if campaign.state is not CampaignState.DRAFT and looks_anew(campaign.definition, wanted):
        which = campaigns.c.id == campaign.id
        await connection.execute(sa.update(campaigns).where(which).values(looks_anew=True))
    return changed, []


async def read_against(
    connection: AsyncConnection, campaign: Campaign, wanted: CampaignDefinition, own: OwnNumbers
) -> list[DefinitionProblem]:
    """What keeps a campaign from this definition where it stands now."""
    in_flight = 0
    if touches_calls(campaign.definition, wanted):
        in_flight = await run_store.count_in_flight(connection, campaign.id)
    numbers = await run_store.read_own_numbers(connection, own.e164, own.caller_ids)
    return against_change(campaign, wanted, in_flight=in_flight, own_numbers=numbers)
