"""The journal on a real disk."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cti.errors import JournalClosed, JournalError, JournalFull, JournalLocked
from cti.journal.journal import Journal
from cti.journal.model import JournalState
from cti.journal.segment import list_segments

BLOCK = b"Event: Hangup\r\nTimestamp: 1763789001.250000\r\nUniqueid: node1-1763789000.%d\r\n\r\n"


@contextlib.asynccontextmanager
async def running(directory: Path, **settings: Any) -> AsyncIterator[Journal]:
    journal = Journal(directory, **settings)
    loop = asyncio.create_task(journal.run())
    try:
        yield journal
    finally:
        loop.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loop
        await journal.close()


async def until(journal: Journal, state: JournalState) -> None:
    while journal.health.state is not state:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def write(directory: Path, count: int, **settings: Any) -> None:
    async with running(directory, **settings) as journal:
        for number in range(count):
            journal.append(BLOCK % number)
        await journal.flush()


async def test_what_was_appended_is_read_back_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path / "journal") as journal:
        assert [journal.append(BLOCK % number) for number in (1, 2)] == [1, 2]
        assert journal.durable_position == 0
        await journal.wait_durable(2)
        assert journal.durable_position == 2
        journal.append(BLOCK % 3)
    async with running(tmp_path / "journal") as journal:
        assert journal.position == journal.durable_position == 3
        assert list(journal.read()) == [(number, BLOCK % number) for number in (1, 2, 3)]
        assert list(journal.read(after=2)) == [(3, BLOCK % 3)]
        assert journal.append(BLOCK % 4) == 4


async def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        await write(tmp_path / "journal", 20, segment_bytes=300, checkpoint=lambda: b"state")
    finally:
        os.umask(previous)
    directory = tmp_path / "journal"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


async def test_two_processes_never_write_one_journal(tmp_path: Path) -> None:
    async with running(tmp_path):
        with pytest.raises(JournalLocked):
            Journal(tmp_path)
    async with running(tmp_path):
        pass


async def test_one_sync_serves_all_records_that_gathered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = 0
    fdatasync = os.fdatasync

    def counted(descriptor: int) -> None:
        nonlocal syncs
        syncs += 1
        fdatasync(descriptor)

    monkeypatch.setattr(os, "fdatasync", counted)
    async with running(tmp_path) as journal:
        for number in range(1000):
            journal.append(BLOCK % number)
        await journal.wait_durable(1000)
        assert syncs == 1


async def test_a_record_is_durable_within_fifty_milliseconds(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        journal.append(BLOCK % 1)
        await journal.flush()
        waits = []
        for number in range(20):
            began = time.monotonic()
            await journal.wait_durable(journal.append(BLOCK % number))
            waits.append(time.monotonic() - began)
        assert sorted(waits)[10] < 0.05


async def test_appending_goes_on_while_the_disk_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fdatasync = os.fdatasync

    def slow(descriptor: int) -> None:
        time.sleep(0.2)
        fdatasync(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    async with running(tmp_path) as journal:
        journal.append(BLOCK % 1)
        await asyncio.sleep(0.1)
        began = time.monotonic()
        second = journal.append(BLOCK % 2)
        assert time.monotonic() - began < 0.05
        await journal.wait_durable(1)
        assert journal.durable_position == 1
        await journal.wait_durable(second)


async def test_a_new_segment_begins_when_one_is_full_with_the_state_before_its_first_record(
    tmp_path: Path,
) -> None:
    applied: list[int] = []
    async with running(tmp_path, segment_bytes=1000, checkpoint=lambda: str(applied).encode()) as journal:
        for number in range(1, 101):
            position = journal.append(BLOCK % number)
            applied.append(position)
        await journal.flush()
        segments = list_segments(tmp_path)
        assert len(segments) > 5
        assert all(segment.path.stat().st_size <= 1000 for segment in segments)
        for segment in segments:
            checkpoint = journal.latest_checkpoint(at_most=segment.first - 1)
            assert checkpoint is not None
            assert checkpoint.position == segment.first - 1
            assert checkpoint.state == str(list(range(1, segment.first))).encode()
        assert [position for position, _ in journal.read()] == list(range(1, 101))
        assert [position for position, _ in journal.read(after=57)] == list(range(58, 101))


async def test_a_segment_is_no_shorter_than_its_checkpoint_is_worth(tmp_path: Path) -> None:
    state = b"s" * 1000
    async with running(tmp_path, segment_bytes=1000, checkpoint_times=3, checkpoint=lambda: state) as journal:
        for number in range(1, 301):
            journal.append(BLOCK % number)
        await journal.flush()
        *full, _ = list_segments(tmp_path)
        assert len(full) > 2
        assert all(2500 < segment.path.stat().st_size <= 3000 for segment in full)


async def test_a_segment_can_be_begun_on_demand(tmp_path: Path) -> None:
    async with running(tmp_path, checkpoint=lambda: b"now") as journal:
        journal.append(BLOCK % 1)
        journal.rotate()
        journal.append(BLOCK % 2)
        await journal.flush()
        checkpoint = journal.latest_checkpoint()
        assert checkpoint is not None
        assert checkpoint.position == 1
        assert list(journal.read()) == [(1, BLOCK % 1), (2, BLOCK % 2)]


async def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    async with running(tmp_path, checkpoint=lambda: b"state") as journal:
        for number in range(3):
            journal.append(BLOCK % number)
            journal.rotate()
        await journal.flush()
        newest = list_segments(tmp_path)[-1].checkpoint_path
        for damaged in (newest.read_bytes()[:-1], b"", bytes(40)):
            newest.write_bytes(damaged)
            checkpoint = journal.latest_checkpoint()
            assert checkpoint is not None
            assert checkpoint.position == 1


async def test_a_checkpoint_that_fails_costs_no_event(tmp_path: Path) -> None:
    def broken() -> bytes:
        raise RuntimeError("the board cannot be written down")

    async with running(tmp_path, checkpoint=broken, segment_bytes=500) as journal:
        for number in range(50):
            journal.append(BLOCK % number)
        await journal.flush()
        assert len(list(journal.read())) == 50
        assert journal.latest_checkpoint() is None


async def test_a_torn_last_record_is_cut_off_and_reported_and_its_position_is_used_again(
    tmp_path: Path,
) -> None:
    await write(tmp_path, 5)
    path = list_segments(tmp_path)[0].path
    whole = path.read_bytes()
    for cut in range(1, 80):
        path.write_bytes(whole[:-cut])
        journal = Journal(tmp_path)
        (damage,) = journal.health.damage
        assert damage.torn
        assert damage.position == 5
        assert journal.append(BLOCK % 4) == 5
        await journal.close()
        assert path.read_bytes() == whole


async def test_a_segment_torn_at_its_birth_is_begun_again(tmp_path: Path) -> None:
    await write(tmp_path, 3)
    for size in (0, 1, 23, 24):
        (tmp_path / f"{4:020d}.journal").write_bytes(b"CTI\x00JRNL"[:size] + bytes(max(0, size - 8)))
        async with running(tmp_path) as journal:
            assert journal.position == 3
        assert len(list_segments(tmp_path)) == 1
    async with running(tmp_path) as journal:
        assert journal.append(BLOCK % 3) == 4
        await journal.flush()
        assert [position for position, _ in journal.read()] == [1, 2, 3, 4]


async def test_a_corrupt_record_in_the_middle_is_reported_and_skipped_and_never_fatal(tmp_path: Path) -> None:
    await write(tmp_path, 200, segment_bytes=3000)
    second = list_segments(tmp_path)[1]
    data = bytearray(second.path.read_bytes())
    data[500] ^= 0xFF
    second.path.write_bytes(data)
    async with running(tmp_path) as journal:
        read = [position for position, _ in journal.read()]
        (damage,) = journal.health.damage
        assert damage.segment == second.path.name
        assert damage.lost == 1
        assert not damage.torn
        assert read == [position for position in range(1, 201) if position != damage.position]
        assert journal.append(BLOCK % 1) == 201


async def test_reading_while_the_next_record_is_half_written_reports_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        journal.append(BLOCK % 1)
        await journal.flush()
        with list_segments(tmp_path)[0].path.open("ab") as file:
            file.write(b"half a record")
        assert [position for position, _ in journal.read()] == [1]
        assert journal.health.damage == ()


async def test_a_segment_that_is_erased_while_others_read_is_passed_over(tmp_path: Path) -> None:
    await write(tmp_path, 100, segment_bytes=3000)
    async with running(tmp_path) as journal:
        reading = journal.read()
        assert next(reading)[0] == 1
        segments = list_segments(tmp_path)
        segments[1].path.unlink()
        assert len(list(reading)) == 99 - (segments[2].first - segments[1].first)


async def test_a_missing_segment_is_reported(tmp_path: Path) -> None:
    await write(tmp_path, 100, segment_bytes=3000)
    segments = list_segments(tmp_path)
    segments[1].path.unlink()
    async with running(tmp_path) as journal:
        read = [position for position, _ in journal.read()]
        (damage,) = journal.health.damage
        assert damage.position == segments[1].first
        assert damage.lost == segments[2].first - segments[1].first
        assert len(read) == 100 - damage.lost


async def test_positions_that_the_recorder_saw_are_not_used_again_after_the_disk_lost_them(
    tmp_path: Path,
) -> None:
    await write(tmp_path, 5)
    async with running(tmp_path, not_below=9) as journal:
        assert journal.append(BLOCK % 1) == 10
        await journal.flush()
        assert [position for position, _ in journal.read(after=9)] == [10]
        assert [position for position, _ in journal.read()] == [1, 2, 3, 4, 5, 10]
        assert [damage.lost for damage in journal.health.damage] == [4]


async def test_a_full_disk_is_loud_keeps_events_in_memory_and_loses_none_once_there_is_room(
    tmp_path: Path,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        async with running(tmp_path) as journal:
            journal.append(BLOCK % 1)
            await journal.flush()
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # writes beyond fail as on a full disk
            for number in range(2, 51):
                journal.append(BLOCK % number)
            await until(journal, JournalState.FAILING)
            assert journal.health.error is not None
            assert "EFBIG" in journal.health.error
            assert journal.health.waiting_records == 49
            journal.append(BLOCK % 51)
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            await journal.wait_durable(51)
            await until(journal, JournalState.OK)
            assert journal.health.waiting_bytes == 0
            assert list(journal.read()) == [(number, BLOCK % number) for number in range(1, 52)]
            assert journal.health.damage == ()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)


async def test_a_failed_sync_writes_the_records_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fdatasync = os.fdatasync
    failures = iter([True, True])

    def broken(descriptor: int) -> None:
        if next(failures, False):
            # What the kernel may do: the pages are dropped, and the next sync finds nothing to complain of.
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - 10)
            raise OSError(5, "Input/output error")
        fdatasync(descriptor)

    async with running(tmp_path) as journal:
        journal.append(BLOCK % 1)
        await journal.flush()
        monkeypatch.setattr(os, "fdatasync", broken)
        journal.append(BLOCK % 2)
        await journal.wait_durable(2)
        assert list(journal.read()) == [(1, BLOCK % 1), (2, BLOCK % 2)]


async def test_memory_for_waiting_records_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(28, "No space left on device")

    journal = Journal(tmp_path, waiting_bytes=2000)
    loop = asyncio.create_task(journal.run())
    monkeypatch.setattr(os, "fdatasync", broken)
    journal.append(BLOCK % 1)
    await until(journal, JournalState.FAILING)
    while journal.health.waiting_bytes < 1900:
        journal.append(BLOCK % 2)
    with pytest.raises(JournalFull, match="ENOSPC"):
        journal.append(BLOCK % 3)
    loop.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await loop
    with pytest.raises(JournalError, match="could not be written"):
        await journal.close()
    with pytest.raises(JournalClosed):
        journal.append(BLOCK % 1)


async def test_a_record_too_long_is_refused_by_name(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        with pytest.raises(JournalError, match="1048577 bytes"):
            journal.append(bytes(1024 * 1024 + 1))


async def test_waiting_for_a_record_ends_when_the_journal_closes(tmp_path: Path) -> None:
    async with running(tmp_path) as journal:
        waiting = asyncio.create_task(journal.wait_durable(99))
        await asyncio.sleep(0)
    with pytest.raises(JournalClosed):
        await waiting


async def test_old_segments_go_only_when_nobody_needs_them_any_more(tmp_path: Path) -> None:
    async with running(tmp_path, segment_bytes=1000, retention_days=2, checkpoint=lambda: b"s") as journal:
        for number in range(100):
            journal.append(BLOCK % number)
        await journal.flush()
        segments = list_segments(tmp_path)
        three_days_ago = time.time() - 3 * 86_400
        for segment in segments[:4]:
            os.utime(segment.path, (three_days_ago, three_days_ago))
        assert await journal.retention.prune() == []
        journal.retention.release(segments[2].first - 1)
        assert await journal.retention.prune() == [segment.path for segment in segments[:2]]
        assert not segments[0].checkpoint_path.exists()
        journal.retention.release(100)
        assert await journal.retention.prune() == [segment.path for segment in segments[2:4]]
        assert next(iter(journal.read(after=segments[4].first - 1)))[0] == segments[4].first


async def test_everything_but_the_segment_being_written_can_be_erased(tmp_path: Path) -> None:
    async with running(tmp_path, segment_bytes=1000) as journal:
        for number in range(100):
            journal.append(BLOCK % number)
        await journal.flush()
        journal.retention.release(100)
        last = list_segments(tmp_path)[-1]
        await journal.retention.erase(written_before=time.time() + 60)
        assert list_segments(tmp_path) == [last]


WRITER = """
import asyncio, sys
from pathlib import Path
from cti.journal.journal import Journal

