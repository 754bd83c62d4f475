"""Agents at work with a real Asterisk: sign in, take calls, hold, transfer, wrap up, pause, sign out."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from web_site import Floor, Visitor

from cti.agents.pause_orders import PauseOrders
from cti.agents.wrap_up import WrapUps
from cti.asterisk.actions import queue_pause
from cti.http.shapes import instant
from cti.simulation.lab import Lab, answering, ringing
from tests.stage.live_reader import LiveReader

CALLER = "13800138000"


@pytest_asyncio.fixture
async def ann(floor: Floor) -> AsyncIterator[Visitor]:
    """Ann, signed in with phone 1001 and paused; signed out afterwards."""
    async for visitor in at_work(floor, "ann", 1):
        yield visitor


@pytest_asyncio.fixture
async def bob(floor: Floor) -> AsyncIterator[Visitor]:
    """Bob, signed in with phone 1002 and paused; signed out afterwards."""
    async for visitor in at_work(floor, "bob", 2):
        yield visitor


async def at_work(floor: Floor, username: str, device_id: int) -> AsyncIterator[Visitor]:
    visitor = await floor.signed_in(username)
    async with LiveReader(visitor) as live:
        assert await order(visitor, "sign-in", {"device_id": device_id}) == (202, {})
        await live.agent("paused", reason="signed-in")
        yield visitor
        agent = (await visitor.ask("GET", "/api/v1/agent"))[1]
        if agent["state"] in ("talking", "hold", "ringing"):
            await order(visitor, "call/hang-up")
            await live.until(
                lambda f: f.get("agent", {}).get("state") in ("wrap_up", "paused", "ready"), len(live.frames)
            )
        await order(visitor, "sign-out")
        await live.agent("logged_out")


async def order(visitor: Visitor, what: str, body: object = None) -> tuple[int, object]:
    return await visitor.ask("POST", f"/api/v1/agent/{what}", {} if body is None else body)


def pause_of_ann(floor: Floor) -> str | None:
    agent = floor.desk.board.agent(1)
    return None if agent is None else agent.pause_reason


def another_service(floor: Floor) -> WrapUps:
    desk, ami = floor.desk, floor.ami
    return WrapUps(desk.board, desk.directory, ami, ami.clock, floor.engine, PauseOrders(ami))


def consulting(frame: dict[str, Any]) -> bool:
    call = (frame.get("agent") or {}).get("call") or {}
    return (call.get("transfer") or {}).get("state") == "talking"


async def refused(visitor: Visitor, what: str, body: object = None) -> str:
    status, problem = await order(visitor, what, body)
    assert status >= 400, problem
    assert isinstance(problem, dict)
    return str(problem["code"])


async def test_an_agent_takes_a_call_holds_wraps_up_and_is_ready_again(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    async with LiveReader(ann) as live, lab.phone(1001, answering(after=0.3)), lab.trunk() as trunk:
        await order(ann, "ready")
        ready = await live.agent("ready")
        assert ready["device"]["name"] == "Desk 1001"
        call = await trunk.dial("4001", caller=CALLER)
        rung = await live.call("ringing")
        assert rung["queue"] == {"name": "sales", "title": "Sales"}
        assert rung["number"] == CALLER
        assert rung["pop"]["state"] in ("loading", "unknown")
        assert rung["dnis"] == "4001"
        talked = await live.call("talking")
        assert talked["answered_at"] is not None
        assert await refused(ann, "call/resume") == "call.not_on_hold"
        assert await refused(ann, "sign-out") == "agent.busy"
        assert await refused(ann, "wrap-up/end") == "agent.not_wrapping_up"
        assert await refused(ann, "call/transfer/complete") == "call.not_consulting"
        assert (await order(ann, "call/hold"))[0] == 202
        held = await live.call("hold")
        assert held["held_since"] is not None
        assert held["waited_seconds"] > 0
        assert await refused(ann, "call/hold") == "call.on_hold"
        assert (await order(ann, "call/resume"))[0] == 202
        await live.call("talking")
        assert (await order(ann, "call/hang-up"))[0] == 202
        wrapped = await live.agent("wrap_up")
        assert wrapped["wrap_up_until"] is not None
        assert wrapped["call"]["ended_at"] is not None
        assert wrapped["call"]["answered_at"] == talked["answered_at"]
        said = {"code": "resolved", "note": "all well", "callback_at": None}
        path = f"/api/v1/calls/{wrapped['call']['call_id']}/disposition"
        assert (await ann.ask("PUT", path, said))[0] == 200
        assert (await ann.ask("PUT", path, {"code": "nonsense"}))[1]["code"] == "disposition.unknown"
        await live.agent("ready")
        await call.hang_up()


async def test_wrap_up_ends_early_or_is_extended_and_a_pause_asked_for_while_talking_comes_after_it(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    async with LiveReader(ann) as live, lab.phone(1001, answering(after=0.1)), lab.trunk() as trunk:
        await order(ann, "ready")
        call = await trunk.dial("4001", caller=CALLER)
        await live.call("talking")
        await live.agent("talking", after_wrap_up=None)
        await call.stay(0.5)
        assert pause_of_ann(floor) == "wrap-up"
        assert (await order(ann, "pause", {"reason": "lunch"}))[0] == 202
        await live.agent("talking", after_wrap_up="lunch")
        await order(ann, "ready")
        await live.agent("talking", after_wrap_up=None)
        await order(ann, "pause", {"reason": "lunch"})
        await live.agent("talking", after_wrap_up="lunch")
        await call.hang_up()
        wrapped = await live.agent("wrap_up", after_wrap_up="lunch")
        assert (await order(ann, "wrap-up/extend", {"seconds": 60}))[0] == 202
        extended = await live.until(
            lambda f: ((f.get("agent") or {}).get("wrap_up_until") or "") > wrapped["wrap_up_until"]
        )
        assert extended["agent"]["state"] == "wrap_up"
        assert await refused(ann, "wrap-up/extend", {"seconds": 0}) == "request.invalid"
        assert (await order(ann, "wrap-up/end"))[0] == 202
        await live.agent("paused", reason="lunch")
        assert await refused(ann, "pause", {"reason": "wrap-up"}) == "request.invalid"


async def test_a_pause_ordered_in_the_moment_of_connecting_is_not_lost_to_the_wrap_up(
    floor: Floor, lab: Lab, ann: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands, connected, ordered = floor.desk.commands, WrapUps._connected, list[asyncio.Task[None]]()

    def orders_and_is_connected(wrap_ups: WrapUps, agent_id: int, call_id: str) -> None:
        # Both are under way before Asterisk has told of either.
        if not ordered:
            ordered.append(asyncio.create_task(commands.pause(agent_id, "lunch")))
        connected(wrap_ups, agent_id, call_id)

    monkeypatch.setattr(WrapUps, "_connected", orders_and_is_connected)
    async with LiveReader(ann) as live, lab.phone(1001, answering(after=0.1)), lab.trunk() as trunk:
        await order(ann, "ready")
        call = await trunk.dial("4001", caller=CALLER)
        await live.agent("talking", after_wrap_up="lunch")
        await call.stay(0.5)
        assert pause_of_ann(floor) == "lunch"
        await call.hang_up()
        await live.agent("wrap_up", after_wrap_up="lunch")
        # Who orders a pause and ends the wrap-up at once means both.
        await asyncio.gather(commands.pause(1, "meeting"), commands.end_wrap_up(1))
        await live.agent("paused", reason="meeting")
        await asyncio.sleep(0.5)  # nothing follows
        assert pause_of_ann(floor) == "meeting"


async def test_a_pause_ordered_as_the_wrap_up_ends_is_not_lost_to_its_end(
    floor: Floor, lab: Lab, ann: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    due, ordered = WrapUps._due, list[asyncio.Task[None]]()

    def orders_and_is_due(wrap_ups: WrapUps, agent_id: int) -> None:
        if not ordered:
            ordered.append(asyncio.create_task(floor.desk.commands.pause(agent_id, "lunch")))
        due(wrap_ups, agent_id)

    monkeypatch.setattr(WrapUps, "_due", orders_and_is_due)
    async with LiveReader(ann) as live, lab.phone(1001, answering(after=0.1)), lab.trunk() as trunk:
        await order(ann, "ready")
        call = await trunk.dial("4001", caller=CALLER)
        await live.agent("talking")
        await call.hang_up()
        await live.agent("wrap_up")
        await live.agent("paused", reason="lunch")
        await asyncio.sleep(0.5)  # nothing follows
        assert pause_of_ann(floor) == "lunch"


async def test_a_wrap_up_goes_on_over_a_restart_of_the_service_and_ends_in_time(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    async with LiveReader(ann) as live, lab.phone(1001, answering(after=0.1)), lab.trunk() as trunk:
        await order(ann, "ready")
        call = await trunk.dial("4001", caller=CALLER)
        await live.agent("talking")
        await call.stay(0.5)
        await call.hang_up()
        await live.agent("wrap_up")
        await order(ann, "wrap-up/extend", {"seconds": 1})
        desk = floor.desk
        agent = desk.board.agent(1)
        assert agent is not None
        ends_at = desk.wrap_ups.ends_at(agent)
        await desk.wrap_ups.close()
        restarted = another_service(floor)
        assert restarted.ends_at(agent) != ends_at
        await restarted.load()
        assert abs((restarted.ends_at(agent) or 0) - (ends_at or 0)) < 0.001
        ready = await live.agent("ready")
        assert ready["since"] >= instant((ends_at or 0) - 0.1)
        await restarted.close()


async def test_an_agent_whom_nobody_paused_while_he_talked_is_paused_after_a_restart(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    async with LiveReader(ann) as live, lab.phone(1001, answering(after=0.1)), lab.trunk() as trunk:
        await order(ann, "ready")
        call = await trunk.dial("4001", caller=CALLER)
        await live.agent("talking")
        await call.stay(0.5)
        assert pause_of_ann(floor) == "wrap-up"
        await queue_pause(floor.ami, interface="PJSIP/1001", paused=False, reason=None)
        await call.stay(0.5)
        assert pause_of_ann(floor) is None
        restarted = another_service(floor)
        await restarted.load()
        await call.stay(0.5)
        assert pause_of_ann(floor) == "wrap-up"
        await restarted.close()
        await call.hang_up()
        await live.agent("wrap_up")


async def test_an_agent_who_is_left_in_a_wrap_up_of_no_call_is_ready_again(
    floor: Floor, ann: Visitor
) -> None:
    """A service paused him for a call and died before it heard of that; the call is over."""
    async with LiveReader(ann) as live:
        await order(ann, "ready")
        await live.agent("ready")
        await queue_pause(floor.ami, interface="PJSIP/1001", paused=True, reason="wrap-up")
        await live.agent("paused", reason="wrap-up")
        await live.agent("ready")
        assert pause_of_ann(floor) is None


async def test_a_change_of_his_queues_reaches_an_agent_who_is_signed_in(floor: Floor, ann: Visitor) -> None:
    ada = await floor.signed_in("ada")
    _, users = await ada.ask("GET", "/api/v1/users")
    path = f"/api/v1/users/{users['items'][0]['id']}"
    async with LiveReader(ann) as live:
        assert (await ada.ask("PATCH", path, {"agent": {"queues": ["support"]}}))[0] == 200
        await live.agent("paused", queues=["support"], reason="signed-in")
        assert (await ada.ask("PATCH", path, {"agent": {"queues": ["sales", "support"]}}))[0] == 200
        changed = await live.until(
            lambda f: sorted((f.get("agent") or {}).get("queues", [])) == ["sales", "support"],
            len(live.frames) - 1,
        )
        assert changed["agent"]["state"] == "paused"
        answer = await ada.ask("PATCH", path, {"agent": {"queues": ["nothing"]}})
        assert answer[1]["code"] == "queue.not_found"


async def test_an_agent_who_misses_his_offers_is_paused(floor: Floor, lab: Lab, ann: Visitor) -> None:
    async with LiveReader(ann) as live, lab.phone(1001, ringing), lab.trunk() as trunk:
        await order(ann, "ready")
        call = await trunk.dial("4001", caller=CALLER)
        paused = await live.agent("paused", reason="missed-offers")
        assert paused["missed_offers"] == 2
        await call.hang_up()
        await order(ann, "ready")
        ready = await live.agent("ready")
        assert ready["missed_offers"] == 0


async def test_a_device_in_use_and_a_second_sign_in_are_refused(floor: Floor, lab: Lab, ann: Visitor) -> None:
    bob = await floor.signed_in("bob")
    _, devices = await bob.ask("GET", "/api/v1/devices")
    assert devices["items"][0]["in_use_by_agent_id"] == 1
    assert await refused(bob, "sign-in", {"device_id": 1}) == "device.in_use"
    assert await refused(bob, "sign-in", {"device_id": 99}) == "device.not_found"
    assert await refused(bob, "ready") == "agent.not_signed_in"
    assert await refused(bob, "call/hang-up") == "call.none"
    assert await refused(ann, "sign-in", {"device_id": 2}) == "agent.already_signed_in"
    assert (await order(ann, "sign-in", {"device_id": 1}))[0] == 202


async def test_two_who_sign_in_with_one_device_at_once_do_not_both_get_it(floor: Floor) -> None:
    ann, bob = await floor.signed_in("ann"), await floor.signed_in("bob")
    async with LiveReader(ann) as one, LiveReader(bob) as other:
        answers = await asyncio.gather(
            order(ann, "sign-in", {"device_id": 3}), order(bob, "sign-in", {"device_id": 3})
        )
        assert sorted(status for status, _ in answers) == [202, 409]
        winner, live = (ann, one) if answers[0][0] == 202 else (bob, other)
        await live.agent("paused", reason="signed-in")
        await order(winner, "sign-out")
        await live.agent("logged_out")


async def test_an_attended_transfer_is_begun_cancelled_begun_again_and_completed(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    to = {"kind": "attended", "to": {"type": "extension", "number": "1003"}}
    async with (
        LiveReader(ann) as live,
        lab.phone(1001, answering(after=0.1)),
        lab.phone(1003, answering(after=0.5)),
        lab.trunk() as trunk,
    ):
        await order(ann, "ready")
        call = await trunk.dial("4001", caller=CALLER)
        await live.call("talking")
        assert (await order(ann, "call/transfer", to))[0] == 202
        consulted = await live.call("consulting")
        assert consulted["transfer"]["to"] == "1003"
        assert await refused(ann, "call/hang-up") == "call.consulting"
        await live.until(consulting)
        assert (await order(ann, "call/transfer/cancel"))[0] == 202
        await live.call("talking")
        await call.stay(1.0)
        assert (await order(ann, "call/transfer", to))[0] == 202
        mark = len(live.frames)
        await live.until(consulting, mark)
        assert (await order(ann, "call/transfer/complete"))[0] == 202
        await live.agent("wrap_up")
        assert not call.over
        await call.hang_up()
        await live.agent("ready")


async def test_a_blind_transfer_to_a_queue_reaches_the_next_agent(
    floor: Floor, lab: Lab, ann: Visitor, bob: Visitor
) -> None:
    async with (
        LiveReader(ann) as live,
        LiveReader(bob) as other,
        lab.phone(1001, answering(after=0.1)),
        lab.phone(1002, answering(after=0.1)),
        lab.trunk() as trunk,
    ):
        await order(ann, "ready")
        call = await trunk.dial("4001", caller=CALLER)
        await live.call("talking")
        await order(bob, "ready")
        await other.agent("ready")
        target = {"kind": "blind", "to": {"type": "queue", "name": "support"}}
        assert (await order(ann, "call/transfer", target))[0] == 202
        await live.agent("wrap_up")
        passed_on = await other.call("talking")
        assert passed_on["queue"]["name"] == "support"
        assert passed_on["number"] == CALLER
        await call.hang_up()
        await other.agent("wrap_up")


async def test_a_supervisor_sees_queues_and_agents_live_and_pauses_an_agent(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    sue = await floor.signed_in("sue")
    async with LiveReader(ann) as live, LiveReader(sue) as watching, lab.trunk() as trunk:
        snapshot = watching.frames[0]
        assert {queue["name"] for queue in snapshot["queues"]} == {"sales", "support"}
        assert snapshot["agents"][0]["state"] == "paused"
        assert snapshot["agent"] is None
        call = await trunk.dial("4001", caller=CALLER)
        waiting = await watching.until(lambda f: any(q["waiting"] == 1 for q in f.get("queues", [])))
        assert waiting["queues"][0]["longest_wait_since"] is not None
        mine = await live.until(lambda f: any(q["waiting"] == 1 for q in f.get("queues", [])))
        assert mine["queues"][0]["offered_today"] is None
        before = (await sue.ask("GET", "/api/v1/live/queues"))[1]["items"][0]["abandoned_today"]
        await call.hang_up()
        left = await watching.until(
            lambda f: any(q["abandoned_today"] == before + 1 for q in f.get("queues", []))
        )
        assert left["queues"][0]["waiting"] == 0
        assert (await sue.ask("POST", "/api/v1/agents/1/ready", {}))[0] == 202
        await live.agent("ready")
        assert (await sue.ask("POST", "/api/v1/agents/1/pause", {"reason": "meeting"}))[0] == 202
        await live.agent("paused", reason="meeting")
        await watching.until(
            lambda f: any(a["agent_id"] == 1 and a["reason"] == "meeting" for a in f.get("agents", []))
        )
        assert (await sue.ask("POST", "/api/v1/agents/77/ready", {}))[1]["code"] == "agent.not_found"
