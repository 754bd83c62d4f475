"""Announcements for flows: answered from memory, at once and without the database; and switched by them."""

import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from aiohttp import web
from msgspec.structs import asdict
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.announcements import store
from cti.announcements.model import Announcement, SwitchedBy, heard_by
from cti.db.memory import Memory
from cti.flows.sources import AnnouncementFields
from cti.http.problems import Problem

log = structlog.get_logger(__name__)

#: Somebody who switches an announcement in the database itself is heeded so soon.
_REFRESH_SECONDS: Final = 1.0


class AnnouncementBoard:
    """All announcements in memory; ``clock`` gives epoch seconds."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        nothing: dict[str, Announcement] = {}
        self.memory = Memory(
            "announcements", engine, store.read_announcements, nothing, refresh_seconds=_REFRESH_SECONDS
        )
        self._engine = engine
        self._clock = clock

    def heard(self, queue: str | None) -> Announcement | None:
        """What callers of a queue hear now; of None, what is for all of them."""
        return heard_by(self.memory.content.values(), queue, self._clock())

    async def look_up(self, arguments: Mapping[str, object]) -> dict[str, str | bool | None] | None:
        """For a flow: `AnnouncementFields` of what callers of ``queue`` hear now. None when that is
        nothing.
        """
        queue = arguments.get("queue")
        found = self.heard(queue if isinstance(queue, str) and queue else None)
        if found is None:
            return None
        fields = AnnouncementFields(
            prompt=found.prompt,
            hang_up=found.hang_up,
            name=found.name,
            title_zh=found.title_zh,
            title_en=found.title_en,
        )
        return asdict(fields)

    async def switch(self, name: str, *, on: bool, user_id: int | None) -> None:
        """Somebody switches an announcement by telephone; whoever asks has made sure who he is.

        Raises:
            Problem: `announcement.not_found`, or `database.unavailable`.
        """
        known = self.memory.content.get(name)
        if known is None:
            raise Problem("announcement.not_found", announcement=name)
        try:
            async with self._engine.begin() as connection:
                await store.switch_announcement(
                    connection,
                    known.id,
                    on=on,
                    from_at=None,
                    until_at=None,
                    user_id=user_id,
                    by=SwitchedBy.PHONE,
                )
        except (OSError, TimeoutError, SQLAlchemyError):
            raise Problem("database.unavailable") from None
        await self.memory.refresh()
        log.info("announcement.switched", announcement=name, on=on, by=f"user:{user_id}", way="phone")


ANNOUNCEMENTS = web.AppKey("announcements", AnnouncementBoard)
