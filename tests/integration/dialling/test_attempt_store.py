"""Attempts from RESERVED to their end: sent once by whoever has the lease, forward only, and what follows."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
import pytest
from dial_room import DAY, EVENING, HOLDER, HOUR, MINUTE, NODE, NOW, PHONE, DialRoom, phone
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.campaigns.model import (
    CallingWindow,
    Campaign,
    CampaignKind,
    Caps,
    FlowRetry,
    RetriedOutcome,
    Retry,
)
from cti.dialling.records import attempt_store, lease_store
from cti.dialling.records.attempt_store import AttemptRow
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.campaign_rules import limits_of, retries_of
from cti.dialling.rules.decision_line import decision_line
from cti.dialling.rules.lease import LEASE_SECONDS, MARGIN_SECONDS, Lease
from cti.dialling.rules.news import News
from cti.dialling.rules.outcome import Machine, Outcome
from cti.dialling.rules.retry import AttemptLimits
from cti.http.principal import Language


async def claimed(room: DialRoom, **words: Any) -> tuple[Campaign, str]:
    """A campaign with one contact, who is claimed; the attempt's id."""
    campaign = await room.campaign(**words)
    await room.contact(campaign)
    (made,) = await room.claim(campaign)
    return campaign, made.attempt_id


async def sending(
    room: DialRoom, attempt_id: str, *, holder: str = HOLDER, epoch: int = 1, now: float = NOW
) -> bool:
    async with room.engine.begin() as connection:
        return await attempt_store.set_sending(
            connection, attempt_id, holder=holder, epoch=epoch, now=now, boot="boot-1"
        )


async def read(room: DialRoom, attempt_id: str) -> AttemptRow:
    async with room.engine.connect() as connection:
        row = await attempt_store.read_attempt(connection, attempt_id)
    assert row is not None
    return row


async def settle(
    room: DialRoom,
    campaign: Campaign,
    attempt_id: str,
    outcome: Outcome,
    ended_at: float,
    why: str | None = None,
    flow_outcome: str | None = None,
) -> bool:
    async with room.engine.begin() as connection:
        return await attempt_store.settle(
            connection, attempt_id, outcome, ended_at, retries=retries_of(campaign.definition),
            limits=limits_of(campaign.definition, AttemptLimits()), unknown_why=why,
            flow_outcome=flow_outcome,
        )  # fmt: skip


async def contact_of(room: DialRoom) -> tuple[Any, ...]:
    ((state, closed, attempts, outcome, next_at),) = await room.rows(
        "SELECT state, closed, attempts, last_outcome, extract(epoch FROM nullif(next_at, '-infinity'))"
        " FROM contacts"
    )
    return state, closed, attempts, outcome, None if next_at is None else float(next_at)


async def test_an_attempt_is_sent_once(room: DialRoom) -> None:
    _, attempt_id = await claimed(room)
    sent = await asyncio.gather(*(sending(room, attempt_id) for _ in range(5)))
    assert sorted(sent) == [False, False, False, False, True]
    row = await read(room, attempt_id)
    assert (row.state, row.sent_at, row.boot) == (AttemptState.SENDING, NOW, "boot-1")
    assert row.sent_by == HOLDER
    assert await sending(room, "at-unknown") is False


STOPPED = {
    "kill switch": "UPDATE dial_limits SET kill_switch = true",
    "campaign paused": "UPDATE campaigns SET state = 'paused'",
    "campaign drained": "UPDATE campaigns SET state = 'draining'",
    "refused by everybody": "INSERT INTO do_not_call_entries (number, level, source)"
    f" VALUES ('{PHONE}', 'global', 'key')",
    "refused of the client": "INSERT INTO do_not_call_entries (number, level, name, source)"
    f" VALUES ('{PHONE}', 'client', 'acme', 'agent')",
    "refused in the campaign": "INSERT INTO do_not_call_entries (number, level, name, source)"
    f" VALUES ('{PHONE}', 'campaign', 'poll', 'key')",
    "lease lost": "UPDATE dial_leases SET epoch = 2, holder = 'two'",
    "lease of another epoch": "UPDATE dial_leases SET epoch = 2",
    "no lease": "DELETE FROM dial_leases",
    "released": "UPDATE attempts SET state = 'ended', outcome = 'not_sent'",
}


