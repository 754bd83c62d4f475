"""Versions of a flow while calls go on: who is in it keeps his, who calls next gets the new one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest_asyncio
from aiohttp import ClientSession, CookieJar

from cti.db.engine import open_engine, plain_dsn
from cti.flows.document import flow_of
from cti.flows.version import version_of
from cti.http.principal import Language, Role
from cti.people.passwords import generate_password
from cti.people.store import create_user
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.stage.stored_flows import flow_text, store_flow
from tests.stage.whole_service import ServiceProcess

PASSWORD = generate_password()


def waiting(outcome: str) -> dict[str, Any]:
    """A flow that waits for an agent, and says how it ended."""
    return {
        "flow": "wait",
        "start": "wait",
        "steps": {
            "wait": {"queue": {"name": "sales", "goto": "bye", "otherwise": "bye"}},
            "bye": {"exit": {"say": ["goodbye"], "outcome": outcome}},
        },
    }


@pytest_asyncio.fixture
async def service(lab: Lab, postgres_url: str, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A service that has not been started, with an admin; it is ended afterwards."""
    async with open_engine(postgres_url) as engine, engine.begin() as connection:
        await create_user(
            connection, username="ada", name="Ada", role=Role.ADMIN, language=Language.ENGLISH,
            password=PASSWORD, queues=(),
        )  # fmt: skip
    service = ServiceProcess(lab, tmp_path / "service", postgres_url)
    yield service
    if service.process is not None:
        await service.stop()


async def ask(service: ServiceProcess, *requests: tuple[str, dict[str, str]]) -> list[dict[str, Any]]:
    """What an admin who signs in gets for his requests."""
    answers = []
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        form = {"username": "ada", "password": PASSWORD}
        async with session.post(f"{service.url}/api/v1/session", json=form) as response:
            token = (await response.json())["csrf_token"]
        for path, body in requests:
            headers = {"X-CSRF-Token": token}
            async with session.post(
                f"{service.url}/api/v1/flows/wait/{path}", json=body, headers=headers
            ) as response:
                answer = msgspec.json.decode(await response.read())
                assert response.ok, answer
                answers.append(answer)
    return answers


async def outcomes(url: str, count: int) -> list[tuple[str, str]]:
    """The version and outcome of each run in the order in which they began, once so many are over."""
    query = "SELECT version, outcome FROM flow_runs WHERE outcome IS NOT NULL ORDER BY started_at"
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        async with asyncio.timeout(30):
            while len(found := await connection.fetch(query)) < count:  # noqa: ASYNC110  (it tells no one)
                await asyncio.sleep(0.1)
        return [(row["version"], row["outcome"]) for row in found]
    finally:
        await connection.close()


async def test_a_call_keeps_its_version_over_an_activation_and_a_death_of_the_service(
    lab: Lab, observer: AmiObserver, service: ServiceProcess, postgres_url: str
) -> None:
    first = await store_flow(postgres_url, waiting("first"), dnis="4001", queue="support")
    text = flow_text(waiting("second"))
    second = version_of(text)
    assert flow_of(text).flow == "wait"
    await service.start()
    await service.ready()
    async with lab.trunk() as trunk:
        joined = observer.expect("QueueCallerJoin")
        early = await trunk.dial("4001", caller="13800138001")
        await asyncio.wait_for(joined, 20)
        _, flow = await ask(
            service,
            ("versions", {"text": text, "note": "another end"}),
            ("activate", {"version": second, "active": first}),
        )
        assert (flow["active_version"], flow["previous_version"]) == (second, first)
        await service.kill()
        await service.start()
        await service.ready()
        joined = observer.expect("QueueCallerJoin")
        late = await trunk.dial("4001", caller="13800138002")
        await asyncio.wait_for(joined, 20)
        await lab.sign_in(observer, 1, 1001, "sales")
        await lab.sign_in(observer, 2, 1002, "sales")
        async with (
            lab.phone(1001, answering(after=0.2, talk=0.5)),
            lab.phone(1002, answering(after=0.2, talk=0.5)),
        ):
            async with asyncio.timeout(40):
                await early.ended()
                await late.ended()
        assert await outcomes(postgres_url, 2) == [(first, "first"), (second, "second")]
        (flow,) = await ask(service, ("back", {"active": second}))
        assert (flow["active_version"], flow["how"]) == (first, "back")
        await lab.sign_in(observer, 3, 1003, "sales")
        async with lab.phone(1003, answering(after=0.2, talk=0.5)):
            again = await trunk.dial("4001", caller="13800138003")
            async with asyncio.timeout(40):
                await again.ended()
        assert (await outcomes(postgres_url, 3))[2] == (first, "first")
        await service.stop()
