"""Wrap-up: the time after a queue call that belongs to the agent, and the pause of one who misses his offers.

The agent is paused in Asterisk with the reason `wrap-up` the moment he is connected, while he talks, so that
no second call slips in when he hangs up. When his time is over he is unpaused, or paused with the reason that
he asked for meanwhile. All of it follows from the board: nothing has to be remembered over a restart but the
extensions that agents asked for, and those are in the database.

What somebody has just ordered himself comes first: as long as Asterisk has not told of it (`PauseOrders`),
nothing else is asked for, and then the agent is looked at again.

`observe` never waits. What is to be done for an agent is found by looking at him (`_review`), so looking
twice does no harm, and after an outage everybody is looked at.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.agents import store
from cti.agents.directory import Directory
from cti.agents.model import Agent, AgentStatus, SystemReason
from cti.agents.pause_orders import PauseOrders
from cti.agents.phone_use import queue_of_call
from cti.agents.store import Extension
from cti.asterisk import actions
from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.board.board import Board
from cti.board.facts import (
    AgentChanged,
    AgentStateChanged,
    ClockStepped,
    Fact,
    GapClosed,
    IntervalStarted,
    OfferEnded,
)
from cti.calls.model import (
    IntervalKind,
    OfferOutcome,
)
from cti.db.engine import UNAVAILABLE
from cti.errors import AmiError, AmiNotConnected, InvalidField
from cti.http.problems import Problem

log = structlog.get_logger(__name__)

#: For a queue that the directory does not know.
_USUAL_WRAP_UP_SECONDS: Final = 30
_USUAL_MISSED_OFFERS_LIMIT: Final = 2
#: However often it is extended.
LONGEST_WRAP_UP_SECONDS: Final = 3600
_RETRY_SECONDS: Final = 1.0
#: Timers may come a little early; the clock is an estimate.
_EARLY_SECONDS: Final = 0.005


class WrapUps:
    """Begins and ends the wrap-ups of all agents."""

    def __init__(
        self,
        board: Board,
        directory: Directory,
        ami: AmiConnection,
        clock: AsteriskClock,
        engine: AsyncEngine,
        orders: PauseOrders,
    ) -> None:
        #: Called with an agent whose wrap-up got another end.
        self.on_change: Callable[[int], None] | None = None
        self._board = board
        self._directory = directory
        self._ami = ami
        self._clock = clock
        self._engine = engine
        self._orders = orders
        orders.on_settled = self._look_again
        self._extensions: dict[int, Extension] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        #: What Asterisk was asked for last, by agent, so that it is asked once: what, and about what.
        self._asked: dict[int, tuple[str, str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read the extensions that agents asked for before a restart."""
        async with self._engine.connect() as connection:
            found = await store.list_extensions(connection)
        self._extensions = {extension.agent_id: extension for extension in found}
        self.review_all()

    async def close(self) -> None:
        """Stop; whatever is due is done after the next start."""
        for timer in self._timers.values():
            timer.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes facts of the board, at once."""
        for fact in facts:
            if isinstance(fact, OfferEnded):
                if fact.offer.outcome is OfferOutcome.ANSWERED:
                    self._connected(fact.offer.agent_id, fact.offer.call_id)
            elif isinstance(fact, AgentStateChanged | AgentChanged):
                self._orders.told(fact.agent)
                self._review(fact.agent)
            elif isinstance(fact, IntervalStarted):
                span = fact.interval
                if span.kind is IntervalKind.TALK and span.agent_id is not None and span.queue is not None:
                    self._connected(span.agent_id, span.call_id)
            elif isinstance(fact, ClockStepped):
                self._move_extensions(fact.by)
            elif isinstance(fact, GapClosed):
                self._asked.clear()
                self.review_all()

    def review_all(self) -> None:
        """Look at everybody anew: at the start, after an outage, after a change of settings."""
        for agent in self._board.agents():
            self._review(agent)

    def ends_at(self, agent: Agent) -> float | None:
        """When the agent's wrap-up ends by itself (epoch seconds of Asterisk's clock); None when in none."""
        if agent.state.status is not AgentStatus.WRAP_UP or agent.wrap_up_started_at is None:
            return None
        extension = self._extensions.get(agent.agent_id)
        if extension is not None and extension.call_id == agent.call_id:
            return extension.until_at
        queue = self._directory.queues.get(agent.wrap_up_queue or "")
        return agent.wrap_up_started_at + (queue.wrap_up_seconds if queue else _USUAL_WRAP_UP_SECONDS)

    async def end(self, agent: Agent) -> None:
        """Ends the wrap-up now: ready, or the pause that was asked for meanwhile.

        Raises:
            Problem: `agent.not_wrapping_up`.
            AmiError: it may not have been done.
        """
        if agent.state.status is not AgentStatus.WRAP_UP:
            raise Problem("agent.not_wrapping_up")
        await self._orders.give(agent, _after_wrap_up(self._orders.reason(agent)))

    async def extend(self, agent: Agent, seconds: float) -> None:
        """Moves the end of the wrap-up.

        Raises:
            Problem: `agent.not_wrapping_up` or `agent.wrap_up_too_long`.
        """
        ends_at = self.ends_at(agent)
        started_at = agent.wrap_up_started_at
        if ends_at is None or started_at is None or agent.call_id is None:
            raise Problem("agent.not_wrapping_up")
        until = max(ends_at, self._clock.now()) + seconds
        if until - started_at > LONGEST_WRAP_UP_SECONDS:
            raise Problem("agent.wrap_up_too_long", limit=LONGEST_WRAP_UP_SECONDS)
        extension = Extension(agent_id=agent.agent_id, call_id=agent.call_id, until_at=until)
        self._extensions[agent.agent_id] = extension
        self._arm(agent)
        if self.on_change is not None:
            self.on_change(agent.agent_id)
        await self._keep(extension)

    async def _keep(self, extension: Extension) -> None:
        try:
            async with self._engine.begin() as connection:
                await store.keep_extension(connection, extension)
        except UNAVAILABLE as error:
            # It holds all the same, until a restart.
            log.warning("wrap_up.extension_not_kept", agent_id=extension.agent_id, error=str(error)[:200])

    def _move_extensions(self, by: float) -> None:
        """Asterisk's clock has jumped: an agent has as many seconds left as before."""
        for agent_id, extension in self._extensions.items():
            moved = self._extensions[agent_id] = msgspec.structs.replace(
                extension, until_at=extension.until_at + by
            )
            self._start(self._keep(moved), f"extension of agent {agent_id}")
        self.review_all()

    # --- Looking at one agent ---

    def _look_again(self, agent_id: int) -> None:
        agent = self._board.agent(agent_id)
        if agent is not None:
            self._review(agent)

    def _connected(self, agent_id: int, call_id: str) -> None:
        agent = self._board.agent(agent_id)
        if agent is not None and agent.interface is not None and agent.pause_reason is None:
            self._ask(agent, SystemReason.WRAP_UP, f"begin {call_id}")

    def _review(self, agent: Agent) -> None:
        status = agent.state.status
        if status is not AgentStatus.WRAP_UP:
            timer = self._timers.pop(agent.agent_id, None)
            if timer is not None:
                timer.cancel()
        if agent.interface is None or not agent.queues:
            self._asked.pop(agent.agent_id, None)
        elif status is AgentStatus.WRAP_UP:
            self._arm(agent)
        elif status is AgentStatus.PAUSED and agent.pause_reason == SystemReason.WRAP_UP:
            # A service paused him for a call, died before it heard of that, and the call is over.
            self._ask(agent, None, f"end {agent.state.id}")
        elif agent.pause_reason is None:
            if queue_of_call(self._board, agent) is not None and agent.call_id is not None:
                self._ask(agent, SystemReason.WRAP_UP, f"begin {agent.call_id}")
            elif status is AgentStatus.READY and agent.missed_offers >= self._missed_offers_limit(agent):
                self._ask(agent, SystemReason.MISSED_OFFERS, f"missed {agent.state.id}")

    def _missed_offers_limit(self, agent: Agent) -> int:
        limits = [
            queue.missed_offers_limit
            for name in agent.queues
            if (queue := self._directory.queues.get(name)) is not None
        ]
        return min(limits, default=_USUAL_MISSED_OFFERS_LIMIT)

    def _arm(self, agent: Agent) -> None:
        timer = self._timers.pop(agent.agent_id, None)
        if timer is not None:
            timer.cancel()
        ends_at = self.ends_at(agent)
        if ends_at is not None:
            delay = max(0.0, ends_at - self._clock.now())
            loop = asyncio.get_running_loop()
            self._timers[agent.agent_id] = loop.call_later(delay, self._due, agent.agent_id)

    def _due(self, agent_id: int) -> None:
        self._timers.pop(agent_id, None)
        agent = self._board.agent(agent_id)
        ends_at = None if agent is None else self.ends_at(agent)
        if agent is None or ends_at is None:
            return
        if ends_at - self._clock.now() > _EARLY_SECONDS:
            self._arm(agent)
            return
        self._ask(agent, pause_after_wrap_up(agent), f"end {agent.state.id} {ends_at}")

    # --- Asking Asterisk ---

    def _ask(self, agent: Agent, reason: str | None, about: str) -> None:
        if self._orders.stands(agent.agent_id):
            return
        asked = (reason or "", about)
        if self._asked.get(agent.agent_id) == asked:
            return
        self._asked[agent.agent_id] = asked
        self._start(self._try(agent, reason, asked), f"pause agent {agent.agent_id}")

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, agent: Agent, reason: str | None, asked: tuple[str, str]) -> None:
        if self._orders.stands(agent.agent_id):
            # Ordered since it was decided.
            if self._asked.get(agent.agent_id) == asked:
                del self._asked[agent.agent_id]
            return
        try:
            await self._set_pause(agent, reason)
        except InvalidField as error:
            log.error("wrap_up.not_set", agent_id=agent.agent_id, reason=reason, error=str(error))
        except AmiError as error:
            if not isinstance(error, AmiNotConnected):  # the connection itself says that it is down, once
                log.warning("wrap_up.not_set", agent_id=agent.agent_id, reason=reason, error=error.code)
            await asyncio.sleep(_RETRY_SECONDS)
            if self._asked.get(agent.agent_id) == asked:
                del self._asked[agent.agent_id]
            self._review(agent)

    async def _set_pause(self, agent: Agent, reason: str | None) -> None:
        if agent.interface is not None:
            await actions.queue_pause(
                self._ami, interface=agent.interface, paused=reason is not None, reason=reason
            )


def pause_after_wrap_up(agent: Agent) -> str | None:
    """The pause that comes after the wrap-up: what the agent asked for while he talked; None for ready."""
    return _after_wrap_up(agent.pause_reason)


def _after_wrap_up(reason: str | None) -> str | None:
    return None if reason == SystemReason.WRAP_UP else reason