@pytest.mark.parametrize("case", STOPPED)
async def test_nothing_is_sent_any_more_once_it_must_not_be(room: DialRoom, case: str) -> None:
    _, attempt_id = await claimed(room, client="acme")
    await room.run(STOPPED[case])
    assert await sending(room, attempt_id) is False
    assert (await read(room, attempt_id)).sent_at is None


async def test_what_was_refused_elsewhere_or_long_ago_stops_nothing(room: DialRoom) -> None:
    _, attempt_id = await claimed(room, client="acme")
    await room.refuse(level="client", name="another")
    await room.refuse(level="campaign", name="another")
    await room.refuse()
    await room.run(
        "UPDATE do_not_call_entries SET removed_at = now(), removed_by_name = 'Ada' WHERE level = 'global'"
    )
    assert await sending(room, attempt_id)


async def test_nothing_is_sent_when_lease_or_hours_end_too_soon(room: DialRoom) -> None:
    _, attempt_id = await claimed(room)
    assert await sending(room, attempt_id, now=NOW + LEASE_SECONDS - MARGIN_SECONDS) is False
    async with room.engine.begin() as connection:
        assert await lease_store.take(connection, NODE, HOLDER, NOW + 5) is not None
    assert await sending(room, attempt_id, holder="two") is False
    assert await sending(room, attempt_id, now=NOW + LEASE_SECONDS - MARGIN_SECONDS)
    late = await claimed_at(room, EVENING - 26)
    assert await sending(room, late, epoch=2, now=EVENING - 24) is False
    assert await sending(room, late, epoch=2, now=EVENING - 25)


async def claimed_at(room: DialRoom, now: float) -> str:
    campaign = await room.campaign("evening")
    await room.contact(campaign, phone(9))
    (made,) = await room.claim(campaign, now=now)
    return made.attempt_id


async def test_the_loser_of_a_lease_can_send_nothing(room: DialRoom) -> None:
    """Two services ask for the lease and send what they can, again and again, while it changes hands."""
    _, attempt_id = await claimed(room)

    async def take(connection: AsyncConnection, holder: str, now: float) -> Lease | None:
        return await lease_store.take(connection, NODE, holder, now)

    async def ask(holder: str, now: float) -> Lease | None:
        async with room.engine.begin() as connection:
            return await take(connection, holder, now)

    assert [await ask(one, NOW + 1) for one in ("two", "three")] == [None, None]
    later = NOW + LEASE_SECONDS + 1
    leases = await asyncio.gather(*(ask(holder, later) for holder in ("two", "three", "four")))
    (winner,) = [lease for lease in leases if lease is not None]
    assert winner.epoch == 2
    # Who had it sends nothing of what was his, not under the new epoch either; nor does who has it now.
    assert await sending(room, attempt_id, now=later) is False
    assert await sending(room, attempt_id, now=later, epoch=2) is False
    assert await sending(room, attempt_id, now=later, holder=winner.holder, epoch=2) is False
    async with room.engine.begin() as connection:
        assert await attempt_store.release(connection, [attempt_id], now=later) == [attempt_id]
    assert await ask(winner.holder, later + 1) == msgspec.structs.replace(
        winner, until=later + 1 + LEASE_SECONDS
    )
    async with room.engine.begin() as connection:
        await lease_store.give_back(connection, NODE, HOLDER, 1, later + 2)
        assert await take(connection, "five", later + 2) is None
        await lease_store.give_back(connection, NODE, winner.holder, 2, later + 2)
        again = await take(connection, "five", later + 2)
    assert again is not None
    assert (again.holder, again.epoch) == ("five", 3)


async def test_what_was_released_counts_for_nothing(room: DialRoom) -> None:
    campaign, attempt_id = await claimed(room)
    await room.contact(campaign, phone(2))
    (other,) = await room.claim(campaign)
    assert await sending(room, other.attempt_id)
    async with room.engine.begin() as connection:
        released = await attempt_store.release(connection, [attempt_id, other.attempt_id], now=NOW + 1)
    assert released == [attempt_id]
    row = await read(room, attempt_id)
    assert (row.state, row.outcome, row.ended_at) == (AttemptState.ENDED, Outcome.NOT_SENT, NOW + 1)
    assert await room.rows("SELECT scope, used FROM dial_counters ORDER BY scope") == [
        ("all", 1), (f"campaign:{campaign.id}", 1),
    ]  # fmt: skip
    assert await room.rows("SELECT state, attempts FROM contacts ORDER BY id") == [
        ("open", 0),
        ("dialling", 0),
    ]
    (again,) = await room.claim(campaign, now=NOW + 2)
    assert again.phone == PHONE


