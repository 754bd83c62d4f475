"""`cti trace` and `cti replay` beside a service that records real calls, and after it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest_asyncio

from cti.asterisk.events import parse
from cti.calls.model import LegKind
from cti.db.engine import plain_dsn
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.stage.whole_service import ServiceProcess
from tests.unit.board.scenario import Scenario, read_blocks

CALLER = "13800138000"
Command = Callable[..., Awaitable[tuple[int, str]]]


@pytest_asyncio.fixture
async def service(lab: Lab, postgres_url: str, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A service that runs; it is ended afterwards."""
    service = ServiceProcess(lab, tmp_path / "service", postgres_url)
    await service.start()
    await service.ready()
    yield service
    if service.process is not None:
        await service.stop()


def command_of(lab: Lab, service: ServiceProcess, folder: Path) -> Command:
    settings = {f"CTI_{key.upper()}": str(value) for key, value in lab.settings(
        service.home, service.database_url).items()}  # fmt: skip

    async def run(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cti", *arguments, cwd=folder,
            env={**os.environ, **settings, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(120):
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    return run


async def test_a_call_with_a_gap_is_handed_in_and_its_lost_rows_come_back(
    lab: Lab, observer: AmiObserver, service: ServiceProcess, tmp_path: Path
) -> None:
    run = command_of(lab, service, tmp_path)
    await lab.sign_in(observer, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.2)) as phone, lab.trunk() as trunk:
        joined = observer.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller=CALLER)
        uniqueid = (await joined)["Uniqueid"]
        agent = await phone.next_call()
        assert await agent.answered()
        await call.stay(0.5)
        await service.kill()
        await call.stay(1.0)
        await service.start()
        await service.ready()
        status, said = await run("trace", uniqueid, "--to", "going_on.ami")
        assert (status, "still going on" in said) == (0, True), said
        await call.stay(0.5)
        await call.hang_up()
        await agent.ended()
    await lab.quiet()

    connection = await asyncpg.connect(plain_dsn(service.database_url))
    try:
        async with asyncio.timeout(30):
            while not await connection.fetchval(  # noqa: ASYNC110
                "SELECT count(*) FROM calls WHERE ended_at IS NOT NULL"
            ):
                await asyncio.sleep(0.05)
        await the_trace_is_the_call(run, uniqueid, connection, tmp_path)
        status, said = await run("replay", "--check")
        assert (status, "Every row is what the journal gives" in said) == (0, True), said
        status, said = await run("replay")
        assert (status, "replay.service_runs" in said) == (1, True), said
        await service.stop()
        before = await connection.fetch("SELECT * FROM intervals ORDER BY id")
        await connection.execute("DELETE FROM calls")
        status, said = await run("replay")
        assert (status, "put right" in said) == (0, True), said
        assert await connection.fetch("SELECT * FROM intervals ORDER BY id") == before
    finally:
        await connection.close()


async def the_trace_is_the_call(
    run: Command, uniqueid: str, connection: asyncpg.Connection, folder: Path
) -> None:
    """What was handed in gives a board the spans that the database has, and does not say who called."""
    status, said = await run("trace", uniqueid, "--to", "call.ami")
    assert (status, "the same rows as the journal" in said) == (0, True), said
    blocks = list(read_blocks(folder / "call.ami"))
    scenario = Scenario([parse(block) for block in blocks])
    [call] = scenario.calls.values()
    assert call.gap
    [number] = {leg.number for leg in scenario.legs.values() if leg.kind is LegKind.TRUNK}
    assert number != CALLER
    assert CALLER.encode() not in b"".join(blocks)
    rows = await connection.fetch(
        "SELECT id, extract(epoch FROM ended_at)::float8 AS ended_at FROM intervals"
    )
    found = {row["id"]: row["ended_at"] for row in rows}
    assert {span.id for span in scenario.intervals.values()} == found.keys()
    for span in scenario.intervals.values():
        assert (span.ended_at is None) == (found[span.id] is None)
        assert abs((span.ended_at or 0.0) - (found[span.id] or 0.0)) < 0.001
