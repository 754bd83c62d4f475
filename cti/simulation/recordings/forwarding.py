"""Calls that a phone sends elsewhere (302), and calls that ring at several phones."""

from typing import Final

from cti.installation.asterisk_plan import RingGroupPlan
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording


async def _forwarding(call: SimulatedCall) -> None:
    call.ring()
    await call.stay(0.5)
    await call.forward("1002")


async def forwarded_by_phone(lab: Lab, _ami: AmiObserver) -> None:
    """1003 calls 1001, which forwards to 1002; 1002 answers and hangs up."""
    async with (
        lab.phone(1001, _forwarding),
        lab.phone(1002, answering(after=1.0, talk=2.0)),
        lab.phone(1003) as caller,
    ):
        call = await caller.dial("1001")
        await call.ended()


async def offer_forwarded(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1's phone forwards the queue's call to 1002; the queue goes on to agent 3, who answers."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, _forwarding),
        lab.phone(1002, ringing),
        lab.phone(1003, answering(after=0.5)) as third,
        lab.trunk() as trunk,
    ):
        forwarded = ami.expect("DialEnd")
        call = await trunk.dial("4001", caller=CALLER)
        await forwarded
        await lab.sign_in(ami, 3, 1003, "sales")
        agent = await third.next_call()
        await agent.answered()
        await agent.stay(2.0)
        await call.hang_up()
        await agent.ended()


async def find_me(lab: Lab, _ami: AmiObserver) -> None:
    """1003 calls 7001, which rings at 1001 and 1002; 1002 is the first to answer."""
    async with (
        lab.phone(1001, ringing),
        lab.phone(1002, answering(after=1.0, talk=2.0)),
        lab.phone(1003) as caller,
    ):
        call = await caller.dial("7001")
        await call.ended()


RECORDINGS: Final = (
    Recording(forwarded_by_phone),
    Recording(offer_forwarded),
    Recording(find_me, plan={"ring_groups": (RingGroupPlan(extension="7001", phones=("1001", "1002")),)}),
)
