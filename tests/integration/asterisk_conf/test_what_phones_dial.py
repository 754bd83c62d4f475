"""What phones dial to confer, park and pick up, on a real Asterisk; callers from outside reach none of it."""

import asyncio

import pytest

from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab, ringing
from cti.simulation.observer import AmiObserver


async def until_heard(call: SimulatedCall) -> None:
    """Wait until a call brings a sound."""
    async with asyncio.timeout(10):
        while call.audio is None or not call.audio.hears_sound:  # noqa: ASYNC110  (packets tell no one)
            await asyncio.sleep(0.02)


async def test_all_in_a_room_hear_who_talks_and_he_does_not_hear_himself(
    lab: Lab, observer: AmiObserver
) -> None:
    async with lab.phone(1001) as one, lab.phone(1002) as two, lab.phone(1003, audio=True) as talking:
        calls = [await phone.dial("8001") for phone in (one, two, talking)]
        for call in calls:
            async with asyncio.timeout(10):
                assert await call.answered()
        await until_heard(calls[0])
        await until_heard(calls[1])
        await calls[0].hang_up()
        await calls[1].stay(0.5)
        await until_heard(calls[1])
        talker = calls[2].audio
        assert talker is not None
        before = talker.packets_heard
        async with asyncio.timeout(10):
            while talker.packets_heard < before + 25:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert not talker.hears_sound


async def test_a_parked_caller_hears_music_and_who_fetches_him_his_voice(
    lab: Lab, observer: AmiObserver
) -> None:
    async with lab.phone(1001) as parking, lab.phone(1002) as fetching, lab.phone(1003, audio=True) as caller:
        call = await caller.dial("1001")
        async with asyncio.timeout(20):
            rung = await parking.next_call()
            await rung.answer()
            await until_heard(rung)  # a call that is not connected yet cannot be transferred
            parked = observer.expect("ParkedCall")
            await rung.refer("700")
            place = (await parked)["ParkingSpace"]
            assert rung.audio is not None
            rung.audio.last_heard = b""  # what came before was the caller's voice; now the place is said
            await asyncio.gather(until_heard(call), until_heard(rung))
            listed = observer.expect("BridgeListItem", BridgeTechnology="holding_bridge")
            await observer.demand("BridgeList")  # a snapshot sees by this that he is parked
            await listed
            fetched = await fetching.dial(place)
            assert await fetched.answered()
            await until_heard(fetched)
            await call.hang_up()
            await fetched.ended()


@pytest.mark.parametrize("number", ["700", "701", "8001", "7001", "1001"])
async def test_a_caller_from_outside_who_dials_what_phones_may_reaches_a_queue(
    lab: Lab, observer: AmiObserver, number: str
) -> None:
    async with lab.trunk() as trunk:
        joined = observer.expect("QueueCallerJoin")
        call = await trunk.dial(number, caller="13800138000")
        assert (await asyncio.wait_for(joined, 10))["Queue"] == lab.plan.default_queue
        await call.hang_up()


@pytest.mark.parametrize("number", ["*8", "*81001"])
async def test_a_caller_from_outside_takes_no_call_that_rings_at_a_phone(
    lab: Lab, observer: AmiObserver, number: str
) -> None:
    async with lab.phone(1001, ringing) as phone, lab.phone(1002) as colleague, lab.trunk() as trunk:
        call = await colleague.dial("1001")
        async with asyncio.timeout(10):
            rung = await phone.next_call()
            outsider = await trunk.dial(number, caller="13800138000")
            await outsider.ended()
        assert outsider.ended_by == "remote"
        assert not rung.over
        assert call.answered_at is None
        await call.hang_up()
