"""How the subscriptions stand about which contacts are called: they became contacts days before, and renew or
cancel meanwhile. Works in the transaction of the connection that is given.
"""

from collections.abc import Collection
from datetime import date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.dialling.rules.may_dial import Renewal

#: A contact's identity names the subscription and the end of it, as
#: `cti.campaigns.imports.customer_contacts` says.
_STANDINGS: Final = sa.text(
    """
SELECT id,
    CASE
        WHEN is_followed OR (is_active AND (expires_on IS NULL OR expires_on > ends_on)) THEN 'renewed'
        WHEN NOT is_active OR expires_on < CAST(:day AS date) THEN 'ended'
        ELSE 'due'
    END AS standing
FROM (
    SELECT contacts.id, CAST(split_part(contacts.identity, ':', 3) AS date) AS ends_on,
        subscriptions.expires_on, coalesce(subscriptions.status = 'active', false) AS is_active,
        EXISTS (
            SELECT FROM subscriptions AS other
            WHERE other.customer_id = subscriptions.customer_id AND other.product = subscriptions.product
                AND other.id <> subscriptions.id AND other.status = 'active'
                AND (other.expires_on IS NULL OR other.expires_on > subscriptions.expires_on)
        ) AS is_followed
    FROM contacts LEFT JOIN subscriptions ON subscriptions.id = contacts.subscription_id
    WHERE contacts.id = ANY(:ids) AND starts_with(contacts.identity, 'subscription:')
) AS renewal
"""
).bindparams(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))


async def read_renewals(
    connection: AsyncConnection, contact_ids: Collection[int], day: date
) -> dict[int, Renewal]:
    """How they stand on a day, by contact; those are left out who are called about something else."""
    if not contact_ids:
        return {}
    found = await connection.execute(_STANDINGS, {"ids": list(contact_ids), "day": day})
    return {row.id: Renewal(row.standing) for row in found}
