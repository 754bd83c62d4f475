"""Decision records in PostgreSQL; functions that take a connection."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.dialling.rules.decision_record import DecisionRecord

_WRITE: Final = sa.text(
    """
INSERT INTO dial_decisions (contact_id, campaign_id, phone, at, record, attempt_id, agent_id)
SELECT contact_id, campaign_id, phone, at, CAST(record AS jsonb), attempt_id, agent_id
FROM unnest(:contacts, :campaigns, :phones, :ats, :records, :attempts, :agents)
    AS given (contact_id, campaign_id, phone, at, record, attempt_id, agent_id)
"""
).bindparams(
    *(sa.bindparam(name, type_=sa.ARRAY(sa.BigInteger)) for name in ("contacts", "campaigns", "agents")),
    *(sa.bindparam(name, type_=sa.ARRAY(sa.Text)) for name in ("phones", "records", "attempts")),
    sa.bindparam("ats", type_=sa.ARRAY(sa.DateTime(timezone=True))),
)
#: Ids are given in the order of writing, so the oldest are found without an index on their time.
_ERASE: Final = sa.text(
    """
DELETE FROM dial_decisions USING (SELECT id FROM dial_decisions ORDER BY id LIMIT :most) AS oldest
WHERE dial_decisions.id = oldest.id AND dial_decisions.at < now() - make_interval(days => :days)
"""
)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A record and whom it is about; by hand there is neither contact nor campaign."""

    record: DecisionRecord
    phone: str
    campaign_id: int | None = None
    contact_id: int | None = None
    agent_id: int | None = None
    #: When it was dialled.
    attempt_id: str | None = None


async def write_decisions(connection: AsyncConnection, decisions: Sequence[Decision]) -> None:
    """Keep them; one statement."""
    if not decisions:
        return
    values = {
        "contacts": [one.contact_id for one in decisions],
        "campaigns": [one.campaign_id for one in decisions],
        "phones": [one.phone for one in decisions],
        "ats": [datetime.fromtimestamp(one.record.at, UTC) for one in decisions],
        "records": [msgspec.json.encode(one.record).decode() for one in decisions],
        "attempts": [one.attempt_id for one in decisions],
        "agents": [one.agent_id for one in decisions],
    }
    await connection.execute(_WRITE, values)


async def erase_oldest(connection: AsyncConnection, *, days: int, most: int) -> int:
    """Erase those of the oldest ``most`` that are older than so many days; how many."""
    return (await connection.execute(_ERASE, {"days": days, "most": most})).rowcount
