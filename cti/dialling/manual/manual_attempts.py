"""What becomes of attempts that no campaign made: those of agents, and callbacks.

An agent's attempt has the id of the channel to his own phone, since that rings first; the person is on the
trunk's leg that appears in that call. A callback's attempt has the id of the channel to the person. What the
board tells of these legs is kept here until the database has it. Those that are open in the database and not
known here, after a start, are looked for on the board and then in the rows of legs; of which there is no
trace, nobody knows what became of, until the ledger has filled in the legs of an agent's call.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.board.board import Board
from cti.board.facts import Fact, LegChanged, LegEnded, LegStarted, QueueLeft
from cti.calls.model import EntryOutcome, Leg, LegEnding, LegKind
from cti.calls.tables import legs
from cti.db.engine import UNAVAILABLE, is_refusal
from cti.dialling.manual.followed import Followed, SeenLeg, outcome_of_leg
from cti.dialling.records import attempt_store
from cti.dialling.records.attempt_store import AttemptRow
from cti.dialling.records.tables import attempts
from cti.dialling.rules.attempt import SLACK_SECONDS, AttemptState
from cti.dialling.rules.may_dial import Purpose
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import DEFAULT_RULES, HOUR, AttemptLimits, RetryRules

log = structlog.get_logger(__name__)

_AGAIN_SECONDS: Final = 1.0
#: How often it is looked for attempts of which nothing is known here.
_LOOK_SECONDS: Final = 10.0
#: Until an agent has picked up his own phone, and it appears what he dialled.
_PICK_UP_SECONDS: Final = 60.0
#: For how long the ledger may still fill in what was missed.
_REACH_SECONDS: Final = 2 * HOUR

RetriesOf = Callable[[int | None], tuple[RetryRules, AttemptLimits]]


class ManualAttempts:
    """`observe` takes the board's facts and never waits, `run` writes. Both belong to the event loop's
    thread.

    ``heard`` says whether the board shows Asterisk as it is now; ``clock`` gives epoch seconds.
    """

    def __init__(
        self,
        board: Board,
        engine: AsyncEngine,
        *,
        node: str,
        clock: Callable[[], float],
        heard: Callable[[], bool],
    ) -> None:
        self._board = board
        self._engine = engine
        self._node = node
        self._clock = clock
        self._heard = heard
        #: What a campaign does after each outcome, and the limits; None is no campaign.
        self.retries_of: RetriesOf = lambda _: (DEFAULT_RULES, AttemptLimits())
        self._by_id: dict[str, Followed] = {}
        self._wake = asyncio.Event()
        self._looked_at = float("-inf")
        self._is_down = False

    def open(self, attempt_id: str, *, by_agent: bool, refusals_since: float | None = None) -> None:
        """Follows an attempt that is about to be sent; only what the person refuses after ``refusals_since``
        counts against it.
        """
        self._by_id[attempt_id] = Followed(id=attempt_id, by_agent=by_agent, refusals_since=refusals_since)

    def ringing(self) -> list[Followed]:
        """Those that nobody has answered yet."""
        return [one for one in self._by_id.values() if one.rings]

    def failed(self, attempt_id: str, outcome: Outcome = Outcome.NOT_SENT) -> None:
        """The person has no channel and will have none: Asterisk refused, or the agent did not pick up his
        phone.
        """
        followed = self._by_id.get(attempt_id)
        if followed is not None:
            followed.failed = outcome
            self._wake.set()

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        if not self._by_id:
            return
        for fact in facts:
            if isinstance(fact, LegStarted | LegChanged | LegEnded):
                followed = self._of_leg(fact.leg)
                if followed is not None:
                    followed.see(fact.leg)
                    self._wake.set()
            elif isinstance(fact, QueueLeft) and fact.entry.outcome is EntryOutcome.ANSWERED:
                leg = self._board.leg(fact.entry.leg_id)
                followed = self._by_id.get(leg.uniqueid) if leg is not None else None
                if followed is not None:
                    followed.connected_at = followed.connected_at or fact.at
                    self._wake.set()

    async def run(self) -> None:
        """Writes until cancelled; what cannot be written waits here."""
        while True:
            self._wake.clear()
            wait = _LOOK_SECONDS
            try:
                await self._write()
                if self._heard() and self._clock() >= self._looked_at + _LOOK_SECONDS:
                    await self._look()
                    self._looked_at = self._clock()
            except UNAVAILABLE as error:
                wait = _AGAIN_SECONDS
                if not self._is_down:
                    log.warning("attempts.wait_for_database", error=type(error).__name__)
                self._is_down = True
            else:
                self._is_down = False
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    # --- inside ---

    def _of_leg(self, leg: Leg) -> Followed | None:
        found = self._by_id.get(leg.uniqueid)
        if found is None and leg.kind is LegKind.TRUNK:
            # The first leg of the agent's call has the attempt's id, and all legs of a call share it.
            call = self._board.call(leg.call_id)
            for linked in (leg.linkedid, *(call.linkedids if call is not None else ())):
                found = found or self._by_id.get(linked)
        return found

    async def _write(self) -> None:
        now = self._clock()
        for followed in list(self._by_id.values()):
            state, ending = followed.state, followed.ending(now)
            if ending is None and state is followed.told:
                continue
            try:
                async with self._engine.begin() as connection:
                    await attempt_store.note(connection, followed.news())
                    if ending is not None:
                        await self._settle(connection, followed.id, *ending)
            except DBAPIError as error:
                if not is_refusal(error):
                    raise
                # It would be refused again, and must not keep the others waiting.
                log.error("attempt.not_written", attempt=followed.id, error=str(error.orig))
                del self._by_id[followed.id]
                continue
            followed.told = state
            if ending is not None:
                log.info("attempt.ended", attempt=followed.id, outcome=ending[0].value)
                self._by_id.pop(followed.id, None)

    async def _look(self) -> None:
        async with self._engine.connect() as connection:
            rows = await attempt_store.open_attempts(connection, self._node)
            since = self._clock() - _REACH_SECONDS
            unknown = await attempt_store.unknown_attempts(connection, self._node, since)
        for row in rows:
            mine = row.purpose is not Purpose.CAMPAIGN or row.agent_id is not None
            if mine and row.id not in self._by_id:
                await self._find(row)
        for row in unknown:
            if row.agent_id is not None:
                await self._correct(row)

    async def _correct(self, row: AttemptRow) -> None:
        """Gives an agent's attempt the end that the rows of its legs have by now."""
        async with self._engine.begin() as connection:
            outcome, ended_at, _ = await _from_rows(connection, row, self._clock(), by_agent=True)
            if outcome is Outcome.UNKNOWN:
                return
            retries, limits = self.retries_of(row.campaign_id)
            await attempt_store.correct(connection, row.id, outcome, ended_at, retries=retries, limits=limits)
        log.warning("attempt.corrected", attempt=row.id, outcome=outcome.value, was=row.unknown_why)

    async def _find(self, row: AttemptRow) -> None:
        """An attempt of which this service knows nothing: another life of it has sent it."""
        by_agent = row.agent_id is not None
        leg = self._board.leg_of(row.id)
        if leg is None:
            call_of = (self._board.call(one.call_id) for one in self._board.legs() if one.linkedid == row.id)
            call = next((one for one in call_of if one is not None), None)
        else:
            call = self._board.call(leg.call_id)
        if call is not None:
            # What was refused before was looked at when it was reserved.
            followed = self._by_id[row.id] = Followed(
                id=row.id, by_agent=by_agent, refusals_since=row.reserved_at, told=row.state
            )
            for leg_id in call.leg_ids:
                found = self._board.leg(leg_id)
                if found is not None:
                    followed.see(found)
            if followed.own is not None or followed.called is not None:
                self._wake.set()
                return
            del self._by_id[row.id]
        now = self._clock()
        if now < (row.sent_at or row.reserved_at) + _PICK_UP_SECONDS + row.ring_seconds + SLACK_SECONDS:
            return
        async with self._engine.begin() as connection:
            outcome, ended_at, why = await _from_rows(connection, row, now, by_agent=by_agent)
            await self._settle(connection, row.id, outcome, ended_at, unknown_why=why)
        log.warning("attempt.found_over", attempt=row.id, outcome=outcome.value)

    async def _settle(
        self,
        connection: AsyncConnection,
        attempt_id: str,
        outcome: Outcome,
        ended_at: float,
        *,
        unknown_why: str | None = None,
    ) -> None:
        query = sa.select(attempts.c.campaign_id).where(attempts.c.id == attempt_id)
        retries, limits = self.retries_of(await connection.scalar(query))
        await attempt_store.settle(
            connection, attempt_id, outcome, ended_at,
            retries=retries, limits=limits, unknown_why=unknown_why,
        )  # fmt: skip


