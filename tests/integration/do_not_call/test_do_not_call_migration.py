"""The list goes down and up again with rows in it; refusals from before it come onto it."""

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from cti.db import migrations
from cti.db.engine import async_url, plain_dsn
from cti.do_not_call import tables

BEFORE = "0021_queue_callbacks"
REFUSAL = (
    "INSERT INTO call_refusals (id, refused_at, node, number, scope, campaign, call_id) VALUES "
    "('a', '2026-11-01T08:00:00Z', 'n', '+8613800138000', 'all', NULL, 'c1'),"
    "('b', '2026-11-02T08:00:00Z', 'n', '+8613800138000', 'campaign', 'poll', 'c2')"
)
LISTED = (
    "SELECT number, level, name, source, call_id, refusal_id, added_at FROM do_not_call_entries ORDER BY id"
)


async def test_refusals_from_before_the_list_are_on_it_and_it_goes_down_with_rows(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await connection.execute("TRUNCATE call_refusals, do_not_call_entries, do_not_call_imports CASCADE")
        await connection.execute(REFUSAL)
        fresh = await connection.fetch(LISTED)
        assert [tuple(row)[:6] for row in fresh] == [
            ("+8613800138000", "global", None, "key", "c1", "a"),
            ("+8613800138000", "campaign", "poll", "key", "c2", "b"),
        ]
        assert fresh[0]["added_at"].isoformat() == "2026-11-01T08:00:00+00:00"
        await connection.execute(
            "INSERT INTO do_not_call_imports"
            " (id, imported_by_name, file_name, level, added, known, repeated, bad)"
            " VALUES ('i', 'Ada', 'x.csv', 'global', 1, 0, 0, 0)"
        )
        await connection.execute(
            "INSERT INTO do_not_call_entries (number, level, source, import_id)"
            " VALUES ('+86', 'global', 'import', 'i')"
        )
        await migrations.downgrade(empty_url, BEFORE)
        assert await connection.fetchval("SELECT count(*) FROM call_refusals") == 2
        await migrations.upgrade(empty_url)
        assert await connection.fetch(LISTED) == fresh
    finally:
        await connection.close()


async def test_its_tables_are_those_of_the_migration(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    engine = create_async_engine(async_url(empty_url))
    try:
        async with engine.connect() as connection:
            for table in (tables.do_not_call_entries, tables.do_not_call_imports):
                columns = await connection.run_sync(
                    lambda plain, name=table.name: {  # type: ignore[misc]
                        column["name"]: column["nullable"] for column in sa.inspect(plain).get_columns(name)
                    }
                )
                assert columns == {column.name: column.nullable for column in table.columns}, table.name
    finally:
        await engine.dispose()
