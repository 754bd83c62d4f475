"""Flows on a real Asterisk: what a caller keys is taken, nothing of it is lost, and
the dialplan goes on whatever fails.
"""

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from cti.calls.passed_values import read_passed
from cti.flows.actions import PassedValue
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from tests.stage.flow_stage import MENU, FlowStage, flow_stage

CALLER = "13800138000"


@pytest_asyncio.fixture
async def stage(lab: Lab, observer: AmiObserver, tmp_path: Path) -> AsyncIterator[FlowStage]:
    async with flow_stage(lab, tmp_path) as stage:
        stage.book.put(MENU)
        stage.route("main")
        yield stage
        await lab.clear(observer)


async def dial(lab: Lab, stage: FlowStage, trunk: Any) -> SimulatedCall:
    call: SimulatedCall = await trunk.dial("4001", caller=CALLER)
    assert await call.answered()
    await stage.until("CtiFlowStep", len(stage.of("CtiFlowStep")) or 1)
    return call


async def ended(call: SimulatedCall) -> None:
    async with asyncio.timeout(20):
        await call.ended()


async def test_a_caller_goes_through_a_flow_to_its_end(lab: Lab, stage: FlowStage) -> None:
    async with lab.trunk() as trunk:
        call = await dial(lab, stage, trunk)
        await call.stay(0.5)
        await call.press("1")
        await stage.until("CtiFlowStep", 2)
        await call.stay(0.5)
        await call.press("4711#")
        await ended(call)
        assert call.ended_by == "remote"
    assert stage.answers() == [("what", "sales"), ("account", "4711")]
    assert stage.steps() == [("menu", "start"), ("account", "1"), ("bye", "goto")]
    assert stage.outcomes() == ["completed"]
    started = stage.of("CtiFlowStarted")[0]
    assert (started.get("Flow"), started.get("Kind"), started.get("Language")) == ("main", "inbound", "en")
    label = stage.of("CtiCallLabelled")[0]
    assert (label.get("Number"), label.get("Dnis")) == ("+8613800138000", "4001")


async def test_all_keys_of_one_who_types_ahead_are_taken(lab: Lab, stage: FlowStage) -> None:
    async with lab.trunk() as trunk:
        call = await dial(lab, stage, trunk)
        await call.stay(0.3)
        await call.press("1")
        await stage.until("CtiFlowStep", 2)
        await call.press("123456")  # while the first of two prompts is played, without a pause
        await ended(call)
    assert stage.answers() == [("what", "sales"), ("account", "123456")]


async def test_silence_and_wrong_keys_are_mistakes_and_then_the_dialplan_has_the_call(
    lab: Lab, observer: AmiObserver, stage: FlowStage
) -> None:
    async with lab.trunk() as trunk:
        call = await dial(lab, stage, trunk)
        join = observer.expect("QueueCallerJoin")
        await call.press("9")
        await stage.until("CtiFlowMistake", 1)
        await call.stay(0.6)
        await call.press("8")
        event = await asyncio.wait_for(join, 20)
        assert event["Queue"] == "support", "the number's own queue"
    assert [one.get("Keys") for one in stage.of("CtiFlowMistake")] == ["9", "8"]
    assert stage.outcomes() == ["failed"]


async def test_a_hash_is_a_key_of_a_menu(lab: Lab, stage: FlowStage) -> None:
    async with lab.trunk() as trunk:
        call = await dial(lab, stage, trunk)
        await call.press("#")
        await ended(call)
    assert stage.answers() == [("what", "#")]


async def test_who_hangs_up_in_the_middle_keeps_his_answers(lab: Lab, stage: FlowStage) -> None:
    async with lab.trunk() as trunk:
        call = await dial(lab, stage, trunk)
        await call.press("1")
        await stage.until("CtiFlowStep", 2)
        await call.hang_up()
        await stage.until("CtiFlowEnded")
        await lab.quiet()
    assert stage.answers() == [("what", "sales")]
    assert stage.outcomes() == ["hung_up"]


