"""Callers who are asked for their rating."""

from typing import Final

from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, answering
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import CALLER, Recording


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


RECORDINGS: Final = (
    Recording(survey_done),
    Recording(survey_refused),
)
