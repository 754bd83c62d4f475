"""Flows of the whole service: it or its database is killed in the middle; no caller and no answer is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from cti.db.engine import plain_dsn
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.faults.own_postgres import own_postgres
from tests.stage.databases import new_database
from tests.stage.flow_stage import MENU
from tests.stage.stored_flows import store_flow
from tests.stage.whole_service import ServiceProcess

CALLER = "13800138000"

#: A flow that waits for an agent and asks how it was.
WAIT: dict[str, Any] = {
    "flow": "wait",
    "start": "wait",
    "steps": {
        "wait": {"queue": {"name": "sales", "goto": "mark", "otherwise": "bye"}},
        "mark": {
            "menu": {
                "prompt": ["survey-question-1"],
                "name": "mark",
                "kind": "scale",
                "choices": {"1-5": "bye"},
                "nomatch": {"prompt": ["survey-wrong-key"], "goto": "bye"},
                "noinput": {"prompt": ["survey-no-input"], "goto": "bye"},
            }
        },
        "bye": {"exit": {"say": ["goodbye"]}},
    },
}


@pytest_asyncio.fixture
async def service(lab: Lab, postgres_url: str, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A service that has not been started; it is ended afterwards."""
    service = ServiceProcess(lab, tmp_path / "service", postgres_url)
    yield service
    if service.process is not None:
        await service.stop()


async def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def until(url: str, query: str, count: int = 1) -> list[tuple[Any, ...]]:
    """The rows, once there are so many."""
    async with asyncio.timeout(30):
        while len(found := await rows(url, query)) < count:  # noqa: ASYNC110  (it tells no one)
            await asyncio.sleep(0.1)
    return found


async def test_a_service_that_is_killed_in_the_middle_loses_neither_the_caller_nor_his_answers(
    lab: Lab, observer: AmiObserver, service: ServiceProcess, postgres_url: str
) -> None:
    version = await store_flow(postgres_url, MENU, dnis="4001", queue="support")
    await service.start()
    await service.ready()
    async with lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        assert await call.answered()
        await call.stay(0.5)
        await call.press("1")
        await until(postgres_url, "SELECT * FROM flow_answers")
        joined = observer.expect("QueueCallerJoin")
        await service.kill()
        # Asterisk notices it when what the caller hears, and the time that he has for an answer, are over.
        event = await asyncio.wait_for(joined, 25.0)
        assert event["Queue"] == "support", "the dialplan sends him on"
        assert not call.over
        await service.start()
        await service.ready()
        lost = await until(postgres_url, "SELECT * FROM flow_runs WHERE outcome IS NOT NULL")
        await call.hang_up()
        await lab.quiet()
        await service.stop()
    assert len(lost) == 1
    assert await rows(postgres_url, "SELECT flow, version, outcome, ended_at, last_step FROM flow_runs") == [
        ("main", version, "service_lost", None, "main/account")
    ]
    assert await rows(postgres_url, "SELECT question, value, version FROM flow_answers") == [
        ("what", "sales", version)
    ]


async def test_a_caller_who_waits_comes_back_to_his_flow_although_the_service_was_killed_meanwhile(
    lab: Lab, observer: AmiObserver, service: ServiceProcess, postgres_url: str
) -> None:
    await store_flow(postgres_url, WAIT, dnis="4001", queue="support")
    await service.start()
    await service.ready()
    async with lab.trunk() as trunk:
        joined = observer.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller=CALLER)
        await asyncio.wait_for(joined, 20)
        await service.kill()
        await service.start()
        await service.ready()
        await lab.sign_in(observer, 1, 1001, "sales")
        async with lab.phone(1001, answering(after=0.2, talk=0.5)):
            where = "SELECT step FROM flow_steps s JOIN flow_runs r ON r.id = s.run_id WHERE r.flow = 'wait'"
            await until(postgres_url, f"{where} AND step = 'mark'")
            await call.stay(0.5)
            await call.press("4")
            async with asyncio.timeout(20):
                await call.ended()
        await service.stop()
    query = "SELECT outcome, handed_to, queue FROM flow_runs WHERE flow = 'wait'"
    assert await rows(postgres_url, query) == [("completed", "queue", "sales")]
    assert await rows(postgres_url, "SELECT value FROM flow_answers WHERE question = 'mark'") == [("4",)]


async def test_flows_go_on_while_the_database_is_down_and_their_answers_arrive_later(
    lab: Lab, observer: AmiObserver, tmp_path: Path
) -> None:
    async with own_postgres(tmp_path / "pg") as server:
        url = await new_database(server, "flows")
        await store_flow(url, MENU, dnis="4001", queue="support")
        service = ServiceProcess(lab, tmp_path / "service", url)
        await service.start()
        try:
            await service.ready()
            server.kill()
            async with lab.trunk() as trunk:
                call = await trunk.dial("4001", caller=CALLER)
                assert await call.answered()
                for keys in ("1", "4711#"):
                    await call.stay(1.5)
                    await call.press(keys)
                async with asyncio.timeout(20):
                    await call.ended()
                assert call.ended_by == "remote", "it said good-bye"
            await server.start_again()
            found = await until(url, "SELECT question, value FROM flow_answers ORDER BY ordinal", 2)
        finally:
            with contextlib.suppress(TimeoutError):
                await service.stop()
        assert found == [("what", "sales"), ("account", "4711")]
        assert await rows(url, "SELECT outcome FROM flow_runs") == [("completed",)]


@pytest.mark.parametrize("gone", ["endpoint", "flow"])
async def test_a_number_whose_flow_cannot_be_played_leads_to_its_queue(
    lab: Lab, observer: AmiObserver, service: ServiceProcess, postgres_url: str, gone: str
) -> None:
    broken = {**MENU, "steps": {**MENU["steps"], "menu": {"send": {"to": "nobody", "goto": "bye"}}}}
    await store_flow(postgres_url, broken, dnis="4001", queue="support")
    if gone == "flow":
        await rows(postgres_url, "UPDATE inbound_numbers SET flow = 'never-heard-of'")
    await service.start()
    await service.ready()
    async with lab.trunk() as trunk:
        joined = observer.expect("QueueCallerJoin")
        await trunk.dial("4001", caller=CALLER)
        event = await asyncio.wait_for(joined, 10)
        assert event["Queue"] == "support"
