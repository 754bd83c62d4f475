"""Callers whom AMI Redirect sends elsewhere: a transfer that Asterisk does not call one."""

from typing import Final

from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import Recording
from cti.simulation.recordings.served_caller import NOWHERE, SUPPORT, busy, give_up, served


async def redirect(lab: Lab, ami: AmiObserver) -> None:
    """The caller is redirected to 1002, which answers and hangs up."""
    async with served(lab, ami) as call:
        await call.redirect("1002")
        await call.agent.ended()
        await give_up(call.caller, 4.0)


async def redirect_no_answer(lab: Lab, ami: AmiObserver) -> None:
    """The caller is redirected to 1002, where nobody answers."""
    async with served(lab, ami, ringing) as call:
        await call.redirect("1002")
        await give_up(call.caller, 5.0)


async def redirect_busy(lab: Lab, ami: AmiObserver) -> None:
    """The caller is redirected to 1002, which is busy."""
    async with served(lab, ami, busy) as call:
        await call.redirect("1002")
        await give_up(call.caller, 2.5)


async def redirect_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """The caller is redirected to 1002 and hangs up while it rings."""
    async with served(lab, ami, ringing) as call:
        await call.redirect("1002")
        await give_up(call.caller, 1.5)
        await call.target.calls[0].ended()


async def redirect_nowhere(lab: Lab, ami: AmiObserver) -> None:
    """The caller is to be redirected to an extension that there is not."""
    async with served(lab, ami) as call:
        await call.ami.send(
            "Redirect", Channel=call.caller_channel, Context="phones", Exten=NOWHERE, Priority="1"
        )
        await give_up(call.caller, 2.0)


async def redirect_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """The caller is redirected to the queue support, where agent 2 answers."""
    async with served(lab, ami, answering(after=1.0)) as call:
        await call.redirect(SUPPORT)
        await give_up(call.caller, 4.0)


async def redirect_both(lab: Lab, ami: AmiObserver) -> None:
    """The caller is redirected to 1002, and agent 1 in the same breath to 1003, which answers."""
    async with served(lab, ami, answering(after=1.0)) as call, lab.phone(1003, answering(after=0.5)):
        await call.ami.demand(
            "Redirect", Channel=call.caller_channel, Context="phones", Exten="1002", Priority="1",
            ExtraChannel=call.agent_channel, ExtraContext="phones", ExtraExten="1003", ExtraPriority="1",
        )  # fmt: skip
        await call.caller.stay(3.0)
        await call.agent.hang_up()
        await give_up(call.caller, 0.5)


async def redirect_agent(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1's channel is redirected to 1002; the caller goes on as if he had hung up."""
    async with served(lab, ami, answering(after=1.0)) as call:
        await call.ami.demand(
            "Redirect", Channel=call.agent_channel, Context="phones", Exten="1002", Priority="1"
        )
        await call.caller.stay(1.0)
        await call.caller.hang_up()
        await call.agent.stay(2.0)
        await call.agent.hang_up()


RECORDINGS: Final = (
    Recording(redirect),
    Recording(redirect_no_answer),
    Recording(redirect_busy),
    Recording(redirect_cancelled),
    Recording(redirect_nowhere),
    Recording(redirect_to_queue),
    Recording(redirect_both),
    Recording(redirect_agent),
)
