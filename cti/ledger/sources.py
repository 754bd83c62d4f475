"""Where Asterisk's ledger is read from: its CSV file, or a table of PostgreSQL.

Both give rows from an instant on, and then whatever is new, in small pieces, so that a year of CEL takes no
more memory than a minute of it.
"""

import asyncio
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import asyncpg

from cti.asterisk.cel import CelColumnsError, CelRow, order_of, read_record
from cti.asterisk.cel_file import CelFile, in_order
from cti.config import Settings
from cti.db.engine import NO_ANSWER, plain_dsn
from cti.errors import LedgerColumnsUnknown, LedgerUnreadable

_TABLE_ROWS: Final = 2_000
_TABLE_SECONDS: Final = 10.0
#: A Uniqueid as Asterisk makes it; whoever dials may choose another.
_OF_NODE: Final = re.compile(r"(.+)-\d{9,11}\.\d+", re.ASCII)
#: Rows of a table appear a little out of order, so the last seconds are read again.
_OVERLAP: Final = timedelta(seconds=3)


class CelSource(Protocol):
    """Rows of CEL as they come."""

    @property
    def name(self) -> str: ...

    @property
    def broken(self) -> int: ...

    @property
    def faults(self) -> list[str]: ...

    async def rows(self) -> list[CelRow]: ...

    async def close(self) -> None: ...


class FileSource:
    """The CSV file."""

    def __init__(self, file: CelFile) -> None:
        self._file = file

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self._file.path)

    @property
    def broken(self) -> int:
        """How many lines are no rows."""
        return self._file.parser.broken

    @property
    def faults(self) -> list[str]:
        """Where the first of them are, and what is wrong with them."""
        return [f"line {fault.line}: {fault.reason}" for fault in self._file.parser.faults]

    async def rows(self) -> list[CelRow]:
        """The next rows; none when there is nothing new.

        Raises:
            LedgerUnreadable, LedgerColumnsUnknown
        """
        try:
            return await self._file.rows()
        except OSError as error:
            raise LedgerUnreadable(f"{self.name}: {error.strerror or error}") from error
        except CelColumnsError as error:
            raise LedgerColumnsUnknown(f"{self.name}: {error}") from error

    async def close(self) -> None:
        """Close the file."""
        await asyncio.to_thread(self._file.close)


