"""The comparison that never ends: what was over some seconds ago must have its leg, and each leg its channel.

Every few seconds, and at once after a gap: CEL and queue_log are read on, folded, and what was over is held
against the database, up to an instant until which the database is known to have everything. So a call in
progress, a slow database or a gap is never mistaken for a leg that is missing; the comparison waits and then
goes on where it stood. What does not fit is kept, and filled in (`cti.ledger.filling`).

Files are read in a thread and in small pieces. What is kept in memory is one small record for each channel
that is open or not yet compared; while those are many, reading waits, because the file keeps the rest.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.asterisk.queue_log import QueueLog
from cti.board.board import Board
from cti.board.facts import Fact, GapClosed
from cti.config import Settings
from cti.errors import LedgerError, LedgerUnreadable
from cti.ledger import store
from cti.ledger.audit import SETTLED_SECONDS
from cti.ledger.channels import Channel, ChannelFold
from cti.ledger.comparison import compare
from cti.ledger.filling import Filling
from cti.ledger.legs import legs_for, oldest_since
from cti.ledger.model import LedgerState, LedgerStatus
from cti.ledger.sources import CelSource, open_source

log = structlog.get_logger(__name__)

#: How often it looks.
PERIOD_SECONDS: Final = 5.0
#: So many channels may wait to be compared; then reading waits.
_MOST_WAITING: Final = 50_000
#: A longer stretch of time is compared in pieces.
_LONGEST_STRETCH: Final = 600.0
#: So many channels are compared in one piece: some milliseconds of the event loop's time.
_MOST_AT_ONCE: Final = 200
#: Findings that are worked on at once, and how often each is tried.
_MOST_FINDINGS: Final = 200
_TRIES: Final = 12
_DATABASE_AWAY: Final = (OSError, TimeoutError, sa.exc.SQLAlchemyError)


class Committed(Protocol):
    """Where the recorder and the journal are."""

    def __call__(self) -> tuple[int, int]:
        """The last position that the database reflects, and the last one that was taken."""
        ...


class LedgerWatch:
    """The loop, and how it stands. ``committed`` and ``clock`` belong to the event loop's thread."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        board: Board,
        *,
        write: Callable[[bytes], int],
        clock: Callable[[], float],
        committed: Committed,
        connected: Callable[[], bool],
        period_seconds: float = PERIOD_SECONDS,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._board = board
        self._clock = clock
        self._committed = committed
        self._connected = connected
        self._period = period_seconds
        self._filling = Filling(
            settings, write, clock=clock, is_live=lambda uniqueid: board.leg_of(uniqueid) is not None
        )
        self._hurry = asyncio.Event()
        self._fold = ChannelFold()
        self._source: CelSource | None = None
        self._queue_log = QueueLog(settings.queue_log_path)
        self._has_queue_log = False
        #: Instants and the journal position at each, the oldest first.
        self._marks: deque[tuple[float, int]] = deque(maxlen=64)
        #: Up to when everything was compared, now and when the service started.
        self._checked_to = self._since = 0.0
        #: CEL's file is not there; nor need it be before the first call.
        self._absent: LedgerUnreadable | None = None
        self._boot = board.boot
        self._tries: dict[int, int] = {}
        self._told = ""
        self.status = LedgerStatus(state=LedgerState.STARTING)

    def observe(self, facts: list[Fact]) -> None:
        """Takes the board's facts: after a gap it looks at once."""
        for fact in facts:
            if type(fact) is GapClosed:
                self._note(gaps=self.status.gaps + 1)
                self._hurry.set()

    def current(self) -> LedgerStatus:
        """How it stands at this moment."""
        checked_to = self.status.checked_to
        age = None if checked_to is None else self._clock() - checked_to
        return msgspec.structs.replace(self.status, age_seconds=age)

    async def run(self) -> None:
        """Compares until cancelled. What keeps it from that is logged once, and once when it is over."""
        try:
            while True:
                await self._look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._period):
                        await self._hurry.wait()
                self._hurry.clear()
        finally:
            self._queue_log.close()
            if self._source is not None:
                await self._source.close()

    async def _look(self) -> None:
        try:
            await self._step()
        except LedgerError as error:
            self._hindered(LedgerState.UNREADABLE, error.code, error.message)
        except _DATABASE_AWAY as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
            self._hindered(LedgerState.DATABASE_DOWN, "ledger.database_away", why)

    async def _step(self) -> None:
        now, (committed, taken) = self._clock(), self._committed()
        if not self._connected() or self._board.gap_from is not None:
            # What was taken by now says nothing of now: what is missed is taken later.
            self._marks.clear()
            self._note(state=LedgerState.WAITING)
            return
        self._marks.append((now, taken))
        source = self._source or await self._begin(now)
        await self._read(source)
        self._lose_what_died(now)
        horizon = self._horizon(committed)
        if horizon is None:
            return
        await self._compare_up_to(horizon)
        self._note(
            state=LedgerState.CHECKING, code=None, error=None, checked_to=self._checked_to,
            broken_lines=source.broken, queue_log=self._has_queue_log,
        )  # fmt: skip
        if self._told:
            log.warning("ledger.readable_again")
            self._told = ""
        await self._work_on_findings(horizon)

    async def _begin(self, now: float) -> CelSource:
        """Opens the ledger where the oldest channel began that was not compared yet."""
        async with self._engine.connect() as connection:
            checked_to = await store.read_position(connection, self._settings.node)
            # The first time: what is over by now was over before anybody looked.
            self._checked_to = self._since = now if checked_to is None else checked_to
            after = await oldest_since(connection, self._settings.node, self._checked_to)
        self._source = open_source(self._settings, after=after - 5.0)
        return self._source

    async def _read(self, source: CelSource) -> None:
        self._absent = None
        try:
            while self._fold.ended < _MOST_WAITING and (rows := await source.rows()):
                self._fold.take(rows)
        except LedgerUnreadable as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            self._absent = error
        try:
            while lines := await self._queue_log.lines():
                self._fold.take_waits(lines)
            self._has_queue_log = True
        except OSError:
            self._has_queue_log = False

    def _lose_what_died(self, now: float) -> None:
        """Of the channels of Asterisk's last life CEL has no end."""
        if self._board.boot == self._boot:
            return
        self._boot = self._board.boot
        self._fold.lose(
            uniqueid
            for uniqueid, channel in list(self._fold.open.items())
            if self._board.leg_of(uniqueid) is None and channel.last_at < now - SETTLED_SECONDS
        )

    def _horizon(self, committed: int) -> float | None:
        """Up to when the database is known to have everything."""
        found = None
        while self._marks and self._marks[0][1] <= committed:
            found = self._marks.popleft()[0]
        return None if found is None else found - SETTLED_SECONDS

    async def _compare_up_to(self, horizon: float) -> None:
        if self._fold.ended >= _MOST_WAITING:
            # There is more to read: what is that old, has been read.
            horizon = min(horizon, (self._fold.last_at or horizon) - SETTLED_SECONDS)
            self._hurry.set()
        while True:
            end = min(horizon, self._checked_to + _LONGEST_STRETCH)
            many = self._fold.instant_of(_MOST_AT_ONCE)
            if many is not None and self._checked_to < many < end:
                end = many
            await self._compare(self._checked_to, end)
            if end >= horizon:
                return

    async def _compare(self, begin: float, end: float) -> None:
        channels = [channel for channel in self._fold.take_ended(end) if channel.last_at >= self._since]
        end = max(begin, end)  # Asterisk's clock may have been set back
        try:
            async with self._engine.begin() as connection:
                await self._hold_against(connection, channels, begin, end)
        except BaseException:
            self._fold.give_back(channels)
            raise
        self._checked_to = end
        self._fold.forget(end)

    async def _hold_against(
        self, connection: AsyncConnection, channels: Sequence[Channel], begin: float, end: float
    ) -> None:
        node = self._settings.node
        legs = await legs_for(connection, node, channels, begin=begin, end=end)
        if legs and self._absent is not None:
            raise self._absent
        result = compare(
            channels, legs, node=node, seen=self._fold.known(), with_queue_log=self._has_queue_log
        )
        await store.save(connection, node, result, [channel.last_at for channel in channels], end)
        self._note(
            channels=self.status.channels + result.channels, matched=self.status.matched + result.matched
        )
        for finding in result.findings[:20]:
            log.warning(
                "ledger.finding", kind=finding.kind.value, uniqueid=finding.uniqueid, field=finding.field,
                ours=finding.ours, theirs=finding.theirs,
            )  # fmt: skip

    async def _work_on_findings(self, horizon: float) -> None:
        open_links = {channel.linkedid for channel in self._fold.open.values()}
        async with self._engine.begin() as connection:
            found = await store.unsettled(connection, self._settings.node, _MOST_FINDINGS)
            todo = [
                one
                for one in found
                if self._tries.get(one.id, 0) < _TRIES and one.finding.linkedid not in open_links
            ]
            if todo:
                await self._filling.work_on(connection, todo, before=horizon)
            unsettled = await store.count_unsettled(connection, self._settings.node)
        self._tries = {one.id: self._tries.get(one.id, 0) + (one in todo) for one in found}
        self._note(unsettled=unsettled)

    def _hindered(self, state: LedgerState, code: str, error: str) -> None:
        self._note(state=state, code=code, error=error)
        if self._told != code:
            self._told = code
            log.error("ledger.hindered", code=code, error=error)

    def _note(self, **changes: object) -> None:
        self.status = msgspec.structs.replace(self.status, **changes)
