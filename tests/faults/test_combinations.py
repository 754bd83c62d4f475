"""Faults of every kind at once, at random, for an hour: what holds after each holds after all together."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from cti.db.engine import plain_dsn
from tests.faults import scale
from tests.faults.conftest import OpenGround
from tests.faults.ground import Ground, sign_in_agents
from tests.faults.record import FaultTable

SECONDS = scale.times(30, 3600)
#: Faults begin within so many seconds of one another.
_SPREAD_SECONDS = 2.0
_WELL_SECONDS = 30.0

Fault = Callable[[Ground, random.Random], Awaitable[None]]


async def cut_wire(site: Ground, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 4)):
        site.proxy.cut()
        await asyncio.sleep(dice.uniform(0.0, 0.6))


async def mute_wire(site: Ground, dice: random.Random) -> None:
    site.proxy.mute()
    await asyncio.sleep(dice.uniform(0.5, 10.0))
    site.proxy.unmute()


async def slow_wire(site: Ground, dice: random.Random) -> None:
    site.proxy.delay = dice.uniform(0.05, 0.5)
    await asyncio.sleep(dice.uniform(1.0, 4.0))
    site.proxy.delay = 0.0


async def kill_service(site: Ground, dice: random.Random) -> None:
    await site.service.kill()
    await asyncio.sleep(dice.uniform(0.0, 3.0))
    await site.service.start()


async def restart_service(site: Ground, dice: random.Random) -> None:
    await site.service.stop()
    await asyncio.sleep(dice.uniform(0.0, 1.0))
    await site.service.start()


async def stall_service(site: Ground, dice: random.Random) -> None:
    assert site.service.process is not None
    site.service.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(dice.uniform(0.5, 8.0))
    site.service.process.send_signal(signal.SIGCONT)


async def kill_asterisk(site: Ground, dice: random.Random) -> None:
    await site.lab.asterisk.kill()
    await asyncio.sleep(dice.uniform(0.0, 2.0))
    await site.lab.asterisk.start()


async def stop_asterisk(site: Ground, dice: random.Random) -> None:
    await site.lab.asterisk.stop()
    await asyncio.sleep(dice.uniform(0.0, 2.0))
    await site.lab.asterisk.start()


async def stall_asterisk(site: Ground, dice: random.Random) -> None:
    pid = site.lab.asterisk.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(dice.uniform(0.5, 10.0))
    os.kill(pid, signal.SIGCONT)


async def end_sessions(site: Ground, dice: random.Random) -> None:
    connection = await asyncpg.connect(plain_dsn(site.database_url))
    try:
        for _ in range(dice.randint(1, 3)):
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(dice.uniform(0.0, 1.0))
    finally:
        await connection.close()


async def lock_table(site: Ground, dice: random.Random) -> None:
    connection = await asyncpg.connect(plain_dsn(site.database_url))
    try:
        async with connection.transaction():
            table = dice.choice(("calls", "legs", "customers", "recorder_positions"))
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(dice.uniform(0.5, 5.0))
    except asyncpg.PostgresConnectionError:
        pass  # the sessions were ended meanwhile, this one too
    finally:
        await connection.close()


#: What breaks, by what it happens to: of each at most one at a time.
FAULTS: dict[str, tuple[Fault, ...]] = {
    "wire": (cut_wire, mute_wire, slow_wire),
    "service": (kill_service, restart_service, stall_service),
    "asterisk": (kill_asterisk, stop_asterisk, stall_asterisk),
    "database": (end_sessions, lock_table),
}


@pytest.mark.timeout(scale.times(600, 5400))
async def test_whatever_breaks_together_nothing_is_lost(ground: OpenGround, record: FaultTable) -> None:
    dice = scale.dice("combinations")
    worst = 0.0
    tried: Counter[str] = Counter()
    findings: list[str] = []
    async with ground() as site:
        ends_at = time.monotonic() + SECONDS
        while time.monotonic() < ends_at:
            await site.calls(at_least=2)
            targets = dice.sample(sorted(FAULTS), dice.randint(2, len(FAULTS)))
            faults = [dice.choice(FAULTS[target]) for target in targets]
            named = " + ".join(sorted(fault.__name__ for fault in faults))
            tried.update(fault.__name__ for fault in faults)
            await asyncio.gather(*(_soon(fault, site, dice) for fault in faults))
            over_at = time.monotonic()
            try:
                seconds = await site.well() - over_at
            except TimeoutError:
                findings.append(f"{named}: it is not well again")
                break
            worst = max(worst, seconds)
            if seconds > _WELL_SECONDS * scale.patience():
                findings.append(f"{named}: well again after {seconds:.1f} s")
            await sign_in_agents(site.lab)
            findings += [f"{named}: {one}" for one in await site.check()]
        findings += await site.finish()
        channels = sum(site.ledger.begun.values())
    record.add(
        f"combinations for {SECONDS} s", times=tried.total(), worst=worst, limit=_WELL_SECONDS,
        note=f"{channels} channels, {len(tried)} kinds of faults", findings=findings,
    )  # fmt: skip
    assert findings == [], "\n".join(findings)


async def _soon(fault: Fault, site: Ground, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(0.0, _SPREAD_SECONDS))
    await fault(site, dice)
