"""Calls of agents and callbacks that ring and must not: of who refuses calls meanwhile, and of a preview
campaign that is stopped. Those of campaigns that dial themselves are in `cti.dialling.attempts.cancelling`.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.asterisk import actions
from cti.asterisk.connection import AmiConnection
from cti.db.engine import UNAVAILABLE
from cti.dialling.manual.followed import Followed
from cti.dialling.manual.manual_attempts import ManualAttempts
from cti.do_not_call.counts import COUNTS_SQL, LISTED_SQL
from cti.do_not_call.list import DoNotCallList
from cti.errors import AmiError

log = structlog.get_logger(__name__)

#: How often the database is asked while something rings: another service may have added somebody.
_LOOK_SECONDS: Final = 0.5
_STANDING: Final = sa.text(
    f"""
SELECT attempts.id, attempts.phone, given.since, campaigns.name AS campaign,
    campaigns.state = 'stopped' AS stopped,
    EXISTS (
        SELECT FROM {LISTED_SQL}
        WHERE do_not_call_entries.number = attempts.phone AND {COUNTS_SQL}
            AND (given.since IS NULL OR do_not_call_entries.added_at > to_timestamp(given.since))
            AND (do_not_call_entries.level, coalesce(do_not_call_entries.name, '')) IN (
                ('global', ''), ('client', campaigns.client), ('campaign', campaigns.name)
            )
    ) AS refused
FROM unnest(:ids, :sinces) AS given (id, since)
JOIN attempts ON attempts.id = given.id
LEFT JOIN campaigns ON campaigns.id = attempts.campaign_id
"""  # noqa: S608  (constants of ours)
).bindparams(sa.bindparam("ids", type_=sa.ARRAY(sa.Text)), sa.bindparam("sinces", type_=sa.ARRAY(sa.Float)))


class ManualCancelling:
    """`run` is the loop; a refusal in this process wakes it at once."""

    def __init__(
        self,
        ami: AmiConnection,
        engine: AsyncEngine,
        attempts: ManualAttempts,
        refusals: DoNotCallList,
    ) -> None:
        self._ami = ami
        self._engine = engine
        self._attempts = attempts
        self._refusals = refusals
        self._wake = asyncio.Event()
        self._is_down = False
        refusals.listen(self._wake.set)

    async def run(self) -> None:
        """Looks while something rings, until cancelled."""
        while True:
            self._wake.clear()
            ringing = self._attempts.ringing()
            if ringing:
                try:
                    await self._look(ringing)
                    self._is_down = False
                except UNAVAILABLE as error:
                    if not self._is_down:
                        log.warning("attempts.refusals_unknown", error=type(error).__name__)
                    self._is_down = True
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()

    async def _look(self, ringing: Sequence[Followed]) -> None:
        async with self._engine.begin() as connection:
            await self._refusals.forget_written(connection)
            unwanted = await self._unwanted(connection, ringing)
        found = [one for one in ringing if one.id in unwanted]
        await asyncio.gather(*map(self._hang_up, found))

    async def _unwanted(self, connection: AsyncConnection, ringing: Sequence[Followed]) -> set[str]:
        given = {
            "ids": [one.id for one in ringing],
            "sinces": [one.refusals_since for one in ringing],
        }
        return {
            row.id
            for row in await connection.execute(_STANDING, given)
            if row.refused or row.stopped or row.phone in self._refusals.fresh(row.campaign, since=row.since)
        }

    async def _hang_up(self, attempt: Followed) -> None:
        leg = attempt.channel
        if leg is None or not attempt.rings:
            return  # found again at the next look, or answered meanwhile
        if not attempt.cancelled:
            attempt.cancelled = True
            log.info("attempt.cancelled", attempt=attempt.id)
        try:
            await actions.hang_up(self._ami, channel=leg.channel)
        except AmiError as error:
            log.info("attempt.not_hung_up", attempt=attempt.id, error=error.code)
