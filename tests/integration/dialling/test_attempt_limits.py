"""The database keeps attempts within bounds, whoever writes them and whatever he has forgotten to ask."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from dial_room import NOW, PHONE, DialRoom, phone

from cti.db.engine import plain_dsn

AT = datetime.fromtimestamp(NOW, UTC)
INSERT = """
INSERT INTO attempts (id, campaign_id, contact_id, phone, purpose, agent_id, node, epoch, counted_on, state,
    outcome, reserved_at, sent_at, ended_at, ring_seconds, window_closes_at)
SELECT $1, CASE $3 WHEN 'campaign' THEN campaigns.id END, $4::bigint, $2, $3, $5::bigint, 'pbx1', 1,
    current_date, $6, $7, $8, $9, $10, $11::smallint, $12
FROM campaigns
"""


class Book:
    """Attempts by raw SQL."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._number = 0

    async def add(
        self,
        number: str = PHONE,
        *,
        at: datetime = AT,
        state: str = "reserved",
        outcome: str | None = None,
        sent: bool | None = None,
        ended_at: datetime | None = None,
        purpose: str = "campaign",
        contact: int | None = None,
        agent: int | None = None,
        rings: int = 25,
        closes_at: datetime | None = None,
    ) -> str:
        """One attempt; the id that it got."""
        self._number += 1
        attempt_id = f"at-{self._number}"
        was_sent = state != "reserved" if sent is None else sent
        await self.connection.execute(
            INSERT, attempt_id, number, purpose, contact, agent, state, outcome, at, at if was_sent else None,
            ended_at, rings, closes_at,
        )  # fmt: skip
        return attempt_id

    async def ended(self, outcome: str = "busy", *, at: datetime, number: str = PHONE) -> str:
        """One that lasted ten seconds."""
        return await self.add(
            number, at=at, state="ended", outcome=outcome, ended_at=at + timedelta(seconds=10)
        )


@pytest_asyncio.fixture
async def book(room: DialRoom, postgres_url: str) -> AsyncIterator[Book]:
    campaign = await room.campaign()
    await room.contact(campaign)
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    yield Book(connection)
    await connection.close()


async def refused(book: Book, why: str, number: str = PHONE, **words: object) -> None:
    """An attempt is refused by the limits, and for this reason."""
    with pytest.raises(asyncpg.PostgresError) as error:
        await book.add(number, **words)  # type: ignore[arg-type]
    assert error.value.sqlstate == "CT001"
    assert str(error.value) == f"dial.{why}"


async def test_a_telephone_and_a_contact_have_one_attempt_under_way(book: Book) -> None:
    contact = await book.connection.fetchval("SELECT id FROM contacts")
    await book.connection.execute("UPDATE dial_limits SET gap_seconds = 0")
    first = await book.add(contact=contact, at=AT - timedelta(minutes=1))
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_attempts_open_phone"):
        await book.add()
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_attempts_open_contact"):
        await book.add(phone(2), contact=contact)
    for state in ("sending", "ringing", "answered", "bridged"):
        await book.connection.execute(
            "UPDATE attempts SET state = $2, sent_at = coalesce(sent_at, reserved_at) WHERE id = $1",
            first,
            state,
        )
        with pytest.raises(asyncpg.UniqueViolationError):
            await book.add()
    await book.connection.execute(
        "UPDATE attempts SET state = 'ended', outcome = 'answered', ended_at = sent_at WHERE id = $1", first
    )
    await book.add(contact=contact)


async def test_a_telephone_bears_three_in_a_day_whoever_dials(book: Book) -> None:
    for hours in (23, 20, 10):
        await book.ended(at=AT - timedelta(hours=hours))
    for purpose in ("campaign", "manual", "callback"):
        await refused(book, "most_in_day", purpose=purpose)
    await book.add(phone(2))
    await book.add(at=AT + timedelta(hours=1))


async def test_what_was_never_sent_does_not_count_and_what_nobody_knows_does(book: Book) -> None:
    for hours in (9, 8, 7):
        await book.add(
            at=AT - timedelta(hours=hours), state="ended", outcome="not_sent", sent=False, ended_at=AT
        )
    for hours in (6, 5, 4):
        await book.add(at=AT - timedelta(hours=hours), state="unknown", outcome="unknown")
    await refused(book, "most_in_day")


async def test_between_two_attempts_there_is_a_gap_but_for_a_callback(book: Book) -> None:
    await book.ended(at=AT - timedelta(minutes=29))
    await refused(book, "gap")
    await refused(book, "gap", purpose="manual")
    await book.add(purpose="callback")


async def test_after_an_abandoned_call_only_somebody_with_an_agent_is_dialled(book: Book) -> None:
    agent = await book.connection.fetchval(
        "WITH ann AS (INSERT INTO users (username, name, role, language)"
        " VALUES ('ann', 'Ann', 'agent', 'en') RETURNING id)"
        " INSERT INTO agents (user_id) SELECT id FROM ann RETURNING id"
    )
    await book.ended("abandoned", at=AT - timedelta(hours=71))
    await refused(book, "after_abandoned")
    first = await book.add(purpose="manual")
    await book.connection.execute("DELETE FROM attempts WHERE id = $1", first)
    await book.add(agent=agent)
    await book.add(phone(2))


