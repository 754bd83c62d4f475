"""Calls to a queue: waiting, offers, answers, holds, overflow."""

from typing import Final

from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, talking


async def answered(lab: Lab, ami: AmiObserver) -> None:
    """A caller waits, agent 1 answers, they talk, the agent hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=1.0, talk=3.0)), lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        await call.ended()


async def abandoned(lab: Lab, ami: AmiObserver) -> None:
    """Nobody is ready; the caller gives up in the queue."""
    async with lab.trunk() as trunk:
        joined = ami.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller=CALLER)
        await joined
        await call.stay(3.0)
        await call.hang_up()


async def next_agent_answers(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 does not answer his offer, agent 2 does; the caller hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "sales")
    async with lab.phone(1001, ringing), lab.phone(1002, answering(after=0.5)), lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        await talking(ami)
        await call.stay(2.0)
        await call.hang_up()


async def held_twice(lab: Lab, ami: AmiObserver) -> None:
    """The agent holds and resumes twice, then hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.5)) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(1.0)
        for seconds in (1.5, 2.5):
            await agent.hold()
            await agent.stay(seconds)
            await agent.resume()
            await agent.stay(1.0)
        await agent.hang_up()
        await call.ended()


async def hung_up_while_held(lab: Lab, ami: AmiObserver) -> None:
    """The agent holds the caller, who hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.5)) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(1.0)
        await agent.hold()
        await agent.stay(2.0)
        await call.hang_up()
        await agent.ended()


async def local_member(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 is a member through a Local channel; he holds and resumes the caller and hangs up."""
    await ami.demand(
        "QueueAdd", Queue="sales", Interface="Local/1001@phones/n", MemberName="agent-1",
        StateInterface="PJSIP/1001",
    )  # fmt: skip
    async with lab.phone(1001, answering(after=0.7)) as phone, lab.trunk() as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(1.0)
        await agent.hold()
        await agent.stay(1.0)
        await agent.resume()
        await agent.stay(1.0)
        await call.hang_up()
        await agent.ended()


async def phone_dies(lab: Lab, ami: AmiObserver) -> None:
    """The agent's phone loses its power; Asterisk hears silence, and the caller queues again until he gives
    up.
    """
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.5), audio=True) as phone, lab.trunk(audio=True) as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(2.0)
        again = ami.expect("QueueCallerJoin")
        await phone.die()
        await again
        await call.stay(1.0)
        await call.hang_up()


async def overflow_to_voicemail(lab: Lab, ami: AmiObserver) -> None:
    """The queue's time runs out, the overflow queue's too, and the caller leaves a message."""
    async with lab.trunk(audio=True) as trunk:
        left = ami.expect("QueueCallerLeave", Queue="overflow")
        call = await trunk.dial("4001", caller=CALLER)
        await left
        await call.stay(10.0)
        await call.hang_up()


RECORDINGS: Final = (
    Recording(answered),
    Recording(abandoned),
    Recording(next_agent_answers),
    Recording(held_twice),
    Recording(hung_up_while_held),
    Recording(local_member),
    Recording(phone_dies, plan={"phone_rtp_timeout": 4}),
    Recording(
        overflow_to_voicemail,
        plan={"queue_wait_seconds": 4, "overflow_wait_seconds": 3, "phone_rtp_timeout": 4},
    ),
)
