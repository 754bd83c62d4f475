"""Everything that stands between the board and the people at their screens, put together in one place."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.agents.click_to_dial import ClickToDial
from cti.agents.commands import AgentCommands
from cti.agents.dialled_numbers import DialledNumbers
from cti.agents.directory import Directory
from cti.agents.pause_orders import PauseOrders
from cti.agents.phone_use import Consultations
from cti.agents.views import AgentViews, Pops
from cti.agents.wrap_up import WrapUps
from cti.announcements.board import AnnouncementBoard
from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.asterisk.link import LinkState
from cti.board.board import Board
from cti.board.facts import Fact
from cti.callbacks.due import DueCallbacks
from cti.db.engine import UNAVAILABLE
from cti.dialling.manual.manual_attempts import ManualAttempts
from cti.dialling.manual.manual_cancelling import ManualCancelling
from cti.dialling.manual.manual_dialling import ManualDialling
from cti.dialling.rules.may_dial import DialRules, Doubt
from cti.do_not_call.imports import NumberImports
from cti.do_not_call.list import DoNotCallList
from cti.hours.opening import OpeningHours
from cti.people.phone_access import PhoneAccessCheck
from cti.queues.live_figures import LiveFigures
from cti.reference.book import ReferenceBook
from cti.tasks.open_tasks import OpenTasks
from cti.web.live import LiveHub
from cti.web.live_callbacks import LiveCallbacks
from cti.web.live_tasks import LiveTasks

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Agents' commands, wrap-ups, queue figures and the live connection, over one board; and what flows look
    up of what people keep.
    """

    board: Board
    directory: Directory
    wrap_ups: WrapUps
    consultations: Consultations
    commands: AgentCommands
    views: AgentViews
    figures: LiveFigures
    hub: LiveHub
    hours: OpeningHours
    tasks: OpenTasks
    announcements: AnnouncementBoard
    phone_access: PhoneAccessCheck
    book: ReferenceBook
    do_not_call: DoNotCallList
    number_imports: NumberImports
    dialling: ManualDialling
    attempts: ManualAttempts
    cancelling: ManualCancelling
    click_to_dial: ClickToDial
    callbacks: DueCallbacks

    def observe(self, facts: list[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        self.do_not_call.observe(facts)
        self.attempts.observe(facts)
        for fact in facts:
            self.consultations.observe(fact)
        self.figures.observe(facts)
        self.wrap_ups.observe(facts)
        self.hub.observe(facts)
        self.tasks.observe(facts)

    def loops(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """The long tasks, by name; their owner runs them for as long as the desk is open."""
        return [
            ("directory", self.directory.run()),
            ("live figures", self.figures.run()),
            (self.hours.memory.name, self.hours.memory.run()),
            (self.announcements.memory.name, self.announcements.memory.run()),
            (self.book.memory.name, self.book.memory.run()),
            ("tasks", self.tasks.run()),
            ("manual attempts", self.attempts.run()),
            ("refusals of manual attempts", self.cancelling.run()),
            ("agreed callbacks", self.callbacks.run()),
        ]


@asynccontextmanager
async def open_desk(
    *,
    board: Board,
    engine: AsyncEngine,
    ami: AmiConnection,
    phone_ami: AmiConnection,
    clock: AsteriskClock,
    pops: Pops,
    region: str = "CN",
    node: str = "pbx1",
    rules: DialRules | None = None,
    time_zone: tzinfo | None = None,
    callers_zone: str = "Asia/Shanghai",
    dial_calendar: str | None = None,
) -> AsyncIterator[Desk]:
    """Opens the desk; give `Desk.observe` the board's facts and the screen pops' changes to `Desk.hub`.

    ``dial_calendar`` is the opening hours in which agents may call people (see `ManualDialling`).

    The database may be down: then names and settings come once it is back.
    """
    directory = Directory(engine)
    consultations = Consultations(board)
    orders = PauseOrders(ami)
    wrap_ups = WrapUps(board, directory, ami, clock, engine, orders)
    dialled = DialledNumbers()
    views = AgentViews(board, directory, pops, wrap_ups, consultations, dialled)
    figures = LiveFigures(board, directory, engine, time_zone)
    hub = LiveHub(board, directory, views, figures)
    do_not_call = DoNotCallList(engine, region)
    number_imports = NumberImports(engine, region, do_not_call.tell_added)
    hours = OpeningHours(engine)

    def heard() -> bool:
        return ami.status.state is LinkState.READY and board.gap_from is None

    dialling = ManualDialling(
        engine, do_not_call, node=node, rules=rules or DialRules(home_region=region), zone=callers_zone,
        clock=clock.now, calendar=lambda: hours.memory.content.get(dial_calendar or ""),
        doubts=lambda: () if heard() else (Doubt.TELEPHONES,),
    )  # fmt: skip
    attempts = ManualAttempts(board, engine, node=node, clock=clock.now, heard=heard)
    click_to_dial = ClickToDial(board, directory, ami, dialling, attempts, dialled, zone=callers_zone)
    commands = AgentCommands(
        board, directory, ami, phone_ami, wrap_ups, orders, consultations, click_to_dial.require_handing_on
    )
    callbacks = DueCallbacks(engine)
    LiveCallbacks(hub, callbacks, directory)
    tasks = OpenTasks(engine)
    live_tasks = LiveTasks(hub, tasks, directory)
    announcements = AnnouncementBoard(engine)
    book = ReferenceBook(engine)
    try:
        async with asyncio.timeout(5):
            await directory.refresh()
            await wrap_ups.load()
            await figures.seed()
            memories = (hours.memory, announcements.memory, book.memory)
            await asyncio.gather(*(memory.refresh() for memory in memories), tasks.refresh())
    except UNAVAILABLE as error:
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
            hours=hours,
            tasks=tasks,
            announcements=announcements,
            phone_access=PhoneAccessCheck(engine),
            book=book,
            do_not_call=do_not_call,
            number_imports=number_imports,
            dialling=dialling,
            attempts=attempts,
            cancelling=ManualCancelling(ami, engine, attempts, do_not_call),
            click_to_dial=click_to_dial,
            callbacks=callbacks,
        )
    finally:
        live_tasks.close()
        hub.close()
        await number_imports.close()
        await click_to_dial.close()
        await commands.close()
        orders.close()
        await wrap_ups.close()
