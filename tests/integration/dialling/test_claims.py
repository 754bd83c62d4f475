"""Who is claimed, who is not and why: candidates become attempts in one transaction, no phone twice."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from dial_room import (
    DAY,
    EVENING,
    HOUR,
    MINUTE,
    NEXT_MORNING,
    NODE,
    NOW,
    PHONE,
    DialRoom,
    phone,
)  # fmt: skip
from sqlalchemy.ext.asyncio import create_async_engine

from cti.campaigns.model import CallingWindow, Campaign, CampaignState, Caps
from cti.db.engine import async_url
from cti.dialling.records.claims import Claim, claim, claim_contact, held_for_all
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.decision_line import decision_line
from cti.dialling.rules.decision_record import Hold, Refusal
from cti.dialling.rules.may_dial import Doubt
from cti.http.principal import Language


async def test_who_may_be_dialled_becomes_an_attempt_with_a_record_of_why(room: DialRoom) -> None:
    campaign = await room.campaign(ring_seconds=20)
    first = await room.contact(
        campaign, phone(1), name="Wang Fang", language="zh-CN", details='{"subscription.product": "Daily"}'
    )
    second = await room.contact(campaign, phone(2))
    third = await room.contact(campaign, phone(3))
    claims = await room.claim(campaign, 2)
    assert [(one.contact_id, one.phone) for one in claims] == [(first, phone(1)), (second, phone(2))]
    assert claims[0].details == {"subscription.product": "Daily"}
    assert (claims[0].name, claims[0].language, claims[0].caller_id) == (
        "Wang Fang",
        "zh-CN",
        "+861065529988",
    )
    kept = await room.rows(
        "SELECT id, contact_id, phone, purpose, state, node, epoch, ring_seconds, sent_at, window_closes_at,"
        " reserved_at FROM attempts ORDER BY contact_id"
    )
    noon, evening = (datetime.fromtimestamp(at, UTC) for at in (NOW, EVENING))
    assert kept == [
        (one.attempt_id, one.contact_id, one.phone, "campaign", "reserved", NODE, 1, 20, None, evening, noon)
        for one in claims
    ]
    assert len(claims[0].attempt_id) == len("at-") + 26
    assert await room.rows("SELECT id, state FROM contacts ORDER BY id") == [
        (first, "dialling"), (second, "dialling"), (third, "open"),
    ]  # fmt: skip
    assert await room.rows("SELECT scope, used FROM dial_counters ORDER BY scope") == [
        ("all", 2), (f"campaign:{campaign.id}", 2),
    ]  # fmt: skip
    (decision,) = await room.decisions(first)
    assert (decision.attempt_id, decision.record.at) == (claims[0].attempt_id, NOW)
    assert decision_line(decision.record, Language.ENGLISH, "UTC") == (
        "Dialled: not on the do-not-call list; calling hours in Asia/Shanghai until 2026-11-25 20:00;"
        " 0 of 3 calls in 24 hours before."
    )
    assert await room.decisions(third) == []


Prepare = Callable[[DialRoom, Campaign], Awaitable[None]]


async def nothing(room: DialRoom, campaign: Campaign) -> None:
    """As it is."""


async def three_today(room: DialRoom, campaign: Campaign) -> None:
    for hours in (9, 5, 3):
        await room.attempt(at=NOW - hours * HOUR)


async def just_called(room: DialRoom, campaign: Campaign) -> None:
    await room.attempt(at=NOW - 10 * MINUTE)


async def abandoned(room: DialRoom, campaign: Campaign) -> None:
    await room.attempt(at=NOW - 2 * DAY, outcome="abandoned")


def refused(level: str, name: str | None) -> Prepare:
    async def prepare(room: DialRoom, campaign: Campaign) -> None:
        await room.refuse(level=level, name=name)

    return prepare


HOLDS: dict[str, tuple[Prepare, dict[str, Any], dict[str, Any], Refusal, float]] = {
    # What was before; words of the campaign; columns of the contact; why not; when again.
    "refused by everybody": (refused("global", None), {}, {}, Refusal.DO_NOT_CALL, NOW + DAY),
    "refused of the client": (
        refused("client", "acme"), {"client": "acme"}, {}, Refusal.DO_NOT_CALL, NOW + DAY,
    ),
    "refused in the campaign": (refused("campaign", "poll"), {}, {}, Refusal.DO_NOT_CALL, NOW + DAY),
    "no consent": (nothing, {"needs_consent": True}, {}, Refusal.NO_CONSENT, NOW + DAY),
    "too often today": (three_today, {}, {}, Refusal.MOST_IN_DAY, NOW + 15 * HOUR),
    "a moment ago": (just_called, {}, {}, Refusal.GAP, NOW + 20 * MINUTE + 10),
    "abandoned": (abandoned, {}, {}, Refusal.AFTER_ABANDONED, NOW + DAY + 10),
    "late": (nothing, {"window": CallingWindow(to="11:00")}, {}, Refusal.OUTSIDE_HOURS, NEXT_MORNING),
    # Where he says that he is, it is eight in the evening.
    "elsewhere": (nothing, {}, {"time_zone": "America/Los_Angeles"}, Refusal.OUTSIDE_HOURS, NEXT_MORNING),
}  # fmt: skip


@pytest.mark.parametrize("case", HOLDS)
async def test_who_may_not_be_dialled_is_looked_at_again_later(room: DialRoom, case: str) -> None:
    prepare, words, columns, refusal, again_at = HOLDS[case]
    campaign = await room.campaign(**words)
    contact = await room.contact(campaign, **columns)
    await prepare(room, campaign)
    assert await room.claim(campaign) == []
    (decision,) = await room.decisions(contact)
    assert decision.record.hold is not None
    assert (decision.record.hold.refusal, decision.attempt_id) == (refusal, None)
    assert await room.next_at(contact) == pytest.approx(again_at, abs=1)
    assert await room.value("SELECT state FROM contacts") == "open"
    for language in Language:
        line = decision_line(decision.record, language, "Asia/Shanghai")
        assert "{" not in line
        assert line.startswith("Not dialled. " if language is Language.ENGLISH else "未拨打。")
    # Not looked at again before that.
    assert await room.claim(campaign, now=again_at - 2) == []
    assert len(await room.decisions(contact)) == 1


async def test_nobody_rings_beyond_the_end_of_the_hours(room: DialRoom) -> None:
    campaign = await room.campaign()
    contact = await room.contact(campaign)
    assert await room.claim(campaign, now=EVENING - 10) == []
    (decision,) = await room.decisions(contact)
    assert decision.record.hold is not None
    assert decision.record.hold.refusal is Refusal.HOURS_END
    assert await room.next_at(contact) == EVENING


async def test_numbers_abroad_and_those_refused_a_moment_ago_are_not_dialled(room: DialRoom) -> None:
    campaign = await room.campaign()
    abroad = await room.contact(campaign, "+442079460000")
    fresh = await room.contact(campaign, phone(5))
    assert await room.claim(campaign, fresh_refusals={phone(5)}) == []
    holds = [(await room.decisions(one))[0].record.hold for one in (abroad, fresh)]
    assert [hold and hold.refusal for hold in holds] == [Refusal.FOREIGN, Refusal.DO_NOT_CALL]


_ANOTHER = (
    "INSERT INTO subscriptions (customer_id, product, status, starts_on, expires_on)"
    " SELECT customer_id, {}, 'active', expires_on, expires_on + 365 FROM subscriptions"
)
#: What becomes of a subscription that ends on the day after next, and how that reads.
RENEWALS: dict[str, tuple[str, str | None]] = {
    "as it was": ("SELECT 1", None),
    "prolonged": ("UPDATE subscriptions SET expires_on = '2027-11-27'", "renewed"),
    "without an end": ("UPDATE subscriptions SET expires_on = NULL", "renewed"),
    "another one": (_ANOTHER.format("product"), "renewed"),
    "of another product": (_ANOTHER.format("'Weekly'"), None),
    "cancelled": ("UPDATE subscriptions SET status = 'cancelled'", "ended"),
    "gone": ("DELETE FROM subscriptions", "ended"),
}


@pytest.mark.parametrize("case", RENEWALS)
async def test_who_has_renewed_or_cancelled_since_he_became_a_contact_is_not_called(
    room: DialRoom, case: str
) -> None:
    statement, standing = RENEWALS[case]
    campaign = await room.campaign()
    contact = await room.renewal(campaign, date(2026, 11, 27))
    await room.run(statement)
    assert len(await room.claim(campaign)) == (standing is None)
    (decision,) = await room.decisions(contact)
    hold = decision.record.hold
    assert (None if hold is None else hold.figures) == (None if standing is None else {"renewal": standing})
    if standing is not None:
        assert await room.next_at(contact) == NOW + DAY


async def test_a_subscription_is_renewed_until_its_last_day(room: DialRoom) -> None:
    campaign = await room.campaign()
    await room.renewal(campaign, date(2026, 11, 25))
    assert await room.claim(campaign, day=date(2026, 11, 26)) == []
    await room.run("UPDATE contacts SET next_at = '-infinity'")
    assert len(await room.claim(campaign, day=date(2026, 11, 25))) == 1


async def test_a_reason_that_is_taken_back_lets_him_be_called(room: DialRoom) -> None:
    campaign = await room.campaign(needs_consent=True)
    contact = await room.contact(campaign)
    await room.refuse()
    assert await room.claim(campaign) == []
    await room.run("UPDATE do_not_call_entries SET removed_at = now(), removed_by_name = 'Ada'")
    assert await room.claim(campaign, now=NOW + DAY) == []
    await room.run("UPDATE contacts SET consent = 'form of 2026-11-25'")
    await room.run("UPDATE contacts SET next_at = '-infinity'")
    assert [one.contact_id for one in await room.claim(campaign, now=NOW + MINUTE)] == [contact]
    refusals = [one.record.hold and one.record.hold.refusal for one in await room.decisions(contact)]
    assert refusals == [None, Refusal.NO_CONSENT, Refusal.DO_NOT_CALL]


HELD: dict[str, tuple[str, dict[str, Any], Refusal]] = {
    "kill switch": ("UPDATE dial_limits SET kill_switch = true", {}, Refusal.KILL_SWITCH),
    "no lease": ("UPDATE dial_leases SET epoch = epoch + 1", {}, Refusal.STANDING_BY),
    "lease of another": ("UPDATE dial_leases SET holder = 'two'", {}, Refusal.STANDING_BY),
    "ledger away": ("SELECT 1", {"doubts": (Doubt.LEDGER,)}, Refusal.LEDGER_AWAY),
    "no call today": ("UPDATE dial_limits SET calls_per_day = 0", {}, Refusal.CAP_ALL_IN_DAY),
    "no line": ("UPDATE dial_limits SET campaign_calls_at_once = 0", {}, Refusal.CAP_CAMPAIGN_AT_ONCE),
}


@pytest.mark.parametrize("case", HELD)
async def test_what_holds_for_everybody_is_told_without_looking_at_anybody(room: DialRoom, case: str) -> None:
    statement, words, refusal = HELD[case]
    campaign = await room.campaign()
    contact = await room.contact(campaign)
    context = await room.context(campaign, **words)
    await room.run(statement)
    async with room.engine.begin() as connection:
        assert await claim(connection, context, 10) == []
        hold = await held_for_all(connection, context)
    assert hold is not None
    assert hold.refusal is refusal
    assert (await room.next_at(contact), await room.decisions(contact)) == (None, [])


async def test_a_campaign_that_does_not_run_or_has_no_number_of_its_own_claims_nobody(room: DialRoom) -> None:
    for state in set(CampaignState) - {CampaignState.RUNNING}:
        campaign = await room.campaign(state.value)
        await room.contact(campaign)
        assert await room.claim(msgspec.structs.replace(campaign, state=state)) == []
    nameless = await room.campaign("nameless", caller_ids=[])
    await room.contact(nameless)
    assert await room.claim(nameless) == []


async def test_caps_are_never_crossed(room: DialRoom) -> None:
    campaign = await room.campaign(caps=Caps(calls_at_once=3, calls_per_day=5))
    for number in range(10):
        await room.contact(campaign, phone(number))
    assert len(await room.claim(campaign, 10)) == 3
    assert await room.claim(campaign, 10) == []
    await room.run(
        "UPDATE attempts SET state = 'ended', outcome = 'busy', sent_at = reserved_at, ended_at = now()"
    )
    assert len(await room.claim(campaign, 10)) == 2
    assert await room.value("SELECT used FROM dial_counters WHERE scope = 'all'") == 5
    context = await room.context(campaign)
    async with room.engine.begin() as connection:
        hold = await held_for_all(connection, context)
    assert hold is not None
    assert hold.refusal is Refusal.CAP_CAMPAIGN_IN_DAY
    assert hold.figures == {"used": 5, "most": 5}


async def test_the_urgent_come_first_and_nobody_waits_for_ever(room: DialRoom) -> None:
    campaign = await room.campaign()
    hour_ago = datetime.fromtimestamp(NOW - HOUR, UTC)
    fresh = [await room.contact(campaign, phone(number)) for number in range(4)]
    due = [await room.contact(campaign, phone(10 + number), next_at=hour_ago) for number in range(6)]
    later = await room.contact(
        campaign, phone(20), next_at=datetime.fromtimestamp(NOW + HOUR, UTC), priority=100
    )
    urgent = await room.contact(campaign, phone(30), priority=90)
    async with room.engine.begin() as connection:
        claims = await claim(connection, await room.context(campaign), 7)
    assert [one.contact_id for one in claims] == [urgent, *due[:4], *fresh[:2]]
    rest = await room.claim(campaign, 20)
    assert {one.contact_id for one in [*claims, *rest]} == {urgent, *due, *fresh}
    assert later not in {one.contact_id for one in rest}


async def test_many_who_are_refused_do_not_hide_the_one_who_may_be_called(room: DialRoom) -> None:
    campaign = await room.campaign()
    for number in range(120):
        await room.contact(campaign, phone(number))
        await room.refuse(phone(number))
    good = await room.contact(campaign, phone(500))
    assert [one.contact_id for one in await room.claim(campaign, 1)] == [good]
    assert await room.value("SELECT count(*) FROM dial_decisions") == 121


async def test_one_telephone_of_two_contacts_is_dialled_once(room: DialRoom) -> None:
    campaign = await room.campaign()
    one = await room.contact(campaign, PHONE)
    other = await room.contact(campaign, PHONE, identity="subscription 2")
    assert [claimed.contact_id for claimed in await room.claim(campaign)] == [one]
    (decision,) = await room.decisions(other)
    assert decision.record.hold is not None
    assert decision.record.hold.refusal is Refusal.UNDER_WAY
    assert await room.next_at(other) == NOW + 30 * MINUTE


async def test_his_telephones_take_turns_but_a_wrong_one(room: DialRoom) -> None:
    campaign = await room.campaign()
    contact = await room.contact(campaign, phone(1), other_phones=[phone(2), phone(3)])
    dialled = []
    for outcome in ("busy", "wrong_number", "busy", "busy"):
        (claimed,) = await room.claim(campaign)
        dialled.append(claimed.phone)
        await room.run(
            "UPDATE attempts SET state = 'ended', outcome = :outcome, sent_at = reserved_at,"
            " ended_at = reserved_at WHERE id = :id",
            outcome=outcome, id=claimed.attempt_id,
        )  # fmt: skip
        await room.run("UPDATE contacts SET state = 'open', attempts = attempts + 1")
        await room.run("UPDATE dial_limits SET gap_seconds = 0, most_in_day = 9")
    assert dialled == [phone(1), phone(2), phone(1), phone(3)]
    assert contact == claimed.contact_id


async def test_an_agent_gets_the_contact_whom_he_looks_at_or_is_told_why_not(room: DialRoom) -> None:
    campaign = await room.campaign()
    await room.run("INSERT INTO users (username, name, role, language) VALUES ('eve', 'Eve', 'agent', 'en')")
    await room.run("INSERT INTO agents (user_id) SELECT id FROM users WHERE username = 'eve'")
    agent = await room.value("SELECT id FROM agents")
    contact = await room.contact(campaign, next_at=datetime.fromtimestamp(NOW + HOUR, UTC))
    await room.attempt(at=NOW - 2 * DAY, outcome="abandoned")
    context = await room.context(campaign)

    async def ask() -> Claim | Hold | None:
        async with room.engine.begin() as connection:
            return await claim_contact(connection, context, contact, agent_id=agent)

    await room.refuse()
    hold = await ask()
    assert isinstance(hold, Hold)
    assert hold.refusal is Refusal.DO_NOT_CALL
    assert await room.next_at(contact) == NOW + HOUR
    await room.run("DELETE FROM do_not_call_entries")
    made = await ask()
    assert isinstance(made, Claim)
    assert await room.rows("SELECT id, agent_id, state FROM attempts WHERE purpose = 'campaign'") == [
        (made.attempt_id, agent, AttemptState.RESERVED)
    ]
    assert await ask() is None


async def test_claimers_side_by_side_never_dial_one_telephone_twice(
    room: DialRoom, postgres_url: str
) -> None:
    """Two services, each for its own Asterisk, on two campaigns with the same telephones and on one more."""
    await room.run("UPDATE dial_limits SET campaign_calls_at_once = 1000, calls_at_once = 1000")
    both = [await room.campaign("left"), await room.campaign("right")]
    shared = await room.campaign("shared")
    for number in range(120):
        for campaign in both:
            await room.contact(campaign, phone(number))
        await room.contact(shared, phone(1_000 + number))

    async def work(node: str, campaigns: list[Campaign]) -> list[Claim]:
        engine = create_async_engine(async_url(postgres_url))
        mine = DialRoom(engine)
        made: list[Claim] = []
        try:
            while True:
                some = [
                    claimed
                    for campaign in campaigns
                    for claimed in await mine.claim(campaign, 7, node=node, holder=node)
                ]
                if not some:
                    return made
                made += some
        finally:
            await engine.dispose()

    one, other = await asyncio.gather(work("pbx1", [both[0], shared]), work("pbx2", [both[1], shared]))
    phones = [claimed.phone for claimed in (*one, *other)]
    assert len(phones) == len(set(phones)) == 240
    assert one
    assert other
    assert await room.value("SELECT count(*) FROM attempts") == 240
    assert await room.value("SELECT used FROM dial_counters WHERE scope = 'all'") == 240
