"""Whom an attempt was to: found by its id, not found, or nobody can tell."""

import time
from datetime import UTC, date

import pytest
from dial_room import DAY, NOW, PHONE, DialRoom
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.campaigns.contact_lookup import ContactLookup
from cti.campaigns.model import Campaign, CampaignKind, Caps, DialledContact, FlowRetry
from cti.db.engine import open_engine
from cti.errors import LookupFailed


def lookup_in(engine: AsyncEngine) -> ContactLookup:
    return ContactLookup(engine, clock=lambda: NOW, home=UTC)


async def test_the_contact_of_an_attempt_is_known_with_his_campaign(room: DialRoom) -> None:
    campaign = await room.campaign("autumn", queue="sales")
    contact = await room.contact(
        campaign,
        name="李华",
        language="zh-CN",
        details='{"product": "日报"}',
        other_phones=["+8613900139000"],
    )
    (claim,) = await room.claim(campaign)
    lookup = lookup_in(room.engine)
    found = await lookup.of_attempt(claim.attempt_id)
    assert found == DialledContact(
        campaign="autumn", queue="sales", contact_id=contact, phone=PHONE, name="李华", language="zh-CN",
        details={"product": "日报"}, again=("later",),
    )  # fmt: skip
    await room.run("UPDATE contacts SET customer_id = NULL, details = '{}'")
    await room.run("DELETE FROM dial_decisions")
    await room.run("DELETE FROM contacts")
    erased = await lookup.of_attempt(claim.attempt_id)
    assert erased == DialledContact(campaign="autumn", queue="sales", phone=PHONE)


async def test_of_what_was_dialled_by_hand_the_phone_is_known(room: DialRoom) -> None:
    await room.attempt(at=NOW)
    lookup = lookup_in(room.engine)
    assert await lookup.of_attempt(f"at-{PHONE[1:]}-{NOW:.0f}") == DialledContact(campaign=None, phone=PHONE)
    assert await lookup.of_attempt("pbx1-1800000000.7") is None


async def test_a_database_that_is_away_or_slow_has_not_said_that_there_is_nobody(room: DialRoom) -> None:
    async with open_engine("postgresql://nobody@127.0.0.1:1/none") as away:
        with pytest.raises(LookupFailed):
            await lookup_in(away).of_attempt("at-x")
    async with room.engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(LookupFailed):
            await lookup_in(room.engine).of_attempt("at-x")
        assert time.monotonic() - began < 1.5


async def reminders(room: DialRoom, **words: object) -> Campaign:
    return await room.campaign(kind=CampaignKind.IVR, flow="reminder", **words)


async def again(room: DialRoom, campaign: Campaign) -> tuple[str, ...]:
    """After which outcomes the contact, who is on the telephone, is called again."""
    (claim,) = await room.claim(campaign)
    found = await lookup_in(room.engine).of_attempt(claim.attempt_id)
    assert found is not None
    return found.again


async def test_he_is_told_to_be_called_again_as_often_as_the_campaign_does(room: DialRoom) -> None:
    twice = {"later": FlowRetry(times=2), "no_time": FlowRetry(times=0)}
    campaign = await reminders(room, flow_retries=twice)
    contact = await room.contact(campaign)
    words = {"purpose": "campaign", "campaign_id": campaign.id, "contact_id": contact, "outcome": "answered"}
    await room.attempt(at=NOW - 6 * DAY, flow_outcome="later", **words)
    assert await again(room, campaign) == ("later",)
    await room.run("DELETE FROM attempts WHERE state = 'reserved'")
    await room.run("UPDATE contacts SET state = 'open'")
    await room.attempt(at=NOW - 3 * DAY, flow_outcome="later", **words)
    assert await again(room, campaign) == ()


async def test_who_has_no_attempt_left_or_whose_campaign_ends_is_promised_nothing(room: DialRoom) -> None:
    last = await reminders(room, caps=Caps(attempts=1))
    await room.contact(last)
    assert await again(room, last) == ()
    await room.clear()
    campaign = await reminders(room)
    await room.contact(campaign)
    (claim,) = await room.claim(campaign)
    await room.run("UPDATE campaigns SET state = 'draining'")
    found = await lookup_in(room.engine).of_attempt(claim.attempt_id)
    assert found is not None
    assert found.again == ()


@pytest.mark.parametrize(
    ("ends_on", "promised"), [(date(2026, 11, 25), ()), (date(2026, 11, 26), ("later",))]
)
async def test_who_has_nothing_to_renew_by_then_is_promised_nothing(
    room: DialRoom, ends_on: date, promised: tuple[str, ...]
) -> None:
    campaign = await reminders(room)
    await room.renewal(campaign, ends_on)
    assert await again(room, campaign) == promised
