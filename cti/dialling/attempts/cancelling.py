"""Attempts that ring and must not: of who refuses calls meanwhile, and of campaigns that are stopped."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.asterisk import actions
from cti.asterisk.connection import AmiConnection
from cti.board.board import Board
from cti.campaigns.model import Campaign, CampaignState
from cti.dialling.attempts.attempt_book import AttemptBook
from cti.dialling.attempts.open_attempt import OpenAttempt
from cti.dialling.records import phone_store
from cti.do_not_call.list import DoNotCallList
from cti.errors import AmiError

log = structlog.get_logger(__name__)


class Cancelling:
    """Finds them and hangs them up; whose channel is not there yet is found again at the next look."""

    def __init__(self, board: Board, ami: AmiConnection, book: AttemptBook, refusals: DoNotCallList) -> None:
        self._board = board
        self._ami = ami
        self._book = book
        self._refusals = refusals

    async def refused(
        self, connection: AsyncConnection, campaigns: Mapping[int, Campaign], now: float
    ) -> set[str]:
        """Attempts that ring, of people who are not to be called."""
        await self._refusals.forget_written(connection)
        ringing: dict[int, list[OpenAttempt]] = defaultdict(list)
        for attempt in self._book:
            if attempt.rings and attempt.campaign_id in campaigns:
                ringing[attempt.campaign_id or 0].append(attempt)
        found = set()
        for campaign_id, attempts in ringing.items():
            definition = campaigns[campaign_id].definition
            fresh = self._refusals.fresh(definition.campaign)
            known = await phone_store.read_phones(
                connection, [one.phone for one in attempts], now, reach_seconds=0.0,
                campaign=definition.campaign, client=definition.client,
            )  # fmt: skip
            for one in attempts:
                if one.phone in fresh or known[one.phone].refused_level is not None:
                    found.add(one.id)
        return found

    async def cancel(self, refused: Collection[str], campaigns: Mapping[int, Campaign]) -> None:
        """Hangs up those that ring and were refused, or whose campaign is stopped."""
        found = [
            one
            for one in self._book
            if one.rings and (one.id in refused or _is_stopped(campaigns.get(one.campaign_id or 0)))
        ]
        if found:
            await asyncio.gather(*map(self._hang_up, found))

    async def _hang_up(self, attempt: OpenAttempt) -> None:
        leg = self._board.leg_of(attempt.id)
        if leg is None and attempt.look_at is not None:
            return  # it may be over already, and then nobody has cancelled it
        if not attempt.seen.cancelled:
            log.info("attempt.cancelled", attempt=attempt.id)
            self._book.cancel(attempt)
        if leg is None:
            return
        try:
            await actions.hang_up(self._ami, channel=leg.channel)
        except AmiError as error:
            log.info("attempt.not_hung_up", attempt=attempt.id, error=error.code)


def _is_stopped(campaign: Campaign | None) -> bool:
    return campaign is not None and campaign.state is CampaignState.STOPPED
