"""Tasks on the live connection: how many there are to do, and which have changed."""

import asyncio
from typing import Final

import msgspec

from cti.agents.directory import Directory
from cti.http.principal import Principal, Role
from cti.tasks.open_tasks import ChangedTask, OpenTasks, TaskCount
from cti.tasks.store import Sight
from cti.web.live import LiveHub

#: Changes that come together are told in one frame.
_GATHER_SECONDS: Final = 0.25
_MOST_TOLD: Final = 200
_encode: Final = msgspec.json.Encoder().encode


class LiveTasks:
    """Tells each reader of the tasks that he may see: agents those of their queues, supervisors all."""

    def __init__(self, hub: LiveHub, tasks: OpenTasks, directory: Directory) -> None:
        self._hub = hub
        self._tasks = tasks
        self._directory = directory
        self._changed: dict[str, ChangedTask] = {}
        self._later: asyncio.TimerHandle | None = None
        tasks.on_change = self._take
        hub.parts["tasks"] = self.counts

    def counts(self, principal: Principal) -> list[TaskCount]:
        """What a reader is shown when he comes."""
        sight = self._sight(principal)
        return [one for one in self._tasks.counts() if sight.sees(one.queue, supervisor=one.supervisor)]

    def close(self) -> None:
        """Nothing is told any more."""
        if self._later is not None:
            self._later.cancel()

    def _take(self, changed: list[ChangedTask]) -> None:
        for task in changed:
            self._changed[task.id] = task
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._send)

    def _send(self) -> None:
        self._later = None
        changed, self._changed = list(self._changed.values())[-_MOST_TOLD:], {}
        frames: dict[Sight, bytes] = {}
        for client in tuple(self._hub.clients):
            if client.principal.role is Role.INTEGRATION:
                continue
            sight = self._sight(client.principal)
            frame = frames.get(sight)
            if frame is None:
                ids = [
                    one.id for one in changed if sight.sees(one.place.queue, supervisor=one.place.supervisor)
                ]
                counts = _encode(self.counts(client.principal))
                frame = frames[sight] = b'"type":"tasks","tasks":%s,"changed":%s' % (counts, _encode(ids))
            client.send(frame)

    def _sight(self, principal: Principal) -> Sight:
        if principal.role in (Role.SUPERVISOR, Role.ADMIN):
            return Sight()
        entry = self._directory.agents.get(principal.agent_id or 0)
        return Sight(queues=frozenset(entry.queues if entry is not None else ()))
