"""Calls of agents among themselves, and a second call on a phone that is in use."""

from typing import Final

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording


async def agent_to_agent(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 calls agent 2 directly; both are ready in the queue, and neither is offered its caller."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "sales")
    async with (
        lab.phone(1001) as one,
        lab.phone(1002, answering(after=1.0)) as two,
        lab.trunk() as trunk,
    ):
        direct = await one.dial("1002")
        called = await two.next_call()
        await called.answered()
        joined = ami.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller=CALLER)
        await joined
        await call.stay(2.0)
        await call.hang_up()
        await direct.stay(1.0)
        await direct.hang_up()
        await called.ended()


async def second_call_taken(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 talks with a caller when 1003 rings at his phone: he holds the one, takes the other, and comes
    back.
    """
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=1.0)) as phone,
        lab.phone(1003) as colleague,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        first = await phone.next_call()
        await first.answered()
        await first.stay(1.0)
        direct = await colleague.dial("1001")
        second = await phone.next_call(2)
        await first.hold()
        await second.answered()
        await second.stay(2.0)
        await second.hang_up()
        await direct.ended()
        await first.resume()
        await first.stay(1.0)
        await call.hang_up()
        await first.ended()


async def second_call_refused(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 talks with a caller and refuses a second call, which goes to his voicemail."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001) as phone,
        lab.phone(1003, audio=True) as colleague,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        first = await phone.next_call()
        first.ring()
        await first.answer()
        await first.stay(1.0)
        direct = await colleague.dial("1001")
        second = await phone.next_call(2)
        second.ring()
        await second.stay(1.0)
        await second.refuse()
        await direct.answered()
        await direct.stay(1.0)
        await direct.hang_up()
        await first.stay(1.0)
        await call.hang_up()
        await first.ended()


async def second_call_made(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 holds his caller, asks 1003 by a second call of his own, hangs that up and comes back."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1003, answering(after=1.0)),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        first = await phone.next_call()
        await first.answered()
        await first.stay(1.0)
        await first.hold()
        second = await phone.dial("1003")
        await second.answered()
        await second.stay(1.5)
        await second.hang_up()
        await first.resume()
        await first.stay(1.0)
        await call.hang_up()
        await first.ended()


RECORDINGS: Final = (
    Recording(agent_to_agent),
    Recording(second_call_taken),
    Recording(second_call_refused),
    Recording(second_call_made),
)
