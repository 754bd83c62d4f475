"""The screen pop: who calls is known before the phone rings, whatever the database does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa
from pop_setting import Gate, Watcher, call_of, ended, joined
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.board.facts import (
    CallChanged,
    CallMerged,
    LegStarted,
)
from cti.callbacks import agreed_store
from cti.calls.model import (
    Call,
    Direction,
    Leg,
    LegKind,
    NumberState,
)
from cti.customers import screen_pop, store
from cti.customers.demo import demo_number
from cti.customers.lookup import CustomerLookup
from cti.customers.model import PopSource, PopState
from cti.customers.screen_pop import ScreenPops
from cti.errors import CustomerNotFound, LookupFailed

OLD_CALL = """
INSERT INTO calls (id, started_at, node, boot, direction, answered_at, ended_at, unknown_end, caller_number,
                   number_state, dialled_number, queue, agent_id, voicemail, gap)
VALUES (:id, :at, 'lab', 'b', 'inbound', :at, :at, false, :number,
        'known', '4001', 'sales', :agent, false, false)
"""
OLD_SURVEY = """
INSERT INTO surveys (id, started_at, call_id, call_started_at, agent_id, questions, outcome, rating)
VALUES (:id, :at, :id, :at, :agent, 1, 'completed', :rating)
"""


@pytest_asyncio.fixture
async def calls() -> dict[str, Call]:
    """Live calls by id, as the board has them."""
    return {}


@pytest_asyncio.fixture
async def pops(lookup: CustomerLookup, calls: dict[str, Call]) -> AsyncIterator[ScreenPops]:
    async with ScreenPops(lookup, None, default_region="CN", call_of=calls.get) as opened:
        yield opened


@pytest_asyncio.fixture
async def watcher(pops: ScreenPops) -> Watcher:
    return Watcher(pops)


async def test_a_known_caller_is_there_with_subscriptions_when_he_has_entered_the_queue(
    pops: ScreenPops, watcher: Watcher
) -> None:
    number = demo_number(3)
    pops.observe(joined(call_of("c1", number)))
    first = pops.get("c1")
    assert first is not None
    assert first.state is PopState.LOADING
    pop = await watcher.settled("c1")
    assert pop.state is PopState.READY
    assert pop.customer is not None
    assert pop.customer.external_ref == "demo-3"
    assert number in [n.e164 for n in pop.customer.numbers]
    assert (pop.number, pop.number_state, pop.source) == (number, NumberState.KNOWN, PopSource.LOCAL)
    assert watcher.states("c1") == [PopState.LOADING, PopState.READY]
    assert all((s.days_left is None) == (s.expires_on is None) for s in pop.subscriptions)


async def test_a_national_number_finds_the_same_customer(pops: ScreenPops, watcher: Watcher) -> None:
    pops.observe(joined(call_of("c2", demo_number(0).removeprefix("+86"))))
    pop = await watcher.settled("c2")
    assert pop.customer is not None
    assert pop.customer.external_ref == "demo-0"


async def test_nobody_known_shows_the_number_alone(pops: ScreenPops, watcher: Watcher) -> None:
    pops.observe(joined(call_of("c3", "+8613812345678")))
    pop = await watcher.settled("c3")
    assert (pop.state, pop.customer, pop.number_display) == (PopState.UNKNOWN, None, "138 1234 5678")


@pytest.mark.parametrize(
    ("raw", "state", "number_state", "number"),
    [
        (None, PopState.WITHHELD, NumberState.WITHHELD, None),
        ("anonymous", PopState.WITHHELD, NumberState.WITHHELD, None),
        ("1001", PopState.UNKNOWN, NumberState.KNOWN, "1001"),
        ("${SHELL(id)}'; --", PopState.UNKNOWN, NumberState.INVALID, None),
        ("9" * 300, PopState.UNKNOWN, NumberState.INVALID, None),
    ],
)
async def test_a_number_that_is_none_gives_a_pop_at_once(
    pops: ScreenPops, raw: str | None, state: PopState, number_state: NumberState, number: str | None
) -> None:
    pops.observe(joined(call_of("odd", raw)))
    pop = pops.get("odd")
    assert pop is not None
    assert (pop.state, pop.number_state, pop.number, pop.partial) == (state, number_state, number, False)


async def test_of_several_customers_on_one_number_the_agent_chooses(
    pops: ScreenPops, watcher: Watcher, lookup: CustomerLookup
) -> None:
    call = call_of("c4", demo_number(48))
    pops.observe(joined(call))
    several = await watcher.settled("c4")
    assert several.state is PopState.SEVERAL
    assert several.customer is None
    assert len(several.candidates) == 2
    chosen = several.candidates[1]
    assert chosen.id is not None
    pop = await pops.choose("c4", chosen.id, None)
    assert pop is not None
    assert pop.state is PopState.READY
    assert pop.customer is not None
    assert pop.customer.id == chosen.id
    assert pop.candidates == several.candidates, "the choice can still be changed"
    # The choice outlives the service.
    async with ScreenPops(lookup, None, default_region="CN", call_of=dict[str, Call]().get) as restarted:
        after = Watcher(restarted)
        restarted.observe(joined(call))
        pop = await after.settled("c4")
        assert pop.customer is not None
        assert pop.customer.id == chosen.id
        assert {c.id for c in pop.candidates} == {c.id for c in several.candidates}


async def test_callers_of_before_the_start_are_looked_up_when_it_is_their_turn(
    pops: ScreenPops, watcher: Watcher
) -> None:
    adopted = {name: call_of(name, demo_number(number)) for number, name in enumerate("abcd", 1)}
    pops.adopt(adopted.values())
    pops.observe(CallChanged(at=1_002.0, call=adopted["a"]))
    pops.observe(ended(adopted["b"]))
    assert [pops.get(name) for name in adopted] == [None] * 4
    pops.observe(joined(adopted["c"]))
    pops.observe(joined(call_of("new", demo_number(5))))
    assert [(await watcher.settled(name)).state for name in ("c", "new")] == [PopState.READY] * 2
    assert [pops.get(name) for name in "abd"] == [None] * 3
    pops.begin_adopted()
    for name in "ad":
        pop = await watcher.settled(name)
        assert pop.customer is not None
        assert pop.number == adopted[name].caller_number
    assert pops.get("b") is None


async def test_a_customer_that_is_none_cannot_be_chosen(pops: ScreenPops, watcher: Watcher) -> None:
    pops.observe(joined(call_of("c5", "+8613812345678")))
    await watcher.settled("c5")
    with pytest.raises(CustomerNotFound):
        await pops.choose("c5", 999_999_999, None)


async def test_an_unknown_caller_is_shown_once_he_is_made_a_customer(
    pops: ScreenPops, watcher: Watcher, engine: AsyncEngine
) -> None:
    pops.observe(joined(call_of("c6", "+8613900000006")))
    await watcher.settled("c6")
    async with engine.begin() as connection:
        await store.create_customer(connection, {"name": "新客户"}, ["+8613900000006"])
    pops.refresh(["+8613900000006"])
    pop = await watcher.until("c6", lambda pop: pop.state is PopState.READY)
    assert pop.customer is not None
    assert pop.customer.name == "新客户"


async def test_a_number_that_becomes_known_later_is_looked_up_anew(
    pops: ScreenPops, watcher: Watcher
) -> None:
    call = call_of("c7", None)
    pops.observe(joined(call))
    call.caller_number = demo_number(5)
    pops.observe(CallChanged(at=1_002.0, call=call))
    pop = await watcher.settled("c7")
    assert pop.customer is not None
    assert pop.customer.external_ref == "demo-5"


async def test_a_direct_call_to_an_agents_phone_pops_up_too(
    pops: ScreenPops, watcher: Watcher, calls: dict[str, Call]
) -> None:
    calls["c8"] = call_of("c8", demo_number(6), queue=None)
    leg = Leg(
        id="c8.l2",
        call_id="c8",
        call_started_at=1_000.0,
        node="lab",
        boot="b1",
        uniqueid="lab-2",
        linkedid="lab-1",
        channel="PJSIP/1001-2",
        kind=LegKind.DEVICE,
        interface="PJSIP/1001",
        agent_id=7,
        outgoing=True,
        started_at=1_001.0,
    )
    pops.observe(LegStarted(at=1_001.0, leg=leg))
    assert (await watcher.settled("c8")).state is PopState.READY


async def test_an_agent_who_dials_out_sees_whom_he_calls(pops: ScreenPops, watcher: Watcher) -> None:
    call = call_of("c9", "1001", direction=Direction.OUTBOUND, dialled_number=demo_number(7))
    pops.watch(call)
    pop = await watcher.settled("c9")
    assert pop.customer is not None
    assert pop.customer.external_ref == "demo-7"


async def test_a_merged_call_hands_over_to_the_one_it_became_part_of(
    pops: ScreenPops, watcher: Watcher
) -> None:
    one, two = call_of("m1", demo_number(8), queue=None), call_of("m2", demo_number(9))
    pops.observe(joined(two))
    pops.observe(CallMerged(at=1_010.0, call=two, into=one))
    pop = await watcher.settled("m1")
    assert pop.customer is not None
    assert pop.customer.external_ref == "demo-8"


async def test_earlier_calls_ratings_and_callbacks_are_shown(
    pops: ScreenPops, watcher: Watcher, engine: AsyncEngine
) -> None:
    number, now = demo_number(12), datetime.now(UTC)
    async with engine.begin() as connection:
        user = await connection.scalar(
            sa.text(
                "INSERT INTO users (username, name, role, language) VALUES ('ann', 'Ann', 'agent', 'en')"
                " RETURNING id"
            )
        )
        agent = await connection.scalar(
            sa.text("INSERT INTO agents (user_id) VALUES (:user) RETURNING id"), {"user": user}
        )
        for place in range(7):
            at = now - timedelta(days=place + 1)
            values = {"id": f"old{place}", "at": at, "number": number, "agent": agent}
            await connection.execute(sa.text(OLD_CALL), values)
            await connection.execute(sa.text(OLD_SURVEY), {**values, "rating": place % 5 + 1})
        customer = await connection.scalar(
            sa.text("SELECT customer_id FROM customer_numbers WHERE e164 = :number"), {"number": number}
        )
        callback = await agreed_store.promise_callback(
            connection,
            call_id="old0",
            agent_id=agent,
            customer_id=customer,
            e164=number,
            due_at=now,
            note="续约",
        )
        again = await agreed_store.promise_callback(
            connection,
            call_id="old0",
            agent_id=agent,
            customer_id=customer,
            e164=number,
            due_at=now + timedelta(hours=1),
            note="改期",
        )
        assert again == callback, "one call promises one callback"
    pops.observe(joined(call_of("old0", number)))
    pops.observe(joined(call_of("c12", number)))
    own, pop = await watcher.settled("old0"), await watcher.settled("c12")
    assert [call.id for call in pop.recent_calls] == [f"old{place}" for place in range(5)]
    assert own.recent_calls[0].id == "old1", "a call is not one of its own earlier calls"
    first = pop.recent_calls[0]
    assert first.agent is not None
    assert (first.agent.name, first.rating, first.outcome, first.answered) == ("Ann", 1, "answered", True)
    assert first.hold_seconds is None, "what was not measured is unknown"
    assert [rating.rating for rating in pop.recent_ratings] == [1, 2, 3, 4, 5]
    assert [promise.note for promise in pop.open_callbacks] == ["改期"]
    async with engine.begin() as connection:
        await agreed_store.withdraw_callback(connection, "old0")
    pops.refresh([number])
    await watcher.until("c12", lambda pop: not pop.open_callbacks)


async def test_a_pop_stays_for_the_wrap_up_and_is_forgotten_afterwards(
    lookup: CustomerLookup,
) -> None:
    options = {"default_region": "CN", "call_of": dict[str, Call]().get, "grace_seconds": 0.05}
    async with ScreenPops(lookup, None, **options) as pops:  # type: ignore[arg-type]
        watcher, call = Watcher(pops), call_of("c13", demo_number(13))
        pops.observe(joined(call))
        await watcher.settled("c13")
        pops.observe(ended(call))
        assert pops.get("c13") is not None
        await asyncio.sleep(0.1)
        assert pops.get("c13") is None


async def test_a_call_that_is_over_gets_no_pop_any_more(pops: ScreenPops) -> None:
    pops.observe(CallChanged(at=1_200.0, call=call_of("late", demo_number(14), ended_at=1_100.0)))
    assert pops.get("late") is None


async def test_there_are_never_more_pops_than_allowed(
    pops: ScreenPops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_pop, "_MOST_POPS", 50)
    over = call_of("over", None)
    pops.observe(joined(over))
    pops.observe(ended(over))
    for place in range(60):
        pops.observe(joined(call_of(f"n{place}", None)))
    assert pops.get("over") is None, "calls that are over go first"
    assert pops.get("n9") is None
    assert pops.get("n59") is not None


async def test_the_event_path_never_waits_for_a_pop(pops: ScreenPops) -> None:
    facts = [joined(call_of(f"f{place}", demo_number(place % 300))) for place in range(1000)]
    begun = time.perf_counter()
    for fact in facts:
        pops.observe(fact)
    assert (time.perf_counter() - begun) / len(facts) < 0.002


async def test_while_the_database_is_down_memory_serves_and_the_rest_follows_when_it_is_back(
    gate: Gate,
) -> None:
    async with AsyncExitStack() as stack:
        lookup = await stack.enter_async_context(CustomerLookup(gate.url))
        pops = await stack.enter_async_context(
            ScreenPops(lookup, None, default_region="CN", call_of=dict[str, Call]().get)
        )
        watcher = Watcher(pops)
        pops.observe(joined(call_of("d1", demo_number(20))))
        assert (await watcher.settled("d1")).state is PopState.READY
        await gate.shut()
        pops.observe(joined(call_of("d2", demo_number(20))))
        pops.observe(joined(call_of("d3", demo_number(21))))
        known = await watcher.until("d2", lambda pop: pop.state is not PopState.LOADING)
        assert (known.state, known.partial) == (PopState.READY, True)
        new = await watcher.until("d3", lambda pop: pop.state is not PopState.LOADING)
        assert (new.state, new.partial, new.number) == (PopState.FAILED, True, demo_number(21))
        with pytest.raises(LookupFailed):
            await pops.choose("d2", 1, None)
        with pytest.raises(LookupFailed):
            await pops.open("older", demo_number(20))
        await gate.open()
        back = await watcher.settled("d3")
        assert back.state is PopState.READY
        assert not (await watcher.settled("d2")).partial


async def test_a_database_that_hangs_gives_a_failed_pop_in_time(gate: Gate) -> None:
    async with AsyncExitStack() as stack:
        lookup = await stack.enter_async_context(CustomerLookup(gate.url))
        pops = await stack.enter_async_context(
            ScreenPops(lookup, None, default_region="CN", call_of=dict[str, Call]().get)
        )
        watcher = Watcher(pops)
        await lookup.warm()
        gate.stop()
        for place in range(30):
            pops.observe(joined(call_of(f"h{place}", demo_number(place))))
        for place in range(30):
            pop = await watcher.until(f"h{place}", lambda pop: pop.state is PopState.FAILED, seconds=4.0)
            assert pop.partial
        await gate.open()
        for place in range(30):
            assert (
                await watcher.until(f"h{place}", lambda pop: not pop.partial, seconds=10)
            ).state is PopState.READY


async def test_the_service_starts_without_its_database(gate: Gate) -> None:
    await gate.shut()
    async with AsyncExitStack() as stack:
        lookup = await stack.enter_async_context(CustomerLookup(gate.url))
        pops = await stack.enter_async_context(
            ScreenPops(lookup, None, default_region="CN", call_of=dict[str, Call]().get)
        )
        watcher = Watcher(pops)
        pops.observe(joined(call_of("s1", demo_number(22))))
        assert (await watcher.until("s1", lambda pop: pop.partial)).state is PopState.FAILED
        await gate.open()
        assert (await watcher.settled("s1")).state is PopState.READY


async def test_nothing_is_left_over_at_the_end(lookup: CustomerLookup) -> None:
    before = asyncio.all_tasks()
    async with ScreenPops(lookup, None, default_region="CN", call_of=dict[str, Call]().get) as pops:
        for place in range(20):
            pops.observe(joined(call_of(f"l{place}", demo_number(place))))
    assert {task for task in asyncio.all_tasks() - before if not task.done()} == set()
