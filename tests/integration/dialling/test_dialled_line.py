"""What becomes of whoever a campaign has dialled and who has answered, on a real Asterisk.

He is with an agent or in a flow at once, or hears who called and how never to be called again. Nobody is met
with silence.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cti.campaigns.model import DialledContact
from cti.errors import LookupFailed
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering, answering_when_asked, ringing
from cti.simulation.observer import AmiObserver, Event
from cti.simulation.recordings.dialled_calls import CALLED, dial
from cti.simulation.stand_in import Session, flood, mute, nonsense, serving
from tests.stage.flow_stage import MENU, FlowStage, flow_stage
from tests.stage.listening import SILENCE, Listening, packets_of

_numbers = itertools.count(1)
#: From the answer until the message for whom nobody was there begins.
LIMIT_SECONDS = 2.3
SECONDS = 40.0


@pytest_asyncio.fixture
async def service(lab: Lab) -> AsyncIterator[AmiObserver]:
    """The service's own AMI user, with no more rights than that has."""
    async with lab.observer(filtered=True) as ami:
        yield ami


@pytest_asyncio.fixture
async def stage(lab: Lab, observer: AmiObserver, tmp_path: Path) -> AsyncIterator[FlowStage]:
    async with flow_stage(lab, tmp_path) as stage:
        stage.book.put({**MENU, "kind": "outbound"})
        yield stage
        await lab.clear(observer)


def attempt() -> str:
    """An id that no other test has."""
    return f"at-{time.time_ns():x}-{next(_numbers)}"


def sounds(lab: Lab, language: str = "en") -> Path:
    return lab.plan.home / "sounds" / language


def saying(observer: AmiObserver, name: str, attempt_id: str) -> asyncio.Future[Event]:
    return observer.expect("UserEvent", UserEvent=name, Uniqueid=attempt_id)


async def soon(future: asyncio.Future[Event]) -> Event:
    return await asyncio.wait_for(future, SECONDS)


class Called:
    """The far ends of one test's calls, and what each heard."""

    def __init__(self, *, after: float = 0.2, talk: float | None = None) -> None:
        self._after = after
        self._talk = talk
        self.heard: dict[str, Listening] = {}

    async def __call__(self, call: SimulatedCall) -> None:
        self.heard[call.header("X-CTI-Attempt")] = Listening(call)
        await answering(after=self._after, talk=self._talk)(call)

    async def began(self, lab: Lab, call: SimulatedCall, prompt: str, language: str = "en") -> float:
        """After how many seconds from the answer the whole prompt began."""
        alike, at, _ = await self.heard[call.header("X-CTI-Attempt")].find(sounds(lab, language), prompt)
        assert alike > 0.95, f"{prompt} is not what was heard: {alike:.2f}"
        assert call.answered_at is not None
        return at - call.answered_at


# --- with an agent ---


async def test_who_answers_is_with_an_agent_whose_phone_answers_by_itself(
    lab: Lab, observer: AmiObserver, service: AmiObserver, record_property: Callable[[str, object], None]
) -> None:
    await lab.sign_in(observer, 1, 1001, "sales")
    took: list[float] = []
    async with (
        lab.carrier(answering(after=0.2), audio=True) as carrier,
        lab.phone(1001, answering_when_asked(), audio=True) as phone,
    ):
        for number in range(1, 6):
            this = attempt()
            answered = observer.expect("Newstate", Uniqueid=this, ChannelStateDesc="Up")
            connected = observer.expect("AgentConnect", Uniqueid=this)
            await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="en")
            called, agent = await carrier.next_call(number), await phone.next_call(number)
            talking = (await soon(connected))["Channel"]
            spoken = await observer.demand("Getvar", Channel=talking, Variable="CHANNEL(language)")
            # The silence in which he waited is over.
            assert spoken["Value"] == "en"
            assert called.header("X-CTI-Attempt") == this
            took.append(
                float((await soon(connected))["Timestamp"]) - float((await soon(answered))["Timestamp"])
            )
            # The limit for finding an agent is no limit for talking with him.
            await called.stay(2.5)
            assert not called.over
            for call in (called, agent):
                assert call.audio is not None
                assert call.audio.hears_sound
            ended = observer.expect("Hangup", Uniqueid=this)
            await called.hang_up()
            await asyncio.wait_for(agent.ended(), SECONDS)
            await soon(ended)
    assert max(took) < 2.0
    record_property("with_an_agent_after_ms", [round(seconds * 1000) for seconds in took])


