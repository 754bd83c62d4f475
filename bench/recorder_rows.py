"""Rows a second that the recorder writes, beside a plain COPY of the same rows into the same tables.

The recorder alone, fed from memory: its own steps (marking what facts change, making rows, writing them with
the position in one transaction) are timed, the board that makes the facts is not. The facts are those of a
busy centre at the pace of life (`crowd`), in batches as the recorder's loop cuts them, so most rows are
inserted by one batch and overwritten by later ones.

The baseline is what PostgreSQL can take at all: when the recorder is done, its tables are read into memory as
binary COPY data, emptied, and filled from that data by COPY, one table after the other: the same rows under
the same constraints, indexes and partitions, without any to overwrite.
"""

import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import msgspec
import uvloop

from bench.crowd import Crowd, ticks
from bench.figure import Figure
from bench.load_stream import load_stream
from bench.processor_time import seconds_of

PER_SECOND = 15_000.0
SECONDS = 14.0
#: Until then calls only begin.
WARM_UP_SECONDS = 6.0
_TICK = 0.05
_NODE = "lab"


class Rows(msgspec.Struct, kw_only=True):
    """Rows that were written, and what it took: elapsed, our processor time and the server's."""

    rows: int
    seconds: float
    our_cpu: float
    server_cpu: float

    @property
    def a_second(self) -> float:
        """Rows a second of elapsed time."""
        return self.rows / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Processor time of one row on both sides of the connection."""
        return (self.our_cpu + self.server_cpu) / self.rows * 1e6


class Measured(msgspec.Struct, kw_only=True):
    """The recorder, how many of its rows were new ones, and COPY of all rows that were there in the end."""

    recorder: Rows
    new_rows: int
    copy: Rows


class _Watch:
    """Adds up the elapsed and the processor time of some stretches."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._server = connection.get_server_pid()
        self.total = Rows(rows=0, seconds=0.0, our_cpu=0.0, server_cpu=0.0)

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time(), seconds_of(self._server)

    def __exit__(self, *_: object) -> None:
        began, our_cpu, server_cpu = self._began
        self.total.seconds += time.perf_counter() - began
        self.total.our_cpu += time.process_time() - our_cpu
        self.total.server_cpu += seconds_of(self._server) - server_cpu


async def _measure(blocks: list[bytes], url: str) -> Measured:
    from cti.db.engine import plain_dsn
    from cti.garbage import collect_rarely
    from cti.recorder.connection import open_connection, read_position

    connection = await open_connection(plain_dsn(url), _NODE)
    try:
        await read_position(connection, _NODE)
        collect_rarely()  # as the service does at its start
        recorder, new_rows = await _record(connection, blocks)
        return Measured(recorder=recorder, new_rows=new_rows, copy=await _copy(connection))
    finally:
        await connection.close()


async def _record(connection: asyncpg.Connection, blocks: list[bytes]) -> tuple[Rows, int]:
    from cti.asterisk.events import parse
    from cti.board.board import Board
    from cti.recorder.batch import Changes
    from cti.recorder.batch_writer import write_batch
    from cti.recorder.recorder import GATHER_SECONDS

    board, changes, position, written = Board(_NODE), Changes(_NODE), 0, 0
    watch, before = _Watch(connection), None
    start = cut_at = time.time()
    for at, data in ticks(Crowd(blocks, per_second=PER_SECOND), start_at=start, seconds=SECONDS, tick=_TICK):
        if before is None and at - start >= WARM_UP_SECONDS:
            watch, before = _Watch(connection), await _count(connection)
        facts = []
        for block in data.split(b"\r\n\r\n")[:-1]:
            position += 1
            found = board.apply(parse(block))
            if found:
                facts.append((position, found))
        with watch:
            for place, found in facts:
                changes.mark(found, place)
            if at >= cut_at:
                batch, changes = changes.cut(position), Changes(_NODE)
                await write_batch(connection, _NODE, batch, written)
                watch.total.rows += batch.row_count
                written, cut_at = position, at + GATHER_SECONDS
    return watch.total, await _count(connection) - (before or 0)


async def _count(connection: asyncpg.Connection) -> int:
    from cti.recorder.rows import ALL

    counts = " + ".join(f"(SELECT count(*) FROM {spec.table})" for spec in ALL)
    return int(await connection.fetchval(f"SELECT {counts}"))


async def _copy(connection: asyncpg.Connection) -> Rows:
    from cti.recorder.rows import ALL

    kept: list[tuple[str, bytes]] = []
    for spec in ALL:
        data = io.BytesIO()
        await connection.copy_from_query(f"SELECT * FROM {spec.table}", output=data, format="binary")
        kept.append((spec.table, data.getvalue()))
    watch = _Watch(connection)
    watch.total.rows = await _count(connection)
    await connection.execute(f"TRUNCATE {', '.join(table for table, _ in kept)} CASCADE")
    with watch:
        for table, binary in kept:
            await connection.copy_to_table(table, source=io.BytesIO(binary), format="binary")
    return watch.total


def run(cache: Path) -> list[Figure]:
    """Rows a second; the same of rows that were not there before; processor time of a row."""
    load_stream(cache)
    done = subprocess.run(
        [sys.executable, "-m", "bench.recorder_rows", str(cache)], capture_output=True, check=True
    )
    found = msgspec.json.decode(done.stdout.splitlines()[-1], type=Measured)
    recorder, copy = found.recorder, found.copy
    return [
        Figure(
            name="recorder_rows",
            value=recorder.a_second,
            unit="rows/s",
            baseline=copy.a_second,
            baseline_name="COPY",
            goal="ratio >= 0.3",
        ),
        Figure(
            name="recorder_new_rows",
            value=found.new_rows / recorder.seconds,
            unit="rows/s",
            baseline=copy.a_second,
            baseline_name="COPY",
        ),
        Figure(
            name="recorder_row_cost",
            value=recorder.cpu_microseconds,
            unit="us_cpu/row",
            baseline=copy.cpu_microseconds,
            baseline_name="COPY",
        ),
        Figure(
            name="recorder_row_cost_server",
            value=recorder.server_cpu / recorder.rows * 1e6,
            unit="us_cpu/row",
        ),
    ]


async def _main(cache: Path) -> Measured:
    from cti.db.migrations import upgrade
    from cti.installation.postgres import embedded

    with tempfile.TemporaryDirectory(prefix="cti-bench-") as home:
        async with embedded(Path(home) / "pg") as server:
            await server.create("bench")
            await upgrade(server.url("bench"))
            return await _measure(load_stream(cache).service, server.url("bench"))


if __name__ == "__main__":
    measured = uvloop.run(_main(Path(sys.argv[1])))
    sys.stdout.buffer.write(msgspec.json.encode(measured) + b"\n")
