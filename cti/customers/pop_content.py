"""What a screen pop shows, decided from what the sources have answered so far. Pure: time is an argument."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from cti.calls.model import NumberState
from cti.customers.crm import CrmCustomer
from cti.customers.lookup import Found
from cti.customers.model import (
    Candidate,
    Customer,
    CustomerNumber,
    Number,
    PopSource,
    PopState,
    ScreenPop,
    Subscription,
)
from cti.customers.numbers import display


@dataclass(frozen=True, kw_only=True, slots=True)
class CrmAnswer:
    """What the external system said; ``ids`` are our ids of its customers by external_ref, if known."""

    customers: Sequence[CrmCustomer]
    ids: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """Who has answered what. ``tables`` is None while or because the database did not, ``crm`` likewise.

    ``chosen_id`` is the agent's choice, ``others`` the candidates he chose from. ``complete`` is False when
    a source is still awaited or has failed.
    """

    tables: Found | None = None
    crm: CrmAnswer | None = None
    chosen_id: int | None = None
    others: tuple[Candidate, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Person:
    """A customer from whichever source, with his subscriptions (None: not known there)."""

    customer: Customer
    subscriptions: tuple[Subscription, ...] | None

    @property
    def candidate(self) -> Candidate:
        record = self.customer
        return Candidate(id=record.id, name=record.name, company=record.company, language=record.language)


def first_pop(call_id: str, number: Number, at: str) -> ScreenPop:
    """The pop before anybody was asked; final when there is no public number to ask for."""
    if number.state is NumberState.WITHHELD:
        state = PopState.WITHHELD
    else:
        state = PopState.UNKNOWN if number.e164 is None else PopState.LOADING
    shown = number.e164 or (number.display if number.state is NumberState.KNOWN else None)
    return ScreenPop(
        call_id=call_id,
        state=state,
        number=shown,
        number_display=number.display,
        number_state=number.state,
        updated_at=at,
    )


def pop_of(call_id: str, number: Number, answers: Answers, *, at: str, today: date, region: str) -> ScreenPop:
    """The pop that the answers so far make; an answer of the external system goes before our own record."""
    pop = first_pop(call_id, number, at)
    tables = answers.tables
    people, source = _people(answers, today, region)
    chosen = [person for person in people if person.customer.id == answers.chosen_id is not None]
    shown = chosen or people
    if len(shown) == 1:
        state = PopState.READY
    elif people:
        state = PopState.SEVERAL
    else:
        state = PopState.FAILED if tables is None else PopState.UNKNOWN
    pop = msgspec.structs.replace(
        pop, state=state, source=source, partial=not answers.complete or tables is None
    )
    if state is PopState.READY:
        pop = msgspec.structs.replace(
            pop,
            customer=shown[0].customer,
            subscriptions=_subscriptions(shown[0], tables, today),
            candidates=tuple(p.candidate for p in people) if len(people) > 1 else answers.others,
        )
    elif state is PopState.SEVERAL:
        pop = msgspec.structs.replace(pop, candidates=tuple(p.candidate for p in people))
    if tables is not None:
        pop = msgspec.structs.replace(
            pop,
            recent_calls=tuple(tables.calls),
            recent_ratings=tuple(tables.ratings),
            open_callbacks=tuple(tables.callbacks),
        )
    return pop


def _people(answers: Answers, today: date, region: str) -> tuple[list[_Person], PopSource]:
    tables, crm = answers.tables, answers.crm
    ours = [] if tables is None else [_Person(c.record(region), None) for c in tables.customers]
    if crm is None or not crm.customers:
        return ours, PopSource.LOCAL
    theirs = [_crm_person(c, crm.ids.get(c.external_ref), today, region) for c in crm.customers]
    if answers.chosen_id is not None and answers.chosen_id not in {p.customer.id for p in theirs}:
        return ours, PopSource.LOCAL
    return theirs, PopSource.CRM


def _crm_person(record: CrmCustomer, customer_id: int | None, today: date, region: str) -> _Person:
    customer = Customer(
        id=customer_id,
        name=record.name,
        language=record.language,
        numbers=tuple(CustomerNumber(e164=e164, display=display(e164, region)) for e164 in record.numbers),
        company=record.company,
        email=record.email,
        note=record.note,
        external_ref=record.external_ref,
    )
    if record.subscriptions is None:
        return _Person(customer, None)
    return _Person(customer, tuple(s.record(today) for s in record.subscriptions))


def _subscriptions(person: _Person, tables: Found | None, today: date) -> tuple[Subscription, ...]:
    if person.subscriptions is not None:
        return person.subscriptions
    if tables is None or [c.id for c in tables.customers] != [person.customer.id]:
        return ()
    return tuple(s.record(today) for s in tables.subscriptions)
