"""Somebody looks again at calls that were taken for machines': what his verdict changes, and that he may take
it back.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from dial_room import DAY, HOUR, MINUTE, NOW, PHONE, DialRoom, phone
from sqlalchemy.exc import DBAPIError

from cti.campaigns.model import Campaign, MachineDetection
from cti.dialling.records import attempt_store, machine_reviews
from cti.dialling.records.attempt_store import AttemptRow
from cti.dialling.records.running_campaigns import count_abandoned
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.machine_suspicion import Verdict
from cti.dialling.rules.news import News
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import DEFAULT_RULES, AttemptLimits
from cti.http.problems import Problem

#: A week before, so that what follows days later is not in the future.
BASE = NOW - 7 * DAY
END = BASE + 12.0


async def taken_for_a_machine(
    room: DialRoom, campaign: Campaign, *, now: float = BASE, number: str = PHONE
) -> str:
    """A contact of the campaign is called, and Asterisk takes him for a machine; the attempt's id."""
    if await room.value("SELECT count(*) FROM contacts WHERE phone = :number", number=number) == 0:
        await room.contact(campaign, number)
    (made,) = await room.claim(campaign, now=now)
    assert made.phone == number
    async with room.engine.begin() as connection:
        epoch = await connection.scalar(sa.text("SELECT epoch FROM dial_leases"))
        assert await attempt_store.set_sending(
            connection, made.attempt_id, holder="one", epoch=epoch, now=now, boot="boot-1"
        )
        await attempt_store.note(
            connection,
            [
                News(attempt_id=made.attempt_id, at=now + 10, state=AttemptState.ANSWERED),
                News(
                    attempt_id=made.attempt_id, at=now + 11.8, machine="MACHINE", machine_cause="MAXWORDS-4-3"
                ),
            ],
        )
        assert await attempt_store.settle(
            connection,
            made.attempt_id,
            Outcome.MACHINE,
            now + 12,
            retries=DEFAULT_RULES,
            limits=AttemptLimits(),
        )
    return made.attempt_id


async def judge(
    room: DialRoom,
    campaign: Campaign,
    attempt_id: str,
    verdict: Verdict | None,
    *,
    user_id: int | None = None,
) -> bool:
    async with room.engine.begin() as connection:
        return await machine_reviews.judge(
            connection,
            campaign,
            attempt_id,
            verdict,
            user_id=user_id,
            now=datetime.fromtimestamp(BASE + DAY, UTC),
        )


async def read(room: DialRoom, attempt_id: str) -> AttemptRow:
    async with room.engine.connect() as connection:
        row = await attempt_store.read_attempt(connection, attempt_id)
    assert row is not None
    return row


async def standing(room: DialRoom) -> tuple[Any, ...]:
    """The contact: state, why it is closed, last outcome, and when it is called next."""
    ((state, closed, outcome, next_at),) = await room.rows(
        "SELECT state, closed, last_outcome, extract(epoch FROM nullif(next_at, '-infinity')) FROM contacts"
    )
    return state, closed, outcome, None if next_at is None else float(next_at)


async def verdicts(room: DialRoom, attempt_id: str) -> list[tuple[Any, ...]]:
    return await room.rows(
        "SELECT verdict, undone_at IS NULL FROM machine_reviews WHERE attempt_id = :id ORDER BY id",
        id=attempt_id,
    )


async def test_a_person_who_was_taken_for_a_machine_was_abandoned(room: DialRoom) -> None:
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    attempt_id = await taken_for_a_machine(room, campaign)
    assert await standing(room) == ("open", None, "machine", END + DAY)
    assert await room.value("SELECT machine_at FROM attempts") == datetime.fromtimestamp(BASE + 11.8, UTC)

    assert await judge(room, campaign, attempt_id, Verdict.PERSON)
    row = await read(room, attempt_id)
    assert (row.state, row.outcome, row.machine_was_person) == (AttemptState.ENDED, Outcome.ABANDONED, True)
    assert (row.abandoned_at, row.machine, row.connected) == (END, "MACHINE", None)
    # He is called again three days later, and no campaign calls his telephone before.
    assert await standing(room) == ("open", None, "abandoned", END + 3 * DAY)
    other = await room.campaign("other")
    contact = await room.contact(other)
    assert await room.claim(other, now=BASE + DAY) == []
    (decision,) = await room.decisions(contact)
    assert decision.record.hold is not None
    assert decision.record.hold.refusal.value == "after_abandoned"
    # The same again changes nothing.
    assert await judge(room, campaign, attempt_id, Verdict.PERSON) is False
    assert await verdicts(room, attempt_id) == [("person", True)]


async def test_the_abandoned_calls_of_a_campaign_count_him(room: DialRoom) -> None:
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    attempt_id = await taken_for_a_machine(room, campaign)
    await room.run("ALTER TABLE attempts DISABLE TRIGGER attempts_forward")
    await room.run(
        "UPDATE attempts SET reserved_at = now(), sent_at = now(),"
        " window_closes_at = now() + interval '1 hour'"
    )
    await room.run("ALTER TABLE attempts ENABLE TRIGGER attempts_forward")

    async def counted() -> tuple[int, int]:
        async with room.engine.connect() as connection:
            count = await count_abandoned(connection, campaign.id, DAY)
        return count.answered, count.abandoned

    assert await counted() == (0, 0)
    assert await judge(room, campaign, attempt_id, Verdict.PERSON)
    assert await counted() == (1, 1)
    assert await judge(room, campaign, attempt_id, None)
    assert await counted() == (0, 0)


