"""The dialler: once a second it looks at every campaign that runs, and dials for it what its pacing says.

One service dials for an Asterisk, under a lease; any other stands by. Whatever is not known keeps everybody
from being dialled (`Doubts`). Each attempt is written down before it is sent (`Origination`), followed
(`AttemptBook`), and found again when it was lost sight of (`Recovery`).
"""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import tzinfo
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.board.board import Board
from cti.board.facts import AgentStateChanged, Fact, GapClosed, LegStarted
from cti.campaigns.model import Campaign, CampaignKind, CampaignState
from cti.db.engine import UNAVAILABLE
from cti.dialling.attempts.attempt_book import AttemptBook, Settlement
from cti.dialling.attempts.cancelling import Cancelling
from cti.dialling.attempts.corrections import Corrections
from cti.dialling.attempts.open_attempt import OpenAttempt
from cti.dialling.attempts.origination import Origination
from cti.dialling.attempts.recovery import Recovery, RowsAfter
from cti.dialling.campaign_book import CampaignBook
from cti.dialling.launching import Launcher
from cti.dialling.live_campaign import LiveCampaign
from cti.dialling.pace.handle_times import HandleTimes
from cti.dialling.paced_campaign import PacedCampaign, Seen
from cti.dialling.records import lease_store, running_campaigns
from cti.dialling.records.claims import ClaimContext
from cti.dialling.records.doubts import Doubts
from cti.dialling.rules.lease import Lease
from cti.dialling.rules.may_dial import DialRules, Doubt
from cti.do_not_call.list import DoNotCallList
from cti.hours.opening import OpeningHours
from cti.ledger.model import LedgerStatus

log = structlog.get_logger(__name__)

#: How often it looks, and how soon again when something has happened.
_LOOK_SECONDS: Final = 1.0
_SOONEST_SECONDS: Final = 0.2
_STOP_SECONDS: Final = 3.0


