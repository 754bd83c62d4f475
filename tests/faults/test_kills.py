"""The service is killed wherever it can hurt, again and again, while calls go on."""

import asyncio
import signal
import time

import pytest

from tests.faults import scale
from tests.faults.conftest import OpenGround
from tests.faults.death import PLACES
from tests.faults.ground import Ground
from tests.faults.record import FaultTable

KILLS = scale.times(len(PLACES), 1000)
_BACK_SECONDS = 5.0
#: A place that is not passed for so long is given up, and the service killed where it is.
_PASSED_SECONDS = 20.0
#: Small segments, so that one begins every second or two.
_SEGMENT_BYTES = 64 * 1024


async def start(site: Ground, place: str, passages: int, when: str) -> bool:
    """Starts the service; whether it came so far as to be well."""
    service = site.service
    service.command = ("-m", "tests.faults.death", place, str(passages), when)
    await service.start()
    assert service.process is not None
    died = asyncio.create_task(service.process.wait())
    well = asyncio.create_task(site.well())
    await asyncio.wait({died, well}, return_when=asyncio.FIRST_COMPLETED)
    died.cancel()
    if well.done():
        well.result()
        return True
    well.cancel()
    return False


@pytest.mark.timeout(scale.times(600, 4 * 3600))
async def test_a_service_killed_anywhere_is_back_within_five_seconds_and_has_lost_nothing(
    ground: OpenGround, record: FaultTable
) -> None:
    dice = scale.dice("kills")
    rounds = range(KILLS // len(PLACES) + 1)
    plan = [place for _ in rounds for place in dice.sample(sorted(PLACES), len(PLACES))]
    worst = 0.0
    not_passed: list[str] = []
    findings: list[str] = []
    async with ground(rate=1.0, journal_segment_bytes=_SEGMENT_BYTES) as site:
        service = site.service
        await service.kill()
        died_at = time.monotonic()
        for place in plan[:KILLS]:
            passages = dice.randint(1, PLACES[place].most)
            when = "now" if PLACES[place].starting else "armed"
            if await start(site, place, passages, when):
                seconds = time.monotonic() - died_at
                worst = max(worst, seconds)
                if seconds > _BACK_SECONDS * scale.patience():
                    findings.append(f"back after {seconds:.2f} s, before it died where {place}")
                findings += [f"{one} (before it died where {place})" for one in await site.check()]
                await die(site, place, not_passed)
            died_at = time.monotonic()
        service.command = ("-m", "cti", "serve")
        await service.start()
        await site.well()
        findings += await site.finish()
        if site.traffic.failed:
            findings.append(f"{site.traffic.failed} callers were not served")
        note = (
            f"{len(PLACES)} places, {site.traffic.served} callers served, {len(site.writer.acknowledged)} "
            f"writes acknowledged, {len(site.writer.unknown)} unknown, {len(not_passed)} places not passed"
        )
    record.add(
        "service killed at each failure point", times=KILLS, worst=worst, limit=_BACK_SECONDS, note=note,
        findings=findings,
    )  # fmt: skip
    assert findings == [], "\n".join(findings)


async def die(site: Ground, place: str, not_passed: list[str]) -> None:
    """Lets it die at its place."""
    process = site.service.process
    assert process is not None
    if process.returncode is None:
        process.send_signal(signal.SIGUSR2)
    try:
        async with asyncio.timeout(_PASSED_SECONDS):
            await process.wait()
    except TimeoutError:
        not_passed.append(place)
        await site.service.kill()