async def test_who_keys_when_the_time_is_up_keeps_his_answer(lab: Lab, stage: FlowStage) -> None:
    menu = {**MENU["steps"]["menu"]["menu"], "timeout_seconds": 5}
    late = {"exit": {"say": ["goodbye"], "outcome": "late"}}
    steps = {**MENU["steps"], "menu": {"menu": menu}, "late": late}
    stage.book.put({**MENU, "steps": steps, "error": "late", "limits": {"seconds": 2}})
    async with lab.trunk() as trunk:
        call = await dial(lab, stage, trunk)
        await call.stay(2.2)
        await call.press("1")
        await ended(call)
    assert stage.answers() == [("what", "sales")]
    assert stage.steps() == [("menu", "start"), ("account", "1"), ("late", "error")]
    assert stage.outcomes() == ["late"]


async def test_an_answer_is_on_disk_before_anything_else_is_heard(lab: Lab, stage: FlowStage) -> None:
    let_go = asyncio.Event()
    waited = asyncio.Event()

    async def durable(position: int) -> None:
        waited.set()
        await let_go.wait()
        await stage.journal.wait_durable(position)

    stage.durable = durable
    async with lab.trunk(audio=True) as trunk:
        call = await dial(lab, stage, trunk)
        await call.press("1")
        await asyncio.wait_for(waited.wait(), 10)
        assert call.audio is not None
        await call.stay(0.3)
        heard = call.audio.packets_heard
        await call.stay(0.5)
        assert call.audio.packets_heard == heard, "nothing is played while the answer is not safe"
        let_go.set()
        await call.stay(0.5)
        assert call.audio.packets_heard > heard + 10


async def test_a_recording_is_kept_and_has_what_was_said(lab: Lab, stage: FlowStage) -> None:
    stage.book.put(
        {
            "flow": "main",
            "start": "tell",
            "steps": {
                "tell": {
                    "record": {"prompt": ["survey-intro"], "goto": "bye", "name": "tip", "silence_seconds": 2}
                },
                "bye": {"exit": {}},
            },
        }
    )
    async with lab.trunk(audio=True) as trunk:
        call = await dial(lab, stage, trunk)
        await call.press("5")  # enough of the prompt
        await call.stay(2.5)
        await call.press("#")
        await ended(call)
    [(question, recording)] = stage.answers()
    assert question == "tip"
    path = stage.recordings.path(recording)
    assert path is not None
    with wave.open(str(path)) as file:
        assert file.getframerate() == 8000
        assert 1.5 < file.getnframes() / 8000 < 4
        assert (
            max(
                abs(int.from_bytes(file.readframes(4000)[n : n + 2], "little", signed=True))
                for n in range(0, 8000, 2)
            )
            > 1000
        )


async def test_who_hangs_up_while_he_speaks_has_recorded_what_he_said(lab: Lab, stage: FlowStage) -> None:
    stage.book.put(
        {
            "flow": "main",
            "start": "tell",
            "hangup": "gone",
            "steps": {
                "tell": {"record": {"prompt": [], "goto": "bye", "name": "tip"}},
                "bye": {"prompt": {"say": ["goodbye"], "goto": "end"}},
                "end": {"exit": {}},
                "gone": {"exit": {"outcome": "tip_kept"}},
            },
        }
    )
    async with lab.trunk(audio=True) as trunk:
        call = await dial(lab, stage, trunk)
        await call.stay(2.5)
        await call.hang_up()
        await stage.until("CtiFlowEnded")
    [(_, recording)] = stage.answers()
    assert stage.recordings.path(recording) is not None
    assert stage.outcomes() == ["tip_kept"]


