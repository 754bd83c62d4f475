"""What the screens read: recorded transcripts as lists of calls and single calls."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.calls import store
from cti.calls.store import CallFilter, CallOutcome
from cti.db.engine import open_engine
from tests.integration.recorder.test_recorder import BLOCKS, Service


@pytest_asyncio.fixture(scope="module")
async def database(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """All transcripts, recorded."""
    service = Service(tmp_path_factory.mktemp("journal"), postgres_url)
    await service.start()
    service.feed(BLOCKS)
    await service.finish()
    return postgres_url


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[AsyncConnection]:
    async with open_engine(database) as engine, engine.connect() as opened:
        yield opened
        await opened.rollback()


async def test_pages_hold_every_call_once_newest_first(connection: AsyncConnection) -> None:
    everything, end = await store.page_calls(connection, CallFilter(), limit=200)
    assert end is None
    found: list[store.CallSummary] = []
    cursor = None
    while True:
        items, cursor = await store.page_calls(connection, CallFilter(), limit=3, cursor=cursor)
        found += items
        if cursor is None:
            break
    assert found == everything
    assert [call.started_at for call in found] == sorted((call.started_at for call in found), reverse=True)
    assert {call.outcome for call in found} >= {
        CallOutcome.ANSWERED,
        CallOutcome.ABANDONED,
        CallOutcome.VOICEMAIL,
    }


async def test_a_call_is_found_by_time_queue_agent_and_number(connection: AsyncConnection) -> None:
    everything, _ = await store.page_calls(connection, CallFilter(), limit=200)
    some = everything[3]
    later = CallFilter(from_at=some.started_at, to_at=some.started_at + timedelta(microseconds=1))
    assert (await store.page_calls(connection, later))[0] == [some]
    by_queue, _ = await store.page_calls(connection, CallFilter(queue="support"), limit=200)
    assert by_queue
    assert len(by_queue) < len(everything)
    by_agent, _ = await store.page_calls(connection, CallFilter(agent_id=2), limit=200)
    assert by_agent
    by_number, _ = await store.page_calls(connection, CallFilter(numbers=["13800138000"]), limit=200)
    assert {call.caller_number for call in by_number} == {"13800138000"}
    assert (await store.page_calls(connection, CallFilter(numbers=["999"])))[0] == []


async def test_durations_of_a_call_that_was_held_twice(connection: AsyncConnection) -> None:
    everything, _ = await store.page_calls(connection, CallFilter(), limit=200)
    details = [await store.get_call(connection, call.id) for call in everything]
    held = [
        detail
        for detail in details
        if detail is not None and sum(span["kind"] == "hold" for span in detail.intervals) == 2
    ]
    call = held[-1].summary
    assert call.talk_seconds == pytest.approx(3.0, abs=0.2)
    assert call.hold_seconds == pytest.approx(4.0, abs=0.2)
    assert call.wait_seconds == pytest.approx(0.5, abs=0.2)
    assert call.answered
    assert len(held[-1].legs) == 2
    assert held[-1].queue_entries[0]["outcome"] == "answered"
    assert held[-1].offers[0]["outcome"] == "answered"
    assert held[-1].ivr_choices[0]["choice"] == "1"


async def test_a_call_that_became_part_of_another_leads_to_it(connection: AsyncConnection) -> None:
    rows = await connection.exec_driver_sql("SELECT id, merged_into FROM calls WHERE merged_into IS NOT NULL")
    merged = rows.all()
    assert merged
    for gone, into in merged:
        summary = await store.get_summary(connection, gone)
        assert summary is not None
        assert summary.id == into
    assert await store.get_summary(connection, "nothing") is None


async def test_a_disposition_is_saved_and_changed(connection: AsyncConnection) -> None:
    call = (await store.page_calls(connection, CallFilter(agent_id=1)))[0][0]
    assert await store.was_handled_by(connection, call.id, 1)
    assert not await store.was_handled_by(connection, call.id, 99)
    for note in ("first", "second"):
        saved = await store.save_disposition(
            connection, call_id=call.id, agent_id=1, code="sold", note=note, callback_at=None
        )
        assert (saved.code, saved.note) == ("sold", note)
        detail = await store.get_call(connection, call.id)
        assert detail is not None
        assert [store.Disposition(**row) for row in detail.dispositions] == [saved]
    summary = await store.get_summary(connection, call.id)
    assert summary is not None
    assert summary.disposition == "sold"


async def test_surveys_come_in_pages(connection: AsyncConnection) -> None:
    first, cursor = await store.page_surveys(connection, limit=2)
    assert len(first) == 2
    assert cursor is not None
    second, _ = await store.page_surveys(connection, limit=2, cursor=cursor)
    assert second[0].started_at <= first[-1].started_at
    assert {one.id for one in first}.isdisjoint(one.id for one in second)


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "AAAA", "MjAyNi0xMS0yMg", "é"])
async def test_a_cursor_that_is_none_is_refused(connection: AsyncConnection, cursor: str) -> None:
    with pytest.raises(store.CursorError):
        await store.page_calls(connection, CallFilter(), cursor=cursor)
