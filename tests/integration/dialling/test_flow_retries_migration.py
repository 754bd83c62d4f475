"""What follows after a flow goes up on campaigns and contacts, and down with rows in it."""

import asyncpg
import pytest

from cti.db import migrations
from cti.db.engine import plain_dsn

BEFORE = "0035_sent_by"
ROWS = """
INSERT INTO campaigns (name, title, kind, flow, caller_ids, "window", ring_seconds, retries, caps, priority)
    VALUES ('poll', '{}', 'ivr', 'reminder', '{}', '{}', 25, '{}', '{}', 50);
INSERT INTO campaign_versions (campaign_id, version, definition)
    SELECT id, 1, '{"retries": {}}' FROM campaigns;
INSERT INTO contacts (campaign_id, identity, phone) SELECT id, '1', '+8613800138000' FROM campaigns;
INSERT INTO attempts (id, campaign_id, phone, purpose, node, epoch, counted_on, state, reserved_at, sent_at,
        ring_seconds)
    SELECT 'at-1', id, '+8613800138000', 'campaign', 'pbx1', 1, '2026-11-25', 'sending', now(), now(), 25
    FROM campaigns;
"""
SAID = """
UPDATE campaigns SET flow_retries = '{"later": {"times": 2, "after_seconds": 3600}}';
UPDATE campaign_versions SET definition = definition || '{"flow_retries": {}}';
UPDATE attempts SET state = 'ended', outcome = 'answered', flow_outcome = 'later', ended_at = now();
UPDATE contacts SET last_flow_outcome = 'later';
"""


async def test_the_step_goes_up_on_campaigns_and_down_with_what_flows_said(empty_url: str) -> None:
    await migrations.upgrade(empty_url, BEFORE)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await connection.execute(ROWS)
        await migrations.upgrade(empty_url)
        assert await connection.fetchval("SELECT flow_retries::text FROM campaigns") == "{}"
        assert await connection.fetchval("SELECT last_flow_outcome FROM contacts") is None
        await connection.execute(SAID)
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE campaigns SET flow_retries = '[]'")
        await migrations.downgrade(empty_url, BEFORE)
        definition = await connection.fetchval("SELECT definition::text FROM campaign_versions")
        assert definition == '{"retries": {}}'
        assert await connection.fetchval("SELECT outcome FROM attempts") == "answered"
        await migrations.upgrade(empty_url)
        await connection.execute(SAID)
    finally:
        await connection.close()
