"""Callbacks that agents agree with people: made, merged, seen, due, called, put off, ended and undone."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.http.shapes import instant
from cti.loops import Loops
from tests.stage.live_reader import LiveReader

NUMBER = "13800138030"
E164 = f"+86{NUMBER}"
PATH = "/api/v1/callbacks"


def later(seconds: float = 3600.0) -> str:
    return instant(time.time() + seconds)


@pytest_asyncio.fixture
async def ann(site: Site) -> AsyncIterator[Visitor]:
    """Ann; nobody was promised anything."""
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("TRUNCATE callbacks"))
    await site.desk.directory.refresh()
    async with Loops().running("due", site.desk.callbacks.run()):
        yield await site.signed_in("ann")


async def agree(visitor: Visitor, **fields: Any) -> dict[str, Any]:
    status, made = await visitor.ask("POST", PATH, {"number": NUMBER, "at": later(), **fields})
    assert status == 201, made
    return dict(made)


async def ids(visitor: Visitor, query: str = "") -> list[int]:
    status, page = await visitor.ask("GET", PATH + query)
    assert status == 200, page
    return [one["id"] for one in page["items"]]


async def act(visitor: Visitor, made: dict[str, Any], what: str, body: Any = None) -> tuple[int, Any]:
    return await visitor.ask("POST", f"{PATH}/{made['id']}/{what}", body or {})


async def test_an_agent_agrees_a_callback_and_sees_it_with_the_time_there(site: Site, ann: Visitor) -> None:
    at = later()
    made = await agree(ann, number="138-0013-8030", at=at, note="renewal")
    assert made["number"] == E164
    assert made["number_display"] == "138 0013 8030"
    assert made["due_at"] == at
    assert made["time_zones"] == ["Asia/Shanghai"]
    assert made["agent"]["name"] == "Ann"
    assert (made["queue"], made["note"], made["promises"], made["state"]) == (None, "renewal", 1, "open")
    bob, sue = await site.signed_in("bob"), await site.signed_in("sue")
    assert await ids(ann) == [made["id"]]
    assert await ids(bob) == []
    assert await ids(sue) == [made["id"]]
    for what in ("cancel", "dial"):
        assert (await act(bob, made, what))[1]["code"] == "callback.not_found"
    assert (await bob.ask("POST", f"{PATH}/{made['id']}/postpone", {"at": at}))[0] == 404


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"number": "1002"}, "field.number"),
        ({"at": "2020-01-01T10:00:00Z"}, "field.in_the_past"),
        ({"at": "2030-01-01T10:00:00"}, "field.instant"),
    ],
)
async def test_what_is_no_agreement_is_none(ann: Visitor, fields: dict[str, str], code: str) -> None:
    _, problem = await ann.ask("POST", PATH, {"number": NUMBER, "at": later(), **fields})
    assert [one["code"] for one in problem["errors"]] == [code]


async def test_what_is_offered_to_a_queue_is_every_agents_of_it_until_one_has_called(
    site: Site, ann: Visitor
) -> None:
    bob = await site.signed_in("bob")
    made = await agree(ann, queue="sales")
    assert (made["agent"], made["queue"], made["promised_by"]["name"]) == (None, "sales", "Ann")
    assert await ids(ann) == await ids(bob) == [made["id"]]
    _, problem = await ann.ask("POST", PATH, {"number": NUMBER, "at": later(), "queue": "nowhere"})
    assert problem["code"] == "queue.not_found"
    assert (await act(bob, made, "dial"))[1]["code"] == "agent.not_signed_in"
    assert await ids(ann) == [made["id"]]


async def test_several_promises_to_one_number_are_one_call(site: Site, ann: Visitor) -> None:
    first = await agree(ann, note="renewal")
    second = await agree(ann, number=E164, at=later(7200), queue="sales", note="complaint")
    third = await agree(ann, note="both", at=later(1800))
    assert (second["promises"], second["earlier"]) == (2, ["renewal"])
    assert (third["promises"], third["earlier"]) == (3, ["complaint", "renewal"])
    assert await ids(ann) == [third["id"]]
    assert (await act(ann, first, "done"))[1]["code"] == "callback.not_found"
    assert (await act(ann, third, "done"))[0] == 204
    assert await ids(ann) == []
    assert await ids(ann, "?ended=true") == [third["id"]]
    open_ones = "SELECT count(*) FROM callbacks WHERE done_at IS NULL"
    async with site.engine.connect() as connection:
        assert await connection.scalar(sa.text(open_ones)) == 0
    status, again = await act(ann, third, "reopen")
    assert (status, again["promises"], again["state"]) == (200, 3, "open")
    assert (await act(ann, third, "reopen"))[1]["code"] == "callback.not_found"
    assert await ids(ann) == [third["id"]]


async def test_a_callback_is_put_off_cancelled_and_that_is_undone(ann: Visitor) -> None:
    made = await agree(ann, queue="sales", note="renewal")
    at = later(9000)
    status, moved = await act(ann, made, "postpone", {"at": at})
    assert (status, moved["due_at"], moved["note"], moved["agent"]) == (200, at, "renewal", None)
    _, moved = await act(ann, made, "postpone", {"at": at, "note": "at his office"})
    assert moved["note"] == "at his office"
    assert (await act(ann, made, "cancel"))[0] == 204
    assert (await act(ann, made, "cancel"))[1]["code"] == "callback.not_found"
    _, ended = await ann.ask("GET", f"{PATH}?ended=true")
    assert [one["state"] for one in ended["items"]] == ["cancelled"]
    assert (await act(ann, made, "reopen"))[1]["state"] == "open"


async def test_the_list_comes_in_pages_the_first_due_first(ann: Visitor) -> None:
    made = [await agree(ann, number=f"1380013804{n}", at=later(9000 - 100 * n)) for n in range(5)]
    shown: list[int] = []
    cursor = ""
    while True:
        _, page = await ann.ask("GET", f"{PATH}?limit=2{cursor}")
        shown += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert shown == [one["id"] for one in reversed(made)]
    assert (await ann.ask("GET", f"{PATH}?cursor=x"))[1]["code"] == "paging.cursor_invalid"


async def test_what_becomes_due_is_told_at_once_to_whom_it_concerns(site: Site, ann: Visitor) -> None:
    bob = await site.signed_in("bob")
    async with LiveReader(ann) as hers, LiveReader(bob) as his:
        assert hers.frames[0]["callbacks"] == {"due": 0}
        mine = await agree(ann, at=later(2.0))
        began = time.monotonic()
        await hers.until(lambda frame: frame.get("callbacks") == {"due": 1} and frame["type"] == "callbacks")
        assert time.monotonic() - began < 4.0
        offered = await agree(ann, number="13800138031", at=later(1.0), queue="sales")
        await his.until(lambda frame: frame.get("callbacks") == {"due": 1} and frame["type"] == "callbacks")
        await act(ann, mine, "done")
        await act(bob, offered, "done")
        for live in (hers, his):
            await live.until(lambda frame: frame["type"] == "callbacks", len(live.frames) - 1)
            await live.until(
                lambda frame: frame["type"] == "callbacks" and frame["callbacks"] == {"due": 0}, 1
            )
