"""Each flow that ships, on the real Asterisk, led by the whole service, keyed through by callers.

What becomes of it is where people look for it.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls.passed_values import read_passed
from cti.simulation.call import SimulatedCall
from cti.simulation.keying import WAYS, keying_callers
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.tasks.recordings import ENDING
from tests.stage.ear import decoded, likeness, samples_of
from tests.stage.flow_centre import (
    ADVERTISER,
    CUSTOMER,
    INFORMATION,
    MACHINE,
    MENU,
    ON_HOLIDAY,
    PIN,
    POLL,
    REMOTE_AGENT,
    RENEWAL,
    SILENT_MACHINE,
    STAFF_NUMBER,
    SWITCH,
    TIP,
    FlowCaller,
    FlowCentre,
    flow_centre,
)

SILENCE = [b"\xff" * 160]


@pytest_asyncio.fixture(scope="module")
async def centre(
    lab: Lab, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FlowCentre]:
    async with flow_centre(lab, postgres_url, tmp_path_factory.mktemp("service")) as centre:
        yield centre


def is_kept(centre: FlowCentre, recording: str) -> bool:
    """Whether there is sound in the recording of this id."""
    (path,) = centre.service.home.rglob(f"{recording}*{ENDING}")
    return path.stat().st_size > 8000


async def hears(caller: FlowCaller, *prompts: str) -> list[float]:
    """How like the prompts, in this order, is what he has heard (1.0: the same)."""
    heard = decoded(packet for packet in caller.packets if packet[1] & 0x7F == 0)
    found, place = [], 0
    for prompt in prompts:
        sound = samples_of(caller.centre.lab.plan.home / "sounds" / "en" / f"{prompt}.wav")
        alike, place = await asyncio.to_thread(likeness, heard, sound, after=max(place - 400, 0))
        found.append(round(alike, 3))
    return found


async def hears_sound(call: SimulatedCall) -> None:
    """Waits until whoever is in the call hears the other side."""
    assert call.audio is not None
    while not call.audio.hears_sound:  # noqa: ASYNC110  (each packet may be the first)
        await asyncio.sleep(0.1)


async def test_who_needs_no_agent_gets_what_he_keyed_whoever_else_is_in_a_flow(
    lab: Lab, observer: AmiObserver, centre: FlowCentre, tmp_path: Path
) -> None:
    # At once: what they hear takes its time.
    await asyncio.gather(
        reminders_end_as_the_called_wish(lab, observer, centre),
        a_poll_takes_keys_in_every_way(lab, centre, tmp_path),
        what_is_said_is_somebodys_task(lab, centre),
    )


async def reminders_end_as_the_called_wish(lab: Lab, observer: AmiObserver, centre: FlowCentre) -> None:
    async with lab.trunk(audio=True, sound=SILENCE) as trunk:

        async def renews() -> None:
            caller = await FlowCaller.dial(centre, trunk, RENEWAL, "13800138010")
            await caller.key(("who", "1"), ("offer", "*"), ("offer", "1"))
            assert await caller.outcome() == "renewed"
            assert await caller.answers() == [
                ("is_right_person", "yes"), ("renewal", "again"), ("renewal", "renewed"),
            ]  # fmt: skip
            query = "SELECT payload::jsonb ->> 'product', outcome FROM messages"
            query += " WHERE endpoint = 'renewals' AND ended_at IS NOT NULL"
            assert await centre.until(query) == [("日报全年", "delivered")]
            assert len(centre.messages["renewals"]) == 1

        async def refuses() -> None:
            caller = await FlowCaller.dial(centre, trunk, RENEWAL, "13800138011")
            await caller.key(("who", "1"), ("offer", "9"))
            assert await caller.outcome() == "refused"
            assert await centre.until("SELECT number, scope FROM call_refusals") == [(caller.number, "all")]

        async def is_another() -> None:
            caller = await FlowCaller.dial(centre, trunk, RENEWAL, "13800138012")
            await caller.key(("who", "2"))
            assert await caller.outcome() == "wrong_person"
            assert await centre.rows("SELECT 1 FROM flow_steps WHERE step = 'wrong-person'") == [(1,)]

        async def wants_an_agent() -> None:
            caller = await FlowCaller.dial(centre, trunk, RENEWAL, "13800138013")
            joined = observer.expect("QueueCallerJoin", CallerIDNum="13800138013")
            await caller.key(("who", "1"), ("offer", "2"))
            assert (await asyncio.wait_for(joined, 60))["Queue"] == "sales"
            await caller.call.hang_up()

        async def wants_it_later() -> None:
            # No campaign has called him, so none calls again.
            caller = await FlowCaller.dial(centre, trunk, RENEWAL, "13800138016")
            await caller.key(("who", "1"), ("offer", "3"))
            assert await caller.outcome() == "callback"
            assert "somebody-reminds" in await caller.steps()
            task = await centre.task_of(caller.number)
            assert (task["kind"], task["queue"]) == ("callback", "sales")
            assert task["details"]["product"] == "日报全年"

        async def is_unknown() -> None:
            caller = await FlowCaller.dial(centre, trunk, RENEWAL, "13900139000")
            assert await caller.outcome() == "nothing_to_renew"

        async def is_a_machine(line: str, number: str, outcome: str) -> None:
            caller = await FlowCaller.dial(centre, trunk, line, number)
            assert await caller.outcome() == outcome
            assert await caller.answers() == []

        await asyncio.gather(
            renews(), refuses(), is_another(), wants_an_agent(), wants_it_later(), is_unknown(),
            is_a_machine(MACHINE, "13800138014", "machine_message"),
            is_a_machine(SILENT_MACHINE, "13800138015", "machine"),
        )  # fmt: skip


async def a_poll_takes_keys_in_every_way(lab: Lab, centre: FlowCentre, tmp_path: Path) -> None:
    keyed = ("1", "1", "4", "2", "7#", "10")
    script = [
        (2.5 + 4.0 * question + 0.3 * place, key)
        for question, keys in enumerate(keyed)
        for place, key in enumerate(keys)
    ]

    async def answers(number: int, way: str) -> None:
        folder = tmp_path / way
        folder.mkdir()
        await keying_callers(lab, folder, way, script, dnis=POLL, trunk=2 + number)

    await asyncio.gather(*(answers(number, way) for number, way in enumerate(WAYS)))
    ended = "SELECT outcome FROM flow_runs WHERE flow = 'topic-poll' AND outcome IS NOT NULL"
    assert await centre.until(ended, count=3) == [("completed",)] * 3
    results = await centre.ask("flows/topic-poll/results")
    assert [
        (
            question["question"],
            question["kind"],
            question["n"],
            {c["value"]: c["count"] for c in question["cells"] if c["count"]},
        )
        for question in results["questions"]
    ] == [
        ("takes_part", "yes_no", 3, {"yes": 3}),
        ("heard_of", "yes_no", 3, {"yes": 3}),
        ("approval", "scale", 3, {"4": 3}),
        ("travel", "choice", 3, {"bus": 3}),
        ("trips", "number", 3, {}),
        ("recommendation", "recommendation", 3, {"10": 3}),
    ]
    assert results["questions"][4]["mean"]["value"] == 7
    assert results["runs"]["exited"] == 3
    assert await centre.rows("SELECT 1 FROM flow_steps WHERE mistake AND flow = 'topic-poll'") == []


async def what_is_said_is_somebodys_task(lab: Lab, centre: FlowCentre) -> None:
    async with lab.trunk(1, audio=True) as trunk:

        async def tells_a_tip() -> None:
            caller = await FlowCaller.dial(centre, trunk, TIP, "13800138030")
            await caller.key(("where-from", "1"))
            await caller.speak("tip")
            await caller.press("1", after=2.0)
            await caller.at("reachable")
            caller.listen()
            await caller.key(("reachable", "1"))
            assert await caller.outcome() == "completed"
            task = await centre.task_of(caller.number)
            assert (task["kind"], task["queue"], task["details"]["may_call_back"]) == (
                "tip",
                "overflow",
                "yes",
            )
            assert is_kept(centre, task["recording"])
            assert min(await hears(caller, "tip-reference", "tip-reference-again")) > 0.9
            assert task["reference"] in [
                message["values"]["reference"] for message in centre.messages["transcription"]
            ]

        async def hangs_up_after_the_tip() -> None:
            caller = await FlowCaller.dial(centre, trunk, TIP, "13800138031")
            await caller.key(("where-from", "1"), ("tip", "*"))
            await caller.call.stay(4.0)
            await caller.call.hang_up()
            task = await centre.task_of(caller.number)
            assert task["kind"] == "tip"
            assert is_kept(centre, task["recording"])
            assert await caller.recorded_outcome() == "hung_up"

        async def asks_for_prices() -> None:
            caller = await FlowCaller.dial(centre, trunk, INFORMATION, "13800138032")
            await caller.key(("menu", "1"), ("product-key", "2#"), ("more", "1"))
            await caller.key(("menu", "2"), ("branch-key", "021#"), ("say-branch", "*"), ("more", "2"))
            assert await caller.outcome() == "completed"

        async def calls_on_a_holiday() -> None:
            caller = await FlowCaller.dial(centre, trunk, ON_HOLIDAY, "13800138033")
            await caller.key(("language", "1"), ("closed-menu", "1"))
            await caller.speak("message")
            assert await caller.outcome() == "completed"
            assert await caller.answers() != []
            await caller.at("holiday")
            task = await centre.task_of(caller.number)
            assert (task["kind"], task["queue"]) == ("voicemail", "support")
            assert is_kept(centre, task["recording"])

        async def guesses_a_pin() -> None:
            caller = await FlowCaller.dial(centre, trunk, SWITCH, "13800138034")
            await caller.key(("staff", f"{STAFF_NUMBER}#"), ("pin", "314159#"))
            assert await caller.outcome() == "refused"
            assert await centre.rows("SELECT 1 FROM announcement_history WHERE by = 'phone'") == []

        await asyncio.gather(
            tells_a_tip(), hangs_up_after_the_tip(), asks_for_prices(), calls_on_a_holiday(), guesses_a_pin()
        )


async def test_callers_come_to_the_right_people_and_say_how_it_was(
    lab: Lab, observer: AmiObserver, centre: FlowCentre
) -> None:
    await lab.sign_in(observer, 101, 1001, "sales")
    await lab.sign_in(observer, 102, 1002, "overflow")
    async with (
        lab.trunk(audio=True) as trunk,
        lab.phone(1001, answering(after=0.2, talk=1.5)),
        lab.phone(1002, answering(after=0.2), audio=True) as advertising,
    ):

        async def is_not_content() -> None:
            caller = await FlowCaller.dial(centre, trunk, MENU, "13800138040")
            await caller.key(("language", "2"), ("menu", "1"))
            await caller.key(("rating", "1"), ("low", "2"), ("recommendation", "10"), ("ask-comment", "2"))
            await caller.outcome()
            assert (await caller.answers())[-4:] == [
                ("rating", "1"), ("reason", "unsolved"), ("recommendation", "10"), ("wants_comment", "no"),
            ]  # fmt: skip
            task = await centre.task_of(caller.number)
            assert (task["kind"], task["queue"], task["supervisor"]) == ("callback", "sales", True)
            assert task["details"] == {"rating": 1, "reason": "unsolved", "queue": "sales"}
            assert await centre.until(
                "SELECT queue, rating, agent_id, language FROM surveys WHERE outcome IS NOT NULL"
            ) == [("sales", 1, 101, "en")]

        async def advertises() -> None:
            caller = await FlowCaller.dial(centre, trunk, ADVERTISER, "13800138019")
            await caller.key(("topic", "1"))
            async with asyncio.timeout(60):
                rung = await advertising.next_call()
                assert await rung.answered()
                await hears_sound(rung)
                await hears_sound(caller.call)
            await rung.hang_up()
            assert await caller.outcome() == "completed"
            assert await caller.answers() == [("topic", "property")]
            await caller.at("greet")
            ((passed,),) = await centre.rows("SELECT passed FROM flow_runs WHERE flow = 'connect-advertiser'")
            assert [(one.name, one.value) for one in read_passed(passed)] == [
                ("topic", "property"), ("customer", CUSTOMER), ("number", caller.number),
            ]  # fmt: skip

        await asyncio.gather(is_not_content(), advertises())


async def test_who_is_responsible_is_called_at_his_own_phone_and_sees_who_calls_and_what_about(
    lab: Lab, centre: FlowCentre
) -> None:
    """He is signed in to no queue; and the service is killed while his phone rings."""
    async with lab.trunk(audio=True) as trunk, lab.carrier(audio=True) as mobile:
        caller = await FlowCaller.dial(centre, trunk, ADVERTISER, "13800138018")
        await caller.at("topic")
        caller.listen()
        await caller.key(("topic", "2"))
        async with asyncio.timeout(60):
            rung = await mobile.next_call()
        rung.ring()
        shown = await centre.page("rae", "ringing")
        assert [(one["value"], one["title"]["en"], one["label"].get("en")) for one in shown["passed"]] == [
            ("jobs", "Kind of advertisement", "Jobs"),
            (CUSTOMER, "Customer", None),
            (caller.number, "Caller's number", None),
        ]
        assert (shown["number"], shown["pop"]["number"]) == (caller.number, caller.number)
        await centre.service.kill()
        await rung.answer()
        await centre.service.start()
        await centre.service.ready()
        assert (await centre.page("rae", "talking"))["passed"] == shown["passed"]
        async with asyncio.timeout(60):
            await hears_sound(rung)
        await rung.hang_up()
        assert await caller.outcome() == "completed"
    assert min(await hears(caller, "advertiser-connecting")) > 0.9
    call = await centre.ask(f"calls/{shown['call_id']}")
    (run,) = call["flow_runs"]
    assert run["passed"] == shown["passed"]
    assert [(one["title"]["en"], one["label"]["en"]) for one in run["answers"]] == [
        ("Kind of advertisement", "Jobs")
    ]
    assert [leg["kind"] for leg in call["legs"] if leg["agent_id"] == REMOTE_AGENT] == ["trunk"]
    kinds = "SELECT DISTINCT kind FROM intervals WHERE agent_id = $1 ORDER BY kind"
    assert await centre.until(kinds, REMOTE_AGENT, count=2) == [("ring",), ("talk",)]


async def test_an_announcement_is_switched_by_phone_and_heard_before_the_queue_keeps_a_place(
    lab: Lab, observer: AmiObserver, centre: FlowCentre
) -> None:
    async with lab.trunk(audio=True, sound=SILENCE) as trunk, lab.trunk(1, audio=True) as talking:

        async def switches(number: str, state: str) -> str:
            caller = await FlowCaller.dial(centre, trunk, SWITCH, number)
            keyed = ("staff", f"{STAFF_NUMBER}#"), ("pin", f"{PIN}#"), ("which", "2"), ("state", state)
            await caller.key(*keyed)
            return await caller.outcome()

        async def is_called_back() -> None:
            caller = await FlowCaller.dial(centre, trunk, MENU, "13800138050")
            joined = observer.expect("QueueCallerJoin", CallerIDNum="13800138050")
            await caller.at("language")
            caller.listen()
            await caller.key(("language", "2"), ("menu", "2"))
            assert min(await hears(caller, "welcome", "announcement-outage")) > 0.9
            assert (await asyncio.wait_for(joined, 60))["Queue"] == "support"
            await caller.press("2", after=1.0)
            assert await caller.outcome() == "completed"
            await caller.at("call-back-promised")
            assert await centre.until("SELECT queue, number, state FROM queue_callbacks") == [
                ("support", caller.number, "waiting")
            ]

        async def leaves_a_message() -> None:
            caller = await FlowCaller.dial(centre, talking, MENU, "13800138051")
            joined = observer.expect("QueueCallerJoin", CallerIDNum="13800138051")
            await caller.key(("language", "2"), ("menu", "1"))
            assert (await asyncio.wait_for(joined, 60))["Queue"] == "sales"
            await caller.press("1", after=1.0)
            await caller.speak("message")
            assert await caller.outcome() == "completed"
            task = await centre.task_of(caller.number)
            assert (task["kind"], task["queue"]) == ("voicemail", "sales")
            assert is_kept(centre, task["recording"])

        assert await switches("13800138052", "1") == "on"
        await asyncio.gather(is_called_back(), leaves_a_message())
        assert await switches("13800138053", "2") == "off"
    acts = "SELECT name, act FROM announcement_history WHERE by = 'phone' ORDER BY id"
    assert await centre.rows(acts) == [("outage", "on"), ("outage", "off")]
    assert set(await centre.rows("SELECT value, keys FROM flow_answers WHERE question = 'pin'")) == {
        ("****", "****")
    }
    kept = b"".join(
        path.read_bytes() for path in (centre.service.home / "journal").rglob("*") if path.is_file()
    )
    assert kept.count(b"CtiFlowAnswer") > 10
    assert PIN.encode() not in kept
    assert PIN not in centre.service.log
