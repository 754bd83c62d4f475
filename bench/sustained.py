"""Events a second from the socket into PostgreSQL, for minutes, without growing lag.

The service's own path on two cores: a TCP socket, framing, filter, journal with real fdatasync, board and
recorder into a real PostgreSQL. A feeder, a process of its own on the same two cores, sends the events of a
crowd at the pace of life (`crowd`) at a steady rate. *Lag* is the age of the oldest event that is not in the
database: from the instant at which it was due on the socket to its commit.

`service` is what the event filters of `asterisk_conf/manager.conf` let through, nearly all of which the board
needs; `all` is what Asterisk sends without those filters, four fifths of which are dropped by name.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

import asyncpg
import msgspec
import psutil
import structlog
import uvloop

from bench.feeder import RAMP_SECONDS, Fed
from bench.figure import Figure
from bench.load_stream import load_stream
from bench.processor_time import ServerTime

#: A little more than the goal, as a crowd is made of whole copies.
PER_SECOND = 15_300.0
#: What `make bench` runs; `make bench-long` runs ten minutes.
SECONDS = 60.0
CORES = 2
#: Lag is told of the first and the last of these, the first one after the ramp.
_MINUTE = 60.0
_LOOK_SECONDS = 0.1
_NODE = "lab"


class Sustained(msgspec.Struct, kw_only=True):
    """What the reader saw."""

    events: int
    seconds: float
    #: (seconds since the beginning, lag) ten times a second.
    lags: list[tuple[float, float]]
    #: For how long the event loop did nothing else at worst.
    longest_stop: float
    #: Resident memory of the reader, MiB, once a second.
    memory: list[tuple[float, float]]
    waited_for_the_disk: float
    cpu_seconds: float
    server_cpu: dict[str, float]
    rows: int

    def most_lag(self, begin: float, end: float) -> float:
        """The most lag within a stretch of time."""
        return _most(self.lags, begin, end)

    def usual_lags(self, begin: float, end: float) -> list[float]:
        """The median lag of each minute of a stretch of time; what is left over at its end is not told."""
        minutes = [begin + _MINUTE * number for number in range(int((end - begin) / _MINUTE))]
        return [
            statistics.median(lag for at, lag in self.lags if minute <= at < minute + _MINUTE)
            for minute in minutes
        ]

    def most_memory(self, begin: float, end: float) -> float:
        """The most memory within a stretch of time."""
        return _most(self.memory, begin, end)


def _most(series: list[tuple[float, float]], begin: float, end: float) -> float:
    return max((value for at, value in series if begin <= at < end), default=0.0)


async def _read(port: int, url: str, home: Path) -> Sustained:
    from cti.asterisk.clock import AsteriskClock
    from cti.asterisk.protocol import AmiProtocol
    from cti.board.board import Board
    from cti.db.engine import plain_dsn
    from cti.garbage import collect_rarely
    from cti.journal.journal import CHECKPOINT_TIMES, Journal
    from cti.recorder.intake import Intake
    from cti.recorder.recorder import Recorder

    recorder = Recorder(url, _NODE)
    board = Board(_NODE)
    journal = Journal(
        home / "journal",
        checkpoint=board.dump,
        checkpoint_times=CHECKPOINT_TIMES,
        not_below=await recorder.committed_position() or 0,
    )
    clock = AsteriskClock()
    intake = Intake(journal, board, recorder, clock.now)
    loops = [asyncio.create_task(journal.run()), asyncio.create_task(recorder.run(journal))]
    database = await asyncpg.connect(plain_dsn(url))
    server, own = ServerTime(database.get_server_pid()), psutil.Process()
    collect_rarely()  # as the service does at its start
    before, cpu, began = server.look(), time.process_time(), time.monotonic()
    lags: list[tuple[float, float]] = []
    memory: list[tuple[float, float]] = []
    longest_stop = 0.0
    marks: deque[tuple[int, float]] = deque()
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_connection(lambda: AmiProtocol(intake.take, clock), "127.0.0.1", port)
    while not protocol.closed.done() or recorder.status.position < journal.position:
        asleep = time.monotonic()
        await asyncio.sleep(_LOOK_SECONDS)
        longest_stop = max(longest_stop, time.monotonic() - asleep - _LOOK_SECONDS)
        committed = recorder.status.position
        while marks and marks[0][0] <= committed:
            marks.popleft()
        if journal.position > (marks[-1][0] if marks else committed):
            marks.append((journal.position, board.at))
        lags.append((time.monotonic() - began, time.time() - marks[0][1] if marks else 0.0))
        for task in loops:
            if task.done():
                task.result()
        if len(lags) % 10 == 0:
            server.look()
            memory.append((lags[-1][0], own.memory_info().rss / 2**20))
    seconds, spent, after = time.monotonic() - began, time.process_time() - cpu, server.look()
    rows = await database.fetchval(
        "SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE schemaname = 'public'"
    )
    await database.close()
    for task in loops:
        task.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    health = journal.health
    await journal.close()
    return Sustained(
        events=protocol.received,
        seconds=seconds,
        lags=lags,
        longest_stop=longest_stop,
        memory=memory,
        waited_for_the_disk=health.slowest_sync_seconds,
        cpu_seconds=spent,
        server_cpu={kind: after[kind] - before.get(kind, 0.0) for kind in after},
        rows=int(rows),
    )


async def _measure(cache: Path, stream: str, per_second: float, seconds: float) -> tuple[Sustained, Fed]:
    from cti.db.migrations import upgrade
    from cti.installation.postgres import embedded

    with tempfile.TemporaryDirectory(prefix="cti-bench-") as home:
        async with embedded(Path(home) / "pg") as server:
            await server.create("bench")
            url = server.url("bench")
            await upgrade(url)
            feeder = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.feeder", str(cache), stream, str(per_second), str(seconds),
                stdout=subprocess.PIPE,
            )  # fmt: skip
            assert feeder.stdout is not None
            try:
                port = (await feeder.stdout.readline()).decode().strip()
                reader = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bench.sustained", port, url, home, stdout=subprocess.PIPE
                )
                said, _ = await reader.communicate()
                fed = await feeder.stdout.readline()
            finally:
                if feeder.returncode is None and await _still_runs(feeder):
                    feeder.kill()
                await feeder.wait()
    return msgspec.json.decode(said, type=Sustained), msgspec.json.decode(fed, type=Fed)


async def _still_runs(process: asyncio.subprocess.Process) -> bool:
    try:
        async with asyncio.timeout(5.0):
            await process.wait()
    except TimeoutError:
        return True
    return False


def run(
    cache: Path,
    seconds: float = SECONDS,
    per_second: float = PER_SECOND,
    streams: tuple[str, ...] = ("service", "all"),
) -> list[Figure]:
    """Both streams: events a second, the lag of the first and the last minute, and where the time went."""
    load_stream(cache)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:CORES])
    try:
        figures = []
        for stream in streams:
            found, fed = uvloop.run(_measure(cache, stream, per_second, seconds))
            figures += _figures(stream, seconds, found, fed)
        return figures
    finally:
        os.sched_setaffinity(0, cores)


def _figures(stream: str, seconds: float, found: Sustained, fed: Fed) -> list[Figure]:
    name = f"sustained_{stream}"
    minute = min(_MINUTE, (seconds - RAMP_SECONDS) / 2)
    first = found.most_lag(RAMP_SECONDS, RAMP_SECONDS + minute)
    last = found.most_lag(seconds - minute, seconds)
    memory = found.most_memory(RAMP_SECONDS, RAMP_SECONDS + minute)
    usual = found.usual_lags(RAMP_SECONDS, seconds)
    share = {"service": found.cpu_seconds, "feeder": fed.cpu_seconds}
    share |= {f"postgres {kind}": used for kind, used in found.server_cpu.items()}
    return [
        Figure(name=name, value=fed.steady_events / fed.steady_seconds, unit="events/s", goal=">= 15,000"),
        Figure(name=f"{name}_lag_first_minute", value=first, unit="s"),
        Figure(
            name=f"{name}_lag_last_minute",
            value=last,
            unit="s",
            baseline=first,
            baseline_name="the first minute",
            goal="not growing",
        ),
        *_trend(name, usual),
        Figure(name=f"{name}_rows", value=found.rows / fed.events, unit="rows/event"),
        Figure(name=f"{name}_longest_stop", value=found.longest_stop, unit="s"),
        Figure(
            name=f"{name}_memory_last_minute",
            value=found.most_memory(seconds - minute, seconds),
            unit="MiB",
            baseline=memory,
            baseline_name="the first minute",
        ),
        Figure(name=f"{name}_slowest_sync", value=found.waited_for_the_disk, unit="s"),
        *(
            Figure(
                name=f"{name}_cpu_{kind.replace(' ', '_')}",
                value=used / found.seconds / CORES * 100,
                unit="% of two cores",
            )
            for kind, used in share.items()
        ),
    ]


def _trend(name: str, usual: list[float]) -> list[Figure]:
    """Whether lag grows over the minutes: the greatest within one says what the slowest sync in it was."""
    if len(usual) < 2:
        return []
    slope = statistics.linear_regression(range(len(usual)), usual).slope
    return [
        *(
            Figure(name=f"{name}_median_lag_minute_{number}", value=lag, unit="s")
            for number, lag in enumerate(usual, 1)
        ),
        Figure(name=f"{name}_median_lag_growth", value=slope * 1000, unit="ms/minute"),
    ]


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    result = uvloop.run(_read(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
