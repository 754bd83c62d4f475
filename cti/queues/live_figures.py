"""What goes on in the queues now and has gone on today, kept up to date fact by fact.

Today's counts begin with what the database knows and go on with the facts. A queue entry that ended lately
may or may not be in the database yet, so entries that ended since a while are remembered by id, left out of
the database's count, and counted from memory: none is counted twice and none is missed.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.agents.directory import Directory
from cti.agents.model import AgentStatus
from cti.board.board import Board
from cti.board.facts import (
    AgentChanged,
    AgentStateChanged,
    ClockStepped,
    Fact,
    GapClosed,
    QueueJoined,
    QueueLeft,
)
from cti.calls.model import (
    EntryOutcome,
    QueueEntry,
    by_present_clock,
)
from cti.calls.tables import queue_entries
from cti.db.engine import UNAVAILABLE
from cti.http.shapes import Instant, instant_or_none

log = structlog.get_logger(__name__)

#: How long an ended entry is remembered: longer than the recorder takes to write it.
_REMEMBERED_SECONDS: Final = 1800.0
_RESEED_SECONDS: Final = 300.0
_RETRY_SECONDS: Final = 5.0
_COUNTED: Final = frozenset({EntryOutcome.ANSWERED, EntryOutcome.ABANDONED, EntryOutcome.OVERFLOW})


class QueueLive(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as it is now; figures that are not known, or not for this reader, are null.

    `offered_today` counts callers whose wait is over, with a known end. `service_level_today` is the share of
    them (0 to 1) who were answered within the queue's time; null when nobody was offered.
    """

    name: str
    title: str
    waiting: int
    longest_wait_since: Instant | None
    service_level_today: float | None = None
    offered_today: int | None = None
    answered_today: int | None = None
    abandoned_today: int | None = None
    ready: int | None = None
    talking: int | None = None
    wrap_up: int | None = None
    paused: int | None = None
    signed_in: int | None = None


class _Today(msgspec.Struct):
    offered: int = 0
    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0


