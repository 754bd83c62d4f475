"""Campaigns go down and up again with rows in them, and the tables are the program's."""

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

import cti.campaigns.tables
from cti.campaigns.model import CampaignDefinition
from cti.db import migrations
from cti.db.engine import async_url, plain_dsn

ROWS = """
INSERT INTO campaigns (name, title, kind, queue, caller_ids, "window", ring_seconds, retries, caps, priority)
    VALUES ('poll', '{}', 'preview', 'sales', '{}', '{}', 25, '{}', '{}', 50);
INSERT INTO contact_imports (campaign_id, source, options, state)
    SELECT id, 'sample', '{}', 'done' FROM campaigns;
INSERT INTO customers (name) VALUES ('Wang');
INSERT INTO contacts (campaign_id, import_id, identity, phone, customer_id)
    SELECT campaigns.id, contact_imports.id, '+8613800138000', '+8613800138000', customers.id
    FROM campaigns, contact_imports, customers;
INSERT INTO contact_refusals SELECT id, 2, 'phone', 'row.phone', '{}', '[]' FROM contact_imports;
INSERT INTO contact_samples SELECT id, 'seed', 1, '[]' FROM contact_imports;
INSERT INTO sample_members SELECT id, 1, '', true FROM contact_imports;
"""
BEFORE_COUNTS = "0032_campaign_versions"
BEFORE_VERSIONS = "0030_attempt_results"
COUNTS = "SELECT state, change FROM contact_counts"
REFUSED = (
    "UPDATE campaigns SET kind = 'ivr'",
    "UPDATE campaigns SET kind = 'fixed_ratio'",
    "UPDATE campaigns SET ratio = 1.5",
    "UPDATE campaigns SET queue = NULL",
    "UPDATE contacts SET phone = '13800138000'",
    "INSERT INTO contacts (campaign_id, identity, phone) SELECT campaign_id, identity, phone FROM contacts",
)


async def test_the_step_goes_down_with_rows_in_it_and_up_again(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await connection.execute(ROWS)
        for statement in REFUSED:
            try:
                await connection.execute(statement)
            except asyncpg.IntegrityConstraintViolationError:
                continue
            raise AssertionError(statement)
        await connection.execute("DELETE FROM customers")
        assert await connection.fetchval("SELECT customer_id FROM contacts") is None
        await migrations.downgrade(empty_url, "0022_do_not_call")
        assert await connection.fetchval("SELECT to_regclass('contacts')") is None
        await migrations.upgrade(empty_url)
        assert await connection.fetchval("SELECT count(*) FROM campaigns") == 0
        await connection.execute(ROWS)
        await connection.execute("DELETE FROM campaigns")
        for table in ("contacts", "contact_imports", "contact_refusals", "sample_members"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
    finally:
        await connection.close()


async def test_campaigns_of_before_begin_their_history_with_what_they_are(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await connection.execute("DELETE FROM customers")
        await connection.execute(
            ROWS.replace(
                "'{}', '{}', 25, '{}', '{}', 50", """'{}', '{"from": "10:00"}', 25, '{}', '{}', 50"""
            )
        )
        await migrations.downgrade(empty_url, BEFORE_VERSIONS)
        assert await connection.fetchval("SELECT to_regclass('campaign_versions')") is None
        await connection.execute("UPDATE campaigns SET version = 4")
        await migrations.upgrade(empty_url)
        (kept,) = await connection.fetch("SELECT version, definition FROM campaign_versions")
        definition = msgspec.json.decode(kept["definition"], type=CampaignDefinition)
        assert (kept["version"], definition.campaign, definition.queue) == (4, "poll", "sales")
        assert (definition.window.from_, definition.window.to) == ("10:00", "20:00")
        await connection.execute("DELETE FROM campaigns")
        assert await connection.fetchval("SELECT count(*) FROM campaign_versions") == 0
    finally:
        await connection.execute("DELETE FROM campaigns; DELETE FROM customers")
        await connection.close()


async def test_contacts_of_before_are_counted_and_are_there_when_the_counts_go(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await migrations.downgrade(empty_url, BEFORE_COUNTS)
        await connection.execute("DELETE FROM customers")
        await connection.execute(ROWS)
        await connection.execute("UPDATE contacts SET state = 'closed', closed = 'final'")
        await migrations.upgrade(empty_url)
        assert tuple(await connection.fetchrow(COUNTS)) == ("closed", 1)
        await migrations.downgrade(empty_url, BEFORE_COUNTS)
        await connection.execute("UPDATE contacts SET state = 'open', closed = NULL")
        await migrations.upgrade(empty_url)
        assert tuple(await connection.fetchrow(COUNTS)) == ("open", 1)
    finally:
        await connection.execute("DELETE FROM campaigns; DELETE FROM customers")
        await connection.close()


async def test_the_tables_are_those_of_the_migrations(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    engine = create_async_engine(async_url(empty_url))
    tables = [one for one in vars(cti.campaigns.tables).values() if isinstance(one, sa.Table)]
    assert len(tables) == 8
    try:
        async with engine.connect() as connection:
            for table in tables:
                columns = await connection.run_sync(
                    lambda plain, name=table.name: {  # type: ignore[misc]
                        column["name"]: column["nullable"] for column in sa.inspect(plain).get_columns(name)
                    }
                )
                assert columns == {column.name: column.nullable for column in table.columns}, table.name
    finally:
        await engine.dispose()
