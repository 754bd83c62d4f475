"""A campaign is changed while it is dialled: nothing is sent under the rules before, who was put off by them
is looked at anew, and each attempt says under which rules it was made.
"""

from functools import partial

import msgspec
from dial_room import EVENING, HOLDER, HOUR, NEXT_MORNING, NOW, DialRoom, phone

from cti.campaigns.model import CallingWindow, Campaign
from cti.campaigns.versions.campaign_change import OwnNumbers, change_campaign
from cti.customers.numbers import parse_e164
from cti.dialling.records import attempt_store, contact_store, running_campaigns

OWN = OwnNumbers(e164=partial(parse_e164, default_region="CN"), caller_ids=("+861065529988",))


async def changed(room: DialRoom, campaign: Campaign, **words: object) -> Campaign:
    wanted = msgspec.structs.replace(campaign.definition, **words)
    async with room.engine.begin() as connection:
        after, against = await change_campaign(connection, campaign, wanted, OWN, user_id=None)
    assert against == []
    return after


async def sending(room: DialRoom, attempt_id: str) -> bool:
    async with room.engine.begin() as connection:
        return await attempt_store.set_sending(
            connection, attempt_id, holder=HOLDER, epoch=1, now=NOW, boot="boot-1"
        )


async def look_anew(room: DialRoom, now: float) -> None:
    async with room.engine.begin() as connection:
        await running_campaigns.look_anew(connection, now)


async def test_what_was_claimed_under_other_rules_is_not_sent(room: DialRoom) -> None:
    campaign = await room.campaign()
    contact = await room.contact(campaign)
    (claim,) = await room.claim(campaign)
    after = await changed(room, campaign, ring_seconds=40)
    assert after.version == campaign.version + 1
    assert not await sending(room, claim.attempt_id)
    async with room.engine.begin() as connection:
        assert await attempt_store.release(connection, [claim.attempt_id], now=NOW) == [claim.attempt_id]
    (again,) = await room.claim(after)
    assert (again.contact_id, again.ring_seconds) == (contact, 40)
    assert await sending(room, again.attempt_id)
    rules = "SELECT campaign_version FROM attempts ORDER BY campaign_version"
    assert await room.rows(rules) == [(campaign.version,), (after.version,)]
    assert [one.record.campaign_version for one in await room.decisions(contact)] == [
        after.version,
        campaign.version,
    ]


async def test_who_was_put_off_until_morning_is_called_when_the_evening_is_opened(room: DialRoom) -> None:
    campaign = await room.campaign()
    contact = await room.contact(campaign)
    assert await room.claim(campaign, now=EVENING) == []
    assert await room.next_at(contact) == NEXT_MORNING
    after = await changed(room, campaign, window=CallingWindow(to="22:00"))
    await look_anew(room, EVENING)
    assert await room.next_at(contact) is None
    assert not await room.value("SELECT looks_anew FROM campaigns")
    (claim,) = await room.claim(after, now=EVENING)
    assert claim.contact_id == contact


async def test_who_was_called_or_passed_over_keeps_his_time(room: DialRoom) -> None:
    campaign = await room.campaign()
    later = "now() + interval '1 hour'"
    called = await room.contact(campaign, phone(1))
    passed_over = await room.contact(campaign, phone(2))
    await room.run(f"UPDATE contacts SET next_at = {later}, attempts = 1 WHERE id = :id", id=called)
    async with room.engine.begin() as connection:
        await contact_store.defer(connection, {passed_over: NEXT_MORNING}, by_rules=False)
    times = [await room.next_at(one) for one in (called, passed_over)]
    await changed(room, campaign, window=CallingWindow(to="22:00"))
    await look_anew(room, NOW)
    assert [await room.next_at(one) for one in (called, passed_over)] == times


async def test_what_does_not_say_when_leaves_everybody_in_his_place(room: DialRoom) -> None:
    campaign = await room.campaign()
    contact = await room.contact(campaign)
    assert await room.claim(campaign, now=EVENING + HOUR) == []
    await changed(room, campaign, priority=90)
    assert not await room.value("SELECT looks_anew FROM campaigns")
    await look_anew(room, EVENING + HOUR)
    assert await room.next_at(contact) == NEXT_MORNING
