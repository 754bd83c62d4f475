"""Recorded calls played anew, several side by side: each lane is an Asterisk, a service and a database.

Most of a call is waiting, so lanes cost little. Recordings that need the same laboratory share one, one after
the other. The agents' wrap-up is the service's own: the stand-in that recordings have for it only works while
the service is dead.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cti import config
from cti.calls.store import CallFilter, CallSummary, page_calls
from cti.db.engine import open_engine
from cti.installation.postgres import EmbeddedPostgres
from cti.ledger.audit import Report, audit
from cti.queues.store import create_queue
from cti.simulation.lab import Lab, laboratory, wrap_up
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings import PHONES, RECORDINGS, WRAP_UP_SECONDS, survey_calls
from tests.stage.books import Books, Channel, Row, open_rows, read_books, read_cel
from tests.stage.databases import new_database
from tests.stage.whole_service import ServiceProcess

#: The service's own wrap-up, which is set in whole seconds.
SERVICE_WRAP_UP_SECONDS = 1
_PLAY_SECONDS = 120.0
_SETTLE_SECONDS = 20.0
#: So many laboratories start at once: a service that finds its database slow begins without settings.
_STARTS = asyncio.Semaphore(2)
#: For so many recordings a lane of their own is worth its start.
_FEW = 4
_SURVEYS = frozenset(recording.name for recording in survey_calls.RECORDINGS)


@dataclass
class Played:
    """What came of one recording: the two sets of books, and when the service was dead."""

    name: str
    begun_at: float = 0.0
    ended_at: float = 0.0
    killed_at: float | None = None
    restarted_at: float | None = None
    books: Books | None = None
    cel: dict[str, Channel] = field(default_factory=dict)
    #: The longest that this process was kept from running meanwhile: so late each step of a script can be.
    lag: float = 0.0
    #: Rows that it left open, by table, beyond those that recordings before it had left.
    left_open: dict[str, int] = field(default_factory=dict)
    #: Its calls as the API lists them.
    listed: list[CallSummary] = field(default_factory=list)
    #: What `cti reconcile` says of it.
    report: Report | None = None
    #: Why it could not be played to its end.
    error: str | None = None

    def has(self, row: Row) -> bool:
        """Whether a call or leg is of this recording."""
        return bool(self.begun_at <= row["started_at"] < self.ended_at)


async def play_all(
    names: Iterable[str],
    postgres: EmbeddedPostgres,
    folder: Path,
    *,
    lanes: int,
    kill_after: Callable[[str], float] | None = None,
) -> dict[str, Played]:
    """Play recordings; with ``kill_after`` the service is killed so many seconds after the first channel of
    each, and started again when all its channels are gone.
    """
    names = list(names)
    lanes = min(lanes, 1 + len(names) // _FEW)
    # The databases are made one after the other: the first of them may have to make what all are copies of.
    rounds = [
        (ours, await _database(ours[0], postgres, f"t_{folder.name}_{number}"))
        for number, ours in enumerate(_rounds(names, lanes))
    ]
    played: dict[str, Played] = {}

    async def lane() -> None:
        while rounds:
            ours, url = rounds.pop(0)
            if not ours:
                continue
            async with _site(ours[0], url, folder / str(len(rounds))) as site:
                while ours:
                    name = ours.pop(0)
                    played[name] = await site.play(name, kill_after(name) if kill_after is not None else None)

    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(lane())
    return played


def _rounds(names: Iterable[str], lanes: int) -> list[list[str]]:
    """Recordings by the laboratory that they need; several lanes share the list of the usual one."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(f"{dict(RECORDINGS[name].plan)} {name in _SURVEYS}", []).append(name)
    usual = groups.pop(f"{{}} {False}", [])
    return [*groups.values(), *([usual] * lanes if usual else [])]


