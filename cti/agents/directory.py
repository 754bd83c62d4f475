"""Who is who, in memory: agents' names and queues, devices, queue settings, pause reasons.

The paths that must be fast or must work while the database is down (live frames, wrap-up, sign-in) read here.
The database stays the truth: it is read at the start, after every change through the API, and now and then.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.agents.store import Device, list_devices
from cti.agents.tables import agent_queues, agents, pause_reasons
from cti.db.engine import UNAVAILABLE
from cti.people.tables import users
from cti.queues.model import Queue
from cti.queues.store import list_queues
from cti.queues.tables import queues

log = structlog.get_logger(__name__)

_REFRESH_SECONDS: Final = 20.0
_RETRY_SECONDS: Final = 2.0


class AgentEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's name and the queues that he is to serve."""

    agent_id: int
    name: str
    queues: tuple[str, ...]
    active: bool


class Directory:
    """What is known of agents, devices and queues; empty until the first `refresh`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.agents: dict[int, AgentEntry] = {}
        self.devices: dict[int, Device] = {}
        self.device_by_interface: dict[str, Device] = {}
        self.queues: dict[str, Queue] = {}
        self.pause_reasons: frozenset[str] = frozenset()
        #: Called after something changed.
        self.watchers: list[Callable[[], None]] = []
        self._engine = engine

    async def refresh(self) -> None:
        """Read everything anew."""
        async with self._engine.connect() as connection:
            devices = await list_devices(connection)
            found = {queue.name: queue for queue in await list_queues(connection)}
            reasons = frozenset((await connection.execute(sa.select(pause_reasons.c.code))).scalars())
            names = sa.func.array_remove(sa.func.array_agg(queues.c.name), None)
            statement = (
                sa.select(agents.c.id, users.c.name, users.c.active, names)
                .join(users, users.c.id == agents.c.user_id)
                .outerjoin(agent_queues, agent_queues.c.agent_id == agents.c.id)
                .outerjoin(queues, queues.c.id == agent_queues.c.queue_id)
                .group_by(agents.c.id, users.c.name, users.c.active)
            )
            rows = (await connection.execute(statement)).all()
        people = {
            agent_id: AgentEntry(agent_id=agent_id, name=name, queues=tuple(sorted(served)), active=active)
            for agent_id, name, active, served in rows
        }
        by_id = {device.id: device for device in devices}
        before = (self.agents, self.devices, self.queues, self.pause_reasons)
        if (people, by_id, found, reasons) == before:
            return
        self.agents, self.devices, self.queues, self.pause_reasons = people, by_id, found, reasons
        self.device_by_interface = {device.interface: device for device in devices}
        for watcher in self.watchers:
            watcher()

    async def run(self) -> None:
        """Keep up with changes that others make in the database."""
        down = False
        while True:
            try:
                await self.refresh()
            except UNAVAILABLE as error:
                if not down:
                    log.warning("directory.stale", error=str(error)[:200])
                down = True
            else:
                if down:
                    log.info("directory.fresh")
                down = False
            await asyncio.sleep(_RETRY_SECONDS if down else _REFRESH_SECONDS)

    def agent_name(self, agent_id: int) -> str:
        """How people call the agent."""
        entry = self.agents.get(agent_id)
        return entry.name if entry is not None else f"#{agent_id}"

    def queue_title(self, name: str) -> str:
        """How people call the queue."""
        queue = self.queues.get(name)
        return queue.title if queue is not None else name


DIRECTORY = web.AppKey("directory", Directory)
