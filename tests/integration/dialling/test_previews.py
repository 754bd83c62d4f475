"""Agents who are shown a contact of a campaign before they dial, with the service and a real Asterisk."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from cti import config
from cti.agents.store import create_device
from cti.app import Service, open_service
from cti.campaigns.model import CampaignKind, CampaignState
from cti.db.engine import open_engine
from cti.http.principal import Language, Role
from cti.people.passwords import generate_password
from cti.people.store import create_user
from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from tests.stage.dialled_campaign import (
    called,
    campaign,
    definition,
    empty,
    enter,
    execute,
    outcomes,
    phones,
    rows,
    until,
)

PASSWORD = generate_password()
PATH = "/api/v1/agent"


class Agent:
    """An agent's browser."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self.headers: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.request(method, path, json=body, headers=self.headers) as answer:
            return answer.status, await answer.json(content_type=None) if answer.status != 204 else None

    async def sign_in(self, username: str) -> None:
        _, answer = await self.ask("POST", "/api/v1/session", {"username": username, "password": PASSWORD})
        self.headers["X-CSRF-Token"] = answer["csrf_token"]

    async def preview(self, what: str) -> Any:
        status, view = await self.ask("POST", f"{PATH}/preview/{what}", {})
        assert status == 200, view
        return view


@pytest.fixture
async def service(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path
) -> AsyncIterator[Service]:
    """With ann and bob, who serve the queue `sales`, and the phone 1001; ``observer`` clears up then."""
    await empty(postgres_url)
    await execute(postgres_url, "TRUNCATE dial_decisions, callbacks")
    await execute(
        postgres_url, "DELETE FROM agent_queues; DELETE FROM agents; DELETE FROM users; DELETE FROM devices"
    )
    async with open_engine(postgres_url) as engine, engine.begin() as connection:
        for username in ("ann", "bob"):
            await create_user(
                connection, username=username, name=username.title(), role=Role.AGENT,
                language=Language.ENGLISH, password=PASSWORD, queues=("sales",),
            )  # fmt: skip
        await create_device(connection, name="Desk", interface="PJSIP/1001", extension="1001")
    settings = config.load(**lab.settings(tmp_path / "service", postgres_url))
    async with open_service(settings) as service:
        await until(lambda: service.dialler.doubts.hears and service.dialler.is_leader)
        yield service


@pytest.fixture
async def agents(service: Service) -> AsyncIterator[tuple[Agent, Agent]]:
    base = f"http://127.0.0.1:{service.http_port}"
    async with (
        ClientSession(base, cookie_jar=CookieJar(unsafe=True)) as one,
        ClientSession(base, cookie_jar=CookieJar(unsafe=True)) as other,
    ):
        ann, bob = Agent(one), Agent(other)
        await ann.sign_in("ann")
        await bob.sign_in("bob")
        yield ann, bob


async def test_agents_see_different_contacts_and_dial_those_whom_they_see(
    lab: Lab, service: Service, agents: tuple[Agent, Agent], postgres_url: str
) -> None:
    ann, bob = agents
    assert (await ann.ask("GET", f"{PATH}/preview"))[1]["campaigns"] == 0
    script = {"en": "Say hello.", "zh-CN": "问好。"}
    number = await campaign(postgres_url, definition(CampaignKind.PREVIEW, script=script), phones(4))
    await until(lambda: bool(service.dialler.previews()))
    assert (await ann.ask("GET", f"{PATH}/preview"))[1] == {"campaigns": 1, "contact": None, "refusal": None}
    first = (await ann.preview("next"))["contact"]
    assert (first["campaign"], first["script"]) == ("Spring", "Say hello.")
    assert first["time_zones"] == ["Asia/Shanghai"]
    assert (await ann.preview("next"))["contact"] == first
    others = (await bob.preview("next"))["contact"]
    assert others["id"] != first["id"]
    second = (await ann.preview("skip"))["contact"]
    assert second["id"] not in (first["id"], others["id"])
    assert await rows(postgres_url, "SELECT 1 FROM attempts") == []
    status, problem = await ann.ask("POST", f"{PATH}/preview/dial", {})
    assert (status, problem["code"]) == (409, "agent.not_signed_in")
    async with lab.phone(1001, answering(after=0.1)), lab.carrier(answering(after=0.2, talk=0.5)) as carrier:
        assert (await ann.ask("POST", f"{PATH}/sign-in", {"device_id": 1}))[0] == 202
        board = service.desk.board
        await until(lambda: any(agent.queues for agent in board.agents()))
        assert (await ann.ask("POST", f"{PATH}/preview/dial", {}))[0] == 202
        call = await asyncio.wait_for(carrier.next_call(), 30)
        assert called(call) == second["number"]
        assert await outcomes(postgres_url, 1) == {second["number"]: "answered"}
        assert len(carrier.calls) == 1
    (made,) = await rows(postgres_url, "SELECT * FROM attempts")
    assert (made["purpose"], made["campaign_id"], made["contact_id"]) == ("campaign", number, second["id"])
    assert made["agent_id"] is not None
    (contact,) = await rows(postgres_url, f"SELECT state, closed FROM contacts WHERE id = {second['id']}")
    assert contact["state"] == "closed"
    assert (await bob.preview("next"))["contact"] == others


