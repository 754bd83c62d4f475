"""The inbound hook and the survey on a real Asterisk: where a call goes, and what callers answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from cti.asterisk.agi import AgiServer
from cti.asterisk.events import AmiEvent, parse
from cti.board.board import Board
from cti.calls.model import SurveyOutcome
from cti.flows.actions import Utterance
from cti.ivr.model import InboundRoute, IvrSettings, SurveySettings
from cti.ivr.sessions import inbound, survey_session
from cti.ivr.sessions.flow_deeds import FlowDeeds
from cti.ivr.sessions.flow_session import FlowSession
from cti.ivr.sessions.inbound import Inbound
from cti.ivr.sessions.recordings import RecordingFolder
from cti.ivr.sessions.survey_session import SurveySession
from cti.journal.journal import Journal
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver

CALLER = "13800138000"


async def unspoken(says: Sequence[Utterance], language: str) -> list[str]:
    """The voice of flows, of which there are none."""
    raise AssertionError(f"there is no flow that says {says}")


class NoFlows:
    """A book without flows."""

    def active(self, name: str) -> None:
        return None

    async def find(self, name: str, version: str, parts: Mapping[str, str] | None = None) -> None:
        return None


class Flows:
    """The two flows at work, what they wrote into a real journal, and settings that a test may change."""

    def __init__(self, journal: Journal) -> None:
        self.settings = IvrSettings()
        self.events: list[AmiEvent] = []
        self.journal = journal
        self.durable_when_waited: list[tuple[str, bool]] = []
        self._changed = asyncio.Event()

    def take(self, block: bytes) -> int:
        self.events.append(parse(block))
        self._changed.set()
        return self.journal.append(block)

    async def durable(self, position: int) -> None:
        await self.journal.wait_durable(position)
        self.durable_when_waited.append((self.events[-1].name, self.journal.durable_position >= position))

    def of(self, name: str) -> list[AmiEvent]:
        return [event for event in self.events if event.name == name]

    async def until(self, name: str, count: int = 1, seconds: float = 15) -> AmiEvent:
        async with asyncio.timeout(seconds):
            while len(self.of(name)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(name)[count - 1]


@pytest_asyncio.fixture
async def flows(lab: Lab, tmp_path: Path) -> AsyncIterator[Flows]:
    async with AsyncExitStack() as stack:
        journal = Journal(tmp_path / "journal")
        stack.push_async_callback(journal.close)
        writing = asyncio.create_task(journal.run())
        stack.callback(writing.cancel)
        made = Flows(journal)
        sessions = FlowSession(
            settings=lambda: made.settings,
            book=NoFlows(),
            runs=Board("lab"),
            take=made.take,
            durable=made.durable,
            clock=time.time,
            voice=unspoken,
            recordings=RecordingFolder(tmp_path / "recordings"),
            deeds=FlowDeeds(sources={}),
            extension_of=lambda _: None,
            inbound=Inbound(
                settings=lambda: made.settings,
                journal=made.take,
                clock=time.time,
                default_region="CN",
                default_language="zh-CN",
            ),
            survey=SurveySession(
                settings=lambda: made.settings,
                journal=made.take,
                durable=made.durable,
                clock=time.time,
                default_language="zh-CN",
            ),
            default_region="CN",
            default_language="zh-CN",
        )
        server = AgiServer({"flow": sessions}, secret=lab.plan.secrets.agi, port=lab.ports.agi)
        await stack.enter_async_context(server)
        yield made


def routed(language: str | None, queue: str = "support") -> IvrSettings:
    return IvrSettings(routes={"4001": InboundRoute(dnis="4001", queue=queue, language=language)})


async def test_the_dialled_number_decides_queue_and_language(
    lab: Lab, observer: AmiObserver, flows: Flows
) -> None:
    flows.settings = routed("en")
    async with lab.trunk() as trunk:
        join = observer.expect("QueueCallerJoin")
        await trunk.dial("4001", caller=CALLER)
        event = await asyncio.wait_for(join, 10)
    assert (event["Queue"], event["Language"]) == ("support", "en"), "the fallback was sales, zh"
    label = flows.of("CtiCallLabelled")[0]
    assert label.headers == {
        "Event": "CtiCallLabelled",
        "Timestamp": label.get("Timestamp"),
        "Uniqueid": event["Uniqueid"],
        "Dnis": "4001",
        "Queue": "support",
        "Language": "en",
        "Number": "+8613800138000",
        "NumberState": "known",
    }


async def test_a_number_that_nobody_set_up_goes_to_the_dialplans_own_queue(
    lab: Lab, observer: AmiObserver, flows: Flows
) -> None:
    async with lab.trunk() as trunk:
        join = observer.expect("QueueCallerJoin")
        await trunk.dial("4999", caller="anonymous")
        event = await asyncio.wait_for(join, 10)
    label = flows.of("CtiCallLabelled")[0]
    assert label.get("Queue") == event["Queue"]
    assert (label.get("NumberState"), label.get("Number")) == ("withheld", "")


async def test_a_caller_chooses_his_language_in_the_menu(
    lab: Lab, observer: AmiObserver, flows: Flows
) -> None:
    flows.settings = routed(None)
    async with lab.trunk() as trunk:
        join = observer.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller=CALLER)
        await call.answered()
        await call.stay(2.5)
        await call.press("2")
        event = await asyncio.wait_for(join, 10)
    assert (event["Queue"], event["Language"]) == ("support", "en")
    assert [(e.get("Menu"), e.get("Choice"), e.get("Match")) for e in flows.of("CtiIvrChoice")] == [
        ("language", "2", "1")
    ]
    assert [label.get("Language") for label in flows.of("CtiCallLabelled")] == ["", "en"]


async def test_a_caller_who_chooses_none_gets_the_usual_language(
    lab: Lab, observer: AmiObserver, flows: Flows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "_KEY_SECONDS", 0.3)
    flows.settings = routed(None)
    async with lab.trunk() as trunk:
        join = observer.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller=CALLER)
        await call.answered()
        await call.stay(1.0)
        await call.press("7")
        event = await asyncio.wait_for(join, 25)
    assert event["Language"] == "zh"
    assert [e.get("Choice") for e in flows.of("CtiIvrChoice")] == ["7", "noinput"]


async def test_a_caller_who_hangs_up_in_the_menu_leaves_nothing_behind(
    lab: Lab, observer: AmiObserver, flows: Flows
) -> None:
    flows.settings = routed(None)
    async with lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        await call.answered()
        await call.stay(0.5)
        await call.hang_up()
        await lab.quiet()
    assert [event.name for event in flows.events] == ["CtiCallLabelled"]


class Surveyed:
    """A caller whose agent has just hung up."""

    def __init__(self, call: SimulatedCall, flows: Flows) -> None:
        self.call = call
        self._flows = flows

    async def press(self, key: str, after: float = 1.2) -> None:
        await self.call.stay(after)
        await self.call.press(key)

    async def answered(self, count: int) -> None:
        await self._flows.until("CtiSurveyAnswer", count)

    async def outcome(self, seconds: float = 40) -> SurveyOutcome:
        ended = await self._flows.until("CtiSurveyEnded", seconds=seconds)
        return SurveyOutcome(ended.get("Outcome"))


@pytest_asyncio.fixture
async def surveyed(lab: Lab, observer: AmiObserver, flows: Flows) -> AsyncIterator[Surveyed]:
    """The survey of the queue `sales` has begun; with two questions when the test's settings say so."""
    flows.settings = IvrSettings(surveys={"sales": SurveySettings(second_question=True)})
    await lab.sign_in(observer, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.2, talk=0.5)), lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        await flows.until("CtiSurveyStarted")
        yield Surveyed(call, flows)
        if not call.over:
            await call.hang_up()
        await lab.quiet()


