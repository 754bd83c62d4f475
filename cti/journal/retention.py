"""What a journal forgets: segments that are released and older than its retention allows."""

import asyncio
import time
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from cti.journal.segment import erase_segments

log = structlog.get_logger(__name__)

_PRUNE_SECONDS: Final = 3600.0
_DAY_SECONDS: Final = 86_400


class Retention:
    """Removes old segments of the journal in ``directory`` after ``days``, in the thread that writes it."""

    def __init__(self, directory: Path, thread: Executor, *, days: float) -> None:
        self._directory = directory
        self._thread = thread
        self._seconds = days * _DAY_SECONDS
        self._released = 0
        self._next_prune = 0.0

    def release(self, position: int) -> None:
        """Says that nobody needs the records up to ``position`` any more, except as history."""
        self._released = max(self._released, position)

    async def prune_in_time(self) -> None:
        """Prunes when that was not done for an hour. What cannot be removed is logged."""
        if time.monotonic() >= self._next_prune:
            self._next_prune = time.monotonic() + _PRUNE_SECONDS
            try:
                await self.prune()
            except OSError as error:  # old segments that stay are no reason to stop
                log.error("journal.prune_failed", error=str(error))

    async def prune(self) -> list[Path]:
        """Removes released segments that are older than the retention allows."""
        return await self.erase(written_before=time.time() - self._seconds)

    async def erase(self, *, written_before: float) -> list[Path]:
        """Removes whole released segments whose last record was written before that instant (epoch seconds).

        Returns the files removed. A segment that is being written or is not released stays.
        """
        erase = partial(
            erase_segments, self._directory, released=self._released, written_before=written_before
        )
        removed = await asyncio.get_running_loop().run_in_executor(self._thread, erase)
        if removed:
            log.info("journal.erased", segments=len(removed), up_to=removed[-1].name)
        return removed