class TableSource:
    """A table as `cel_pgsql` fills it. ``table`` may have a schema; each part becomes a quoted identifier."""

    def __init__(self, url: str, table: str, *, node: str, after: float, timezone: tzinfo) -> None:
        self._dsn = plain_dsn(url)
        self._table = ".".join(_quoted(part) for part in table.split("."))
        self._node = node
        self._timezone = timezone
        self._after = datetime.fromtimestamp(max(after, 0.0), timezone)
        self._connection: asyncpg.Connection | None = None
        self._naive: bool | None = None
        #: Rows of the overlap that were given out.
        self._given: dict[Any, datetime] = {}
        self.name = table
        self.broken = 0
        self.faults: list[str] = []

    async def rows(self) -> list[CelRow]:
        """The next rows; none when there is nothing new.

        Raises:
            LedgerUnreadable, LedgerColumnsUnknown
        """
        try:
            return await self._next()
        except asyncpg.UndefinedColumnError as error:
            raise LedgerColumnsUnknown(f"{self.name}: {error}") from error
        except NO_ANSWER as error:
            await self.close()
            raise LedgerUnreadable(f"{self.name}: {error or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _next(self) -> list[CelRow]:
        if self._connection is None:
            self._connection = await asyncpg.connect(self._dsn, timeout=_TABLE_SECONDS)
        if self._naive is None:
            self._naive = await self._is_naive(self._connection)
        limit = _TABLE_ROWS
        while True:
            since: datetime = self._after - _OVERLAP
            records = await self._connection.fetch(
                f"SELECT * FROM {self._table} WHERE eventtime >= $1 ORDER BY eventtime LIMIT {limit}",  # noqa: S608
                since.replace(tzinfo=None) if self._naive else since,
                timeout=_TABLE_SECONDS,
            )
            found = [row for record in records if (row := self._take(dict(record))) is not None]
            if found or len(records) < limit:
                break
            limit *= 2  # the overlap alone has more rows than were asked for
        oldest = self._after - 2 * _OVERLAP
        self._given = {key: at for key, at in self._given.items() if at >= oldest}
        # A shared table has the rows of other nodes too.
        return sorted((row for row in found if self._is_ours(row)), key=order_of)

    def _is_ours(self, row: CelRow) -> bool:
        named = _OF_NODE.fullmatch(row.uniqueid)
        return named is None or named[1] == self._node

    async def _is_naive(self, connection: asyncpg.Connection) -> bool:
        statement = await connection.prepare(f"SELECT eventtime FROM {self._table}", timeout=_TABLE_SECONDS)  # noqa: S608
        kind = str(statement.get_attributes()[0].type.name)
        if kind not in ("timestamp", "timestamptz"):
            raise LedgerColumnsUnknown(f"{self.name}: eventtime is {kind}, not a timestamp")
        return kind == "timestamp"

    def _take(self, record: dict[str, Any]) -> CelRow | None:
        key = record.get("id")
        if key is None:
            key = tuple(str(value) for value in record.values())
        at: datetime = record["eventtime"]
        moment = at if at.tzinfo else at.replace(tzinfo=self._timezone)
        if key in self._given:
            return None
        self._given[key] = moment
        self._after = max(self._after, moment)
        try:
            return read_record(record, self._timezone)
        except ValueError as error:
            self.broken += 1
            if len(self.faults) < 20:
                self.faults.append(f"{key}: {error}")
            return None


def open_source(settings: Settings, *, after: float) -> CelSource:
    """The ledger that the settings name, from an instant on (epoch seconds)."""
    timezone = ZoneInfo(settings.cel_timezone)
    if settings.cel_database_url is not None:
        return TableSource(
            settings.cel_database_url.get_secret_value(), settings.cel_table,
            node=settings.node, after=after, timezone=timezone,
        )  # fmt: skip
    return FileSource(CelFile(settings.cel_csv_path, after=after, timezone=timezone))


class PastRows:
    """The rows of a file as it is now, nearly in order of time; a table may have the newest first."""

    def __init__(self, path: Path, *, timezone: tzinfo) -> None:
        self._file = CelFile(path, timezone=timezone)
        self._path = path

    @property
    def complaints(self) -> list[str]:
        """What is to be said of lines that are no rows: the first of them, and how many there are."""
        parser = self._file.parser
        said = [f"{self._path}: line {fault.line}: {fault.reason}" for fault in parser.faults]
        return [*said, f"{self._path}: {parser.broken} broken lines"] if said else []

    def __iter__(self) -> Iterator[CelRow]:
        """Once.

        Raises:
            LedgerUnreadable, LedgerColumnsUnknown
        """
        try:
            first = self._file.read()
            if len(first) > 1 and first[0].at > first[-1].at:
                while rows := self._file.read():
                    first += rows
                first = in_order(first)
            yield from first
            while rows := self._file.read():
                yield from rows
        except OSError as error:
            raise LedgerUnreadable(f"{self._path}: {error.strerror or error}") from error
        except CelColumnsError as error:
            raise LedgerColumnsUnknown(f"{self._path}: {error}") from error
        finally:
            self._file.close()


async def rows_after(settings: Settings, after: float) -> list[CelRow]:
    """All rows from an instant on, in order of time.

    Raises:
        LedgerUnreadable, LedgerColumnsUnknown
    """
    source = open_source(settings, after=after)
    found: list[CelRow] = []
    try:
        while rows := await source.rows():
            found += rows
    finally:
        await source.close()
    return sorted((row for row in found if row.at >= after), key=order_of)


def _quoted(identifier: str) -> str:
    escaped = identifier.replace('"', '""')
    return f'"{escaped}"'
