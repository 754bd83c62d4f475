"""Asterisk's channel event log (CEL), read back from the file that `asterisk_conf/cel_custom.conf` writes.

CEL has no replay over AMI, but its file has: what happened while nobody listened stands there, by Asterisk's
own clock. It knows nothing of hold, pause and who is a member of which queue.
"""

import asyncio
import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

#: The columns of cel_custom.conf that are read, in its order.
_COLUMNS: Final = 10
_EXTRA: Final = 15
#: How far back the file is read at most: several hours of a busy system.
_MOST_BYTES: Final = 64 * 1024 * 1024
_FIRST_STEP: Final = 256 * 1024


class CelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``at`` is epoch seconds of Asterisk's clock; ``extra`` is what the event says beyond that."""

    event: str
    at: float
    uniqueid: str
    linkedid: str
    channel: str
    exten: str
    context: str
    application: str
    data: str
    number: str
    extra: dict[str, str]


def parse_rows(text: str) -> Iterator[CelRow]:
    """The rows of a piece of the file; one that is cut off or broken is left out."""
    for values in csv.reader(io.StringIO(text, newline="")):
        try:
            at = float(values[1])
            extra = json.loads(values[_EXTRA]) if len(values) > _EXTRA and values[_EXTRA] else {}
        except (IndexError, ValueError):
            continue
        if not isinstance(extra, dict):
            extra = {}
        event, _, uniqueid, linkedid, channel, exten, context, application, data, number = values[:_COLUMNS]
        yield CelRow(
            event=event, at=at, uniqueid=uniqueid, linkedid=linkedid, channel=channel, exten=exten,
            context=context, application=application, data=data, number=number,
            extra={str(key): str(value) for key, value in extra.items()},
        )  # fmt: skip


async def read_rows(path: Path, *, after: float) -> list[CelRow]:
    """The rows from an instant on (epoch seconds), in order of time.

    Raises:
        OSError: the file cannot be read.
    """
    return await asyncio.to_thread(_read, path, after)


def _read(path: Path, after: float) -> list[CelRow]:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        step = _FIRST_STEP
        while True:
            start = max(0, size - step)
            file.seek(start)
            data = file.read(size - start)
            if start:
                data = data.partition(b"\n")[2]
            rows = list(parse_rows(data.decode("utf-8", "replace")))
            if not start or (rows and rows[0].at < after) or step >= _MOST_BYTES:
                break
            step *= 4
    # Rows of one instant keep their order.
    return sorted((row for row in rows if row.at >= after), key=lambda row: row.at)
