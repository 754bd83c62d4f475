"""Campaigns in PostgreSQL; every function works in the transaction of the connection it is given."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.definition_check import Known
from cti.campaigns.model import Campaign, CampaignDefinition, CampaignState, Contact
from cti.campaigns.tables import campaigns, contact_imports, contacts
from cti.campaigns.versions_store import keep_version
from cti.customers.tables import customers
from cti.flows.model import FlowKind
from cti.hours.tables import calendars
from cti.http.problems import Problem
from cti.ivr.library.flow_tables import flows
from cti.queues.tables import queues

#: How `-infinity` is read: without a time zone.
_ANY_TIME: Final = datetime.min  # noqa: DTZ901
_COLUMNS: Final = tuple(name for name in CampaignDefinition.__struct_fields__ if name != "campaign")


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as it is kept, with what has come of it: how often it was called, how the last call ended,
    not before when it is called again (None: at any time), and why it is closed.
    """

    id: int
    import_id: int | None
    contact: Contact
    customer_id: int | None
    state: str
    attempts: int = 0
    last_outcome: str | None = None
    last_attempt_at: datetime | None = None
    next_at: datetime | None = None
    closed: str | None = None


async def read_known(connection: AsyncConnection, e164: Callable[[str], str | None]) -> Known:
    """What a definition may name now."""
    out = sa.select(flows.c.name).where(flows.c.kind == FlowKind.OUTBOUND.value)
    return Known(
        flows=set(await connection.scalars(out)),
        queues=set(await connection.scalars(sa.select(queues.c.name))),
        calendars=set(await connection.scalars(sa.select(calendars.c.name))),
        e164=e164,
    )


async def list_campaigns(connection: AsyncConnection) -> list[Campaign]:
    """All of them by name."""
    statement = sa.select(campaigns).order_by(campaigns.c.name)
    return [_campaign(row) for row in await connection.execute(statement)]


async def read_campaign(connection: AsyncConnection, campaign_id: int, *, lock: bool = False) -> Campaign:
    """A campaign; with ``lock`` nobody else changes it until the transaction ends.

    Raises:
        Problem: `campaign.not_found`.
    """
    statement = sa.select(campaigns).where(campaigns.c.id == campaign_id)
    row = (
        await connection.execute(statement.with_for_update(key_share=True) if lock else statement)
    ).one_or_none()
    if row is None:
        raise Problem("campaign.not_found", campaign=campaign_id)
    return _campaign(row)


async def find_campaign(connection: AsyncConnection, name: str, *, lock: bool = False) -> Campaign | None:
    """The campaign of a name; with ``lock`` nobody else changes it until the transaction ends."""
    statement = sa.select(campaigns).where(campaigns.c.name == name)
    row = (
        await connection.execute(statement.with_for_update(key_share=True) if lock else statement)
    ).one_or_none()
    return None if row is None else _campaign(row)


async def create_campaign(
    connection: AsyncConnection, definition: CampaignDefinition, *, user_id: int | None
) -> Campaign:
    """Add a campaign, as a draft.

    Raises:
        Problem: `campaign.exists`.
    """
    values = {"name": definition.campaign, **_values(definition), "updated_by": user_id}
    statement = insert(campaigns).values(values).on_conflict_do_nothing(index_elements=["name"])
    row = (await connection.execute(statement.returning(campaigns))).one_or_none()
    if row is None:
        raise Problem("campaign.exists", campaign=definition.campaign)
    campaign = _campaign(row)
    await keep_version(connection, campaign, user_id=user_id)
    return campaign


async def set_definition(
    connection: AsyncConnection, campaign_id: int, definition: CampaignDefinition, *, user_id: int | None
) -> Campaign:
    """Write another definition down as the next version; the caller holds the campaign. Its name never
    changes.
    """
    statement = (
        sa.update(campaigns)
        .where(campaigns.c.id == campaign_id)
        .values(
            **_values(definition),
            version=campaigns.c.version + 1,
            updated_at=sa.func.now(),
            updated_by=user_id,
        )
        .returning(campaigns)
    )
    return _campaign((await connection.execute(statement)).one())


