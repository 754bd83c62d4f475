"""What somebody has ordered stands until Asterisk tells of it, refuses it, or has nothing to tell."""

import asyncio
from collections.abc import Mapping

import pytest

from cti.agents.model import Agent, AgentState, AgentStatus
from cti.agents.pause_orders import PauseOrders
from cti.asterisk.connection import AmiConnection
from cti.asterisk.link import AmiSettings
from cti.errors import AmiNotConnected


class Asterisk:
    """Answers each order when it may."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.orders: list[str] = []

    async def action(self, name: str, fields: Mapping[str, str]) -> None:
        assert name == "QueuePause"
        self.orders.append(fields.get("Reason", "ready"))
        await self.may_answer.wait()


class Desk:
    def __init__(self) -> None:
        self.asterisk = Asterisk()
        self.orders = PauseOrders(self.asterisk)  # type: ignore[arg-type]
        self.settled: list[int] = []
        self.orders.on_settled = self.settled.append
        state = AgentState(id="a7-1-0", agent_id=7, status=AgentStatus.READY, started_at=1.0)
        self.agent = Agent(agent_id=7, state=state, interface="PJSIP/1007", queues=["sales"])

    def tell(self, reason: str | None) -> None:
        self.agent.pause_reason = reason
        self.orders.told(self.agent)


async def test_an_order_stands_from_the_moment_it_is_given_until_asterisk_tells_of_it() -> None:
    desk = Desk()
    desk.asterisk.may_answer.clear()
    given = asyncio.create_task(desk.orders.give(desk.agent, "lunch"))
    await asyncio.sleep(0)
    assert (desk.orders.stands(7), desk.orders.reason(desk.agent)) == (True, "lunch")
    desk.asterisk.may_answer.set()
    await given
    assert (desk.orders.stands(7), desk.agent.pause_reason) == (True, None)
    desk.tell("lunch")
    assert (desk.orders.stands(7), desk.orders.reason(desk.agent)) == (False, "lunch")
    assert desk.asterisk.orders == ["lunch"]


async def test_what_was_told_before_the_answer_counts_once_it_is_there() -> None:
    desk = Desk()
    desk.asterisk.may_answer.clear()
    given = asyncio.create_task(desk.orders.give(desk.agent, "lunch"))
    await asyncio.sleep(0)
    desk.tell("lunch")
    assert desk.orders.stands(7)
    desk.asterisk.may_answer.set()
    await given
    assert (desk.orders.stands(7), desk.settled) == (False, [7])


async def test_of_several_orders_the_last_one_stands() -> None:
    desk = Desk()
    for reason in ("lunch", None, "lunch", "meeting"):
        await desk.orders.give(desk.agent, reason)
        assert desk.orders.reason(desk.agent) == reason
    for told in ("lunch", None, "lunch"):
        desk.tell(told)
        assert desk.orders.reason(desk.agent) == "meeting"
    desk.tell("meeting")
    assert not desk.orders.stands(7)


async def test_an_order_of_which_asterisk_tells_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.agents.pause_orders._TOLD_SECONDS", 0.01)
    desk = Desk()
    settled = asyncio.Event()
    desk.orders.on_settled = lambda _: settled.set()
    await desk.orders.give(desk.agent, "lunch")
    assert desk.orders.stands(7)
    async with asyncio.timeout(5):
        await settled.wait()
    assert (desk.orders.stands(7), desk.orders.reason(desk.agent)) == (False, None)


async def test_an_order_that_is_not_sent_stands_no_longer() -> None:
    desk = Desk()
    nowhere = AmiSettings(host="127.0.0.1", port=1, username="x", secret="x")
    orders = PauseOrders(AmiConnection(nowhere))
    orders.on_settled = desk.settled.append
    with pytest.raises(AmiNotConnected):
        await orders.give(desk.agent, "lunch")
    assert (orders.stands(7), desk.settled) == (False, [7])
