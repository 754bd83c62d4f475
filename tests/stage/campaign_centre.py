"""The whole service as somebody works with it who runs campaigns, and agents who answer by themselves."""

import asyncio
import contextlib
import io
import random
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.db.engine import open_engine, plain_dsn
from cti.flows.document import flow_of
from cti.http.principal import Language, Role
from cti.ivr.library.flow_book import new_version
from cti.ivr.library.flow_store import register_shipped
from cti.ivr.model import InboundRoute
from cti.ivr.store import write_inbound_numbers
from cti.people.passwords import generate_password
from cti.people.store import create_user
from cti.queues.store import create_queue
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import FIRST_EXTENSION, Lab
from cti.simulation.phone import SimulatedPhone
from tests.stage.whole_service import ServiceProcess

PASSWORD: Final = generate_password()
CALLER_ID: Final = "+861065529988"
QUEUE: Final = "sales"
#: Says two sentences, and hangs up.
NOTICE: Final = """
flow: short-notice
kind: outbound
title: {en: Notice, zh-CN: 通知}
start: notice
inputs: {language: zh-CN}
steps:
  notice:
    exit: {say: [goodbye], outcome: heard}
"""
_SECONDS: Final = 60.0


@dataclass
class Attempt:
    """A row of `attempts`; instants are epoch seconds."""

    id: str
    campaign_id: int | None
    phone: str
    state: str
    outcome: str | None
    sent_at: float | None
    answered_at: float | None
    connected_at: float | None
    ended_at: float | None
    unknown_why: str | None
    sent_by: str | None


_ATTEMPTS: Final = """
SELECT id, campaign_id, phone, state, outcome, extract(epoch FROM sent_at)::float8,
    extract(epoch FROM answered_at)::float8, extract(epoch FROM connected_at)::float8,
    extract(epoch FROM ended_at)::float8, unknown_why, sent_by
FROM attempts ORDER BY reserved_at, id"""
_UNDER_WAY: Final = "SELECT count(*) FROM attempts WHERE state NOT IN ('unknown', 'ended')"
#: Whom a running campaign could call now.
_TO_CALL: Final = """
SELECT count(*) FROM contacts JOIN campaigns ON campaigns.id = contacts.campaign_id
WHERE campaigns.state = 'running' AND contacts.state = 'open'
    AND contacts.next_at <= now() + interval '3 s'"""