class LiveFigures:
    """The figures of all queues; `observe` never waits.

    A day begins at midnight in ``time_zone``, by default this machine's.
    """

    def __init__(
        self, board: Board, directory: Directory, engine: AsyncEngine, time_zone: tzinfo | None = None
    ) -> None:
        #: Queues that changed since whoever clears this looked last.
        self.changed: set[str] = set()
        self._board = board
        self._directory = directory
        self._engine = engine
        self._time_zone = time_zone
        self._waiting: dict[str, dict[str, float]] = {}
        self._stored: dict[str, _Today] = {}
        self._seeded = False
        #: Entries that ended lately, by id.
        self._ended: dict[str, QueueEntry] = {}
        self._today: dict[str, _Today] = {}
        self._day_starts_at = 0.0
        self._day_ends_at = 0.0
        self.recount_waiting()

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes facts of the board."""
        for fact in facts:
            if isinstance(fact, QueueJoined):
                self._waiting.setdefault(fact.entry.queue, {})[fact.entry.id] = by_present_clock(
                    fact.entry.joined_at, fact.entry
                )
                self.changed.add(fact.entry.queue)
            elif isinstance(fact, QueueLeft):
                self._left(fact)
            elif isinstance(fact, AgentStateChanged | AgentChanged):
                entry = self._directory.agents.get(fact.agent.agent_id)
                self.changed.update(fact.agent.queues, entry.queues if entry is not None else ())
            elif isinstance(fact, GapClosed | ClockStepped):
                self.recount_waiting()

    def recount_waiting(self) -> None:
        """Take who waits anew from the board: at the start, after a gap, after a jump of the clock."""
        self.changed.update(self._waiting)
        self._waiting = {}
        for entry in self._board.waiting():
            self._waiting.setdefault(entry.queue, {})[entry.id] = by_present_clock(entry.joined_at, entry)
        self.changed.update(self._waiting)

    def names(self) -> list[str]:
        """All queues that are set up or have somebody waiting."""
        return sorted({*self._directory.queues, *(name for name, ids in self._waiting.items() if ids)})

    def briefly(self, name: str) -> QueueLive:
        """What an agent sees of a queue that he serves."""
        waiting = self._waiting.get(name) or {}
        return QueueLive(
            name=name,
            title=self._directory.queue_title(name),
            waiting=len(waiting),
            longest_wait_since=instant_or_none(min(waiting.values(), default=None)),
        )

    def views(self, names: Iterable[str]) -> list[QueueLive]:
        """What a supervisor sees of these queues."""
        counts = self._counts()
        views = []
        for name in names:
            today = self._today_of(name)
            now = counts.get(name, {})
            views.append(
                msgspec.structs.replace(
                    self.briefly(name),
                    service_level_today=_share(today),
                    offered_today=today.offered if self._seeded else None,
                    answered_today=today.answered if self._seeded else None,
                    abandoned_today=today.abandoned if self._seeded else None,
                    ready=now.get(AgentStatus.READY, 0),
                    talking=now.get(AgentStatus.TALKING, 0) + now.get(AgentStatus.HOLD, 0),
                    wrap_up=now.get(AgentStatus.WRAP_UP, 0),
                    paused=now.get(AgentStatus.PAUSED, 0),
                    signed_in=sum(now.values()),
                )
            )
        return views

    async def run(self) -> None:
        """Count from the database at the start, after midnight, and now and then."""
        down = False
        while True:
            try:
                await self.seed()
            except UNAVAILABLE as error:
                if not down:
                    log.warning("live_figures.not_seeded", error=str(error)[:200])
                down = True
            else:
                down = False
            until_midnight = max(1.0, self._day_ends_at - datetime.now(UTC).timestamp())
            await asyncio.sleep(_RETRY_SECONDS if down else min(_RESEED_SECONDS, until_midnight))

    async def seed(self) -> None:
        """Take today's counts from the database."""
        self._turn_day(datetime.now(UTC).timestamp())
        # What ended after this moment is counted from memory alone.
        until = self._board.at or datetime.now(UTC).timestamp()
        old = {
            key for key, entry in self._ended.items() if (entry.left_at or 0.0) < until - _REMEMBERED_SECONDS
        }
        left_out = [key for key in self._ended if key not in old]
        entries = queue_entries.c
        seconds = {name: float(queue.service_level_seconds) for name, queue in self._directory.queues.items()}
        in_time = sa.case(seconds, value=entries.queue, else_=0.0) if seconds else sa.literal(0.0)
        waited = sa.extract("epoch", entries.left_at - entries.joined_at)
        answered = entries.outcome == EntryOutcome.ANSWERED.value
        statement = (
            sa.select(
                entries.queue,
                sa.func.count(),
                sa.func.count().filter(answered),
                sa.func.count().filter(answered & (waited <= in_time)),
                sa.func.count().filter(entries.outcome == EntryOutcome.ABANDONED.value),
            )
            .where(
                entries.joined_at >= datetime.fromtimestamp(self._day_starts_at, UTC),
                entries.joined_at < datetime.fromtimestamp(self._day_ends_at, UTC),
                entries.outcome.in_([outcome.value for outcome in _COUNTED]),
                entries.left_at <= datetime.fromtimestamp(until, UTC),
                entries.id != sa.func.all(sa.cast(left_out, sa.ARRAY(sa.Text))),
            )
            .group_by(entries.queue)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        self._stored = {name: _Today(*counts) for name, *counts in rows}
        self._ended = {key: entry for key, entry in self._ended.items() if key not in old}
        self._seeded = True
        self._recount()

    def _left(self, fact: QueueLeft) -> None:
        entry = fact.entry
        self._waiting.get(entry.queue, {}).pop(entry.id, None)
        self.changed.add(entry.queue)
        if entry.outcome in _COUNTED:
            if fact.at >= self._day_ends_at:  # one that comes late does not bring yesterday back
                self._turn_day(fact.at)
            is_known = entry.id in self._ended
            self._ended[entry.id] = entry
            if is_known:  # it was told otherwise before
                self._recount()
            else:
                self._count(entry)

    def _count(self, entry: QueueEntry) -> None:
        if not self._day_starts_at <= entry.joined_at < self._day_ends_at:
            return
        today = self._today.setdefault(entry.queue, _Today())
        today.offered += 1
        if entry.outcome is EntryOutcome.ABANDONED:
            today.abandoned += 1
        elif entry.outcome is EntryOutcome.ANSWERED:
            today.answered += 1
            queue = self._directory.queues.get(entry.queue)
            if queue is not None and entry.left_at is not None:
                today.answered_in_time += entry.left_at - entry.joined_at <= queue.service_level_seconds

    def _recount(self) -> None:
        self._today = {name: msgspec.structs.replace(today) for name, today in self._stored.items()}
        for entry in self._ended.values():
            self._count(entry)
        self.changed.update(self._today)

    def _turn_day(self, at: float) -> None:
        if self._day_starts_at <= at < self._day_ends_at:
            return
        now = datetime.fromtimestamp(at, UTC).astimezone(self._time_zone)
        start = now.replace(hour=0, minute=0, second=0, microsecond=0)
        # Not 24 hours: a day on which the clocks change has 23 or 25.
        end = (start + timedelta(hours=36)).replace(hour=0)
        if self._time_zone is None:
            start, end = (moment.replace(tzinfo=None).astimezone() for moment in (start, end))
        self._day_starts_at, self._day_ends_at = start.timestamp(), end.timestamp()
        self._stored = {}
        self._recount()

    def _today_of(self, name: str) -> _Today:
        return self._today.get(name) or _Today()

    def _counts(self) -> dict[str, dict[AgentStatus, int]]:
        counts: dict[str, dict[AgentStatus, int]] = {}
        for agent in self._board.agents():
            status = agent.state.status
            for name in agent.queues:
                of_queue = counts.setdefault(name, {})
                of_queue[status] = of_queue.get(status, 0) + 1
        return counts


def _share(today: _Today) -> float | None:
    return round(today.answered_in_time / today.offered, 4) if today.offered else None


FIGURES = web.AppKey("live_figures", LiveFigures)
