"""What becomes of attempts that somebody else sent, or that were lost sight of.

After a start, a new lease, or trouble with the database, what is open there is taken over: what was never
sent is released, and everything else is followed. After a reconnect, attempts whose channels are gone were
lost sight of. Those are looked up in Asterisk's ledger, and what is done with each follows from
`cti.dialling.rules.attempt.after_restart`: a number is never dialled again because of any of this.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.asterisk.cel import CelRow
from cti.board.board import Board
from cti.dialling.attempts.attempt_book import AttemptBook, Settlement
from cti.dialling.attempts.ledger_evidence import LedgerTrace, evidence_with, traces_of
from cti.dialling.attempts.open_attempt import OpenAttempt
from cti.dialling.records import attempt_store
from cti.dialling.records.attempt_store import AttemptRow
from cti.dialling.rules.attempt import AttemptState, Found, Step, after_restart
from cti.dialling.rules.may_dial import Purpose
from cti.dialling.rules.news import News
from cti.dialling.rules.outcome import Outcome
from cti.errors import LedgerError

log = structlog.get_logger(__name__)

RowsAfter = Callable[[float], Awaitable[Sequence[CelRow]]]
#: How often one that may still ring is looked up again.
_AGAIN_SECONDS: Final = 5.0
#: Instants of the ledger and of ours may differ by so much.
_SLACK_SECONDS: Final = 5.0


class Recovery:
    """Works on the book; ``rows_after`` reads the ledger from an instant on."""

    def __init__(
        self,
        board: Board,
        engine: AsyncEngine,
        book: AttemptBook,
        *,
        node: str,
        clock: Callable[[], float],
        rows_after: RowsAfter,
        queue_of: Callable[[int], str | None],
    ) -> None:
        self._board = board
        self._engine = engine
        self._book = book
        self._node = node
        self._clock = clock
        self._rows_after = rows_after
        self._queue_of = queue_of
        self._is_blind = False

    async def take_over(self, epoch: int) -> None:
        """Follows what is open in the database, and releases what was never sent; nothing is being sent now.

        Raises: as the database does.
        """
        now = self._clock()
        async with self._engine.begin() as connection:
            # Who dials by hand follows his attempts himself.
            rows = [
                row
                for row in await attempt_store.open_attempts(connection, self._node)
                if row.purpose is Purpose.CAMPAIGN and row.agent_id is None
            ]
            stale = [row.id for row in rows if row.state is AttemptState.RESERVED and row.epoch <= epoch]
            released = await attempt_store.release(connection, stale, now=now) if stale else []
        taken = [row for row in rows if row.state is not AttemptState.RESERVED and row.id not in self._book]
        for row in taken:
            self._book.open(self._followed(row, now))
        if released or taken:
            log.warning(
                "attempts.taken_over",
                released=len(released),
                followed=len(taken),
                epoch=epoch,
                sent_by=sorted({row.sent_by for row in taken if row.sent_by is not None}),
            )

    def lose_sight(self) -> None:
        """Events were missed: whose channel is not on the board has to be looked up."""
        now = self._clock()
        for attempt in self._book:
            if not attempt.is_over and attempt.look_at is None and self._board.leg_of(attempt.id) is None:
                attempt.look_at = now

    async def look(self) -> None:
        """Looks up those that are due."""
        now = self._clock()
        due = [one for one in self._book if one.look_at is not None and one.look_at <= now]
        if not due:
            return
        rows = await self._read(min(one.sent_at for one in due) - _SLACK_SECONDS)
        if rows is None:
            for attempt in due:
                attempt.look_at = now + _AGAIN_SECONDS
            return
        traces = traces_of(rows, {one.id for one in due})
        for attempt in due:
            self._decide(attempt, traces.get(attempt.id), now)

    async def _read(self, after: float) -> Sequence[CelRow] | None:
        """The ledger from an instant on; None while it cannot be read."""
        try:
            rows = await self._rows_after(after)
        except LedgerError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return []  # nor need it be there before the first call
            if not self._is_blind:
                self._is_blind = True
                log.error("attempts.ledger_unreadable", error=error.message)
            return None
        self._is_blind = False
        return rows

    def _decide(self, attempt: OpenAttempt, trace: LedgerTrace | None, now: float) -> None:
        if attempt.is_over:
            self._learn(attempt, trace)
            return
        lives = self._board.leg_of(attempt.id) is not None
        seen = attempt.seen if trace is None else evidence_with(attempt.seen, trace)
        known = trace is not None or attempt.state is not AttemptState.SENDING
        finding = after_restart(
            Found(
                state=attempt.state,
                sent_at=attempt.sent_at,
                ring_seconds=attempt.ring_seconds,
                channel_lives=lives,
                ledger=seen if known else None,
                ledger_has_end=trace is not None and trace.ended_at is not None,
                asterisk_restarted=bool(attempt.boot) and attempt.boot != self._board.boot,
            ),
            now,
        )
        if finding.step is Step.ADOPT:
            self._learn(attempt, trace)
            self._book.open(attempt)
        elif finding.step is Step.WAIT:
            attempt.look_at = min(now + _AGAIN_SECONDS, finding.until or now)
        elif finding.outcome is not None:
            self._end(attempt, finding.outcome, trace, now)

    def _learn(self, attempt: OpenAttempt, trace: LedgerTrace | None) -> None:
        """What the dialplan said of it while nobody followed it; the rest is on the board."""
        attempt.look_at = None
        if trace is not None and trace.machine is not None and trace.machine_at is not None:
            self._book.add(attempt.heard(trace.machine.value, trace.machine_cause, trace.machine_at))
        if trace is not None and trace.abandoned_at is not None:
            self._book.add(attempt.left_alone(trace.abandoned_at))

    def _end(self, attempt: OpenAttempt, outcome: Outcome, trace: LedgerTrace | None, now: float) -> None:
        ended_at = now
        if trace is not None:
            ended_at = trace.ended_at or now
            for news in news_of(attempt.id, trace):
                self._book.add(news)
        why = None
        if outcome is Outcome.UNKNOWN:
            restarted = bool(attempt.boot) and attempt.boot != self._board.boot
            why = "asterisk_restarted" if restarted else "no_trace" if trace is None else "no_end"
        attempt.look_at = None
        log.warning("attempt.recovered", attempt=attempt.id, outcome=outcome.value, why=why)
        self._book.end(
            attempt.id, Settlement(outcome=outcome, ended_at=max(ended_at, attempt.sent_at), unknown_why=why)
        )

    def _followed(self, row: AttemptRow, now: float) -> OpenAttempt:
        queue = None if row.campaign_id is None else self._queue_of(row.campaign_id)
        return OpenAttempt(
            id=row.id,
            phone=row.phone,
            campaign_id=row.campaign_id,
            queue=queue,
            sent_at=row.reserved_at if row.sent_at is None else row.sent_at,
            ring_seconds=row.ring_seconds,
            state=row.state,
            seen=msgspec.structs.replace(
                row.evidence,
                answered=row.answered_at is not None
                or row.state in (AttemptState.ANSWERED, AttemptState.BRIDGED),
            ),
            answered_at=row.answered_at,
            abandoned=row.abandoned_at is not None,
            told=True,
            look_at=now,
            boot=row.boot,
        )


def news_of(attempt_id: str, trace: LedgerTrace) -> list[News]:
    """What the ledger has of an attempt, as news of it."""
    news = []
    if trace.answered_at is not None:
        news.append(News(attempt_id=attempt_id, at=trace.answered_at, state=AttemptState.ANSWERED))
    if trace.connected_at is not None and trace.abandoned_at is None:
        news.append(
            News(attempt_id=attempt_id, at=trace.connected_at, state=AttemptState.BRIDGED, connected=True)
        )
    if trace.machine is not None and trace.machine_at is not None:
        news.append(
            News(
                attempt_id=attempt_id,
                at=trace.machine_at,
                machine=trace.machine.value,
                machine_cause=trace.machine_cause,
            )
        )
    news.append(
        News(
            attempt_id=attempt_id,
            at=trace.ended_at or trace.last_at,
            hangup_cause=trace.hangup_cause,
            dial_status=trace.dial_status,
        )
    )
    return news