_LISTED = "INSERT INTO do_not_call_entries (number, level, name, source, added_by_name) VALUES "


@pytest.mark.parametrize("why", ["refused", "stopped"])
async def test_a_preview_call_that_must_not_ring_any_more_is_hung_up(
    lab: Lab, service: Service, agents: tuple[Agent, Agent], postgres_url: str, why: str
) -> None:
    ann, _ = agents
    (number,) = phones(1)
    words = definition(CampaignKind.PREVIEW, client="acme")
    made = await campaign(postgres_url, words, [number])
    await until(lambda: bool(service.dialler.previews()))
    (device,) = await rows(postgres_url, "SELECT id FROM devices")
    async with lab.phone(1001, answering(after=0.1)), lab.carrier(ringing) as carrier:
        assert (await ann.ask("POST", f"{PATH}/sign-in", {"device_id": device["id"]}))[0] == 202
        await until(lambda: any(agent.queues for agent in service.desk.board.agents()))
        await ann.preview("next")
        assert (await ann.ask("POST", f"{PATH}/preview/dial", {}))[0] == 202
        call = await asyncio.wait_for(carrier.next_call(), 30)
        # What another client has been told is none of this one's business.
        await execute(postgres_url, f"{_LISTED}('{number}', 'client', 'other', 'api', 'CRM')")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call.ended(), 1.5)
        if why == "refused":
            await execute(postgres_url, f"{_LISTED}('{number}', 'client', 'acme', 'api', 'CRM')")
        else:
            await enter(postgres_url, made, CampaignState.STOPPED)
        over_at = time.time()
        await asyncio.wait_for(call.ended(), 5)
        assert (call.ended_at or 0) - over_at < 1.0
        assert await outcomes(postgres_url, 1) == {number: "cancelled"}


async def test_who_may_not_be_called_is_not_shown_and_nobody_when_nothing_runs(
    service: Service, agents: tuple[Agent, Agent], postgres_url: str
) -> None:
    ann, _ = agents
    listed, free = phones(2)
    await execute(
        postgres_url,
        "INSERT INTO do_not_call_entries (number, level, source, added_by_name)"
        f" VALUES ('{listed}', 'global', 'api', 'CRM')",
    )
    number = await campaign(postgres_url, definition(CampaignKind.PREVIEW), [listed, free])
    await until(lambda: bool(service.dialler.previews()))
    assert (await ann.preview("next"))["contact"]["number"] == free
    (record,) = await rows(postgres_url, "SELECT record -> 'hold' ->> 'refusal' AS why FROM dial_decisions")
    assert record["why"] == "do_not_call"
    await execute(postgres_url, "UPDATE dial_limits SET kill_switch = true")
    try:
        view = await ann.preview("next")
        assert (view["contact"], view["refusal"]["code"]) == (None, "dial.kill_switch")
    finally:
        await execute(postgres_url, "UPDATE dial_limits SET kill_switch = false")
    assert (await ann.preview("next"))["contact"]["number"] == free
    await enter(postgres_url, number, CampaignState.PAUSED)
    await until(lambda: not service.dialler.previews())
    assert await ann.preview("next") == {"campaigns": 0, "contact": None, "refusal": None}
    assert (await ann.ask("POST", f"{PATH}/preview/dial", {}))[1]["code"] in (
        "agent.not_signed_in",
        "preview.none",
    )
