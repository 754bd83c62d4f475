"""A caller leaves a message while the service is away; the task and its sound are there when it is back."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from cti.db.engine import open_engine
from cti.http.principal import Scope
from cti.installation.asterisk_plan import GENERAL_MAILBOX
from cti.people.store import create_token
from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver
from cti.tasks.voicemail_watch import mailbox_folder
from tests.stage.whole_service import ServiceProcess

SPOKEN_SECONDS = 3.0


async def test_a_message_left_while_the_service_was_away_is_one_task(
    lab: Lab, observer: AmiObserver, postgres_url: str, tmp_path: Path
) -> None:
    async with open_engine(postgres_url) as engine, engine.begin() as connection:
        scopes = [Scope.TASKS_READ, Scope.NUMBERS_READ]
        _, token = await create_token(connection, name="tasks", scopes=scopes, created_by=None)
    inbox = mailbox_folder(lab.plan.home / "spool" / "voicemail", GENERAL_MAILBOX)
    async with lab.trunk(audio=True) as trunk:
        joined = observer.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller="13800138000")
        await asyncio.wait_for(joined, 20)
        await call.stay(1.0)
        await call.press("1")
        await until(lambda: list((inbox.parent / "tmp").glob("*.wav")))
        await call.stay(SPOKEN_SECONDS)
        await call.hang_up()
    await until(lambda: list(inbox.glob("msg*.txt")))
    [sound] = [path.read_bytes() for path in inbox.glob("msg*.wav")]

    service = ServiceProcess(lab, tmp_path / "service", postgres_url)
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(service.url, headers=headers, raise_for_status=True) as session:
        await service.start()
        try:
            await service.ready()
            [task] = await tasks(session)
            assert (task["kind"], task["queue"], task["number"]) == ("voicemail", "overflow", "13800138000")
            assert abs(task["values"]["seconds"] - SPOKEN_SECONDS) <= 2
            path = f"/api/v1/tasks/{task['id']}/recording"
            async with session.get(path) as answer:
                assert await answer.read() == sound
            assert list(inbox.iterdir()) == []
            await service.kill()
            await service.start()
            await service.ready()
            assert [one["id"] for one in await tasks(session)] == [task["id"]]
        finally:
            await service.stop()


async def tasks(session: aiohttp.ClientSession) -> list[dict[str, Any]]:
    """The tasks that are there, once there are any."""
    async with asyncio.timeout(30):
        while True:
            async with session.get("/api/v1/tasks") as answer:
                found: list[dict[str, Any]] = (await answer.json())["items"]
            if found:
                return found
            await asyncio.sleep(0.1)


async def until(found: Callable[[], object]) -> None:
    """Waits for files, of which nobody is told."""
    async with asyncio.timeout(40):
        while not found():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
