"""Customers in PostgreSQL; every function works in the transaction of the connection it is given."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.customers.model import Customer, CustomerNumber
from cti.customers.numbers import display
from cti.customers.tables import customer_numbers, customers

_WORD: Final = re.compile(r"\w+")
_WORDS_OF_CUSTOMER: Final = sa.text(
    "to_tsvector('simple'::regconfig, customers.name || ' ' || coalesce(customers.company, ''))"
    " @@ to_tsquery('simple', :words)"
)


async def search_customers(
    connection: AsyncConnection,
    *,
    words: str | None,
    prefixes: Sequence[str],
    after: tuple[str, int] | None,
    limit: int,
    region: str,
) -> tuple[list[Customer], tuple[str, int] | None]:
    """Customers by name, whose name or company has words that begin like these, or whose numbers begin so.

    With neither words nor prefixes these are all customers. Gives a page of at most ``limit`` and the place
    after which the next one begins (None at the end), to be given as ``after``.
    """
    name = sa.func.lower(customers.c.name)
    query = sa.select(customers, name.label("place")).order_by(name, customers.c.id).limit(limit + 1)
    found = _matches(words, prefixes)
    if found is not None:
        query = query.where(found)
    if after is not None:
        place = sa.tuple_(sa.literal(after[0]), sa.literal(after[1], sa.BigInteger))
        query = query.where(sa.tuple_(name, customers.c.id) > place)
    rows = (await connection.execute(query)).all()
    page, more = rows[:limit], len(rows) > limit
    return await _records(connection, page, region), (page[-1].place, page[-1].id) if more else None


def _matches(words: str | None, prefixes: Sequence[str]) -> sa.ColumnElement[bool] | None:
    either: list[sa.ColumnElement[bool]] = []
    terms = _WORD.findall(words or "")
    if terms:
        # Only letters and digits come through, so nothing here is an operator of the query language.
        either.append(_WORDS_OF_CUSTOMER.bindparams(words=" & ".join(f"'{term}':*" for term in terms)))  # type: ignore[arg-type]
    if prefixes:
        e164 = customer_numbers.c.e164
        ranges = [sa.and_(e164 >= prefix, e164 < _after_all(prefix)) for prefix in prefixes]
        either.append(customers.c.id.in_(sa.select(customer_numbers.c.customer_id).where(sa.or_(*ranges))))
    if either:
        return sa.or_(*either)
    return sa.false() if words else None


def _after_all(prefix: str) -> str:
    """The first text behind all that begin so, in code point order."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


async def read_customer(connection: AsyncConnection, customer_id: int, region: str) -> Customer | None:
    """The customer, or None."""
    rows = (await connection.execute(sa.select(customers).where(customers.c.id == customer_id))).all()
    records = await _records(connection, rows, region)
    return records[0] if records else None


async def create_customer(
    connection: AsyncConnection, values: Mapping[str, Any], numbers: Sequence[str]
) -> int:
    """Adds a customer with these columns and numbers (E.164); his id.

    Raises:
        sqlalchemy.exc.IntegrityError: another customer has this external_ref.
    """
    statement = sa.insert(customers).values(**values).returning(customers.c.id)
    customer_id: int = (await connection.execute(statement)).scalar_one()
    await add_numbers(connection, customer_id, numbers)
    return customer_id


async def update_customer(
    connection: AsyncConnection, customer_id: int, values: Mapping[str, Any], numbers: Sequence[str] | None
) -> bool:
    """Changes these columns, and the numbers unless None; False when there is no such customer.

    Raises:
        sqlalchemy.exc.IntegrityError: another customer has this external_ref.
    """
    statement = (
        sa.update(customers).where(customers.c.id == customer_id).values(**values, updated_at=sa.func.now())
    )
    if (await connection.execute(statement)).rowcount == 0:
        return False
    if numbers is not None:
        await connection.execute(
            sa.delete(customer_numbers).where(
                customer_numbers.c.customer_id == customer_id, customer_numbers.c.e164.not_in(numbers)
            )
        )
        await add_numbers(connection, customer_id, numbers)
    return True


async def add_numbers(connection: AsyncConnection, customer_id: int, numbers: Iterable[str]) -> None:
    """Gives the customer these numbers (E.164), in this order; those he has already only change place."""
    rows = [
        {"customer_id": customer_id, "e164": e164, "position": position}
        for position, e164 in enumerate(dict.fromkeys(numbers))
    ]
    if rows:
        statement = insert(customer_numbers)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[customer_numbers.c.customer_id, customer_numbers.c.e164],
                set_={"position": statement.excluded.position},
            ),
            rows,
        )


async def _records(connection: AsyncConnection, rows: Sequence[sa.Row[Any]], region: str) -> list[Customer]:
    if not rows:
        return []
    numbers: dict[int, list[CustomerNumber]] = {row.id: [] for row in rows}
    lines = await connection.execute(
        sa.select(customer_numbers.c.customer_id, customer_numbers.c.e164)
        .where(customer_numbers.c.customer_id.in_(list(numbers)))
        .order_by(customer_numbers.c.position, customer_numbers.c.e164)
    )
    for customer_id, e164 in lines:
        numbers[customer_id].append(CustomerNumber(e164=e164, display=display(e164, region)))
    return [
        Customer(
            id=row.id,
            name=row.name,
            language=row.language,
            numbers=tuple(numbers[row.id]),
            company=row.company,
            email=row.email,
            note=row.note,
            external_ref=row.external_ref,
        )
        for row in rows
    ]