async def test_a_verdict_is_taken_back_and_all_is_as_it_was(room: DialRoom) -> None:
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    attempt_id = await taken_for_a_machine(room, campaign)
    before = await read(room, attempt_id), await standing(room)
    assert await judge(room, campaign, attempt_id, Verdict.PERSON)
    assert await judge(room, campaign, attempt_id, None)
    assert (await read(room, attempt_id), await standing(room)) == before
    assert await judge(room, campaign, attempt_id, None) is False
    # Somebody may change his mind, and each verdict is kept.
    assert await judge(room, campaign, attempt_id, Verdict.MACHINE)
    assert (await read(room, attempt_id), await standing(room)) == before
    assert await judge(room, campaign, attempt_id, Verdict.PERSON)
    assert (await read(room, attempt_id)).outcome is Outcome.ABANDONED
    assert await judge(room, campaign, attempt_id, Verdict.MACHINE)
    assert (await read(room, attempt_id), await standing(room)) == before
    assert await verdicts(room, attempt_id) == [
        ("person", False), ("machine", False), ("person", False), ("machine", True),
    ]  # fmt: skip


async def test_who_reviewed_and_who_took_it_back_is_kept(room: DialRoom) -> None:
    await room.run(
        "INSERT INTO users (username, name, role, language)"
        " VALUES ('sue', 'Sue', 'supervisor', 'en'), ('ada', 'Ada', 'admin', 'en') ON CONFLICT DO NOTHING"
    )
    (sue,), (ada,) = await room.rows(
        "SELECT id FROM users WHERE username IN ('sue', 'ada') ORDER BY name DESC"
    )
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    attempt_id = await taken_for_a_machine(room, campaign)
    await judge(room, campaign, attempt_id, Verdict.PERSON, user_id=sue)
    await judge(room, campaign, attempt_id, None, user_id=ada)
    at = datetime.fromtimestamp(BASE + DAY, UTC)
    assert await room.rows("SELECT reviewed_at, reviewed_by, undone_at, undone_by FROM machine_reviews") == [
        (at, sue, at, ada)
    ]


async def test_who_was_called_again_since_is_left_as_he_is(room: DialRoom) -> None:
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    first = await taken_for_a_machine(room, campaign, now=BASE - 2 * DAY)
    await taken_for_a_machine(room, campaign, now=BASE)
    before = await standing(room)
    assert await judge(room, campaign, first, Verdict.PERSON)
    assert (await read(room, first)).outcome is Outcome.ABANDONED
    assert await standing(room) == before


async def test_who_is_claimed_meanwhile_stays_claimed(room: DialRoom) -> None:
    """The verdict waits for a claim that is under way, and then leaves the contact to it."""
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    attempt_id = await taken_for_a_machine(room, campaign, now=BASE - 2 * DAY)
    context = await room.context(campaign, BASE)
    async with room.engine.connect() as connection:
        await connection.begin()
        await connection.execute(sa.text("SELECT FROM contacts FOR UPDATE"))
        judging = asyncio.create_task(judge(room, campaign, attempt_id, Verdict.PERSON))
        waits = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND query LIKE '%contacts%'"
        )
        while not await room.value(waits):
            pass
        await connection.execute(
            sa.text(
                "INSERT INTO attempts (id, campaign_id, contact_id, phone, purpose, node, epoch, counted_on,"
                " state, reserved_at, ring_seconds) SELECT 'at-later', campaign_id, id, phone, 'campaign',"
                " 'pbx1', :epoch, '2026-11-25', 'reserved', to_timestamp(:now), 25 FROM contacts"
            ),
            {"epoch": context.epoch, "now": BASE},
        )
        await connection.execute(sa.text("UPDATE contacts SET state = 'dialling'"))
        await connection.commit()
    assert await judging
    assert (await standing(room))[0] == "dialling"
    assert (await read(room, attempt_id)).outcome is Outcome.ABANDONED


async def test_only_what_was_taken_for_a_machine_is_judged(room: DialRoom) -> None:
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    attempt_id = await taken_for_a_machine(room, campaign)
    other = await room.campaign("other")
    await room.contact(other, phone(2))
    (reserved,) = await room.claim(other)
    for whose, which, code in (
        (other, attempt_id, "attempt.not_found"),
        (campaign, "at-nobody", "attempt.not_found"),
        (other, reserved.attempt_id, "attempt.no_machine"),
    ):
        with pytest.raises(Problem) as refused:
            await judge(room, whose, which, Verdict.PERSON)
        assert refused.value.problem_code == code
    assert await room.value("SELECT count(*) FROM machine_reviews") == 0


@pytest.mark.parametrize(
    "change",
    [
        "outcome = 'abandoned'",
        "outcome = 'answered', machine_was_person = true",
        "outcome = 'busy'",
        "machine_was_person = true",
        "outcome = 'abandoned', machine_was_person = true, machine = NULL",
    ],
)
async def test_the_database_lets_a_verdict_alone_change_what_became_of_an_attempt(
    room: DialRoom, change: str
) -> None:
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    await taken_for_a_machine(room, campaign)
    with pytest.raises(DBAPIError):
        await room.run(f"UPDATE attempts SET {change}")
    await room.run("UPDATE attempts SET outcome = 'abandoned', machine_was_person = true")


async def test_a_telephone_that_rang_out_long_ago_is_called_when_the_three_days_are_over(
    room: DialRoom,
) -> None:
    campaign = await room.campaign(machine_detection=MachineDetection.HANG_UP)
    attempt_id = await taken_for_a_machine(room, campaign)
    assert await judge(room, campaign, attempt_id, Verdict.PERSON)
    assert await room.claim(campaign, now=END + 3 * DAY - MINUTE) == []
    # (In the morning, so that it is within the hours of calling.)
    (again,) = await room.claim(campaign, now=END + 3 * DAY + HOUR)
    assert again.phone == PHONE
