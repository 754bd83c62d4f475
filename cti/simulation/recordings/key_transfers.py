"""Callers who are handed on by feature codes that the agent keys: DTMF letters, see features.conf."""

import asyncio
from typing import Final

from cti.simulation.lab import Lab, answering, ringing
from cti.simulation.observer import AmiObserver
from cti.simulation.recordings.recording import Recording
from cti.simulation.recordings.served_caller import NOWHERE, OUTSIDE, SUPPORT, busy, give_up, served

#: The codes of features.conf.
_BLIND: Final = "CB"
_ATTENDED: Final = "CA"
_BACK: Final = "DA"
_COMPLETE: Final = "DB"
_THREE_WAY: Final = "DC"
_SWAP: Final = "DD"
#: As long as Asterisk lets the party who is consulted ring (atxfernoanswertimeout), and a little more.
_NO_ANSWER_SECONDS: Final = 23.0


async def blind_by_key(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of a blind transfer and 1002, which answers and hangs up."""
    async with served(lab, ami) as call:
        await call.key(_BLIND, "1002")
        await call.agent.ended()
        await give_up(call.caller, 4.0)


async def blind_by_key_no_answer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of a blind transfer and 1002, where nobody answers."""
    async with served(lab, ami, ringing) as call:
        await call.key(_BLIND, "1002")
        await call.agent.ended()
        await give_up(call.caller, 5.0)


async def blind_by_key_busy(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of a blind transfer and 1002, which is busy."""
    async with served(lab, ami, busy) as call:
        await call.key(_BLIND, "1002")
        await call.agent.ended()
        await give_up(call.caller, 2.5)


async def blind_by_key_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of a blind transfer and 1002; the caller hangs up while it rings."""
    async with served(lab, ami, ringing) as call:
        await call.key(_BLIND, "1002")
        await call.agent.ended()
        await give_up(call.caller, 1.5)
        await call.target.calls[0].ended()


async def blind_by_key_nowhere(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of a blind transfer and an extension that there is not, and the talk goes on."""
    async with served(lab, ami) as call:
        back = ami.expect("Unhold")
        await call.key(_BLIND, NOWHERE)
        await asyncio.wait_for(back, 40)
        await call.agent.stay(1.0)
        await give_up(call.caller, 0.5)


async def key_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of a blind transfer and the queue support, where agent 2 answers."""
    async with served(lab, ami, answering(after=1.0)) as call:
        await call.key(_BLIND, SUPPORT)
        await call.agent.ended()
        await give_up(call.caller, 4.0)


async def attended_by_key(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of an attended transfer and 1002, talks, and keys the code that completes it."""
    async with served(lab, ami, answering(after=0.5)) as call:
        await call.key(_ATTENDED, "1002")
        consulted = await call.target.next_call()
        await consulted.answered()
        await consulted.stay(1.5)
        await call.key(_COMPLETE)
        await call.agent.ended()
        await consulted.stay(2.0)
        await consulted.hang_up()
        await give_up(call.caller, 0.5)


async def attended_by_key_cancelled(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of an attended transfer and 1002, talks, and keys the code back to the caller."""
    async with served(lab, ami, answering(after=0.5)) as call:
        await call.key(_ATTENDED, "1002")
        consulted = await call.target.next_call()
        await consulted.answered()
        await consulted.stay(1.5)
        await call.key(_BACK)
        await consulted.ended()
        await call.agent.stay(1.5)
        await give_up(call.caller, 0.5)


async def attended_by_key_busy(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of an attended transfer and a number outside, which is busy."""
    async with lab.carrier(busy), served(lab, ami) as call:
        await call.key(_ATTENDED, OUTSIDE)
        await call.agent.stay(7.0)
        await give_up(call.caller, 0.5)


async def attended_by_key_no_answer(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of an attended transfer and a number outside, where nobody answers."""
    async with lab.carrier(ringing), served(lab, ami) as call:
        await call.key(_ATTENDED, OUTSIDE)
        await call.agent.stay(_NO_ANSWER_SECONDS + 4.0)
        await give_up(call.caller, 0.5)


async def attended_by_key_nowhere(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of an attended transfer and an extension that there is not."""
    async with served(lab, ami) as call:
        back = ami.expect("Unhold")
        await call.key(_ATTENDED, NOWHERE)
        await asyncio.wait_for(back, 40)
        await call.agent.stay(1.0)
        await give_up(call.caller, 0.5)


async def attended_by_key_to_queue(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 keys the code of an attended transfer and the queue support, and completes it with agent 2."""
    async with served(lab, ami, answering(after=0.5)) as call:
        await call.key(_ATTENDED, SUPPORT)
        consulted = await call.target.next_call()
        await consulted.answered()
        await consulted.stay(1.5)
        await call.key(_COMPLETE)
        await call.agent.ended()
        await consulted.stay(2.0)
        await consulted.hang_up()
        await give_up(call.caller, 0.5)


async def attended_by_key_three_way(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 consults 1002 by key and brings the caller in; all three talk, then agent 1 leaves."""
    async with served(lab, ami, answering(after=0.5)) as call:
        await call.key(_ATTENDED, "1002")
        consulted = await call.target.next_call()
        await consulted.answered()
        await consulted.stay(1.5)
        await call.key(_THREE_WAY)
        await consulted.stay(1.5)
        await call.agent.hang_up()
        await consulted.stay(1.5)
        await give_up(call.caller, 0.5)


async def attended_by_key_swapped(lab: Lab, ami: AmiObserver) -> None:
    """Agent 1 consults 1002 by key, goes back and forth between the two, and completes the transfer."""
    async with served(lab, ami, answering(after=0.5)) as call:
        await call.key(_ATTENDED, "1002")
        consulted = await call.target.next_call()
        await consulted.answered()
        await consulted.stay(1.5)
        await call.key(_SWAP)
        await call.agent.stay(1.5)
        await call.key(_SWAP)
        await call.agent.stay(1.5)
        await call.key(_COMPLETE)
        await call.agent.ended()
        await give_up(call.caller, 1.5)


RECORDINGS: Final = (
    Recording(blind_by_key),
    Recording(blind_by_key_no_answer),
    Recording(blind_by_key_busy),
    Recording(blind_by_key_cancelled),
    Recording(blind_by_key_nowhere),
    Recording(key_to_queue),
    Recording(attended_by_key),
    Recording(attended_by_key_cancelled),
    Recording(attended_by_key_busy),
    Recording(attended_by_key_no_answer),
    Recording(attended_by_key_nowhere),
    Recording(attended_by_key_to_queue),
    Recording(attended_by_key_three_way),
    Recording(attended_by_key_swapped),
)
