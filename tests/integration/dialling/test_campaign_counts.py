"""What the pacing is told of a campaign: what was abandoned in each window, and who is left to call."""

import time

from dial_room import DAY, HOUR, DialRoom, phone

from cti.dialling.records.running_campaigns import MOST_COUNTED, count_abandoned, count_contacts
from cti.pacing.abandon_count import AbandonCount


async def test_calls_count_in_the_windows_in_which_they_were_made(room: DialRoom) -> None:
    campaign, other = await room.campaign(), await room.campaign("other")
    now = time.time()
    made = [
        (campaign, HOUR, "abandoned"), (campaign, 2 * HOUR, "answered"), (campaign, 3 * HOUR, "busy"),
        (campaign, 20 * HOUR, "answered"), (campaign, 10 * DAY, "abandoned"),
        (campaign, 40 * DAY, "answered"), (other, HOUR, "abandoned"),
    ]  # fmt: skip
    for number, (whose, ago, outcome) in enumerate(made):
        await room.attempt(
            phone(number), at=now - ago, outcome=outcome, campaign_id=whose.id, purpose="campaign"
        )
    async with room.engine.connect() as connection:
        found = [
            await count_abandoned(connection, campaign.id, seconds) for seconds in (4 * HOUR, DAY, 30 * DAY)
        ]
    assert found == [
        AbandonCount(answered=2, abandoned=1),
        AbandonCount(answered=3, abandoned=1),
        AbandonCount(answered=4, abandoned=2),
    ]


async def test_contacts_are_left_whose_turn_comes_while_there_is_dialling(room: DialRoom) -> None:
    campaign, other = await room.campaign(), await room.campaign("other")
    for number in range(5):
        await room.contact(campaign, phone(number), priority=10 * number + 10)
    tomorrow = await room.contact(campaign, phone(5))
    closed = await room.contact(campaign, phone(6))
    await room.contact(other, phone(7))
    await room.run("UPDATE contacts SET next_at = now() + interval '1 day' WHERE id = :id", id=tomorrow)
    await room.run("UPDATE contacts SET state = 'closed', closed = 'final' WHERE id = :id", id=closed)

    async def left(seconds: float, most: int = MOST_COUNTED) -> int | None:
        async with room.engine.connect() as connection:
            return await count_contacts(connection, campaign.id, time.time() + seconds, most)

    assert await left(HOUR) == 5
    assert await left(2 * DAY) == 6
    assert await left(HOUR, most=6) == 5
    assert await left(2 * DAY, most=6) is None
    await room.run("DELETE FROM contacts")
    assert await left(HOUR) == 0
