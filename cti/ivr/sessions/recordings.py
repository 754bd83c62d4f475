"""Where recordings of callers lie: ids of our own, never a path or a name from outside.

The folder is Asterisk's to write, and ours to bound: so many bytes, so many days.
"""

import contextlib
import secrets
import time
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from cti.tasks.recordings import ENDING, path_of

log = structlog.get_logger(__name__)

_DAY_SECONDS: Final = 86_400


class RecordingFolder:
    """The folder. ``most_bytes`` and ``keep_days`` bound what `sweep` leaves; the oldest go first."""

    def __init__(
        self,
        folder: Path,
        *,
        longest_seconds: float = 600.0,
        most_bytes: int = 20_000_000_000,
        keep_days: int = 180,
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._keep_seconds = keep_days * _DAY_SECONDS
        #: No recording is longer.
        self.longest_seconds = longest_seconds
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def new(self) -> tuple[str, PurePosixPath]:
        """An id that nobody can guess, and the path that Asterisk writes to, without its ending."""
        recording = f"{time.strftime('%Y%m%d', time.gmtime())}-{secrets.token_hex(12)}"
        return recording, PurePosixPath(self._folder / recording)

    def path(self, recording: str) -> Path | None:
        """The file of a recording; None when there is none, or the id is none of ours."""
        return path_of(self._folder, recording)

    def drop(self, recording: str) -> None:
        """Takes a recording away; none is no error."""
        path = self.path(recording)
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()

    def sweep(self, now: float) -> int:
        """Takes away what is too old or too much; returns how many files. It reads the whole folder."""
        found = []
        for path in self._folder.glob(f"*{ENDING}"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        found.sort(key=lambda one: one[0])
        size, gone = sum(one[1] for one in found), 0
        for at, bytes_of, path in found:
            if at >= now - self._keep_seconds and size <= self._most_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                gone += 1
            size -= bytes_of
        if gone:
            log.info("recordings.swept", files=gone)
        return gone
