"""What an AMI event costs: ours through parse, journal, board and recorder into a real PostgreSQL, beside
what panoramisk alone takes to hand the same events to an empty callback.

Both read the same recorded bytes in the same chunks at the same rate, each in a process of its own, and
count processor time of the whole process (all threads), less what the feeding itself takes. Every event that
Asterisk sends counts, filtered ones included.
"""

import asyncio
import itertools
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import msgspec
import structlog
import uvloop

from bench.figure import Figure
from bench.load_stream import load_stream

#: As large as what a busy socket gives to one read.
CHUNK_BYTES = 16 * 1024
#: Events a second at which ours is fed: a busy centre, so that batches are as small as they are there.
RATE = 20_000
ROUNDS = 3
#: How often the stream is counted, after once for warming up.
COPIES = 3


class Cost(msgspec.Struct):
    """Processor seconds for a number of events."""

    events: int
    cpu_seconds: float

    @property
    def microseconds(self) -> float:
        """Processor time of one event."""
        return self.cpu_seconds / self.events * 1e6


def _repeated(blocks: list[bytes]) -> list[list[bytes]]:
    """The stream again and again, each time some days later (in its Uniqueids and in its Timestamps).

    The first is for warming up: imports, connections and caches are not what an event costs.
    """
    epoch = b"".join(blocks).partition(b"Timestamp: ")[2][:4]
    later = [b"%d" % (int(epoch) + copy) for copy in range(COPIES + 1)]
    return [[block.replace(epoch, other) for block in blocks] for other in later]


def _chunks(blocks: list[bytes]) -> Iterator[bytes]:
    data = b"".join(blocks)
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]


async def _feed(take: Callable[[bytes], None], blocks: list[bytes]) -> None:
    """Gives the bytes to a reader in chunks, at `RATE`: between them the processor does other things too."""
    loop = asyncio.get_running_loop()
    chunks = list(_chunks(blocks))
    started, pace = loop.time(), len(blocks) / len(chunks) / RATE
    for number, chunk in enumerate(chunks, 1):
        take(chunk)
        await asyncio.sleep(max(0.0, started + number * pace - loop.time()))


async def feeding_cost(blocks: list[bytes]) -> Cost:
    """What it takes to give the bytes to somebody who ignores them; it belongs to neither reader."""
    warm_up, *copies = _repeated(blocks)
    await _feed(lambda _: None, warm_up)
    counted = list(itertools.chain(*copies))
    began = time.process_time()
    await _feed(lambda _: None, counted)
    return Cost(events=len(counted), cpu_seconds=time.process_time() - began)


async def panoramisk_cost(blocks: list[bytes]) -> Cost:
    """panoramisk's own protocol, with one empty callback on every event."""
    from panoramisk.ami_protocol import AMIProtocol
    from panoramisk.manager import Manager

    logging.disable(logging.CRITICAL)
    manager = Manager(loop=asyncio.get_running_loop())
    seen = 0

    def callback(_manager: Manager, _event: object) -> None:
        nonlocal seen
        seen += 1

    manager.register_event("*", callback)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding = manager, "utf8"
    warm_up, *copies = _repeated(blocks)
    await _feed(protocol.data_received, warm_up)
    counted = list(itertools.chain(*copies))
    began = time.process_time()
    await _feed(protocol.data_received, counted)
    spent = time.process_time() - began
    assert seen == len(blocks) * (COPIES + 1), seen
    return Cost(events=len(blocks) * COPIES, cpu_seconds=spent)


async def our_cost(blocks: list[bytes], database_url: str, home: Path) -> Cost:
    """The service's own path from the socket's bytes to committed rows, at `RATE`."""
    from cti.asterisk.clock import AsteriskClock
    from cti.asterisk.protocol import AmiProtocol
    from cti.board.board import Board
    from cti.garbage import collect_rarely
    from cti.journal.journal import Journal
    from cti.recorder.intake import Intake
    from cti.recorder.recorder import Recorder

    recorder = Recorder(database_url, "lab")
    journal = Journal(home / "journal", not_below=await recorder.committed_position() or 0)
    clock = AsteriskClock()
    intake = Intake(journal, Board("lab"), recorder, clock.now)
    protocol = AmiProtocol(intake.take, clock)
    loops = [asyncio.create_task(journal.run()), asyncio.create_task(recorder.run(journal))]
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n")
    warm_up, *copies = _repeated(blocks)
    await _feed(protocol.data_received, warm_up)
    await recorder.drain()
    collect_rarely()  # as the service does at its start
    counted = list(itertools.chain(*copies))
    began = time.process_time()
    await _feed(protocol.data_received, counted)
    await recorder.drain()
    spent = time.process_time() - began
    for task in loops:
        task.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await journal.close()
    assert protocol.received == len(blocks) * (COPIES + 1), protocol.received
    return Cost(events=len(blocks) * COPIES, cpu_seconds=spent)


def run(cache: Path) -> list[Figure]:
    """Both readers, on all classes of events and on what is left after asterisk_conf's own filters.

    What Asterisk sends is `all`: there the goal holds. The filters of manager.conf keep four fifths of it off
    the socket, which spares both readers the same.
    """
    load_stream(cache)
    figures = []
    for stream in ("all", "service"):
        cost = {reader: _typical(reader, stream) for reader in ("feeding", "panoramisk", "ours")}
        figures.append(
            Figure(
                name=f"event_cost_{stream}",
                value=cost["ours"] - cost["feeding"],
                unit="us_cpu/event",
                baseline=cost["panoramisk"] - cost["feeding"],
                baseline_name="panoramisk",
                goal="ratio <= 0.5" if stream == "all" else None,
            )
        )
    return figures


def _typical(reader: str, stream: str) -> float:
    """The median of some runs, in microseconds an event."""
    return median(_in_process(reader, stream).microseconds for _ in range(ROUNDS))


def _in_process(reader: str, stream: str) -> Cost:
    done = subprocess.run(
        [sys.executable, "-m", "bench.event_cost", reader, stream], capture_output=True, check=True
    )
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Cost)


async def _ours_with_database(blocks: list[bytes]) -> Cost:
    from cti.db.migrations import upgrade
    from cti.installation.postgres import embedded

    with tempfile.TemporaryDirectory(prefix="cti-bench-") as home:
        async with embedded(Path(home) / "pg") as server:
            await server.create("bench")
            await upgrade(server.url("bench"))
            return await our_cost(blocks, server.url("bench"), Path(home))


def _main(reader: str, name: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    blocks: list[bytes] = getattr(load_stream(CACHE), "everything" if name == "all" else "service")
    measure: dict[str, Callable[[], Cost]] = {
        "feeding": lambda: uvloop.run(feeding_cost(blocks)),
        "panoramisk": lambda: uvloop.run(panoramisk_cost(blocks)),
        "ours": lambda: uvloop.run(_ours_with_database(blocks)),
    }
    sys.stdout.buffer.write(msgspec.json.encode(measure[reader]()) + b"\n")


CACHE = Path("var/bench")

if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
