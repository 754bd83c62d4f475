"""The open attempts of this service, and what is seen of them, until the database has it.

`observe` takes the board's facts and never waits. What is seen is kept as news, for each open attempt apart,
and `run` writes it in batches; while the database is away it waits here, a few records for each attempt. An
attempt leaves the book when its end is written.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.board.board import Board
from cti.board.facts import (
    AttemptNoted,
    AttemptSaying,
    Fact,
    FlowRunEnded,
    FlowRunStarted,
    LegChanged,
    LegEnded,
    LegStarted,
    QueueJoined,
    QueueLeft,
)
from cti.calls.flow_run import FlowRun
from cti.calls.model import EntryOutcome, Leg
from cti.db.engine import UNAVAILABLE, is_refusal
from cti.dialling.attempts.open_attempt import OpenAttempt
from cti.dialling.pace.situations import Flight
from cti.dialling.records import attempt_store
from cti.dialling.rules.news import News
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import AttemptLimits, RetryRules
from cti.flows.model import FlowKind

log = structlog.get_logger(__name__)

_MOST_AT_ONCE: Final = 200
_AGAIN_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 2.0
#: Whether an end is known follows from the time, too.
_LOOK_SECONDS: Final = 0.5

#: What a campaign does after each call, and the limits; None is no campaign.
RetriesOf = Callable[[int | None], tuple[RetryRules, AttemptLimits]]


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended."""

    outcome: Outcome
    ended_at: float
    unknown_why: str | None = None


