"""Customers over HTTP, and the screen pop of a call: read, chosen, tied to a customer."""

from typing import Annotated, Any

import msgspec
from aiohttp import web
from pydantic import Field
from sqlalchemy.exc import IntegrityError

from cti.agents.views import VIEWS
from cti.calls import store as calls
from cti.customers import store
from cti.customers.model import Customer, CustomerNumber, ScreenPop
from cti.customers.numbers import mask, parse_e164, search_prefixes
from cti.customers.screen_pop import ScreenPops
from cti.errors import CustomerNotFound, LookupFailed
from cti.http.keys import ENGINE, REGION
from cti.http.principal import PERSON, Language, Principal, Role, Scope
from cti.http.problems import FieldError, Problem
from cti.http.routing import Routes
from cti.http.shapes import (
    Body,
    Id,
    Line,
    Page,
    PageQuery,
    PlainText,
    decode_cursor,
    encode_cursor,
)

routes = Routes(tag="customers")

SCREEN_POPS: web.AppKey[ScreenPops] = web.AppKey("screen_pops", ScreenPops)

CallId = Annotated[str, Field(min_length=1, max_length=150)]
Note = Annotated[PlainText, Field(max_length=4000)]
Numbers = Annotated[list[Annotated[PlainText, Field(min_length=1, max_length=64)]], Field(max_length=20)]


class CustomersQuery(PageQuery):
    """Which customers: words of the name or company (or a number begun), or a number begun; all without."""

    q: str | None = Field(None, max_length=100)
    number: str | None = Field(None, max_length=64)


class NewCustomer(Body):
    """A customer to add."""

    name: Line
    language: Language | None = None
    numbers: Numbers = Field(default_factory=list)
    company: Line | None = None
    email: Line | None = None
    note: Note | None = None
    external_ref: Line | None = None


class CustomerChange(Body):
    """What to change of a customer; what is absent stays, null empties. ``add_numbers`` keeps the others."""

    name: Line | None = None
    language: Language | None = None
    numbers: Numbers | None = None
    add_numbers: Numbers = Field(default_factory=list)
    company: Line | None = None
    email: Line | None = None
    note: Note | None = None
    external_ref: Line | None = None


class CustomerChoice(Body):
    """The customer whom a call is with."""

    customer_id: Id


@routes.get("/api/v1/customers", roles=PERSON, scope=Scope.CUSTOMERS_READ, summary="Search customers")
async def search_customers(
    request: web.Request, principal: Principal, query: CustomersQuery
) -> Page[Customer]:
    """By name, in alphabetical order. Numbers are masked for agents and for tokens that may not see them."""
    region = request.app[REGION]
    after = None if query.cursor is None else decode_cursor(query.cursor, tuple[str, int])
    prefixes = search_prefixes(query.number or query.q or "", region)
    if query.number is not None and not prefixes:
        return Page(items=[], next_cursor=None)
    async with request.app[ENGINE].connect() as connection:
        found, place = await store.search_customers(
            connection,
            words=None if query.number is not None else (query.q or "").strip() or None,
            prefixes=prefixes,
            after=after,
            limit=query.limit,
            region=region,
        )
    items = [_for_reader(customer, principal) for customer in found]
    return Page(items=items, next_cursor=None if place is None else encode_cursor(*place))


@routes.post(
    "/api/v1/customers",
    roles=PERSON,
    scope=Scope.CUSTOMERS_WRITE,
    status=201,
    summary="Add a customer",
)
async def create_customer(request: web.Request, principal: Principal, body: NewCustomer) -> Customer:
    """Numbers may be national; several customers may share one."""
    numbers = _numbers(request, body.numbers, "/numbers")
    values = body.model_dump(exclude={"numbers"})
    try:
        async with request.app[ENGINE].begin() as connection:
            customer_id = await store.create_customer(connection, values, numbers)
            created = await store.read_customer(connection, customer_id, request.app[REGION])
    except IntegrityError:
        raise Problem("customer.exists") from None
    return _changed(request, principal, created, numbers, customer_id)


@routes.get(
    "/api/v1/customers/{customer_id}", roles=PERSON, scope=Scope.CUSTOMERS_READ, summary="Read a customer"
)
async def read_customer(request: web.Request, principal: Principal, customer_id: Id) -> Customer:
    """With all numbers, masked for agents and for tokens that may not see them."""
    async with request.app[ENGINE].connect() as connection:
        found = await store.read_customer(connection, customer_id, request.app[REGION])
    if found is None:
        raise Problem("customer.not_found", customer_id=customer_id)
    return _for_reader(found, principal)