@dataclass
class CampaignCentre:
    """A service process, what is in its database, and an admin's session."""

    lab: Lab
    service: ServiceProcess
    database_url: str
    session: aiohttp.ClientSession
    #: The agents' phones.
    phones: list[SimulatedPhone] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: Any = None, *, kind: str = "application/json") -> Any:
        """What the API answers the admin; a refusal is a failure of the test."""
        data = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": kind} if data is not None else {}
        async with self.session.request(
            method, f"/api/v1/{path}", data=None if data is None else io.BytesIO(data), headers=headers
        ) as answer:
            text = await answer.read()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text.decode()}"
            return msgspec.json.decode(text) if text else None

    async def sign_in(self, username: str = "ada", password: str = PASSWORD) -> None:
        """As the admin, or as another."""
        form = {"username": username, "password": password}
        self.session.headers["X-CSRF-Token"] = (await self.ask("POST", "session", form))["csrf_token"]

    async def make(self, name: str, kind: str, **definition: Any) -> int:
        """A campaign, as a draft, whose hours are the whole day unless it is said."""
        asked = {
            "campaign": name, "title": {"en": name, "zh-CN": name}, "kind": kind,
            "caller_ids": [CALLER_ID], "window": {"from": "00:00", "to": "24:00"}, "ring_seconds": 15,
            **definition,
        }  # fmt: skip
        return int((await self.ask("POST", "campaigns", asked))["id"])

    async def add(self, campaign_id: int, numbers: Collection[str], **columns: str) -> None:
        """Import contacts with these numbers, and in each other column the same."""
        names = ["phone", *columns]
        lines = [",".join([number, *columns.values()]) for number in numbers]
        where = f"campaigns/{campaign_id}/imports"
        text = "\n".join([",".join(names), *lines]) + "\n"
        received = await self.ask("POST", f"{where}?name=contacts.csv", text.encode(), kind="text/csv")
        where = f"{where}/{received['contact_import']['id']}"
        await self.ask("POST", f"{where}/run", {"mapping": {name: name for name in names}})
        async with asyncio.timeout(_SECONDS):
            while (found := await self.ask("GET", where))["state"] == "running":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert (found["state"], found["added"], found["refused"]) == ("done", len(numbers), 0), found

    async def order(self, campaign_id: int, order: str) -> None:
        """`start`, `pause`, `drain` or `stop` a campaign."""
        await self.ask("POST", f"campaigns/{campaign_id}/{order}", {})

    async def live(self, campaign_id: int) -> Any:
        """What the page shows of a campaign now."""
        return await self.ask("GET", f"campaigns/{campaign_id}/live")

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query finds, by a connection of its own: the database may have been killed meanwhile."""
        connection = await asyncpg.connect(plain_dsn(self.database_url))
        try:
            return [tuple(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    async def until(self, query: str, *values: object, seconds: float = _SECONDS) -> list[tuple[Any, ...]]:
        """The rows, once there are any."""
        async with asyncio.timeout(seconds):
            while not (found := await self.rows(query, *values)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return found

    async def attempts(self) -> list[Attempt]:
        """All of them, in the order in which they were reserved."""
        return [Attempt(*row) for row in await self.rows(_ATTEMPTS)]

    async def until_nobody_is_left(self, seconds: float) -> None:
        """Waits until no attempt is under way and no campaign that runs has anybody to call."""
        async with asyncio.timeout(seconds):
            while any([(await self.rows(query))[0][0] for query in (_TO_CALL, _UNDER_WAY)]):  # noqa: ASYNC110
                await asyncio.sleep(0.3)

    async def until_nothing_is_under_way(self, seconds: float) -> None:
        """Waits until every attempt is over."""
        async with asyncio.timeout(seconds):
            while (await self.rows(_UNDER_WAY))[0][0]:  # noqa: ASYNC110  (it tells no one)
                await asyncio.sleep(0.3)

    async def sign_in_agents(self, count: int) -> None:
        """The first so many phones serve the queue, ready; those who do already stay."""
        async with self.lab.observer() as ami:
            for number in range(count):
                interface = f"PJSIP/{FIRST_EXTENSION + number}"
                await ami.send(
                    "QueueAdd", Queue=QUEUE, Interface=interface, MemberName=f"agent-{number + 1}",
                    Paused="true", Reason="signed-in",
                )  # fmt: skip
                await ami.demand("QueuePause", Interface=interface, Paused="false")


def session_with(service: ServiceProcess) -> aiohttp.ClientSession:
    """Somebody's browser."""
    return aiohttp.ClientSession(service.url, cookie_jar=aiohttp.CookieJar(unsafe=True))


def self_answering(talk: tuple[float, float]) -> Any:
    """The script of an agent's phone that answers by itself; he talks for some seconds and hangs up."""

    async def behaviour(call: SimulatedCall) -> None:
        await call.answer()
        await call.stay(random.uniform(*talk))
        await call.hang_up()

    return behaviour


@contextlib.asynccontextmanager
async def campaign_centre(
    lab: Lab,
    database_url: str,
    home: Path,
    *,
    agents: int = 0,
    talk: tuple[float, float] = (0.5, 2.0),
    flows: Sequence[str] = (NOTICE,),
    changes: Mapping[str, Any] | None = None,
) -> AsyncIterator[CampaignCentre]:
    """The service, ready, on a migrated database without data; ``agents`` are signed in. ``changes`` are
    settings.
    """
    async with open_engine(database_url) as engine, engine.begin() as connection:
        await _furnish(connection, flows)
    service = ServiceProcess(lab, home, database_url, changes=dict(changes or {}))
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(session_with(service))
        centre = CampaignCentre(lab, service, database_url, session)
        for extension in range(FIRST_EXTENSION, FIRST_EXTENSION + agents):
            phone = lab.phone(extension, self_answering(talk))
            centre.phones.append(await stack.enter_async_context(phone))
        await service.start()
        stack.push_async_callback(service.stop)
        await service.ready()
        await centre.sign_in()
        await centre.sign_in_agents(agents)
        stack.push_async_callback(_clear, lab)
        yield centre


async def _clear(lab: Lab) -> None:
    async with lab.observer() as ami:
        await lab.clear(ami)


async def _furnish(connection: AsyncConnection, flows: Sequence[str]) -> None:
    values: dict[str, object] = {
        "name": QUEUE, "title": "Sales", "extension": "6001", "wrap_up_seconds": 1, "missed_offers_limit": 9,
    }  # fmt: skip
    await create_queue(connection, values, survey=False)
    await create_user(
        connection, username="ada", name="Ada", role=Role.ADMIN, language=Language.ENGLISH, password=PASSWORD
    )
    await write_inbound_numbers(connection, [InboundRoute(dnis=CALLER_ID, queue=QUEUE)])
    await register_shipped(connection, [new_version(text, flow_of(text)) for text in flows])
