"""What Asterisk's ledger says after all of attempts whose end nobody knew: its rows may come late.

They are looked up again at the start, after a gap, and a few times more within the hour. Nobody is called
again because of it: an attempt that is UNKNOWN gets its end, and its contact what follows from that, unless
he was called again since. Those of agents are not here: who knows their calls' legs puts them right
(`cti.dialling.manual.manual_attempts`).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.board.board import Board
from cti.campaigns import store as campaigns
from cti.db.engine import UNAVAILABLE
from cti.dialling.attempts.ledger_evidence import LedgerTrace, evidence_with, traces_of
from cti.dialling.attempts.recovery import RowsAfter, news_of
from cti.dialling.records import attempt_store, limits_store
from cti.dialling.records.attempt_store import AttemptRow
from cti.dialling.rules.campaign_rules import limits_of, retries_of
from cti.dialling.rules.outcome import Outcome, outcome_of
from cti.dialling.rules.retry import DEFAULT_RULES, HOUR, MINUTE
from cti.errors import LedgerError

log = structlog.get_logger(__name__)

#: How long ago one may have been sent: the ledger has to be read from there on.
REACH_SECONDS: Final = 2 * HOUR
#: From when one is first found here to each look; it is looked up no more after the last.
_LOOKS: Final = (0.0, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR)
_PERIOD_SECONDS: Final = 30.0
#: Instants of the ledger and of ours may differ by so much.
_SLACK_SECONDS: Final = 5.0


class Corrections:
    """`run` is the loop; ``hears`` says whether the board is as Asterisk is, ``clock`` is epoch seconds."""

    def __init__(
        self,
        board: Board,
        engine: AsyncEngine,
        *,
        node: str,
        clock: Callable[[], float],
        hears: Callable[[], bool],
        rows_after: RowsAfter,
    ) -> None:
        self._board = board
        self._engine = engine
        self._node = node
        self._clock = clock
        self._hears = hears
        self._rows_after = rows_after
        #: When each was first found, and how often it was looked up since.
        self._found: dict[str, tuple[float, int]] = {}
        self._wake = asyncio.Event()

    def look_again(self) -> None:
        """A gap was closed: all are looked up from the beginning."""
        self._found.clear()
        self._wake.set()

    async def run(self) -> None:
        """Looks until cancelled; while the database or the ledger is away, later."""
        while True:
            self._wake.clear()
            try:
                if self._hears():
                    await self.look()
            except (*UNAVAILABLE, LedgerError) as error:
                log.info("attempts.not_looked_up", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(_PERIOD_SECONDS):
                    await self._wake.wait()

    async def look(self) -> None:
        """Looks up those that are due. Raises as the database and the ledger do."""
        now = self._clock()
        async with self._engine.connect() as connection:
            unknown = await attempt_store.unknown_attempts(connection, self._node, now - REACH_SECONDS)
        unknown = [row for row in unknown if row.agent_id is None and row.sent_at is not None]
        self._found = {row.id: self._found.get(row.id, (now, 0)) for row in unknown}
        due = [row for row in unknown if self._is_due(row.id, now)]
        if not due:
            return
        rows = await self._rows_after(min(row.sent_at or now for row in due) - _SLACK_SECONDS)
        traces = traces_of(rows, {row.id for row in due})
        for row in due:
            found_at, looks = self._found.get(row.id, (now, 0))
            self._found[row.id] = (found_at, looks + 1)
            trace = traces.get(row.id)
            # One that lives after all has its end in the ledger later.
            if trace is not None and trace.ended_at is not None and self._board.leg_of(row.id) is None:
                await self._correct(row, trace)

    def _is_due(self, attempt_id: str, now: float) -> bool:
        found_at, looks = self._found[attempt_id]
        return looks < len(_LOOKS) and now >= found_at + _LOOKS[looks]

    async def _correct(self, row: AttemptRow, trace: LedgerTrace) -> None:
        outcome = outcome_of(evidence_with(row.evidence, trace))
        if outcome is Outcome.UNKNOWN or trace.ended_at is None:
            return
        async with self._engine.begin() as connection:
            retries, limits = DEFAULT_RULES, (await limits_store.read_limits(connection)).attempts
            if row.campaign_id is not None:
                definition = (await campaigns.read_campaign(connection, row.campaign_id)).definition
                retries, limits = retries_of(definition), limits_of(definition, limits)
            await attempt_store.note(connection, news_of(row.id, trace))
            corrected = await attempt_store.correct(
                connection, row.id, outcome, max(trace.ended_at, row.sent_at or 0.0), retries=retries,
                limits=limits,
            )  # fmt: skip
        if corrected:
            log.warning("attempt.corrected", attempt=row.id, outcome=outcome.value, was=row.unknown_why)
