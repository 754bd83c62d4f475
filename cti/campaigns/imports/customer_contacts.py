"""Contacts out of the customers that are known: renewals by query, polls by lot. Functions that take a
connection.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.imports.customer_query import CustomerFilter, RenewalQuery
from cti.campaigns.imports.sample import Stratum, StratumBy
from cti.campaigns.tables import contact_imports, contact_samples, sample_members

#: What no name of a stratum is: a customer of whom it is not known.
UNKNOWN: Final = "-"


class RenewalContact(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that ends, and whom to call about it."""

    subscription_id: int
    customer_id: int
    name: str
    language: str | None
    phones: list[str]
    product: str
    ends_on: str


class RenewalCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many subscriptions a query finds, and how many of them are in the campaign already. Of customers
    without a telephone number there are ``without_number`` more.
    """

    found: int
    in_campaign: int
    without_number: int


_ENDS: Final = """
WITH ending AS (
    SELECT subscriptions.id, subscriptions.customer_id, subscriptions.product, subscriptions.expires_on,
        subscriptions.amount, subscriptions.currency, customers.name, customers.language,
        'subscription:' || subscriptions.id || ':' || subscriptions.expires_on AS identity,
        (
            SELECT array_agg(e164 ORDER BY position, e164) FROM customer_numbers
            WHERE customer_numbers.customer_id = customers.id
        ) AS phones
    FROM subscriptions JOIN customers ON customers.id = subscriptions.customer_id
    WHERE subscriptions.status = 'active' AND subscriptions.expires_on = CAST(:ends_on AS date)
        AND (cardinality(CAST(:products AS text[])) = 0 OR subscriptions.product = ANY(:products))
        AND (cardinality(CAST(:languages AS text[])) = 0 OR customers.language = ANY(:languages))
        AND NOT EXISTS (
            SELECT FROM subscriptions AS renewed
            WHERE renewed.customer_id = subscriptions.customer_id AND renewed.product = subscriptions.product
                AND renewed.id <> subscriptions.id AND renewed.status = 'active'
                AND (renewed.expires_on IS NULL OR renewed.expires_on > subscriptions.expires_on)
        )
)
"""
_COUNT_RENEWALS: Final = (
    _ENDS
    + """
SELECT count(*) FILTER (WHERE phones IS NOT NULL) AS found,
    count(*) FILTER (WHERE phones IS NULL) AS without_number,
    count(*) FILTER (WHERE phones IS NOT NULL AND EXISTS (
        SELECT FROM contacts WHERE contacts.campaign_id = :campaign_id AND contacts.identity = ending.identity
    )) AS in_campaign
FROM ending
"""
)
_LIST_RENEWALS: Final = (
    _ENDS
    + """
SELECT id AS subscription_id, customer_id, name, language, phones, product, expires_on::text AS ends_on
FROM ending WHERE phones IS NOT NULL ORDER BY id LIMIT :limit
"""
)
_ADD_RENEWALS: Final = (
    _ENDS
    + """
INSERT INTO contacts (
    campaign_id, import_id, identity, phone, other_phones, name, language, customer_id, subscription_id,
    details
)
SELECT :campaign_id, :import_id, identity, phones[1], phones[2:], name, language, customer_id, id,
    jsonb_strip_nulls(jsonb_build_object(
        'subscription.id', id::text, 'subscription.product', product,
        'subscription.ends_on', expires_on::text, 'subscription.amount', amount::text,
        'subscription.currency', currency, 'subscription.customer_name', name
    ))
FROM ending WHERE phones IS NOT NULL ORDER BY id
ON CONFLICT ON CONSTRAINT uq_contacts_campaign_id DO NOTHING
"""
)

_STRATA: Final = {
    StratumBy.LANGUAGE: f"coalesce(customers.language, '{UNKNOWN}')",
    StratumBy.COMPANY: f"CASE WHEN customers.company IS NULL THEN '{UNKNOWN}' ELSE 'company' END",
}
_POPULATION: Final = """
FROM customers
WHERE EXISTS (SELECT FROM customer_numbers WHERE customer_numbers.customer_id = customers.id)
    AND (cardinality(CAST(:languages AS text[])) = 0 OR customers.language = ANY(:languages))
    AND (cardinality(CAST(:products AS text[])) = 0 OR EXISTS (
        SELECT FROM subscriptions
        WHERE subscriptions.customer_id = customers.id AND subscriptions.status = 'active'
            AND subscriptions.product = ANY(:products)
    ))
