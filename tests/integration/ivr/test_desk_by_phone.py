"""What people keep for callers, on a real Asterisk with a real database.

A supervisor switches an announcement by telephone with his PIN; a flow looks up hours, a table and what is
announced, and leaves a task.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.announcements.board import AnnouncementBoard
from cti.announcements.store import read_history
from cti.db.engine import open_engine
from cti.flows.document import flow_of
from cti.flows.library import FOLDER
from cti.flows.sources import LookUpSource
from cti.hours.opening import OpeningHours
from cti.http.principal import Language, Role
from cti.people.passwords import generate_password
from cti.people.phone_access import PhoneAccessCheck, set_access
from cti.people.store import create_user
from cti.reference.book import ReferenceBook
from cti.simulation import demo_desk
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver
from cti.tasks.opening import TaskOpener
from cti.tasks.reference import day_of, reference_of
from tests.stage.flow_stage import FlowStage, flow_stage

PIN = "482615"
LOOKING_UP = """
flow: looking-up
kind: inbound
title: {zh-CN: 查询, en: Looking up}
start: hours
steps:
  hours: {lookup: {source: hours, arguments: {calendar: "'main'"}, into: hours, goto: product}}
  product:
    lookup: {source: table, arguments: {table: "'products'", key: "3"}, into: product, goto: nothing}
  nothing:
    lookup:
      {source: table, arguments: {table: "'products'", key: "99"}, into: other, goto: end, otherwise: news}
  news: {lookup: {source: announcement, arguments: {queue: "'sales'"}, into: news, goto: task}}
  task:
    task:
      kind: follow_up
      queue: sales
      values: {open: hours.open, price: product.price, prompt: news.prompt}
      goto: end
  end: {exit: {say: [goodbye]}}
"""


@pytest_asyncio.fixture(scope="module")
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with Sue, who has a PIN, and what the demonstration keeps."""
    async with open_engine(postgres_url) as opened:
        async with opened.begin() as connection:
            sue = await create_user(
                connection, username="sue", name="Sue", role=Role.SUPERVISOR, language=Language.ENGLISH,
                password=generate_password(),
            )  # fmt: skip
            await set_access(connection, sue.id, pin=PIN, staff_number="7001")
            await demo_desk.load(connection)
        yield opened


@pytest_asyncio.fixture
async def stage(
    lab: Lab, observer: AmiObserver, engine: AsyncEngine, tmp_path: Path
) -> AsyncIterator[FlowStage]:
    async with flow_stage(lab, tmp_path) as stage:
        announcements = AnnouncementBoard(engine)
        hours, book = OpeningHours(engine), ReferenceBook(engine)
        for memory in (announcements.memory, hours.memory, book.memory):
            assert await memory.refresh()
        stage.sources = {
            LookUpSource.STAFF: PhoneAccessCheck(engine),
            LookUpSource.ANNOUNCEMENT: announcements,
            LookUpSource.HOURS: hours,
            LookUpSource.TABLE: book,
        }
        tasks = TaskOpener(
            take=stage.take,
            durable=stage.journal.wait_durable,
            reference=stage.board.task_reference,
            clock=stage.clock.now,
        )
        stage.deeds = {"announcements": announcements, "tasks": tasks}
        switch = flow_of((FOLDER / "announcement-switch.yaml").read_text(encoding="utf-8"))
        stage.book.flows = {flow.flow: flow for flow in (switch, flow_of(LOOKING_UP))}
        yield stage
        await lab.clear(observer)


async def key(stage: FlowStage, call: SimulatedCall, *keyed: str) -> None:
    """One input at each step, once it listens."""
    for number, keys in enumerate(keyed, 1):
        await stage.until("CtiFlowAnswer" if number > 1 else "CtiFlowStep", max(1, number - 1))
        await call.stay(0.6)
        await call.press(keys)


async def test_a_supervisor_switches_an_announcement_by_telephone(
    lab: Lab, stage: FlowStage, engine: AsyncEngine
) -> None:
    announcements = stage.sources[LookUpSource.ANNOUNCEMENT]
    stage.route("announcement-switch")
    async with lab.trunk(audio=True) as trunk:
        call = await trunk.dial("4001", caller="13800138000")
        assert await call.answered()
        await key(stage, call, "7001#", f"{PIN}#", "2", "1")
        async with asyncio.timeout(30):
            await call.ended()
    assert await announcements.look_up({"queue": "sales"}) is not None
    assert stage.answers() == [
        ("staff_number", "7001"),
        ("pin", "****"),
        ("announcement", "outage"),
        ("state", "on"),
    ]
    assert stage.outcomes() == ["on"]
    async with engine.connect() as connection:
        [entry] = await read_history(connection, "outage", 10)
    assert (entry.act, entry.by, entry.user_name) == ("on", "phone", "Sue")
    await stage.journal.flush()
    written = b"".join(block for _, block in stage.journal.read())
    assert b"CtiFlowAnswer" in written
    assert PIN.encode() not in written


async def test_a_wrong_pin_switches_nothing(lab: Lab, stage: FlowStage) -> None:
    stage.route("announcement-switch")
    async with lab.trunk(audio=True) as trunk:
        call = await trunk.dial("4001", caller="13800138000")
        assert await call.answered()
        await key(stage, call, "7001#", "111222#")
        async with asyncio.timeout(30):
            await call.ended()
    assert stage.outcomes() == ["refused"]


async def test_a_flow_knows_hours_prices_and_announcements_and_leaves_a_task(
    lab: Lab, stage: FlowStage
) -> None:
    stage.route("looking-up")
    announcements = stage.deeds["announcements"]
    await announcements.switch("surge", on=True, user_id=None)
    async with lab.trunk() as trunk:
        call = await trunk.dial("4001", caller="13800138000")
        task = await stage.until("CtiTaskOpened")
        async with asyncio.timeout(30):
            await call.ended()
    details = json.loads(task.get("Details"))
    assert isinstance(details.pop("open"), bool)
    assert details == {"price": 98.5, "prompt": (await announcements.look_up({"queue": "sales"}))["prompt"]}
    assert (task.get("Queue"), task.get("Kind"), task.get("Number")) == (
        "sales",
        "follow_up",
        "+8613800138000",
    )
    assert task.get("Reference") == reference_of(day_of(task.at), 1)
    assert stage.outcomes() == ["completed"]
