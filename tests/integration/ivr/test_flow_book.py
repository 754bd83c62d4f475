"""Versions of flows: kept, activated, gone back to, at hand without the database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db import migrations
from cti.db.engine import open_engine
from cti.flows.document import flow_of
from cti.flows.version import version_of
from cti.http.problems import Problem
from cti.ivr.library import flow_store
from cti.ivr.library.flow_book import FlowBook, new_version

GREETING = """
flow: greeting
kind: inbound
title: {{en: Greeting, zh-CN: 问候}}
start: hello
steps:
  hello:
    subdialog: {{flow: identify, goto: bye}}
  bye:
    exit: {{outcome: {outcome}}}
"""
IDENTIFY = """
flow: identify
kind: subdialog
title: {{en: Identify, zh-CN: 识别}}
start: out
steps:
  out: {{exit: {{result: '"{result}"'}}}}
"""


def greeting(outcome: str = "completed") -> str:
    return GREETING.format(outcome=outcome)


def identify(result: str = "x") -> str:
    return IDENTIFY.format(result=result)


SHIPPED = {"greeting": greeting(), "identify": identify()}


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as opened:
        async with opened.begin() as connection:
            await connection.execute(sa.text("TRUNCATE flows, flow_versions, flow_activations CASCADE"))
        yield opened


async def store(engine: AsyncEngine, text: str, *, active: bool = True) -> str:
    new = new_version(text, flow_of(text))
    async with engine.begin() as connection:
        await flow_store.add_version(connection, new, by=None)
        if active:
            await flow_store.activate(connection, new.flow, new.version, seen=None, by=None)
    return new.version


async def opened_book(engine: AsyncEngine, shipped: dict[str, str] | None = None) -> FlowBook:
    book = FlowBook(engine, SHIPPED if shipped is None else shipped, flow_of)
    assert await book.refresh()
    return book


def outcome_of(book: FlowBook, name: str = "greeting") -> str:
    edition = book.active(name)
    assert edition is not None
    step = edition.flow.steps["bye"].exit
    assert step is not None
    return step.outcome


async def test_what_came_with_the_service_is_active_from_the_first_start(engine: AsyncEngine) -> None:
    book = await opened_book(engine)
    edition = book.active("greeting")
    assert edition is not None
    assert (edition.version, dict(edition.parts)) == (
        version_of(greeting()),
        {"identify": version_of(identify())},
    )
    assert {name: flow.flow for name, flow in edition.flows.items()} == {name: name for name in SHIPPED}
    assert book.active("none") is None
    async with engine.connect() as connection:
        flow = await flow_store.read_flow(connection, "greeting")
    assert (flow.active_version, flow.shipped_version, flow.how, flow.versions) == (
        edition.version, edition.version, "shipped", 1,
    )  # fmt: skip
    assert flow.title == {"en": "Greeting", "zh-CN": "问候"}


async def test_services_that_start_at_once_register_the_files_once(engine: AsyncEngine) -> None:
    books = [FlowBook(engine, SHIPPED, flow_of) for _ in range(4)]
    assert await asyncio.gather(*(book.refresh() for book in books)) == [True] * 4
    assert {outcome_of(book) for book in books} == {"completed"}
    async with engine.connect() as connection:
        history, _ = await flow_store.page_activations(connection, "greeting", limit=10)
    assert len(history) == 1


async def test_a_newer_file_of_the_service_is_followed_until_somebody_chose_another_version(
    engine: AsyncEngine,
) -> None:
    await opened_book(engine)
    newer = await opened_book(engine, {**SHIPPED, "greeting": greeting("newer")})
    assert outcome_of(newer) == "newer"
    own = await store(engine, greeting("own"))
    newest = await opened_book(engine, {**SHIPPED, "greeting": greeting("newest")})
    assert outcome_of(newest) == "own"
    async with engine.connect() as connection:
        flow = await flow_store.read_flow(connection, "greeting")
        versions = await flow_store.list_versions(connection, "greeting")
        history, _ = await flow_store.page_activations(connection, "greeting", limit=10)
    assert flow.active_version == own
    assert flow.shipped_version == version_of(greeting("newest"))
    assert {(version.version, version.shipped) for version in versions} == {
        (version_of(greeting()), True),
        (version_of(greeting("newer")), True),
        (own, False),
        (version_of(greeting("newest")), True),
    }
    assert [(one.how, one.version) for one in history] == [
        ("activated", own),
        ("shipped", version_of(greeting("newer"))),
        ("shipped", version_of(greeting())),
    ]


async def test_who_went_back_to_an_older_file_of_the_service_keeps_it_over_the_next_start(
    engine: AsyncEngine,
) -> None:
    await opened_book(engine)
    changed = {**SHIPPED, "greeting": greeting("newer")}
    await opened_book(engine, changed)
    async with engine.begin() as connection:
        await flow_store.go_back(connection, "greeting", seen=version_of(greeting("newer")), by=None)
    assert outcome_of(await opened_book(engine, changed)) == "completed"
    assert outcome_of(await opened_book(engine, {**SHIPPED, "greeting": greeting("third")})) == "completed"


async def test_going_back_leads_to_what_was_active_before_and_once_more_leads_forth(
    engine: AsyncEngine,
) -> None:
    await opened_book(engine)
    first = version_of(greeting())
    async with engine.begin() as connection:
        with pytest.raises(Problem) as none:
            await flow_store.go_back(connection, "greeting", seen=first, by=None)
    assert none.value.problem_code == "flow.nothing_before"
    own = await store(engine, greeting("own"))
    book = await opened_book(engine)
    for seen, then in ((own, "completed"), (first, "own")):
        async with engine.begin() as connection:
            await flow_store.go_back(connection, "greeting", seen=seen, by=None)
        await book.refresh()
        assert outcome_of(book) == then
    async with engine.begin() as connection:
        with pytest.raises(Problem) as late:
            await flow_store.go_back(connection, "greeting", seen=first, by=None)
    assert late.value.problem_code == "flow.changed_meanwhile"


async def test_two_who_activate_at_once_do_not_overwrite_each_other(engine: AsyncEngine) -> None:
    await opened_book(engine)
    first = version_of(greeting())
    versions = [await store(engine, greeting(word), active=False) for word in ("one", "two")]

    async def activate(version: str) -> str:
        try:
            async with engine.begin() as connection:
                await flow_store.activate(connection, "greeting", version, seen=first, by=None)
        except Problem as problem:
            return problem.problem_code
        return "done"

    assert sorted(await asyncio.gather(*map(activate, versions))) == ["done", "flow.changed_meanwhile"]


async def test_a_call_keeps_its_version_and_those_of_its_sub_flows_also_after_a_restart(
    engine: AsyncEngine,
) -> None:
    book = await opened_book(engine)
    begun = book.active("greeting")
    assert begun is not None
    await store(engine, greeting("own"))
    await store(engine, identify("y"))
    for serving in (book, await opened_book(engine)):
        await serving.refresh()
        assert outcome_of(serving) == "own"
        again = serving.version("greeting", begun.version, begun.parts)
        assert again == begun
        fresh = serving.version("greeting", begun.version)
        assert fresh is not None
        assert fresh.parts["identify"] == version_of(identify("y"))


async def test_a_version_that_is_not_at_hand_is_read_from_the_database(engine: AsyncEngine) -> None:
    await opened_book(engine)
    old = await store(engine, greeting("old"))
    await store(engine, greeting("own"))
    async with engine.begin() as connection:
        await connection.execute(
            sa.text("UPDATE flow_activations SET activated_at = activated_at - interval '2 days'")
        )
    book = await opened_book(engine, {})
    assert book.version("greeting", old) is None
    found = await book.find("greeting", old)
    assert found is not None
    assert found.flow == flow_of(greeting("old"))
    assert await book.find("greeting", "0" * 12) is None


async def test_the_last_known_versions_serve_while_the_database_is_away(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    book = await opened_book(engine)
    await store(engine, greeting("own"))
    await book.refresh()
    async with engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE flow_versions RENAME TO away"))
    try:
        assert not await book.refresh()
        assert outcome_of(book) == "own"
        assert await book.find("greeting", "0" * 12) is None
    finally:
        async with engine.begin() as connection:
            await connection.execute(sa.text("ALTER TABLE away RENAME TO flow_versions"))
    assert await book.refresh()


async def test_without_any_database_the_files_of_the_service_serve(tmp_path: Path) -> None:
    async with open_engine(f"postgresql://postgres@/none?host={tmp_path}") as nowhere:
        book = FlowBook(nowhere, {**SHIPPED, "broken": "flow: ["}, flow_of)
        assert not await book.refresh()
        assert outcome_of(book) == "completed"
        assert book.active("broken") is None


async def test_an_active_text_that_this_service_cannot_read_leaves_the_one_that_it_can(
    engine: AsyncEngine,
) -> None:
    await opened_book(engine)
    text = greeting("later") + "  more: {dance: {}}\n"
    new = msgspec.structs.replace(new_version(greeting("later"), flow_of(greeting("later"))), text=text)
    async with engine.begin() as connection:
        await flow_store.add_version(connection, new, by=None)
        await flow_store.activate(connection, "greeting", new.version, seen=None, by=None)
    book = await opened_book(engine)
    assert outcome_of(book) == "completed"
    assert list(book.broken) == [("greeting", new.version)]


@pytest.mark.parametrize("change", ["text = 'other'", "note = 'other'", "title = '{}'"])
async def test_a_version_never_changes(engine: AsyncEngine, change: str) -> None:
    await opened_book(engine)
    with pytest.raises(IntegrityError):
        async with engine.begin() as connection:
            await connection.execute(sa.text(f"UPDATE flow_versions SET {change}"))


async def test_the_same_text_is_one_version_and_a_flow_stays_of_its_kind(engine: AsyncEngine) -> None:
    await opened_book(engine)
    windows = new_version(greeting().replace("\n", "\r\n") + "\r\n", flow_of(greeting()))
    other = greeting().replace("kind: inbound", "kind: survey")
    async with engine.begin() as connection:
        assert not await flow_store.add_version(connection, windows, by=None)
        with pytest.raises(Problem) as refused:
            await flow_store.add_version(connection, new_version(other, flow_of(other)), by=None)
    assert refused.value.problem_code == "flow.kind_changed"


async def test_the_schema_of_flows_goes_down_with_data_in_it_and_up_again(
    engine: AsyncEngine, postgres_url: str
) -> None:
    await opened_book(engine)
    await store(engine, greeting("own"))
    await migrations.downgrade(postgres_url, "0010_asterisk_stopped")
    await migrations.upgrade(postgres_url)
    assert outcome_of(await opened_book(engine)) == "completed"
