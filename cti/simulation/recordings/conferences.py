"""Calls of three and more: a conference room, and an agent who joins caller and colleague."""

from typing import Final

from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording, agent_channel


async def conference_room(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 sends his caller into room 8001 and follows, 1002 joins, holds and leaves, the agent leaves."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002) as second,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        agent = await phone.next_call()
        await agent.answered()
        await agent.stay(1.0)
        alone = ami.expect("BridgeEnter", BridgeCreator="ConfBridge")
        await agent.refer("8001")
        await alone
        await call.stay(1.0)
        following = await phone.dial("8001")
        await following.answered()
        await following.stay(1.0)
        joining = await second.dial("8001")
        await joining.answered()
        await joining.stay(1.0)
        await joining.hold()
        await joining.stay(1.0)
        await joining.resume()
        await joining.stay(1.0)
        await joining.hang_up()
        await following.stay(1.0)
        await following.hang_up()
        await call.stay(1.0)
        await call.hang_up()


async def three_way_call(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 asks 1002 (AMI Atxfer) and joins all three; he holds and resumes, leaves, the two go on."""
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, answering(after=0.5)) as second,
        lab.trunk() as trunk,
    ):
        call = await trunk.dial("4001", caller=CALLER)
        channel = await agent_channel(ami)
        agent = await phone.next_call()
        await agent.stay(1.0)
        await ami.demand("Atxfer", Channel=channel, Context="phones", Exten="1002")
        consulted = await second.next_call()
        await consulted.answered()
        await consulted.stay(1.5)
        joined = ami.expect("AttendedTransfer")
        for digit in "DC":
            await ami.demand("PlayDTMF", Channel=channel, Digit=digit, Receive="yes")
        await joined
        await agent.stay(1.0)
        await agent.hold()
        await agent.stay(1.0)
        await agent.resume()
        await agent.stay(1.0)
        await agent.hang_up()
        await call.stay(1.0)
        await call.hang_up()
        await consulted.ended()


RECORDINGS: Final = (
    Recording(conference_room),
    Recording(three_way_call),
)