def life(attempt_id: str) -> list[News]:
    """All that is seen of an attempt that was answered, and of which much is told twice."""
    return [
        News(attempt_id=attempt_id, at=NOW + 1, state=AttemptState.RINGING),
        News(attempt_id=attempt_id, at=NOW + 1.5, state=AttemptState.RINGING, call_id="call-1"),
        News(attempt_id=attempt_id, at=NOW + 9, state=AttemptState.ANSWERED),
        News(attempt_id=attempt_id, at=NOW + 9, originate_reason=4),
        News(attempt_id=attempt_id, at=NOW + 10, machine="HUMAN", machine_cause="LONGGREETING-1500-1500"),
        News(attempt_id=attempt_id, at=NOW + 11, abandoned=True),
        News(attempt_id=attempt_id, at=NOW + 12, connected=False),
        News(attempt_id=attempt_id, at=NOW + 12, state=AttemptState.BRIDGED),
        News(attempt_id=attempt_id, at=NOW + 60, hangup_cause=16, sip_status=200),
        News(attempt_id=attempt_id, at=NOW + 61, cancelled=True, fax=True, lost=True),
    ]


def parts(news: Sequence[News], chance: Random) -> list[list[News]]:
    """News in any order, some of them twice, in batches of any size."""
    mixed = [*news, *chance.sample(news, chance.randrange(len(news)))]
    chance.shuffle(mixed)
    batches: list[list[News]] = [[]]
    for one in mixed:
        batches[-1].append(one)
        if chance.random() < 0.4:
            batches.append([])
    return batches


async def test_news_in_whatever_order_and_number_leave_the_same(room: DialRoom) -> None:
    campaign = await room.campaign()
    order = list(AttemptState)
    chance = Random(7)
    rows = []
    for number in range(40):
        await room.contact(campaign, phone(number))
        (made,) = await room.claim(campaign)
        assert await sending(room, made.attempt_id)
        batches = [life(made.attempt_id)] if number == 0 else parts(life(made.attempt_id), chance)
        ends = chance.randrange(len(batches) + 1) if number % 2 else None
        before = AttemptState.SENDING
        for place, batch in enumerate(batches):
            if place == ends:
                assert await settle(room, campaign, made.attempt_id, Outcome.ANSWERED, NOW + 60)
                before = AttemptState.ENDED
            async with room.engine.begin() as connection:
                await attempt_store.note(connection, batch)
            state = (await read(room, made.attempt_id)).state
            assert order.index(state) >= order.index(before)
            before = state
        if before is not AttemptState.ENDED:
            assert await settle(room, campaign, made.attempt_id, Outcome.ANSWERED, NOW + 60)
        row = await read(room, made.attempt_id)
        rows.append(msgspec.structs.replace(row, id="", contact_id=0, phone=""))
    assert rows == [rows[0]] * len(rows)
    seen = rows[0]
    assert (seen.ringing_at, seen.answered_at, seen.connected_at) == (NOW + 1, NOW + 9, NOW + 12)
    assert (seen.connected, seen.abandoned_at, seen.evidence.machine) == (True, NOW + 11, Machine.HUMAN)
    assert (seen.hangup_cause, seen.sip_status, seen.originate_reason) == (16, 200, 4)
    assert (seen.fax, seen.cancelled, seen.lost, seen.call_id) == (True, True, True, "call-1")


async def test_who_was_never_sent_hears_no_news(room: DialRoom) -> None:
    _, attempt_id = await claimed(room)
    async with room.engine.begin() as connection:
        await attempt_store.note(connection, life(attempt_id))
        await attempt_store.note(connection, [])
    row = await read(room, attempt_id)
    assert (row.state, row.ringing_at, row.connected) == (AttemptState.RESERVED, None, None)


