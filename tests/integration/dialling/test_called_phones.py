"""The telephones that campaigns are proven with: each does what its number says, and notes what it saw."""

import asyncio
import random
from pathlib import Path

from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver
from tests.stage.called_phones import CAST, Part, called_phones, cast, number_of, part_of

RING_SECONDS = 2
#: How each part's call ends, and whether it was answered.
ENDS = {
    Part.STAYS: ("remote", True),
    Part.HANGS_UP: ("local", True),
    Part.RINGS_OUT: ("cancel", False),
    Part.BUSY: ("486", False),
    Part.REFUSES: ("603", False),
    Part.WRONG: ("404", False),
    Part.UNREACHABLE: ("480", False),
    Part.MACHINE: ("remote", True),
}


async def dial(observer: AmiObserver, number: str, attempt: str) -> None:
    """Asterisk dials it, and waits a second when somebody answers."""
    ended = observer.expect("Hangup", Uniqueid=attempt)
    await observer.demand(
        "Originate", Channel=f"PJSIP/{number}@trunk", ChannelId=attempt, Application="Wait", Data="1",
        Timeout=str(RING_SECONDS * 1000), Variable=f"PJSIP_HEADER(add,X-CTI-Attempt)={attempt}", Async="true",
    )  # fmt: skip
    await asyncio.wait_for(ended, 30)


async def test_every_telephone_does_what_its_number_says_and_notes_it(
    lab: Lab, observer: AmiObserver, tmp_path: Path
) -> None:
    numbers = [number_of(part, index, ring_seconds=0.3) for index, part in enumerate(Part)]
    # Nobody has that number, and it is noted all the same.
    numbers.append("+8613800138000")
    async with called_phones(lab, tmp_path) as phones:
        attempts = [f"at-{index}" for index in range(len(numbers))]
        await asyncio.gather(
            *(dial(observer, number, attempt) for number, attempt in zip(numbers, attempts, strict=True))
        )
        async with asyncio.timeout(10):
            while any(ring.ended is None for ring in phones.book().rings):  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.05)
        book = phones.book()
    rings = book.by_attempt()
    assert {attempt: [ring.phone for ring in rings[attempt]] for attempt in attempts} == {
        attempt: [number] for attempt, number in zip(attempts, numbers, strict=True)
    }
    seen = {part_of(ring.phone): ring for ring in book.rings if ring.phone != numbers[-1]}
    assert {part: (ring.ended, ring.answered_at is not None) for part, ring in seen.items()} == ENDS
    assert rings[attempts[-1]][0].ended == "404"
    stayed, rang_out = seen[Part.STAYS], seen[Part.RINGS_OUT]
    assert stayed.answered_at is not None
    assert stayed.ended_at is not None
    assert rang_out.ended_at is not None
    assert 0.25 < stayed.answered_at - stayed.rung_at < 1.0
    assert 0.8 < stayed.ended_at - stayed.answered_at < 3.0
    assert RING_SECONDS - 0.5 < rang_out.ended_at - rang_out.rung_at < RING_SECONDS + 1.5


def test_the_cast_is_of_the_size_and_shares_that_were_asked_for() -> None:
    numbers = cast(500, random.Random(5))
    assert len(set(numbers)) == 500
    counted = {part: sum(part_of(number) is part for number in numbers) for part in Part}
    assert counted == {part: round(share * 500) for part, share in CAST.items()}