async def test_calls_from_outside_ask_no_phone_to_answer_by_itself(lab: Lab, observer: AmiObserver) -> None:
    await lab.sign_in(observer, 1, 1001, "sales")
    async with lab.phone(1001, answering_when_asked()) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller="13800138000")
        offered = await phone.next_call()
        await offered.stay(1.0)
        assert not offered.asks_for_answer
        assert offered.answered_at is None
        await call.hang_up()
        await offered.ended()


async def test_of_several_at_once_each_is_with_an_agent_of_his_own(
    lab: Lab, observer: AmiObserver, service: AmiObserver
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(lab.carrier(answering(after=0.2, talk=3.0)))
        for agent in (1, 2, 3):
            await lab.sign_in(observer, agent, 1000 + agent, "sales")
            await stack.enter_async_context(lab.phone(1000 + agent, answering_when_asked()))
        attempts = [attempt() for _ in range(3)]
        connected = [observer.expect("AgentConnect", Uniqueid=one) for one in attempts]
        ended = [observer.expect("Hangup", Uniqueid=one) for one in attempts]
        for one in attempts:
            await dial(service, one, "dialled-queue", CTI_QUEUE="sales")
        found = [await soon(one) for one in connected]
        assert {event["MemberName"] for event in found} == {"agent-1", "agent-2", "agent-3"}
        for one in ended:
            await soon(one)


# --- nobody there ---


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_for_whom_nobody_is_there_hears_who_called(
    lab: Lab, observer: AmiObserver, service: AmiObserver, language: str,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    this, called = attempt(), Called()
    async with lab.carrier(called, audio=True, sound=SILENCE) as carrier:
        told, ended = saying(observer, "CtiAttemptAbandoned", this), observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE=language)
        assert (await soon(told))["Cause"] == "no_agent"
        await soon(ended)
        call = await carrier.next_call()
        began = await called.began(lab, call, "abandoned", language)
    assert 1.9 < began < LIMIT_SECONDS
    assert call.ended_by == "remote"
    record_property("message_after_ms", round(began * 1000))


async def test_an_agent_whose_phone_only_rings_keeps_nobody_waiting_longer(
    lab: Lab, observer: AmiObserver, service: AmiObserver
) -> None:
    """Although the queue would let it ring for longer; and his agent is not one who missed a call."""
    await lab.sign_in(observer, 1, 1001, "sales")
    missed: list[Event] = []

    def listener(event: Event) -> None:
        if event.get("Event") == "AgentRingNoAnswer":
            missed.append(event)

    observer.listen(listener)
    this, called = attempt(), Called()
    async with lab.carrier(called, audio=True, sound=SILENCE) as carrier, lab.phone(1001, ringing) as phone:
        ended = observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="en")
        call = await carrier.next_call()
        await asyncio.wait_for((await phone.next_call()).ended(), SECONDS)
        await soon(ended)
        assert await called.began(lab, call, "abandoned") < LIMIT_SECONDS
    observer.unlisten(listener)
    assert missed == []


