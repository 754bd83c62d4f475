"""Agents who call people from their page, under the rules that hold for campaigns, with a real Asterisk."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from web_site import Floor, Visitor

from cti.http.shapes import instant
from cti.simulation.lab import Lab, answering, refusing, ringing
from tests.stage.live_reader import LiveReader

NUMBER = "13800138020"
E164 = f"+86{NUMBER}"
DIAL = "/api/v1/agent/call/dial"


@pytest_asyncio.fixture
async def ann(floor: Floor) -> AsyncIterator[Visitor]:
    """Ann, signed in with phone 1001 and paused; nobody was ever called."""
    await clear(floor.engine)
    visitor = await floor.signed_in("ann")
    async with LiveReader(visitor) as live:
        await visitor.ask("POST", "/api/v1/agent/sign-in", {"device_id": 1})
        await live.agent("paused", reason="signed-in")
        yield visitor
        await visitor.ask("PATCH", "/api/v1/session", {"language": "en"})
        await visitor.ask("POST", "/api/v1/agent/sign-out", {})
        await live.agent("logged_out")
    await clear(floor.engine)


async def clear(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            sa.text("TRUNCATE attempts, dial_counters, dial_decisions, callbacks CASCADE")
        )
        limits = "UPDATE dial_limits SET kill_switch = false, agent_calls_per_day = 400"
        await connection.execute(sa.text(limits))
        await connection.execute(sa.text("DELETE FROM do_not_call_entries"))


async def rows(engine: AsyncEngine, query: str) -> list[Any]:
    async with engine.connect() as connection:
        return list(await connection.execute(sa.text(query)))


async def ended(engine: AsyncEngine) -> Any:
    """The one attempt, once it is over."""
    return await attempt_when(engine, "outcome IS NOT NULL")


async def attempt_when(engine: AsyncEngine, holds: str) -> Any:
    """The one attempt of which something holds, once it does."""
    async with asyncio.timeout(20):
        while True:
            found = await rows(engine, f"SELECT * FROM attempts WHERE {holds}")
            if found:
                (attempt,) = found
                return attempt
            await asyncio.sleep(0.05)


async def refusal(visitor: Visitor, number: str = NUMBER) -> str:
    status, problem = await visitor.ask("POST", DIAL, {"number": number})
    assert status == 409, problem
    assert problem["code"] == "dial.refused"
    return str(problem["errors"][0]["code"])


async def test_a_number_outside_is_called_as_an_attempt_and_not_again_for_half_an_hour(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    async with (
        LiveReader(ann) as live,
        lab.phone(1001, answering(after=0.1)),
        lab.carrier(answering(after=0.2)) as carrier,
    ):
        assert (await ann.ask("POST", DIAL, {"number": NUMBER}))[0] == 202
        dialled = await asyncio.wait_for(carrier.next_call(), 20)
        talking = await live.call("talking")
        assert talking["direction"] == "outbound"
        open_attempt = await attempt_when(floor.engine, "state = 'bridged'")
        assert open_attempt.purpose == "manual"
        assert open_attempt.agent_id == 1
        assert open_attempt.phone == E164
        assert (await live.call("talking"))["number"] == E164
        heard = len(live.frames)
        await dialled.hang_up()
        await live.agent("paused", heard)
        # From the ringing of his own phone on he sees whom he calls.
        shown = [frame["agent"]["call"] for frame in live.frames if (frame.get("agent") or {}).get("call")]
        assert shown[0]["phase"] == "ringing"
        assert {(one["direction"], one["number"]) for one in shown} == {("outbound", E164)}
    attempt = await ended(floor.engine)
    assert (attempt.state, attempt.outcome, attempt.connected) == ("ended", "answered", True)
    assert attempt.sent_at <= attempt.answered_at <= attempt.ended_at
    assert talking["call_id"].endswith(attempt.id)
    status, problem = await ann.ask("POST", DIAL, {"number": f"0086{NUMBER}"})
    assert (status, problem["code"]) == (409, "dial.refused")
    assert [one["code"] for one in problem["errors"]] == ["dial.gap"]
    assert problem["errors"][0]["detail"].startswith("Called a moment ago: 30 minutes lie between two calls")
    assert 1700 < int(ann.last_headers["Retry-After"]) <= 1800
    await ann.ask("PATCH", "/api/v1/session", {"language": "zh-CN"})
    _, problem = await ann.ask("POST", DIAL, {"number": NUMBER})
    assert problem["errors"][0]["detail"].startswith("刚刚呼叫过")
    decisions = await rows(
        floor.engine,
        "SELECT record -> 'hold' ->> 'refusal' AS refusal, attempt_id, agent_id, phone FROM dial_decisions"
        " ORDER BY id",
    )
    assert [(one.refusal, one.attempt_id) for one in decisions] == [
        (None, attempt.id), ("gap", None), ("gap", None)
    ]  # fmt: skip
    assert {(one.agent_id, one.phone) for one in decisions} == {(1, E164)}
    counted = await rows(floor.engine, "SELECT scope, used FROM dial_counters ORDER BY scope")
    assert [tuple(one) for one in counted] == [("agent:1", 1), ("all", 1)]


async def test_who_does_not_pick_up_his_own_phone_has_called_nobody(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    async with lab.phone(1001, refusing(after=0.1, status=486, reason="Busy Here")), lab.carrier() as carrier:
        assert (await ann.ask("POST", DIAL, {"number": NUMBER}))[0] == 202
        assert (await ended(floor.engine)).outcome == "not_sent"
        # As if others had been called today: of theirs nothing is taken off.
        counted = await rows(floor.engine, "UPDATE dial_counters SET used = used + 5 RETURNING used")
        assert [one.used for one in counted] == [5, 5]
        assert carrier.calls == []
    async with lab.phone(1001, answering(after=0.1)), lab.carrier(answering(after=0.1)) as carrier:
        assert (await ann.ask("POST", DIAL, {"number": NUMBER}))[0] == 202
        call = await asyncio.wait_for(carrier.next_call(), 20)
        async with LiveReader(ann) as live:
            await live.call("talking")
            await call.hang_up()
            await live.agent("paused", len(live.frames) - 1)
    counted = await rows(floor.engine, "SELECT used FROM dial_counters WHERE scope = 'agent:1'")
    assert [one.used for one in counted] == [1]


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [(486, "Busy Here", "busy"), (404, "Not Found", "wrong_number"), (503, "Unavailable", "network")],
)
async def test_what_became_of_it_follows_from_what_the_network_said(
    floor: Floor, lab: Lab, ann: Visitor, status: int, reason: str, outcome: str
) -> None:
    far_end = refusing(after=0.2, status=status, reason=reason)
    async with lab.phone(1001, answering(after=0.1)), lab.carrier(far_end) as carrier:
        assert (await ann.ask("POST", DIAL, {"number": NUMBER}))[0] == 202
        await asyncio.wait_for(carrier.next_call(), 20)
        assert (await ended(floor.engine)).outcome == outcome


async def test_an_agent_who_gives_up_has_cancelled(floor: Floor, lab: Lab, ann: Visitor) -> None:
    async with (
        LiveReader(ann) as live,
        lab.phone(1001, answering(after=0.1)) as phone,
        lab.carrier(ringing) as carrier,
    ):
        assert (await ann.ask("POST", DIAL, {"number": NUMBER}))[0] == 202
        await asyncio.wait_for(carrier.next_call(), 20)
        await live.agent("talking")
        await phone.calls[0].hang_up()
        assert (await ended(floor.engine)).outcome == "cancelled"


@pytest.mark.parametrize("told", [True, False])
async def test_who_refuses_calls_while_it_rings_is_hung_up_within_a_second(
    floor: Floor, lab: Lab, ann: Visitor, told: bool
) -> None:
    ada = await floor.signed_in("ada")
    async with (
        LiveReader(ann) as live,
        lab.phone(1001, answering(after=0.1)) as phone,
        lab.carrier(ringing) as carrier,
    ):
        assert (await ann.ask("POST", DIAL, {"number": NUMBER}))[0] == 202
        call = await asyncio.wait_for(carrier.next_call(), 20)
        await live.agent("talking")
        await attempt_when(floor.engine, "state = 'ringing'")
        heard, refused_at = len(live.frames), time.time()
        if told:
            given = {"number": NUMBER, "level": "global"}
            assert (await ada.ask("POST", "/api/v1/do-not-call", given))[0] == 201
        else:  # by another service on the same database
            await listed(floor.engine, "now()")
        async with asyncio.timeout(5):
            await call.ended()
            await phone.calls[0].ended()
        assert (call.ended_at or 0) - refused_at < 1.0
        attempt = await ended(floor.engine)
        assert (attempt.outcome, attempt.cancelled) == ("cancelled", True)
        await live.agent("paused", heard)


async def test_what_was_refused_before_a_callback_was_promised_does_not_end_it(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    await listed(floor.engine, "now() - interval '1 day'")
    agreed = {"number": NUMBER, "at": instant(time.time() + 300), "queue": "sales"}
    _, made = await ann.ask("POST", "/api/v1/callbacks", agreed)
    async with lab.phone(1001, answering(after=0.1)), lab.carrier(ringing) as carrier:
        assert (await ann.ask("POST", f"/api/v1/callbacks/{made['id']}/dial", {}))[0] == 202
        call = await asyncio.wait_for(carrier.next_call(), 20)
        await attempt_when(floor.engine, "state = 'ringing'")
        floor.desk.do_not_call.tell_added()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call.ended(), 1.5)
        await listed(floor.engine, "now()")
        floor.desk.do_not_call.tell_added()
        await asyncio.wait_for(call.ended(), 5)
        assert (await ended(floor.engine)).outcome == "cancelled"


async def test_whose_telephone_is_being_called_is_called_by_nobody_else(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    async with floor.engine.begin() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO attempts (id, phone, purpose, node, epoch, counted_on, state, reserved_at,"
                " sent_at, ring_seconds) VALUES ('at-other', :phone, 'callback', 'elsewhere', 0,"
                " current_date, 'ringing', now(), now(), 25)"
            ),
            {"phone": E164},
        )
    assert await refusal(ann) == "dial.under_way"


async def test_the_kill_switch_and_the_caps_of_an_agent_hold(floor: Floor, ann: Visitor) -> None:
    async with floor.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE dial_limits SET agent_calls_per_day = 0"))
    assert await refusal(ann) == "dial.cap_agent_in_day"
    async with floor.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE dial_limits SET kill_switch = true"))
    assert await refusal(ann) == "dial.kill_switch"
    assert await rows(floor.engine, "SELECT id FROM attempts") == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4008001234", "dial.shared_cost"),
        ("+14155552671", "dial.foreign"),
        ("95588", "dial.not_a_number"),
        ("+8613491234567", "dial.satellite"),
    ],
)
async def test_numbers_that_nobody_may_call_agents_may_not_either(
    ann: Visitor, number: str, code: str
) -> None:
    assert await refusal(ann, number) == code


async def test_colleagues_are_called_without_asking(floor: Floor, lab: Lab, ann: Visitor) -> None:
    async with lab.phone(1001, answering(after=0.1)), lab.phone(1002, answering(after=0.1, talk=0.2)) as bob:
        assert (await ann.ask("POST", DIAL, {"number": "1002"}))[0] == 202
        await asyncio.wait_for(bob.next_call(), 20)
        async with LiveReader(ann) as live:
            await live.agent("paused")
    assert await rows(floor.engine, "SELECT id FROM attempts") == []


async def test_what_would_come_of_a_number_is_told_before(ann: Visitor) -> None:
    path = f"{DIAL}/check"
    status, shown = await ann.ask("POST", path, {"number": " 138 0013-8020 "})
    assert (status, shown["number"], shown["outside"]) == (200, E164, True)
    assert (shown["display"], shown["time_zones"]) == ("138 0013 8020", ["Asia/Shanghai"])
    assert shown["refusal"] is None
    await ann.ask("PATCH", "/api/v1/session", {"language": "zh-CN"})
    _, shown = await ann.ask("POST", path, {"number": "400-800-1234"})
    assert shown["refusal"]["code"] == "dial.shared_cost"
    assert "付费" in shown["refusal"]["detail"]
    assert (await ann.ask("POST", path, {"number": "1002"}))[1]["outside"] is False
    assert (await ann.ask("POST", path, {"number": "6001"}))[1]["outside"] is False
    assert (await ann.ask("POST", path, {"number": "Li"}))[1]["code"] == "call.number_not_allowed"


async def test_outside_the_hours_of_hand_dialling_nobody_is_called(floor: Floor, ann: Visitor) -> None:
    hours = floor.desk.hours.memory
    async with floor.engine.begin() as connection:
        never = "UPDATE calendars SET week = '[[],[],[],[],[],[],[]]' WHERE name = 'always'"
        await connection.execute(sa.text(never))
    try:
        await hours.refresh()
        assert await refusal(ann) == "dial.no_common_hours"
    finally:
        async with floor.engine.begin() as connection:
            await connection.execute(
                sa.text("UPDATE calendars SET week = :week WHERE name = 'always'").bindparams(
                    sa.bindparam("week", value=[[[0, 1440]]] * 7, type_=sa.JSON)
                )
            )
        await hours.refresh()


async def test_who_was_promised_a_callback_is_called_by_a_click_and_is_the_callers(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    path, bob = "/api/v1/callbacks", await floor.signed_in("bob")
    async with (
        LiveReader(ann) as live,
        lab.phone(1001, answering(after=0.1)),
        lab.carrier(answering(after=0.2)) as carrier,
    ):
        await listed(floor.engine, "now() - interval '1 day'")
        agreed = {"number": NUMBER, "at": instant(time.time() + 3600), "queue": "sales"}
        status, made = await ann.ask("POST", path, agreed)
        assert status == 201
        # What he refused before does not count: he wants this call.
        assert (await ann.ask("POST", f"{path}/{made['id']}/dial", {}))[0] == 202
        call = await asyncio.wait_for(carrier.next_call(), 20)
        await live.call("talking")
        assert (await bob.ask("GET", path))[1]["items"] == []
        (mine,) = (await ann.ask("GET", path))[1]["items"]
        assert (mine["id"], mine["agent"]["name"]) == (made["id"], "Ann")
        heard = len(live.frames)
        await call.hang_up()
        await live.agent("paused", heard)
        await ended(floor.engine)
        _, problem = await ann.ask("POST", f"{path}/{made['id']}/dial", {})
        assert problem["errors"][0]["code"] == "dial.gap"
        await listed(floor.engine, "now() + interval '1 second'")
        _, problem = await ann.ask("POST", f"{path}/{made['id']}/dial", {})
        assert problem["errors"][0]["code"] == "dial.do_not_call"


async def listed(engine: AsyncEngine, at: str) -> None:
    """Puts the number on the do-not-call list."""
    async with engine.begin() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO do_not_call_entries (number, level, source, added_by_name, added_at)"
                f" VALUES ('{E164}', 'global', 'api', 'CRM', {at})"
            )
        )