@routes.patch(
    "/api/v1/customers/{customer_id}",
    roles=PERSON,
    scope=Scope.CUSTOMERS_WRITE,
    summary="Change a customer",
)
async def change_customer(
    request: web.Request, principal: Principal, customer_id: Id, body: CustomerChange
) -> Customer:
    """Who sees masked numbers only may add some, but not replace them."""
    if body.numbers is not None and not _sees_numbers(principal):
        raise Problem("auth.forbidden")
    given = body.model_dump(exclude={"numbers", "add_numbers"}, exclude_unset=True)
    if "name" in given and given["name"] is None:
        raise Problem("request.invalid", errors=[FieldError(code="field.missing", pointer="/name")])
    numbers = None if body.numbers is None else _numbers(request, body.numbers, "/numbers")
    more = _numbers(request, body.add_numbers, "/add_numbers")
    region = request.app[REGION]
    try:
        async with request.app[ENGINE].begin() as connection:
            before = await store.read_customer(connection, customer_id, region)
            if before is None:
                raise Problem("customer.not_found", customer_id=customer_id)
            kept = [number.e164 for number in before.numbers] if numbers is None else numbers
            wanted = [*kept, *more] if more or numbers is not None else None
            await store.update_customer(connection, customer_id, given, wanted)
            changed = await store.read_customer(connection, customer_id, region)
    except IntegrityError:
        raise Problem("customer.exists") from None
    concerned = [number.e164 for number in before.numbers] + more + (numbers or [])
    return _changed(request, principal, changed, concerned, customer_id)


@routes.get(
    "/api/v1/calls/{call_id}/screen-pop",
    roles=(Role.AGENT, Role.SUPERVISOR, Role.ADMIN),
    summary="Read who a call is with",
)
async def read_screen_pop(request: web.Request, principal: Principal, call_id: CallId) -> ScreenPop:
    """Of a call of now or of the past; agents see those they were offered or had a part in."""
    await _check_may_see(request, principal, call_id)
    pop = request.app[SCREEN_POPS].get(call_id)
    return pop if pop is not None else await _pop_of_the_past(request, call_id)


@routes.put(
    "/api/v1/calls/{call_id}/customer", roles=(Role.AGENT,), summary="Say which customer a call is with"
)
async def choose_customer(
    request: web.Request, principal: Principal, call_id: CallId, body: CustomerChoice
) -> ScreenPop:
    """One of those who share the number, or any other; saying it again changes it."""
    await _check_may_see(request, principal, call_id)
    try:
        pop = await request.app[SCREEN_POPS].choose(call_id, body.customer_id, principal.agent_id)
    except CustomerNotFound:
        raise Problem("customer.not_found", customer_id=body.customer_id) from None
    except LookupFailed:
        raise Problem("database.unavailable", headers={"Retry-After": "5"}) from None
    return pop if pop is not None else await _pop_of_the_past(request, call_id)


async def _check_may_see(request: web.Request, principal: Principal, call_id: str) -> None:
    if principal.role is not Role.AGENT:
        return
    if principal.agent_id is None:
        raise Problem("agent.none")
    if request.app[VIEWS].has_call(principal.agent_id, call_id):
        return
    async with request.app[ENGINE].connect() as connection:
        if not await calls.was_handled_by(connection, call_id, principal.agent_id):
            raise Problem("call.not_found")


async def _pop_of_the_past(request: web.Request, call_id: str) -> ScreenPop:
    async with request.app[ENGINE].connect() as connection:
        call = await calls.get_summary(connection, call_id)
    if call is None:
        raise Problem("call.not_found")
    number = call.dialled_number if call.direction == "outbound" else call.caller_number
    try:
        return await request.app[SCREEN_POPS].open(call_id, number)
    except LookupFailed:
        raise Problem("database.unavailable", headers={"Retry-After": "5"}) from None


def _numbers(request: web.Request, given: list[str], pointer: str) -> list[str]:
    read = [parse_e164(raw, request.app[REGION]) for raw in given]
    wrong = [
        FieldError(code="field.number", pointer=f"{pointer}/{place}")
        for place, e164 in enumerate(read)
        if e164 is None
    ]
    if wrong:
        raise Problem("request.invalid", errors=wrong)
    return list(dict.fromkeys(e164 for e164 in read if e164 is not None))


def _changed(
    request: web.Request,
    principal: Principal,
    customer: Customer | None,
    numbers: list[str],
    customer_id: int,
) -> Customer:
    if customer is None:
        raise Problem("customer.not_found", customer_id=customer_id)
    request.app[SCREEN_POPS].refresh(numbers)
    return _for_reader(customer, principal)


def _sees_numbers(principal: Principal) -> bool:
    return principal.role is not Role.AGENT and principal.has_scope(Scope.NUMBERS_READ)


def _for_reader(customer: Customer, principal: Principal) -> Customer:
    if _sees_numbers(principal):
        return customer
    masked = tuple(
        CustomerNumber(e164=mask(number.e164) or "", display=mask(number.display) or "")
        for number in customer.numbers
    )
    changes: dict[str, Any] = {"numbers": masked}
    return msgspec.structs.replace(customer, **changes)
