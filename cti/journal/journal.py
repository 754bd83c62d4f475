"""The writing end of the journal.

`append` is a plain call that numbers the record and returns at once; a loop writes what has gathered in
one write and one fdatasync in a thread, so that many records share one sync and the event loop never
waits for the disk. Records appended meanwhile form the next group. `durable_position` says how far the
disk is certain.
"""

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec
import structlog

from cti.errors import JournalClosed, JournalError, JournalFull
from cti.journal.durability import DurablePosition
from cti.journal.model import JournalHealth, JournalState
from cti.journal.record import (
    LONGEST_PAYLOAD,
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    Damage,
    encode_record_header,
)
from cti.journal.retention import Retention
from cti.journal.segment import (
    Checkpoint,
    cut_torn_end,
    latest_checkpoint,
    list_segments,
    lock_directory,
    read_records,
)
from cti.journal.spool import Group, SegmentWriter, WriteFailed

log = structlog.get_logger(__name__)

#: Each begins with a checkpoint, so this bounds what a start has to apply again: some 14,000 events.
SEGMENT_BYTES: Final = 8 * 1024 * 1024
#: What a service asks for as `checkpoint_times`: writing down a crowded board stays cheap beside its events.
CHECKPOINT_TIMES: Final = 4
#: How long records gather before they are written; with the sync itself this stays below 50 ms.
GATHER_SECONDS: Final = 0.035
#: The same for whom somebody waits: enough for those who come at once, little to a caller.
SOON_SECONDS: Final = 0.008
#: What may wait in memory while the disk takes nothing.
WAITING_BYTES: Final = 256 * 1024 * 1024
#: The most that goes into one write, so that a full disk is not tried with everything that waits.
_GROUP_BYTES: Final = 8 * 1024 * 1024
#: What is damaged beyond this is skipped without being listed one by one.
_MOST_DAMAGE: Final = 1000
_RETRY_SECONDS: Final = 0.5


