"""Files of contacts into PostgreSQL: flat in memory, all or nothing, and never a number twice."""

import asyncio
import sys
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.campaigns.imports import imports_store
from cti.campaigns.imports.contact_import import ContactImport, Imported, connected, tell_on, undo
from cti.campaigns.imports.import_worker import Deed, Job, JobEnd
from cti.campaigns.model import FileOptions, ImportSource, ImportState
from cti.db.engine import open_engine, plain_dsn

OPTIONS = FileOptions(mapping={"phone": "phone", "name": "name", "product": "details.product"})


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def dsn(engine: AsyncEngine, postgres_url: str) -> str:
    connection = await asyncpg.connect(plain_dsn(postgres_url))
    await connection.execute("DELETE FROM campaigns; DELETE FROM customers")
    await connection.execute(
        'INSERT INTO campaigns (name, title, kind, queue, caller_ids, "window", ring_seconds, retries, caps,'
        " priority) VALUES ('poll', '{}', 'preview', 'sales', '{}', '{}', 25, '{}', '{}', 50)"
    )
    await connection.close()
    return plain_dsn(postgres_url)


def write(path: Path, rows: int, *, bad_of: int = 0) -> Path:
    """A file of so many different numbers; every ``bad_of``-th row is no number."""
    with path.open("w") as file:
        file.write("phone,name,product\n")
        for number in range(rows):
            phone = "nobody" if bad_of and number % bad_of == 0 else f"139{number:08d}"
            file.write(f"{phone},Somebody called {number},Daily\n")
    return path


async def begin(engine: AsyncEngine, path: Path) -> tuple[int, int]:
    """A row for an import of the file; its id and the campaign's."""
    async with engine.begin() as connection:
        campaign_id = (await connection.exec_driver_sql("SELECT id FROM campaigns")).scalar_one()
        row = await imports_store.create_import(
            connection, campaign_id, ImportSource.FILE, user_id=None, state=ImportState.RUNNING,
            file_name=path.name, bytes_in_all=path.stat().st_size,  # noqa: ASYNC240
            options={"file": msgspec.to_builtins(OPTIONS)},
        )  # fmt: skip
    return row.id, campaign_id


async def run(engine: AsyncEngine, dsn: str, path: Path) -> tuple[int, Imported]:
    import_id, campaign_id = await begin(engine, path)
    async with connected(dsn) as connection, connected(dsn) as beside:
        work = ContactImport(connection, tell_on(beside, import_id), import_id, campaign_id)
        return import_id, await work.run(path, OPTIONS)


