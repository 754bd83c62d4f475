"""CEL's file, followed while Asterisk writes it.

A follower survives what happens to log files: they are renamed and begun anew, copied and cut to nothing,
and their last line is only half there.
"""

import asyncio
import os
from collections.abc import Iterable
from datetime import UTC, tzinfo
from pathlib import Path
from typing import BinaryIO, Final, Self

from cti.asterisk.cel import CelParser, CelRow, order_of

#: So much is read at once: some 700 rows, a few milliseconds.
_CHUNK: Final = 256 * 1024
#: Rows are not strictly in the order of their instants; so far they may be off.
_DISORDER_SECONDS: Final = 5.0
#: A line that is longer is none.
_LONGEST_LINE: Final = 64 * 1024


class LogFile:
    """Complete lines of a file that grows, is renamed, or is cut. Not for two threads at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._offset = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; reading opens it again from its beginning."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def skip_to(self, offset: int) -> None:
        """Goes on after the first line break at or after an offset; 0 is the beginning of the file.

        Raises:
            OSError: it cannot be read.
        """
        file = self._opened()
        if offset:
            file.seek(offset)
            file.readline(_LONGEST_LINE)
            offset = file.tell()
        self._offset = offset

    def size(self) -> int:
        """How long the file is now.

        Raises:
            OSError: it cannot be read.
        """
        return self._opened().seek(0, os.SEEK_END)

    def lines_before(self) -> int:
        """How many lines stand before the next one."""
        file, left, count = self._opened(), self._offset, 0
        file.seek(0)
        while left and (data := file.read(min(_CHUNK, left))):
            left -= len(data)
            count += data.count(b"\n")
        return count

    def lines(self) -> list[str]:
        """The next lines, some hundreds; none when there is nothing new.

        Raises:
            OSError: it cannot be read.
        """
        found = self._more()
        if not found and self._was_replaced():
            self.close()
            found = self._more()
        return found

    def _more(self) -> list[str]:
        file = self._opened()
        if file.seek(0, os.SEEK_END) < self._offset:
            self._offset = 0  # it was cut
        file.seek(self._offset)
        data = file.read(_CHUNK)
        end = data.rfind(b"\n") + 1
        if not end and len(data) == _CHUNK:
            end = len(data)  # no line break in all of it: whatever this is, it is passed over
        self._offset += end
        return data[:end].decode("utf-8", "replace").split("\n")[:-1] if end else []

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = self.path.open("rb")
            self._offset = 0
        return self._file

    def _was_replaced(self) -> bool:
        assert self._file is not None  # noqa: S101
        try:
            now = self.path.stat()
        except FileNotFoundError:
            return False  # it was renamed, and the new one is not there yet
        mine = os.fstat(self._file.fileno())
        return (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino)


class CelFile:
    """The rows of a CEL file from an instant on (epoch seconds), as they come."""

    def __init__(self, path: Path, *, after: float = 0.0, timezone: tzinfo = UTC) -> None:
        self.path = path
        self._after = after
        self._log = LogFile(path)
        self._parser = CelParser(timezone)
        self._begun = False

    @property
    def parser(self) -> CelParser:
        """What it says of lines that are no rows."""
        return self._parser

    async def rows(self) -> list[CelRow]:
        """The next rows, in the order of the file; none when there is nothing new. It never blocks the loop.

        Raises:
            OSError: it cannot be read.
            CelColumnsError: it is no CEL.
        """
        return await asyncio.to_thread(self.read)

    def read(self) -> list[CelRow]:
        """As `rows`, for whoever may block."""
        if not self._begun:
            self._begin()
        while True:
            lines = self._log.lines()
            found = [row for line in lines if (row := self._parser.row(line)) is not None]
            found = [row for row in found if row.at >= self._after]
            if found or not lines:
                return found

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    def _begin(self) -> None:
        """Learns the columns, and finds by halving where the rows of the first instant stand."""
        parser = self._parser
        for line in self._log.lines():
            parser.row(line)
            if parser.knows_columns:
                break
        low, high = 0, self._log.size() if self._after else 0
        while high - low > _CHUNK:
            middle = (low + high) // 2
            at = self._instant_after(middle)
            if at is None or at >= self._after - _DISORDER_SECONDS:
                high = middle
            else:
                low = middle
        self._log.skip_to(low)
        parser.begin_again(at_line=self._log.lines_before())
        self._begun = True

    def _instant_after(self, offset: int) -> float | None:
        self._log.skip_to(offset)
        for line in self._log.lines():
            row = self._parser.row(line)
            if row is not None:
                return row.at
        return None


def in_order(rows: Iterable[CelRow]) -> list[CelRow]:
    """Rows by their instants; those of one instant keep their order, unless the newest come first."""
    found = list(rows)
    if len(found) > 1 and found[0].at > found[-1].at:
        found.reverse()
    return sorted(found, key=order_of)