@pytest.mark.parametrize(("free_after", "in_time"), [(0.4, True), (1.4, False)])
async def test_an_agent_who_comes_free_in_the_last_second_comes_too_late(
    lab: Lab, observer: AmiObserver, service: AmiObserver, free_after: float, in_time: bool
) -> None:
    """A queue looks for an agent once a second: that is why the pacing counts on one second, not on two."""
    await lab.sign_in(observer, 1, 1001, "sales")
    await observer.demand("QueuePause", Interface="PJSIP/1001", Paused="true", Reason="lunch")
    this = attempt()
    async with lab.carrier(answering(after=0.2)) as carrier, lab.phone(1001, answering_when_asked()):
        joined, ended = (
            observer.expect("QueueCallerJoin", Uniqueid=this),
            observer.expect("Hangup", Uniqueid=this),
        )
        connected, told = (
            observer.expect("AgentConnect", Uniqueid=this), saying(observer, "CtiAttemptAbandoned", this),
        )  # fmt: skip
        await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="en")
        await soon(joined)
        await asyncio.sleep(free_after)
        await observer.demand("QueuePause", Interface="PJSIP/1001", Paused="false")
        done, _ = await asyncio.wait({connected, told}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        await (await carrier.next_call()).hang_up()
        await soon(ended)
    assert done == {connected if in_time else told}


async def test_of_those_who_wait_together_nobody_is_told_his_place_and_an_agent_who_comes_has_one(
    lab: Lab, observer: AmiObserver, service: AmiObserver
) -> None:
    called, attempts = Called(), [attempt() for _ in range(3)]
    taken: list[str] = []

    def listener(event: Event) -> None:
        if event.get("Event") == "AgentConnect":
            taken.append(event["Uniqueid"])

    observer.listen(listener)
    async with (
        lab.carrier(called, audio=True, sound=SILENCE) as carrier,
        lab.phone(1001, answering_when_asked()),
    ):
        joined = [observer.expect("QueueCallerJoin", Uniqueid=one) for one in attempts]
        ended = {one: observer.expect("Hangup", Uniqueid=one) for one in attempts}
        for one in attempts:
            await dial(service, one, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="en")
        for future in joined:
            await soon(future)
        await lab.sign_in(observer, 1, 1001, "sales")
        calls = {call.header("X-CTI-Attempt"): call for call in carrier.calls}
        alone = set(attempts)
        async with asyncio.timeout(SECONDS):
            while len(alone) == len(attempts) or not all(ended[one].done() for one in alone):
                await asyncio.sleep(0.05)
                alone -= set(taken)
        await calls[taken[0]].hang_up()
        await soon(ended[taken[0]])
        for one in alone:
            assert await called.began(lab, calls[one], "abandoned") < LIMIT_SECONDS
            alike, _, _ = await called.heard[one].find(sounds(lab), "queue-place")
            assert alike < 0.5
    observer.unlisten(listener)
    assert len(taken) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_who_is_not_at_the_head_is_not_told_his_place_either_and_hears_who_called_in_his_language(
    lab: Lab, observer: AmiObserver, service: AmiObserver, language: str
) -> None:
    first, second, called = attempt(), attempt(), Called()
    async with lab.carrier(called, audio=True, sound=SILENCE) as carrier:
        joined = [observer.expect("QueueCallerJoin", Uniqueid=one) for one in (first, second)]
        # Who comes before him: nobody else does.
        header = f"PJSIP_HEADER(add,X-CTI-Attempt)={first}"
        await observer.demand(
            "Originate", Channel=f"PJSIP/{CALLED}@trunk", ChannelId=first, Async="true", Timeout="25000",
            Application="Queue", Data="sales", Variable=f"QUEUE_PRIO=40,{header}",
        )  # fmt: skip
        await soon(joined[0])
        ended = observer.expect("Hangup", Uniqueid=second)
        await dial(service, second, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE=language)
        assert (await soon(joined[1]))["Position"] == "2"
        await soon(ended)
        calls = {call.header("X-CTI-Attempt"): call for call in carrier.calls}
        assert await called.began(lab, calls[second], "abandoned", language) < LIMIT_SECONDS
        for spoken in (language, "en", "zh"):
            for sound in ("queue-place", "queue-in-line"):
                alike, _, _ = await called.heard[second].find(sounds(lab, spoken), sound)
                assert alike < 0.5, (spoken, sound)
        await calls[first].hang_up()


async def test_a_queue_that_there_is_not_leaves_nobody_in_silence(
    lab: Lab, observer: AmiObserver, service: AmiObserver
) -> None:
    this, called = attempt(), Called(talk=5.0)
    async with lab.carrier(called, audio=True, sound=SILENCE):
        told, ended = saying(observer, "CtiAttemptAbandoned", this), observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-queue", CTI_QUEUE="nowhere", CTI_LANGUAGE="en")
        assert (await soon(told))["Cause"] == "no_agent"
        await soon(ended)


# --- never again ---


async def test_key_nine_in_the_message_is_a_refusal_and_no_other_key_breaks_it_off(
    lab: Lab, observer: AmiObserver, service: AmiObserver, stage: FlowStage
) -> None:
    this, called = attempt(), Called()
    async with lab.carrier(called, audio=True, sound=SILENCE) as carrier:
        told, ended = saying(observer, "CtiAttemptAbandoned", this), observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="en")
        call = await carrier.next_call()
        await soon(told)
        await call.press("5")
        await call.stay(1.0)
        assert stage.of("CtiCallsRefused") == []
        await call.press("9")
        refusal = await stage.until("CtiCallsRefused")
        await soon(ended)
        alike, _, _ = await called.heard[this].find(sounds(lab), "dialled-refused")
    assert (refusal.get("Number"), refusal.get("Scope"), refusal.get("Uniqueid")) == (CALLED, "all", this)
    assert alike > 0.95


