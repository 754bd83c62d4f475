"""Attempts go down and up again with rows in them, and the tables are the program's."""

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from cti.db import migrations
from cti.db.engine import async_url, plain_dsn
from cti.dialling.records import tables

BEFORE = "0024_passed_values"
BEFORE_HUNG_UP = "0030_attempt_results"
BEFORE_SENT_BY = "0034_machine_reviews"
CONTACTS = """
INSERT INTO campaigns (name, title, kind, queue, caller_ids, "window", ring_seconds, retries, caps, priority)
    VALUES ('poll', '{}', 'preview', 'sales', '{}', '{}', 25, '{}', '{}', 50);
INSERT INTO contacts (campaign_id, identity, phone, next_at)
    SELECT id, '+8613800138000', '+8613800138000', NULL::timestamptz FROM campaigns UNION ALL
    SELECT id, '+8613800138001', '+8613800138001', '2026-12-01T08:00:00Z' FROM campaigns;
"""
ROWS = """
UPDATE contacts SET state = 'closed', closed = 'final' WHERE phone = '+8613800138000';
INSERT INTO attempts (id, campaign_id, contact_id, phone, purpose, node, epoch, counted_on, state,
        reserved_at, ring_seconds)
    SELECT 'at-1', campaign_id, id, phone, 'campaign', 'pbx1', 1, '2026-11-25', 'reserved', now(), 25
    FROM contacts WHERE phone = '+8613800138001';
INSERT INTO dial_counters VALUES ('all', '2026-11-25', 1);
INSERT INTO dial_leases VALUES ('pbx1', 'one', 1, now());
INSERT INTO dial_decisions (contact_id, campaign_id, at, record)
    SELECT id, campaign_id, now(), '{}' FROM contacts;
UPDATE campaigns SET script = '{"en": "Good day"}', pacing = '{}', started_at = now();
"""
NEXT = "SELECT phone, state, next_at::text FROM contacts ORDER BY phone"


async def test_the_step_goes_up_on_contacts_and_down_with_attempts(empty_url: str) -> None:
    await migrations.upgrade(empty_url, BEFORE)
    connection = await asyncpg.connect(plain_dsn(empty_url), server_settings={"timezone": "UTC"})
    try:
        await connection.execute(CONTACTS)
        await migrations.upgrade(empty_url)
        assert [tuple(row) for row in await connection.fetch(NEXT)] == [
            ("+8613800138000", "open", "-infinity"),
            ("+8613800138001", "open", "2026-12-01 08:00:00+00"),
        ]
        assert tuple(
            await connection.fetchrow(
                "SELECT machine_detection, abandon_cap, needs_consent, script FROM campaigns"
            )
        ) == ("off", 0.03, False, None)
        assert tuple(
            await connection.fetchrow("SELECT most_in_day, gap_seconds, kill_switch FROM dial_limits")
        ) == (3, 1800, False)
        await connection.execute(ROWS)
        await migrations.downgrade(empty_url, BEFORE)
        assert await connection.fetchval("SELECT to_regclass('attempts')") is None
        assert [tuple(row) for row in await connection.fetch(NEXT)] == [
            ("+8613800138000", "open", None),
            ("+8613800138001", "open", "2026-12-01 08:00:00+00"),
        ]
        await migrations.upgrade(empty_url)
        await connection.execute(ROWS)
    finally:
        await connection.close()


async def test_the_version_before_knows_attempts_and_not_who_sent_them(empty_url: str) -> None:
    await migrations.downgrade(empty_url, "base")
    await migrations.upgrade(empty_url, BEFORE_SENT_BY)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    found = "SELECT id, sent_by FROM attempts"
    try:
        await connection.execute(CONTACTS.replace("NULL::timestamptz", "'-infinity'::timestamptz"))
        await connection.execute(ROWS)
        await migrations.upgrade(empty_url)
        assert [tuple(row) for row in await connection.fetch(found)] == [("at-1", None)]
        await connection.execute("UPDATE attempts SET sent_by = 'here:one'")
        await migrations.downgrade(empty_url, BEFORE_SENT_BY)
        assert await connection.fetchval("SELECT id FROM attempts") == "at-1"
        await migrations.upgrade(empty_url)
        assert [tuple(row) for row in await connection.fetch(found)] == [("at-1", None)]
    finally:
        await connection.close()


