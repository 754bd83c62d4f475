"""The ground on which faults happen: everything runs, and what must hold is held against it."""

import asyncio
import contextlib
import itertools
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from cti.agents.store import create_device
from cti.agents.tables import pause_reasons
from cti.db.engine import open_engine
from cti.http.principal import Language, Role, Scope
from cti.installation.postgres import EmbeddedPostgres
from cti.people.passwords import generate_password
from cti.people.store import create_token, create_user
from cti.queues.store import create_queue
from cti.simulation.lab import FIRST_EXTENSION, Lab
from tests.faults import scale
from tests.faults.ami_proxy import AmiProxy
from tests.faults.ledger import CelLedger, differences
from tests.faults.traffic import Traffic
from tests.faults.writes import REASONS, Orderer, Writer, reason_of
from tests.stage.books import connections, open_rows
from tests.stage.databases import new_database
from tests.stage.whole_service import ServiceProcess

#: Who serves the callers' queue; the phone after theirs is Ann's.
AGENTS = 8
PHONES = AGENTS + 1
_FIRST_AGENT = 101
_WELL_SECONDS = 60.0
_SETTLE_SECONDS = 60.0
_LAST_CALLERS_SECONDS = 10
#: What a run may leave in memory: pools of connections, caches and what the allocator keeps.
_MEMORY_FACTOR, _MEMORY_BYTES = 1.25, 32 * 1024 * 1024
#: What asyncio and Python say of an exception that nobody took.
_UNHANDLED = re.compile(
    r"Traceback \(most recent call last\)|exception was never retrieved|was never awaited|Fatal Python error"
    r"|flow_failed|listener_failed"
)
#: The journal's open segment has another name each time.
_SEGMENT = re.compile(r"\d+\.journal$")
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Left:
    """What can be left over."""

    tasks: float
    #: Open descriptors, by what they lead to; all sockets but the database's are one kind.
    descriptors: Counter[str]
    memory: int


@dataclass
class Ground:
    """A running contact centre that is about to have an accident."""

    lab: Lab
    database_url: str
    service: ServiceProcess
    proxy: AmiProxy
    traffic: Traffic
    writer: Writer
    orderer: Orderer
    ledger: CelLedger
    before: Left
    _read: int = 0
    _unhandled: list[str] = field(default_factory=list)

    async def well(self, seconds: float = _WELL_SECONDS) -> float:
        """Waits until the service says that all is well; returns when (monotonic)."""
        await until_well(self.service, seconds)
        return time.monotonic()

    async def noticed(self, seconds: float = _WELL_SECONDS) -> float:
        """Waits until the service says that something is wrong; returns when (monotonic)."""
        async with asyncio.timeout(seconds):
            while await self.service.is_well():  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.05)
        return time.monotonic()

    async def calls(self, *, at_least: int, seconds: float = _WELL_SECONDS) -> None:
        """Waits until so many channels live in Asterisk."""
        async with asyncio.timeout(seconds):
            while (await self.lab.channels() or 0) < at_least:  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.2)

    async def check(self) -> list[str]:
        """I1, I2, I3, I5 and the log, while calls go on."""
        return [
            *await differences(self.ledger, self.database_url, all_over=False),
            *(f"I3: {one}" for one in self.proxy.repeated()),
            *self.orderer.findings(),
            *self._log(),
        ]

    async def finish(self, *, patient: bool = scale.FULL) -> list[str]:
        """Lets the calls come to their end, and holds everything against what must be.

        Who is not ``patient`` hangs up on callers who wait for long.
        """
        await self.orderer.stop()
        await self._end_calls(patient=patient)
        await self.writer.stop()
        found = []
        try:
            await self.lab.quiet()
        except TimeoutError:
            found.append("channels are left in Asterisk")
        found += await self._settle()
        found += await differences(self.ledger, self.database_url, all_over=True)
        found += [f"I3: {one}" for one in self.proxy.repeated()]
        found += self.orderer.findings()
        found += await self.writer.findings(self.database_url)
        found += self._log()
        found += self._over(await left(self.service, self.database_url))
        return found

    async def _end_calls(self, *, patient: bool) -> None:
        stopping = asyncio.get_running_loop().create_task(self.traffic.stop(), name="last callers")
        await asyncio.wait({stopping}, timeout=None if patient else _LAST_CALLERS_SECONDS)
        if not stopping.done():
            async with self.lab.observer() as ami:
                await ami.send("Hangup", Channel="/^.*$/")
        await stopping

    async def _settle(self) -> list[str]:
        counts: dict[str, int] = {}
        calls = 0.0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                while True:
                    counts = {name: n for name, n in (await open_rows(self.database_url)).items() if n}
                    calls = (await self.service.figures())["cti_calls"]
                    if not counts and not calls:
                        return []
                    await asyncio.sleep(0.2)
        return [f"I2: {count} {name} are open at the end" for name, count in counts.items()] + (
            [f"I2: {calls:.0f} calls are on the board at the end"] if calls else []
        )

    def _over(self, after: Left) -> list[str]:
        before = self.before
        found = []
        if after.tasks > before.tasks:
            found.append(f"{after.tasks - before.tasks:.0f} tasks are left over")
        more = after.descriptors - before.descriptors
        # The ledger that is compared with stays open from the first call on.
        more -= Counter(map(str, (self.lab.plan.cel_csv, self.lab.plan.queue_log)))
        if more:
            found.append(f"descriptors are left over: {dict(more)}")
        if after.memory > max(before.memory * _MEMORY_FACTOR, before.memory + _MEMORY_BYTES):
            found.append(f"memory grew from {before.memory >> 20} to {after.memory >> 20} MiB")
        return found

    def _log(self) -> list[str]:
        """What nobody handled, in the part of the log that was not looked at yet."""
        text = self.service.log
        new, self._read = text[self._read :], len(text)
        return [f"log: {line.strip()[:300]}" for line in new.splitlines() if _UNHANDLED.search(line)]


