"""Asterisk is stopped in the middle of calls, or dies, and comes back."""

import asyncio
import time

import asyncpg
import pytest

from cti.db.engine import plain_dsn
from tests.faults import scale
from tests.faults.conftest import OpenGround
from tests.faults.ground import Ground, sign_in_agents
from tests.faults.record import FaultTable

RESTARTS = scale.times(4, 60)
_WELL_SECONDS = 10.0


@pytest.mark.timeout(scale.times(400, 7200))
async def test_calls_that_asterisk_takes_with_it_end_with_that_cause_and_its_next_life_is_another(
    ground: OpenGround, record: FaultTable
) -> None:
    """Half of the times the service is away meanwhile: then the ledger alone knows what went on."""
    dice = scale.dice("restarts")
    worst = 0.0
    findings: list[str] = []
    told = 0
    async with ground() as site:
        asterisk = site.lab.asterisk
        for number in range(RESTARTS):
            await site.calls(at_least=4)
            service_away, dies = number % 2 == 1, number % 4 in (1, 2)
            # Of channels that ended in order while nobody listened CEL does not say that Asterisk did it.
            told += dies or not service_away
            if service_away:
                await site.service.kill()
                await site.calls(at_least=4)
            await (asterisk.kill() if dies else asterisk.stop())
            await asterisk.start()
            started_at = time.monotonic()
            if service_away:
                await site.service.start()
            seconds = await site.well() - started_at
            worst = max(worst, seconds)
            if seconds > _WELL_SECONDS * scale.patience():
                findings.append(f"well again {seconds:.2f} s after Asterisk")
            await sign_in_agents(site.lab)
            findings += await site.check()
            findings += await causes(site, lives=number + 2, told=told)
            await site.calls(at_least=dice.randrange(4))
        findings += await site.finish()
        stopped = await count(site, "SELECT count(*) FROM legs WHERE ending = 'asterisk_stopped'")
    record.add(
        "Asterisk stopped or killed, and started", times=RESTARTS, worst=worst, limit=_WELL_SECONDS,
        note=f"{stopped} legs ended with it", findings=findings,
    )  # fmt: skip
    assert findings == [], "\n".join(findings)


async def causes(site: Ground, *, lives: int, told: int) -> list[str]:
    """What the record says wrongly of the lives that are over, once it has had time to be written.

    Of so many (``told``) it is known that they took calls with them.
    """
    found: list[str] = []
    for _ in range(50):
        found = await _causes(site, lives, told)
        if not found:
            break
        await asyncio.sleep(0.2)
    return found


async def _causes(site: Ground, lives: int, told: int) -> list[str]:
    found = []
    boots = await count(site, "SELECT count(DISTINCT boot) FROM legs")
    gaps = await count(site, "SELECT count(*) FROM gaps WHERE reason = 'asterisk_restarted'")
    if boots > lives or boots < lives - 1:
        found.append(f"{boots} lives of Asterisk have legs after {lives}")
    if gaps != lives - 1:
        found.append(f"{gaps} gaps say that Asterisk was restarted, after {lives} lives")
    with_it = await count(site, "SELECT count(DISTINCT boot) FROM legs WHERE ending = 'asterisk_stopped'")
    if with_it != told:
        found.append(f"legs of {with_it} lives ended with Asterisk, and not of {told}")
    return found


async def count(site: Ground, statement: str) -> int:
    """One figure of the record."""
    connection = await asyncpg.connect(plain_dsn(site.database_url))
    try:
        return int(await connection.fetchval(statement))
    finally:
        await connection.close()
