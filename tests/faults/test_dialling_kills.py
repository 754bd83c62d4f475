"""Whatever dies while campaigns dial: no telephone is rung twice, and no attempt is lost.

The service is killed at each point from the claim to the end of an attempt, and Asterisk and PostgreSQL at
any. What holds is counted by the telephones' own log.
"""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from cti.dialling.rules.outcome import Outcome
from cti.simulation.lab import laboratory
from tests.faults import scale
from tests.faults.death import DIALLING_PLACES
from tests.faults.ground import until_well
from tests.faults.own_postgres import OwnPostgres, own_postgres
from tests.faults.record import FaultTable
from tests.stage.attempt_comparison import BY_AGENT, BY_FLOW, Expected, findings
from tests.stage.called_phones import CalledPhones, PhoneBook, called_phones, cast
from tests.stage.campaign_centre import QUEUE, Attempt, CampaignCentre, campaign_centre
from tests.stage.databases import new_database

ASTERISK: Final = "Asterisk"
POSTGRES: Final = "PostgreSQL"
#: So many services dial and are killed side by side, each with an Asterisk, a PostgreSQL and telephones of
#: its own.
LANES: Final = scale.times(1, 4)
#: In the short form some places of the service once, and the two others.
KILLS_OF_A_LANE: Final = scale.times(5, 250)
AGENTS: Final = 4
#: More than are rung between two kills.
PHONES_FOR_A_KILL: Final = 40
CALLS_AT_ONCE: Final = 10
#: A place that is not passed for so long is given up, and the service killed where it is.
_PASSED_SECONDS: Final = 15.0
_WELL_SECONDS: Final = 60.0
#: An attempt of which nothing is known is waited for: its ringing and half a minute.
_OVER_SECONDS: Final = 90.0
#: A place that was not passed so often is not passed by chance.
_CHANCE: Final = 2


