"""The real calls whose AMI events, CEL rows and queue_log are kept in ``tests/transcripts/``.

Each function plays one call in a laboratory: real Asterisk, simulated parties, agents 1 to 3 on extensions
1001 to 1003. Only the parts that the service plays (queue membership, wrap-up) are stood in for.
"""

import asyncio
from collections.abc import Awaitable, Callable

from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering, ringing, wrap_up
from cti.simulation.observer import AmiObserver

CALLER = "13800138000"
WRAP_UP_SECONDS = 0.5

Recording = Callable[[Lab, AmiObserver], Awaitable[None]]


async def _talking(ami: AmiObserver) -> None:
    """Wait until an agent is connected and paused for his wrap-up."""
    await ami.expect("QueueMemberPause", PausedReason="wrap-up")


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
        await _talking(ami)
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


async def _agent_channel(ami: AmiObserver) -> str:
    return (await ami.expect("AgentConnect"))["DestChannel"]


async def blind_transfer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 transfers the caller blind (AMI BlindTransfer) to 1002, which answers and hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)),
        lab.phone(1002, answering(after=1.0, talk=2.0)),
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await _agent_channel(ami)
        await call.stay(2.0)
        await ami.demand("BlindTransfer", Channel=channel, Context="phones", Exten="1002")
        await call.ended()


async def attended_transfer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 asks extension 1002 first (AMI Atxfer), then leaves the two talking; the caller hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)) as second,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await _agent_channel(ami)
        await call.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Context="phones", Exten="1002")
        consulted = await second.next_call()
        await consulted.answered()
        await call.stay(2.0)
        await phone.calls[0].hang_up()
        await call.stay(2.0)
        await call.hang_up()
        await consulted.ended()


async def attended_transfer_by_phone(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 holds, calls 1002 from his own phone and joins the two by REFER with Replaces."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=0.5)) as second,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(1.0)
        await agent.hold()
        consulting = await phone.dial("1002")
        await consulting.answered()
        await consulting.stay(1.5)
        await agent.refer("1002", replaces=consulting)
        await asyncio.wait_for(agent.ended(), 5)
        await call.stay(2.0)
        await call.hang_up()
        await second.calls[0].ended()


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
        channel = await _agent_channel(ami)
        await call.stay(2.0)
        await ami.demand("BlindTransfer", Channel=channel, Context="phones", Exten="6002")
        await call.ended()


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


async def overflow_to_voicemail(lab: Lab, ami: AmiObserver) -> None:
    """The queue's time runs out, the overflow queue's too, and the caller leaves a message."""
    async with lab.trunk(audio=True) as trunk:
        left = ami.expect("QueueCallerLeave", Queue="overflow")
        call = await trunk.dial("4001", caller=CALLER)
        await left
        await call.stay(10.0)
        await call.hang_up()


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


async def attended_transfer_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 consults 1002 (AMI Atxfer), comes back to the caller, and hangs up."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=1.0)) as other,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await _agent_channel(ami)
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
        channel = await _agent_channel(ami)
        agent = await phone.next_call()
        await agent.stay(1.5)
        await ami.demand("Atxfer", Channel=channel, Exten="6002", Context="phones")
        target = await other.next_call()
        await target.answered()
        await target.stay(2.0)
        await agent.hang_up()
        await target.stay(2.0)
        await target.hang_up()
        await call.ended()


async def survey_done(lab: Lab, ami: AmiObserver) -> None:
    """The agent hangs up, the caller is asked and keys a rating."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.5, talk=2.0)) as phone, lab.trunk(audio=True) as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.ended()
        await _rate(call, "5", "4")
        await call.ended()


async def survey_refused(lab: Lab, ami: AmiObserver) -> None:
    """The agent hangs up, the caller hears the question and hangs up too."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with lab.phone(1001, answering(after=0.5, talk=2.0)) as phone, lab.trunk(audio=True) as trunk:
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.ended()
        await call.stay(1.5)
        await call.hang_up()


async def _rate(call: SimulatedCall, *keys: str) -> None:
    for key in keys:
        await call.stay(2.0)
        await call.press(key)


RECORDINGS: dict[str, Recording] = {
    function.__name__: function
    for function in (
        answered, abandoned, next_agent_answers, held_twice, hung_up_while_held, blind_transfer,
        attended_transfer, attended_transfer_by_phone, transfer_to_queue, extension_to_extension, voicemail,
        overflow_to_voicemail, phone_dies, merged, survey_done, survey_refused, local_member,
        attended_transfer_cancelled, attended_transfer_to_queue,
    )
}  # fmt: skip


async def play(name: str, lab: Lab, ami: AmiObserver) -> None:
    """Play one recording from a clean start until every channel and member is gone."""
    stop = wrap_up(ami, WRAP_UP_SECONDS)
    try:
        await RECORDINGS[name](lab, ami)
        await lab.quiet()
        await asyncio.sleep(WRAP_UP_SECONDS + 0.5)
        await lab.clear(ami)
        await asyncio.sleep(0.3)
    finally:
        stop()