async def test_the_kill_switch_and_a_clock_ahead_stop_everything(book: Book) -> None:
    await refused(book, "clock_in_doubt", at=datetime.now(UTC) + timedelta(minutes=5))
    await book.connection.execute("UPDATE dial_limits SET kill_switch = true")
    for purpose in ("campaign", "manual", "callback"):
        await refused(book, "kill_switch", purpose=purpose)


async def test_two_transactions_on_one_telephone_wait_for_one_another(book: Book, postgres_url: str) -> None:
    """Neither sees the other's attempt, and still the second is refused."""
    for hours in (9, 8):
        await book.ended(at=AT - timedelta(hours=hours))
    other = Book(await asyncpg.connect(plain_dsn(postgres_url)))
    other._number = 100
    try:
        transaction = book.connection.transaction()
        await transaction.start()
        first = await book.add(purpose="callback", at=AT - timedelta(hours=1))
        await book.connection.execute(
            "UPDATE attempts SET state = 'ended', outcome = 'busy', sent_at = reserved_at WHERE id = $1",
            first,
        )
        second = asyncio.create_task(refused(other, "most_in_day"))
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not await book.connection.fetchval(waiting):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not second.done()
        await transaction.commit()
        await second
    finally:
        await other.connection.close()


FORWARD = ("reserved", "sending", "ringing", "answered", "bridged", "unknown", "ended")


def _values(state: str) -> str:
    sent = "NULL" if state == "reserved" else "reserved_at"
    outcome = {"unknown": "'unknown'", "ended": "'busy'"}.get(state, "NULL")
    return f"state = '{state}', sent_at = {sent}, outcome = {outcome}"


@pytest.mark.parametrize("place", range(1, len(FORWARD)))
async def test_an_attempt_never_goes_back(book: Book, place: int) -> None:
    attempt = await book.add()
    await book.connection.execute(f"UPDATE attempts SET {_values(FORWARD[place])}")
    for state in FORWARD[1:place]:
        with pytest.raises(asyncpg.PostgresError) as error:
            await book.connection.execute(f"UPDATE attempts SET {_values(state)}")
        assert error.value.sqlstate == "CT002"
    kept = await book.connection.fetchval("SELECT state FROM attempts WHERE id = $1", attempt)
    assert kept == FORWARD[place]


@pytest.mark.parametrize(
    "change",
    [
        "id = 'at-another'",
        "phone = '+8613800138001'",
        "purpose = 'manual', campaign_id = NULL",
        "sent_at = sent_at + interval '1 second'",
        "sent_at = NULL",
        "reserved_at = reserved_at - interval '1 day'",
    ],
)
async def test_what_an_attempt_is_never_changes(book: Book, change: str) -> None:
    await book.add(state="ringing")
    with pytest.raises(asyncpg.PostgresError) as error:
        await book.connection.execute(f"UPDATE attempts SET {change}")
    assert error.value.sqlstate == "CT002"


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("ck_attempts_sent", {"state": "sending", "sent": False}),
        ("ck_attempts_sent", {"state": "reserved", "sent": True}),
        ("ck_attempts_sent", {"state": "ended", "outcome": "busy", "sent": False}),
        ("ck_attempts_over", {"state": "ringing", "outcome": "busy"}),
        ("ck_attempts_over", {"state": "ended"}),
        ("ck_attempts_over", {"state": "unknown", "outcome": "busy"}),
        ("ck_attempts_state", {"state": "lost"}),
        ("ck_attempts_outcome", {"state": "ended", "outcome": "happy"}),
        ("ck_attempts_purpose", {"purpose": "fun"}),
        ("ck_attempts_phone", {"number": "13800138000"}),
        ("ck_attempts_ring_seconds", {"rings": 0}),
        ("ck_attempts_window", {"state": "sending", "closes_at": AT + timedelta(seconds=24)}),
    ],
)
async def test_what_makes_no_sense_is_refused(book: Book, constraint: str, words: dict[str, object]) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        await book.add(**words)  # type: ignore[arg-type]


async def test_only_campaigns_are_bound_to_hours(book: Book) -> None:
    await book.add(state="sending", closes_at=AT + timedelta(seconds=25))
    await book.add(phone(2), state="sending", purpose="callback", closes_at=AT)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO dial_limits DEFAULT VALUES",
        "INSERT INTO dial_limits (id) VALUES (false)",
        "UPDATE dial_limits SET most_in_day = 0",
        "UPDATE dial_limits SET calls_at_once = -1",
        "INSERT INTO dial_counters VALUES ('all', current_date, -1)",
        "UPDATE contacts SET state = 'closed'",
        "UPDATE contacts SET closed = 'final'",
        "UPDATE contacts SET state = 'waiting'",
        "UPDATE contacts SET next_at = NULL",
        "UPDATE campaigns SET machine_detection = 'perhaps'",
        "UPDATE campaigns SET abandon_cap = 0.5",
    ],
)
async def test_limits_contacts_and_campaigns_stay_what_they_are(book: Book, statement: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await book.connection.execute(statement)


async def test_a_campaign_with_attempts_stays_and_a_contact_that_goes_leaves_his(book: Book) -> None:
    contact = await book.connection.fetchval("SELECT id FROM contacts")
    attempt = await book.add(contact=contact)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await book.connection.execute("DELETE FROM campaigns")
    await book.connection.execute("DELETE FROM contacts")
    assert await book.connection.fetchval("SELECT contact_id FROM attempts WHERE id = $1", attempt) is None
