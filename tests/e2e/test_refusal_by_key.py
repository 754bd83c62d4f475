"""Key 9 in the shipped renewal reminder: within a second no agent dials that number any more."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp

from cti.db.engine import open_engine
from cti.http.principal import Language, Role
from cti.people.store import create_user
from cti.queues.store import create_queue
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.stage.flow_centre import PASSWORD, RENEWAL, FlowCaller, FlowCentre, flow_centre

#: One of the customer whom the reminder finds.
NUMBER = "13800138011"
SILENCE = [b"\xff" * 160]


async def add_agent(url: str) -> None:
    """Ann, in a queue."""
    async with open_engine(url) as engine, engine.begin() as connection:
        await create_queue(connection, {"name": "sales", "title": "Sales", "extension": "6001"}, survey=False)
        await create_user(
            connection, username="ann", name="Ann", role=Role.AGENT, language=Language.CHINESE,
            password=PASSWORD, queues=["sales"],
        )  # fmt: skip


class Person:
    """Somebody with a session."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ask(self, path: str, **body: object) -> tuple[int, dict[str, object]]:
        async with self._session.post(f"/api/v1/{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def sign_in(self, username: str) -> None:
        _, session = await self.ask("session", username=username, password=PASSWORD)
        self._session.headers["X-CSRF-Token"] = str(session["csrf_token"])


def session_of(centre: FlowCentre) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(centre.service.url, cookie_jar=aiohttp.CookieJar(unsafe=True))


async def test_who_presses_nine_is_dialled_by_nobody_a_second_later(
    lab: Lab,
    observer: AmiObserver,
    postgres_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    async with (
        flow_centre(lab, postgres_url, tmp_path / "service") as centre,
        session_of(centre) as desk,
        session_of(centre) as office,
        lab.trunk(audio=True, sound=SILENCE) as trunk,
        lab.phone(1001, answering(after=0.1)) as phone,
        lab.carrier(answering(after=0.1)) as carrier,
    ):
        await add_agent(postgres_url)
        ann, ada = Person(desk), Person(office)
        await ada.sign_in("ada")
        device = {"name": "Desk", "interface": "PJSIP/1001", "extension": "1001"}
        device_id = (await ada.ask("devices", **device))[1]["id"]
        await ann.sign_in("ann")
        assert (await ann.ask("agent/sign-in", device_id=device_id))[0] == 202
        caller = await FlowCaller.dial(centre, trunk, RENEWAL, NUMBER)
        await caller.key(("who", "1"))
        await caller.at("offer")
        await caller.call.stay(0.6)
        assert (await ada.ask("do-not-call/check", number=NUMBER))[1]["allowed"] is True
        began = time.monotonic()
        await caller.call.press("9")
        async with asyncio.timeout(10):
            while (await ada.ask("do-not-call/check", number=NUMBER))[1]["allowed"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        seconds = time.monotonic() - began
        status, problem = await ann.ask("agent/call/dial", number=NUMBER)
        assert (status, problem["code"]) == (409, "dial.refused")
        assert problem["errors"][0]["detail"].startswith("请勿拨打：")
        assert "按键" in str(problem["errors"])
        assert seconds < 1.0
        record_property("refused_after_ms", round(seconds * 1000))
        assert await caller.outcome() == "refused"
        listed = "SELECT source, level, call_id IS NOT NULL FROM do_not_call_entries WHERE number = $1"
        assert await centre.until(listed, caller.number) == [("key", "global", True)]
        # The next life of the service knows it too.
        await centre.service.stop()
        await centre.service.start()
        await centre.service.ready()
        await ada.sign_in("sue")
        assert (await ada.ask("do-not-call/check", number=NUMBER))[1]["allowed"] is False
        assert phone.calls == []
        assert carrier.calls == []
