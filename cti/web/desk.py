"""Everything that stands between the board and the people at their screens, put together in one place."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.agents.commands import AgentCommands
from cti.agents.directory import Directory
from cti.agents.phone_use import Consultations
from cti.agents.views import AgentViews, Pops
from cti.agents.wrap_up import WrapUps
from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.board.board import Board
from cti.board.facts import Fact
from cti.queues.live_figures import LiveFigures
from cti.web.live import LiveHub

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Agents' commands, wrap-ups, queue figures and the live connection, over one board."""

    board: Board
    directory: Directory
    wrap_ups: WrapUps
    consultations: Consultations
    commands: AgentCommands
    views: AgentViews
    figures: LiveFigures
    hub: LiveHub

    def observe(self, facts: list[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        for fact in facts:
            self.consultations.observe(fact)
        self.figures.observe(facts)
        self.wrap_ups.observe(facts)
        self.hub.observe(facts)

    def loops(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """The long tasks, by name; their owner runs them for as long as the desk is open."""
        return [("directory", self.directory.run()), ("live figures", self.figures.run())]


@asynccontextmanager
async def open_desk(
    *,
    board: Board,
    engine: AsyncEngine,
    ami: AmiConnection,
    phone_ami: AmiConnection,
    clock: AsteriskClock,
    pops: Pops,
    time_zone: tzinfo | None = None,
) -> AsyncIterator[Desk]:
    """Opens the desk; give `Desk.observe` the board's facts and the screen pops' changes to `Desk.hub`.

    The database may be down: then names and settings come once it is back.
    """
    directory = Directory(engine)
    consultations = Consultations(board)
    wrap_ups = WrapUps(board, directory, ami, clock, engine)
    views = AgentViews(board, directory, pops, wrap_ups, consultations)
    figures = LiveFigures(board, directory, engine, time_zone)
    hub = LiveHub(board, directory, views, figures)
    commands = AgentCommands(board, directory, ami, phone_ami, wrap_ups, consultations)
    try:
        async with asyncio.timeout(5):
            await directory.refresh()
            await wrap_ups.load()
            await figures.seed()
    except (OSError, DBAPIError, TimeoutError) as error:
        log.warning("desk.opened_without_database", error=str(error)[:200])
    wrap_ups.on_change = hub.agent_changed
    consultations.on_change = hub.agent_changed
    directory.watchers += [wrap_ups.review_all, commands.follow_directory]
    ami.watch(hub.link_changed)
    hub.link_changed(ami.status)
    try:
        yield Desk(
            board=board,
            directory=directory,
            wrap_ups=wrap_ups,
            consultations=consultations,
            commands=commands,
            views=views,
            figures=figures,
            hub=hub,
        )
    finally:
        hub.close()
        await commands.close()
        await wrap_ups.close()
