"""Agents who ask first and then hand the caller on, by AMI Atxfer."""

import asyncio
from typing import Final

from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, agent_channel
from cti.simulation.recordings.served_caller import NOWHERE, OUTSIDE, SUPPORT, busy, give_up, served

#: As long as Asterisk lets the party who is consulted ring (atxfernoanswertimeout), and a little more.
_NO_ANSWER_SECONDS: Final = 23.0


async def attended_transfer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 asks extension 1002 first (AMI Atxfer), then leaves the two talking; the caller hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)) as second,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        await call.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Context="phones", Exten="1002")
        consulted = await second.next_call()
        await consulted.answered()
        await call.stay(2.0)
        await phone.calls[0].hang_up()
        await call.stay(2.0)
        await call.hang_up()
        await consulted.ended()


async def attended_transfer_with_audio(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 asks 1002 first (AMI Atxfer); all can be heard, so Asterisk takes out the Local channel."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with (
        lab.phone(1001, answering(after=0.5), audio=True) as phone,
        lab.phone(1002, answering(after=1.0), audio=True) as second,
        lab.trunk(audio=True) as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        await call.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Context="phones", Exten="1002")
        consulted = await second.next_call()
        await consulted.answered()
        await call.stay(2.0)
        await phone.calls[0].hang_up()
        await call.stay(2.0)
        await call.hang_up()
        await consulted.ended()


async def attended_transfer_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 consults 1002 (AMI Atxfer), comes back to the caller, and hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)) as other,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        agent = await phone.next_call()
        await agent.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Exten="1002", Context="phones")
        consulted = await other.next_call()
        await consulted.answered()
        await consulted.stay(2.0)
        await ami.demand("CancelAtxfer", Channel=channel)
        await consulted.ended()
        await agent.stay(2.0)
        await agent.hang_up()
        await call.ended()


async def attended_transfer_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls the support queue (AMI Atxfer), talks with agent 2, and hands the caller over."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)) as other,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        agent = await phone.next_call()
        await agent.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Exten=SUPPORT, Context="phones")
        target = await other.next_call()
        await target.answered()
        await target.stay(2.0)
        await agent.hang_up()
        await target.stay(2.0)
        await target.hang_up()
        await call.ended()


async def attended_transfer_busy(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 would consult a number outside (AMI Atxfer), which is busy, and comes back to the caller."""
    async with lab.carrier(busy), served(lab, ami) as call:
        await call.attended(OUTSIDE)
        await call.agent.stay(7.0)
        await give_up(call.caller, 0.5)


async def attended_transfer_no_answer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 would consult a number outside (AMI Atxfer), where nobody answers; the caller comes back."""
    async with lab.carrier(ringing), served(lab, ami) as call:
        await call.attended(OUTSIDE)
        await call.agent.stay(_NO_ANSWER_SECONDS + 4.0)
        await give_up(call.caller, 0.5)


async def attended_transfer_nowhere(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 would consult an extension that there is not (AMI Atxfer), and the talk goes on."""
    async with served(lab, ami) as call:
        back = ami.expect("Unhold")
        await call.attended(NOWHERE)
        await asyncio.wait_for(back, 40)
        await call.agent.stay(1.0)
        await give_up(call.caller, 0.5)


async def attended_transfer_to_voicemail(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 would consult 1002 (AMI Atxfer), meets its voicemail and goes back to the caller."""
    async with served(lab, ami, busy) as call:
        await call.attended("1002")
        consulted = await call.target.next_call()
        await consulted.ended()
        await call.agent.stay(2.0)
        await ami.demand("CancelAtxfer", Channel=call.agent_channel)
        await call.agent.stay(1.5)
        await give_up(call.caller, 0.5)


async def attended_transfer_while_ringing(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 begins to consult 1002 (AMI Atxfer) and hangs up while it rings; 1002 answers the caller."""
    async with served(lab, ami, answering(after=2.0)) as call:
        await call.attended("1002")
        consulted = await call.target.next_call()
        await call.agent.stay(1.0)
        await call.agent.hang_up()
        await consulted.answered()
        await give_up(call.caller, 2.0)


async def attended_transfer_while_ringing_in_vain(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 begins to consult a number outside (AMI Atxfer) and hangs up while it rings; it is refused."""

    async def refusing(call: SimulatedCall) -> None:
        call.ring()
        await call.stay(3.0)
        await call.refuse()

    async with lab.carrier(refusing) as carrier, served(lab, ami) as call:
        await call.attended(OUTSIDE)
        consulted = await carrier.next_call()
        await call.agent.stay(1.0)
        await call.agent.hang_up()
        await consulted.ended()
        await give_up(call.caller, 3.0)


async def attended_transfer_caller_left(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 consults 1002 (AMI Atxfer); the caller hangs up meanwhile; the two go on, and agent 1 ends."""
    async with served(lab, ami, answering(after=0.5)) as call:
        await call.attended("1002")
        consulted = await call.target.next_call()
        await consulted.answered()
        await consulted.stay(1.0)
        await call.caller.hang_up()
        await consulted.stay(2.0)
        await call.agent.hang_up()
        await consulted.ended()


async def attended_transfer_target_left(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 consults 1002 (AMI Atxfer), which hangs up; the caller comes back."""
    async with served(lab, ami, answering(after=0.5, talk=1.5)) as call:
        await call.attended("1002")
        consulted = await call.target.next_call()
        await consulted.ended()
        await call.agent.stay(2.0)
        await give_up(call.caller, 0.5)


async def attended_transfer_to_queue_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls the support queue (AMI Atxfer), where nobody answers, and goes back to the caller."""
    async with served(lab, ami, ringing) as call:
        await call.attended(SUPPORT)
        await call.target.next_call()
        await call.agent.stay(1.5)
        await ami.demand("CancelAtxfer", Channel=call.agent_channel)
        await call.agent.stay(1.5)
        await give_up(call.caller, 0.5)


RECORDINGS: Final = (
    Recording(attended_transfer),
    Recording(attended_transfer_with_audio),
    Recording(attended_transfer_cancelled),
    Recording(attended_transfer_to_queue),
    Recording(attended_transfer_busy),
    Recording(attended_transfer_no_answer),
    Recording(attended_transfer_nowhere),
    Recording(attended_transfer_to_voicemail),
    Recording(attended_transfer_while_ringing),
    Recording(attended_transfer_while_ringing_in_vain),
    Recording(attended_transfer_caller_left),
    Recording(attended_transfer_target_left),
    Recording(attended_transfer_to_queue_cancelled),
)
