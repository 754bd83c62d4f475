"""Three hundred calls at ten a second, on real parts, alone and while the service is killed three times."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from cti.asterisk.queue_log import read_queue_log
from cti.db.engine import open_engine
from cti.http.principal import Scope
from cti.installation.postgres import EmbeddedPostgres
from cti.journal.journal import Journal
from cti.people.store import create_token
from cti.queues.store import create_queue
from cti.simulation.lab import FIRST_EXTENSION, Lab, laboratory
from tests.stage.books import agent_states, connections, ledger_counts, open_rows, read_books, read_cel
from tests.stage.busy_hour import BusyHour
from tests.stage.comparison import Comparison
from tests.stage.databases import new_database
from tests.stage.whole_service import ServiceProcess

Summary = Callable[[str], None]
AGENTS = 60
#: When the service is killed, in seconds after the first call.
KILLS = (7.0, 15.0, 23.0)
_SETTLE_SECONDS = 30.0
#: By how much single instants may be late while a service starts among three hundred calls.
_LATENESS = 1.0


@pytest_asyncio.fixture(scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """An Asterisk of its own with sixty phones."""
    home = tmp_path_factory.mktemp("busy-asterisk")
    async with laboratory(home, phones=AGENTS, ring_seconds=8) as lab:
        yield lab


@pytest_asyncio.fixture
async def database(
    postgres: EmbeddedPostgres, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[str, str]]:
    """A database with one queue, whose wrap-up is short, and a token that may read the figures."""
    name = f"t_busy_{abs(hash(request.node.name)) % 10**8}"
    url = await new_database(postgres, name)
    async with open_engine(url) as engine, engine.begin() as connection:
        values: dict[str, object] = {
            "name": "sales",
            "title": "Sales",
            "extension": "6001",
            "wrap_up_seconds": 1,
        }
        await create_queue(connection, values, survey=True)
        _, token = await create_token(connection, name="test", scopes=[Scope.METRICS_READ], created_by=None)
    yield url, token
    await postgres.drop(name)


async def run(
    lab: Lab, database: tuple[str, str], folder: Path, kills: tuple[float, ...]
) -> tuple[Comparison, ServiceProcess, dict[str, object]]:
    """Play the busy hour; what came of it, and what was left over beyond what was there before."""
    database_url, token = database
    service = ServiceProcess(lab, folder / "service", database_url, token)
    hour = BusyHour(lab, folder / "callers")
    left: dict[str, object] = {}
    async with AsyncExitStack() as stack:
        await service.start()
        stack.push_async_callback(service.stop)
        await service.ready()
        ami = await stack.enter_async_context(lab.observer())
        await hour.open_phones(stack, range(FIRST_EXTENSION, FIRST_EXTENSION + AGENTS))
        begun_at = time.time()
        for agent in range(AGENTS):
            await lab.sign_in(ami, agent + 1, FIRST_EXTENSION + agent, "sales")
        tasks = (await service.figures())["cti_tasks"]
        descriptors = await _descriptors(service, database_url)
        killing = asyncio.create_task(_kill(service, kills))
        await hour.play()
        await killing
        await lab.quiet()
        await _settled(service, database_url)
        left["unmatched"] = await _unmatched(lab, database_url, begun_at)
        left["agents"] = await agent_states(database_url)
        left["channels"] = await lab.channels()
        figures = await service.figures()
        left["calls"], left["legs"] = figures["cti_calls"], figures["cti_legs"]
        left["tasks"] = figures["cti_tasks"] - tasks
        if not kills:
            left["descriptors"] = await _descriptors(service, database_url) - descriptors
        await lab.clear(ami)
    comparison = Comparison(
        await read_books(database_url),
        read_cel(lab.plan.cel_csv, after=begun_at),
        list(read_queue_log(lab.plan.queue_log)),
        hour,
        lateness=_LATENESS if kills else 0.0,
    )
    comparison.run()
    return comparison, service, left


async def _kill(service: ServiceProcess, moments: tuple[float, ...]) -> None:
    begun = time.monotonic()
    for moment in moments:
        await asyncio.sleep(max(0.0, begun + moment - time.monotonic()))
        await service.kill()
        await service.start()
        await service.ready()


async def _settled(service: ServiceProcess, database_url: str) -> None:
    """Wait until the last wrap-up is over and written."""
    async with asyncio.timeout(_SETTLE_SECONDS):
        while (  # noqa: ASYNC110  (a process and a database tell no one)
            (await service.figures())["cti_calls"]
            or any((await open_rows(database_url)).values())
            or await agent_states(database_url) != {"ready": AGENTS}
        ):
            await asyncio.sleep(0.2)


async def _unmatched(lab: Lab, database_url: str, begun_at: float) -> int:
    """What the service's own comparison says once it has seen every channel."""
    channels = len(read_cel(lab.plan.cel_csv, after=begun_at))
    async with asyncio.timeout(_SETTLE_SECONDS):
        while (counts := await ledger_counts(database_url))[0] < channels:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    counted, matched, lone = counts
    assert counted == channels
    return counted - matched + lone