async def test_a_refusal_is_in_the_ledger_when_the_service_is_away(
    lab: Lab, observer: AmiObserver, service: AmiObserver
) -> None:
    this, called = attempt(), Called()
    async with lab.carrier(called, audio=True, sound=SILENCE) as carrier:
        ended = observer.expect("Hangup", Uniqueid=this)
        told = saying(observer, "CtiAttemptAbandoned", this)
        await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="en")
        call = await carrier.next_call()
        await soon(told)
        await call.press("9")
        await soon(ended)
        alike, _, _ = await called.heard[this].find(sounds(lab), "dialled-not-refused")
    assert alike > 0.95
    async with asyncio.timeout(5):
        while '"CtiAttemptRefused"' not in lab.plan.cel_csv.read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    events = [
        line.split(",")[0].strip('"') for line in lab.plan.cel_csv.read_text().splitlines() if this in line
    ]
    assert [event for event in events if event.startswith("Cti")] == [
        "CtiAttemptAbandoned",
        "CtiAttemptRefused",
    ]


# --- in a flow ---


class Known:
    """Contacts of whom all is known, or nobody can tell anything."""

    def __init__(self, contact: DialledContact | None) -> None:
        self._contact = contact

    async def of_attempt(self, attempt_id: str) -> DialledContact | None:
        if self._contact is None:
            raise LookupFailed("the database is away")
        return self._contact


STEPS: dict[str, Any] = {
    "which": {"branch": {"cases": [{"when": "product == '日报'", "goto": "ask"}], "otherwise": "bye"}},
    "ask": {"menu": {"prompt": ["survey-question-1"], "choices": {"9": "never"}}},
    "never": {"refuse": {"scope": "campaign", "goto": "bye"}},
    "bye": {"exit": {"say": ["goodbye"]}},
}
REMINDER: dict[str, Any] = {
    "flow": "reminder", "kind": "outbound", "start": "which", "inputs": {"product": "paper"}, "steps": STEPS,
}  # fmt: skip


