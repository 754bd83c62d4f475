"""Calls that ring at one phone and are taken at another."""

from typing import Final

from cti.simulation.lab import Lab, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, talking


async def group_pickup(lab: Lab, _ami: AmiObserver) -> None:
    """1003 calls 1001; 1002, of the same pickup group, dials *8 and has the call."""
    async with lab.phone(1001, ringing) as first, lab.phone(1002) as taker, lab.phone(1003) as caller:
        call = await caller.dial("1001")
        rung = await first.next_call()
        await rung.stay(1.0)
        taken = await taker.dial("*8")
        await rung.ended()
        await call.answered()
        await taken.stay(2.0)
        await taken.hang_up()
        await call.ended()


async def directed_pickup(lab: Lab, _ami: AmiObserver) -> None:
    """1003 calls 1001; 1002 takes exactly that call with *81001."""
    async with lab.phone(1001, ringing) as first, lab.phone(1002) as taker, lab.phone(1003) as caller:
        call = await caller.dial("1001")
        rung = await first.next_call()
        await rung.stay(1.0)
        taken = await taker.dial("*81001")
        await rung.ended()
        await call.answered()
        await taken.stay(2.0)
        await call.hang_up()
        await taken.ended()


async def queue_pickup(lab: Lab, ami: AmiObserver) -> None:
    """The queue rings agent 1; agent 2, of another queue, takes the call with *8; the caller hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with lab.phone(1001, ringing) as first, lab.phone(1002) as taker, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        rung = await first.next_call()
        await rung.stay(1.0)
        connected = talking(ami)
        taken = await taker.dial("*8")
        await rung.ended()
        await connected
        await taken.stay(2.0)
        await call.hang_up()
        await taken.ended()


RECORDINGS: Final = (
    Recording(group_pickup),
    Recording(directed_pickup),
    Recording(queue_pickup),
)
