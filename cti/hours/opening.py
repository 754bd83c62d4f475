"""Opening hours for flows: answered from memory, at once and without the database."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web
from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.memory import Memory
from cti.flows.sources import HoursFields
from cti.hours.calendar import state_at
from cti.hours.model import Calendar, HoursState
from cti.hours.store import read_calendars


class OpeningHours:
    """All calendars in memory; ``clock`` gives epoch seconds."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        nothing: dict[str, Calendar] = {}
        self.memory = Memory("opening hours", engine, read_calendars, nothing)
        self._clock = clock
        #: Looking for the next change takes a while, so it is done once for each stretch of time.
        self._states: dict[str, tuple[Calendar, float, HoursState]] = {}

    def state(self, name: str, at: float | None = None) -> HoursState | None:
        """How it is with a calendar, now or at an instant; None when there is no such calendar."""
        calendar = self.memory.content.get(name)
        if calendar is None:
            return None
        at = self._clock() if at is None else at
        known = self._states.get(name)
        if known is not None and known[0] is calendar and known[1] <= at < known[2].holds_until:
            return known[2]
        state = state_at(calendar, at)
        self._states[name] = (calendar, at, state)
        return state

    async def look_up(self, arguments: Mapping[str, object]) -> dict[str, str | bool | None] | None:
        """For a flow: `HoursFields`. None when there is no such calendar."""
        name = arguments.get("calendar")
        state = self.state(name) if isinstance(name, str) else None
        if state is None or not isinstance(name, str):
            return None
        changes_at = None
        if state.changes_at is not None:
            zone = ZoneInfo(self.memory.content[name].time_zone)
            changes_at = datetime.fromtimestamp(state.changes_at, zone).isoformat(timespec="seconds")
        fields = HoursFields(
            open=state.open,
            reason=state.reason.value,
            opens_at=None if state.open else changes_at,
            closes_at=changes_at if state.open else None,
            title_zh=state.day.title_zh if state.day is not None else None,
            title_en=state.day.title_en if state.day is not None else None,
        )
        return asdict(fields)


HOURS = web.AppKey("opening_hours", OpeningHours)
