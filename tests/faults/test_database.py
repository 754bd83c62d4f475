"""PostgreSQL is killed, slow, locked or stopped: calls, menus and pops go on, and afterwards all is there."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from cti.db.engine import plain_dsn
from cti.simulation.lab import Lab
from tests.faults import scale
from tests.faults.ground import Ground, open_ground
from tests.faults.onlooker import Onlooker
from tests.faults.own_postgres import OwnPostgres, SlowWire, own_postgres
from tests.faults.record import FaultTable
from tests.faults.traffic import DNIS
from tests.stage.books import read_books

KNOWN = "Known Lin"
KNOWN_NUMBER = "13800138000"
#: Trunks 0 and 1 are the callers'.
_TRUNK = 2
#: Whoever waited for the database would be held up for two seconds and more; a busy machine does it for less.
_LAG_SECONDS = 1.5
#: What may gather in memory, above the usual.
_MEMORY_BYTES = 128 * 1024 * 1024


async def add_known_customer(site: Ground) -> None:
    """A customer of whom the service will have heard before the database goes away."""
    headers = {"Authorization": f"Bearer {site.service.token}"}
    async with aiohttp.ClientSession(site.service.url, headers=headers, raise_for_status=True) as session:
        await session.post("/api/v1/customers", json={"name": KNOWN, "numbers": [KNOWN_NUMBER]})


async def known_customer_calls(site: Ground, sue: Onlooker) -> list[str]:
    """A call of his comes through, and whoever has it sees who he is; what was wrong, if anything."""
    async with site.lab.trunk(_TRUNK) as trunk:
        call = await trunk.dial(DNIS, caller=KNOWN_NUMBER)
        try:
            await sue.pop_named(KNOWN, 20.0)
        except TimeoutError:
            return ["a known customer called, and nobody saw who he is"]
        finally:
            await call.hang_up()
    return []


async def says_unavailable(sue: Onlooker) -> list[str]:
    """What needs the database is refused as it should be."""
    status, headers, body = await sue.get("/api/v1/calls")
    if (status, body["code"]) == (503, "database.unavailable") and "Retry-After" in headers:
        return []
    return [f"the API said {status} {body} {headers.get('Retry-After')}"]


@asynccontextmanager
async def watched(
    exchange: Lab, server: OwnPostgres, folder: Path, name: str, wire: SlowWire | None = None
) -> AsyncIterator[tuple[Ground, Onlooker]]:
    """A ground with an onlooker, and a customer who has called before.

    The service reaches the database by way of the ``wire``, when there is one.
    """
    ground = open_ground(exchange, server, folder, name=name, rate=1.0, through=wire.url if wire else None)
    async with ground as site, Onlooker(site) as sue:
        site.writer.patience = scale.times(15, 75)
        await add_known_customer(site)
        assert await known_customer_calls(site, sue) == []
        sue.slowest = 0.0
        yield site, sue


def strained(site: Ground, sue: Onlooker) -> list[str]:
    """Whether the service was held up, or took too much memory."""
    found = []
    if sue.slowest > _LAG_SECONDS:
        found.append(f"an answer that needs no database took {sue.slowest:.2f} s")
    if sue.most_memory > site.before.memory + _MEMORY_BYTES:
        found.append(f"memory grew from {site.before.memory >> 20} to {sue.most_memory >> 20} MiB")
    return found


OUTAGE_SECONDS = scale.times(20, 600)


@pytest.mark.timeout(scale.times(240, 1800))
async def test_postgresql_killed_for_long_stops_no_call_no_menu_and_no_pop_and_loses_no_row(
    exchange: Lab, tmp_path: Path, record: FaultTable
) -> None:
    async with (
        own_postgres(tmp_path / "pg") as server,
        watched(exchange, server, tmp_path, "postgresql killed") as (site, sue),
    ):
        findings: list[str] = []
        killed_at = time.time()
        server.kill()
        await site.noticed()
        while time.time() < killed_at + OUTAGE_SECONDS:
            findings += await known_customer_calls(site, sue)
            findings += await says_unavailable(sue)
            await asyncio.sleep(scale.times(1, 5))
        findings += strained(site, sue)
        position = (await sue.status())["journal"]["position"]
        await server.start_again()
        back_at = time.time()
        await site.well()
        await sue.caught_up()
        seconds = time.time() - back_at
        await sue.leave()
        findings += await site.finish()
        books = await read_books(site.database_url)
        meanwhile = [call for call in books.calls.values() if killed_at < call["started_at"] < back_at]
        rated = [
            survey
            for rows in books.surveys.values()
            for survey in rows
            if killed_at < survey["started_at"] < back_at and survey["rating"] is not None
        ]
        if not rated:
            findings.append("nobody could rate while the database was away")
    record.add(
        f"PostgreSQL killed for {OUTAGE_SECONDS} s", times=1, worst=seconds, findings=findings,
        note=f"{len(meanwhile)} calls and {len(rated)} ratings meanwhile, journal at {position}; "
        f"slowest answer {sue.slowest:.2f} s, memory {sue.most_memory >> 20} MiB",
    )  # fmt: skip
    assert findings == [], "\n".join(findings)
    assert meanwhile


@contextlib.asynccontextmanager
async def slow(server: OwnPostgres, wire: SlowWire, site: Ground) -> AsyncIterator[None]:
    """Every answer takes two seconds longer."""
    wire.delay = 2.0
    yield
    wire.delay = 0.0


@contextlib.asynccontextmanager
async def locked(server: OwnPostgres, wire: SlowWire, site: Ground) -> AsyncIterator[None]:
    """Somebody holds the table of legs for himself."""
    connection = await asyncpg.connect(plain_dsn(site.database_url))
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE legs, calls IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def stopped(server: OwnPostgres, wire: SlowWire, site: Ground) -> AsyncIterator[None]:
    """The server's processes are stopped by a signal: connections are open, and nobody answers."""
    with server.stopped():
        yield


