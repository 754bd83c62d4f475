"""300 calls at 10 a second through queue, agents and survey: every row is what CEL, queue_log and the phones
say.
"""

import asyncio
import contextlib
import csv
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from cti.db.engine import open_engine
from cti.db.migrations import upgrade
from cti.http.principal import Language, Role
from cti.installation.postgres import EmbeddedPostgres
from cti.people.store import create_user
from cti.queues.store import create_queue
from cti.simulation.crowd import Crowd, Ending, Meeting, crowd, plans
from cti.simulation.lab import FIRST_EXTENSION, Lab, laboratory

CALLS = 300
CALLS_A_SECOND = 10.0
AGENTS = 100
#: What was said to be: rows within this of CEL.
EXACT_SECONDS = 0.2
CEL_COLUMNS = (
    "type", "at", "uniqueid", "linkedid", "channel", "exten", "context", "app", "data", "number", "dnid",
    "peer", "account", "userfield", "user_type", "extra",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Site:
    """A laboratory with the service's surroundings: a database with people and queues."""

    lab: Lab
    url: str
    database: asyncpg.Connection
    home: Path

    @contextlib.asynccontextmanager
    async def service(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The service as a process of its own."""
        settings = self.lab.settings(self.home, self.url)
        environment = os.environ | {f"CTI_{name.upper()}": str(value) for name, value in settings.items()}
        with (self.home / "service.log").open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cti", "serve", env=environment, stdout=output, stderr=output
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                async with asyncio.timeout(20):
                    await process.wait()

    async def ready(self) -> None:
        """Wait until the service takes part in calls."""
        address = f"http://127.0.0.1:{self.lab.ports.http}/api/v1/health"
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(address) as answer:
                        if (await answer.json())["status"] == "ok":
                            return
                await asyncio.sleep(0.1)

    async def settled(self) -> None:
        """Wait until every call's row has an end."""
        async with asyncio.timeout(60):
            while True:
                opened = await self.database.fetchval(
                    "SELECT (SELECT count(*) FROM legs WHERE ended_at IS NULL AND ending IS NULL)"
                    " + (SELECT count(*) FROM queue_entries WHERE outcome IS NULL)"
                    " + (SELECT count(*) FROM surveys WHERE ended_at IS NULL)"
                )
                legs = await self.database.fetchval("SELECT count(*) FROM legs")
                if not opened and legs:
                    return
                await asyncio.sleep(0.2)

    def cel(self) -> list[dict[str, str]]:
        """The rows of CEL."""
        with self.lab.plan.cel_csv.open(encoding="utf-8") as lines:
            return [dict(zip(CEL_COLUMNS, row, strict=True)) for row in csv.reader(lines)]


@pytest.fixture
async def site(
    postgres: EmbeddedPostgres, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Site]:
    name = "three_hundred_" + request.node.name.replace("[", "_").replace("]", "")[-30:]
    await postgres.create(name)
    url = postgres.url(name)
    await upgrade(url)
    async with open_engine(url) as engine, engine.begin() as connection:
        await create_queue(
            connection,
            {
                "name": "sales", "title": "Sales", "extension": "6001", "language": None,
                "service_level_seconds": 20, "service_level_target": 0.8, "wrap_up_seconds": 1,
                "missed_offers_limit": 5,
            },
            survey=True,
        )  # fmt: skip
        for number in range(AGENTS):
            await create_user(
                connection, username=f"agent{number + 1}", name=f"Agent {number + 1}", role=Role.AGENT,
                language=Language.ENGLISH, password=None, queues=["sales"],
            )  # fmt: skip
    database = await postgres.connect(name)
    home = tmp_path / "home"
    home.mkdir()
    try:
        async with laboratory(tmp_path / "asterisk", phones=AGENTS, ring_seconds=8) as lab:
            yield Site(lab=lab, url=url, database=database, home=home)
    finally:
        await database.close()
        await postgres.drop(name)


async def _play(site: Site, parties: Crowd) -> list[Meeting]:
    async with site.lab.observer(filtered=True) as ami:
        for number in range(AGENTS):
            await site.lab.sign_in(ami, number + 1, FIRST_EXTENSION + number, "sales")
        met = await parties.run(plans(CALLS), per_second=CALLS_A_SECOND)
        await site.lab.quiet()
    return met


async def test_every_row_is_what_asterisk_and_the_phones_say(site: Site) -> None:
    async with site.service() as service, crowd(site.lab, agents=AGENTS) as parties:
        await site.ready()
        met = await _play(site, parties)
        await site.settled()
        assert service.returncode is None
    await _legs_are_channels(site)
    await _waits_and_talks_are_those_of_cel(site)
    await _outcomes_are_those_of_the_queue_log(site, met)
    await _holds_are_those_of_the_phones(site, met)
    await _ratings_are_those_keyed(site, met)
    await _nothing_is_left_open(site)


async def test_three_kills_lose_no_leg_and_no_answer(site: Site) -> None:
    async with crowd(site.lab, agents=AGENTS) as parties, contextlib.AsyncExitStack() as stack:
        service = await stack.enter_async_context(site.service())
        await site.ready()
        playing = asyncio.create_task(_play(site, parties))
        outages = []
        for _ in range(3):
            await asyncio.sleep(7)
            began = time.time()
            service.kill()
            await service.wait()
            service = await stack.enter_async_context(site.service())
            await site.ready()
            outages.append((began, time.time()))
        met = await playing
        await site.settled()
    await _legs_are_channels(site, outages)
    await _outcomes_are_those_of_the_queue_log(site, met, known_only=True)
    await _nothing_is_left_open(site)


async def _legs_are_channels(site: Site, outages: Sequence[tuple[float, float]] = ()) -> None:
    """One leg for each channel and one channel for each leg; what lived wholly in an outage is unknown."""
    cel = site.cel()
    channels = Counter(row["uniqueid"] for row in cel if row["type"] == "CHAN_START")
    legs = Counter([row["uniqueid"] for row in await site.database.fetch("SELECT uniqueid FROM legs")])
    assert not legs - channels
    lives = {
        uniqueid: [float(row["at"]) for row in cel if row["uniqueid"] == uniqueid]
        for uniqueid in channels - legs
    }
    seen = {u: at for u, at in lives.items() if not any(a < min(at) and max(at) < b for a, b in outages)}
    assert not seen


async def _waits_and_talks_are_those_of_cel(site: Site) -> None:
    """Talk begins at an agent leg's BRIDGE_ENTER and, with its holds, ends at its BRIDGE_EXIT."""
    entered = {row["uniqueid"]: float(row["at"]) for row in site.cel() if row["type"] == "BRIDGE_ENTER"}
    left = {row["uniqueid"]: float(row["at"]) for row in site.cel() if row["type"] == "BRIDGE_EXIT"}
    spans = await site.database.fetch(
        "SELECT l.uniqueid, min(i.started_at) AS began, max(i.ended_at) AS ended FROM intervals i"
        " JOIN legs l ON l.id = i.leg_id WHERE i.kind IN ('talk', 'hold') AND l.agent_id IS NOT NULL"
        " GROUP BY l.uniqueid"
    )
    agents = {
        row["uniqueid"]
        for row in site.cel()
        if row["type"] == "BRIDGE_ENTER" and "/trunk" not in row["channel"]
    }
    assert {row["uniqueid"] for row in spans} == agents
    for row in spans:
        assert _epoch(row["began"]) == pytest.approx(entered[row["uniqueid"]], abs=EXACT_SECONDS)
        assert _epoch(row["ended"]) == pytest.approx(left[row["uniqueid"]], abs=EXACT_SECONDS)
    joined = {
        row["uniqueid"]: float(row["at"])
        for row in site.cel()
        if row["app"] == "Queue" and row["type"] == "APP_START"
    }
    for row in await site.database.fetch(
        "SELECT l.uniqueid, e.joined_at, e.left_at, e.outcome FROM queue_entries e"
        " JOIN legs l ON l.id = e.leg_id"
    ):
        assert _epoch(row["joined_at"]) == pytest.approx(joined[row["uniqueid"]], abs=EXACT_SECONDS)
        if row["outcome"] == "answered":
            assert _epoch(row["left_at"]) == pytest.approx(entered[row["uniqueid"]], abs=EXACT_SECONDS)


async def _outcomes_are_those_of_the_queue_log(
    site: Site, met: list[Meeting], *, known_only: bool = False
) -> None:
    said = {}
    for line in site.lab.plan.queue_log.read_text().splitlines():
        _, uniqueid, _, _, event, *_ = line.split("|")
        if event in ("CONNECT", "ABANDON"):
            said[uniqueid] = {"CONNECT": "answered", "ABANDON": "abandoned"}[event]
    rows = {
        row["uniqueid"]: row["outcome"]
        for row in await site.database.fetch(
            "SELECT l.uniqueid, e.outcome FROM queue_entries e JOIN legs l ON l.id = e.leg_id"
        )
    }
    if known_only:
        rows = {uniqueid: outcome for uniqueid, outcome in rows.items() if outcome != "unknown"}
        assert rows.items() <= said.items()
        assert len(rows) > 0.8 * len(said)
        return
    assert rows == said
    wanted = Counter("abandoned" if m.plan.ending is Ending.ABANDONED else "answered" for m in met)
    assert Counter(said.values()) == wanted


async def _holds_are_those_of_the_phones(site: Site, met: list[Meeting]) -> None:
    held = {
        row["caller_number"]: row["seconds"]
        for row in await site.database.fetch(
            "SELECT c.caller_number, sum(extract(epoch FROM i.ended_at - i.started_at))::float8 AS seconds"
            " FROM intervals i JOIN calls c ON c.id = i.call_id WHERE i.kind = 'hold' GROUP BY 1"
        )
    }
    wanted = {
        f"+86{m.plan.number}": sum(end - start for start, end in m.agent.holds if start and end)
        for m in met
        if m.agent is not None and m.agent.holds
    }
    assert set(held) == set(wanted)
    assert not {n: (held[n], wanted[n]) for n in held if abs(held[n] - wanted[n]) > EXACT_SECONDS}


async def _ratings_are_those_keyed(site: Site, met: list[Meeting]) -> None:
    rated = {
        row["caller_number"]: row["rating"]
        for row in await site.database.fetch(
            "SELECT c.caller_number, s.rating FROM surveys s JOIN calls c ON c.id = s.call_id"
            " WHERE s.rating IS NOT NULL"
        )
    }
    assert rated == {f"+86{m.plan.number}": int(m.keyed[0]) for m in met if m.keyed}


async def _nothing_is_left_open(site: Site) -> None:
    for table in ("calls", "legs", "intervals"):
        left: list[Any] = await site.database.fetch(
            f"SELECT * FROM {table} WHERE ended_at IS NULL AND NOT "
            + ("unknown_end" if table != "legs" else "(ending = 'reconciled')")
            + (" AND kind <> 'wrap_up'" if table == "intervals" else "")
        )
        assert not left, table


def _epoch(instant: datetime) -> float:
    return instant.timestamp()