class AttemptBook:
    """Belongs to the event loop's thread. ``on_end`` is called with each attempt whose end was written."""

    def __init__(
        self,
        board: Board,
        engine: AsyncEngine,
        *,
        clock: Callable[[], float],
        retries_of: RetriesOf,
    ) -> None:
        self.on_end: Callable[[OpenAttempt, Settlement], None] = lambda _attempt, _end: None
        self._board = board
        self._engine = engine
        self._clock = clock
        self._retries_of = retries_of
        self._attempts: dict[str, OpenAttempt] = {}
        self._news: dict[str, list[News]] = {}
        self._ends: dict[str, Settlement] = {}
        self._wake = asyncio.Event()
        self._most = _MOST_AT_ONCE
        self._is_down = False

    # --- what is open ---

    def __contains__(self, attempt_id: str) -> bool:
        return attempt_id in self._attempts

    def __iter__(self) -> Iterator[OpenAttempt]:
        return iter(self._attempts.values())

    def get(self, attempt_id: str) -> OpenAttempt | None:
        """An open attempt."""
        return self._attempts.get(attempt_id)

    def open(self, attempt: OpenAttempt) -> None:
        """Follows an attempt from now on; what the board knows of it already counts."""
        self._attempts[attempt.id] = attempt
        leg = self._board.leg_of(attempt.id)
        if leg is not None:
            self._keep(attempt.appeared(leg, self._clock()))
            self._catch_up(attempt, leg)
        if leg is not None or attempt.look_at is not None:
            # One that is taken over may have been through its flow, and be gone.
            for run in self._board.runs_of(attempt.id):
                self._see_flow(run)

    def close(self, attempt_id: str) -> None:
        """Follows an attempt no more: it was never sent."""
        self._attempts.pop(attempt_id, None)
        self._news.pop(attempt_id, None)
        self._ends.pop(attempt_id, None)

    def flights(self) -> list[Flight]:
        """Those for queues that nobody has taken yet."""
        return [
            Flight(one.queue, one.sent_at, one.lacks_agent)
            for one in self._attempts.values()
            if one.queue is not None and one.id not in self._ends and (one.rings or one.lacks_agent)
        ]

    def of_campaign(self, campaign_id: int) -> list[OpenAttempt]:
        """Those of a campaign of which nobody knows how they ended."""
        return [
            one
            for one in self._attempts.values()
            if one.campaign_id == campaign_id and one.id not in self._ends
        ]

    # --- what is seen ---

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        if not self._attempts:
            return
        for fact in facts:
            if isinstance(fact, LegStarted | LegChanged | LegEnded):
                attempt = self._attempts.get(fact.leg.uniqueid)
                if attempt is not None and attempt.id not in self._ends:
                    ended = isinstance(fact, LegEnded)
                    self._keep((attempt.gone if ended else attempt.appeared)(fact.leg, fact.at))
            elif isinstance(fact, QueueJoined | QueueLeft):
                self._see_queue(fact)
            elif isinstance(fact, AttemptNoted):
                attempt = self._attempts.get(fact.attempt_id)
                if attempt is not None:
                    self._see_note(attempt, fact)
            elif isinstance(fact, FlowRunStarted):
                attempt = self._by_leg(fact.run.leg_id)
                if attempt is not None and attempt.queue is None:
                    self._keep(attempt.connected(fact.at))
                self._see_flow(fact.run)
            elif isinstance(fact, FlowRunEnded):
                self._see_flow(fact.run)

    def was_told(self, attempt_id: str, reason: int | None) -> None:
        """Asterisk's answer to Originate has come, or is lost (None)."""
        attempt = self._attempts.get(attempt_id)
        if attempt is not None:
            self._keep(attempt.was_told(reason, self._clock()))

    def cancel(self, attempt: OpenAttempt) -> None:
        """It is being given up."""
        self._keep(attempt.cancelled(self._clock()))

    def add(self, news: News | None) -> None:
        """Keeps what was found out of an open attempt elsewhere."""
        if news is not None and news.attempt_id in self._attempts:
            self._keep(news)

    def end(self, attempt_id: str, settlement: Settlement) -> None:
        """Says how one ended, of which nothing more is to be seen."""
        attempt = self._attempts.get(attempt_id)
        if attempt is not None and attempt_id not in self._ends:
            attempt.ended_at = settlement.ended_at
            if settlement.outcome is Outcome.ABANDONED:
                self._keep(attempt.left_alone(settlement.ended_at))
            self._ends[attempt_id] = settlement
            self._wake.set()

    # --- what is written ---

    async def run(self) -> None:
        """Writes until cancelled, and then once more."""
        try:
            await self._write_on()
        finally:
            with suppress(*UNAVAILABLE):
                async with asyncio.timeout(_STOP_SECONDS):
                    self._find_ends()
                    await self._write()

    async def _write_on(self) -> None:
        while True:
            self._wake.clear()
            self._find_ends()
            if self._news or self._ends:
                try:
                    await self._write()
                except UNAVAILABLE as error:
                    await self._trouble(error)
                    continue
                if self._is_down:
                    self._is_down = False
                    log.warning("attempts.written_again")
                if self._news or self._ends:
                    continue
            try:
                async with asyncio.timeout(_LOOK_SECONDS if self._attempts else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _find_ends(self) -> None:
        now = self._clock()
        for attempt in self._attempts.values():
            if attempt.id not in self._ends and (outcome := attempt.outcome(now)) is not None:
                ended_at = now if attempt.ended_at is None else attempt.ended_at
                self.end(attempt.id, Settlement(outcome=outcome, ended_at=ended_at))

    async def _write(self) -> None:
        ids = list(dict.fromkeys([*self._news, *self._ends]))[: self._most]
        if not ids:
            return
        news = {one: tuple(self._news.get(one, ())) for one in ids}
        ends = {one: self._ends[one] for one in ids if one in self._ends}
        async with self._engine.begin() as connection:
            await attempt_store.note(connection, [one for some in news.values() for one in some])
            for attempt_id, end in ends.items():
                retries, limits = self._retries_of(self._attempts[attempt_id].campaign_id)
                await attempt_store.settle(
                    connection, attempt_id, end.outcome, end.ended_at,
                    retries=retries, limits=limits, unknown_why=end.unknown_why,
                    flow_outcome=self._attempts[attempt_id].flow_outcome,
                )  # fmt: skip
        self._most = _MOST_AT_ONCE
        for attempt_id, written in news.items():
            self._forget_news(attempt_id, len(written))
        for attempt_id, end in ends.items():
            attempt = self._attempts.get(attempt_id)
            self.close(attempt_id)
            if attempt is not None:
                self.on_end(attempt, end)

    def _forget_news(self, attempt_id: str, count: int) -> None:
        rest = self._news.pop(attempt_id, [])[count:]
        if rest:
            self._news[attempt_id] = rest

    async def _trouble(self, error: Exception) -> None:
        if is_refusal(error):
            if self._most > 1:
                self._most = 1  # which one is it?
                return
            attempt_id = next(iter(dict.fromkeys([*self._news, *self._ends])))
            log.error("attempts.not_written", attempt=attempt_id, error=str(error).splitlines()[0])
            self.close(attempt_id)
            return
        if not self._is_down:
            self._is_down = True
            log.warning(
                "attempts.wait_for_database", error=type(error).__name__, attempts=len(self._attempts)
            )
        await asyncio.sleep(_AGAIN_SECONDS)

    # --- inside ---

    def _keep(self, news: News | None) -> None:
        if news is not None:
            self._news.setdefault(news.attempt_id, []).append(news)
        self._wake.set()

    def _by_leg(self, leg_id: str) -> OpenAttempt | None:
        leg = self._board.leg(leg_id)
        return None if leg is None else self._attempts.get(leg.uniqueid)

    def _see_flow(self, run: FlowRun) -> None:
        """A flow began or ended, whose channel may be gone. A survey says nothing of the attempt."""
        attempt = self._attempts.get(run.leg_id.removeprefix(f"{self._board.boot}-"))
        if attempt is None or attempt.queue is not None or run.kind == FlowKind.SURVEY:
            return
        if run.outcome is None:
            attempt.flow_began()
        else:
            attempt.flow_ended(run.outcome)
        self._wake.set()

    def _see_queue(self, fact: QueueJoined | QueueLeft) -> None:
        attempt = self._by_leg(fact.entry.leg_id)
        if attempt is None:
            return
        attempt.joined = True
        if fact.entry.outcome is EntryOutcome.ANSWERED:
            self._keep(attempt.connected(fact.at))

    def _see_note(self, attempt: OpenAttempt, fact: AttemptNoted) -> None:
        match fact.said:
            case AttemptSaying.MACHINE:
                self._keep(attempt.heard(fact.status or "", fact.cause, fact.at))
            case AttemptSaying.CONNECTED:
                self._keep(attempt.connected(fact.at))
            case AttemptSaying.ABANDONED:
                self._keep(attempt.left_alone(fact.at))

    def _catch_up(self, attempt: OpenAttempt, leg: Leg) -> None:
        """What happened on the board before it was followed here."""
        now = self._clock()
        for entry in self._board.entries():
            if entry.leg_id == leg.id:
                attempt.joined = True
                if entry.outcome is EntryOutcome.ANSWERED:
                    self._keep(attempt.connected(now))
        if attempt.queue is None and any(run.leg_id == leg.id for run in self._board.flow_runs()):
            self._keep(attempt.connected(now))
