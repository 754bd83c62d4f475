"""The recorder: writes what the board says into PostgreSQL, never ahead of the journal, never twice, nothing
left out.

Facts come in at once (`take`) and only mark what has changed. The loop (`run`) cuts a batch: rows as they are
at one journal position. It waits until the journal has made that position durable and then commits rows and
position in one transaction.

While the database is down or slow, changes gather. Beyond `CHANGES_LIMIT` they are dropped, because the
journal has them: the recorder is then *behind*, and once the database is back it reads the journal from the
committed position with a board of its own until it has caught up with the live one. Starting without a
database is the same case.
"""

import asyncio
import random
import time
from enum import StrEnum
from typing import Final, Protocol

import asyncpg
import msgspec
import structlog

from cti.asterisk.events import parse
from cti.board.facts import Fact
from cti.db.engine import plain_dsn
from cti.journal.retention import Retention
from cti.recorder.batch import CHANGES_LIMIT, Changes
from cti.recorder.batch_writer import write_batch
from cti.recorder.connection import (
    AWAY,
    make_partitions,
    open_connection,
    read_position,
    set_position,
)
from cti.recorder.recovery import ReadableJournal, read_on, restore

log = structlog.get_logger(__name__)

#: How long changes gather before they are written: what a person does not notice in a history. They gather
#: while the batch before is being written, too; when that takes longer, the next is cut as soon as it is
#: done. So a slow database gets larger batches, and none of its time is lost.
GATHER_SECONDS: Final = 0.25
_LONGEST_BACK_OFF: Final = 5.0
_PARTITION_SECONDS: Final = 86_400.0
#: While catching up: records between two turns of the event loop, and changes in one batch.
_SLICE: Final = 200
_CATCH_UP_BATCH: Final = 5_000


class DurableJournal(ReadableJournal, Protocol):
    """What the recorder needs of `cti.journal.journal.Journal`."""

    @property
    def retention(self) -> Retention: ...

    async def wait_durable(self, position: int) -> None: ...


class RecorderState(StrEnum):
    """What the recorder is doing."""

    WRITING = "writing"
    CATCHING_UP = "catching_up"
    DATABASE_DOWN = "database_down"


class RecorderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the recorder is now."""

    state: RecorderState
    #: The journal position that the rows reflect, and the last one taken from the board.
    position: int
    taken_position: int
    #: For how long the oldest change has waited to be written; 0 when none waits.
    lag_seconds: float
    waiting_changes: int
    last_error: str | None


class Recorder:
    """Takes facts and writes rows. `take` belongs to the event loop's thread; `run` is the loop.

    ``url`` is the database's address. ``journal`` is where missed facts are read again.
    """

    def __init__(
        self,
        url: str,
        node: str,
        *,
        gather_seconds: float = GATHER_SECONDS,
        changes_limit: int = CHANGES_LIMIT,
    ) -> None:
        self._dsn = plain_dsn(url)
        self._node = node
        self._gather_seconds = gather_seconds
        self._changes_limit = changes_limit
        self._changes = Changes(node)
        self._taken = 0
        self._committed: int | None = None
        #: Not every change since the committed position is in `_changes`.
        self._behind = True
        self._since: float | None = None
        self._wake = asyncio.Event()
        self._state = RecorderState.DATABASE_DOWN
        self._error: str | None = None
        self._told_down = False
        self._progress = asyncio.Condition()
        self._partitions_due = 0.0

    # --- taking ---

    def take(self, facts: list[Fact], position: int) -> None:
        """Marks what the facts of the event at ``position`` changed. Never waits."""
        self._taken = position
        if self._since is None:
            self._since = time.monotonic()
            self._wake.set()
        if self._behind:
            return
        if facts:
            self._changes.mark(facts, position)
        if not position & 0xFF and len(self._changes) > self._changes_limit:
            log.warning("recorder.behind", waiting_changes=len(self._changes), position=self._committed)
            self.fall_behind()

    def fall_behind(self) -> None:
        """Gives up what was collected: the loop reads it from the journal."""
        self._changes = Changes(self._node)
        self._behind = True
        self._wake.set()

    @property
    def status(self) -> RecorderStatus:
        """How the recorder is now."""
        return RecorderStatus(
            state=self._state,
            position=self._committed or 0,
            taken_position=self._taken,
            lag_seconds=self._waited(),
            waiting_changes=len(self._changes),
            last_error=self._error,
        )

    def _waited(self) -> float:
        """For how long the oldest change has waited."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    # --- writing ---

    async def committed_position(self) -> int | None:
        """The position that the rows reflect, asked at start-up, before recovery; None without a database.

        After this the facts of every event beyond that position must be given to `take`, in order.
        """
        try:
            connection = await open_connection(self._dsn, self._node)
        except AWAY as error:
            self._down(error)
            return None
        try:
            self._committed = await read_position(connection, self._node)
        except AWAY as error:
            self._down(error)
            return None
        finally:
            connection.terminate()
        self._taken = self._committed
        self._behind = False
        return self._committed

    async def run(self, journal: DurableJournal) -> None:
        """Writes until cancelled. A database that is away is logged once, and once when it is back.

        Raises:
            RecorderFenced: another process writes the rows of this node.
        """
        wait = 0.1
        while True:
            connection: asyncpg.Connection | None = None
            try:
                connection = await open_connection(self._dsn, self._node)
                await self._resume(connection, journal)
                wait = 0.1
                while True:
                    if self._behind:
                        await self._catch_up(connection, journal)
                    await self._write_next(connection, journal)
            except AWAY as error:
                self._down(error)
            finally:
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  (jitter)
            wait = min(wait * 2, _LONGEST_BACK_OFF)

    async def drain(self) -> None:
        """Returns once everything taken so far is committed."""
        target = self._taken
        async with self._progress:
            await self._progress.wait_for(lambda: (self._committed or 0) >= target and not self._behind)

    async def _resume(self, connection: asyncpg.Connection, journal: DurableJournal) -> None:
        committed = await read_position(connection, self._node)
        if committed > journal.position:
            log.error("recorder.journal_lost", committed=committed, journal_position=journal.position)
            committed = journal.position
            await set_position(connection, self._node, committed)
        if self._committed is None or committed < self._committed:
            # Started without a database, or its last commits were lost with its power.
            self._behind = True
        self._committed = committed
        self._taken = max(self._taken, committed)
        await self._make_partitions(connection)
        self._state = RecorderState.CATCHING_UP if self._behind else RecorderState.WRITING
        if self._told_down:
            self._told_down = False
            log.warning("recorder.database_up", position=committed, waiting_changes=len(self._changes))

    async def _make_partitions(self, connection: asyncpg.Connection) -> None:
        await make_partitions(connection)
        self._partitions_due = time.monotonic() + _PARTITION_SECONDS

    def _down(self, error: BaseException) -> None:
        self._state = RecorderState.DATABASE_DOWN
        self._error = f"{type(error).__name__}: {error}"
        if not self._told_down:
            self._told_down = True
            log.error("recorder.database_down", error=self._error)

    async def _write_next(self, connection: asyncpg.Connection, journal: DurableJournal) -> None:
        """Waits for changes, lets some more gather, and commits them."""
        await self._wake.wait()
        await asyncio.sleep(self._gather_seconds - self._waited())
        if self._behind:
            return
        if time.monotonic() >= self._partitions_due:
            await self._make_partitions(connection)
        changes, position = self._changes, self._taken
        batch = changes.cut(position)
        self._changes = Changes(self._node)
        self._wake.clear()
        since, self._since = self._since, None
        try:
            await journal.wait_durable(position)
            await write_batch(connection, self._node, batch, self._committed or 0)
        except BaseException:
            self._since = since
            self._wake.set()
            if not self._behind:
                self._changes.put_back(changes)
            raise
        await self._advance(journal, position)

    async def _advance(self, journal: DurableJournal, position: int) -> None:
        self._committed = position
        journal.retention.release(position)
        async with self._progress:
            self._progress.notify_all()

    # --- catching up ---

    async def _catch_up(self, connection: asyncpg.Connection, journal: DurableJournal) -> None:
        """Reads from the journal what was not collected, until nothing is between it and the live board."""
        self._state = RecorderState.CATCHING_UP
        self._taken = max(self._taken, journal.position)
        began, first = time.monotonic(), self._committed or 0
        board, at = restore(journal, self._node, first)
        changes = Changes(self._node)
        while True:
            target = self._taken
            await journal.wait_durable(target)
            records = read_on(journal, after=at, written=self._committed or 0)
            for count, (position, block) in enumerate(records, 1):
                facts = board.apply(parse(block))
                at = position
                if position > first:
                    changes.mark(facts, position)
                if not count % _SLICE:
                    await asyncio.sleep(0)
                    if len(changes) >= _CATCH_UP_BATCH:
                        await write_batch(connection, self._node, changes.cut(at), self._committed or 0)
                        changes = Changes(self._node)
                        await self._advance(journal, at)
            at = max(at, target)  # the last records before it may be damaged
            if at >= self._taken:
                break
        # No await since the last look at `_taken`: from here on `take` goes on where this ended.
        self._changes = changes
        self._behind = False
        self._wake.set()
        self._state = RecorderState.WRITING
        log.info("recorder.caught_up", events=at - first, seconds=round(time.monotonic() - began, 3))
