"""Callers who are handed on without a word: by AMI, by the phone's REFER."""

from typing import Final

from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, agent_channel
from cti.simulation.recordings.served_caller import NOWHERE, SUPPORT, busy, give_up, served


async def blind_transfer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 transfers the caller blind (AMI BlindTransfer) to 1002, which answers and hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)),
        lab.phone(1002, answering(after=1.0, talk=2.0)),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        await call.stay(2.0)
        await ami.demand("BlindTransfer", Channel=channel, Context="phones", Exten="1002")
        await call.ended()


async def blind_transfer_no_answer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 transfers blind (AMI) to 1002, where nobody answers; the caller meets the voicemail."""
    async with served(lab, ami, ringing) as call:
        await call.blind("1002")
        await call.agent.ended()
        await give_up(call.caller, 5.0)


async def blind_transfer_busy(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 transfers blind (AMI) to 1002, which is busy; the caller meets the voicemail."""
    async with served(lab, ami, busy) as call:
        await call.blind("1002")
        await call.agent.ended()
        await give_up(call.caller, 2.5)


async def blind_transfer_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 transfers blind (AMI) to 1002; the caller hangs up while it rings."""
    async with served(lab, ami, ringing) as call:
        await call.blind("1002")
        await give_up(call.caller, 1.5)
        await call.target.calls[0].ended()


async def blind_transfer_nowhere(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 transfers blind (AMI) to an extension that there is not."""
    async with served(lab, ami) as call:
        await call.ami.send("BlindTransfer", Channel=call.agent_channel, Context="phones", Exten=NOWHERE)
        await give_up(call.caller, 2.0)


async def blind_transfer_no_phone(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 transfers blind (AMI) to 1009, an extension without a phone."""
    async with served(lab, ami) as call:
        await call.blind("1009")
        await give_up(call.caller, 2.0)


async def transfer_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 sends the caller on to the queue support, where agent 2 answers."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with (
        lab.phone(1001, answering(after=0.5)),
        lab.phone(1002, answering(after=1.0, talk=2.0)),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        await call.stay(2.0)
        await ami.demand("BlindTransfer", Channel=channel, Context="phones", Exten=SUPPORT)
        await call.ended()


async def blind_refer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1's phone transfers blind (REFER) to 1002, which answers and hangs up."""
    async with served(lab, ami) as call:
        await call.agent.refer("1002")
        await give_up(call.caller, 4.0)


async def blind_refer_no_answer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1's phone transfers blind (REFER) to 1002, where nobody answers."""
    async with served(lab, ami, ringing) as call:
        await call.agent.refer("1002")
        await give_up(call.caller, 5.0)


async def blind_refer_busy(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1's phone transfers blind (REFER) to 1002, which is busy."""
    async with served(lab, ami, busy) as call:
        await call.agent.refer("1002")
        await give_up(call.caller, 2.5)


async def blind_refer_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1's phone transfers blind (REFER) to 1002; the caller hangs up while it rings."""
    async with served(lab, ami, ringing) as call:
        await call.agent.refer("1002")
        await give_up(call.caller, 1.5)
        await call.target.calls[0].ended()


async def blind_refer_nowhere(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1's phone transfers blind (REFER) to an extension that there is not, and the talk goes on."""
    async with served(lab, ami) as call:
        await call.agent.refer(NOWHERE)
        await call.agent.stay(1.5)
        await give_up(call.caller, 0.5)


async def refer_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1's phone sends the caller on (REFER) to the queue support, where agent 2 answers."""
    async with served(lab, ami, answering(after=1.0)) as call:
        await call.agent.refer(SUPPORT)
        await give_up(call.caller, 4.0)


RECORDINGS: Final = (
    Recording(blind_transfer),
    Recording(blind_transfer_no_answer),
    Recording(blind_transfer_busy),
    Recording(blind_transfer_cancelled),
    Recording(blind_transfer_nowhere),
    Recording(blind_transfer_no_phone),
    Recording(transfer_to_queue),
    Recording(blind_refer),
    Recording(blind_refer_no_answer),
    Recording(blind_refer_busy),
    Recording(blind_refer_cancelled),
    Recording(blind_refer_nowhere),
    Recording(refer_to_queue),
)