def ratings(flows: Flows) -> list[tuple[str, str]]:
    return [(event.get("Question"), event.get("Rating")) for event in flows.of("CtiSurveyAnswer")]


async def test_both_questions_answered_are_a_completed_survey_and_on_disk_at_once(
    flows: Flows, surveyed: Surveyed
) -> None:
    await surveyed.press("5")
    await surveyed.answered(1)
    await surveyed.press("2")
    assert await surveyed.outcome() is SurveyOutcome.COMPLETED
    assert ratings(flows) == [("1", "5"), ("2", "2")]
    assert flows.durable_when_waited == [("CtiSurveyAnswer", True), ("CtiSurveyAnswer", True)]
    started = flows.of("CtiSurveyStarted")[0]
    assert (started.get("Queue"), started.get("Language"), started.get("Questions")) == (
        "sales",
        "zh-CN",
        "2",
    )
    assert len({event.get("Uniqueid") for event in flows.events}) == 1
    async with asyncio.timeout(20):
        await surveyed.call.ended()
    assert surveyed.call.ended_by == "remote", "thanked, and then hung up"


async def test_a_key_pressed_twice_is_not_an_answer_to_the_next_question(
    flows: Flows, surveyed: Surveyed
) -> None:
    await surveyed.call.stay(1.2)
    await surveyed.call.press("55")
    await surveyed.answered(1)
    await surveyed.call.stay(1.5)
    assert ratings(flows) == [("1", "5")]


async def test_wrong_keys_are_told_and_counted(flows: Flows, surveyed: Surveyed) -> None:
    for key in "9*0":
        await surveyed.press(key)
    assert await surveyed.outcome() is SurveyOutcome.WRONG_KEY
    assert ratings(flows) == []


async def test_silence_ends_as_no_input(
    flows: Flows, surveyed: Surveyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_session, "_KEY_SECONDS", 0.3)
    assert await surveyed.outcome(seconds=60) is SurveyOutcome.NO_INPUT


async def test_a_caller_who_hangs_up_before_any_answer_hung_up(flows: Flows, surveyed: Surveyed) -> None:
    await surveyed.call.stay(0.7)
    await surveyed.call.hang_up()
    assert await surveyed.outcome() is SurveyOutcome.HUNG_UP


async def test_a_caller_who_hangs_up_after_the_first_answer_keeps_it(
    flows: Flows, surveyed: Surveyed
) -> None:
    await surveyed.press("4")
    await surveyed.answered(1)
    await surveyed.call.hang_up()
    assert await surveyed.outcome() is SurveyOutcome.PARTIAL
    assert ratings(flows) == [("1", "4")]


async def test_a_queue_without_survey_asks_nothing(lab: Lab, observer: AmiObserver, flows: Flows) -> None:
    flows.settings = IvrSettings(surveys={"sales": SurveySettings(enabled=False)})
    await lab.sign_in(observer, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.2, talk=0.5)), lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        async with asyncio.timeout(15):
            await call.ended()
        assert call.ended_by == "remote"
    assert [event.name for event in flows.events] == ["CtiCallLabelled"]
