"""The comparison while serving: nothing in progress alarms it, what is missing it finds and fills in."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.asterisk.cel import CelParser, CelRow
from cti.asterisk.events import encode, parse
from cti.config import Settings, load
from cti.db.engine import open_engine, plain_dsn
from cti.installation.postgres import EmbeddedPostgres
from cti.ledger.model import LedgerState
from cti.ledger.watch import LedgerWatch
from tests.stage.databases import new_database
from tests.stage.recording import Service
from tests.unit.board.scenario import TRANSCRIPTS, read_blocks

NODE = "lab"
SECONDS = 20.0


@dataclass
class Site:
    """Journal, board, recorder and the comparison; the test writes Asterisk's files and moves its clock."""

    service: Service
    settings: Settings
    engine: AsyncEngine
    folder: Path
    now: float = 0.0
    connected: bool = True
    watch: LedgerWatch = field(init=False)
    task: "asyncio.Task[None] | None" = None

    def watch_on(self) -> None:
        """Begin to compare, as at a start of the service."""
        self.watch = LedgerWatch(
            self.settings, self.engine, self.service.board,
            write=self.write, clock=lambda: self.now,
            committed=lambda: (self.service.recorder.status.position, self.service.journal.position),
            connected=lambda: self.connected, period_seconds=0.02,
        )  # fmt: skip
        self.task = asyncio.create_task(self.watch.run())

    async def stop_watching(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    def write(self, block: bytes) -> int:
        self.service.feed([block])
        return self.service.journal.position

    def write_cel(self, text: str) -> None:
        with self.settings.cel_csv_path.open("a", encoding="utf-8") as file:
            file.write(text)

    def write_queue_log(self, name: str) -> None:
        with self.settings.queue_log_path.open("a", encoding="utf-8") as file:
            file.write((TRANSCRIPTS / f"{name}.queue_log").read_text(encoding="utf-8"))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110  (the loop tells no one)
                await asyncio.sleep(0.01)

    async def compared(self, to: float) -> None:
        """Everything before ``to`` was compared."""
        self.now = to + 11.0
        await self.until(lambda: (self.watch.status.checked_to or 0.0) >= to)

    async def rows(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(plain_dsn(self.settings.database_url.get_secret_value()))
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def row_becomes(self, statement: str, *values: Any) -> asyncpg.Record:
        """The row of the statement once there is one."""
        async with asyncio.timeout(SECONDS):
            while not (rows := await self.rows(statement, *values)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return rows[0]

    async def days_become(self, *counts: int) -> None:
        """Channels, matched, filled and lone legs are counted so."""
        async with asyncio.timeout(SECONDS):
            while await days(self) != counts:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@pytest.fixture
async def site(
    postgres: EmbeddedPostgres, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Site]:
    name = f"t_watch_{abs(hash(request.node.name)) % 10**8}"
    url = await new_database(postgres, name)
    settings = load(
        home=tmp_path, database_url=url, node=NODE, cel_csv_path=tmp_path / "cel.csv",
        queue_log_path=tmp_path / "queue_log", ami_secret="x", ami_phone_secret="x", agi_secret="x",
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        stack.push_async_callback(postgres.drop, name)
        service = Service(tmp_path / "journal", url)
        await service.start()
        stack.push_async_callback(service.kill)
        engine = await stack.enter_async_context(open_engine(url, pool_size=2))
        site = Site(service, settings, engine, tmp_path)
        stack.push_async_callback(site.stop_watching)
        yield site


def recorded(name: str) -> tuple[list[bytes], list[str]]:
    """The events and the lines of CEL of a recorded call."""
    blocks = [encode("CtiBoot", 1.0, Boot="b1"), *read_blocks(TRANSCRIPTS / f"{name}.ami")]
    lines = (TRANSCRIPTS / f"{name}.cel.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    return blocks, lines


def rows_in(lines: list[str]) -> list[CelRow]:
    parser = CelParser()
    return [row for line in lines if (row := parser.row(line)) is not None]


def span(lines: list[str]) -> tuple[float, float]:
    instants = [row.at for row in rows_in(lines)]
    return min(instants), max(instants)


def without(blocks: list[bytes], uniqueid: str) -> list[bytes]:
    """The events but those that name a channel."""
    return [block for block in blocks if f"niqueid: {uniqueid}\r".encode() not in block]


@asynccontextmanager
async def begun(site: Site, lines: list[str]) -> AsyncIterator[tuple[float, float]]:
    """The comparison runs since before the call."""
    first, last = span(lines)
    site.now = first - 60.0
    site.watch_on()
    await site.until(lambda: site.watch.status.state is not LedgerState.STARTING)
    yield first, last


async def days(site: Site) -> tuple[int, int, int, int]:
    (row,) = await site.rows(
        "SELECT sum(channels)::int c, sum(matched)::int m, sum(filled)::int f, sum(lone_legs)::int l"
        " FROM ledger_days"
    )
    return row["c"], row["m"], row["f"], row["l"]


async def test_a_call_is_counted_once_it_is_over_and_alarms_nobody_before(site: Site) -> None:
    blocks, lines = recorded("answered")
    site.write_queue_log("answered")
    async with begun(site, lines) as (first, last):
        half = len(blocks) // 2
        site.service.feed(blocks[:half])
        site.write_cel("".join(lines[: len(lines) // 2]))
        await site.compared(first + 1.0)
        assert site.watch.status.channels == 0
        site.service.feed(blocks[half:])
        site.write_cel("".join(lines[len(lines) // 2 :]))
        await site.compared(last + 1.0)
    starts = sum("CHAN_START" in line for line in lines)
    assert await days(site) == (starts, starts, 0, 0)
    assert await site.rows("SELECT * FROM ledger_findings") == []
    assert (site.watch.status.channels, site.watch.status.matched) == (starts, starts)
    assert site.watch.status.queue_log


async def test_that_the_database_has_all_from_before_a_gap_says_nothing_of_what_happened_in_it(
    site: Site,
) -> None:
    blocks, lines = recorded("answered")
    async with begun(site, lines) as (first, last):
        site.service.feed(blocks[: len(blocks) // 2])
        await site.service.recorder.drain()
        site.now = last + 60.0
        site.write_cel("".join(lines))
        site.service.feed([encode("CtiDisconnected", first + 2.0, Reason="lost")])
        await site.service.recorder.drain()
        await site.until(lambda: site.watch.status.state is LedgerState.WAITING)
        site.service.tasks[1].cancel()  # what follows from the gap is not yet in the database
        names = ("CtiConnected", "CtiSnapshotBegin", "CtiSnapshotEnd")
        site.service.feed([encode(name, site.now) for name in names])
        taken = site.service.journal.position
        await site.until(lambda: [position for _, position in site.watch._marks].count(taken) >= 3)
        assert (site.watch.status.checked_to or 0.0) < last
    assert await site.rows("SELECT * FROM ledger_findings") == []


async def test_a_channel_without_a_leg_is_found_and_filled_in_as_reconciled(site: Site) -> None:
    blocks, lines = recorded("answered")
    agent = next(row for row in rows_in(lines) if "1001" in row.channel)
    site.service.feed(without(blocks, agent.uniqueid))
    site.write_cel("".join(lines))
    async with begun(site, lines) as (_, last):
        await site.compared(last + 1.0)
        finding = await site.row_becomes("SELECT * FROM ledger_findings WHERE settled_at IS NOT NULL")
    assert (finding["kind"], finding["uniqueid"]) == ("channel_without_leg", agent.uniqueid)
    (leg,) = await site.rows("SELECT * FROM legs WHERE uniqueid = $1", agent.uniqueid)
    assert leg["ending"] == "reconciled"
    assert leg["id"] == finding["leg_id"]
    assert leg["started_at"].timestamp() == pytest.approx(agent.at, abs=0.001)
    assert leg["answered_at"] is not None
    spans = await site.rows("SELECT kind, ended_at FROM intervals WHERE leg_id = $1", leg["id"])
    assert {row["kind"] for row in spans} == {"ring", "talk"}
    (call,) = await site.rows("SELECT * FROM calls")
    assert call["id"] == leg["call_id"]
    assert call["gap"]
    starts = sum("CHAN_START" in line for line in lines)
    assert await days(site) == (starts, starts, 1, 0)
    await site.until(lambda: site.watch.status.unsettled == 0)


async def test_a_call_that_was_never_seen_is_filled_in_whole(site: Site) -> None:
    _, lines = recorded("blind_transfer")
    waiting = next(line for line in lines if '"Queue","sales' in line)
    lines.insert(lines.index(waiting), re.sub('^"[A-Z_]+"', '"APP_START"', waiting))
    site.service.feed([encode("CtiBoot", 1.0, Boot="b1")])
    site.write_cel("".join(lines))
    site.write_queue_log("blind_transfer")
    async with begun(site, lines) as (first, last):
        await site.compared(last + 1.0)
        starts = sum("CHAN_START" in line for line in lines)
        await site.days_become(starts, starts, starts, 0)
    (call,) = await site.rows("SELECT * FROM calls WHERE merged_into IS NULL")
    assert call["started_at"].timestamp() == pytest.approx(first, abs=0.001)
    assert call["ended_at"] is not None
    assert (call["boot"], call["gap"]) == ("b1", True)
    (transfer,) = await site.rows("SELECT * FROM transfers")
    assert (transfer["kind"], transfer["to_number"]) == ("blind", "1002")
    (entry,) = await site.rows("SELECT * FROM queue_entries")
    assert (entry["outcome"], entry["queue"]) == ("answered", "sales")
    assert await site.rows("SELECT * FROM intervals WHERE kind = 'hold'") == []


async def test_an_end_that_nobody_saw_is_completed_from_cel(site: Site) -> None:
    blocks, lines = recorded("extension_to_extension")
    cut = next(number for number, block in enumerate(blocks) if block.startswith(b"Event: Hangup\r"))
    first, last = span(lines)
    # Asterisk is found without the channels, and CEL could not be read at that moment.
    site.service.feed(blocks[:cut])
    site.service.feed(
        [
            encode("CtiConnected", last + 5),
            encode("CtiSnapshotBegin", last + 5),
            encode("CtiSnapshotEnd", last + 5),
        ]
    )
    site.write_cel("".join(lines))
    assert site.service.board.gap_from is None
    site.now = first - 60.0
    site.watch_on()
    await site.until(lambda: site.watch.status.state is not LedgerState.STARTING)
    await site.compared(last + 1.0)
    await site.row_becomes(
        "SELECT 1 FROM ledger_findings HAVING count(*) > 0 AND count(settled_at) = count(*)"
    )
    assert await site.rows("SELECT * FROM legs WHERE ended_at IS NULL") == []
    (call,) = await site.rows("SELECT * FROM calls")
    assert call["ended_at"].timestamp() == pytest.approx(last, abs=0.2)
    assert not call["unknown_end"]


async def test_a_call_that_was_under_way_when_the_service_came_gets_its_answer_from_cel(site: Site) -> None:
    _, lines = recorded("extension_to_extension")
    rows = rows_in(lines)
    _, last = span(lines)
    met = last - 0.5
    begun_rows = [row for row in rows if row.event == "CHAN_START"]
    listed = [
        encode(
            "CoreShowChannel", met, Uniqueid=row.uniqueid, Linkedid=row.linkedid, Channel=row.channel,
            ChannelState="6", Context=row.context, Exten=row.exten, CallerIDNum=row.number,
        )
        for row in begun_rows
    ]  # fmt: skip
    ends = [
        encode("Hangup", row.at, Uniqueid=row.uniqueid, Linkedid=row.linkedid, Cause="16", Context="x")
        for row in rows
        if row.event == "CHAN_END"
    ]
    site.service.feed(
        [
            encode("CtiBoot", met, Boot="b1"),
            encode("CtiConnected", met),
            encode("CtiSnapshotBegin", met),
            *listed,
            encode("CtiSnapshotEnd", met),
            *ends,
        ]
    )
    site.write_cel("".join(lines))
    async with begun(site, lines):
        await site.compared(last + 1.0)
        await site.days_become(len(begun_rows), len(begun_rows), 0, 0)
    answered = {row.uniqueid: row.at for row in rows if row.event == "ANSWER"}
    legs = await site.rows("SELECT uniqueid, answered_at, started_at FROM legs")
    assert len(legs) == len(begun_rows)
    for leg in legs:
        assert leg["answered_at"].timestamp() == pytest.approx(answered[leg["uniqueid"]], abs=0.01)


async def test_a_leg_that_has_no_channel_is_found_and_settles_when_cel_has_it_later(site: Site) -> None:
    blocks, lines = recorded("extension_to_extension")
    starts = sum("CHAN_START" in line for line in lines)
    site.service.feed(blocks)
    first, last = span(lines)
    old = (
        f'"lab-{first - 1000:.0f}.0","lab-{first - 1000:.0f}.0","PJSIP/x","1","a","","","1","","","","","",""'
    )
    site.write_cel("".join(f'"{event}","{first - 1000}",{old}\n' for event in ("CHAN_START", "CHAN_END")))
    site.now = first - 60.0
    site.watch_on()
    await site.until(lambda: site.watch.status.state is not LedgerState.STARTING)
    await site.compared(last + 1.0)
    found = await site.rows("SELECT kind FROM ledger_findings")
    assert [row["kind"] for row in found] == ["leg_without_channel"] * starts
    assert await days(site) == (0, 0, 0, starts)
    site.write_cel("".join(lines))
    await site.days_become(starts, starts, 0, 0)


async def test_it_waits_while_the_connection_or_the_recorder_is_not_up_to_date(site: Site) -> None:
    blocks, lines = recorded("answered")
    site.write_cel("".join(lines))
    site.connected = False
    first, last = span(lines)
    site.now = first - 60.0
    site.watch_on()
    await site.until(lambda: site.watch.status.state is LedgerState.WAITING)
    site.now = last + 100.0
    site.connected = True
    site.service.feed([*blocks, encode("CtiDisconnected", last + 1, Reason="cut")])
    assert site.service.board.gap_from is not None
    await asyncio.sleep(0.3)
    assert await site.rows("SELECT * FROM ledger_findings") == []
    assert site.watch.status.state is LedgerState.WAITING


async def test_an_unreadable_ledger_is_said_and_the_comparison_goes_on_when_it_is_back(site: Site) -> None:
    blocks, lines = recorded("answered")
    async with begun(site, lines) as (_, last):
        site.service.feed(blocks)
        site.now = last + 20.0
        await site.until(lambda: site.watch.status.state is LedgerState.UNREADABLE)
        assert site.watch.status.code == "ledger.cel_unreadable"
        assert await site.rows("SELECT * FROM ledger_findings") == []
        site.write_cel("".join(lines))
        await site.compared(last + 1.0)
    starts = sum("CHAN_START" in line for line in lines)
    assert await days(site) == (starts, starts, 0, 0)
    assert site.watch.status.state is LedgerState.CHECKING


async def test_a_restart_goes_on_where_it_stood_and_counts_nothing_twice(site: Site) -> None:
    blocks, lines = recorded("answered")
    starts = sum("CHAN_START" in line for line in lines)
    async with begun(site, lines) as (_, last):
        site.service.feed(blocks)
        site.write_cel("".join(lines))
        await site.compared(last + 1.0)
    await site.stop_watching()
    site.watch_on()
    await site.compared(last + 30.0)
    assert await days(site) == (starts, starts, 0, 0)
    assert site.watch.status.channels == 0


def test_events_of_a_leg_can_be_left_out() -> None:
    """The tests above would show nothing if the leg were there."""
    blocks, lines = recorded("answered")
    agent = next(row for row in rows_in(lines) if "1001" in row.channel)
    left = [parse(block) for block in without(blocks, agent.uniqueid)]
    assert all(event.get("Uniqueid") != agent.uniqueid for event in left)
