"""Callbacks that were agreed, on the live connection: how many are due, and that something changed."""

import msgspec

from cti.agents.directory import Directory
from cti.callbacks.agreed_store import Sight
from cti.callbacks.due import DueCallbacks, Place
from cti.http.principal import Principal, Role
from cti.web.live import LiveHub


class CallbackCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many callbacks a reader should make now."""

    due: int


class LiveCallbacks:
    """Tells each agent of his own callbacks and of those that are offered to his queues; nobody else."""

    def __init__(self, hub: LiveHub, callbacks: DueCallbacks, directory: Directory) -> None:
        self._hub = hub
        self._callbacks = callbacks
        self._directory = directory
        callbacks.on_change = self._tell
        hub.parts["callbacks"] = self.count

    def count(self, principal: Principal) -> CallbackCount:
        """What a reader is shown when he comes."""
        sight = self._sight(principal)
        return CallbackCount(due=0 if sight is None else self._callbacks.count(sight))

    def _tell(self, places: set[Place]) -> None:
        for client in tuple(self._hub.clients):
            sight = self._sight(client.principal)
            if sight is not None and any(place.seen_by(sight) for place in places):
                count = msgspec.json.encode(self.count(client.principal))
                client.send(b'"type":"callbacks","callbacks":' + count)

    def _sight(self, principal: Principal) -> Sight | None:
        if principal.role is not Role.AGENT or principal.agent_id is None:
            return None
        entry = self._directory.agents.get(principal.agent_id)
        return Sight(agent_id=principal.agent_id, queues=() if entry is None else entry.queues)