async def main():
    journal = Journal(Path(sys.argv[1]), segment_bytes=200_000)
    asyncio.create_task(journal.run())
    while True:
        for _ in range(50):
            position = journal.append(b"Event: Hangup\\r\\nNumber: %d\\r\\n\\r\\n" % (journal.position + 1))
        await journal.wait_durable(position)
        print(position, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("run", range(3))
def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path, run: int) -> None:
    acknowledged = 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(20 + run * 7):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
        journal = Journal(tmp_path)
        records = list(journal.read())
        assert len(records) >= acknowledged
        assert records == [
            (n, b"Event: Hangup\r\nNumber: %d\r\n\r\n" % n) for n in range(1, len(records) + 1)
        ]
        assert all(damage.torn for damage in journal.health.damage)
        asyncio.run(journal.close())


async def test_reading_back_is_fast(tmp_path: Path) -> None:
    """A loose bound on a busy machine; alone it reads 500,000 records a second and more."""
    block = BLOCK % 1 + bytes(400)
    async with running(tmp_path) as journal:
        for _ in range(100_000):
            journal.append(block)
        await journal.flush()
        began = time.process_time()
        assert sum(1 for _ in journal.read()) == 100_000
        assert time.process_time() - began < 1.0


async def test_what_somebody_waits_for_on_the_telephone_is_gathered_less(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", gather_seconds=30.0)
    writing = asyncio.create_task(journal.run())
    try:
        async with asyncio.timeout(10):
            await journal.wait_durable_soon(journal.append(b"Event: A\r\n\r\n"))
            await journal.wait_durable_soon(journal.append(b"Event: B\r\n\r\n"))
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await journal.close()
