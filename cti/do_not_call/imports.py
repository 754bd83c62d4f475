"""Files that are looked at and imported in the background, with their progress.

A file is kept in memory until it is imported, or others have pushed it out; the import itself is one
transaction, so that a service that dies has imported all of it or nothing.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.engine import UNAVAILABLE
from cti.do_not_call import import_store, store
from cti.do_not_call.model import Level
from cti.do_not_call.number_file import Head, Reading, head_of
from cti.http.principal import Principal
from cti.http.problems import Problem
from cti.reference.sheet import SheetUnreadable, decoded

log = structlog.get_logger(__name__)

_MOST_FILES: Final = 2
#: Numbers read before others get a turn: some 20 ms.
_READ_AT_ONCE: Final = 200
_WRITTEN_AT_ONCE: Final = 5_000


class FileState(StrEnum):
    """How far a file is."""

    CHECKING = "checking"
    #: What an import would do is known.
    CHECKED = "checked"
    IMPORTING = "importing"
    IMPORTED = "imported"
    #: It cannot be read, or the database failed; nothing of it is on the list.
    FAILED = "failed"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which column has the numbers, and what becomes of them."""

    column: int
    level: Level = Level.GLOBAL
    name: str | None = None
    reason: str | None = None
    expires_at: datetime | None = None


class NumberImport:
    """One file. ``known`` of its numbers are on the list at that level already; ``failure`` says in words why
    it failed.
    """

    def __init__(self, file_name: str, text: str, head: Head) -> None:
        self.id = secrets.token_hex(8)
        self.file_name = file_name
        self.text = text
        self.head = head
        self.choice = Choice(column=head.column)
        self.reading: Reading | None = None
        self.state = FileState.CHECKING
        self.known = 0
        self.written = 0
        self.failure: str | None = None

    @property
    def is_busy(self) -> bool:
        """Whether it is being worked on."""
        return self.state in (FileState.CHECKING, FileState.IMPORTING)

    @property
    def progress(self) -> float:
        """How much of the present work is done, 0 to 1."""
        if not self.is_busy:
            return 1.0
        if self.reading is None:
            return 0.0
        if self.state is FileState.CHECKING:
            return min(self.reading.rows / self.reading.lines, 1.0)
        return self.written / max(len(self.reading.numbers), 1)


class NumberImports:
    """The files that are looked at, the last ones only; close it at the end.

    ``told`` is called after an import.
    """

    def __init__(self, engine: AsyncEngine, region: str, told: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        self._region = region
        self._told = told
        self._files: dict[str, NumberImport] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stops what still runs; what was not imported whole is not imported."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def open(self, file_name: str, content: bytes) -> NumberImport:
        """Begins to look at a file, with the column that looks like numbers.

        Raises:
            Problem: `import.unreadable`.
        """
        try:
            text = await asyncio.to_thread(decoded, content)
            head = await asyncio.to_thread(head_of, text, self._region)
        except SheetUnreadable as error:
            raise Problem("import.unreadable", reason=str(error)) from None
        file = NumberImport(file_name, text, head)
        self._files[file.id] = file
        idle = [one.id for one in self._files.values() if not one.is_busy]
        for file_id in idle[: max(len(self._files) - _MOST_FILES, 0)]:
            del self._files[file_id]
        self._spawn(self._check(file), file)
        return file

    def find(self, file_id: str) -> NumberImport | None:
        """A file that is still in memory."""
        return self._files.get(file_id)

    def get(self, file_id: str) -> NumberImport:
        """A file that nobody works on and that was not imported.

        Raises:
            Problem: `do_not_call.import_not_found`, `do_not_call.import_busy`, `do_not_call.import_over`.
        """
        file = self._files.get(file_id)
        if file is None:
            raise Problem("do_not_call.import_not_found")
        if file.is_busy:
            raise Problem("do_not_call.import_busy")
        if file.state is FileState.IMPORTED:
            raise Problem("do_not_call.import_over")
        return file

    def check(self, file: NumberImport, choice: Choice) -> None:
        """Begins to look at it with another choice."""
        file.choice, file.state, file.reading, file.failure = choice, FileState.CHECKING, None, None
        self._spawn(self._check(file), file)

    def apply(self, file: NumberImport, *, by: Principal) -> None:
        """Begins to import it; rows that are bad are left out.

        Raises:
            Problem: `do_not_call.import_empty`.
        """
        if file.reading is None or not file.reading.numbers or file.state is not FileState.CHECKED:
            raise Problem("do_not_call.import_empty")
        file.state, file.written = FileState.IMPORTING, 0
        self._spawn(self._write(file, file.reading, by), file)

    def _spawn(self, work: Coroutine[Any, Any, None], file: NumberImport) -> None:
        task = asyncio.create_task(self._guarded(work, file), name=f"do-not-call import {file.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None], file: NumberImport) -> None:
        try:
            await work
        except SheetUnreadable as error:
            file.state, file.failure = FileState.FAILED, str(error)
        except UNAVAILABLE as error:
            log.warning("do_not_call.import_failed", file=file.id, error=type(error).__name__)
            file.state, file.failure = FileState.FAILED, "the database did not answer"

    async def _check(self, file: NumberImport) -> None:
        choice = file.choice
        reading = file.reading = Reading(file.text, file.head, choice.column, self._region)
        while await asyncio.to_thread(reading.step, _READ_AT_ONCE):
            pass
        known = 0
        for some in _in_pieces(list(reading.numbers)):
            async with self._engine.connect() as connection:
                known += await store.count_known(connection, some, choice.level, choice.name)
        file.known, file.state = known, FileState.CHECKED

    async def _write(self, file: NumberImport, reading: Reading, by: Principal) -> None:
        choice = file.choice
        level = {"level": choice.level, "name": choice.name}
        counts = {
            "added": len(reading.numbers),
            "known": file.known,
            "repeated": reading.repeated,
            "bad": len(reading.problems),
        }
        values = {**level, "reason": choice.reason, "expires_at": choice.expires_at, "import_id": file.id}
        async with self._engine.begin() as connection:
            await import_store.begin(
                connection, {"id": file.id, "file_name": file.file_name, **level, **counts}, by=by
            )
            for some in _in_pieces(list(reading.numbers)):
                await import_store.add_numbers(connection, some, values, by=by)
                file.written += len(some)
        self._told()
        log.info("do_not_call.imported", file=file.id, by=by.key, **counts)
        file.state, file.text = FileState.IMPORTED, ""
        reading.numbers.clear()


def _in_pieces(numbers: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(numbers), _WRITTEN_AT_ONCE):
        yield numbers[first : first + _WRITTEN_AT_ONCE]


IMPORTS = web.AppKey("do_not_call_imports", NumberImports)
