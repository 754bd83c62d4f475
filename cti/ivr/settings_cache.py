"""The flows' settings in memory, so that the dialplan is answered at once and without the database."""

import asyncio
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.ivr.model import IvrSettings
from cti.ivr.store import read_settings

log = structlog.get_logger(__name__)

_REFRESH_SECONDS: Final = 10.0
_TIME_LIMIT_SECONDS: Final = 5.0


class SettingsCache:
    """Reads the settings again and again; while the database is down the last known ones serve.

    `run` is the loop; its owner is the composition root's task group. `refresh` reads at once, after a
    change.
    """

    def __init__(self, engine: AsyncEngine, *, refresh_seconds: float = _REFRESH_SECONDS) -> None:
        self._engine = engine
        self._refresh_seconds = refresh_seconds
        self._settings = IvrSettings()
        self._is_down = False

    @property
    def settings(self) -> IvrSettings:
        """The last known settings; empty when the database has not been reached since the start."""
        return self._settings

    async def refresh(self) -> bool:
        """Reads the settings; False (and once a line in the log) when the database does not answer."""
        try:
            async with asyncio.timeout(_TIME_LIMIT_SECONDS), self._engine.connect() as connection:
                self._settings = await read_settings(connection)
        except (OSError, TimeoutError, SQLAlchemyError) as error:
            if not self._is_down:
                log.warning("The flows go on with their last known settings", reason=type(error).__name__)
            self._is_down = True
            return False
        if self._is_down:
            log.info("The flows' settings can be read again")
        self._is_down = False
        return True

    async def run(self) -> None:
        """Refreshes until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._refresh_seconds)