async def test_a_flow_begins_with_what_is_known_of_the_contact(
    lab: Lab, observer: AmiObserver, service: AmiObserver, stage: FlowStage
) -> None:
    stage.book.put(REMINDER)
    stage.contacts = Known(
        DialledContact(campaign="autumn", phone=CALLED, language="en", details={"product": "日报"})
    )
    this = attempt()
    async with lab.carrier(answering(after=0.2), audio=True, sound=SILENCE) as carrier:
        ended = observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-flow", CTI_FLOW="reminder", CTI_LANGUAGE="zh")
        call = await carrier.next_call()
        await stage.until("CtiFlowStep", 2)
        await call.press("9")
        await soon(ended)
    assert [event.get("Uniqueid") for event in stage.of("CtiAttemptConnected")] == [this]
    assert stage.of("CtiFlowStarted")[0].get("Language") == "en"
    assert [step for step, _ in stage.steps()] == ["which", "ask", "never", "bye"]
    (refusal,) = stage.of("CtiCallsRefused")
    assert (refusal.get("Number"), refusal.get("Campaign")) == (CALLED, "autumn")


async def test_without_a_contact_a_flow_knows_the_number_that_was_dialled(
    lab: Lab, observer: AmiObserver, service: AmiObserver, stage: FlowStage
) -> None:
    never = {"refuse": {"scope": "all", "goto": "bye"}}
    stage.book.put({**REMINDER, "start": "ask", "steps": {**STEPS, "never": never}})
    this = attempt()
    async with lab.carrier(answering(after=0.2), audio=True, sound=SILENCE) as carrier:
        await dial(service, this, "dialled-flow", CTI_FLOW="reminder")
        call = await carrier.next_call()
        await stage.until("CtiFlowStep")
        await call.press("9")
        assert (await stage.until("CtiCallsRefused")).get("Number") == CALLED
        await asyncio.wait_for(call.ended(), SECONDS)


@pytest.mark.parametrize(
    "session", [None, mute, nonsense, flood], ids=["absent", "mute", "nonsense", "flood"]
)
async def test_whatever_the_service_does_nobody_is_left_in_silence(
    lab: Lab, observer: AmiObserver, service: AmiObserver, session: Session | None
) -> None:
    this, called = attempt(), Called()
    async with contextlib.AsyncExitStack() as stack:
        if session is not None:
            await stack.enter_async_context(serving(lab.ports.agi, session))
        carrier = await stack.enter_async_context(lab.carrier(called, audio=True, sound=SILENCE))
        told, ended = saying(observer, "CtiAttemptAbandoned", this), observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-flow", CTI_FLOW="main", CTI_LANGUAGE="en")
        assert (await soon(told))["Cause"] == "no_service"
        call = await carrier.next_call()
        await soon(ended)
        assert await called.began(lab, call, "abandoned") < LIMIT_SECONDS


async def test_whose_contact_nobody_can_tell_hears_the_apology_and_no_flow(
    lab: Lab, observer: AmiObserver, service: AmiObserver, stage: FlowStage
) -> None:
    stage.contacts = Known(None)
    this, called = attempt(), Called(talk=4.0)
    async with lab.carrier(called, audio=True, sound=SILENCE):
        told, ended = saying(observer, "CtiAttemptAbandoned", this), observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-flow", CTI_FLOW="main", CTI_LANGUAGE="en")
        assert (await soon(told))["Cause"] == "no_service"
        await soon(ended)
    assert stage.events == []


# --- answering machines ---