END = NOW + 30


@pytest.mark.parametrize(
    ("outcome", "contact"),
    [
        (Outcome.ANSWERED, ("closed", "final", 1, "answered", None)),
        (Outcome.BUSY, ("open", None, 1, "busy", END + 30 * MINUTE)),
        (Outcome.NO_ANSWER, ("open", None, 1, "no_answer", END + 2 * HOUR)),
        (Outcome.MACHINE, ("closed", "final", 1, "machine", None)),
        (Outcome.ABANDONED, ("open", None, 1, "abandoned", END + 3 * DAY)),
        (Outcome.WRONG_NUMBER, ("closed", "final", 1, "wrong_number", None)),
        (Outcome.NOT_SENT, ("open", None, 0, "not_sent", END)),
        (Outcome.UNKNOWN, ("open", None, 1, "unknown", END + 4 * HOUR)),
    ],
)
async def test_what_follows_for_a_contact(room: DialRoom, outcome: Outcome, contact: tuple[Any, ...]) -> None:
    retries = {
        RetriedOutcome.NO_ANSWER: Retry(times=2, after_seconds=7_200),
        RetriedOutcome.MACHINE: Retry(times=0),
    }
    campaign, attempt_id = await claimed(room, retries=retries)
    assert await settle(room, campaign, attempt_id, outcome, END) is False
    assert await sending(room, attempt_id)
    why = "asterisk restarted" if outcome is Outcome.UNKNOWN else None
    assert await settle(room, campaign, attempt_id, outcome, END, why)
    assert await contact_of(room) == contact
    row = await read(room, attempt_id)
    assert (row.outcome, row.ended_at, row.unknown_why) == (outcome, END, why)
    assert row.state is (AttemptState.UNKNOWN if why else AttemptState.ENDED)
    assert row.abandoned_at == (END if outcome is Outcome.ABANDONED else None)
    counted = 0 if outcome is Outcome.NOT_SENT else 1
    assert await room.rows("SELECT DISTINCT used FROM dial_counters") == [(counted,)]
    assert await settle(room, campaign, attempt_id, Outcome.FAX, END + 5) is False
    assert await contact_of(room) == contact


async def test_retries_and_attempts_are_used_up(room: DialRoom) -> None:
    campaign = await room.campaign(
        retries={RetriedOutcome.BUSY: Retry(times=2)},
        caps=Caps(attempts=3),
        window=CallingWindow(from_="00:00", to="24:00"),
    )
    await room.contact(campaign)
    now = NOW - 20 * HOUR
    for expected in (("open", None), ("open", None), ("closed", "retries_used")):
        (made,) = await room.claim(campaign, now=now)
        assert await sending(room, made.attempt_id, now=now, epoch=(await read(room, made.attempt_id)).epoch)
        assert await settle(room, campaign, made.attempt_id, Outcome.BUSY, now + 10)
        assert (await contact_of(room))[:2] == expected
        now += HOUR
    assert await room.claim(campaign, now=now + DAY) == []


async def test_who_asks_his_flow_for_another_time_is_called_again_where_he_was_reached(
    room: DialRoom,
) -> None:
    campaign = await room.campaign(
        kind=CampaignKind.IVR,
        flow="reminder",
        flow_retries={"later": FlowRetry(times=1, after_seconds=7_200)},
    )
    contact = await room.contact(campaign, phone(1), other_phones=[phone(2)])
    now = NOW
    for expected in (("open", None, 1, "answered", now + 10 + 2 * HOUR), ("closed", "retries_used", 2)):
        (made,) = await room.claim(campaign, now=now)
        assert made.phone == phone(1)
        epoch = (await read(room, made.attempt_id)).epoch
        assert await sending(room, made.attempt_id, now=now, epoch=epoch)
        ended = (Outcome.ANSWERED, now + 10)
        assert await settle(room, campaign, made.attempt_id, *ended, flow_outcome="later")
        assert (await contact_of(room))[: len(expected)] == expected
        if expected[0] == "open":
            assert await room.claim(campaign, now=now + 10 + 2 * HOUR - 1) == []
        now += 10 + 2 * HOUR
    assert await room.rows("SELECT DISTINCT flow_outcome FROM attempts") == [("later",)]
    lines = [decision_line(one.record, Language.ENGLISH, "UTC") for one in await room.decisions(contact)]
    again = "called again after he asked for another time"
    assert [again in line for line in lines] == [True, False]
    assert "因对方要求改日再打而再次呼叫" in decision_line(
        (await room.decisions(contact))[0].record, Language.CHINESE, "UTC"
    )


