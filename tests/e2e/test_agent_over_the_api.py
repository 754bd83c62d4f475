"""One agent works over the public API with the service as a process: what he orders is what the rows say."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from cti.agents.store import create_device
from cti.db.engine import open_engine
from cti.http.principal import Language, Role
from cti.people.passwords import generate_password
from cti.people.store import create_user
from cti.queues.store import create_queue
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.stage.books import Books, open_rows, read_books
from tests.stage.live_reader import LiveReader, SignedIn
from tests.stage.whole_service import ServiceProcess

CALLER = "13800138000"
PASSWORD = generate_password()


class AgentAtWork:
    """An agent's session: orders, and waiting until his state is as expected."""

    def __init__(self, session: aiohttp.ClientSession, live: LiveReader) -> None:
        self._session = session
        self._live = live

    async def order(self, what: str, **body: Any) -> None:
        """An order that is accepted."""
        async with self._session.post(f"/api/v1/agent/{what}", json=body) as answer:
            assert answer.status == 202, await answer.text()

    async def state(self, state: str) -> None:
        """Returns once he is shown that he is in a state."""
        await self._live.agent(state)


@pytest_asyncio.fixture
async def agent(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path
) -> AsyncIterator[AgentAtWork]:
    """Ann, ready at phone 1001."""
    async with open_engine(postgres_url) as engine, engine.begin() as connection:
        values: dict[str, object] = {"name": "sales", "title": "Sales", "extension": "6001"}
        await create_queue(connection, values, survey=False)
        device = await create_device(connection, name="Desk", interface="PJSIP/1001", extension="1001")
        await create_user(
            connection, username="ann", name="Ann", role=Role.AGENT, language=Language.ENGLISH,
            password=PASSWORD, queues=["sales"],
        )  # fmt: skip
    service = ServiceProcess(lab, tmp_path / "service", postgres_url)
    await service.start()
    try:
        await service.ready()
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(service.url, cookie_jar=jar) as session:
            who = {"username": "ann", "password": PASSWORD}
            async with session.post("/api/v1/session", json=who) as answer:
                session.headers["X-CSRF-Token"] = (await answer.json())["csrf_token"]
            async with LiveReader(SignedIn(session)) as live:
                ann = AgentAtWork(session, live)
                await ann.order("sign-in", device_id=device.id)
                await ann.state("paused")
                await ann.order("ready")
                await ann.state("ready")
                yield ann
    finally:
        await service.stop()


async def written(url: str) -> Books:
    """The rows, once nothing is open but the agent's wrap-up."""
    async with asyncio.timeout(10):
        while (counts := await open_rows(url))["legs"] or counts["calls"] or counts["intervals"]:  # noqa: ASYNC110  (a database tells no one)
            await asyncio.sleep(0.1)
    return await read_books(url)


async def test_he_holds_resumes_and_hands_the_caller_on_without_a_word(
    lab: Lab, agent: AgentAtWork, postgres_url: str
) -> None:
    async with (
        lab.phone(1001, answering(after=0.2)) as desk,
        lab.phone(1002, answering(after=0.2)) as colleague,
        lab.trunk() as trunk,
    ):
        caller = await trunk.dial("4001", caller=CALLER)
        await agent.state("talking")
        await agent.order("call/hold")
        await agent.state("hold")
        await caller.stay(0.5)
        await agent.order("call/resume")
        await agent.state("talking")
        to = {"type": "extension", "number": "1002"}
        await agent.order("call/transfer", kind="blind", to=to)
        taken = await colleague.next_call()
        assert await taken.answered()
        await agent.state("wrap_up")
        await agent.order("wrap-up/extend", seconds=60)
        await agent.order("wrap-up/end")
        await agent.state("ready")
        await caller.stay(0.5)
        await caller.hang_up()
        await taken.ended()
        [call] = desk.calls
    books = await written(postgres_url)
    mine = next(leg for leg in books.legs if leg["interface"] == "PJSIP/1001")
    theirs = next(leg for leg in books.legs if leg["interface"] == "PJSIP/1002")
    [held] = call.holds
    spans = {kind: _seconds(books, mine["id"], kind) for kind in ("talk", "hold")}
    assert held[0] is not None
    assert held[1] is not None
    assert spans["hold"] == pytest.approx(held[1] - held[0], abs=0.2)
    connected = (call.ended_at or 0) - (call.answered_at or 0)
    assert spans["talk"] + spans["hold"] == pytest.approx(connected, abs=0.2)
    assert _seconds(books, mine["id"], "wrap_up") > 0
    taken_seconds = (taken.ended_at or 0) - (taken.answered_at or 0)
    assert _seconds(books, theirs["id"], "talk") == pytest.approx(taken_seconds, abs=0.2)
    assert len(books.calls) == 1


def _seconds(books: Books, leg_id: str, kind: str) -> float:
    return sum(
        span["ended_at"] - span["started_at"] for span in books.intervals[leg_id] if span["kind"] == kind
    )