async def delete_campaign(connection: AsyncConnection, campaign_id: int) -> str:
    """Take a draft without contacts away; its name.

    Raises:
        Problem: `campaign.not_found`, `campaign.not_draft`, `campaign.has_contacts`.
    """
    campaign = await read_campaign(connection, campaign_id, lock=True)
    if campaign.state is not CampaignState.DRAFT:
        raise Problem("campaign.not_draft")
    # Also those that an import is about to bring.
    coming = sa.select(contact_imports.c.id).where(
        contact_imports.c.campaign_id == campaign_id, contact_imports.c.state.in_(("running", "undoing"))
    )
    there = sa.select(contacts.c.id).where(contacts.c.campaign_id == campaign_id)
    if await connection.scalar(sa.select(sa.exists(coming) | sa.exists(there))):
        raise Problem("campaign.has_contacts")
    await connection.execute(sa.delete(campaigns).where(campaigns.c.id == campaign_id))
    return campaign.definition.campaign


async def page_contacts(
    connection: AsyncConnection, campaign_id: int, *, prefixes: Sequence[str], after: int, limit: int
) -> list[ContactRow]:
    """Contacts in the order in which they were added, those after ``after``; whose number begins so."""
    statement = (
        sa.select(contacts, customers.c.external_ref)
        .outerjoin(customers, customers.c.id == contacts.c.customer_id)
        .where(contacts.c.campaign_id == campaign_id, contacts.c.id > after)
        .order_by(contacts.c.id)
        .limit(limit)
    )
    if prefixes:
        statement = statement.where(sa.or_(*(contacts.c.phone.startswith(one) for one in prefixes)))
    return [_contact(row) for row in await connection.execute(statement)]


async def add_contact(connection: AsyncConnection, campaign_id: int, contact: Contact) -> ContactRow:
    """Add one alone.

    Raises:
        Problem: `contact.exists` when the campaign has this number.
    """
    customer_id = None
    if contact.customer is not None:
        known = sa.select(customers.c.id).where(customers.c.external_ref == contact.customer)
        customer_id = await connection.scalar(known)
    values = {
        **msgspec.structs.asdict(contact),
        "other_phones": list(contact.other_phones),
        "campaign_id": campaign_id,
        "identity": contact.phone,
        "customer_id": customer_id,
    }
    del values["customer"]
    statement = insert(contacts).values(values).on_conflict_do_nothing(constraint="uq_contacts_campaign_id")
    row = (await connection.execute(statement.returning(contacts))).one_or_none()
    if row is None:
        raise Problem("contact.exists")
    kept = ContactRow(
        id=row.id, import_id=None, contact=contact, customer_id=row.customer_id, state=row.state
    )
    if row.customer_id is None:
        return msgspec.structs.replace(kept, contact=msgspec.structs.replace(contact, customer=None))
    return kept


async def delete_contact(connection: AsyncConnection, campaign_id: int, contact_id: int) -> None:
    """Take one away.

    Raises:
        Problem: `contact.not_found`.
    """
    which = (contacts.c.campaign_id == campaign_id) & (contacts.c.id == contact_id)
    if (await connection.execute(sa.delete(contacts).where(which))).rowcount == 0:
        raise Problem("contact.not_found", contact=contact_id)


def _values(definition: CampaignDefinition) -> dict[str, Any]:
    written: dict[str, Any] = msgspec.to_builtins(definition)
    return {name: written[name] for name in _COLUMNS}


def _campaign(row: sa.Row[Any]) -> Campaign:
    columns = row._mapping  # noqa: SLF001  (SQLAlchemy's public name for it)
    words = {"campaign": row.name, **{name: columns[name] for name in _COLUMNS}}
    return Campaign(
        id=row.id,
        state=CampaignState(row.state),
        version=row.version,
        definition=msgspec.convert(words, CampaignDefinition),
    )


def _contact(row: sa.Row[Any]) -> ContactRow:
    return ContactRow(
        id=row.id,
        import_id=row.import_id,
        customer_id=row.customer_id,
        state=row.state,
        attempts=row.attempts,
        last_outcome=row.last_outcome,
        last_attempt_at=row.last_attempt_at,
        next_at=None if row.next_at == _ANY_TIME else row.next_at,
        closed=row.closed,
        contact=Contact(
            phone=row.phone,
            other_phones=tuple(row.other_phones),
            name=row.name,
            language=row.language,
            time_zone=row.time_zone,
            customer=row.external_ref,
            consent=row.consent,
            priority=row.priority,
            details=row.details,
        ),
    )
