"""A supervisor who looks at the service while faults happen: what it answers, how fast, and who calls."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp

from cti.db.engine import open_engine
from cti.http.principal import Language, Role
from cti.people.passwords import generate_password
from cti.people.store import create_user
from tests.faults.ground import Ground

_LOOK_SECONDS = 0.05
_REQUEST_SECONDS = 20.0


@dataclass
class Onlooker:
    """Asks `/api/v1/health` twenty times a second; ``slowest`` is what the slowest answer took."""

    site: Ground
    name: str = "sue"
    slowest: float = 0.0
    #: Of the service; the most that it had.
    most_memory: int = 0
    _password: str = field(default_factory=generate_password)

    async def __aenter__(self) -> Self:
        async with open_engine(self.site.database_url) as engine, engine.begin() as connection:
            await create_user(
                connection, username=self.name, name="Sue", role=Role.SUPERVISOR,
                language=Language.ENGLISH, password=self._password, queues=[],
            )  # fmt: skip
        self._session = aiohttp.ClientSession(
            self.site.service.url,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS),
            connector=aiohttp.TCPConnector(limit=0),
        )
        who = {"username": self.name, "password": self._password}
        async with self._session.post("/api/v1/session", json=who) as answer:
            assert answer.status == 200, await answer.text()
        self._task = asyncio.get_running_loop().create_task(self._look(), name="onlooker")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Looks no more, so that nothing of hers is left in the service."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._session.close()

    async def get(self, path: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of an answer."""
        async with self._session.get(path) as answer:
            return answer.status, dict(answer.headers), await answer.json(content_type=None)

    async def live(self) -> aiohttp.ClientWebSocketResponse:
        """One more page of hers that shows what goes on."""
        return await self._session.ws_connect("/api/v1/live", heartbeat=None, max_msg_size=0)

    async def warned_of(self) -> list[str]:
        """What every page of hers warns of now."""
        async with await self.live() as page:
            return list((await page.receive_json(timeout=_REQUEST_SECONDS))["troubles"])

    async def status(self) -> dict[str, Any]:
        """How the service says that it is."""
        status, _, body = await self.get("/api/v1/status")
        assert status == 200, body
        return dict(body)

    async def caught_up(self, seconds: float = 90.0) -> None:
        """Waits until the database has all that the journal had when this was asked.

        Raises:
            TimeoutError: it has not.
        """
        wanted = (await self.status())["journal"]["position"]
        async with asyncio.timeout(seconds):
            while (await self.status())["recorder"]["position"] < wanted:  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.1)

    async def pop_named(self, customer: str, seconds: float = 10.0) -> dict[str, Any]:
        """The screen pop of a live call that is with this customer, as soon as there is one.

        Raises:
            TimeoutError: there is none.
        """
        async with asyncio.timeout(seconds):
            while True:
                _, _, body = await self.get("/api/v1/live/agents")
                for call_id in [line["call"]["call_id"] for line in body["items"] if line["call"]]:
                    _, _, pop = await self.get(f"/api/v1/calls/{call_id}/screen-pop")
                    if (pop.get("customer") or {}).get("name") == customer:
                        return dict(pop)
                await asyncio.sleep(0.1)

    async def _look(self) -> None:
        """As somebody whom nobody knows: nothing but the event loop is between question and answer."""
        async with aiohttp.ClientSession(self.site.service.url) as nobody:
            while True:
                began = time.monotonic()
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with nobody.get("/api/v1/health") as answer:
                        await answer.read()
                    self.slowest = max(self.slowest, time.monotonic() - began)
                self.most_memory = max(self.most_memory, self.site.service.memory())
                await asyncio.sleep(_LOOK_SECONDS)
