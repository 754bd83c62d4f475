"""What flows can look up: what each source is asked with, and what it gives. Pure.

Who answers gives exactly these fields, and the lint knows them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec


class LookUpSource(StrEnum):
    """What can be looked up."""

    #: By ``number`` (the caller's without it).
    CUSTOMER = "customer"
    #: The active one of the customer that ends first, by ``number`` or ``customer_id``.
    SUBSCRIPTION = "subscription"
    #: By ``calendar``.
    HOURS = "hours"
    #: By ``queue``.
    QUEUE = "queue"
    #: By ``table`` and ``key``: the columns of the row.
    TABLE = "table"
    #: Of ``queue`` (all queues without it), switched on by a supervisor.
    ANNOUNCEMENT = "announcement"
    #: By ``staff`` (a number) and ``pin``; not found when the PIN is wrong.
    STAFF = "staff"
    #: GET of ``url``, a name in the settings' list of endpoints: the members of its JSON object.
    HTTP = "http"


class CustomerFields(msgspec.Struct, frozen=True, kw_only=True):
    """The only customer who has a number."""

    id: int
    name: str
    company: str | None
    language: str | None
    #: How many are active.
    subscriptions: int


class SubscriptionFields(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription; days as ISO 8601 has them, ``currency`` in ISO 4217."""

    id: int
    product: str
    starts_on: str | None
    ends_on: str | None
    days_left: int | None
    amount: float | None
    currency: str | None
    customer_name: str | None


class HoursFields(msgspec.Struct, frozen=True, kw_only=True):
    """How it is with a calendar now; instants in its own time, titles of a special day."""

    open: bool
    #: `hours`, `holiday` or `closed`.
    reason: str
    opens_at: str | None
    closes_at: str | None
    title_zh: str | None
    title_en: str | None


class QueueFields(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue looks now, and what its callers are asked."""

    waiting: int
    #: Signed in.
    agents: int
    ready: int
    #: Somebody is signed in.
    open: bool
    #: None when nobody can tell.
    expected_wait_seconds: float | None
    survey: bool
    second_question: bool


class AnnouncementFields(msgspec.Struct, frozen=True, kw_only=True):
    """What callers of a queue hear now."""

    prompt: str
    hang_up: bool
    name: str
    title_zh: str | None
    title_en: str | None


class StaffFields(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has shown who he is."""

    id: int
    name: str
    role: str


_FIELDS: Final[Mapping[LookUpSource, type[msgspec.Struct]]] = {
    LookUpSource.CUSTOMER: CustomerFields,
    LookUpSource.SUBSCRIPTION: SubscriptionFields,
    LookUpSource.HOURS: HoursFields,
    LookUpSource.QUEUE: QueueFields,
    LookUpSource.ANNOUNCEMENT: AnnouncementFields,
    LookUpSource.STAFF: StaffFields,
}
#: The arguments that each source needs, and those that it takes besides.
_ARGUMENTS: Final[Mapping[LookUpSource, tuple[frozenset[str], frozenset[str]]]] = {
    LookUpSource.CUSTOMER: (frozenset(), frozenset({"number"})),
    LookUpSource.SUBSCRIPTION: (frozenset(), frozenset({"number", "customer_id"})),
    LookUpSource.HOURS: (frozenset({"calendar"}), frozenset()),
    LookUpSource.QUEUE: (frozenset({"queue"}), frozenset()),
    LookUpSource.TABLE: (frozenset({"table", "key"}), frozenset()),
    LookUpSource.ANNOUNCEMENT: (frozenset(), frozenset({"queue"})),
    LookUpSource.STAFF: (frozenset({"staff", "pin"}), frozenset()),
    LookUpSource.HTTP: (frozenset({"url"}), frozenset()),
}
#: An endpoint is asked with whatever else a flow says.
_TAKES_ANYTHING: Final = frozenset({LookUpSource.HTTP})


def fields_of(source: LookUpSource) -> tuple[str, ...] | None:
    """What a source gives; None when that depends on whom it asks (a table, an endpoint)."""
    fields = _FIELDS.get(source)
    return None if fields is None else fields.__struct_fields__


def needs(source: LookUpSource) -> frozenset[str]:
    """The arguments without which a source cannot be asked."""
    return _ARGUMENTS[source][0]


def takes(source: LookUpSource) -> frozenset[str] | None:
    """All arguments that a source knows; None for one that takes whatever it is given."""
    needed, more = _ARGUMENTS[source]
    return None if source in _TAKES_ANYTHING else needed | more
