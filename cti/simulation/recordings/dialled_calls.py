"""Calls that a campaign makes: the called person answers, and there is an agent for him, or nobody."""

from typing import Final

from cti.simulation.lab import Lab, answering, answering_when_asked, refusing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import Recording

CALLED = "+8613900139000"


async def dial(ami: AmiObserver, attempt: str, context: str, **variables: str) -> None:
    """Has a number dialled as the dialler does; ``variables`` are the channel's."""
    named = [f"{name}={value}" for name, value in variables.items()]
    await ami.demand(
        "Originate", Channel=f"PJSIP/{CALLED}@trunk", ChannelId=attempt, CallerID="<4001>", Async="true",
        Context=context, Exten="s", Priority="1", Timeout="25000",
        Variable=",".join([f"__CTI_ATTEMPT={attempt}", f"PJSIP_HEADER(add,X-CTI-Attempt)={attempt}", *named]),
    )  # fmt: skip


async def dialled_answered(lab: Lab, ami: AmiObserver) -> None:
    """A campaign's call is answered; agent 1's phone takes it by itself, they talk, the called person hangs
    up.
    """
    await lab.sign_in(ami, 1, 1001, "sales")
    async with (
        lab.carrier(answering(after=1.0, talk=3.0)) as carrier,
        lab.phone(1001, answering_when_asked()) as phone,
    ):
        await dial(ami, "at-answered", "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="zh", CTI_AMD="off")
        called = await carrier.next_call()
        await (await phone.next_call()).ended()
        await called.ended()


async def dialled_abandoned(lab: Lab, ami: AmiObserver) -> None:
    """A campaign's call is answered, no agent is there: the called person hears who called and hangs up."""
    async with lab.carrier(answering(after=1.0, talk=6.0)):
        ended = ami.expect("Hangup", Uniqueid="at-abandoned")
        await dial(ami, "at-abandoned", "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="zh", CTI_AMD="off")
        await ended


async def dialled_declined(lab: Lab, ami: AmiObserver) -> None:
    """A campaign's call rings and is declined."""
    async with lab.carrier(refusing(after=1.0, status=603, reason="Decline")) as carrier:
        await dial(ami, "at-declined", "dialled-queue", CTI_QUEUE="sales", CTI_LANGUAGE="zh", CTI_AMD="off")
        await (await carrier.next_call()).ended()


RECORDINGS: Final = (
    Recording(dialled_answered),
    Recording(dialled_abandoned),
    Recording(dialled_declined),
)
