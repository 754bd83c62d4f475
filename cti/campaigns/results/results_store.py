"""Contacts of a campaign with what came of them, in PostgreSQL; functions that take a connection."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.forms.form import Answer

_AT_A_TIME: Final = 1_000
#: The last thing that an agent said of any attempt on the contact counts. The note is with the call.
_PAGE: Final = sa.text(
    """
SELECT c.id, c.phone, c.name, k.external_ref AS customer, c.state, c.closed, c.attempts, c.last_outcome,
    c.last_attempt_at, said.disposition, said.agent, said.saved_at, said.note, said.answers
FROM contacts c
LEFT JOIN customers k ON k.id = c.customer_id
LEFT JOIN LATERAL (
    SELECT r.disposition, u.name AS agent, r.saved_at, nullif(d.note, '') AS note, r.answers
    FROM attempts a
    JOIN attempt_results r ON r.attempt_id = a.id
    JOIN agents g ON g.id = r.agent_id
    JOIN users u ON u.id = g.user_id
    LEFT JOIN dispositions d ON d.call_id = a.call_id AND d.agent_id = r.agent_id
    WHERE a.contact_id = c.id AND a.campaign_id = c.campaign_id
    ORDER BY a.reserved_at DESC, r.saved_at DESC, r.agent_id DESC LIMIT 1
) said ON true
WHERE c.campaign_id = :campaign_id AND c.id > :after
ORDER BY c.id LIMIT :most
"""
)


class ContactResult(msgspec.Struct, frozen=True, kw_only=True):
    """A contact and what came of him; None is what did not happen or is not known."""

    id: int
    phone: str
    name: str | None
    #: His key in an external system.
    customer: str | None
    state: str
    closed: str | None
    attempts: int
    last_outcome: str | None
    last_attempt_at: datetime | None
    disposition: str | None
    agent: str | None
    saved_at: datetime | None
    note: str | None
    answers: dict[str, Answer] | None


async def every_result(connection: AsyncConnection, campaign_id: int) -> AsyncIterator[ContactResult]:
    """All contacts in the order in which they were added; never much in memory."""
    after = 0
    while True:
        given = {"campaign_id": campaign_id, "after": after, "most": _AT_A_TIME}
        rows = (await connection.execute(_PAGE, given)).mappings().all()
        for row in rows:
            yield msgspec.convert(dict(row), ContactResult)
        if len(rows) < _AT_A_TIME:
            return
        after = rows[-1]["id"]
