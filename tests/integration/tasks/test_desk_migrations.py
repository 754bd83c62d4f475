"""What people keep for callers goes down and up again with rows in it, and the tables are the program's."""

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

import cti.announcements.tables
import cti.hours.tables
import cti.people.tables
import cti.reference.tables
import cti.tasks.tables
from cti.db import migrations
from cti.db.engine import async_url, plain_dsn

ROOMS = (
    cti.announcements.tables,
    cti.hours.tables,
    cti.people.tables,
    cti.reference.tables,
    cti.tasks.tables,
)
ROWS = """
INSERT INTO users (username, name, role, language) VALUES ('sue', 'Sue', 'supervisor', 'en');
INSERT INTO calendars (name, title_zh, title_en, time_zone, week)
    VALUES ('c', '日', 'C', 'UTC', '[[],[],[],[],[],[],[]]');
INSERT INTO special_days SELECT id, '2026-10-01', '假', 'Off', '[]' FROM calendars;
INSERT INTO tasks (id, opened_at, node, reference, kind, supervisor, details)
    VALUES ('t', now(), 'n', '3290142', 'tip', false, '{}');
UPDATE tasks SET state = 'taken', taken_by = (SELECT max(id) FROM users), taken_at = now();
UPDATE tasks SET transcription = 'x';
INSERT INTO task_history (task_id, act) VALUES ('t', 'taken'), ('t', 'transcribed');
UPDATE announcements SET is_on = true;
INSERT INTO announcement_history (name, act, by) VALUES ('surge', 'on', 'phone');
INSERT INTO phone_access SELECT id, '0001', 'x' FROM users;
INSERT INTO reference_tables (name, title_zh, title_en, columns, key) VALUES ('p', '产', 'P', '[]', 'code');
INSERT INTO reference_rows SELECT id, '1', '{}' FROM reference_tables;
INSERT INTO reference_imports SELECT id, now(), NULL, '{}', 1 FROM reference_tables;
"""


async def test_every_step_goes_down_with_rows_in_it_and_up_again(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await connection.execute(ROWS)
        await migrations.downgrade(empty_url, "0018_reference_tables")
        acts = await connection.fetch("SELECT act FROM task_history")
        assert [row["act"] for row in acts] == ["taken"]
        await migrations.upgrade(empty_url)
        await connection.execute("INSERT INTO task_history (task_id, act) VALUES ('t', 'transcribed')")
        assert await connection.fetchval("SELECT count(*) FROM reference_rows") == 1
        for revision in ("0017_announcements", "0016_polls", "0013_flow_runs", "0011_flows"):
            await migrations.downgrade(empty_url, revision)
        assert await connection.fetchval("SELECT to_regclass('tasks')") is None
        await migrations.upgrade(empty_url)
        assert await connection.fetchval("SELECT count(*) FROM tasks") == 0
        names = await connection.fetch("SELECT name FROM announcements ORDER BY name")
        assert [row["name"] for row in names] == ["outage", "surge"]
    finally:
        await connection.close()


async def test_the_tables_of_these_rooms_are_those_of_the_migrations(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    tables = {one for room in ROOMS for one in vars(room).values() if isinstance(one, sa.Table)}
    engine = create_async_engine(async_url(empty_url))
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
