"""One definition of who may be called, on PostgreSQL: by level, expiry, removal, import, and keys of now."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.board.facts import CallsRefused
from cti.db.engine import open_engine
from cti.do_not_call import import_store, store
from cti.do_not_call.imports import Choice, FileState, NumberImport, NumberImports
from cti.do_not_call.list import DoNotCallList
from cti.do_not_call.model import Level, Source
from cti.http.principal import Principal, Role
from cti.outbox.model import Refusal
from cti.outbox.tables import call_refusals

NUMBER = "+8613800138000"
BY = Principal(key="token:1", role=Role.INTEGRATION, name="CRM")


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as engine:
        async with engine.begin() as connection:
            await connection.execute(
                sa.text("TRUNCATE call_refusals, do_not_call_entries, do_not_call_imports CASCADE")
            )
        yield engine


@pytest_asyncio.fixture
async def listed(engine: AsyncEngine) -> DoNotCallList:
    return DoNotCallList(engine, "CN")


async def add(engine: AsyncEngine, number: str = NUMBER, **values: object) -> int:
    async with engine.begin() as connection:
        given = {"number": number, "level": Level.GLOBAL, **values}
        return (await store.add(connection, given, source=Source.API, by=BY))[0]


def refusal(scope: str = "all", campaign: str | None = None, name: str = "run.r1") -> Refusal:
    return Refusal(
        id=name, refused_at=time.time(), node="pbx1", number=NUMBER, scope=scope, campaign=campaign,
        call_id="pbx1-1.1",
    )  # fmt: skip


async def record(engine: AsyncEngine, told: Refusal) -> None:
    """What the recorder does."""
    values = {
        "id": told.id, "refused_at": datetime.fromtimestamp(told.refused_at, UTC), "node": told.node,
        "number": told.number, "scope": told.scope, "campaign": told.campaign, "call_id": told.call_id,
    }  # fmt: skip
    async with engine.begin() as connection:
        await connection.execute(call_refusals.insert().values(values))


async def test_a_number_is_found_however_it_is_dialled(engine: AsyncEngine, listed: DoNotCallList) -> None:
    await add(engine)
    for dialled in ("13800138000", "008613800138000", "+86 138-0013-8000"):
        (reason,) = await listed.reasons(dialled)
        assert (reason.level, reason.source) == (Level.GLOBAL, Source.API)
    for other in ("13800138001", "1001", "*97"):
        assert await listed.reasons(other) == []


async def test_each_level_keeps_it_from_those_whom_it_names(
    engine: AsyncEngine, listed: DoNotCallList
) -> None:
    await add(engine, level=Level.CLIENT, name="Daily")
    await add(engine, level=Level.CAMPAIGN, name="renewals")
    assert await listed.reasons(NUMBER) == []
    assert [one.name for one in await listed.reasons(NUMBER, client="Daily", campaign="poll")] == ["Daily"]
    assert [one.name for one in await listed.reasons(NUMBER, client="Other", campaign="renewals")] == [
        "renewals"
    ]
    await add(engine)
    assert len(await listed.reasons(NUMBER, client="Daily", campaign="renewals")) == 3


async def test_what_has_expired_or_was_removed_does_not_count(
    engine: AsyncEngine, listed: DoNotCallList
) -> None:
    soon = await add(engine, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert await add(engine, expires_at=datetime.now(UTC) + timedelta(minutes=1)) == soon
    longer = await add(engine)
    assert longer != soon
    async with engine.begin() as connection:
        await store.remove(connection, longer, by=BY)
        await connection.execute(
            sa.text("UPDATE do_not_call_entries SET expires_at = now() - interval '1 s' WHERE id = :id"),
            {"id": soon},
        )
    assert await listed.reasons(NUMBER) == []
    async with engine.begin() as connection:
        await store.restore(connection, longer)
    assert [one.entry_id for one in await listed.reasons(NUMBER)] == [longer]


async def test_a_key_counts_before_the_recorder_has_written_it_and_once_until_somebody_removes_it(
    engine: AsyncEngine, listed: DoNotCallList
) -> None:
    told = refusal()
    listed.observe([CallsRefused(at=told.refused_at, refusal=told)])
    (reason,) = await listed.reasons("13800138000")
    assert (reason.entry_id, reason.source, reason.added_at) == (None, Source.KEY, told.refused_at)
    await record(engine, told)
    (reason,) = await listed.reasons("13800138000")
    assert reason.entry_id is not None
    async with engine.begin() as connection:
        await store.remove(connection, reason.entry_id, by=BY)
    assert await listed.reasons("13800138000") == []
    # The same rows made again from the journal list it no second time.
    async with engine.begin() as connection:
        await connection.execute(call_refusals.delete())
    await record(engine, told)
    assert await listed.reasons("13800138000") == []


async def test_a_key_for_one_campaign_counts_for_that_one(engine: AsyncEngine, listed: DoNotCallList) -> None:
    told = refusal("campaign", "renewals")
    listed.observe([CallsRefused(at=told.refused_at, refusal=told)])
    for _ in range(2):
        assert await listed.reasons(NUMBER, campaign="poll") == []
        (reason,) = await listed.reasons(NUMBER, campaign="renewals")
        assert (reason.level, reason.name, reason.source) == (Level.CAMPAIGN, "renewals", Source.KEY)
        if reason.entry_id is None:
            await record(engine, told)


async def test_who_asked_for_a_call_is_kept_from_it_only_by_what_came_later(
    engine: AsyncEngine, listed: DoNotCallList
) -> None:
    await add(engine)
    asked_at = time.time()
    assert await listed.reasons(NUMBER, since=asked_at) == []
    assert len(await listed.reasons(NUMBER, since=asked_at - 60)) == 1
    told = refusal()
    listed.observe([CallsRefused(at=told.refused_at, refusal=told)])
    assert len(await listed.reasons(NUMBER, since=asked_at)) == 1


async def until(file: NumberImport, state: FileState) -> None:
    async with asyncio.timeout(60):
        while file.state is not state:
            assert file.state is not FileState.FAILED, file.failure
            await asyncio.sleep(0.01)


async def test_an_import_counts_whole_and_its_undoing_leaves_what_others_said(
    engine: AsyncEngine, listed: DoNotCallList
) -> None:
    await add(engine)
    imports = NumberImports(engine, "CN")
    lines = ["number", *(f"1380013{number:04d}" for number in range(7000, 9000)), "x", "13800138000"]
    file = await imports.open("list.csv", "\n".join(lines).encode("gb18030"))
    await until(file, FileState.CHECKED)
    assert file.reading is not None
    assert (len(file.reading.numbers), file.known, file.reading.repeated) == (2000, 1, 1)
    assert [one.line for one in file.reading.problems] == [2002]
    imports.check(file, Choice(column=0, level=Level.CAMPAIGN, name="poll", reason="register"))
    await until(file, FileState.CHECKED)
    assert file.known == 0
    imports.check(file, Choice(column=0))
    await until(file, FileState.CHECKED)
    imports.apply(file, by=BY)
    assert file.is_busy
    await until(file, FileState.IMPORTED)
    assert len(await listed.reasons("13800137001")) == 1
    assert [one.source for one in await listed.reasons(NUMBER)] == [Source.API, Source.IMPORT]
    async with engine.begin() as connection:
        await import_store.undo(connection, file.id, by=BY)
    assert await listed.reasons("13800137001") == []
    assert [one.source for one in await listed.reasons(NUMBER)] == [Source.API]
    async with engine.begin() as connection:
        await import_store.redo(connection, file.id)
        assert await store.count_known(connection, ["+8613800137001", NUMBER], Level.GLOBAL, None) == 2
    await imports.close()


async def test_an_import_that_is_cut_off_leaves_nothing(engine: AsyncEngine) -> None:
    imports = NumberImports(engine, "CN")
    lines = "\n".join(f"1380{number:07d}" for number in range(12_000))
    file = await imports.open("list.csv", lines.encode())
    await until(file, FileState.CHECKED)
    imports.apply(file, by=BY)
    async with asyncio.timeout(30):
        while file.written == 0:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await imports.close()
    async with engine.connect() as connection:
        for table in ("do_not_call_entries", "do_not_call_imports"):
            assert await connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0