async def value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def until(dsn: str, query: str) -> None:
    """Until the database answers a query with what is true: what another process does shows there alone."""
    while not await value(dsn, query):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def test_memory_does_not_grow_with_the_file(engine: AsyncEngine, dsn: str, tmp_path: Path) -> None:
    path = write(tmp_path / "many.csv", 40_000, bad_of=10)
    await run(engine, dsn, write(tmp_path / "few.csv", 10))
    tracemalloc.start()
    try:
        _, done = await run(engine, dsn, path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Those of the first file are in the campaign already, but the one that is no number.
    assert done == Imported(rows_read=40_000, added=40_000 - 4_000 - 9, refused=4_000 + 9)
    assert peak < 6_000_000, "two pieces of rows on their way, and what Python itself takes"


async def test_rows_are_checked_and_customers_found_by_their_key(
    engine: AsyncEngine, dsn: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(dsn)
    customer_id = await connection.fetchval(
        "INSERT INTO customers (name, external_ref) VALUES ('Wang', 'C-1') RETURNING id"
    )
    path = tmp_path / "one.csv"
    path.write_text('phone,key,note\n13800138000,C-1,"tab\there \\N"\n13800138001,C-2,x\n')
    import_id, campaign_id = await begin(engine, path)
    options = FileOptions(mapping={"phone": "phone", "key": "customer", "note": "details.note"})
    async with connected(dsn) as one, connected(dsn) as beside:
        work = ContactImport(one, tell_on(beside, import_id), import_id, campaign_id)
        await work.run(path, options)
    rows = await connection.fetch("SELECT phone, customer_id, details->>'note' FROM contacts ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("+8613800138000", customer_id, "tab here \\N"),
        ("+8613800138001", None, "x"),
    ]
    async with connected(dsn) as one:
        await undo(one, import_id)
    assert await connection.fetchval("SELECT count(*) FROM contacts") == 0
    await connection.close()


async def test_who_is_not_to_be_called_is_refused_and_taken_when_that_is_undone(
    engine: AsyncEngine, dsn: str, tmp_path: Path
) -> None:
    await execute(dsn, "UPDATE campaigns SET client = 'acme'")
    await execute(
        dsn,
        "INSERT INTO do_not_call_entries"
        " (number, level, name, source, expires_at, removed_at, removed_by_name)"
        " VALUES ('+8613900000000', 'global', NULL, 'person', NULL, NULL, NULL),"
        " ('+8613900000000', 'campaign', 'poll', 'key', NULL, NULL, NULL),"
        " ('+8613900000001', 'client', 'acme', 'agent', NULL, NULL, NULL),"
        " ('+8613900000002', 'campaign', 'poll', 'key', NULL, NULL, NULL),"
        " ('+8613900000003', 'client', 'another', 'agent', NULL, NULL, NULL),"
        " ('+8613900000004', 'campaign', 'another', 'key', NULL, NULL, NULL),"
        " ('+8613900000005', 'global', NULL, 'person', now() - interval '1 day', NULL, NULL),"
        " ('+8613900000006', 'global', NULL, 'person', NULL, now(), 'Ada')",
    )
    path = write(tmp_path / "listed.csv", 8)
    import_id, done = await run(engine, dsn, path)
    assert (done.added, done.refused) == (5, 3)
    async with engine.connect() as connection:
        refused = await imports_store.list_refusals(connection, import_id, limit=10)
    assert [(one.line, one.column, one.code, one.params) for one in refused] == [
        (2 + number, "phone", "row.do_not_call", {"value": f"+8613900000{number:03d}"}) for number in range(3)
    ]
    await execute(dsn, "UPDATE do_not_call_entries SET removed_at = now(), removed_by_name = 'Ada'")
    _, again = await run(engine, dsn, path)
    assert (again.added, again.refused) == (3, 5)
    await execute(dsn, "DELETE FROM do_not_call_entries")


async def test_two_imports_at_once_never_bring_a_number_twice(
    engine: AsyncEngine, dsn: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "same.csv", 3_000)
    (_, one), (_, other) = await asyncio.gather(run(engine, dsn, path), run(engine, dsn, path))
    assert sorted((one.added, other.added)) == [0, 3_000]
    assert sorted((one.refused, other.refused)) == [0, 3_000]


@pytest.mark.parametrize("wanted", [Deed.IMPORT, Deed.UNDO])
async def test_a_process_that_is_killed_leaves_all_as_it_was(
    engine: AsyncEngine, dsn: str, tmp_path: Path, wanted: Deed
) -> None:
    path = write(tmp_path / "large.csv", 150_000 if wanted is Deed.IMPORT else 2_000)
    if wanted is Deed.UNDO:
        import_id, _ = await run(engine, dsn, path)
        await execute(dsn, "UPDATE contact_imports SET state = 'undoing'")
    else:
        import_id, _ = await begin(engine, path)
    campaign_id = await value(dsn, "SELECT id FROM campaigns")
    assert isinstance(campaign_id, int)
    job = Job(
        deed=wanted, dsn=dsn, import_id=import_id, campaign_id=campaign_id, path=str(path), options=OPTIONS
    )
    blocker = await asyncpg.connect(dsn)
    async with blocker.transaction():
        # An undoing waits here before it commits; an import is killed on its way.
        await blocker.execute("LOCK TABLE contact_refusals IN ACCESS EXCLUSIVE MODE")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cti.campaigns.imports.import_worker", stdin=asyncio.subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(job))
        process.stdin.close()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cti import'"
        if wanted is Deed.IMPORT:
            query = f"SELECT rows_read FROM contact_imports WHERE id = {import_id}"
        else:
            query = f"{waiting} AND wait_event_type = 'Lock'"
        await until(dsn, query)
        process.kill()
        await process.wait()
    await blocker.close()
    await until(dsn, f"SELECT ({waiting}) = 0")
    assert await value(dsn, "SELECT count(*) FROM contacts") == (0 if wanted is Deed.IMPORT else 2_000)
    await execute(dsn, "UPDATE contact_imports SET started_at = now() - interval '1 minute'")
    async with engine.begin() as connection:
        row = await imports_store.read_import(connection, campaign_id, import_id)
        row = await imports_store.settle_lost(connection, row)
    assert row.state is (ImportState.FAILED if wanted is Deed.IMPORT else ImportState.DONE)
    assert row.fault == {"code": "import.interrupted", "params": {}}


async def test_a_line_without_end_is_refused_by_the_process(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_bytes(b"phone\n" + b"1" * 50_000_000)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cti.campaigns.imports.import_worker",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate(msgspec.json.encode(Job(deed=Deed.PREVIEW, path=str(path))))
    assert process.returncode == 0
    end = msgspec.json.decode(out, type=JobEnd)
    assert end.fault == {"code": "file.long_line", "params": {"line": "2"}}