@dataclass
class _Site:
    lab: Lab
    service: ServiceProcess
    ami: AmiObserver

    async def play(self, name: str, kill_after: float | None) -> Played:
        """Play one recording from a clean start until all that follows from it is written."""
        left_before = await open_rows(self.service.database_url)
        played = Played(name, begun_at=time.time())
        watch = asyncio.create_task(_watch_lag(played))
        try:
            async with asyncio.timeout(_PLAY_SECONDS):
                if kill_after is None:
                    await RECORDINGS[name].play(self.lab, self.ami)
                    await self.lab.quiet(self.ami)
                else:
                    await self._play_and_kill(played, kill_after)
            await self._written(left_before)
        except Exception as error:  # noqa: BLE001  (the tests tell; the others' lanes go on)
            played.error = f"{type(error).__name__}: {error}"
        watch.cancel()
        await self.lab.clear(self.ami)
        # A queue remembers whom it called last; the next recording begins with one that does not.
        await self.lab.asterisk.command("module unload app_queue.so")
        await self.lab.asterisk.command("module load app_queue.so")
        played.ended_at = time.time()
        played.books = await read_books(self.service.database_url)
        open_now = played.books.open_rows
        played.left_open = {
            table: count - left_before[table]
            for table, count in open_now.items()
            if count != left_before[table]
        }
        played.cel = read_cel(self.lab.plan.cel_csv, after=played.begun_at)
        played.listed = await self._listed(played)
        settings = config.load(**self.lab.settings(self.service.home, self.service.database_url))
        played.report = await audit(settings, played.begun_at, played.ended_at)
        return played

    async def _listed(self, played: Played) -> list[CallSummary]:
        begin, end = (datetime.fromtimestamp(at, UTC) for at in (played.begun_at, played.ended_at))
        async with open_engine(self.service.database_url) as engine, engine.connect() as connection:
            calls, _ = await page_calls(connection, CallFilter(from_at=begin, to_at=end))
        return calls

    async def _play_and_kill(self, played: Played, kill_after: float) -> None:
        async def kill(born: asyncio.Future[object]) -> Callable[[], None]:
            await born
            await asyncio.sleep(kill_after)
            await self.service.kill()
            played.killed_at = time.time()
            return wrap_up(self.ami, WRAP_UP_SECONDS)

        killing = asyncio.create_task(kill(self.ami.expect("Newchannel")))
        try:
            await RECORDINGS[played.name].play(self.lab, self.ami)
            await self.lab.quiet(self.ami)
            stop = await killing
            await asyncio.sleep(WRAP_UP_SECONDS + 0.2)
            stop()
        finally:
            killing.cancel()
            if self.service.process is None or self.service.process.returncode is not None:
                await self.service.start()
            await self.service.ready()
            played.restarted_at = time.time()

    async def _written(self, before: dict[str, int]) -> None:
        """Wait until nothing of it is open: the last wrap-up is over too."""
        async with asyncio.timeout(_SETTLE_SECONDS):
            while await open_rows(self.service.database_url) != before:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def _watch_lag(played: Played) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + 0.05
        await asyncio.sleep(0.05)
        played.lag = max(played.lag, loop.time() - due)


async def _database(first: str, postgres: EmbeddedPostgres, name: str) -> str:
    """The address of a new database, with the queues as the recording ``first`` needs them."""
    url = await new_database(postgres, name)
    async with open_engine(url) as engine, engine.begin() as connection:
        for extension, queue in (("6001", "sales"), ("6002", "support"), ("6003", "overflow")):
            values: dict[str, object] = {
                "name": queue, "title": queue, "extension": extension,
                "wrap_up_seconds": SERVICE_WRAP_UP_SECONDS,
            }  # fmt: skip
            await create_queue(connection, values, survey=first in _SURVEYS)
    return url


@contextlib.asynccontextmanager
async def _site(first: str, url: str, home: Path) -> AsyncIterator[_Site]:
    """An Asterisk as the recording ``first`` needs it, with a service beside it."""
    changes = {"phone_rtp_timeout": 0, **RECORDINGS[first].plan}
    async with AsyncExitStack() as stack:
        async with _STARTS:
            lab = await stack.enter_async_context(laboratory(home / "asterisk", phones=PHONES, **changes))
            ami = await stack.enter_async_context(lab.observer())
            service = ServiceProcess(lab, home / "service", url)
            await service.start()
            stack.push_async_callback(service.stop)
            await service.ready()
        yield _Site(lab, service, ami)