HUNG_UP = """
INSERT INTO attempts (id, campaign_id, contact_id, phone, purpose, node, epoch, counted_on, state, outcome,
        reserved_at, sent_at, answered_at, ended_at, window_closes_at, ring_seconds)
    SELECT 'at-2', campaign_id, id, phone, 'campaign', 'pbx1', 1, '2026-11-25', 'ended', 'hung_up',
        now(), now(), now(), now() + interval '1 second', now() + interval '1 hour', 25
    FROM contacts WHERE phone = '+8613800138001';
UPDATE contacts SET last_outcome = 'hung_up' WHERE phone = '+8613800138001';
UPDATE campaigns SET retries = '{"hung_up": {"times": 2}, "busy": {"times": 1}}';
"""


async def test_the_version_before_has_who_hung_up_at_once_as_abandoned(empty_url: str) -> None:
    await migrations.downgrade(empty_url, "base")
    await migrations.upgrade(empty_url, BEFORE)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await connection.execute(CONTACTS)
        await migrations.upgrade(empty_url)
        await connection.execute(HUNG_UP)
        await migrations.downgrade(empty_url, BEFORE_HUNG_UP)
        found = await connection.fetchrow("SELECT outcome, abandoned_at = ended_at AS since FROM attempts")
        assert tuple(found) == ("abandoned", True)
        contact = "SELECT last_outcome FROM contacts WHERE phone = '+8613800138001'"
        assert await connection.fetchval(contact) == "abandoned"
        assert await connection.fetchval("SELECT retries::text FROM campaigns") == '{"busy": {"times": 1}}'
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(f"DELETE FROM attempts; {HUNG_UP}")
        await migrations.upgrade(empty_url)
        await connection.execute(f"DELETE FROM attempts; {HUNG_UP}")
    finally:
        await connection.close()


async def test_the_version_before_reviews_keeps_who_was_a_person_and_forgets_who_said_so(
    empty_url: str,
) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    taken = (
        "UPDATE attempts SET state = 'ended', outcome = 'machine', machine = 'MACHINE',"
        " sent_at = reserved_at, ended_at = reserved_at"
    )
    judged = "UPDATE attempts SET outcome = $1, machine_was_person = $2"
    try:
        await connection.execute("TRUNCATE campaigns, dial_counters, dial_leases CASCADE")
        await connection.execute(CONTACTS.replace("NULL::", "'-infinity'::"))
        await connection.execute(ROWS)
        await connection.execute(taken)
        await connection.execute(judged, "abandoned", True)
        await connection.execute(
            "INSERT INTO machine_reviews (attempt_id, verdict, reviewed_at) VALUES ('at-1', 'person', now())"
        )
        await migrations.downgrade(empty_url, "0033_contact_counts")
        # That version lets whoever likes change it.
        await connection.execute(judged, "machine", False)
        await connection.execute(judged, "abandoned", True)
        await migrations.upgrade(empty_url)
        reviews = await connection.fetch("SELECT attempt_id, verdict, reviewed_at FROM machine_reviews")
        assert [tuple(row) for row in reviews] == [("at-1", "person", None)]
        await connection.execute(judged, "machine", False)
        with pytest.raises(asyncpg.PostgresError) as error:
            await connection.execute(judged, "abandoned", False)
        assert error.value.sqlstate == "CT002"
        await connection.execute("DELETE FROM attempts")
        assert await connection.fetchval("SELECT count(*) FROM machine_reviews") == 0
    finally:
        await connection.execute("TRUNCATE campaigns, dial_counters, dial_leases CASCADE")
        await connection.close()


async def test_the_dialling_tables_are_those_of_the_migration(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    engine = create_async_engine(async_url(empty_url))
    known = [one for one in vars(tables).values() if isinstance(one, sa.Table)]
    assert len(known) == 7
    try:
        async with engine.connect() as connection:
            for table in known:
                columns = await connection.run_sync(
                    lambda plain, name=table.name: {  # type: ignore[misc]
                        column["name"]: column["nullable"] for column in sa.inspect(plain).get_columns(name)
                    }
                )
                assert columns == {column.name: column.nullable for column in table.columns}, table.name
    finally:
        await engine.dispose()
