"""The live connection: everybody sees at once what concerns him.

`observe` is called from the path of Asterisk's events with the facts of one event: it notes who is concerned
and returns. On the loop's next turn every concerned agent gets his whole state in one frame, so a burst of
facts is one frame and nothing can be missed. What supervisors watch is gathered for a quarter of a second.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from aiohttp import WSCloseCode, web

from cti.agents.directory import Directory
from cti.agents.view_model import AgentLive
from cti.agents.views import AgentViews
from cti.asterisk.link import LinkState, LinkStatus
from cti.board.board import Board
from cti.board.facts import (
    AgentChanged,
    AgentStateChanged,
    CallChanged,
    CallMerged,
    CallTransferred,
    Fact,
    GapClosed,
    IntervalEnded,
    IntervalStarted,
    LegChanged,
    OfferEnded,
    OfferMade,
    QueueLeft,
)
from cti.customers.model import ScreenPop
from cti.http.principal import Principal, Role
from cti.http.shapes import Instant, instant
from cti.queues.live_figures import LiveFigures, QueueLive
from cti.web.live_client import LiveClient
from cti.web.troubles import Trouble

#: Supervisors' frames come at most so often.
GATHER_SECONDS: Final = 0.25
#: How often an agent hears of his queues.
QUEUES_SECONDS: Final = 1.0

_encode: Final = msgspec.json.Encoder().encode
_WATCHERS: Final = frozenset({Role.SUPERVISOR, Role.ADMIN})


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """How the connection to Asterisk is: `up` or `down`, and since when."""

    asterisk: str
    since: Instant


class LiveHub:
    """All readers of the live connection."""

    def __init__(self, board: Board, directory: Directory, views: AgentViews, figures: LiveFigures) -> None:
        self.clients: set[LiveClient] = set()
        #: What else belongs to a reader's first picture, by its name there.
        self.parts: dict[str, Callable[[Principal], object]] = {}
        self._board = board
        self._directory = directory
        self._views = views
        self._figures = figures
        self._by_agent: dict[int, set[LiveClient]] = {}
        self._watchers: set[LiveClient] = set()
        self._link = Link(asterisk="down", since=instant(0))
        self._troubles: tuple[Trouble, ...] = ()
        #: Which agents have a call now; it is what a screen pop or a menu choice is for.
        self._call_of: dict[int, str] = {}
        self._agents_of: dict[str, set[int]] = {}
        self._own: set[int] = set()
        #: What each connected agent was sent last, so that nothing is said twice.
        self._sent: dict[int, bytes] = {}
        self._watched: set[int] = set()
        self._queues_for_agents: set[str] = set()
        self._queues_for_watchers: set[str] = set()
        self._soon: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._queues_later: asyncio.TimerHandle | None = None
        self._shown_agents: dict[int, AgentLive] = {}
        self._shown_queues: dict[str, QueueLive] = {}
        self._closed = False
        for agent in board.agents():
            self._note_call(agent.agent_id, agent.call_id)
        directory.watchers.append(self.everybody_changed)

    # --- What happens ---

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        for fact in facts:
            if isinstance(fact, AgentStateChanged | AgentChanged):
                self._note_call(fact.agent.agent_id, fact.agent.call_id)
                self._own.add(fact.agent.agent_id)
            elif isinstance(fact, OfferMade | OfferEnded):
                self._own.add(fact.offer.agent_id)
            elif isinstance(fact, IntervalStarted | IntervalEnded):
                # Of the others in the call too: a consulted party answers, a caller is held.
                self._own |= self._agents_of.get(fact.interval.call_id, _NOBODY)
            elif isinstance(fact, LegChanged):
                self._own |= self._agents_of.get(fact.leg.call_id, _NOBODY)
            elif isinstance(fact, CallChanged | QueueLeft | CallTransferred | CallMerged):
                self._own |= self._agents_of.get(fact.call.id, _NOBODY)
            elif isinstance(fact, GapClosed):
                self.everybody_changed()
        if self._own or self._figures.changed:
            self._schedule()

    def pop_changed(self, pop: ScreenPop) -> None:
        """A screen pop has something new to show."""
        concerned = self._agents_of.get(pop.call_id)
        if concerned:
            self._own |= concerned
            self._schedule()

    def agent_changed(self, agent_id: int) -> None:
        """Something outside the board changed for an agent: his wrap-up's end, his disposition."""
        self._own.add(agent_id)
        self._schedule()

    def everybody_changed(self) -> None:
        """Names or settings changed, or events were missed: look at everybody."""
        self._own |= {agent.agent_id for agent in self._board.agents()} | set(self._directory.agents)
        self._figures.changed.update(self._figures.names())
        self._schedule()

    def link_changed(self, status: LinkStatus) -> None:
        """The connection to Asterisk changed."""
        state = "up" if status.state is LinkState.READY else "down"
        if state != self._link.asterisk:
            self._link = Link(asterisk=state, since=instant(status.since))
            content = b'"type":"link",' + _encode(self._link)[1:-1]
            for client in self.clients:
                client.send(content)

    def troubles_changed(self, troubles: tuple[Trouble, ...]) -> None:
        """Something of the service takes no more writing, or takes it again."""
        if troubles != self._troubles:
            self._troubles = troubles
            content = b'"type":"troubles","troubles":' + _encode(troubles)
            for client in self._watchers:
                if client.principal.role in _WATCHERS:
                    client.send(content)

    # --- Readers ---

    def join(self, client: LiveClient) -> None:
        """Add a reader and give him the whole picture; from now on he misses nothing."""
        principal = client.principal
        watches = principal.role in _WATCHERS
        agent_id = principal.agent_id
        watches_queues = watches or principal.role is Role.INTEGRATION
        if watches_queues:
            # What is gathered goes to the others first, so that the picture is what all of them were shown.
            self._send_watched()
            queues = [self._shown_queues[name] for name in sorted(self._shown_queues)]
        else:
            queues = [self._figures.briefly(name) for name in self._queues_of(agent_id)]
        picture = {
            "agent": None if agent_id is None else self._views.snapshot(agent_id),
            "queues": queues,
            "agents": list(self._shown_agents.values()) if watches else [],
            "link": self._link,
            "troubles": self._troubles if watches else (),
            **{name: part(principal) for name, part in self.parts.items()},
        }
        client.send(b'"type":"snapshot",' + _encode(picture)[1:-1])
        self.clients.add(client)
        if watches_queues:
            self._watchers.add(client)
        if agent_id is not None:
            self._by_agent.setdefault(agent_id, set()).add(client)

    def leave(self, client: LiveClient) -> None:
        """The reader is gone."""
        self.clients.discard(client)
        self._watchers.discard(client)
        agent_id = client.principal.agent_id
        if agent_id is not None:
            mine = self._by_agent.get(agent_id, set())
            mine.discard(client)
            if not mine:
                self._by_agent.pop(agent_id, None)
                self._sent.pop(agent_id, None)

    def session_ended(self, session_key: bytes) -> None:
        """A session is over: whoever reads with it goes."""
        for client in tuple(self.clients):
            if client.principal.session_key == session_key:
                client.close(WSCloseCode.POLICY_VIOLATION, "session over")

    def close(self) -> None:
        """The service stops: everybody is to come back."""
        self._closed = True
        for handle in (self._soon, self._later, self._queues_later):
            if handle is not None:
                handle.cancel()
        for client in tuple(self.clients):
            client.close(WSCloseCode.GOING_AWAY, "restart")

    def queues(self) -> list[QueueLive]:
        """All queues as supervisors see them."""
        return self._figures.views(self._figures.names())

    def agents(self) -> list[AgentLive]:
        """All agents as supervisors see them."""
        return [self._views.live(agent_id) for agent_id in sorted(self._agent_ids())]

    # --- Frames ---

    def _schedule(self) -> None:
        if self._soon is None and not self._closed:
            self._soon = asyncio.get_running_loop().call_soon(self._send_own)

    def _send_own(self) -> None:
        self._soon = None
        concerned, self._own = self._own, set()
        for agent_id in concerned:
            clients = self._by_agent.get(agent_id)
            if not clients:
                continue
            content = b'"type":"agent","agent":' + _encode(self._views.snapshot(agent_id))
            if content != self._sent.get(agent_id):
                self._sent[agent_id] = content
                for client in clients:
                    client.send(content)
        self._watched |= concerned
        changed = self._figures.changed
        self._queues_for_agents |= changed
        self._queues_for_watchers |= changed
        changed.clear()
        loop = asyncio.get_running_loop()
        if self._later is None and self._watchers:
            self._later = loop.call_later(GATHER_SECONDS, self._send_watched)
        if self._queues_later is None and self._by_agent and self._queues_for_agents:
            self._queues_later = loop.call_later(QUEUES_SECONDS, self._send_queues_to_agents)

    def _send_watched(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        queues, agents, removed = self._refresh_shown()
        for client in self._watchers:
            if queues:
                client.send(queues)
            if (agents or removed) and client.principal.role in _WATCHERS:
                client.send(b'"type":"agents","agents":%s,"removed":%s' % (agents or b"[]", removed or b"[]"))

    def _refresh_shown(self) -> tuple[bytes, bytes, bytes]:
        """Bring what supervisors were shown up to date; returns what is new."""
        self._watched |= set(self._shown_agents) ^ self._agent_ids()
        names = self._queues_for_watchers | self._figures.changed
        names |= set(self._figures.names()) ^ set(self._shown_queues)
        known = set(self._figures.names())
        queues = [
            view
            for view in self._figures.views(sorted(names & known))
            if self._shown_queues.get(view.name) != view
        ]
        for view in queues:
            self._shown_queues[view.name] = view
        for name in names - known:
            self._shown_queues.pop(name, None)
        ids = self._agent_ids()
        agents = [
            line
            for line in (self._views.live(agent_id) for agent_id in sorted(self._watched & ids))
            if self._shown_agents.get(line.agent_id) != line
        ]
        for line in agents:
            self._shown_agents[line.agent_id] = line
        removed = sorted(self._watched - ids)
        for agent_id in removed:
            self._shown_agents.pop(agent_id, None)
        self._watched.clear()
        self._queues_for_watchers.clear()
        return (
            b'"type":"queues","queues":' + _encode(queues) if queues else b"",
            _encode(agents) if agents else b"",
            _encode(removed) if removed else b"",
        )

    def _send_queues_to_agents(self) -> None:
        self._queues_later = None
        changed, self._queues_for_agents = self._queues_for_agents, set()
        frames: dict[tuple[str, ...], bytes] = {}
        for agent_id, clients in self._by_agent.items():
            mine = tuple(name for name in self._queues_of(agent_id) if name in changed)
            if not mine:
                continue
            content = frames.get(mine)
            if content is None:
                views = [self._figures.briefly(name) for name in mine]
                content = frames[mine] = b'"type":"queues","queues":' + _encode(views)
            for client in clients:
                client.send(content)

    # --- Inside ---

    def _agent_ids(self) -> set[int]:
        active = {agent_id for agent_id, entry in self._directory.agents.items() if entry.active}
        return active | {agent.agent_id for agent in self._board.agents() if agent.queues}

    def _queues_of(self, agent_id: int | None) -> list[str]:
        if agent_id is None:
            return []
        agent = self._board.agent(agent_id)
        if agent is not None and agent.queues:
            return list(agent.queues)
        entry = self._directory.agents.get(agent_id)
        return list(entry.queues) if entry is not None else []

    def _note_call(self, agent_id: int, call_id: str | None) -> None:
        before = self._call_of.get(agent_id)
        if before == call_id:
            return
        if before is not None:
            of_call = self._agents_of[before]
            of_call.discard(agent_id)
            if not of_call:
                del self._agents_of[before]
            del self._call_of[agent_id]
        if call_id is not None:
            self._call_of[agent_id] = call_id
            self._agents_of.setdefault(call_id, set()).add(agent_id)


_NOBODY: Final[frozenset[int]] = frozenset()


LIVE = web.AppKey("live", LiveHub)
