"""What is on its way to the disk: groups of records, written by one thread, kept until they are durable."""

import contextlib
import os
from pathlib import Path

import msgspec

from cti.journal.record import encode_segment_header
from cti.journal.segment import Segment, segment_path, sync_directory, write_all, write_checkpoint


class Group(msgspec.Struct, kw_only=True):
    """Records that go to one segment in one write."""

    #: The first position of the segment they belong to.
    segment_first: int
    #: The position of the first record in the group.
    first: int
    #: The state before the segment's first record, when the group opens a new segment.
    checkpoint: bytes | None = None
    #: Header and payload of each record.
    parts: list[bytes] = []
    size: int = 0

    @property
    def last(self) -> int:
        """The position of the last record in the group."""
        return self.first + len(self.parts) // 2 - 1


class SegmentWriter:
    """The open end of the journal. Its methods block, so they run in the journal's own thread.

    Whatever fails leaves ``durable_size`` bytes of the segment as they were; the next attempt cuts the
    rest off and writes the group again from memory. This is needed even when only the sync failed: the
    kernel may then have marked unwritten pages as clean, and a second sync would succeed without having
    written them.
    """

    def __init__(self, directory: Path, segment: Segment | None, durable_size: int) -> None:
        self._directory = directory
        self._segment = segment
        self._durable_size = durable_size
        self._descriptor: int | None = None

    def write(self, groups: list[Group]) -> None:
        """Writes and syncs the groups, one after the other.

        Raises:
            WriteFailed: the disk refused; it says how many groups are durable nevertheless.
        """
        done = 0
        try:
            for group in groups:
                self._write(group)
                done += 1
        except OSError as error:
            self.close()
            raise WriteFailed(done, error) from error

    def close(self) -> None:
        """Closes the file; the next write opens it again."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _write(self, group: Group) -> None:
        if self._segment is None or self._segment.first != group.segment_first:
            self.close()
            self._begin(group)
        descriptor = self._open()
        data = b"".join(group.parts)
        write_all(descriptor, data)
        os.fdatasync(descriptor)
        self._durable_size += len(data)

    def _begin(self, group: Group) -> None:
        segment = Segment(path=segment_path(self._directory, group.segment_first), first=group.segment_first)
        if group.checkpoint is not None:
            write_checkpoint(segment, group.checkpoint)
        segment.path.unlink(missing_ok=True)  # what an earlier attempt left
        descriptor = os.open(segment.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            header = encode_segment_header(group.segment_first)
            write_all(descriptor, header)
            os.fsync(descriptor)
            sync_directory(self._directory)
        except OSError:
            os.close(descriptor)
            raise
        self._segment, self._durable_size, self._descriptor = segment, len(header), descriptor

    def _open(self) -> int:
        if self._descriptor is None:
            assert self._segment is not None  # noqa: S101
            self._descriptor = os.open(self._segment.path, os.O_WRONLY | os.O_CLOEXEC)
            os.ftruncate(self._descriptor, self._durable_size)
            os.lseek(self._descriptor, self._durable_size, os.SEEK_SET)
        return self._descriptor


class WriteFailed(OSError):  # noqa: N818
    """The disk refused a group."""

    def __init__(self, done: int, cause: OSError) -> None:
        super().__init__(cause.errno, cause.strerror)
        self.done = done
