"""Where every transfer begins: a caller whom agent 1 serves, and somebody who may take him over."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.phone import Behaviour, SimulatedPhone
from cti.simulation.recordings.recording import CALLER

#: An extension that no rule of the dialplan knows, and a number outside.
NOWHERE = "77"
OUTSIDE = "13900139000"
SUPPORT = "6002"


@dataclass(frozen=True, kw_only=True)
class Served:
    """Agent 1 at extension 1001 talks with a caller of the queue sales; agent 2, of support, is at 1002."""

    ami: AmiObserver
    caller: SimulatedCall
    agent: SimulatedCall
    #: The channels of the two, by which AMI knows them.
    caller_channel: str
    agent_channel: str
    phone: SimulatedPhone
    target: SimulatedPhone

    async def blind(self, number: str) -> None:
        """The caller is sent on by AMI."""
        await self.ami.demand("BlindTransfer", Channel=self.agent_channel, Context="phones", Exten=number)

    async def attended(self, number: str) -> None:
        """A consultation begins by AMI."""
        await self.ami.demand("Atxfer", Channel=self.agent_channel, Context="phones", Exten=number)

    async def redirect(self, number: str) -> None:
        """The caller's channel is sent elsewhere by AMI."""
        await self.ami.demand(
            "Redirect", Channel=self.caller_channel, Context="phones", Exten=number, Priority="1"
        )

    async def key(self, code: str, number: str = "") -> None:
        """The agent keys a feature code and, once Asterisk asks for it, a number."""
        await self.agent.press(code)
        if number:
            await self.agent.stay(1.0)
            await self.agent.press(number)


@contextlib.asynccontextmanager
async def served(lab: Lab, ami: AmiObserver, target: Behaviour | None = None) -> AsyncIterator[Served]:
    """A caller who has talked with agent 1 for 1.5 seconds; ``target`` is how 1002 takes calls."""
    await lab.sign_in(ami, 1, 1001, "sales")
    await lab.sign_in(ami, 2, 1002, "support")
    async with (
        lab.phone(1001, answering(after=0.5)) as phone,
        lab.phone(1002, target or answering(after=1.0, talk=2.0)) as second,
        lab.trunk() as trunk,
    ):
        connected = ami.expect("AgentConnect")
        caller = await trunk.dial("4001", caller=CALLER)
        event = await asyncio.wait_for(connected, 10)
        agent = await phone.next_call()
        await caller.stay(1.5)
        yield Served(
            ami=ami,
            caller=caller,
            agent=agent,
            caller_channel=event["Channel"],
            agent_channel=event["DestChannel"],
            phone=phone,
            target=second,
        )


async def busy(call: SimulatedCall) -> None:
    """The script of a phone that is busy."""
    call.ring()
    await call.stay(0.5)
    await call.refuse()


async def give_up(caller: SimulatedCall, seconds: float) -> None:
    """The caller stays for some seconds and hangs up."""
    await caller.stay(seconds)
    await caller.hang_up()
