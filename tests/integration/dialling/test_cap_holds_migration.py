"""When a campaign's cap holds goes up on campaigns, and down with campaigns that say so."""

import asyncpg
import pytest

from cti.db import migrations
from cti.db.engine import plain_dsn

BEFORE = "0037_attempts_of_phone"
ROWS = """
INSERT INTO campaigns (name, title, kind, queue, caller_ids, "window", ring_seconds, retries, caps, priority)
    VALUES ('sales', '{}', 'predictive', 'sales', '{}', '{}', 25, '{}', '{}', 50);
INSERT INTO campaign_versions (campaign_id, version, definition)
    SELECT id, 1, '{"abandon_cap": 0.03}' FROM campaigns;
"""
SAID = """
UPDATE campaigns SET abandon_cap_holds = 'always';
UPDATE campaign_versions SET definition = definition || '{"abandon_cap_holds": "always"}';
"""


async def test_the_step_goes_up_on_campaigns_and_down_with_what_they_say(empty_url: str) -> None:
    await migrations.upgrade(empty_url, BEFORE)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await connection.execute(ROWS)
        await migrations.upgrade(empty_url)
        assert await connection.fetchval("SELECT abandon_cap_holds FROM campaigns") == "at_end"
        await connection.execute(SAID)
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE campaigns SET abandon_cap_holds = 'never'")
        await migrations.downgrade(empty_url, BEFORE)
        definition = await connection.fetchval("SELECT definition::text FROM campaign_versions")
        assert definition == '{"abandon_cap": 0.03}'
        await migrations.upgrade(empty_url)
        await connection.execute(SAID)
    finally:
        await connection.close()
