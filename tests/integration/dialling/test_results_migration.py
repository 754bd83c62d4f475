"""What agents said goes down and up again with rows in it, and what makes no sense is refused."""

import asyncpg
import pytest

from cti.db import migrations
from cti.db.engine import plain_dsn

BEFORE = "0028_queue_of_flow"
CAMPAIGN = """
INSERT INTO users (username, name, role, language) VALUES ('ann', 'Ann', 'agent', 'en');
INSERT INTO agents (user_id) SELECT id FROM users;
INSERT INTO campaigns (name, title, kind, queue, caller_ids, "window", ring_seconds, retries, caps, priority)
    VALUES ('poll', '{}', 'preview', 'sales', '{}', '{}', 25, '{}', '{}', 50);
INSERT INTO attempts (id, campaign_id, phone, purpose, node, epoch, counted_on, state, reserved_at, sent_at,
        ring_seconds)
    SELECT 'at-1', id, '+8613800138000', 'campaign', 'pbx1', 1, '2026-11-25', 'sending', now(), now(), 25
    FROM campaigns;
"""
RESULT = """
INSERT INTO attempt_results (attempt_id, agent_id, disposition, next, after_seconds, answers)
    SELECT 'at-1', id, 'later', 'retry', 3600, '{"paper": "daily"}' FROM agents
"""
REFUSED = (
    "UPDATE attempt_results SET next = 'perhaps'",
    "UPDATE attempt_results SET next = NULL",
    "UPDATE attempt_results SET answers = '[]'",
    "UPDATE campaigns SET form = '{}'",
    "UPDATE campaigns SET dispositions = NULL",
    "INSERT INTO attempt_results (attempt_id, agent_id, disposition) SELECT 'at-2', id, 'x' FROM agents",
)


async def test_the_step_goes_up_on_campaigns_and_down_with_results(postgres_url: str) -> None:
    await migrations.upgrade(postgres_url, BEFORE)
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    try:
        await connection.execute(CAMPAIGN)
        await migrations.upgrade(postgres_url)
        found = await connection.fetchrow("SELECT dispositions::text, form::text FROM campaigns")
        assert tuple(found) == ("[]", "[]")
        await connection.execute(RESULT)
        for statement in REFUSED:
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await connection.execute(statement)
        await migrations.downgrade(postgres_url, BEFORE)
        assert await connection.fetchval("SELECT to_regclass('attempt_results')") is None
        assert await connection.fetchval("SELECT count(*) FROM attempts") == 1
        await migrations.upgrade(postgres_url)
        await connection.execute(RESULT)
        await connection.execute("DELETE FROM attempts")
        assert await connection.fetchval("SELECT count(*) FROM attempt_results") == 0
    finally:
        await connection.close()
