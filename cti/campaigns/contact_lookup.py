"""Whom an attempt was to, for the flow that he goes through while he is on the telephone."""

import asyncio
from collections.abc import Callable
from datetime import tzinfo
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.campaigns.model import DialledContact
from cti.campaigns.tables import campaigns, contacts
from cti.db.engine import UNAVAILABLE
from cti.dialling.records.redials import redialled_outcomes
from cti.dialling.records.tables import attempts
from cti.errors import LookupFailed

#: The dialplan gives the service two seconds until it speaks.
_TIME_LIMIT_SECONDS: Final = 1.0
_OF_ATTEMPT: Final = (
    sa.select(
        campaigns.c.name.label("campaign"),
        campaigns.c.queue,
        attempts.c.campaign_id,
        attempts.c.phone,
        attempts.c.contact_id,
        contacts.c.name,
        contacts.c.language,
        contacts.c.customer_id,
        contacts.c.details,
    )
    .select_from(attempts.outerjoin(campaigns).outerjoin(contacts, contacts.c.id == attempts.c.contact_id))
    .where(attempts.c.id == sa.bindparam("attempt_id"))
)


class ContactLookup:
    """Asks the database; somebody waits on the telephone, so not for long. ``clock`` gives epoch seconds,
    ``home`` is the zone of a day of calling.
    """

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], float], home: tzinfo) -> None:
        self._engine = engine
        self._clock = clock
        self._home = home

    async def of_attempt(self, attempt_id: str) -> DialledContact | None:
        """Whom an attempt was to; None for what is no attempt of ours. Of a contact that was erased since,
        only the phone is known.

        Raises:
            LookupFailed: the database is down or slow, which says nothing of the contact.
        """
        try:
            async with asyncio.timeout(_TIME_LIMIT_SECONDS), self._engine.connect() as connection:
                row = (await connection.execute(_OF_ATTEMPT, {"attempt_id": attempt_id})).one_or_none()
                again: tuple[str, ...] = ()
                if row is not None and row.campaign_id is not None and row.contact_id is not None:
                    again = await redialled_outcomes(
                        connection, row.campaign_id, row.contact_id, attempt_id,
                        now=self._clock(), home=self._home,
                    )  # fmt: skip
        except UNAVAILABLE as error:
            raise LookupFailed(f"the database could not be asked: {type(error).__name__}") from error
        if row is None:
            return None
        return DialledContact(
            campaign=row.campaign,
            queue=row.queue,
            contact_id=row.contact_id,
            phone=row.phone,
            name=row.name,
            language=row.language,
            customer_id=row.customer_id,
            details=row.details or {},
            again=again,
        )
