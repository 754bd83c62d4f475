"""What flows can look up of callers and queues. Whatever takes long or fails is bounded by who asks.

A source gives the fields that `cti.flows.sources` names, or None when there is nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from msgspec.structs import asdict

from cti.agents.model import Agent, AgentStatus
from cti.calls.model import QueueEntry
from cti.customers.lookup import CustomerLookup, Found, FoundCustomer, FoundSubscription, local_today
from cti.customers.model import SubscriptionStatus
from cti.customers.numbers import parse_e164
from cti.flows.actions import Value
from cti.flows.sources import CustomerFields, QueueFields, SubscriptionFields
from cti.ivr.model import IvrSettings

_NO_CALL: Final = ""


class CustomerSource:
    """By `number`: the only customer who has it. Several are nobody: a flow must not guess who calls."""

    def __init__(self, lookup: CustomerLookup, *, default_region: str) -> None:
        self._lookup = lookup
        self._region = default_region

    async def look_up(self, arguments: Mapping[str, object]) -> Mapping[str, Value] | None:
        """`CustomerFields`.

        Raises:
            LookupFailed: the database is away.
        """
        found = await _found(self._lookup, arguments, self._region)
        customer = _only(found)
        if found is None or customer is None:
            return None
        fields = CustomerFields(
            id=customer.id,
            name=customer.name,
            company=customer.company,
            language=customer.language,
            subscriptions=sum(one.status is SubscriptionStatus.ACTIVE for one in found.subscriptions),
        )
        return asdict(fields)


class SubscriptionSource:
    """By `number` or `customer_id`: the active one of the customer that ends first."""

    def __init__(
        self, lookup: CustomerLookup, *, default_region: str, today: Callable[[], date] = local_today
    ) -> None:
        self._lookup = lookup
        self._region = default_region
        self._today = today

    async def look_up(self, arguments: Mapping[str, object]) -> Mapping[str, Value] | None:
        """`SubscriptionFields`.

        Raises:
            LookupFailed: the database is away.
        """
        found = await _found(self._lookup, arguments, self._region)
        if found is None:
            return None
        active = [one for one in found.subscriptions if one.status is SubscriptionStatus.ACTIVE]
        if not active:
            return None
        first = min(active, key=lambda one: (one.expires_on or date.max, one.id))
        customer = _only(found)
        return asdict(_subscription(first, self._today(), None if customer is None else customer.name))


def _subscription(one: FoundSubscription, today: date, customer: str | None) -> SubscriptionFields:
    record = one.record(today)
    return SubscriptionFields(
        id=one.id,
        product=record.product,
        starts_on=record.starts_on,
        ends_on=record.expires_on,
        days_left=record.days_left,
        amount=None if record.amount is None else float(record.amount),
        currency=record.currency,
        customer_name=customer,
    )


async def _found(lookup: CustomerLookup, arguments: Mapping[str, object], region: str) -> Found | None:
    customer = arguments.get("customer_id")
    if customer is not None and str(customer).isascii() and str(customer).isdecimal():
        return await lookup.by_customer(int(str(customer)), None, _NO_CALL)
    number = arguments.get("number")
    e164 = parse_e164(str(number), region) if number else None
    return None if e164 is None else await lookup.by_number(e164, _NO_CALL)


def _only(found: Found | None) -> FoundCustomer | None:
    return found.customers[0] if found is not None and len(found.customers) == 1 else None


class QueueSource:
    """By `queue`: how it looks now, from the board."""

    def __init__(
        self,
        *,
        waiting: Callable[[], Iterable[QueueEntry]],
        agents: Callable[[], Iterable[Agent]],
        settings: Callable[[], IvrSettings],
        expected_wait: Callable[[str], float | None],
    ) -> None:
        self._waiting = waiting
        self._agents = agents
        self._settings = settings
        self._expected_wait = expected_wait

    async def look_up(self, arguments: Mapping[str, object]) -> Mapping[str, Value] | None:
        """`QueueFields`."""
        queue = str(arguments.get("queue") or "")
        if not queue:
            return None
        survey = self._settings().survey(queue)
        agents = [agent for agent in self._agents() if queue in agent.queues]
        fields = QueueFields(
            waiting=sum(entry.queue == queue for entry in self._waiting()),
            agents=len(agents),
            ready=sum(agent.state.status is AgentStatus.READY for agent in agents),
            open=bool(agents),
            expected_wait_seconds=self._expected_wait(queue),
            survey=survey.enabled,
            second_question=survey.second_question,
        )
        return asdict(fields)
