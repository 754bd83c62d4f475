"""A journal that is replayed, or that a disk has damaged: what was written stays, and the damage is named.

The journal holds every recorded transcript, each in a boot of its own. What is damaged after its rows were
written costs none of them. What is damaged before takes with it what stood there, and nothing else: the rows
of all other boots are the same, unless what is lost is where the next one begins.
"""

import random
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from cti.asterisk.events import name_of, parse
from cti.db.engine import plain_dsn
from cti.journal.segment import Segment, list_segments
from tests.faults import scale
from tests.faults.record import FaultTable
from tests.stage.recording import TABLES, Service, all_blocks, rows_of

pytestmark = pytest.mark.timeout(scale.times(300, 3600))

BLOCKS = all_blocks()
DAMAGES = scale.times(2, 40)
_SEGMENT_BYTES = 60_000
#: Tables whose rows belong to one boot of Asterisk; their ids begin with it.
_OF_A_BOOT = ("calls", "legs", "queue_entries", "offers", "transfers", "surveys")
_NAMES = ("journal.damaged", "journal.torn", "recovery.events_missing")

Damage = Callable[[random.Random, list[Segment]], Segment]


def flip(dice: random.Random, segments: list[Segment]) -> Segment:
    """Some bytes of a segment are others."""
    segment = dice.choice(segments)
    data = bytearray(segment.path.read_bytes())
    for _ in range(dice.randint(1, 8)):
        data[dice.randrange(len(data))] ^= dice.randint(1, 255)
    segment.path.write_bytes(data)
    return segment


def zero(dice: random.Random, segments: list[Segment]) -> Segment:
    """A block of a segment is zero."""
    segment = dice.choice(segments)
    data = bytearray(segment.path.read_bytes())
    start, size = dice.randrange(len(data)), dice.choice((512, 4096))
    data[start : start + size] = bytes(len(data[start : start + size]))
    segment.path.write_bytes(data)
    return segment


def truncate(dice: random.Random, segments: list[Segment]) -> Segment:
    """A segment ends early."""
    segment = dice.choice(segments)
    data = segment.path.read_bytes()
    segment.path.write_bytes(data[: dice.randrange(len(data))])
    return segment


def remove(dice: random.Random, segments: list[Segment]) -> Segment:
    """A segment is gone; not the last, whose end nobody could miss."""
    segment = dice.choice(segments[:-1])
    segment.path.unlink()
    return segment


def spoil_checkpoint(dice: random.Random, segments: list[Segment]) -> Segment:
    """A checkpoint is not what was written."""
    segment = dice.choice([one for one in segments if one.checkpoint_path.exists()])
    data = bytearray(segment.checkpoint_path.read_bytes())
    data[dice.randrange(len(data))] ^= 0xFF
    segment.checkpoint_path.write_bytes(data)
    return segment


KINDS: list[Damage] = [flip, zero, truncate, remove, spoil_checkpoint]


