"""Journal, board and recorder, joined as the program joins them, without an Asterisk; and what to record."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from cti.asterisk.events import encode, parse
from cti.board.board import Board
from cti.db.engine import plain_dsn
from cti.journal.journal import Journal
from cti.recorder import recovery
from cti.recorder.recorder import Recorder
from tests.unit.board.scenario import TRANSCRIPTS, read_blocks

NODE = "lab"
TABLES = (
    "calls",
    "legs",
    "intervals",
    "queue_entries",
    "offers",
    "transfers",
    "surveys",
    "tasks",
    "messages",
    "call_refusals",
    "queue_callbacks",
    "ivr_choices",
    "flow_runs",
    "flow_steps",
    "flow_answers",
    "agent_states",
    "agent_current_states",
    "gaps",
    "anomalies",
)


def all_blocks() -> list[bytes]:
    """Every recorded transcript, each in a boot of its own that begins with nobody there; with menus and
    surveys put in.
    """
    blocks: list[bytes] = []
    for number, path in enumerate(sorted(TRANSCRIPTS.glob("*.ami"))):
        found = list(read_blocks(path))
        begins = parse(found[2]).at - 1
        blocks.append(encode("CtiBoot", begins, Boot=f"boot{number}"))
        blocks += [encode(name, begins) for name in ("CtiSnapshotBegin", "CtiSnapshotEnd")]
        for block in found:
            blocks.append(block)
            event = parse(block)
            if event.name == "QueueCallerJoin":
                uniqueid = event.get("Uniqueid")
                blocks.append(
                    encode("CtiTaskOpened", event.at, Task=f"{uniqueid}.t1", Uniqueid=uniqueid, Kind="tip")
                )
                blocks.append(
                    encode("CtiIvrChoice", event.at + 0.001, Uniqueid=uniqueid, Menu="main", Choice="1")
                )
                blocks += _flow(uniqueid, event.at + 0.002)
                blocks += _callback(uniqueid, f"boot{number}", event.at + 0.005)
            if event.name == "AgentComplete" and event.get("Reason") == "agent":
                uniqueid = event.get("Uniqueid")
                blocks.append(encode("CtiSurveyStarted", event.at, Uniqueid=uniqueid, Language="en"))
                blocks.append(
                    encode("CtiSurveyAnswer", event.at + 1, Uniqueid=uniqueid, Question=1, Rating=4)
                )
    return blocks


def _flow(uniqueid: str, at: float) -> list[bytes]:
    """A flow of three steps on one channel, with a mistake and an answer."""
    of = {"Uniqueid": uniqueid, "Run": f"{uniqueid}.f1", "Flow": "main"}
    return [
        encode("CtiFlowStarted", at, **of, Kind="inbound", Version="0123456789ab", Language="en"),
        encode("CtiFlowStep", at, **of, Ordinal=1, Step="menu", Way="start"),
        encode("CtiFlowMistake", at + 0.001, **of, Ordinal=2, Step="menu", Keys="7"),
        encode("CtiFlowAnswer", at + 0.002, **of, Ordinal=3, Step="menu", Question="what",
               QuestionKind="choice", Value="sales", Keys="1"),
        encode("CtiFlowStep", at + 0.002, **of, Ordinal=4, Step="wait", Way="1"),
        encode("CtiMessageQueued", at + 0.002, **of, Message=f"{uniqueid}.f1.m5", To="tips", Payload="{}"),
        encode("CtiCallsRefused", at + 0.002, **of, Refusal=f"{uniqueid}.f1.r6", Number="138", Scope="all"),
        encode("CtiFlowHandedOver", at + 0.002, **of, To="queue", Queue="sales", State="e30="),
    ]  # fmt: skip


def _callback(uniqueid: str, boot: str, at: float) -> list[bytes]:
    """A place that is kept, called and over."""
    name = f"{uniqueid}.b-sales"
    return [
        encode(
            "CtiCallbackPromised", at, Callback=name, Uniqueid=uniqueid, Queue="sales", Number="13800138000"
        ),
        encode("CtiCallbackDialled", at + 0.001, Id=f"{boot}-{name}", Attempt=f"{name}.a1"),
        encode("CtiCallbackEnded", at + 0.002, Id=f"{boot}-{name}", Outcome="busy"),
    ]


async def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, in an order of their own."""
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        return {
            table: [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table} t ORDER BY t::text")]
            for table in TABLES
        }
    finally:
        await connection.close()


class Service:
    """The part of the service between an event and its rows; `kill` leaves everything as it lies."""

    def __init__(self, folder: Path, url: str, **options: Any) -> None:
        self.recorder = Recorder(url, NODE, **{"gather_seconds": 0.005} | options)
        self.folder = folder
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self, *, segment_bytes: int = 20_000) -> None:
        committed = await self.recorder.committed_position()
        self.journal = Journal(
            self.folder,
            segment_bytes=segment_bytes,
            checkpoint=lambda: self.board.dump(),
            not_below=committed or 0,
            gather_seconds=0.001,
        )
        self.board = Board(NODE)
        self.board = recovery.recover(self.journal, NODE, committed, self.recorder)
        self.tasks = [
            asyncio.create_task(self.journal.run()),
            asyncio.create_task(self.recorder.run(self.journal)),
        ]

    def feed(self, blocks: list[bytes]) -> None:
        for block in blocks:
            position = self.journal.append(block)
            self.recorder.take(self.board.apply(parse(block)), position)

    async def finish(self) -> None:
        async with asyncio.timeout(30):
            await self.recorder.drain()
        await self.kill()

    async def kill(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.journal.close()
