"""What the tests share: calls to pop up, a database that can be cut off, and a CRM that can misbehave."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from sqlalchemy.engine import make_url

from cti.board.facts import (
    CallEnded,
    QueueJoined,
)
from cti.calls.model import (
    Call,
    Direction,
    QueueEntry,
)
from cti.customers.model import PopState, ScreenPop
from cti.customers.screen_pop import ScreenPops


def call_of(call_id: str, number: str | None, **changes: Any) -> Call:
    """A call that waits in the queue `sales`."""
    fields = {"direction": Direction.INBOUND, "caller_number": number, "queue": "sales", **changes}
    return Call(id=call_id, node="lab", boot="b1", started_at=1_000.0, **fields)


def joined(call: Call) -> QueueJoined:
    """The fact that the call entered its queue."""
    entry = QueueEntry(
        id=f"{call.id}.q1",
        call_id=call.id,
        call_started_at=call.started_at,
        leg_id=call.id,
        leg_started_at=call.started_at,
        queue="sales",
        joined_at=1_001.0,
    )
    return QueueJoined(at=1_001.0, entry=entry, call=call)


def ended(call: Call) -> CallEnded:
    """The fact that the call is over."""
    return CallEnded(at=1_100.0, call=call)


class Watcher:
    """Sees every pop, and waits for one."""

    def __init__(self, pops: ScreenPops) -> None:
        self.seen: list[ScreenPop] = []
        self._pops = pops
        self._changed = asyncio.Event()
        pops.on_change = self._note

    def _note(self, pop: ScreenPop) -> None:
        self.seen.append(pop)
        self._changed.set()

    def states(self, call_id: str) -> list[PopState]:
        """The states that the call's pop went through, each once in a row."""
        states = [pop.state for pop in self.seen if pop.call_id == call_id]
        return [state for place, state in enumerate(states) if place == 0 or states[place - 1] != state]

    async def until(
        self, call_id: str, wanted: Callable[[ScreenPop], bool], seconds: float = 5.0
    ) -> ScreenPop:
        """The call's pop once it is as wanted."""
        async with asyncio.timeout(seconds):
            while True:
                self._changed.clear()
                pop = self._pops.get(call_id)
                if pop is not None and wanted(pop):
                    return pop
                await self._changed.wait()

    async def settled(self, call_id: str) -> ScreenPop:
        """The call's pop once it is looked up and complete."""
        return await self.until(call_id, lambda pop: pop.state is not PopState.LOADING and not pop.partial)


class Gate:
    """A PostgreSQL socket that can be shut (cut off) or stopped (takes and never answers)."""

    def __init__(self, folder: Path, real_url: str) -> None:
        real = make_url(real_url)
        self._real = Path(str(real.query["host"])) / ".s.PGSQL.5432"
        self._path = folder / ".s.PGSQL.5432"
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = f"postgresql+asyncpg://postgres@/{real.database}?host={quote(str(folder), safe='/')}"

    async def open(self) -> None:
        """Lets everybody through (again)."""
        self._open.set()
        if self._server is None:
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._pass, str(self._path))

    async def shut(self) -> None:
        """Cuts all connections and refuses new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._path.unlink(missing_ok=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self) -> None:
        """Lets nothing through any more, without a word."""
        self._open.clear()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            theirs, ours = await asyncio.open_unix_connection(str(self._real))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, ours))
                group.create_task(self._copy(theirs, writer))
        except* (ConnectionError, OSError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(UnboundLocalError):
                ours.close()

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self._open.wait()
            sink.write(data)
            await sink.drain()
        sink.close()


class CrmPeer:
    """A CRM that answers as told; ``asked`` holds what was sent to it."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self._nobody
        self.url = ""

    async def _nobody(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    def knows(self, *customers: dict[str, Any], after: float = 0.0) -> None:
        """Answers with these customers, after some seconds."""

        async def answer(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(after)
            return web.json_response({"customers": list(customers)})

        self.answer = answer

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        return await self.answer(request)

    @contextlib.asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["CrmPeer"]:
        """Listens until left, with TLS when given how."""
        app = web.Application()
        app.router.add_post("/find", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{runner.addresses[0][1]}/find"
        try:
            yield self
        finally:
            await runner.cleanup()
