"""Calls through Local channels that Asterisk takes out of the way (optimises), or is told to keep (/n)."""

from typing import Final

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, talking


async def local_member_optimised(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1, a member through a Local channel that is optimised away, holds and resumes his caller."""
    await ami.demand(
        "QueueAdd", Queue="sales", Interface="Local/1001@phones", MemberName="agent-1",
        StateInterface="PJSIP/1001",
    )  # fmt: skip
    async with lab.phone(1001, answering(after=0.7), audio=True) as phone, lab.trunk(audio=True) as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await talking(ami)
        await agent.stay(1.5)
        await agent.hold()
        await agent.stay(1.0)
        await agent.resume()
        await agent.stay(1.0)
        await call.hang_up()
        await agent.ended()


async def local_dial_kept(lab: Lab, ami: AmiObserver) -> None:
    """1003 is rung and dials 1001 through a Local channel that stays (/n)."""
    await _dial(lab, ami, "Local/1001@phones/n")


async def local_dial_optimised(lab: Lab, ami: AmiObserver) -> None:
    """1003 is rung and dials 1001 through a Local channel that is optimised away."""
    await _dial(lab, ami, "Local/1001@phones")


async def _dial(lab: Lab, ami: AmiObserver, target: str) -> None:
    async with (
        lab.phone(1001, answering(after=1.0), audio=True) as phone,
        lab.phone(1003, answering(after=0.5), audio=True) as caller,
    ):
        await ami.demand("Originate", Channel="PJSIP/1003", Application="Dial", Data=target, Async="true")
        call = await phone.next_call()
        await call.answered()
        await call.stay(3.0)
        await call.hang_up()
        await caller.calls[0].ended()


RECORDINGS: Final = (
    Recording(local_member_optimised),
    Recording(local_dial_kept),
    Recording(local_dial_optimised),
)
