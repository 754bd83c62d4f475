"""Rows are made again from the journal: whatever became of them, all or none, and nothing else is touched."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from cti.asterisk.events import encode, is_wanted, parse
from cti.board import holds
from cti.board.board import RULES
from cti.db.engine import plain_dsn
from cti.errors import ReplayDatabaseAway, ReplayNoStart, ReplayServiceRuns
from cti.journal.reader import JournalReader
from cti.journal.segment import lock_directory
from cti.replay import replay as replaying
from cti.replay.replay import Plan, Replayed
from tests.integration.recorder.test_recorder import NODE, TABLES, Service, rows_of
from tests.unit.board.scenario import TRANSCRIPTS, read_blocks


def day() -> list[bytes]:
    """Every recorded call, one after the other as they were made, each in a boot of its own."""
    found = []
    for path in TRANSCRIPTS.glob("*.ami"):
        blocks = [block for block in read_blocks(path) if is_wanted(block)]
        at = next(at for block in blocks if (at := parse(block).at) > 0.0)
        found.append((at, path.stem, blocks))
    whole = []
    for number, (at, _, blocks) in enumerate(sorted(found)):
        whole += [
            encode("CtiBoot", at - 0.4, Boot=f"boot{number}"),
            encode("CtiConnected", at - 0.3),
            encode("CtiSnapshotBegin", at - 0.2),
            encode("CtiSnapshotEnd", at - 0.1),
            *blocks,
        ]
    return whole


BLOCKS = day()


@pytest_asyncio.fixture
async def recorded(postgres_url: str, tmp_path: Path) -> AsyncIterator["Recorded"]:
    """A journal and the rows that the service made of it; the service is stopped."""
    service = Service(tmp_path / "journal", postgres_url)
    await service.start(segment_bytes=60_000)
    service.feed(BLOCKS)
    await service.finish()
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    try:
        yield Recorded(postgres_url, tmp_path / "journal", connection, await rows_of(postgres_url))
    finally:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)}, recorder_positions, dispositions CASCADE")
        await connection.close()


class Recorded:
    def __init__(
        self, url: str, journal: Path, connection: asyncpg.Connection, rows: dict[str, list[Any]]
    ) -> None:
        self.url = url
        self.journal = journal
        self.connection = connection
        self.rows = rows

    def plan(self, from_at: float | None = None) -> Plan:
        return Plan(journal_dir=self.journal, database_url=self.url, node=NODE, from_at=from_at)

    async def replay(self, from_at: float | None = None) -> Replayed:
        return await replaying.replay(self.plan(from_at), lambda _: None)

    async def check(self, from_at: float | None = None) -> Replayed:
        return await replaying.check(self.plan(from_at), lambda _: None)

    async def execute(self, *statements: str) -> None:
        for statement in statements:
            assert not (await self.connection.execute(statement)).endswith(" 0"), statement

    async def now(self) -> dict[str, list[Any]]:
        return await rows_of(self.url)

    async def position(self) -> int:
        return int(await self.connection.fetchval("SELECT position FROM recorder_positions"))


def counts(found: Replayed) -> dict[str, tuple[int, int, int]]:
    return {one.table: (one.missing, one.changed, one.extra) for one in found.tables if one.count}


def spoil(path: Path, what: bytes) -> None:
    data = bytearray(path.read_bytes())
    at = data.index(what) + len(what)
    data[at : at + 3] = b"\0\0\0"
    path.write_bytes(data)


#: Columns of a call that is made up, after its node.
OTHERS = (
    "boot, direction, NULL, ended_at + interval '9 s', false, NULL, number_state, NULL, NULL, NULL, NULL,"
    " NULL, false, false"
)
ALTERED = (
    "DELETE FROM calls WHERE id IN (SELECT id FROM calls ORDER BY id LIMIT 3)",
    "UPDATE intervals SET ended_at = ended_at + interval '9 s' WHERE kind = 'talk'",
    "UPDATE calls SET answered_at = NULL, agent_id = 99 WHERE answered_at IS NOT NULL",
    "DELETE FROM transfers",
    "UPDATE agent_states SET status = 'ready' WHERE status = 'talking'",
    "DELETE FROM agent_current_states",
    "UPDATE legs SET number = '1', hangup_cause = NULL",
    f"INSERT INTO calls SELECT 'invented', started_at + interval '1 s', node, {OTHERS} FROM calls LIMIT 1",
    "INSERT INTO transfers SELECT 'invented', started_at, id, started_at, 'blind' FROM calls LIMIT 1",
    "DELETE FROM gaps",
)


async def test_rows_that_were_deleted_changed_or_invented_by_hand_are_put_right(recorded: Recorded) -> None:
    assert (await recorded.check()).count == 0
    await recorded.execute(*ALTERED)
    spoilt = await recorded.now()
    found = await recorded.check()
    assert await recorded.now() == spoilt
    assert counts(found)["calls"] == (3, counts(found)["calls"][1], 1)
    assert counts(found)["transfers"][0] > 0
    assert counts(found)["transfers"][2] == 1
    assert not any("138001" in line for one in found.tables for line in one.examples)
    put_right = await recorded.replay()
    assert counts(put_right) == counts(found)
    assert await recorded.now() == recorded.rows
    assert (await recorded.check()).count == 0


async def test_an_empty_database_gets_every_row(recorded: Recorded) -> None:
    position = await recorded.position()
    await recorded.connection.execute(f"TRUNCATE {', '.join(TABLES)}, recorder_positions CASCADE")
    await recorded.replay()
    assert await recorded.now() == recorded.rows
    assert await recorded.position() == position


async def test_twice_is_the_same_as_once(recorded: Recorded) -> None:
    await recorded.execute(*ALTERED)
    await recorded.replay()
    again = await recorded.replay()
    assert again.count == 0
    assert await recorded.now() == recorded.rows


async def test_a_rule_that_was_mended_takes_effect_on_old_calls(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setitem(RULES, "Hold", lambda state, event, out: None)
        await recorded.replay()
    held = "SELECT count(*) FROM intervals WHERE kind = 'hold'"
    assert await recorded.connection.fetchval(held) == 0
    assert RULES["Hold"] is holds.hold
    found = await recorded.replay()
    assert await recorded.connection.fetchval(held) > 0
    assert counts(found)["intervals"][2] > 0
    assert await recorded.now() == recorded.rows


async def test_what_people_wrote_stays_and_follows_a_call_into_the_one_that_took_it_in(
    recorded: Recorded,
) -> None:
    await recorded.execute(
        "INSERT INTO dispositions (call_id, agent_id, code) SELECT id, 1, 'sold' FROM calls",
        "DELETE FROM calls WHERE id = (SELECT max(id) FROM calls WHERE merged_into IS NULL)",
    )
    merged = "SELECT id, merged_into FROM calls WHERE merged_into IS NOT NULL LIMIT 1"
    gone, into = tuple(await recorded.connection.fetchrow(merged))
    await recorded.connection.execute("DELETE FROM dispositions WHERE call_id = $1", into)
    before = await recorded.connection.fetchval("SELECT count(*) FROM dispositions")
    await recorded.replay()
    assert await recorded.now() == recorded.rows
    assert await recorded.connection.fetchval("SELECT count(*) FROM dispositions") == before
    of = "SELECT count(*) FROM dispositions WHERE call_id = $1"
    assert [await recorded.connection.fetchval(of, one) for one in (gone, into)] == [0, 1]


async def test_rows_that_the_journal_no_longer_reaches_stay(recorded: Recorded) -> None:
    reader = JournalReader(recorded.journal)
    segments = reader.segments
    assert len(segments) > 6
    for segment in segments[:3]:
        segment.path.unlink()
        segment.checkpoint_path.unlink()
    await recorded.execute(
        "UPDATE calls SET queue = 'elsewhere'", "DELETE FROM intervals WHERE kind = 'hold'"
    )
    found = await recorded.replay()
    old = "SELECT count(*) FROM calls WHERE started_at < to_timestamp($1)"
    assert await recorded.connection.fetchval(old, found.calls_from) > 0
    elsewhere = (
        "SELECT count(*) FROM calls"
        " WHERE (queue IS NOT DISTINCT FROM 'elsewhere') <> (started_at < to_timestamp($1))"
    )
    assert await recorded.connection.fetchval(elsewhere, found.calls_from) == 0
    missing = set(recorded.rows["intervals"]) - set((await recorded.now())["intervals"])
    assert all(row[1].timestamp() < found.calls_from for row in missing)
    assert set((await recorded.now())["intervals"]) <= set(recorded.rows["intervals"])


async def test_from_a_date_on_only_what_began_after_it_is_touched(recorded: Recorded) -> None:
    middle = JournalReader(recorded.journal).segments[4]
    at = JournalReader(recorded.journal).began_at(middle)
    assert at is not None
    await recorded.execute("UPDATE calls SET queue = 'elsewhere'")
    found = await recorded.replay(from_at=at + 0.001)
    assert found.first == middle.first
    rows = await recorded.connection.fetch("SELECT queue, started_at FROM calls")
    assert {
        row["queue"] == "elsewhere" for row in rows if row["started_at"].timestamp() < found.calls_from
    } == {True}
    assert "elsewhere" not in {
        row["queue"] for row in rows if row["started_at"].timestamp() >= found.calls_from
    }


async def test_checkpoints_of_another_version_leave_the_calls_since_the_first_snapshot(
    recorded: Recorded,
) -> None:
    segments = JournalReader(recorded.journal).segments
    for segment in segments:
        segment.checkpoint_path.unlink(missing_ok=True)
    for segment in segments[:2]:
        segment.path.unlink()
    await recorded.execute("UPDATE calls SET queue = 'elsewhere'")
    found = await recorded.replay()
    rows = await recorded.now()
    assert rows["agent_states"] == recorded.rows["agent_states"]
    assert rows["legs"] == recorded.rows["legs"]
    queues = await recorded.connection.fetch("SELECT queue, started_at FROM calls")
    assert "elsewhere" not in {q["queue"] for q in queues if q["started_at"].timestamp() >= found.calls_from}
    assert sum(q["queue"] != "elsewhere" for q in queues) > len(queues) // 2


async def test_without_any_point_at_which_the_state_is_known_nothing_is_done(recorded: Recorded) -> None:
    segments = JournalReader(recorded.journal).segments
    last = segments[-1]
    for segment in segments:
        segment.checkpoint_path.unlink(missing_ok=True)
        if segment is not last:
            segment.path.unlink()
    data = last.path.read_bytes().replace(b"Event: CtiSnapshotEnd", b"Event: CtiSnapshotXXX")
    last.path.write_bytes(data)
    with pytest.raises(ReplayNoStart):
        await recorded.replay()
    assert await recorded.now() == recorded.rows


async def test_a_damaged_stretch_is_named_spares_what_it_touched_and_the_rest_is_made_again(
    recorded: Recorded,
) -> None:
    segments = JournalReader(recorded.journal).segments
    spoil(segments[2].path, b"Event: AgentConnect")
    found = await recorded.check()
    assert [(one.segment, one.lost) for one in found.damage] == [(segments[2].path.name, 1)]
    assert found.count == 0
    await recorded.execute("UPDATE calls SET queue = 'elsewhere'", "DELETE FROM transfers")
    await recorded.replay()
    rows = await recorded.now()
    left = await recorded.connection.fetch("SELECT started_at FROM calls WHERE queue = 'elsewhere'")
    assert 0 < len(left) < 6
    assert len(left) < len(rows["calls"]) // 2
    assert rows["transfers"] == recorded.rows["transfers"]


async def test_a_damaged_end_leaves_the_last_rows_and_the_position_as_they_are(recorded: Recorded) -> None:
    position = await recorded.position()
    last = JournalReader(recorded.journal).segments[-1]
    size = last.path.stat().st_size
    with last.path.open("r+b") as file:
        file.truncate(size - (size // 3))
    found = await recorded.check()
    assert [one.count for one in found.tables if one.examples] == []
    assert [(one.segment, one.position + (one.lost or 0)) for one in found.damage] == [
        (last.path.name, position + 1)
    ]
    await recorded.replay()
    assert await recorded.now() == recorded.rows
    assert await recorded.position() == position


async def test_while_the_service_runs_rows_can_be_checked_but_not_replayed(recorded: Recorded) -> None:
    service = Service(recorded.journal, recorded.url)
    await service.start(segment_bytes=60_000)
    try:
        with pytest.raises(ReplayServiceRuns):
            await recorded.replay()
        later = [
            encode("Newchannel", parse(BLOCKS[-1]).at + number, Uniqueid=f"new.{number}",
                   Linkedid=f"new.{number}", Channel=f"PJSIP/trunk-{number:08x}", ChannelState="4",
                   Context="inbound")
            for number in range(1, 200)
        ]  # fmt: skip
        feeding = asyncio.create_task(_feed_slowly(service, later))
        found = [await recorded.check() for _ in range(3)]
        await feeding
        assert [one.count for one in found] == [0, 0, 0]
        await recorded.execute("UPDATE calls SET queue = 'elsewhere' WHERE queue = 'sales'")
        assert counts(await recorded.check())["calls"][1] > 0
    finally:
        await service.finish()


async def _feed_slowly(service: Service, blocks: list[bytes]) -> None:
    for block in blocks:
        service.feed([block])
        await asyncio.sleep(0.002)


async def test_a_recorder_of_the_same_node_elsewhere_keeps_replay_away(
    recorded: Recorded, tmp_path: Path
) -> None:
    service = Service(tmp_path / "other", recorded.url)
    await service.start()
    try:
        service.feed([encode("CtiConnected", parse(BLOCKS[-1]).at)])
        async with asyncio.timeout(20):
            await service.recorder.drain()
        with pytest.raises(ReplayServiceRuns, match="another process"):
            await recorded.replay()
    finally:
        await service.kill()


async def test_interrupted_at_the_last_moment_it_has_changed_nothing(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recorded.execute(*ALTERED)
    spoilt = await recorded.now()
    await recorded.connection.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
    )
    await recorded.connection.execute(
        "CREATE TRIGGER refuse AFTER UPDATE ON recorder_positions EXECUTE FUNCTION refuse()"
    )
    try:
        with pytest.raises(ReplayDatabaseAway):
            await recorded.replay()
    finally:
        await recorded.connection.execute("DROP TRIGGER refuse ON recorder_positions")
        await recorded.connection.execute("DROP FUNCTION refuse()")
    assert await recorded.now() == spoilt
    await recorded.replay()
    assert await recorded.now() == recorded.rows


async def test_rows_of_another_node_are_not_touched(recorded: Recorded) -> None:
    await recorded.execute(
        f"INSERT INTO calls SELECT 'other-' || id, started_at, 'other', {OTHERS} FROM calls",
        "INSERT INTO recorder_positions (node, position) VALUES ('other', 5)",
        "INSERT INTO agent_states SELECT 'other-' || id, started_at, agent_id, status, reason, interface, "
        "call_id, ended_at FROM agent_states",
    )
    with_other = await recorded.now()
    assert (await recorded.replay()).count == 0
    assert await recorded.now() == with_other


async def test_the_service_goes_on_after_a_replay_where_it_had_stopped(recorded: Recorded) -> None:
    await recorded.execute(*ALTERED)
    await recorded.replay()
    service = Service(recorded.journal, recorded.url)
    await service.start(segment_bytes=60_000)
    service.feed([encode("CtiIvrChoice", parse(BLOCKS[-1]).at + 1, Uniqueid="nobody", Menu="m", Choice="1")])
    await service.finish()
    assert await recorded.now() == recorded.rows
    assert (await recorded.check()).count == 0


async def test_the_command_says_what_differs_and_puts_it_right(recorded: Recorded, tmp_path: Path) -> None:
    await recorded.execute("DELETE FROM transfers")
    run = command(recorded, tmp_path)
    checked = await asyncio.to_thread(run, "--check")
    assert (checked.returncode, "transfers" in checked.stdout) == (1, True), checked.stderr
    assert not (await recorded.now())["transfers"]
    done = await asyncio.to_thread(run)
    assert (done.returncode, "put right" in done.stdout) == (0, True), done.stderr
    assert await recorded.now() == recorded.rows
    checked = await asyncio.to_thread(run, "--check", "--from", "2020-01-01")
    assert (checked.returncode, "Every row" in checked.stdout) == (0, True), checked.stderr
    with held(recorded.journal):
        refused = await asyncio.to_thread(run)
    assert (refused.returncode, "replay.service_runs" in refused.stderr) == (1, True)


@contextlib.contextmanager
def held(journal: Path) -> Iterator[None]:
    descriptor = lock_directory(journal)
    try:
        yield
    finally:
        os.close(descriptor)


def command(recorded: Recorded, folder: Path) -> "Callable[..., subprocess.CompletedProcess[str]]":
    settings = {
        "CTI_DATABASE_URL": recorded.url,
        "CTI_AMI_SECRET": "x",
        "CTI_AMI_PHONE_SECRET": "x",
        "CTI_AGI_SECRET": "x",
        "CTI_NODE": NODE,
        "CTI_JOURNAL_DIR": str(recorded.journal),
        "CTI_HOME": str(folder),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "cti", "replay", *arguments],
            env={**os.environ, **settings}, cwd=folder, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip

    return run