async def until_well(service: ServiceProcess, seconds: float = _WELL_SECONDS) -> None:
    """Waits until the service says that all is well.

    Raises:
        TimeoutError: it did not.
    """
    async with asyncio.timeout(seconds):
        while not await service.is_well():  # noqa: ASYNC110  (another process)
            await asyncio.sleep(0.02)


async def left(service: ServiceProcess, database_url: str) -> Left:
    """What the service holds now; descriptors but for the database's, once two readings agree."""
    now, before = await _descriptors(service, database_url), Counter[str]()
    async with asyncio.timeout(_SETTLE_SECONDS):
        while now != before:
            await asyncio.sleep(0.3)
            now, before = await _descriptors(service, database_url), now
    return Left((await service.figures())["cti_tasks"], now, service.memory())


async def _descriptors(service: ServiceProcess, database_url: str) -> Counter[str]:
    links = Counter(_SEGMENT.sub("a segment", link.partition(":[")[0]) for link in service.descriptors())
    links["socket"] -= await connections(database_url)
    return links


async def sign_in_agents(lab: Lab) -> None:
    """All who serve the callers' queue, ready; those who are signed in already stay."""
    async with lab.observer() as ami:
        for number in range(AGENTS):
            interface = f"PJSIP/{FIRST_EXTENSION + number}"
            await ami.send(
                "QueueAdd", Queue="sales", Interface=interface, MemberName=f"agent-{_FIRST_AGENT + number}",
                Paused="true", Reason="signed-in",
            )  # fmt: skip
            await ami.demand("QueuePause", Interface=interface, Paused="false")


@asynccontextmanager
async def open_ground(
    lab: Lab,
    postgres: EmbeddedPostgres,
    folder: Path,
    *,
    name: str,
    rate: float = 2.0,
    command: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    through: Callable[[str], str] | None = None,
    log_folder: Path | None = None,
    **changes: Any,
) -> AsyncIterator[Ground]:
    """A ground of its own on a laboratory with `PHONES` phones.

    Callers come at ``rate`` a second. ``command`` is what the interpreter runs instead of `-m cti serve`, and
    ``environment`` what it finds in its environment. ``through`` makes the database's address as the service
    reaches it of the address itself; ``log_folder`` is where the service's log goes. ``changes`` are settings
    of the service.
    """
    folder = folder / f"ground{next(_NUMBERS)}"
    database = f"t_faults_{next(_NUMBERS)}_{int(time.time())}"
    url = await new_database(postgres, database)
    password = generate_password()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(postgres.drop, database)
        token, device_id = await _furnish(url, password)
        proxy = await stack.enter_async_context(AmiProxy(lab.plan.ami_port, lab.plan.ami_user))
        service = ServiceProcess(
            lab,
            folder / "service",
            url,
            token,
            changes={"ami_port": proxy.port, "database_url": through(url) if through else url, **changes},
            environment=dict(environment or {}),
            log_folder=log_folder,
        )
        if command:
            service.command = tuple(command)
        await service.start()
        stack.push_async_callback(service.stop)
        await until_well(service)
        ledger = CelLedger(lab.plan.cel_csv)
        await sign_in_agents(lab)
        stack.push_async_callback(_clear, lab)
        before = await left(service, url)
        dice = scale.dice(name)
        orderer = Orderer(service.url, proxy, "ann", password, device_id)
        await stack.enter_async_context(orderer)
        writer = await stack.enter_async_context(Writer(service.url, token))
        # What it loads when it is first needed is no growth.
        await writer.under_way()
        before = replace(before, memory=service.memory())
        traffic = await stack.enter_async_context(Traffic(lab, folder / "callers", dice, rate, AGENTS))
        yield Ground(lab, url, service, proxy, traffic, writer, orderer, ledger, before)


async def _clear(lab: Lab) -> None:
    with contextlib.suppress(OSError, TimeoutError, aiohttp.ClientError):
        async with lab.observer() as ami:
            await lab.clear(ami)


async def _furnish(url: str, password: str) -> tuple[str, int]:
    """A queue with a short wrap-up, a token, and Ann with her phone; the token and the phone's id."""
    async with open_engine(url) as engine, engine.begin() as connection:
        for queue, extension in (("sales", "6001"), ("support", "6002")):
            values: dict[str, object] = {
                "name": queue, "title": queue.title(), "extension": extension, "wrap_up_seconds": 1,
                "missed_offers_limit": 9,
            }  # fmt: skip
            await create_queue(connection, values, survey=True)
        scopes = [Scope.METRICS_READ, Scope.CUSTOMERS_WRITE, Scope.CUSTOMERS_READ]
        _, token = await create_token(connection, name="faults", scopes=scopes, created_by=None)
        extension = str(FIRST_EXTENSION + AGENTS)
        device = await create_device(
            connection, name="Ann's", interface=f"PJSIP/{extension}", extension=extension
        )
        await create_user(
            connection, username="ann", name="Ann", role=Role.AGENT, language=Language.ENGLISH,
            password=password, queues=["support"],
        )  # fmt: skip
        reasons = [reason_of(number) for number in range(REASONS)]
        rows = [{"code": reason, "title_en": reason, "title_zh": reason} for reason in reasons]
        await connection.execute(pause_reasons.insert(), rows)
    return token, device.id
