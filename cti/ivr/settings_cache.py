"""The flows' settings in memory, so that the dialplan is answered at once and without the database."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.memory import Memory
from cti.ivr.model import IvrSettings
from cti.ivr.store import read_settings

_REFRESH_SECONDS: Final = 10.0


class SettingsCache:
    """Reads the settings again and again; while the database is down the last known ones serve.

    `run` is the loop; its owner is the composition root's task group. `refresh` reads at once, after a
    change.
    """

    def __init__(self, engine: AsyncEngine, *, refresh_seconds: float = _REFRESH_SECONDS) -> None:
        self._memory = Memory(
            "flow settings", engine, read_settings, IvrSettings(), refresh_seconds=refresh_seconds
        )

    @property
    def settings(self) -> IvrSettings:
        """The last known settings; empty when the database has not been reached since the start."""
        return self._memory.content

    async def refresh(self) -> bool:
        """Reads the settings; False (and once a line in the log) when the database does not answer."""
        return await self._memory.refresh()

    async def run(self) -> None:
        """Refreshes until cancelled."""
        await self._memory.run()
