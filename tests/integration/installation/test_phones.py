"""Simulated parties against the real Asterisk: what each says it did is what the others saw."""

import asyncio

import pytest

from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.load import sipp_agents, sipp_callers
from cti.simulation.observer import AmiObserver


async def test_agent_and_caller_hear_each_other(lab: Lab, observer: AmiObserver) -> None:
    await lab.sign_in(observer, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.3, talk=1.5), audio=True) as phone,
        lab.trunk(audio=True) as trunk,
    ):
        call = await trunk.dial("4001", caller="13800138000")
        await asyncio.wait_for(call.ended(), 15)
        agent = phone.calls[0]
        assert agent.audio is not None
        assert call.audio is not None
        assert agent.audio.packets_heard > 50
        assert call.audio.packets_heard > 50
        assert agent.answered_at is not None
        assert agent.ended_at is not None
        assert agent.ended_at - agent.answered_at == pytest.approx(1.5, abs=0.3)


async def test_keys_arrive_as_they_were_pressed(lab: Lab, observer: AmiObserver) -> None:
    async with lab.phone(1002, answering(after=0.2)) as phone, lab.phone(1003) as caller:
        call = await caller.dial("1002")
        assert await call.answered()
        await call.press("1590#")
        await call.stay(0.3)
        await call.hang_up()
        assert phone.calls[0].audio is not None
        assert phone.calls[0].audio.digits_heard == "1590#"


async def test_a_phone_holds_when_it_is_told_to(lab: Lab, observer: AmiObserver) -> None:
    async with lab.phone(1002, answering(after=0.2)) as phone, lab.phone(1003) as caller:
        call = await caller.dial("1002")
        assert await call.answered()
        await asyncio.sleep(0.3)
        connected = await lab.asterisk.command("core show channels concise")
        channel = next(line.split("!")[0] for line in connected.splitlines() if line.startswith("PJSIP/1002"))
        held = observer.expect("Hold")
        await observer.demand("PJSIPNotify", Channel=channel, Variable="Event=hold")
        assert (await asyncio.wait_for(held, 5))["Channel"] == channel
        resumed = observer.expect("Unhold")
        await observer.demand("PJSIPNotify", Channel=channel, Variable="Event=talk")
        assert (await asyncio.wait_for(resumed, 5))["Channel"] == channel
        assert len(phone.calls[0].holds) == 1
        await call.hang_up()


async def test_a_refused_and_an_unanswered_call_end_in_voicemail(lab: Lab, observer: AmiObserver) -> None:
    async with lab.phone(1002, ringing), lab.phone(1003) as caller:
        mailbox = observer.expect("UserEvent", UserEvent="CtiVoicemail")
        call = await caller.dial("1002")
        assert (await asyncio.wait_for(mailbox, 10))["Mailbox"] == "1002"
        await call.hang_up()


async def test_sipp_makes_calls_with_audio(tmp_path_factory: pytest.TempPathFactory) -> None:
    from cti.simulation.lab import laboratory

    async with (
        laboratory(tmp_path_factory.mktemp("sipp"), phones=5, one_socket=True) as lab,
        lab.observer() as ami,
        sipp_agents(lab, ring_seconds=0.3),
    ):
        for number in range(5):
            await lab.sign_in(ami, number + 1, 1001 + number, "sales")
        result = await sipp_callers(lab, calls=5, per_second=5, talk_seconds=3)
        assert (result.successful, result.failed) == (5, 0)
        await lab.quiet()
