"""Asterisk's queue_log, read from its file: what app_queue wrote down of callers and members."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cti.asterisk.cel_file import LogFile


class QueueLogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line; the time is a whole second, cut off."""

    at: int
    uniqueid: str
    queue: str
    member: str
    verb: str
    rest: list[str]


def parse_line(line: str) -> QueueLogLine | None:
    """A line of the file; None when it is broken."""
    values = line.rstrip("\r\n").split("|")
    # Since some version the second may have a fraction.
    second = values[0].partition(".")[0]
    if len(values) < 5 or not (second.isascii() and second.isdecimal()):
        return None
    return QueueLogLine(
        at=int(second), uniqueid=values[1], queue=values[2], member=values[3], verb=values[4], rest=values[5:]
    )


class QueueLog:
    """The lines of the file, as they come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Lines that are none.
        self.broken = 0
        self._log = LogFile(path)

    async def lines(self) -> list[QueueLogLine]:
        """The next lines; none when there is nothing new. It never blocks the loop.

        Raises:
            OSError: it cannot be read.
        """
        return await asyncio.to_thread(self.read)

    def read(self) -> list[QueueLogLine]:
        """As `lines`, for whoever may block."""
        found = []
        for text in self._log.lines():
            line = parse_line(text)
            if line is None:
                self.broken += 1
            else:
                found.append(line)
        return found

    def close(self) -> None:
        """Close the file."""
        self._log.close()


def read_queue_log(path: Path) -> Iterator[QueueLogLine]:
    """The lines of the file as it is now.

    Raises:
        OSError: it cannot be read.
    """
    log = QueueLog(path)
    try:
        while lines := log.read():
            yield from lines
    finally:
        log.close()
