"""Decision records are kept for so many days, and then erased, little by little: they name people."""

import asyncio
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.engine import UNAVAILABLE
from cti.dialling.records.decision_store import erase_oldest

log = structlog.get_logger(__name__)

#: How often it looks whether there are any.
_LOOK_SECONDS: Final = 3_600.0
#: So many are erased at once, and so long others have the database before the next.
BATCH: Final = 1_000
_PAUSE_SECONDS: Final = 0.1


class DecisionRetention:
    """`run` is the loop. Several services on one database erase the same records, once."""

    def __init__(self, engine: AsyncEngine, *, days: int) -> None:
        self._engine = engine
        self._days = days

    async def run(self) -> None:
        """Erases until cancelled; while the database is away, later."""
        while True:
            try:
                erased = await self.erase()
            except UNAVAILABLE as error:
                log.warning("decisions.not_erased", error=type(error).__name__)
            else:
                if erased:
                    log.info("decisions.erased", records=erased, days=self._days)
            await asyncio.sleep(_LOOK_SECONDS)

    async def erase(self) -> int:
        """Erases all that are older, each batch in a transaction of its own; how many. Raises as the database
        does.
        """
        erased = 0
        while True:
            async with self._engine.begin() as connection:
                found = await erase_oldest(connection, days=self._days, most=BATCH)
            erased += found
            if not found:
                return erased
            await asyncio.sleep(_PAUSE_SECONDS)