async def _journaled_ratings(folder: Path) -> int:
    """What callers were thanked for is in the journal, and nothing else."""
    journal = Journal(folder, checkpoint=lambda: b"")
    try:
        return sum(b"Event: CtiSurveyAnswer" in block for _, block in journal.read())
    finally:
        await journal.close()


async def _descriptors(service: ServiceProcess, database_url: str) -> int:
    """Open file descriptors but for those of the pool of database connections, which grows with its use.

    A connection of ours that was just closed lives on in the service for a moment: two readings must agree.
    """
    before = None
    async with asyncio.timeout(_SETTLE_SECONDS):
        while (now := _open_files(service) - await connections(database_url)) != before:
            before = now
            await asyncio.sleep(0.3)
    return now


def _open_files(service: ServiceProcess) -> int:
    """But for Asterisk's ledger, which is followed from its first row on."""
    return sum(not name.endswith(("/cel.csv", "/queue_log")) for name in service.descriptors())


def report(title: str, comparison: Comparison, left: dict[str, object]) -> str:
    """The table for the end of the run."""
    lines = [title, comparison.table(), f"left over: {left}"]
    if comparison.faults:
        lines += [f"{len(comparison.faults)} faults:", *comparison.faults[:60]]
    return "\n".join(lines)


@pytest.mark.timeout(240)
async def test_every_row_of_three_hundred_calls_is_what_asterisk_and_the_phones_noted(
    exchange: Lab, database: tuple[str, str], tmp_path: Path, summary: Summary
) -> None:
    comparison, service, left = await run(exchange, database, tmp_path, ())
    summary(report("Three hundred calls", comparison, left))
    assert comparison.faults == []
    assert comparison.counts["ratings"] == len(comparison.hour.keyed)
    assert comparison.counts["calls with a gap"] == 0
    assert left["unmatched"] == 0
    assert left["channels"] == 0
    assert (left["calls"], left["legs"], left["tasks"], left["descriptors"]) == (0, 0, 0, 0)
    assert "Traceback" not in service.log


@pytest.mark.timeout(240)
async def test_it_is_the_same_when_the_service_is_killed_three_times_in_the_middle(
    exchange: Lab, database: tuple[str, str], tmp_path: Path, summary: Summary
) -> None:
    comparison, service, left = await run(exchange, database, tmp_path, KILLS)
    summary(report("Three hundred calls and three kills", comparison, left))
    assert comparison.faults == []
    assert comparison.counts["calls with a gap"] > 0
    assert comparison.counts["ratings"] == await _journaled_ratings(service.home / "journal")
    # The service holds its legs against CEL as closely as the comparison does, and knows no lateness.
    assert left["unmatched"] == comparison.late
    assert left["channels"] == 0
    assert (left["calls"], left["legs"], left["tasks"]) == (0, 0, 0)
    assert "Traceback" not in service.log