async def test_a_machine_is_hung_up_on_and_a_person_is_not(
    lab: Lab, observer: AmiObserver, service: AmiObserver, summary: Callable[[str], None]
) -> None:
    """Recorded speech: short words as people say them who answer, whole sentences as machines do."""
    people = [
        path for language in ("en", "zh") for path in sorted((sounds(lab, language) / "number").glob("*.wav"))
    ]
    machines = [
        sounds(lab, language) / f"{name}.wav"
        for language in ("en", "zh")
        for name in (
            "renewal-nothing",
            "queue-keys",
            "voicemail",
            "renewal-menu",
            "dialled-machine",
            "abandoned",
        )
    ]
    people = [path for path in people if 0.25 <= path.stat().st_size / 16_000 <= 1.0][:24]
    greetings = {attempt(): path for path in (*people, *machines)}
    statuses: dict[str, str] = {}
    abandoned: set[str] = set()

    def listener(event: Event) -> None:
        if event.get("UserEvent") == "CtiAttemptMachine":
            statuses[event["Uniqueid"]] = f"{event['Status']} {event['Cause']}"
        elif event.get("UserEvent") == "CtiAttemptAbandoned":
            abandoned.add(event["Uniqueid"])

    async def greet(call: SimulatedCall) -> None:
        assert call.audio is not None
        greeting = packets_of(greetings[call.header("X-CTI-Attempt")], silence_seconds=20)
        call.audio.sound = [*SILENCE * 15, *greeting]
        await answering(after=0.1, talk=9.0)(call)

    observer.listen(listener)
    async with lab.carrier(greet, audio=True):
        ended = [observer.expect("Hangup", Uniqueid=one) for one in greetings]
        for one in greetings:
            await dial(service, one, "dialled-queue", CTI_QUEUE="sales", CTI_AMD="hang_up")
            await asyncio.sleep(0.1)
        for future in ended:
            await soon(future)
    observer.unlisten(listener)
    assert statuses.keys() == greetings.keys()
    taken = {one for one, status in statuses.items() if status.startswith("MACHINE")}
    # Who is taken for a machine is hung up on, everybody else hears that nobody is there.
    assert abandoned == greetings.keys() - taken
    wrong = [one for one in taken if greetings[one] in people]
    missed = [one for one in greetings.keys() - taken if greetings[one] in machines]
    lines = [
        f"{greetings[one].parent.name}/{greetings[one].stem}: {status}" for one, status in statuses.items()
    ]
    summary(
        f"answering machines\n{len(wrong)} of {len(people)} people taken for machines, "
        f"{len(missed)} of {len(machines)} machines for people\n" + "\n".join(sorted(lines))
    )
    assert len(wrong) <= len(people) * 0.05
    assert len(missed) <= len(machines) * 0.1


async def test_who_says_nothing_is_no_machine(lab: Lab, observer: AmiObserver, service: AmiObserver) -> None:
    this = attempt()
    async with lab.carrier(answering(after=0.1, talk=7.0), audio=True, sound=SILENCE):
        told = saying(observer, "CtiAttemptMachine", this)
        abandoned = saying(observer, "CtiAttemptAbandoned", this)
        await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_AMD="hang_up")
        event = await soon(told)
        assert (event["Status"], event["Cause"].partition("-")[0]) == ("NOTSURE", "INITIALSILENCE")
        await soon(abandoned)


async def test_who_says_hello_is_with_an_agent_soon_after(
    lab: Lab, observer: AmiObserver, service: AmiObserver, record_property: Callable[[str, object], None]
) -> None:
    await lab.sign_in(observer, 1, 1001, "sales")
    this = attempt()
    hello = [*SILENCE * 10, *packets_of(sounds(lab) / "number" / "7.wav", silence_seconds=20)]
    async with (
        lab.carrier(answering(after=0.1), audio=True, sound=hello) as carrier,
        lab.phone(1001, answering_when_asked()),
    ):
        told, connected = (
            saying(observer, "CtiAttemptMachine", this),
            observer.expect("AgentConnect", Uniqueid=this),
        )
        await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_AMD="message")
        event = await soon(told)
        assert event["Status"] == "HUMAN"
        waited = float((await soon(connected))["Timestamp"]) - float(event["Timestamp"])
        call = await carrier.next_call()
        assert call.answered_at is not None
        record_property("person_with_an_agent_after_ms", round((time.time() - call.answered_at) * 1000))
        assert waited < 1.0
        await call.hang_up()