class Journal:
    """Appends events, makes them durable in groups, reads them back, and forgets old ones.

    One process writes a journal. `append` belongs to the event loop's thread. `run` is the loop that
    writes; its owner is the composition root's task group. `close` writes what is left.

    ``directory`` is made with mode 0700. ``checkpoint`` is called at the moment at which a new segment
    begins and returns the state before that segment's first record; a segment may grow to
    ``checkpoint_times`` the size of that state, when this is more than ``segment_bytes``. ``not_below`` is a
    position that somebody has seen as durable (the recorder's): if the disk has lost records since, their
    positions are not used again.

    Raises:
        JournalLocked: another process writes this journal.
        JournalError: the journal is of an unknown version.
        OSError: the directory cannot be made or read.
    """

    def __init__(
        self,
        directory: Path,
        *,
        checkpoint: Callable[[], bytes] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        checkpoint_times: int = 0,
        retention_days: float = 30,
        gather_seconds: float = GATHER_SECONDS,
        waiting_bytes: int = WAITING_BYTES,
        not_below: int = 0,
    ) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        self._directory = directory
        self._checkpoint = checkpoint
        self._segment_bytes = self._segment_limit = segment_bytes
        self._checkpoint_times = checkpoint_times
        self._gather_seconds = gather_seconds
        self._waiting_limit = waiting_bytes
        self._damage: list[Damage] = []
        self._state = JournalState.OK
        self._error: str | None = None
        self._slowest = 0.0
        #: What waits for the disk, what is on its way there, and the group that takes records now.
        self._pending: list[Group] = []
        self._writing: list[Group] = []
        self._group: Group | None = None
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._hastening: asyncio.TimerHandle | None = None
        self._lock = lock_directory(directory)
        try:
            self._open(not_below)
        except BaseException:
            os.close(self._lock)
            raise
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        #: What is old enough and released is forgotten.
        self.retention = Retention(directory, self._thread, days=retention_days)

    def _open(self, not_below: int) -> None:
        segments = list_segments(self._directory)
        segment = segments[-1] if segments else None
        size = last = 0
        if segment is not None:
            size, last, damage = cut_torn_end(segment)
            self._note(*damage)
        self._position = max(last, not_below)
        self._durable = DurablePosition(self._position)
        # A segment without a single record, or whose records may have been lost, is not continued.
        if segment is None or size <= SEGMENT_HEADER_BYTES or self._position > last:
            if segment is not None and last < segment.first:
                segment.path.unlink()
            segment = None
        self._segment_first = segment.first if segment is not None else 0
        self._segment_size = size if segment is not None else self._segment_limit
        self._writer = SegmentWriter(self._directory, segment, size)

    # --- writing ---

    @property
    def position(self) -> int:
        """The position of the last record appended; 0 in an empty journal."""
        return self._position

    @property
    def durable_position(self) -> int:
        """Every record up to here survives a power cut."""
        return self._durable.position

    @property
    def health(self) -> JournalHealth:
        """How the journal is now."""
        return JournalHealth(
            state=self._state,
            error=self._error,
            position=self._position,
            durable_position=self.durable_position,
            waiting_records=self._position - self.durable_position,
            waiting_bytes=self._waiting_bytes(),
            slowest_sync_seconds=self._slowest,
            damage=tuple(self._damage),
        )

    def append(self, block: bytes) -> int:
        """Takes one record; returns its position. It is durable once `durable_position` reaches that.

        Raises:
            JournalFull: the disk has refused for so long that the memory for waiting records is full.
            JournalError: the record is longer than 1 MiB.
            JournalClosed: the journal is closed.
        """
        size = RECORD_HEADER_BYTES + len(block)
        if self._state is not JournalState.OK:
            self._check_can_wait(size)
        if len(block) > LONGEST_PAYLOAD:
            raise JournalError(f"a record of {len(block)} bytes is longer than {LONGEST_PAYLOAD}")
        group = self._group
        if self._segment_size + size > self._segment_limit:
            group = self._begin_segment()
        elif group is None or group.size > _GROUP_BYTES:
            group = self._begin_group(None)
        self._position = position = self._position + 1
        group.parts += (encode_record_header(position, block), block)
        group.size += size
        self._segment_size += size
        return position

    def _check_can_wait(self, size: int) -> None:
        if self._state is JournalState.CLOSED:
            raise JournalClosed
        if self._waiting_bytes() + size > self._waiting_limit:
            raise JournalFull(f"{JournalFull.__doc__} The disk said: {self._error}")

    def _begin_segment(self) -> Group:
        state = None
        if self._checkpoint is not None:
            try:
                state = self._checkpoint()
            except Exception:  # an event is worth more than a checkpoint
                log.exception("journal.checkpoint_failed")
        self._segment_limit = max(self._segment_bytes, self._checkpoint_times * len(state or b""))
        self._segment_first = self._position + 1
        self._segment_size = SEGMENT_HEADER_BYTES
        return self._begin_group(state)

    def _begin_group(self, checkpoint: bytes | None) -> Group:
        first = self._position + 1
        self._group = group = Group(segment_first=self._segment_first, first=first, checkpoint=checkpoint)
        self._pending.append(group)
        self._work.set()
        return group

    def _waiting_bytes(self) -> int:
        return sum(group.size for group in chain(self._writing, self._pending))

    def rotate(self) -> None:
        """Lets the next record begin a new segment, with a checkpoint of the state before it."""
        self._segment_size = self._segment_limit

    async def wait_durable(self, position: int) -> None:
        """Returns once the record at ``position`` is durable.

        Raises:
            JournalClosed: the journal was closed before.
        """
        await self._durable.wait(position)

    async def wait_durable_soon(self, position: int) -> None:
        """As `wait_durable`, for whom somebody on the telephone waits: it gathers less before it writes.

        Raises:
            JournalClosed: the journal was closed before.
        """
        if position > self.durable_position and self._hastening is None:
            self._hastening = asyncio.get_running_loop().call_later(SOON_SECONDS, self._hasten)
        await self._durable.wait(position)

    def _hasten(self) -> None:
        self._hastening = None
        self._hurry.set()

    async def flush(self) -> None:
        """Makes everything appended so far durable, without waiting for more to gather."""
        self._hurry.set()
        await self.wait_durable(self._position)

    async def run(self) -> None:
        """Writes groups until cancelled.

        A disk that refuses is logged once, tried again every half second, and logged once when it is back.
        """
        while True:
            await self._work.wait()
            if self._state is JournalState.FAILING:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._gather_seconds):
                        await self._hurry.wait()
            await self._commit()
            await self.retention.prune_in_time()

    async def _commit(self) -> None:
        self._work.clear()
        self._hurry.clear()
        groups = self._writing = self._pending
        self._pending, self._group = [], None
        if not groups:
            return
        began = time.monotonic()
        writing = asyncio.get_running_loop().run_in_executor(self._thread, self._writer.write, groups)
        cancelled = False
        while not writing.done():
            try:
                await asyncio.wait({writing})
            except asyncio.CancelledError:
                cancelled = True
        self._writing = []
        failure = writing.exception()
        if failure is None:
            self._published(groups, time.monotonic() - began)
        elif isinstance(failure, WriteFailed):
            self._published(groups[: failure.done], 0.0)
            self._refused(groups[failure.done :], failure)
        else:
            self._pending[:0] = groups
            raise failure
        if cancelled:
            raise asyncio.CancelledError

    def _published(self, groups: list[Group], seconds: float) -> None:
        if not groups:
            return
        self._slowest = max(self._slowest, seconds)
        if self._state is JournalState.FAILING:
            self._state, self._error = JournalState.OK, None
            log.warning("journal.writing_again", durable_position=groups[-1].last)
        self._durable.advance(groups[-1].last)

    def _refused(self, groups: list[Group], failure: OSError) -> None:
        self._pending[:0] = groups
        self._work.set()
        self._error = f"{errno.errorcode.get(failure.errno or 0, 'error')}: {failure.strerror}"
        if self._state is JournalState.OK:
            self._state = JournalState.FAILING
            log.error("journal.disk_refuses", error=self._error, directory=str(self._directory))

    async def close(self) -> None:
        """Writes what is left (one attempt) and gives the journal up. `run` must have ended.

        Raises:
            JournalError: records were lost because the disk refused them.
        """
        if self._state is JournalState.CLOSED:
            return
        await self._commit()
        lost, error = self._position - self.durable_position, self._error
        self._state = JournalState.CLOSED
        self._thread.shutdown()
        self._writer.close()
        os.close(self._lock)
        self._durable.close()
        if self._pending:
            raise JournalError(f"the last {lost} records could not be written: {error}")

    # --- reading ---

    def read(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """(position, block) of every durable record after the position ``after``.

        Damage is skipped, and reported in `health` and in the log.
        """
        segments = list_segments(self._directory)
        return read_records(segments, after=after, until=self.durable_position, report=self._note)

    def latest_checkpoint(self, at_most: int | None = None) -> Checkpoint | None:
        """The newest whole checkpoint whose position is not beyond ``at_most``."""
        limit = self.durable_position if at_most is None else at_most
        return latest_checkpoint(self._directory, limit, self._note)

    def _note(self, *damage: Damage) -> None:
        for one in damage:
            if len(self._damage) < _MOST_DAMAGE and one not in self._damage:
                self._damage.append(one)
                log.error("journal.torn" if one.torn else "journal.damaged", **msgspec.structs.asdict(one))