async def test_only_what_a_person_has_answered_is_for_his_flow_to_say(room: DialRoom) -> None:
    campaign, attempt_id = await claimed(room, kind=CampaignKind.IVR, flow="reminder")
    assert await sending(room, attempt_id)
    assert await settle(room, campaign, attempt_id, Outcome.MACHINE, END, flow_outcome="later")
    assert await contact_of(room) == ("open", None, 1, "machine", END + DAY)
    assert await room.value("SELECT last_flow_outcome FROM contacts") is None


async def test_what_nobody_knew_keeps_what_its_flow_ended_with_until_it_is_known(room: DialRoom) -> None:
    campaign, attempt_id = await claimed(room, kind=CampaignKind.IVR, flow="reminder")
    assert await sending(room, attempt_id)
    assert await settle(room, campaign, attempt_id, Outcome.UNKNOWN, END, "no end", flow_outcome="later")
    async with room.engine.begin() as connection:
        assert await attempt_store.correct(
            connection, attempt_id, Outcome.ANSWERED, END, retries=retries_of(campaign.definition),
            limits=AttemptLimits(),
        )  # fmt: skip
    assert await contact_of(room) == ("open", None, 1, "answered", END + DAY)


async def test_a_wrong_number_is_not_the_end_of_who_has_another(room: DialRoom) -> None:
    campaign = await room.campaign()
    await room.contact(campaign, phone(1), other_phones=[phone(2)])
    now = NOW
    for number, state in ((phone(1), "open"), (phone(2), "closed")):
        (made,) = await room.claim(campaign, now=now)
        assert made.phone == number
        assert await sending(room, made.attempt_id, now=now, epoch=(await read(room, made.attempt_id)).epoch)
        assert await settle(room, campaign, made.attempt_id, Outcome.WRONG_NUMBER, now)
        assert (await contact_of(room))[0] == state
        now += 30 * MINUTE


async def test_what_nobody_knew_is_put_right_unless_he_was_called_again(room: DialRoom) -> None:
    campaign, attempt_id = await claimed(room)
    assert await sending(room, attempt_id)
    assert await settle(room, campaign, attempt_id, Outcome.UNKNOWN, END, "no trace")
    async with room.engine.connect() as connection:
        unknown = await attempt_store.unknown_attempts(connection, NODE, NOW - 1)
        assert [one.id for one in unknown] == [attempt_id]
        assert await attempt_store.unknown_attempts(connection, NODE, NOW) == []

    async def correct(which: str, outcome: Outcome) -> bool:
        async with room.engine.begin() as connection:
            return await attempt_store.correct(
                connection,
                which,
                outcome,
                END,
                retries=retries_of(campaign.definition),
                limits=AttemptLimits(),
            )

    assert await correct(attempt_id, Outcome.ANSWERED)
    assert await contact_of(room) == ("closed", "final", 1, "answered", END + 4 * HOUR)
    assert await correct(attempt_id, Outcome.BUSY) is False

    await room.run("UPDATE contacts SET state = 'open', closed = NULL, next_at = '-infinity'")
    later = NOW + 5 * HOUR
    (again,) = await room.claim(campaign, now=later)
    epoch = (await read(room, again.attempt_id)).epoch
    assert await sending(room, again.attempt_id, now=later, epoch=epoch)
    assert await settle(room, campaign, again.attempt_id, Outcome.UNKNOWN, later, "no trace")
    await room.run("UPDATE contacts SET next_at = '-infinity'")
    (third,) = await room.claim(campaign, now=later + HOUR)
    assert await correct(again.attempt_id, Outcome.ANSWERED)
    assert (await contact_of(room))[0] == "dialling"
    async with room.engine.connect() as connection:
        open_ones = await attempt_store.open_attempts(connection, NODE)
    assert [one.id for one in open_ones] == [third.attempt_id]
