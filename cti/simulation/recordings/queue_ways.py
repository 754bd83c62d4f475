"""Who is offered a waiting caller, and the ways in which a caller leaves a queue."""

from dataclasses import replace
from typing import Any, Final

from cti.installation.asterisk_plan import QUEUES
from cti.simulation.lab import Lab, answering, refusing, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, talking
from cti.simulation.rtp import FAX_CALLING

#: Every agent of a queue rings at once.
RINGALL: Final = {"queues": tuple(replace(queue, strategy="ringall") for queue in QUEUES)}


async def ringall(lab: Lab, ami: AmiObserver) -> None:
    """All three agents ring at once; agent 2 answers, and the others' offers are withdrawn."""
    for agent in (1, 2, 3):
        await lab.sign_in(ami, agent, 1000 + agent, "sales")
    async with (
        lab.phone(1001, ringing),
        lab.phone(1002, answering(after=1.5, talk=2.0)),
        lab.phone(1003, ringing),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        await call.ended()


async def ringall_twice(lab: Lab, ami: AmiObserver) -> None:
    """Nobody of two agents answers in time; both are rung again, and agent 1 answers."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "sales")
    async with (
        lab.phone(1001) as first,
        lab.phone(1002, ringing),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        missed = await first.next_call(1)
        missed.ring()
        await missed.ended()
        again = await first.next_call(2)
        again.ring()
        await again.stay(0.5)
        await again.answer()
        await again.stay(2.0)
        await call.hang_up()
        await again.ended()


async def ringall_abandoned(lab: Lab, ami: AmiObserver) -> None:
    """Two agents ring when the caller gives up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "sales")
    async with lab.phone(1001, ringing), lab.phone(1002, ringing) as second, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        rung = await second.next_call()
        await rung.stay(2.0)
        await call.hang_up()
        await rung.ended()


async def offered_again(lab: Lab, ami: AmiObserver) -> None:
    """The only agent lets the call ring; it is queued again, and he takes it the second time."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        missed = await phone.next_call(1)
        missed.ring()
        await missed.ended()
        again = await phone.next_call(2)
        again.ring()
        await again.stay(0.5)
        await again.answer()
        await again.stay(2.0)
        await call.hang_up()
        await again.ended()


async def offer_rejected(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 rejects the call at his phone, which agent 2 then takes."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, refusing(after=1.0, status=486, reason="Busy Here")) as first,
        lab.phone(1002, answering(after=0.5)),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        rejected = await first.next_call()
        await rejected.stay(0.5)
        await ami.demand("QueueAdd", Queue="sales", Interface="PJSIP/1002", MemberName="agent-2")
        await ami.demand("QueuePause", Interface="PJSIP/1001", Paused="true", Reason="break")
        await talking(ami)
        await call.stay(2.0)
        await call.hang_up()


async def overflow_answered(lab: Lab, ami: AmiObserver) -> None:
    """The queue's time runs out while nobody is there; agent 2 answers for the overflow queue."""
    await lab.sign_in(ami, 2, 1002, "overflow")
    async with lab.phone(1002, answering(after=1.0)), lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        await talking(ami)
        await call.stay(2.0)
        await call.hang_up()


async def left_by_key(lab: Lab, ami: AmiObserver) -> None:
    """Nobody is there; the caller presses 1 while he waits, and leaves a message."""
    async with lab.trunk(audio=True) as trunk:
        joined = ami.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller=CALLER)
        await joined
        await call.stay(2.0)
        await _press(call, ami)


async def left_by_key_while_ringing(lab: Lab, ami: AmiObserver) -> None:
    """An agent rings when the caller presses 1; the offer is withdrawn, and the caller leaves a message."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, ringing) as phone, lab.trunk(audio=True) as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        rung = await phone.next_call()
        await rung.stay(1.5)
        await _press(call, ami)


async def _press(call: Any, ami: AmiObserver) -> None:
    left = ami.expect("QueueCallerLeave")
    await call.press("1")
    await left
    await call.stay(9.0)
    await call.hang_up()


async def fax_tone(lab: Lab, ami: AmiObserver) -> None:
    """A fax machine calls and sends its tone; agent 1 answers, hears what it is, and hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=1.0, talk=4.0), audio=True),
        lab.trunk(audio=True, sound=FAX_CALLING) as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        await call.ended()


RECORDINGS: Final = (
    Recording(ringall, plan=RINGALL),
    Recording(ringall_twice, plan=RINGALL),
    Recording(ringall_abandoned, plan=RINGALL),
    Recording(offered_again),
    Recording(offer_rejected),
    Recording(overflow_answered, plan={"queue_wait_seconds": 3}),
    Recording(left_by_key),
    Recording(left_by_key_while_ringing),
    Recording(fax_tone),
)
