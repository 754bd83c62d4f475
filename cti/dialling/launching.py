"""What a campaign's pacing says becomes attempts: contacts are claimed, and each claim is sent.

What was claimed and is not sent any more, because something came in between, goes back to the list at once.
"""

from collections.abc import Callable, Collection
from datetime import datetime, tzinfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.engine import UNAVAILABLE, is_refusal
from cti.dialling.attempts.attempt_book import AttemptBook
from cti.dialling.attempts.origination import Origination
from cti.dialling.paced_campaign import PacedCampaign, Seen
from cti.dialling.records import attempt_store
from cti.dialling.records.claims import Claim, ClaimContext, claim, held_for_all
from cti.dialling.rules.decision_record import Refusal
from cti.dialling.rules.lease import Lease
from cti.dialling.rules.may_dial import DialRules, Doubt
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import DEFAULT_RULES
from cti.do_not_call.list import DoNotCallList

log = structlog.get_logger(__name__)


class Launcher:
    """``seen`` and ``doubts`` tell how it is at the moment of asking: they are asked before each send."""

    def __init__(
        self,
        engine: AsyncEngine,
        book: AttemptBook,
        origination: Origination,
        *,
        node: str,
        holder: str,
        clock: Callable[[], float],
        rules: DialRules,
        home: tzinfo,
        caller_ids: Collection[str],
        refusals: DoNotCallList,
        seen: Callable[[], Seen],
        doubts: Callable[[], tuple[Doubt, ...]],
    ) -> None:
        self._engine = engine
        self._book = book
        self._origination = origination
        self._node = node
        self._holder = holder
        self._clock = clock
        self._rules = rules
        self._home = home
        self._caller_ids = caller_ids
        self._refusals = refusals
        self._seen = seen
        self._doubts = doubts
        #: Claimed and not sent.
        self._unsent: set[str] = set()

    def close(self) -> None:
        """Waits for no answer of Asterisk any more."""
        self._origination.close()

    async def launch(self, paced: PacedCampaign, lease: Lease, *, boot: str) -> None:
        """Launches what the campaign wants now.

        Raises: as the database does; what it has of the claims then is given back or taken over later.
        """
        campaign = paced.campaign
        mine = self._book.of_campaign(campaign.id)
        wanted = paced.decide(self._seen(), mine, home=(str(self._home), self._rules.home_region))
        doubts = self._doubts()
        if doubts or wanted <= 0:
            paced.hold = None
            return
        if self._caller_ids and not set(campaign.definition.caller_ids).issubset(self._caller_ids):
            paced.hold = Refusal.CALLER_ID.value
            return
        context = self.context(paced, lease)
        try:
            async with self._engine.begin() as connection:
                claims = await claim(connection, context, wanted)
                hold = None if claims else await held_for_all(connection, context)
        except UNAVAILABLE as error:
            if not is_refusal(error):
                raise
            # Somebody who dials by hand was faster.
            log.info("dialler.claim_refused", campaign=campaign.definition.campaign, error=str(error)[:200])
            return
        paced.hold = None if hold is None else hold.refusal.value
        self._unsent |= {one.attempt_id for one in claims}
        await self._send(paced, claims, lease, boot)
        await self.give_back()

    def context(self, paced: PacedCampaign, lease: Lease) -> ClaimContext:
        """What a claim for a campaign is held against now."""
        now = self._clock()
        return ClaimContext(
            node=self._node, holder=self._holder, epoch=lease.epoch, now=now,
            day=datetime.fromtimestamp(now, self._home).date(), rules=self._rules, campaign=paced.campaign,
            window=paced.window, doubts=self._doubts(),
            fresh_refusals=self._refusals.fresh(paced.campaign.definition.campaign),
        )  # fmt: skip

    async def give_back(self) -> None:
        """What was claimed and not sent goes back to the list.

        Raises: as the database does; then it is still to be done.
        """
        if not self._unsent:
            return
        now, ids = self._clock(), sorted(self._unsent)
        async with self._engine.begin() as connection:
            released = set(await attempt_store.release(connection, ids, now=now))
            for attempt_id in ids:
                if attempt_id not in released:
                    # It was said to be sent, and then the database did not answer, so it was not.
                    await attempt_store.settle(
                        connection, attempt_id, Outcome.NOT_SENT, now,
                        retries=DEFAULT_RULES, limits=self._rules.limits,
                    )  # fmt: skip
        self._unsent.difference_update(ids)

    async def _send(self, paced: PacedCampaign, claims: list[Claim], lease: Lease, boot: str) -> None:
        for one in claims:
            if self._doubts() or not paced.still_wanted(self._seen()):
                return
            if await self._origination.send(one, paced.campaign, lease=lease, boot=boot):
                self._unsent.discard(one.attempt_id)
                paced.dialled_today += 1