@pytest_asyncio.fixture(scope="module")
async def recorded(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The journal of all transcripts; its rows are in the database."""
    folder = tmp_path_factory.mktemp("journal")
    service = Service(folder, postgres_url)
    await service.start(segment_bytes=_SEGMENT_BYTES)
    for start in range(0, len(BLOCKS), 100):
        service.feed(BLOCKS[start : start + 100])
        await service.journal.flush()
    await service.finish()
    return folder


async def back_to(url: str, position: int) -> None:
    """The database as it was when it reflected that position: here without any row."""
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        await connection.execute("UPDATE recorder_positions SET position = $1", position)
    finally:
        await connection.close()


async def boots_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that belong to a boot, by its name."""
    connection = await asyncpg.connect(plain_dsn(url))
    found: dict[str, list[tuple[Any, ...]]] = {}
    try:
        for table in _OF_A_BOOT:
            for row in await connection.fetch(f"SELECT * FROM {table} t ORDER BY t::text"):
                found.setdefault(row["id"].partition("-")[0], []).append((table, *row))
    finally:
        await connection.close()
    return found


async def play(journal: Path, url: str) -> tuple[list[dict[str, Any]], set[int]]:
    """Starts on a journal and lets everything be written; what is said of damage, and what was readable."""
    service = Service(journal, url)
    with capture_logs() as lines:
        await service.start(segment_bytes=_SEGMENT_BYTES)
        readable = {position for position, _ in service.journal.read()}
        for segment in list_segments(journal):
            service.journal.latest_checkpoint(segment.first - 1)
        await service.finish()
    return [dict(line) for line in lines if line["event"] in _NAMES], readable


def boot_at() -> list[str]:
    """The boot that each position is in; the first position is 1."""
    boots = [""]
    for block in BLOCKS:
        event = parse(block)
        boots.append(event.get("Boot") if event.name == "CtiBoot" else boots[-1])
    return boots


def taken_for(boots: list[str], lost: set[int]) -> set[str]:
    """The boots that the events of others are taken for, because where those begin is lost."""
    known, found = "", set()
    for position, block in enumerate(BLOCKS, 1):
        if position in lost:
            continue
        if name_of(block) == b"CtiBoot":
            known = boots[position]
        elif known != boots[position]:
            found.add(known)
    return found


@pytest.mark.parametrize("damage", KINDS, ids=lambda kind: kind.__name__)
async def test_damage_to_what_is_written_costs_no_row_and_is_named(
    recorded: Path, tmp_path: Path, postgres_url: str, record: FaultTable, damage: Damage
) -> None:
    dice = scale.dice(f"written {damage.__name__}")
    expected = await rows_of(postgres_url)
    findings = []
    for number in range(DAMAGES):
        journal = shutil.copytree(recorded, tmp_path / str(number))
        segment = damage(dice, list_segments(journal))
        named, _ = await play(journal, postgres_url)
        if await rows_of(postgres_url) != expected:
            findings.append(f"{damage.__name__} of {segment.path.name}: rows are others")
        # A journal whose oldest days were dropped begins as one that lost its beginning does.
        if not named and not (damage is remove and segment.first == 1):
            findings.append(f"{damage.__name__} of {segment.path.name}: the damage is not named")
    record.add(
        f"journal damaged after its rows were written: {damage.__name__}", times=DAMAGES,
        note=f"{len(BLOCKS)} events", findings=findings,
    )  # fmt: skip
    assert findings == [], "\n".join(findings)


@pytest.mark.parametrize("damage", KINDS, ids=lambda kind: kind.__name__)
async def test_damage_to_what_is_not_written_yet_costs_the_rows_of_its_boot_alone(
    recorded: Path, tmp_path: Path, postgres_url: str, record: FaultTable, damage: Damage
) -> None:
    dice = scale.dice(f"unwritten {damage.__name__}")
    expected = await boots_of(postgres_url)
    boots = boot_at()
    findings = []
    lost_events = 0
    for number in range(DAMAGES):
        journal = shutil.copytree(recorded, tmp_path / str(number))
        segment = damage(dice, list_segments(journal))
        what = f"{damage.__name__} of {segment.path.name}"
        await back_to(postgres_url, 0)
        named, readable = await play(journal, postgres_url)
        lost = set(range(1, len(BLOCKS) + 1)) - readable
        lost_events += len(lost)
        hit = {boots[position] for position in lost} | taken_for(boots, lost)
        got = await boots_of(postgres_url)
        wrong = [boot for boot, rows in expected.items() if boot not in hit and got.get(boot) != rows]
        if wrong:
            findings.append(f"{what}: {len(lost)} events lost, and the rows of {wrong[:3]} are others")
        if invented := got.keys() - expected.keys():
            findings.append(f"{what}: rows of boots that never were: {invented}")
        if not named:
            findings.append(f"{what}: the damage is not named")
        if len(lost) < sum(line.get("lost") or 0 for line in named):
            findings.append(f"{what}: more is said to be lost than is")
    await back_to(postgres_url, 0)
    await play(shutil.copytree(recorded, tmp_path / "whole"), postgres_url)
    record.add(
        f"journal damaged before its rows were written: {damage.__name__}", times=DAMAGES,
        note=f"{lost_events} events lost", findings=findings,
    )  # fmt: skip
    assert findings == [], "\n".join(findings)


async def test_a_journal_that_is_replayed_over_its_own_rows_and_into_none_gives_the_same_rows(
    recorded: Path, tmp_path: Path, postgres_url: str, record: FaultTable
) -> None:
    dice = scale.dice("replayed")
    expected = await rows_of(postgres_url)
    findings = []
    for number in range(DAMAGES):
        journal = shutil.copytree(recorded, tmp_path / str(number))
        position = dice.choice((0, dice.randrange(len(BLOCKS))))
        connection = await asyncpg.connect(plain_dsn(postgres_url))
        await connection.execute("UPDATE recorder_positions SET position = $1", position)
        await connection.close()
        await play(journal, postgres_url)
        if await rows_of(postgres_url) != expected:
            findings.append(f"replayed from {position} over its own rows: rows are others")
        await back_to(postgres_url, 0)
        await play(journal, postgres_url)
        if await rows_of(postgres_url) != expected:
            findings.append("replayed into an empty database: rows are others")
    record.add("journal replayed", times=2 * DAMAGES, note=f"{len(BLOCKS)} events", findings=findings)
    assert findings == [], "\n".join(findings)