class Dialler:
    """`observe` takes the board's facts and never waits; `run`, `book.run`, `doubts.run` and
    `corrections.run` are its loops.

    ``holder`` names this service among those that may dial for the Asterisk ``node``; ``home`` is the time
    zone of a day of calling. When ``caller_ids`` are given, people who are called see no other numbers.
    """

    def __init__(
        self,
        board: Board,
        ami: AmiConnection,
        engine: AsyncEngine,
        *,
        node: str,
        holder: str,
        clock: AsteriskClock,
        rules: DialRules,
        refusals: DoNotCallList,
        hours: OpeningHours,
        rows_after: RowsAfter,
        ledger: Callable[[], LedgerStatus],
        home: tzinfo,
        caller_ids: Collection[str] = (),
    ) -> None:
        self.on_change: Callable[[int], None] = lambda _campaign_id: None
        self.campaigns = CampaignBook(hours, rules, home)
        self.doubts = Doubts(board, ami, clock, ledger)
        self.book = AttemptBook(board, engine, clock=clock.now, retries_of=self.campaigns.retries_of)
        self.book.on_end = self._ended
        self._board = board
        self._engine = engine
        self._node = node
        self._holder = holder
        self._clock = clock.now
        self._recovery = Recovery(
            board, engine, self.book, node=node, clock=clock.now, rows_after=rows_after,
            queue_of=self.campaigns.queue_of,
        )  # fmt: skip
        self.corrections = Corrections(
            board, engine, node=node, clock=clock.now, hears=lambda: self.doubts.hears, rows_after=rows_after
        )
        origination = Origination(engine, ami, self.book, holder=holder, clock=clock.now)
        self._launcher = Launcher(
            engine, self.book, origination, node=node, holder=holder, clock=clock.now, rules=rules,
            home=home, caller_ids=caller_ids, refusals=refusals, seen=self._seen, doubts=self._doubts,
        )  # fmt: skip
        self._cancelling = Cancelling(board, ami, self.book, refusals)
        self._handle_times = HandleTimes()
        self._wake = asyncio.Event()
        self._lease: Lease | None = None
        #: The epoch for which everything that was open has been taken over.
        self._taken_over: int | None = None
        self._has_database = False
        self._told = ""
        refusals.listen(self._wake.set)

    # --- what others ask ---

    def wake(self) -> None:
        """A campaign was started, paused or stopped: looks at once."""
        self._wake.set()

    def observe(self, facts: list[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        self.doubts.observe(facts)
        self.book.observe(facts)
        for fact in facts:
            if isinstance(fact, AgentStateChanged):
                self._see_agent(fact)
            elif isinstance(fact, GapClosed):
                self._recovery.lose_sight()
                self.corrections.look_again()
            elif isinstance(fact, LegStarted):
                attempt = self.book.get(fact.leg.uniqueid)
                if attempt is not None and attempt.seen.cancelled:
                    self._wake.set()

    @property
    def is_leader(self) -> bool:
        """Whether this service dials for its Asterisk."""
        return self._lease is not None and self._clock() < self._lease.until

    @property
    def standing_by(self) -> Doubt | None:
        """Why nobody is dialled for any campaign; None when nothing is in the way."""
        return next(iter(self._doubts()), None)

    def previews(self) -> list[Campaign]:
        """Campaigns that run and whose agents see a contact before they dial; who comes first is first."""
        return [
            one.campaign
            for one in self.campaigns
            if one.campaign.definition.kind is CampaignKind.PREVIEW
            and one.campaign.state is CampaignState.RUNNING
        ]

    def claim_context(self, campaign_id: int) -> ClaimContext | None:
        """What an agent's own claim is held against; None when another service dials, or nobody does."""
        paced = self.campaigns.get(campaign_id)
        if paced is None or self._lease is None or not self.is_leader:
            return None
        return self._launcher.context(paced, self._lease)

    def live(self, campaign_id: int) -> LiveCampaign | None:
        """How a campaign stands; None when it neither runs nor has an attempt that is not over."""
        paced = self.campaigns.get(campaign_id)
        if paced is None:
            return None
        reason = self.standing_by
        return paced.live(
            self.book.of_campaign(campaign_id),
            self._board.waiting(),
            dialling=self.is_leader,
            reason=None if reason is None else reason.value,
        )

    # --- the loop ---

    async def run(self) -> None:
        """Dials until cancelled; then what was learned is kept, and the lease given back."""
        try:
            while True:
                self._wake.clear()
                began = time.monotonic()
                await self._step()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._wake.wait()
                await asyncio.sleep(max(0.0, _SOONEST_SECONDS - (time.monotonic() - began)))
        finally:
            self._launcher.close()
            with suppress(*UNAVAILABLE):
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._leave()

    async def _step(self) -> None:
        try:
            await self._look()
        except UNAVAILABLE as error:
            if self._has_database:
                log.warning("dialler.without_database", error=(str(error).splitlines() or [""])[0][:200])
            self._has_database = False
            # What was being claimed or sent may stand in the database in any state.
            self._taken_over = None
        reason = self.standing_by
        told = "" if reason is None else reason.value
        if told != self._told:
            self._told = told
            if told:
                log.warning("dialler.stands_by", reason=told)
            else:
                log.info("dialler.dials", node=self._node)
        for paced in self.campaigns:
            self.on_change(paced.campaign.id)

    async def _look(self) -> None:
        now = self._clock()
        async with self._engine.begin() as connection:
            self._lease = await lease_store.take(connection, self._node, self._holder, now)
            await self.campaigns.refresh(connection, self.book, now, keep=self._lease is not None)
            refused = await self._cancelling.refused(connection, self.campaigns.campaigns, now)
        self._has_database = True
        await self._cancelling.cancel(refused, self.campaigns.campaigns)
        if self._lease is None or not self.doubts.hears:
            return
        await self._launcher.give_back()
        if self._taken_over != self._lease.epoch:
            await self._recovery.take_over(self._lease.epoch)
            self._taken_over = self._lease.epoch
            self._wake.set()  # their campaigns are read first
            return
        await self._recovery.look()
        for paced in self.campaigns:
            paced.learn(self.book.of_campaign(paced.campaign.id))
            if paced.campaign.state is CampaignState.RUNNING:
                await self._launcher.launch(paced, self._lease, boot=self._board.boot)
            elif paced.campaign.state is CampaignState.DRAINING:
                await self._drain(paced)

    async def _drain(self, paced: PacedCampaign) -> None:
        if self.book.of_campaign(paced.campaign.id):
            return
        async with self._engine.begin() as connection:
            if await running_campaigns.end_draining(connection, paced.campaign.id):
                log.info("campaign.drained", campaign=paced.campaign.definition.campaign)

    async def _leave(self) -> None:
        if self._lease is None or not self._has_database:
            return
        now = self._clock()
        async with self._engine.begin() as connection:
            await self.campaigns.keep_all(connection, now)
            await lease_store.give_back(connection, self._node, self._holder, self._lease.epoch, now)

    # --- inside ---

    def _doubts(self) -> tuple[Doubt, ...]:
        found = self.doubts.current(database=self._has_database)
        return found if self.is_leader or not self._has_database else (Doubt.STANDING_BY, *found)

    def _seen(self) -> Seen:
        now = self._clock()
        return Seen(
            now=now,
            informed_at=now - self.doubts.silence_seconds,
            agents=tuple(self._board.agents()),
            waiting=tuple(self._board.waiting()),
            flights=tuple(self.book.flights()),
            began=self._handle_times.began,
        )

    def _see_agent(self, fact: AgentStateChanged) -> None:
        talk, wrap_up = self._handle_times.observe(fact)
        for paced in self.campaigns:
            if paced.pacer is None or paced.queue not in fact.agent.queues:
                continue
            if talk is not None:
                paced.pacer.talk_ended(talk)
            if wrap_up is not None:
                paced.pacer.wrap_up_ended(wrap_up)
            self._wake.set()

    def _ended(self, attempt: OpenAttempt, end: Settlement) -> None:
        paced = self.campaigns.get(attempt.campaign_id)
        if paced is not None:
            paced.ended(attempt, end.outcome)
            self.on_change(paced.campaign.id)
