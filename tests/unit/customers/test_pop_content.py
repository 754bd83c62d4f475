"""What a pop shows follows from the answers alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls.model import NumberState
from cti.customers.crm import CrmCustomer, CrmSubscription
from cti.customers.lookup import Found, FoundCustomer, FoundSubscription
from cti.customers.model import Number, PopSource, PopState, ScreenPop, SubscriptionStatus
from cti.customers.pop_content import Answers, CrmAnswer, first_pop, pop_of

NUMBER = Number(e164="+8613812345678", state=NumberState.KNOWN, display="138 1234 5678")
TODAY = date(2026, 11, 22)


def customer(customer_id: int) -> FoundCustomer:
    return FoundCustomer(customer_id, f"Customer {customer_id}", "en", None, None, None, None, [])


def found(*ids: int, expires_on: date | None = None) -> Found:
    subscriptions = [
        FoundSubscription(1, "Line", SubscriptionStatus.ACTIVE, date(2026, 1, 1), expires_on, None, None)
    ]
    return Found(None, [customer(i) for i in ids], subscriptions if len(ids) == 1 else [], [], [], [])


def pop(answers: Answers) -> ScreenPop:
    return pop_of("c1", NUMBER, answers, at="now", today=TODAY, region="CN")


@pytest.mark.parametrize(
    ("answers", "state", "partial"),
    [
        (Answers(tables=found()), PopState.UNKNOWN, False),
        (Answers(tables=found(1)), PopState.READY, False),
        (Answers(tables=found(1, 2)), PopState.SEVERAL, False),
        (Answers(tables=found(1, 2), chosen_id=2), PopState.READY, False),
        (Answers(tables=found(1), complete=False), PopState.READY, True),
        (Answers(), PopState.FAILED, True),
        (Answers(crm=CrmAnswer(customers=())), PopState.FAILED, True),
    ],
)
def test_the_state_says_what_is_known(answers: Answers, state: PopState, partial: bool) -> None:
    shown = pop(answers)
    assert (shown.state, shown.partial) == (state, partial)


@pytest.mark.parametrize(
    ("expires_on", "days_left"),
    [(TODAY, 0), (date(2026, 11, 23), 1), (date(2026, 11, 20), -2), (None, None)],
)
def test_days_are_counted_from_today_to_the_expiry(expires_on: date | None, days_left: int | None) -> None:
    assert pop(Answers(tables=found(1, expires_on=expires_on))).subscriptions[0].days_left == days_left


def test_the_external_systems_record_goes_before_ours_and_its_silence_on_subscriptions_leaves_ours() -> None:
    known = CrmAnswer(customers=[CrmCustomer(external_ref="x", name="Theirs")], ids={"x": 1})
    shown = pop(Answers(tables=found(1), crm=known))
    assert shown.customer is not None
    assert (shown.customer.name, shown.customer.id, shown.source) == ("Theirs", 1, PopSource.CRM)
    assert [s.product for s in shown.subscriptions] == ["Line"]
    none = CrmAnswer(customers=[CrmCustomer(external_ref="x", name="Theirs", subscriptions=[])], ids={"x": 1})
    assert pop(Answers(tables=found(1), crm=none)).subscriptions == ()


def test_a_customer_chosen_from_outside_the_crm_is_shown_from_our_tables() -> None:
    known = CrmAnswer(customers=[CrmCustomer(external_ref="x", name="Theirs")], ids={"x": 1})
    shown = pop(Answers(tables=found(9), crm=known, chosen_id=9))
    assert shown.customer is not None
    assert (shown.customer.id, shown.source) == (9, PopSource.LOCAL)


ids = st.lists(st.integers(1, 6), unique=True, max_size=4)


@given(ids, ids, st.none() | st.integers(1, 8), st.booleans(), st.booleans(), st.booleans())
def test_every_mix_of_answers_makes_a_pop_that_agrees_with_itself(
    ours: list[int], theirs: list[int], chosen: int | None, tables: bool, crm: bool, complete: bool
) -> None:
    answer = CrmAnswer(
        customers=[
            CrmCustomer(external_ref=f"x{i}", name=f"C{i}", subscriptions=[CrmSubscription(product="P")])
            for i in theirs
        ],
        ids={f"x{i}": i for i in theirs},
    )
    shown = pop(
        Answers(
            tables=found(*ours) if tables else None,
            crm=answer if crm else None,
            chosen_id=chosen,
            complete=complete,
        )
    )
    assert shown.state not in (PopState.LOADING, PopState.WITHHELD)
    assert (shown.customer is not None) == (shown.state is PopState.READY)
    assert (len(shown.candidates) > 1) or shown.state is not PopState.SEVERAL
    if shown.state is PopState.FAILED:
        assert not tables
    if chosen is not None and shown.customer is not None and chosen in (ours if tables else []):
        assert shown.customer.id == chosen


@pytest.mark.parametrize(
    ("number", "state", "shown"),
    [
        (NUMBER, PopState.LOADING, "+8613812345678"),
        (Number(e164=None, state=NumberState.KNOWN, display="1001"), PopState.UNKNOWN, "1001"),
        (Number(e164=None, state=NumberState.INVALID, display="alice"), PopState.UNKNOWN, None),
        (Number(e164=None, state=NumberState.WITHHELD, display=""), PopState.WITHHELD, None),
    ],
)
def test_the_first_pop_is_final_where_there_is_nobody_to_ask(
    number: Number, state: PopState, shown: str | None
) -> None:
    pop = first_pop("c1", number, "now")
    assert (pop.state, pop.number, pop.partial) == (state, shown, False)