QUEUE: dict[str, Any] = {
    "flow": "main",
    "start": "wait",
    "steps": {
        "wait": {
            "queue": {
                "name": "sales",
                "longest_seconds": 3,
                "keys": {"7": "by_key"},
                "goto": "asked",
                "otherwise": "nobody",
            }
        },
        "asked": {"menu": {"prompt": ["survey-question-1"], "choices": {"1-5": "bye"}, "name": "rating"}},
        "by_key": {"exit": {"outcome": "left_by_key"}},
        "nobody": {"exit": {"outcome": "nobody_came"}},
        "bye": {"exit": {"outcome": "rated"}},
    },
}


async def test_a_caller_waits_talks_and_comes_back_to_his_flow(
    lab: Lab, observer: AmiObserver, stage: FlowStage
) -> None:
    stage.book.put(QUEUE)
    await lab.sign_in(observer, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.2, talk=0.5)), lab.trunk() as trunk:
        call = await dial(lab, stage, trunk)
        await stage.until("CtiFlowStep", 2)
        await call.stay(0.5)
        await call.press("4")
        await ended(call)
    assert stage.answers() == [("rating", "4")]
    assert stage.outcomes() == ["rated"]
    assert len(stage.of("CtiFlowStarted")) == 1
    assert [event.get("Ordinal") for event in stage.of("CtiFlowStep")] == ["1", "2", "4"]


async def test_a_caller_who_waited_too_long_comes_back(
    lab: Lab, observer: AmiObserver, stage: FlowStage
) -> None:
    stage.book.put(QUEUE)
    async with lab.trunk() as trunk:
        call = await dial(lab, stage, trunk)
        await ended(call)
    assert stage.outcomes() == ["nobody_came"]


async def test_only_the_keys_of_the_flow_leave_the_queue(
    lab: Lab, observer: AmiObserver, stage: FlowStage
) -> None:
    stage.book.put(QUEUE)
    async with lab.trunk() as trunk:
        join = observer.expect("QueueCallerJoin")
        leave = observer.expect("QueueCallerLeave")
        call = await dial(lab, stage, trunk)
        await asyncio.wait_for(join, 10)
        await call.press("1")
        await call.stay(0.5)
        assert not leave.done(), "1 leaves a message only outside flows"
        await call.press("7")
        await asyncio.wait_for(leave, 10)
        await ended(call)
    assert stage.outcomes() == ["left_by_key"]


async def test_two_parties_are_joined_and_the_caller_comes_back(
    lab: Lab, observer: AmiObserver, stage: FlowStage
) -> None:
    stage.book.put(
        {
            "flow": "main",
            "start": "join",
            "steps": {
                "join": {
                    "transfer": {
                        "agent": "'1'",
                        "ring_seconds": 5,
                        "values": {"number": {"value": "call.number", "title": {"en": "Number\u2028"}}},
                        "goto": "bye",
                        "otherwise": "nobody",
                    }
                },
                "bye": {"exit": {"outcome": "joined"}},
                "nobody": {"exit": {"outcome": "not_joined"}},
            },
        }
    )
    async with lab.phone(1001, answering(after=0.2, talk=0.5)), lab.trunk() as trunk:
        await ended(await dial(lab, stage, trunk))
    assert stage.outcomes() == ["joined"]
    (handed,) = stage.of("CtiFlowHandedOver")
    assert handed.get("AgentId") == "1"
    assert read_passed(handed.get("Passed")) == [
        PassedValue(name="number", value=f"+86{CALLER}", title={"en": "Number\u2028"})
    ]


async def test_a_queue_that_cannot_be_is_nowhere(lab: Lab, stage: FlowStage) -> None:
    stage.book.put({**QUEUE, "steps": {**QUEUE["steps"], "wait": {"queue": {
        "of": "'sales,${EVAL(x)}'", "goto": "asked", "otherwise": "nobody"}}}})  # fmt: skip
    async with lab.trunk() as trunk:
        await ended(await dial(lab, stage, trunk))
    assert stage.outcomes() == ["nobody_came"]
