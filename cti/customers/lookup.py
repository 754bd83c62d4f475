"""Who is behind a number: everything a screen pop shows, in one round trip to PostgreSQL.

It has connections of its own, so that a pop never waits behind a report or the recorder, and asks by a
prepared statement whose answer is one JSON document.
"""

import asyncio
import contextlib
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Final, Self

import asyncpg
import msgspec

from cti.customers.lookup_sql import BY_CUSTOMER, BY_NUMBER, CHOOSE, MIRROR
from cti.customers.model import (
    Candidate,
    Customer,
    CustomerNumber,
    OpenCallback,
    RecentCall,
    RecentRating,
    Subscription,
    SubscriptionStatus,
)
from cti.customers.numbers import display
from cti.db.engine import NO_ANSWER, plain_dsn
from cti.errors import CustomerNotFound, LookupFailed

_CONNECTIONS: Final = 4
_TIME_LIMIT_SECONDS: Final = 1.0


class FoundCustomer(msgspec.Struct, frozen=True):
    """A customer as the statement gives him."""

    id: int
    name: str
    language: str | None
    company: str | None
    email: str | None
    note: str | None
    external_ref: str | None
    numbers: list[str]

    def record(self, region: str) -> Customer:
        """The customer as the API shows him, numbers in the way of the region."""
        numbers = tuple(CustomerNumber(e164=e164, display=display(e164, region)) for e164 in self.numbers)
        return Customer(
            id=self.id,
            name=self.name,
            language=self.language,
            numbers=numbers,
            company=self.company,
            email=self.email,
            note=self.note,
            external_ref=self.external_ref,
        )

    def candidate(self) -> Candidate:
        """The customer as one of several."""
        return Candidate(id=self.id, name=self.name, company=self.company, language=self.language)


class FoundSubscription(msgspec.Struct, frozen=True):
    """A subscription as the statement gives it."""

    id: int
    product: str
    status: SubscriptionStatus
    starts_on: date
    expires_on: date | None
    amount: str | None
    currency: str | None

    def record(self, today: date) -> Subscription:
        """The subscription as the API shows it, with the days that are left on ``today``."""
        return Subscription(
            id=self.id,
            product=self.product,
            status=self.status,
            starts_on=self.starts_on.isoformat(),
            expires_on=None if self.expires_on is None else self.expires_on.isoformat(),
            days_left=None if self.expires_on is None else (self.expires_on - today).days,
            amount=self.amount,
            currency=self.currency,
        )


class Found(msgspec.Struct, frozen=True):
    """All that our tables know about a number.

    ``chosen_id`` is the customer an agent has chosen for this call. Subscriptions are those of the only
    customer, and none when there are several.
    """

    chosen_id: int | None
    customers: list[FoundCustomer]
    subscriptions: list[FoundSubscription]
    callbacks: list[OpenCallback]
    calls: list[RecentCall]
    ratings: list[RecentRating]

    @staticmethod
    def read(document: str | bytes) -> "Found":
        """Out of JSON, as the statement gives it.

        Raises:
            msgspec.DecodeError: it is something else.
        """
        return _decoder.decode(document)


_decoder = msgspec.json.Decoder(Found)


class CustomerLookup:
    """Looks customers up by number, over a small pool of connections of its own; an async context manager.

    Entering it opens the connections, so that the first caller need not wait for them, but does not need the
    database: they are made again whenever they are needed and broke.
    """

    def __init__(self, database_url: str) -> None:
        self._pool = asyncpg.create_pool(
            plain_dsn(database_url),
            min_size=0,
            max_size=_CONNECTIONS,
            max_inactive_connection_lifetime=0,
            command_timeout=_TIME_LIMIT_SECONDS,
            timeout=_TIME_LIMIT_SECONDS * 2,
            reset=_leave_as_it_is,
            server_settings={
                "application_name": "cti screen pop",
                "timezone": "UTC",
                "jit": "off",
                # Every table is asked for a few rows by key. Where most calls share a dialled number the
                # planner thinks otherwise, and reads years of calls through.
                "enable_seqscan": "off",
                "enable_bitmapscan": "off",
                "plan_cache_mode": "force_generic_plan",
            },
        )

    async def __aenter__(self) -> Self:
        await self._pool
        with contextlib.suppress(LookupFailed):
            await self.warm()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            async with asyncio.timeout(_TIME_LIMIT_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def warm(self) -> None:
        """Opens the connections and prepares the statement.

        Raises:
            LookupFailed: the database is down, slow or not migrated.
        """
        await asyncio.gather(*(self.by_number("+0", "") for _ in range(_CONNECTIONS)))

    async def by_number(self, e164: str, call_id: str) -> Found:
        """What is known of the number; the call itself is left out of the earlier calls.

        Raises:
            LookupFailed: the database is down, slow or not migrated.
        """
        return await self._fetch(BY_NUMBER, e164, call_id)

    async def by_customer(self, customer_id: int, e164: str | None, call_id: str) -> Found:
        """What is known of the customer and of the number he calls from.

        Raises:
            CustomerNotFound: nobody has this id.
            LookupFailed: the database is down, slow or not migrated.
        """
        found = await self._fetch(BY_CUSTOMER, e164, call_id, customer_id)
        if not found.customers:
            raise CustomerNotFound(f"there is no customer {customer_id}")
        return found

    async def choose(self, call_id: str, customer_id: int, agent_id: int | None) -> None:
        """Notes that the call is with this customer; choosing again replaces the choice.

        Raises:
            CustomerNotFound: nobody has this id.
            LookupFailed: the database is down, slow or not migrated.
        """
        if await self._run(CHOOSE, call_id, customer_id, agent_id) is None:
            raise CustomerNotFound(f"there is no customer {customer_id}")

    async def mirror(self, records: bytes, e164: str) -> dict[str, int]:
        """Writes an external system's customers (JSON list) into our tables; gives our id for each
        external_ref.

        Raises:
            LookupFailed: the database is down, slow or not migrated.
        """
        answer = await self._run(MIRROR, records.decode(), e164)
        return msgspec.json.decode(answer, type=dict[str, int]) if answer else {}

    async def _fetch(self, statement: str, *arguments: object) -> Found:
        answer = await self._run(statement, *arguments)
        try:
            return Found.read(answer or b"")
        except msgspec.DecodeError as error:
            raise LookupFailed(f"the database gave an unreadable customer: {error}") from None

    async def _run(self, statement: str, *arguments: object) -> str | None:
        try:
            async with asyncio.timeout(_TIME_LIMIT_SECONDS * 2):
                answer: str | None = await self._pool.fetchval(statement, *arguments)
        except NO_ANSWER as error:
            raise LookupFailed(f"the database could not be asked: {type(error).__name__}") from error
        return answer


async def _leave_as_it_is(_: object) -> None:
    """Single statements leave nothing behind in a connection: the usual round trip to reset it is saved."""


def local_today() -> date:
    """Today where this machine stands: what "expires tomorrow" is counted from."""
    return datetime.now(UTC).astimezone().date()
