"""Events a second at which the board is made again from the journal.

The journal of a busy centre at the pace of life (`crowd`: thousands of calls at a time) is written as the
service writes it, without a checkpoint, so that every event has to be applied. A process of its own then
opens it and does what the service does at its start (`cti.recorder.recovery`). The baseline is reading the
same journal without applying anything.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import uvloop

from bench.crowd import Crowd, ticks
from bench.figure import Figure
from bench.load_stream import load_stream
from cti.board.facts import Fact

PER_SECOND = 15_000.0
SECONDS = 20.0
_TICK = 0.05
_NODE = "lab"


class Replayed(msgspec.Struct, kw_only=True):
    """What one process did with the journal."""

    events: int
    live_calls: int
    read_seconds: float
    read_cpu: float
    board_seconds: float
    board_cpu: float


class _Nobody:
    """Takes no facts: the database has them all."""

    def take(self, facts: list[Fact], position: int) -> None:
        raise AssertionError(f"{len(facts)} facts at {position}, and the database has them all")

    def fall_behind(self) -> None:
        raise AssertionError("the database is not behind")


async def write_journal(folder: Path, blocks: list[bytes]) -> None:
    """A journal of `SECONDS` of a busy centre."""
    from cti.journal.journal import Journal

    journal = Journal(folder)
    loop = asyncio.create_task(journal.run())
    try:
        crowd = Crowd(blocks, per_second=PER_SECOND)
        for _, data in ticks(crowd, start_at=time.time(), seconds=SECONDS, tick=_TICK):
            for block in data.split(b"\r\n\r\n")[:-1]:
                journal.append(block + b"\r\n\r\n")
            await journal.flush()
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        await journal.close()


async def _replay(folder: Path) -> Replayed:
    from cti.journal.journal import Journal
    from cti.recorder.recovery import recover

    journal = Journal(folder)
    try:
        began = time.perf_counter(), time.process_time()
        events = sum(1 for _ in journal.read())
        read = time.perf_counter(), time.process_time()
        board = recover(journal, _NODE, journal.position, _Nobody())
        applied = time.perf_counter(), time.process_time()
    finally:
        await journal.close()
    return Replayed(
        events=events,
        live_calls=sum(1 for _ in board.calls()),
        read_seconds=read[0] - began[0],
        read_cpu=read[1] - began[1],
        board_seconds=applied[0] - read[0],
        board_cpu=applied[1] - read[1],
    )


def run(cache: Path) -> list[Figure]:
    """Events a second of elapsed time, and what an event costs."""
    blocks = load_stream(cache).service
    with tempfile.TemporaryDirectory(prefix="cti-bench-") as home:
        uvloop.run(write_journal(Path(home), blocks))
        done = subprocess.run([sys.executable, "-m", "bench.replay", home], capture_output=True, check=True)
    found = msgspec.json.decode(done.stdout.splitlines()[-1], type=Replayed)
    micro = 1e6 / found.events
    return [
        Figure(
            name="replay_board",
            value=found.events / found.board_seconds,
            unit="events/s",
            baseline=found.events / found.read_seconds,
            baseline_name="reading the journal alone",
            goal=">= 50,000",
        ),
        Figure(name="replay_event_cost", value=found.board_cpu * micro, unit="us_cpu/event"),
        Figure(name="replay_live_calls", value=found.live_calls, unit="calls"),
    ]


if __name__ == "__main__":
    replayed = uvloop.run(_replay(Path(sys.argv[1])))
    sys.stdout.buffer.write(msgspec.json.encode(replayed) + b"\n")
