"""The board alone: µs of CPU per applied event, memory with many live calls, a checkpoint, and rows a second.

Run it with `python -m bench.board [postgres url]`; without an address rows are not written.
"""

import asyncio
import gc
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from cti.asterisk.events import AmiEvent, encode, is_wanted, parse
from cti.board.board import Board
from cti.board.facts import Fact
from cti.db.engine import plain_dsn
from cti.recorder.batch import Changes
from cti.recorder.batch_writer import write_batch

TRANSCRIPTS = Path(__file__).parents[1] / "tests" / "transcripts"
CALLS = 3_000
LIVE_CALLS = 2_000
AGENTS = 1_000


def blocks_of(name: str) -> list[bytes]:
    """The blocks of a recorded call that the board needs."""
    data = (TRANSCRIPTS / f"{name}.ami").read_bytes().replace(b"\r\n", b"\n")
    blocks = [block.replace(b"\n", b"\r\n") + b"\r\n\r\n" for block in data.split(b"\n\n") if block.strip()]
    return [block for block in blocks if is_wanted(block)]


def renumbered(blocks: list[bytes], number: int) -> Iterator[bytes]:
    """The same call with Uniqueids, bridges and an agent of its own."""
    epoch = b"lab-%d." % (1_600_000_000 + number)
    bridge = b"BridgeUniqueid: %08d" % number
    agent, device = b"agent-%d" % (number % AGENTS + 1), b"PJSIP/%d" % (number % AGENTS + 10_000)
    for block in blocks:
        head, _, tail = block.partition(b"lab-")
        if tail:
            block = head + b"lab-" + tail
        parts = block.split(b"lab-")
        block = parts[0] + b"".join(epoch + part.partition(b".")[2] for part in parts[1:])
        before, mark, rest = block.partition(b"BridgeUniqueid: ")
        if mark:
            block = before + bridge + rest[8:]
        yield block.replace(b"agent-1", agent).replace(b"PJSIP/1001", device)


def timed_apply(board: Board, events: list[AmiEvent], facts: list[list[Fact]] | None = None) -> float:
    """CPU seconds for applying events."""
    gc.collect()
    began = time.process_time()
    if facts is None:
        for event in events:
            board.apply(event)
    else:
        for event in events:
            facts.append(board.apply(event))
    return time.process_time() - began


def resident() -> float:
    """MiB of memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def per_event() -> None:
    """What parse, board and the marking of changes cost."""
    for name in ("answered", "held_twice", "attended_transfer", "next_agent_answers"):
        recorded = blocks_of(name)
        blocks = [block for number in range(CALLS // 5) for block in renumbered(recorded, number)]
        began = time.process_time()
        events = [parse(block) for block in blocks]
        parsing = time.process_time() - began
        facts: list[list[Fact]] = []
        applying = timed_apply(Board("lab"), events, facts)
        began = time.process_time()
        changes = Changes("lab")
        for position, found in enumerate(facts):
            if found:
                changes.mark(found, position)
        marking = time.process_time() - began
        micro = 1e6 / len(events)
        print(
            f"{name:20} {len(events):7} events: parse {parsing * micro:5.2f}  board {applying * micro:5.2f}  "
            f"mark {marking * micro:5.2f} µs; {sum(map(len, facts)) / len(events):.2f} facts an event, "
            f"{len(changes) / len(events):.2f} rows an event"
        )


def with_live_calls() -> None:
    """Memory, checkpoint and recovery with 2,000 live calls and 1,000 agents."""
    recorded = blocks_of("answered")
    enters = [number for number, block in enumerate(recorded) if block.startswith(b"Event: BridgeEnter")]
    gc.collect()
    before = resident()
    board = Board("lab")
    for agent_id in range(1, AGENTS + 1):
        for queue in ("sales", "support", "billing"):
            headers = {"Queue": queue, "MemberName": f"agent-{agent_id}", "Paused": 0}
            board.apply(
                parse(encode("QueueMemberAdded", 1.0, Interface=f"PJSIP/{agent_id + 9_999}", **headers))
            )
    events = 0
    for number in range(LIVE_CALLS):
        for block in renumbered(recorded[: enters[1] + 1], number):
            board.apply(parse(block))
            events += 1
    gc.collect()
    print(f"{LIVE_CALLS} live calls, {AGENTS} agents: {resident() - before:.1f} MiB, {events} events")
    began = time.perf_counter()
    data = board.dump()
    dumped = time.perf_counter()
    Board.load(data)
    loaded = time.perf_counter()
    print(
        f"checkpoint {len(data) / 2**20:.2f} MiB: dump {(dumped - began) * 1e3:.1f} ms, "
        f"load {(loaded - dumped) * 1e3:.1f} ms"
    )


async def rows_per_second(url: str) -> None:
    """Upserts of fresh rows, then of the same again."""
    recorded = blocks_of("held_twice")
    changes, board = Changes("bench"), Board("bench")
    for number in range(CALLS):
        for position, block in enumerate(renumbered(recorded, number)):
            changes.mark(board.apply(parse(block)), position)
    connection = await asyncpg.connect(plain_dsn(url), server_settings={"synchronous_commit": "off"})
    try:
        await connection.execute("DELETE FROM recorder_positions WHERE node = 'bench'")
        await connection.execute("INSERT INTO recorder_positions (node, position) VALUES ('bench', 0)")
        for kind, after in (("inserted", 0), ("overwritten", 1)):
            cpu, began = time.process_time(), time.perf_counter()
            batch = changes.cut(after + 1)
            cut = time.process_time() - cpu
            await write_batch(connection, "bench", batch, after)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            print(
                f"{batch.row_count} rows {kind} in {seconds:.2f} s: {batch.row_count / seconds:,.0f} rows/s; "
                f"our CPU {cpu / batch.row_count * 1e6:.1f} µs a row ({cut / batch.row_count * 1e6:.1f} cut)"
            )
    finally:
        await connection.close()


if __name__ == "__main__":
    with_live_calls()  # first: memory that is freed later is used again
    per_event()
    if len(sys.argv) > 1:
        asyncio.run(rows_per_second(sys.argv[1]))
