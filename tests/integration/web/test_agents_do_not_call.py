"""What the do-not-call list keeps agents from, with a real Asterisk."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
import sqlalchemy as sa
from web_site import Floor, Visitor

from cti.simulation.lab import Lab, answering
from tests.stage.live_reader import LiveReader

NUMBER = "13800138000"


@pytest_asyncio.fixture
async def ann(floor: Floor) -> AsyncIterator[Visitor]:
    """Ann, signed in with phone 1001."""
    visitor = await floor.signed_in("ann")
    async with LiveReader(visitor) as live:
        await visitor.ask("POST", "/api/v1/agent/sign-in", {"device_id": 1})
        await live.agent("paused", reason="signed-in")
        yield visitor
        await visitor.ask("POST", "/api/v1/agent/sign-out", {})
        await live.agent("logged_out")


async def test_an_agent_puts_his_caller_on_the_list_and_then_nobody_dials_him(
    floor: Floor, lab: Lab, ann: Visitor
) -> None:
    async with (
        LiveReader(ann) as live,
        lab.phone(1001, answering(after=0.1)) as phone,
        lab.trunk() as trunk,
        lab.carrier(answering(after=0.1)) as carrier,
    ):
        await ann.ask("POST", "/api/v1/agent/ready", {})
        call = await trunk.dial("4001", caller=NUMBER)
        talking = await live.call("talking")
        path = f"/api/v1/calls/{talking['call_id']}/do-not-call"
        status, kept = await ann.ask("POST", path, {"reason": "is angry"})
        assert (status, kept) == (200, {"number": "+86138****8000", "added": True})
        assert (await ann.ask("POST", path, {}))[1]["added"] is False
        to = {"kind": "blind", "to": {"type": "extension", "number": NUMBER}}
        _, problem = await ann.ask("POST", "/api/v1/agent/call/transfer", to)
        assert problem["code"] == "dial.refused"
        assert [one["code"] for one in problem["errors"]] == ["dial.do_not_call", "do_not_call.by_agent"]
        for number, code in (("4008001234", "shared_cost"), ("+14155552671", "foreign")):
            to = {"kind": "attended", "to": {"type": "extension", "number": number}}
            _, problem = await ann.ask("POST", "/api/v1/agent/call/transfer", to)
            assert [one["code"] for one in problem["errors"]] == [f"dial.{code}"]
        async with floor.engine.connect() as connection:
            looks = sa.text("SELECT record -> 'hold' ->> 'refusal' FROM dial_decisions ORDER BY id")
            refused = list(await connection.scalars(looks))
        assert refused[-3:] == ["do_not_call", "shared_cost", "foreign"]
        await call.hang_up()
        await live.agent("wrap_up")
        await ann.ask("POST", "/api/v1/agent/wrap-up/end", {})
        await live.agent("ready")
        status, problem = await ann.ask("POST", "/api/v1/agent/call/dial", {"number": "008613800138000"})
        assert (status, problem["code"]) == (409, "dial.refused")
        assert [one["code"] for one in problem["errors"]] == ["dial.do_not_call", "do_not_call.by_agent"]
        bob = await floor.signed_in("bob")
        assert (await bob.ask("POST", path, {}))[1]["code"] == "call.not_found"
        assert (await ann.ask("DELETE", path))[0] == 204
        assert (await ann.ask("DELETE", path))[1]["code"] == "do_not_call.not_found"
        assert (await ann.ask("POST", "/api/v1/agent/call/dial", {"number": NUMBER}))[0] == 202
        dialled = await asyncio.wait_for(carrier.next_call(), 60)
        assert len(carrier.calls) == 1
        assert (await live.call("talking"))["direction"] == "outbound"
        heard = len(live.frames)
        await dialled.hang_up()
        await live.agent("ready", heard)
        assert len(phone.calls) == 2
