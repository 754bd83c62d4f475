"""What a caller hears is what lies in the files: the right prompts, whole, in order and in his language."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.flows.actions import Utterance, UtteranceKind
from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver
from tests.stage.ear import decoded, likeness, samples_of
from tests.stage.flow_stage import FlowStage, flow_stage

FLOW = {
    "flow": "main",
    "start": "say",
    "steps": {
        "say": {
            "prompt": {
                "say": ["survey-thanks", {"number": "105"}, "goodbye"],
                "bargein": False,
                "goto": "ask",
            }
        },
        "ask": {"menu": {"prompt": ["survey-no-input"], "choices": {"1": "bye"}}},
        "bye": {"exit": {"say": ["survey-wrong-key"]}},
    },
}


@pytest_asyncio.fixture
async def stage(lab: Lab, observer: AmiObserver, tmp_path: Path) -> AsyncIterator[FlowStage]:
    async with flow_stage(lab, tmp_path) as stage:
        stage.book.put(FLOW)
        yield stage
        await lab.clear(observer)


@pytest.mark.parametrize(("language", "folder"), [("zh-CN", "zh"), ("en", "en")])
async def test_the_right_prompts_are_heard_whole_and_in_order(
    lab: Lab, stage: FlowStage, language: str, folder: str
) -> None:
    stage.route("main", language=language)
    packets: list[bytes] = []
    async with lab.trunk(audio=True, sound=[b"\xff" * 160]) as trunk:
        call = await trunk.dial("4001", caller="13800138000")
        assert call.audio is not None
        call.audio.datagram_received = lambda data, addr: packets.append(data)  # type: ignore[method-assign]
        assert await call.answered()
        await stage.until("CtiFlowStep", 2)
        await call.stay(3.0)
        await call.press("1")
        async with asyncio.timeout(20):
            await call.ended()
    heard = decoded(packet for packet in packets if packet[1] & 0x7F == 0)
    number = Utterance(kind=UtteranceKind.NUMBER, value="105")
    words = [sound.removeprefix("cti/") for sound in await stage.voice((number,), language)]
    assert len(words) > 1, "a number is said in words"
    place = 0
    for prompt in ["survey-thanks", *words, "goodbye"]:
        sound = samples_of(lab.plan.home / "sounds" / folder / f"{prompt}.wav")
        alike, place = await asyncio.to_thread(likeness, heard, sound, after=max(place - 400, 0))
        assert alike > 0.95, f"{prompt} is not what was heard"
    end = samples_of(lab.plan.home / "sounds" / folder / "survey-wrong-key.wav")
    alike, _ = await asyncio.to_thread(likeness, heard, end, after=place)
    assert alike > 0.95, "what is said at the end is said to its end"
    other = samples_of(lab.plan.home / "sounds" / folder / "survey-question-2.wav")
    alike, _ = await asyncio.to_thread(likeness, heard, other)
    assert alike < 0.5, "the ear tells prompts apart"


RATING = {
    "flow": "main",
    "start": "rating",
    "steps": {
        "rating": {
            "menu": {
                "kind": "scale",
                "title": {"en": "x", "zh-CN": "x"},
                "prompt": ["survey-no-input"],
                "choices": {"1-5": "thanks"},
            }
        },
        "thanks": {"exit": {"say": ["survey-thanks"]}},
    },
}


@pytest.mark.parametrize(("is_taken_late", "prompt"), [(False, "flow/not-kept"), (True, "survey-thanks")])
async def test_nobody_is_thanked_for_an_answer_that_the_disk_does_not_take(
    lab: Lab, stage: FlowStage, is_taken_late: bool, prompt: str
) -> None:
    """It is waited for once; when it is safe at the end after all, he is thanked as always."""
    waits = 0

    async def durable(position: int) -> None:
        nonlocal waits
        waits += 1
        if waits == 1 or not is_taken_late:
            await asyncio.Event().wait()

    stage.book.put(RATING)
    stage.route("main", language="en")
    stage.durable = durable
    packets: list[bytes] = []
    async with lab.trunk(audio=True, sound=[b"\xff" * 160]) as trunk:
        call = await trunk.dial("4001", caller="13800138000")
        assert call.audio is not None
        call.audio.datagram_received = lambda data, addr: packets.append(data)  # type: ignore[method-assign]
        assert await call.answered()
        await stage.until("CtiFlowStep", 1)
        await call.press("4")
        async with asyncio.timeout(30):
            await call.ended()
    assert (stage.answers(), stage.outcomes()) == ([("rating", "4")], ["completed"])
    heard = decoded(packet for packet in packets if packet[1] & 0x7F == 0)
    like = {
        name: likeness(heard, samples_of(lab.plan.home / "sounds" / "en" / f"{name}.wav"))[0]
        for name in ("flow/not-kept", "survey-thanks")
    }
    assert max(like, key=like.__getitem__) == prompt, like
    assert like[prompt] > 0.95
    assert min(like.values()) < 0.9
