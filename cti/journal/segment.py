"""The files of a journal: segments named by their first position, and the checkpoint beside each."""

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec

from cti.errors import JournalLocked
from cti.journal.record import Damage, SegmentScan

SEGMENT_SUFFIX: Final = ".journal"
CHECKPOINT_SUFFIX: Final = ".checkpoint"
_LOCK_NAME: Final = "journal.lock"
_TEMPORARY_SUFFIX: Final = ".tmp"
_CHECKPOINT: Final = struct.Struct("<8sIQ")
_CHECKPOINT_MAGIC: Final = b"CTI\x00CKPT"


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One file of records."""

    path: Path
    #: The position of its first record, as its name says.
    first: int

    @property
    def checkpoint_path(self) -> Path:
        """Where the state before the segment's first record is kept."""
        return self.path.with_suffix(CHECKPOINT_SUFFIX)


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A state that includes every record up to and including ``position`` and none after it."""

    position: int
    state: bytes


def segment_path(directory: Path, first: int) -> Path:
    """The file of the segment whose first record has the position ``first``."""
    return directory / f"{first:020d}{SEGMENT_SUFFIX}"


def list_segments(directory: Path) -> list[Segment]:
    """All segments, oldest first."""
    found = [
        Segment(path=path, first=int(path.stem))
        for path in directory.glob(f"*{SEGMENT_SUFFIX}")
        if path.stem.isascii() and path.stem.isdigit()
    ]
    return sorted(found, key=lambda segment: segment.first)


def write_checkpoint(segment: Segment, state: bytes) -> None:
    """Writes the state before the segment's first record, so that it is there whole or not at all."""
    temporary = segment.checkpoint_path.with_suffix(_TEMPORARY_SUFFIX)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, _CHECKPOINT.pack(_CHECKPOINT_MAGIC, crc32(state), len(state)) + state)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(segment.checkpoint_path)


def read_checkpoint(segment: Segment) -> Checkpoint | None:
    """The checkpoint beside the segment; None when there is none or it is damaged."""
    try:
        data = segment.checkpoint_path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < _CHECKPOINT.size:
        return None
    magic, crc, size = _CHECKPOINT.unpack_from(data)
    state = data[_CHECKPOINT.size :]
    if magic != _CHECKPOINT_MAGIC or size != len(state) or crc != crc32(state):
        return None
    return Checkpoint(position=segment.first - 1, state=state)


def read_records(
    segments: list[Segment],
    *,
    after: int = 0,
    until: int | None = None,
    report: Callable[[Damage], None] = lambda _: None,
) -> Iterator[tuple[int, bytes]]:
    """(position, payload) of every valid record with ``after`` < position <= ``until``, in order.

    Damaged stretches are skipped and told to ``report``, once the record after them is known; so is a
    torn end of the last segment, and positions missing between two segments.
    """
    expected = None
    for number, segment in enumerate(segments):
        is_last = number == len(segments) - 1
        if not is_last and segments[number + 1].first <= after + 1:
            continue
        if until is not None and segment.first > until:
            return
        if expected is not None and segment.first > expected:
            report(_missing(segment, expected))
        try:
            file = segment.path.open("rb", buffering=0)
        except FileNotFoundError:  # erased meanwhile; what is missing is reported with the next one
            continue
        with file:
            scan = SegmentScan(file.read, segment=segment.path.name, first=segment.first, is_last=is_last)
            reported = 0
            for position, payload in scan:
                if len(scan.damage) > reported:
                    report(scan.damage[reported])
                    reported += 1
                if position <= after:
                    continue
                if until is not None and position > until:
                    return
                yield position, payload
                if position == until:  # what follows may be half written at this moment
                    return
            for damage in scan.damage[reported:]:
                report(damage)
            expected = scan.last + 1


def _missing(segment: Segment, expected: int) -> Damage:
    lost = segment.first - expected
    return Damage(segment=segment.path.name, offset=0, size=0, position=expected, lost=lost)


def write_all(descriptor: int, data: bytes) -> None:
    """Writes every byte, as `write` may take only a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(directory: Path) -> None:
    """Makes created, renamed and removed names durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cut_torn_end(segment: Segment) -> tuple[int, int, list[Damage]]:
    """Cuts off what follows the last valid record of the last segment.

    Returns the size and the last position that are valid then, and what is damaged.
    """
    with segment.path.open("r+b", buffering=0) as file:
        scan = SegmentScan(file.read, segment=segment.path.name, first=segment.first, is_last=True)
        for _ in scan:
            pass
        if file.seek(0, os.SEEK_END) > scan.end:
            file.truncate(scan.end)
            os.fsync(file.fileno())
    return scan.end, scan.last, scan.damage


def latest_checkpoint(
    directory: Path, at_most: int, report: Callable[[Damage], None] = lambda _: None
) -> Checkpoint | None:
    """The newest whole checkpoint whose position is not beyond ``at_most``; damaged ones are reported."""
    for segment in reversed(list_segments(directory)):
        if segment.first - 1 > at_most:
            continue
        checkpoint = read_checkpoint(segment)
        if checkpoint is not None:
            return checkpoint
        path = segment.checkpoint_path
        if path.exists():
            report(
                Damage(segment=path.name, offset=0, size=path.stat().st_size, position=segment.first, lost=0)
            )
    return None


def erase_segments(directory: Path, *, released: int, written_before: float) -> list[Path]:
    """Removes the oldest segments of which every record is released and the last is older than that.

    ``written_before`` is in epoch seconds. The last segment, which is being written, stays. Returns the files
    removed.
    """
    removed = []
    for segment, following in pairwise(list_segments(directory)):
        if following.first - 1 > released or segment.path.stat().st_mtime >= written_before:
            break
        for path in (segment.path, segment.checkpoint_path):
            path.unlink(missing_ok=True)
        removed.append(segment.path)
    if removed:
        sync_directory(directory)
    return removed


def lock_directory(directory: Path) -> int:
    """Takes the journal for this process; the descriptor returned holds it until closed.

    Raises:
        JournalLocked: another process has it.
    """
    descriptor = os.open(directory / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise JournalLocked(f"another process writes the journal in {directory}") from error
    return descriptor
