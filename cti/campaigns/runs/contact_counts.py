"""How many contacts of each state a campaign has, kept as they change: a trigger adds what each statement
changed, whoever writes, and the sum is what there is. Works in the transaction of the given connection.
"""

from collections import defaultdict
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.model import ContactCounts
from cti.campaigns.tables import contact_counts, contacts

_HOUR: Final = timedelta(hours=1)
#: Any number that nobody else locks.
_FOLDS: Final = 0x0C7109
#: What was summed up is taken out in the same statement, so that nobody sees it twice or not at all. Where
#: somebody is about it already, nobody waits for him.
_FOLD: Final = sa.text(
    """
WITH summed AS (
    DELETE FROM contact_counts WHERE (SELECT pg_try_advisory_xact_lock(CAST(:folds AS bigint)))
    RETURNING campaign_id, state, change
)
INSERT INTO contact_counts SELECT campaign_id, state, sum(change) FROM summed
GROUP BY campaign_id, state HAVING sum(change) <> 0
"""
)


async def read_counts(connection: AsyncConnection) -> dict[int, ContactCounts]:
    """Of all campaigns that have any contact, by id."""
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in await connection.execute(_sums()):
        if row.of:
            found[row.campaign_id][row.state] = row.of
    columns = contacts.c
    lately = (
        sa.select(columns.campaign_id, sa.func.count().label("of"))
        .where(
            # Written out, so that the index of those is used.
            columns.state == sa.literal_column("'closed'"),
            columns.last_attempt_at > sa.func.now() - _HOUR,
        )
        .group_by(columns.campaign_id)
    )
    for row in await connection.execute(lately):
        found[row.campaign_id]["closed_in_hour"] = row.of
    return {campaign_id: ContactCounts(**states) for campaign_id, states in found.items()}


async def count_contacts(connection: AsyncConnection, campaign_id: int) -> ContactCounts:
    """Of one campaign, however lately they were closed."""
    statement = _sums().where(contact_counts.c.campaign_id == campaign_id)
    return ContactCounts(**{row.state: row.of for row in await connection.execute(statement)})


async def fold_counts(connection: AsyncConnection) -> None:
    """Sum up what was noted; reading takes longer the more there is. Others write and read meanwhile."""
    await connection.execute(_FOLD, {"folds": _FOLDS})


def _sums() -> sa.Select[tuple[int, str, int]]:
    columns = contact_counts.c
    total = sa.cast(sa.func.sum(columns.change), sa.BigInteger).label("of")
    return sa.select(columns.campaign_id, columns.state, total).group_by(columns.campaign_id, columns.state)
