"""Calls of phones among themselves, and calls that are joined."""

from typing import Final

from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording


async def extension_to_extension(lab: Lab, _ami: AmiObserver) -> None:
    """1003 calls 1001 directly; both are no members of any queue."""
    async with lab.phone(1001, answering(after=1.0, talk=2.0)), lab.phone(1003) as caller:
        call = await caller.dial("1001")
        await call.ended()


async def voicemail(lab: Lab, _ami: AmiObserver) -> None:
    """1003 calls 1001, which nobody answers, and leaves a message."""
    async with lab.phone(1001, ringing), lab.phone(1003, audio=True) as caller:
        call = await caller.dial("1001")
        await call.answered()
        await call.stay(12.0)
        await call.hang_up()


async def merged(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 talks to two callers of two calls and joins them (AMI Bridge); the two become one call."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with (
        lab.phone(1001, answering(after=0.5)),
        lab.phone(1002, answering(after=0.5)),
        lab.trunk() as trunk,
    ):
        first = await trunk.dial("4001", caller=CALLER)
        one = await ami.expect("AgentConnect")
        second = await trunk.dial("4002", caller="13900139000")
        two = await ami.expect("AgentConnect")
        await second.stay(1.5)
        await ami.demand("Bridge", Channel1=one["Channel"], Channel2=two["Channel"], Tone="no")
        await second.stay(2.0)
        await first.hang_up()
        await second.ended()


RECORDINGS: Final = (
    Recording(extension_to_extension),
    Recording(voicemail),
    Recording(merged),
)
