"""Flows on a real Asterisk without the rest of the service: journal, board, AMI and FastAGI, as the program
joins them, and flows that a test writes down as they are in a file.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec

from cti.asterisk.agi import AgiServer
from cti.asterisk.clock import AsteriskClock
from cti.asterisk.connection import AmiConnection
from cti.asterisk.events import AmiEvent, parse
from cti.asterisk.link import AmiSettings, LinkState
from cti.board.board import Board
from cti.board.facts import Fact
from cti.config import speech_cache_dir
from cti.flows.model import Flow
from cti.flows.sources import LookUpSource
from cti.ivr.library.flow_book import Edition
from cti.ivr.model import InboundRoute, IvrSettings
from cti.ivr.sessions.dialled_person import Contacts
from cti.ivr.sessions.flow_deeds import FlowDeeds, Source
from cti.ivr.sessions.flow_session import FlowSession
from cti.ivr.sessions.inbound import Inbound
from cti.ivr.sessions.recordings import RecordingFolder
from cti.ivr.sessions.refusal_session import RefusalSession
from cti.ivr.sessions.survey_session import SurveySession
from cti.journal.journal import Journal
from cti.prompts import table
from cti.prompts.repertoire import Repertoire
from cti.recorder.intake import Intake
from cti.simulation.lab import Lab

VERSION = "0123456789ab"


#: A menu, a field, and an end; prompts are those that every installation has.
MENU: dict[str, Any] = {
    "flow": "main",
    "start": "menu",
    "steps": {
        "menu": {
            "menu": {
                "prompt": ["survey-intro", "survey-question-1"],
                "name": "what",
                "timeout_seconds": 1.5,
                "tries": 2,
                "choices": {"1": {"goto": "account", "value": "sales"}, "2": "bye", "#": "bye"},
            }
        },
        "account": {
            "field": {
                "prompt": ["survey-question-1", "survey-question-2"],
                "goto": "bye",
                "most_digits": 6,
                "timeout_seconds": 3,
                "next_key_seconds": 1.5,
            }
        },
        "bye": {"exit": {"say": ["goodbye"]}},
    },
}


class Flows:
    """A book of flows that a test may change."""

    def __init__(self) -> None:
        self.flows: dict[str, Flow] = {}

    def put(self, flow: Mapping[str, Any]) -> None:
        """Makes this the active version of the flow."""
        read = msgspec.convert({"title": {"en": "x", "zh-CN": "x"}, "kind": "inbound", **flow}, type=Flow)
        self.flows[read.flow] = read

    def active(self, name: str) -> Edition | None:
        """What a call that begins now goes through."""
        flow = self.flows.get(name)
        if flow is None:
            return None
        others = {other: VERSION for other in self.flows if other != name}
        return Edition(name=name, version=VERSION, flow=flow, parts=others, flows=dict(self.flows))

    async def find(self, name: str, version: str, parts: Mapping[str, str] = {}) -> Edition | None:
        """The same: there are no other versions."""
        return self.active(name)


class Nobody:
    """Takes facts that nobody records."""

    def take(self, facts: list[Fact], position: int) -> None:
        """Forgets them."""


class FlowStage:
    """Everything at work; `events` are the service's own, as they come."""

    def __init__(self, lab: Lab, journal: Journal, recordings: RecordingFolder) -> None:
        self.lab = lab
        self.journal = journal
        self.clock = AsteriskClock()
        self.board = Board(lab.plan.node)
        self.intake = Intake(journal, self.board, Nobody(), self.clock.now)
        self.book = Flows()
        self.settings = IvrSettings()
        self.recordings = recordings
        self.voice = Repertoire(lab.plan.home / "sounds", table.shipped(), speech_cache_dir()).sounds
        self.sources: dict[LookUpSource, Source] = {}
        self.deeds: dict[str, Any] = {}
        self.contacts: Contacts | None = None
        self.events: list[AmiEvent] = []
        #: Before an event is taken; a test may hold it up or refuse it.
        self.durable: Callable[[int], Awaitable[None]] = journal.wait_durable
        self._changed = asyncio.Event()

    def take(self, block: bytes) -> int:
        """Appends one of the service's own events."""
        self.events.append(parse(block))
        self._changed.set()
        return self.intake.take(block)

    def session(self) -> FlowSession:
        """What answers the dialplan."""
        common: dict[str, Any] = {"settings": lambda: self.settings, "clock": self.clock.now}
        return FlowSession(
            **common,
            book=self.book,
            runs=self.board,
            take=self.take,
            durable=lambda position: self.durable(position),
            voice=self.voice,
            recordings=self.recordings,
            deeds=FlowDeeds(sources=self.sources, **self.deeds),
            extension_of=lambda agent: {"1": "1001"}.get(agent),
            inbound=Inbound(**common, journal=self.take, default_region="CN", default_language="zh-CN"),
            survey=SurveySession(
                **common, journal=self.take, durable=journal_durable(self), default_language="zh-CN"
            ),
            default_region="CN",
            default_language="zh-CN",
            contacts=self.contacts,
        )

    def refusal(self) -> RefusalSession:
        """What takes the refusals of who was dialled."""
        return RefusalSession(
            calls=self.board, take=self.take, durable=journal_durable(self), clock=self.clock.now
        )

    def route(self, flow: str | None, language: str | None = "en", queue: str = "support") -> None:
        """Sends the callers of 4001 into a flow."""
        route = InboundRoute(dnis="4001", queue=queue, flow=flow, language=language)
        self.settings = IvrSettings(routes={"4001": route})

    def of(self, name: str) -> list[AmiEvent]:
        """The events of a name so far."""
        return [event for event in self.events if event.name == name]

    async def until(self, name: str, count: int = 1, seconds: float = 20) -> AmiEvent:
        """Waits for an event of the service's own."""
        async with asyncio.timeout(seconds):
            while len(self.of(name)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(name)[count - 1]

    async def until_of(self, channel: Callable[[str], bool], name: str, seconds: float = 20) -> AmiEvent:
        """Waits for an event about one of some channels."""
        count = 0
        async with asyncio.timeout(seconds):
            while True:
                event = await self.until(name, count := count + 1, seconds)
                if channel(event.get("Uniqueid")):
                    return event

    def answers(self) -> list[tuple[str, str]]:
        """(question, value) of all answers."""
        return [(event.get("Question"), event.get("Value")) for event in self.of("CtiFlowAnswer")]

    def steps(self) -> list[tuple[str, str]]:
        """(step, way) of all steps."""
        return [(event.get("Step"), event.get("Way")) for event in self.of("CtiFlowStep")]

    def outcomes(self) -> list[str]:
        """How runs ended."""
        return [event.get("Outcome") for event in self.of("CtiFlowEnded")]


def journal_durable(stage: FlowStage) -> Callable[[int], Awaitable[None]]:
    """Waits for the journal."""
    return lambda position: stage.durable(position)


@contextlib.asynccontextmanager
async def flow_stage(lab: Lab, folder: Path) -> AsyncIterator[FlowStage]:
    """Everything started; `session` may be told of sources and deeds until the first call."""
    async with AsyncExitStack() as stack:
        journal = Journal(folder / "journal")
        stack.push_async_callback(journal.close)
        stage = FlowStage(lab, journal, RecordingFolder(folder / "recordings"))
        await _task(stack, journal.run())
        settings = AmiSettings(
            host="127.0.0.1", port=lab.plan.ami_port, username=lab.plan.ami_user,
            secret=lab.plan.secrets.ami, node=lab.plan.node,
        )  # fmt: skip
        ami = AmiConnection(settings, stage.intake.take, clock=stage.clock)
        await _task(stack, ami.run())
        async with asyncio.timeout(20):
            while ami.status.state is not LinkState.READY:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

        async def answer(session: Any) -> None:
            await stage.session()(session)

        server = AgiServer(
            {"flow": answer, "refusal": stage.refusal()}, secret=lab.plan.secrets.agi, port=lab.ports.agi
        )
        await stack.enter_async_context(server)
        yield stage


async def _task(stack: AsyncExitStack, work: Any) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)