@dataclass
class Site:
    """What is about to be killed, and what came of it."""

    lane: int
    centre: CampaignCentre
    phones: CalledPhones
    postgres: OwnPostgres
    dice: random.Random
    campaigns: tuple[int, int]
    worst: float = 0.0
    #: How often the service was to be killed at each place, and where it did not come by.
    tried: Counter[str] = field(default_factory=Counter)
    not_passed: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Kills everything, in another order each time."""
        for victim in self._plan():
            if victim == ASTERISK:
                await self._kill_asterisk()
            elif victim == POSTGRES:
                await self._kill_postgres()
            else:
                await self._kill_service(victim)
        await self._start("-m", "cti", "serve")
        for campaign in self.campaigns:
            await self.centre.order(campaign, "stop")
        await self.centre.until_nothing_is_under_way(_OVER_SECONDS)

    def _plan(self) -> list[str]:
        others, places = [ASTERISK, POSTGRES], sorted(DIALLING_PLACES)
        plan: list[str] = []
        while len(plan) < KILLS_OF_A_LANE:
            some = min(len(places), KILLS_OF_A_LANE - len(plan) - len(others))
            plan += self.dice.sample([*others, *self.dice.sample(places, some)], some + len(others))
        return plan

    async def _kill_service(self, name: str) -> None:
        place = DIALLING_PLACES[name]
        self.tried[name] += 1
        passages = str(self.dice.randint(1, place.most))
        await self._start("-m", "tests.faults.death", name, passages, "now" if place.starting else "armed")
        process = self.centre.service.process
        assert process is not None
        if process.returncode is None and not place.starting:
            process.send_signal(signal.SIGUSR2)
        try:
            await asyncio.wait_for(process.wait(), _PASSED_SECONDS)
        except TimeoutError:
            self.not_passed[name] += 1
            await self.centre.service.kill()

    async def _start(self, *command: str) -> None:
        """Another life of the service, until all is well or it has died."""
        service = self.centre.service
        if service.process is not None and service.process.returncode is None:
            await service.kill()
        service.command = command
        began = time.monotonic()
        await service.start()
        assert service.process is not None
        died = asyncio.create_task(service.process.wait())
        well = asyncio.create_task(until_well(service, _WELL_SECONDS))
        await asyncio.wait({died, well}, return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if well.done():
            well.result()
            self.worst = max(self.worst, time.monotonic() - began)
        well.cancel()

    async def _kill_asterisk(self) -> None:
        """While the service dials."""
        await self._alive()
        await self.centre.lab.asterisk.kill()
        await self.centre.lab.asterisk.start()
        await until_well(self.centre.service, _WELL_SECONDS)
        await self.centre.sign_in_agents(AGENTS)

    async def _kill_postgres(self) -> None:
        await self._alive()
        self.postgres.kill()
        await asyncio.sleep(self.dice.uniform(0.0, 2.0))
        await self.postgres.start_again()
        await until_well(self.centre.service, _WELL_SECONDS)

    def differences(self, book: PhoneBook, attempts: Sequence[Attempt]) -> list[str]:
        """What does not go together with what the telephones saw."""
        flow, agents = self.campaigns
        expected = Expected(outcomes={flow: BY_FLOW, agents: BY_AGENT}, broken=True)
        found = findings(book, attempts, expected)
        # Whoever was rung is not rung again within half an hour, whatever is forgotten.
        found += [
            f"{phone} was rung {len(rings)} times"
            for phone, rings in book.by_phone().items()
            if len(rings) > 1
        ]
        return found if LANES == 1 else [f"lane {self.lane}: {one}" for one in found]

    async def _alive(self) -> None:
        """The service runs, and a few more telephones have rung."""
        process = self.centre.service.process
        if process is None or process.returncode is not None:
            await self._start("-m", "cti", "serve")
        await self.phones.until_rung(len(self.phones.book().rings) + 3, _WELL_SECONDS)
        await asyncio.sleep(self.dice.uniform(0.0, 1.0))


@asynccontextmanager
async def site_of(lane: int, folder: Path) -> AsyncIterator[Site]:
    """A flow and agents who call, each their own list, long enough for all kills."""
    dice = scale.dice(f"dialling kills {lane}")
    numbers = cast(KILLS_OF_A_LANE * PHONES_FOR_A_KILL, dice)
    folder = folder / f"lane{lane}"
    folder.mkdir()
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(own_postgres(folder / "pg"))
        lab = await stack.enter_async_context(laboratory(folder / "asterisk", phones=AGENTS))
        phones = await stack.enter_async_context(called_phones(lab, folder / "phones"))
        centre = await stack.enter_async_context(
            campaign_centre(lab, await new_database(postgres, "dialling"), folder / "service", agents=AGENTS)
        )
        flow = await centre.make("flow", "ivr", flow="short-notice", caps={"calls_at_once": CALLS_AT_ONCE})
        agents = await centre.make("agents", "progressive", queue=QUEUE)
        third = len(numbers) // 3
        await centre.add(agents, numbers[:third])
        await centre.add(flow, numbers[third:])
        for campaign in (flow, agents):
            await centre.order(campaign, "start")
        yield Site(lane, centre, phones, postgres, dice, (flow, agents))


@pytest.mark.timeout(scale.times(300, 6 * 3600))
async def test_whatever_is_killed_no_telephone_rings_twice_and_no_attempt_is_lost(
    tmp_path: Path, record: FaultTable
) -> None:
    async with AsyncExitStack() as stack:
        # Opened one after the other: migrations know only one database at a time.
        sites = [await stack.enter_async_context(site_of(lane, tmp_path)) for lane in range(LANES)]
        async with asyncio.TaskGroup() as group:
            for site in sites:
                group.create_task(site.run())
        books = [site.phones.book() for site in sites]
        attempts = [await site.centre.attempts() for site in sites]
    found = [
        one
        for site, book, of_site in zip(sites, books, attempts, strict=True)
        for one in site.differences(book, of_site)
    ]
    unknown = [one for of_site in attempts for one in of_site if one.outcome == Outcome.UNKNOWN]
    whys, lives = Counter(one.unknown_why for one in unknown), {one.sent_by for one in unknown}
    not_passed = sum((site.not_passed for site in sites), Counter[str]())
    # A place by which the service never comes tells nothing.
    tried = sum((site.tried for site in sites), Counter[str]())
    found += [f"never passed: {name}" for name, times in tried.items() if not_passed[name] == times > _CHANCE]
    record.add(
        "service, Asterisk or PostgreSQL killed while it dials", times=LANES * KILLS_OF_A_LANE,
        worst=max(site.worst for site in sites), findings=found,
        note=f"{sum(len(book.rings) for book in books)} telephones rung, "
        f"{sum(len(of_site) for of_site in attempts)} attempts, {len(unknown)} unknown of {len(lives)} lives "
        f"({_counted(whys)}), {not_passed.total()} places not passed ({_counted(not_passed)})",
    )  # fmt: skip
    assert found == [], "\n".join(found)
    assert all(book.rings for book in books)


def _counted(names: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in names.most_common()) or "none"
