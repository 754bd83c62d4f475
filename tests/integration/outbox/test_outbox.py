"""Messages reach their endpoint at least once, whatever is down; a real HTTP server is the endpoint."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.board.facts import MessageQueued
from cti.db.engine import open_engine
from cti.ivr.sessions.endpoints import Endpoints
from cti.outbox import outbox as module
from cti.outbox.delivery import signature
from cti.outbox.model import Message
from cti.outbox.outbox import Outbox
from cti.outbox.tables import messages

SECRET = "shared"


class Receiver:
    """Takes messages, after it has answered what a test wants it to."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.taken: list[str] = []
        self.refused = 0
        self.signed: list[bool] = []
        self.came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        at = int(request.headers["Cti-Timestamp"])
        self.signed.append(request.headers["Cti-Signature"] == f"v1={signature(body, at, SECRET)}")
        status = self.answers.pop(0) if self.answers else 204
        if status == 204:
            self.taken.append(request.headers["Cti-Message"])
        else:
            self.refused += 1
        self.came.set()
        return web.Response(status=status)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.taken) < count:
                self.came.clear()
                await self.came.wait()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/tips", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    receiver.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    yield receiver
    await runner.cleanup()


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as engine:
        async with engine.begin() as connection:
            await connection.execute(messages.delete())
        yield engine


@contextlib.asynccontextmanager
async def sending(engine: AsyncEngine, port: int) -> AsyncIterator[Outbox]:
    async def durable(position: int) -> None:
        return

    async with Endpoints({"tips": f"http://127.0.0.1:{port}/tips"}) as endpoints:
        outbox = Outbox(engine, endpoints, node="n", secret=SECRET, position=lambda: 1, durable=durable)
        task = asyncio.create_task(outbox.run())
        yield outbox
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def message(name: str, endpoint: str = "tips") -> Message:
    return Message(id=name, queued_at=time.time(), node="n", endpoint=endpoint, payload='{"a": "b"}')


async def insert(engine: AsyncEngine, *made: Message) -> None:
    async with engine.begin() as connection:
        for one in made:
            await connection.execute(
                messages.insert().values(
                    id=one.id, queued_at=sa.func.now(), node=one.node, endpoint=one.endpoint,
                    payload=one.payload,
                )
            )  # fmt: skip


async def outcome(engine: AsyncEngine, name: str) -> tuple[str, int]:
    query = sa.select(messages.c.outcome, messages.c.attempts).where(messages.c.id == name)
    async with asyncio.timeout(20):
        while True:
            async with engine.connect() as connection:
                row = (await connection.execute(query)).one()
            if row.outcome is not None:
                return row.outcome, row.attempts
            await asyncio.sleep(0.05)


async def test_a_message_that_is_not_taken_is_sent_again_until_it_is(
    engine: AsyncEngine, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "pause_after", lambda attempts: 0.05)
    receiver.answers = [503, 500, 302]
    async with sending(engine, receiver.port) as outbox:  # type: ignore[attr-defined]
        await insert(engine, message("m1"))
        outbox.observe([MessageQueued(at=0.0, message=message("m1"))])
        await receiver.until(1)
        assert await outcome(engine, "m1") == ("delivered", 4)
    assert receiver.taken == ["m1"]
    assert all(receiver.signed)


async def test_one_that_the_endpoint_refuses_is_given_up_and_holds_up_no_other(
    engine: AsyncEngine, receiver: Receiver
) -> None:
    receiver.answers = [422]
    async with sending(engine, receiver.port) as outbox:  # type: ignore[attr-defined]
        await insert(engine, message("m1"))
        outbox.observe([MessageQueued(at=0.0, message=message("m1"))])
        assert await outcome(engine, "m1") == ("refused", 1)
        outbox.observe([MessageQueued(at=0.0, message=message("m2"))])
        await receiver.until(1)
    assert receiver.taken == ["m2"]


async def test_what_another_life_of_the_service_left_unsent_is_sent(
    engine: AsyncEngine, receiver: Receiver
) -> None:
    await insert(engine, message("left"))
    async with sending(engine, receiver.port):  # type: ignore[attr-defined]
        assert await outcome(engine, "left") == ("delivered", 1)
    assert receiver.taken == ["left"]


async def test_messages_go_out_while_the_database_is_down(receiver: Receiver) -> None:
    async with (
        open_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing") as nowhere,
        sending(nowhere, receiver.port) as outbox,  # type: ignore[attr-defined]
    ):
        outbox.observe([MessageQueued(at=0.0, message=message(f"m{n}")) for n in range(20)])
        await receiver.until(20)
    assert sorted(receiver.taken) == sorted(f"m{n}" for n in range(20))


async def test_the_same_message_twice_is_sent_once(engine: AsyncEngine, receiver: Receiver) -> None:
    async with sending(engine, receiver.port) as outbox:  # type: ignore[attr-defined]
        await insert(engine, message("m1"))
        for _ in range(2):
            outbox.observe([MessageQueued(at=0.0, message=message("m1"))])
        assert await outcome(engine, "m1") == ("delivered", 1)
    assert receiver.taken == ["m1"]