async def _from_rows(
    connection: AsyncConnection, row: AttemptRow, now: float, *, by_agent: bool
) -> tuple[Outcome, float, str | None]:
    """The outcome by the rows of its call's legs, when it ended, and why nobody knows."""
    own = legs.alias()
    same = legs.c.uniqueid == row.id
    if by_agent:
        call = sa.select(own.c.call_id).where(own.c.uniqueid == row.id).scalar_subquery()
        same = (legs.c.call_id == call) & (legs.c.kind == LegKind.TRUNK.value) & (legs.c.uniqueid != row.id)
    query = sa.select(legs).where(same).order_by(legs.c.started_at).limit(1)
    called: sa.Row[Any] | None = (await connection.execute(query)).first()
    if called is None:
        traces: Sequence[Any] = (
            await connection.execute(sa.select(own.c.id).where(own.c.uniqueid == row.id).limit(1))
        ).all()
        if by_agent and traces:
            return Outcome.NOT_SENT, now, None
        return Outcome.UNKNOWN, now, "no_trace"
    seen = SeenLeg(
        started_at=called.started_at.timestamp(),
        answered_at=None if called.answered_at is None else called.answered_at.timestamp(),
        ended_at=None if called.ended_at is None else called.ended_at.timestamp(),
        lost=_is_lost(called),
        hangup_cause=called.hangup_cause,
        sip_status=called.sip_status,
    )
    connected = by_agent or row.state is AttemptState.BRIDGED or bool(row.connected)
    outcome = outcome_of_leg(seen, connected=connected, cancelled=row.cancelled)
    return outcome, seen.ended_at or now, "no_end" if outcome is Outcome.UNKNOWN else None


def _is_lost(leg: sa.Row[Any]) -> bool:
    """Whether nobody saw its end, and the ledger has not told of it either."""
    told = leg.ending == LegEnding.RECONCILED.value and leg.ended_at is not None
    return leg.ending != LegEnding.HANGUP.value and not told
