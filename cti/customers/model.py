"""Customers, their numbers, subscriptions and callbacks, and the screen pop that shows them to an agent.

These records are what the web API sends, so instants are texts (RFC 3339, UTC, milliseconds) and days are
`YYYY-MM-DD`. ``None`` means not known, never zero.
"""

from enum import StrEnum

import msgspec

from cti.calls.model import NumberState


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's number, read.

    ``e164`` is set for public numbers only: neither for extensions and service numbers (`1001`, `10086`) nor
    for a local number without area code. ``display`` is safe to show: printable, at most 40 characters, empty
    when withheld.
    """

    e164: str | None
    state: NumberState
    display: str


class SubscriptionStatus(StrEnum):
    """Where a subscription stands; ACTIVE with a past expiry has simply not been renewed yet."""

    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class CustomerNumber(msgspec.Struct, frozen=True, kw_only=True):
    """One of a customer's numbers; ``display`` is national in the home region, international elsewhere."""

    e164: str
    display: str


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A person or firm that may call.

    ``id`` is None only while the database is down and an external system alone knows the customer.
    """

    id: int | None
    name: str
    language: str | None = None
    numbers: tuple[CustomerNumber, ...] = ()
    company: str | None = None
    email: str | None = None
    note: str | None = None
    external_ref: str | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One of several customers who share the caller's number."""

    id: int | None
    name: str
    company: str | None = None
    language: str | None = None


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer pays for; ``days_left`` is negative once it has expired and None when it never does."""

    id: int | None
    product: str
    status: SubscriptionStatus
    starts_on: str | None = None
    expires_on: str | None = None
    days_left: int | None = None
    amount: str | None = None
    currency: str | None = None


class OpenCallback(msgspec.Struct, frozen=True, kw_only=True):
    """A promise to call back that nobody has kept yet."""

    id: int
    due_at: str
    note: str | None = None


class AgentName(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as a screen names him."""

    id: int
    name: str


class CustomerName(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as a list names him."""

    id: int
    name: str


class RecentCall(msgspec.Struct, frozen=True, kw_only=True):
    """One of the caller's earlier calls: the API's CallSummary. What was not measured is None."""

    id: str
    started_at: str
    ended_at: str | None = None
    direction: str
    number: str | None = None
    dnis: str | None = None
    queue: str | None = None
    agent: AgentName | None = None
    answered: bool
    wait_seconds: float | None = None
    talk_seconds: float | None = None
    hold_seconds: float | None = None
    wrap_up_seconds: float | None = None
    outcome: str
    rating: int | None = None
    disposition: str | None = None
    customer: CustomerName | None = None


class RecentRating(msgspec.Struct, frozen=True, kw_only=True):
    """How the caller rated an earlier call, 1 to 5."""

    rating: int
    at: str
    agent_name: str | None = None


class PopState(StrEnum):
    """How far the look-up is."""

    LOADING = "loading"
    #: One customer is known.
    READY = "ready"
    #: Nobody is known under this number.
    UNKNOWN = "unknown"
    #: Several customers share the number; the agent chooses.
    SEVERAL = "several"
    WITHHELD = "withheld"
    #: The database could not be asked and memory knows nobody; it is tried again.
    FAILED = "failed"


class PopSource(StrEnum):
    """Whose customer record is shown."""

    LOCAL = "local"
    CRM = "crm"


class ScreenPop(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, as the agent's page shows it.

    ``partial`` says that a source has not answered (yet), so more may come or something may be missing.
    """

    call_id: str
    state: PopState
    number: str | None
    number_display: str
    number_state: NumberState
    customer: Customer | None = None
    candidates: tuple[Candidate, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    recent_calls: tuple[RecentCall, ...] = ()
    recent_ratings: tuple[RecentRating, ...] = ()
    open_callbacks: tuple[OpenCallback, ...] = ()
    source: PopSource = PopSource.LOCAL
    partial: bool = False
    updated_at: str