SLOW_SECONDS = scale.times(10, 120)


@pytest.mark.timeout(scale.times(240, 1800))
async def test_a_slow_a_locked_and_a_stopped_postgresql_hold_up_nobody_but_those_who_need_it(
    exchange: Lab, tmp_path: Path, record: FaultTable
) -> None:
    findings: list[str] = []
    async with (
        own_postgres(tmp_path / "pg") as server,
        SlowWire(server, tmp_path / "wire") as wire,
        watched(exchange, server, tmp_path, "postgresql slow", wire=wire) as (site, sue),
    ):
        for what, fault in (("2 s a query", slow), ("a locked table", locked), ("stopped", stopped)):
            sue.slowest, sue.most_memory = 0.0, 0
            before = (await sue.status())["journal"]["durable_position"]
            async with fault(server, wire, site):
                await asyncio.sleep(SLOW_SECONDS)
                status = await sue.status()
            grown = status["journal"]["durable_position"] - before
            found = strained(site, sue)
            if grown < 10:
                found.append(f"only {grown} events became durable meanwhile")
            if status["loop_lag_seconds"] > _LAG_SECONDS:
                found.append(f"the event loop was kept busy for {status['loop_lag_seconds']:.2f} s")
            began = time.monotonic()
            await sue.caught_up()
            seconds = time.monotonic() - began
            found += await site.check()
            record.add(
                f"PostgreSQL slow: {what}, {SLOW_SECONDS} s", times=1, worst=seconds, findings=found,
                note=f"{grown} events meanwhile; slowest answer {sue.slowest:.2f} s, "
                f"loop {status['loop_lag_seconds']:.2f} s, memory {sue.most_memory >> 20} MiB",
            )  # fmt: skip
            findings += [f"{what}: {one}" for one in found]
        await sue.leave()
        findings += await site.finish()
    assert findings == [], "\n".join(findings)
