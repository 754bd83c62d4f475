"""After which outcomes of his flow somebody is called again, read while he is on the telephone: what he is
told has to be true. Works in the transaction of the connection that is given.
"""

from datetime import datetime, tzinfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns import store as campaigns
from cti.campaigns.model import CampaignState
from cti.dialling.records import limits_store
from cti.dialling.records.renewal_store import read_renewals
from cti.dialling.records.tables import attempts
from cti.dialling.rules.campaign_rules import limits_of, retries_of
from cti.dialling.rules.may_dial import Renewal
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import after_flow


async def redialled_outcomes(
    connection: AsyncConnection,
    campaign_id: int,
    contact_id: int,
    attempt_id: str,
    *,
    now: float,
    home: tzinfo,
) -> tuple[str, ...]:
    """The outcomes after which the campaign, as it stands, calls a contact again when the attempt ends now.

    None when it does not run; and none of which the time comes when there is nothing left to renew. ``now``
    is epoch seconds, ``home`` the zone of a day of calling.
    """
    campaign = await campaigns.read_campaign(connection, campaign_id)
    if campaign.state is not CampaignState.RUNNING:
        return ()
    limits = limits_of(campaign.definition, (await limits_store.read_limits(connection)).attempts)
    retries = retries_of(campaign.definition).flow_outcomes
    columns = attempts.c
    which = (columns.contact_id == contact_id) & (columns.id != attempt_id) & columns.outcome.is_not(None)
    made = (await connection.execute(sa.select(columns.outcome, columns.flow_outcome).where(which))).all()
    earlier = [Outcome(row.outcome) for row in made]
    flows_earlier = [row.flow_outcome for row in made]
    found = []
    for flow_outcome in retries:
        at = after_flow(flow_outcome, now, earlier, flows_earlier, retries=retries, limits=limits)
        if not isinstance(at, float):
            continue
        renewals = await read_renewals(connection, [contact_id], datetime.fromtimestamp(at, home).date())
        if renewals.get(contact_id, Renewal.DUE) is Renewal.DUE:
            found.append(flow_outcome)
    return tuple(found)