"""
_ADD_DRAWN: Final = """
INSERT INTO contacts (campaign_id, import_id, identity, phone, other_phones, name, language, customer_id)
SELECT :campaign_id, :import_id, phones[1], phones[1], phones[2:], name, language, id
FROM (
    SELECT customers.id, customers.name, customers.language, (
        SELECT array_agg(e164 ORDER BY position, e164) FROM customer_numbers
        WHERE customer_numbers.customer_id = customers.id
    ) AS phones
    FROM sample_members JOIN customers ON customers.id = sample_members.member
    WHERE sample_members.import_id = :import_id AND sample_members.drawn
) AS drawn
WHERE phones IS NOT NULL ORDER BY id
ON CONFLICT ON CONSTRAINT uq_contacts_campaign_id DO NOTHING
"""


async def count_renewals(
    connection: AsyncConnection, campaign_id: int, query: RenewalQuery, today: date
) -> RenewalCount:
    """How many subscriptions a query finds today."""
    asked = {**_asked(query, today), "campaign_id": campaign_id}
    row = (await connection.execute(sa.text(_COUNT_RENEWALS), asked)).one()
    return RenewalCount(found=row.found, in_campaign=row.in_campaign, without_number=row.without_number)


async def list_renewals(
    connection: AsyncConnection, query: RenewalQuery, today: date, *, limit: int
) -> list[RenewalContact]:
    """The first of them."""
    rows = await connection.execute(sa.text(_LIST_RENEWALS), {**_asked(query, today), "limit": limit})
    return [RenewalContact(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name)


async def add_renewals(
    connection: AsyncConnection, campaign_id: int, import_id: int, query: RenewalQuery, today: date
) -> int:
    """Make contacts of those that the campaign does not have; how many there were."""
    asked = {**_asked(query, today), "campaign_id": campaign_id, "import_id": import_id}
    return int((await connection.execute(sa.text(_ADD_RENEWALS), asked)).rowcount)


async def read_population(
    connection: AsyncConnection, wanted: CustomerFilter, by: Sequence[StratumBy], *, limit: int
) -> list[tuple[int, str]]:
    """Customers with a number whom the filter names, each with the name of his stratum; one more than
    ``limit`` when there are more.
    """
    stratum = " || ' / ' || ".join(_STRATA[one] for one in by) or "''"
    statement = f"SELECT customers.id, {stratum} AS stratum {_POPULATION} ORDER BY customers.id LIMIT :limit"
    asked = {"languages": wanted.languages, "products": wanted.products, "limit": limit + 1}
    return [(row.id, row.stratum) for row in await connection.execute(sa.text(statement), asked)]


async def keep_sample(
    connection: AsyncConnection,
    import_id: int,
    population: Sequence[tuple[int, str]],
    drawn: Collection[int],
    strata: Sequence[Stratum],
    *,
    seed: str,
) -> None:
    """Keep who could have been drawn and who was."""
    values = {
        "import_id": import_id,
        "seed": seed,
        "size": len(drawn),
        "strata": [msgspec.structs.asdict(stratum) for stratum in strata],
    }
    await connection.execute(sa.insert(contact_samples).values(values))
    raw = await connection.get_raw_connection()
    copying: Any = raw.driver_connection
    await copying.copy_records_to_table(
        sample_members.name,
        records=((import_id, member, stratum, member in drawn) for member, stratum in population),
        columns=("import_id", "member", "stratum", "drawn"),
    )


async def add_drawn(connection: AsyncConnection, campaign_id: int, import_id: int) -> int:
    """Make contacts of those who were drawn; how many there were. Who shares a number with another is one."""
    asked = {"campaign_id": campaign_id, "import_id": import_id}
    return int((await connection.execute(sa.text(_ADD_DRAWN), asked)).rowcount)


async def note_added(connection: AsyncConnection, import_id: int, *, found: int, added: int) -> None:
    """What came of it."""
    values = {"rows_read": found, "added": added, "refused": found - added}
    which = contact_imports.c.id == import_id
    times = {"started_at": sa.func.now(), "ended_at": sa.func.now()}
    await connection.execute(sa.update(contact_imports).where(which).values(**values, **times))


async def read_sample(connection: AsyncConnection, import_id: int) -> tuple[str, list[Stratum]] | None:
    """The seed of a sample and its strata; None for an import that is none."""
    statement = sa.select(contact_samples).where(contact_samples.c.import_id == import_id)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (row.seed, msgspec.convert(row.strata, list[Stratum]))


async def read_members(connection: AsyncConnection, import_id: int) -> list[tuple[int, str, bool]]:
    """The population of a sample as it was, and who was drawn; by id."""
    columns = sample_members.c
    statement = sa.select(columns.member, columns.stratum, columns.drawn).where(
        columns.import_id == import_id
    )
    rows = await connection.execute(statement.order_by(columns.member))
    return [(row.member, row.stratum, row.drawn) for row in rows]


def _asked(query: RenewalQuery, today: date) -> dict[str, Any]:
    return {
        "ends_on": today + timedelta(days=query.ends_in_days),
        "products": query.customers.products,
        "languages": query.customers.languages,
    }