async def test_a_machine_is_left_a_message_after_its_own(
    lab: Lab, observer: AmiObserver, service: AmiObserver
) -> None:
    this, called = attempt(), Called()
    greeting = packets_of(sounds(lab) / "voicemail.wav", silence_seconds=60)
    async with lab.carrier(called, audio=True, sound=greeting) as carrier:
        ended = observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="en", CTI_AMD="message")
        call = await carrier.next_call()
        await soon(ended)
        began = await called.began(lab, call, "dialled-machine")
        assert began > len(greeting) / 50 - 60
        assert call.ended_by == "remote"


async def test_a_flow_knows_that_a_machine_has_answered(
    lab: Lab, observer: AmiObserver, service: AmiObserver, stage: FlowStage
) -> None:
    machine = {"when": "answered_by == 'machine' and machine == 'message'", "goto": "message"}
    steps = {
        "who": {"branch": {"cases": [machine], "otherwise": "bye"}},
        "message": {"exit": {"say": ["goodbye"], "outcome": "machine_message"}},
        "bye": {"exit": {}},
    }
    inputs = {"answered_by": "person", "machine": "silent"}
    stage.book.put({**REMINDER, "start": "who", "inputs": inputs, "steps": steps})
    greeting = packets_of(sounds(lab) / "voicemail.wav", silence_seconds=60)
    this = attempt()
    async with lab.carrier(answering(after=0.1), audio=True, sound=greeting):
        ended = observer.expect("Hangup", Uniqueid=this)
        await dial(service, this, "dialled-flow", CTI_FLOW="reminder", CTI_AMD="message")
        await soon(ended)
    assert stage.outcomes() == ["machine_message"]
    assert stage.of("CtiAttemptConnected") == []


# --- what comes from outside ---


HOSTILE = [
    'x" = "x"]?System(id)',
    "${SHELL(id)}",
    "en)}${EVAL(1)}",
    "sales^evil&Local/s@phones",
    "../../etc",
    "'",
]


async def test_hostile_values_are_inert(lab: Lab, observer: AmiObserver, service: AmiObserver) -> None:
    seen: list[dict[str, str]] = []
    observer.listen(lambda event: seen.append(dict(event)))
    given = {
        attempt(): (context, cause, value)
        for context, cause in (("dialled-queue", "no_agent"), ("dialled-flow", "no_service"))
        for value in HOSTILE
    }
    names = (
        "CTI_QUEUE", "CTI_FLOW", "CTI_LANGUAGE", "CTI_AMD", "CTI_WHY", "CTI_ANSWERED_BY", "CTI_WITH",
    )  # fmt: skip
    async with lab.carrier(answering(after=0.1, talk=4.0), audio=True, sound=SILENCE):
        told = {one: saying(observer, "CtiAttemptAbandoned", one) for one in given}
        ended = [observer.expect("Hangup", Uniqueid=one) for one in given]
        for one, (context, _, value) in given.items():
            await dial(service, one, context, **dict.fromkeys(names, value))
        for one, (_, cause, value) in given.items():
            assert (await soon(told[one]))["Cause"] == cause, value
        for future in ended:
            await soon(future)
    ran = {event.get("Application", "") for event in seen if event.get("Event") == "Newexten"}
    assert ran <= {
        "AppDial2", "Set", "Goto", "GotoIf", "Queue", "AGI", "UserEvent", "CELGenUserEvent", "BackGround",
        "WaitExten", "Hangup",
    }  # fmt: skip
    assert not any("uid=" in str(event) for event in seen)


def test_what_is_told_of_an_attempt_is_what_the_board_reads(lab: Lab) -> None:
    """The names in the dialplan and those that the board and the ledger know are the same."""
    dialplan = (lab.plan.etc / "extensions.conf").read_text()
    for name in ("CtiAttemptMachine", "CtiAttemptAbandoned"):
        assert f"UserEvent({name}," in dialplan
        assert f"CELGenUserEvent({name}," in dialplan
    assert "CELGenUserEvent(CtiAttemptRefused)" in dialplan
