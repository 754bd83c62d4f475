"""The service is killed wherever it can hurt, again and again, while calls go on."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cti.installation.postgres import EmbeddedPostgres
from cti.simulation.lab import laboratory
from tests.faults import scale
from tests.faults.death import PLACES
from tests.faults.ground import PHONES, Ground, open_ground
from tests.faults.record import FaultTable

#: So many services are killed side by side, each on a ground of its own.
LANES = scale.times(1, 2)
KILLS_OF_A_LANE = scale.times(len(PLACES), 500)
_BACK_SECONDS = 5.0
#: A place that is not passed for so long is given up, and the service killed where it is.
_PASSED_SECONDS = 10.0
#: A place that was not passed so often is not passed by chance.
_CHANCE = 2
#: Small segments, so that one begins every second or two.
_SEGMENT_BYTES = 64 * 1024


@dataclass
class Lane:
    """What came of the kills of one service."""

    number: int
    dice: random.Random
    #: One lane at a time starts and is compared. A start takes a processor and so does a comparison, which is
    #: also done by the process that looks whether a service is back: side by side they would be measured.
    turn: asyncio.Lock
    worst: float = 0.0
    #: How many were not back in time.
    late: int = 0
    served: int = 0
    acknowledged: int = 0
    unknown: int = 0
    #: Where it did not come by.
    not_passed: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    async def run(self, site: Ground) -> None:
        """Kills it at each place in turn, in another order each time."""
        service = site.service
        await service.kill()
        for place in self._plan():
            passages = self.dice.randint(1, PLACES[place].most)
            when = "now" if PLACES[place].starting else "armed"
            async with self.turn:
                is_up = await self._start(site, place, passages, when)
            if is_up:
                await self._die(site, place)
        service.command = ("-m", "cti", "serve")
        await service.start()
        await site.well()
        for one in await site.finish():
            self._found(one)
        if site.traffic.failed:
            self._found(f"{site.traffic.failed} callers were not served")
        self.served = site.traffic.served
        self.acknowledged, self.unknown = len(site.writer.acknowledged), len(site.writer.unknown)

    def _plan(self) -> list[str]:
        rounds = range(KILLS_OF_A_LANE // len(PLACES) + 1)
        plan = [place for _ in rounds for place in self.dice.sample(sorted(PLACES), len(PLACES))]
        return plan[:KILLS_OF_A_LANE]

    def _found(self, finding: str) -> None:
        self.findings.append(finding if LANES == 1 else f"lane {self.number}: {finding}")

    async def _start(self, site: Ground, place: str, passages: int, when: str) -> bool:
        """Starts it and looks at everything; whether it came so far as to be well."""
        begun = time.monotonic()
        if not await start(site, place, passages, when):
            return False
        seconds = time.monotonic() - begun
        self.worst = max(self.worst, seconds)
        self.late += seconds > _BACK_SECONDS
        if seconds > _BACK_SECONDS * scale.patience():
            self._found(f"back after {seconds:.2f} s, before it died where {place}")
        for one in await site.check():
            self._found(f"{one} (before it died where {place})")
        return True

    async def _die(self, site: Ground, place: str) -> None:
        """Lets it die at its place."""
        process = site.service.process
        assert process is not None
        if process.returncode is None:
            process.send_signal(signal.SIGUSR2)
        try:
            async with asyncio.timeout(_PASSED_SECONDS):
                await process.wait()
        except TimeoutError:
            self.not_passed[place] += 1
            await site.service.kill()


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


@asynccontextmanager
async def ground_of(lane: Lane, postgres: EmbeddedPostgres, folder: Path) -> AsyncIterator[Ground]:
    """An Asterisk, a database and callers that no other lane has."""
    folder = folder / f"lane{lane.number}"
    async with (
        laboratory(folder / "asterisk", phones=PHONES, ring_seconds=6) as lab,
        open_ground(
            lab, postgres, folder, name=f"callers {lane.number}", rate=1.0,
            journal_segment_bytes=_SEGMENT_BYTES,
        ) as site,
    ):  # fmt: skip
        yield site


@pytest.mark.timeout(scale.times(600, 4 * 3600))
async def test_a_service_killed_anywhere_is_back_within_five_seconds_and_has_lost_nothing(
    postgres: EmbeddedPostgres, tmp_path: Path, record: FaultTable
) -> None:
    turn = asyncio.Lock()
    lanes = [Lane(number, scale.dice(f"kills {number}"), turn) for number in range(LANES)]
    async with AsyncExitStack() as stack:
        # Opened one after the other: migrations know only one database at a time.
        sites = [await stack.enter_async_context(ground_of(lane, postgres, tmp_path)) for lane in lanes]
        async with asyncio.TaskGroup() as group:
            for lane, site in zip(lanes, sites, strict=True):
                group.create_task(lane.run(site))
    findings = [one for lane in lanes for one in lane.findings]
    not_passed = sum((lane.not_passed for lane in lanes), Counter[str]())
    # A place by which the service never comes tells nothing.
    times = LANES * KILLS_OF_A_LANE // len(PLACES)
    findings += [
        f"never passed: {place}" for place, missed in not_passed.items() if missed >= times > _CHANCE
    ]
    note = (
        f"{len(PLACES)} places, {sum(lane.late for lane in lanes)} times late, "
        f"{sum(lane.served for lane in lanes)} callers served, "
        f"{sum(lane.acknowledged for lane in lanes)} writes acknowledged, "
        f"{sum(lane.unknown for lane in lanes)} unknown, "
        f"{not_passed.total()} places not passed"
    )
    record.add(
        "service killed at each failure point", times=LANES * KILLS_OF_A_LANE,
        worst=max(lane.worst for lane in lanes), limit=_BACK_SECONDS, note=note, findings=findings,
    )  # fmt: skip
    assert findings == [], "\n".join(findings)
