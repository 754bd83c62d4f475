"""The schema goes up and down, and holds what it promises."""

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

import cti.agents.state_tables
import cti.calls.tables
from cti.db import migrations
from cti.db.engine import async_url, plain_dsn
from cti.db.metadata import metadata


async def test_the_schema_goes_down_with_data_in_it_and_up_again(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    assert await migrations.current_revision(empty_url) == migrations.head_revision()
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await _insert_call(connection)
    finally:
        await connection.close()
    await migrations.downgrade(empty_url, "0001_people")
    await migrations.upgrade(empty_url)
    await migrations.downgrade(empty_url, "base")
    assert await migrations.current_revision(empty_url) is None
    await migrations.upgrade(empty_url)


async def test_the_version_before_parking_gets_no_parked_spans_and_keeps_all_others(
    empty_url: str,
) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await _insert_call(connection)
        await connection.execute(
            """INSERT INTO intervals (id, started_at, kind, call_id, call_started_at, leg_id, leg_started_at,
               unknown_end)
               SELECT 'parked', started_at, 'park', call_id, started_at, id, started_at, false FROM legs"""
        )
        await migrations.downgrade(empty_url, "0007_transfer_outcomes")
        assert [row["kind"] for row in await connection.fetch("SELECT kind FROM intervals")] == ["talk"]
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE intervals SET kind = 'park'")
        await migrations.upgrade(empty_url)
        await connection.execute("UPDATE intervals SET kind = 'park'")
    finally:
        await connection.execute("DELETE FROM calls")
        await connection.close()


async def test_the_version_before_outcomes_knows_only_transfers_that_were_handed_on(
    empty_url: str,
) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await _insert_call(connection)
        for kind, outcome in (
            ("blind", "busy"),
            ("blind", None),
            ("attended", "completed"),
            ("attended", "cancelled"),
        ):
            await connection.execute(
                """INSERT INTO transfers (id, at, call_id, call_started_at, kind, outcome)
                   SELECT $1 || coalesce($2, ''), started_at, id, started_at, $1, $2 FROM calls""",
                kind,
                outcome,
            )
        await migrations.downgrade(empty_url, "0006_clock_steps")
        kept = await connection.fetch("SELECT id FROM transfers ORDER BY id")
        assert [row["id"] for row in kept] == ["attendedcompleted", "blind", "blindbusy"]
        await migrations.upgrade(empty_url)
        known = await connection.fetch("SELECT kind, outcome FROM transfers ORDER BY id")
        assert [(row["kind"], row["outcome"]) for row in known] == [
            ("attended", "completed"),
            ("blind", "unknown"),
            ("blind", "unknown"),
        ]
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("UPDATE transfers SET outcome = 'somehow'")
    finally:
        await connection.execute("DELETE FROM calls")
        await connection.close()


async def test_the_version_before_flows_forgets_them_and_keeps_their_calls(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await _insert_call(connection)
        await _insert_flow(connection)
        await migrations.downgrade(empty_url, "0012_calendars")
        assert await connection.fetchval("SELECT count(*) FROM calls") == 1
        assert await connection.fetchval("SELECT cti_ensure_partitions('2033-03-15', 1)") == 10
        await migrations.upgrade(empty_url)
        assert await connection.fetchval("SELECT count(*) FROM flow_runs") == 0
        await _insert_flow(connection)
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await connection.execute("UPDATE flow_answers SET call_id = 'nobody'")
        await connection.execute("DELETE FROM calls")
        for table in ("flow_runs", "flow_steps", "flow_answers"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, "gone with the call"
    finally:
        await connection.execute("DELETE FROM calls")
        await connection.close()


async def test_the_version_before_passed_values_keeps_the_runs_that_passed_something_on(
    empty_url: str,
) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await _insert_call(connection)
        await _insert_flow(connection)
        await connection.execute("UPDATE flow_runs SET passed = '[]'")
        await migrations.downgrade(empty_url, "0023_campaigns")
        await migrations.upgrade(empty_url)
        assert await connection.fetchval("SELECT passed IS NULL FROM flow_runs")
    finally:
        await connection.execute("DELETE FROM calls")
        await connection.close()


async def _insert_flow(connection: asyncpg.Connection) -> None:
    of_call = "call_id, call_started_at) SELECT 'r', started_at, {} id, started_at FROM calls"
    for table, columns, values in (
        ("flow_runs", "id, started_at, leg_id, flow, kind, version", "id, 'main', 'inbound', 'abc',"),
        (
            "flow_steps",
            "run_id, at, ordinal, run_started_at, flow, step, way, mistake",
            "1, started_at, 'main', 'menu', 'start', false,",
        ),
        (
            "flow_answers",
            "run_id, at, ordinal, run_started_at, flow, version, step, question, value, keys",
            "2, started_at, 'main', 'abc', 'menu', 'what', 'sales', '1',",
        ),
    ):
        await connection.execute(f"INSERT INTO {table} ({columns}, {of_call.format(values)}")


async def test_the_tables_of_the_program_are_those_of_the_migrations(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    mine = {
        name: table
        for name, table in metadata.tables.items()
        if table in (*vars(cti.calls.tables).values(), *vars(cti.agents.state_tables).values())
    }
    assert len(mine) == 17
    engine = create_async_engine(async_url(empty_url))
    try:
        async with engine.connect() as connection:
            for name, table in mine.items():
                columns = await connection.run_sync(
                    lambda plain, name=name: {  # type: ignore[misc]
                        column["name"]: (str(column["type"]), column["nullable"])
                        for column in sa.inspect(plain).get_columns(name)
                    }
                )
                assert set(columns) == set(table.columns.keys())
                for column in table.columns:
                    assert columns[column.name][1] == column.nullable, f"{name}.{column.name}"
    finally:
        await engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO legs (id, started_at, call_id, call_started_at, node, boot, uniqueid,
           linkedid, channel, kind, outgoing) VALUES ('l', now(), 'nobody', now(), 'n', 'b', 'u', 'u', 'c',
           'trunk', false)""",
        "UPDATE legs SET call_id = 'nobody'",
        """INSERT INTO intervals (id, started_at, kind, call_id, call_started_at, leg_id, leg_started_at,
           unknown_end) SELECT 'i', now(), 'talk', id, started_at, 'nobody', now(), false FROM calls""",
        "UPDATE calls SET ended_at = started_at - interval '1 second'",
        "UPDATE calls SET direction = 'sideways'",
        """INSERT INTO surveys (id, started_at, call_id, call_started_at, questions, rating)
           SELECT 's', now(), id, started_at, 1, 6 FROM calls LIMIT 1""",
        """INSERT INTO agent_current_states (agent_id, id, status, started_at)
           VALUES (1, 'a', 'ready', now()), (1, 'b', 'paused', now())""",
    ],
)
async def test_the_database_refuses_what_cannot_be(empty_url: str, statement: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        await _insert_call(connection)
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(statement)
    finally:
        await connection.execute("DELETE FROM calls")
        await connection.close()


async def test_what_belongs_to_a_call_goes_with_it(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        for day in (1, 2):
            await _insert_call(connection, f"2026-11-0{day}T00:00:00Z")
        assert await connection.fetchval("SELECT count(*) FROM intervals") == 2
        await connection.execute("DELETE FROM calls WHERE started_at < '2026-11-02'")
        for table in ("legs", "intervals"):
            left = await connection.fetch(f"SELECT call_started_at::date::text AS day FROM {table}")
            assert [row["day"] for row in left] == ["2026-11-02"]
        await connection.execute("DELETE FROM calls")
    finally:
        await connection.close()


async def test_rows_of_any_month_have_a_place(empty_url: str) -> None:
    await migrations.upgrade(empty_url)
    connection = await asyncpg.connect(plain_dsn(empty_url))
    try:
        assert await connection.fetchval("SELECT cti_ensure_partitions('2031-03-15', 2)") == 26
        assert await connection.fetchval("SELECT cti_ensure_partitions('2031-03-15', 2)") == 0
        for at in ("1999-12-31T23:59:59Z", "2031-03-31T23:59:59Z", "2031-04-30T23:59:59Z"):
            await _insert_call(connection, at)
        rows = await connection.fetch(
            "SELECT tableoid::regclass::text AS place FROM calls ORDER BY started_at"
        )
        assert [row["place"] for row in rows] == ["calls_default", "calls_2031_03", "calls_2031_04"]
        # A month whose rows are in the default partition stays there.
        assert await connection.fetchval("SELECT cti_ensure_partitions('1999-12-01', 1)") == 10
    finally:
        await connection.close()


async def _insert_call(connection: asyncpg.Connection, at: str = "2026-11-22T00:00:00Z") -> None:
    """A call with a leg and a talk, all of the same id and instant."""
    same = f"'{at}', '{at}'::timestamptz"
    statements = {
        "calls (id, started_at, node, boot, direction, number_state, unknown_end, voicemail, gap)": (
            f"{same}, 'n', 'b', 'inbound', 'known', false, false, false"
        ),
        "legs (id, started_at, call_id, call_started_at, node, boot, uniqueid, linkedid, channel, outgoing,"
        " kind)": (f"{same}, {same}, 'n', 'b', 'u', 'u', 'c', false, 'trunk'"),
        "intervals (id, started_at, call_id, call_started_at, leg_id, leg_started_at, kind, unknown_end)": (
            f"{same}, {same}, {same}, 'talk', false"
        ),
    }
    for place, values in statements.items():
        await connection.execute(f"INSERT INTO {place} VALUES ({values}) ON CONFLICT DO NOTHING")
