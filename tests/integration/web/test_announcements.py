"""Announcements: kept by an admin, switched by a supervisor, heard at once, known without the database."""

import time
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.announcements.board import AnnouncementBoard
from cti.announcements.model import Announcement
from cti.db.engine import open_engine
from cti.http.problems import Problem
from cti.http.shapes import instant

OUTAGE: dict[str, Any] = {
    "name": "billing-down",
    "title_zh": "计费故障",
    "title_en": "Billing is down",
    "prompt": "news/billing-down",
    "queues": ["sales"],
    "hang_up": True,
}


@pytest_asyncio.fixture
async def sue(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM announcements WHERE name NOT IN ('surge', 'outage')"))
        await connection.execute(sa.text("UPDATE announcements SET is_on = false, from_at = NULL"))
        await connection.execute(sa.text("DELETE FROM announcement_history"))
    await site.desk.announcements.memory.refresh()
    return await site.signed_in("sue")


async def number_of(visitor: Visitor, name: str) -> int:
    _, listed = await visitor.ask("GET", "/api/v1/announcements")
    return next(int(one["id"]) for one in listed["items"] if one["name"] == name)


async def switch(visitor: Visitor, name: str, **body: Any) -> tuple[int, Any]:
    number = await number_of(visitor, name)
    return await visitor.ask("POST", f"/api/v1/announcements/{number}/switch", body)


async def test_one_click_is_heard_within_a_second(site: Site, sue: Visitor) -> None:
    board = site.desk.announcements
    assert await board.look_up({"queue": "sales"}) is None
    asked = time.monotonic()
    _, shown = await switch(sue, "surge", on=True)
    assert board.heard("sales") is not None
    assert time.monotonic() - asked < 1.0
    assert (shown["is_on"], shown["is_heard"], shown["switched_by_name"]) == (True, True, "Sue")
    assert await board.look_up({"queue": "sales"}) == {
        "prompt": "announcement-surge",
        "hang_up": False,
        "name": "surge",
        "title_zh": "来电高峰",
        "title_en": "Many callers",
    }
    await switch(sue, "surge", on=False)
    assert await board.look_up({}) is None
    _, history = await sue.ask("GET", f"/api/v1/announcements/{await number_of(sue, 'surge')}/history")
    assert [(one["act"], one["by"], one["user_name"]) for one in history["items"]] == [
        ("off", "page", "Sue"),
        ("on", "page", "Sue"),
    ]


async def test_what_ends_a_call_is_heard_before_what_does_not(site: Site, sue: Visitor) -> None:
    ada = await site.signed_in("ada")
    status, made = await ada.ask("POST", "/api/v1/announcements", OUTAGE)
    assert (status, made["is_on"]) == (201, False)
    await switch(sue, "surge", on=True)
    await switch(sue, "billing-down", on=True)
    board = site.desk.announcements
    for queue, name in (("sales", "billing-down"), ("support", "surge"), (None, "surge")):
        heard = board.heard(queue)
        assert heard is not None
        assert heard.name == name
    _, changed = await ada.ask(
        "PATCH", f"/api/v1/announcements/{made['id']}", {"queues": [], "prompt": "news/other"}
    )
    assert changed["queues"] == []
    assert (await board.look_up({"queue": "support"}) or {})["prompt"] == "news/other"
    assert (await ada.ask("DELETE", f"/api/v1/announcements/{made['id']}"))[0] == 204
    assert (await board.look_up({"queue": "support"}) or {})["name"] == "surge"


async def test_it_is_heard_from_and_until(site: Site, sue: Visitor) -> None:
    now = time.time()
    _, shown = await switch(sue, "outage", on=True, from_at=instant(now + 60), until_at=instant(now + 120))
    assert (shown["is_on"], shown["is_heard"]) == (True, False)
    for seconds, heard in ((0, False), (61, True), (119, True), (121, False)):
        board = AnnouncementBoard(site.engine, clock=lambda at=now + seconds: at)  # type: ignore[misc]
        await board.memory.refresh()
        assert (board.heard("sales") is not None) is heard
    _, problem = await switch(sue, "outage", on=True, from_at=instant(now + 60), until_at=instant(now))
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/until_at", "field.until_before_from")
    ]


async def test_a_name_stays_one_announcements(site: Site) -> None:
    ada = await site.signed_in("ada")
    same = {**OUTAGE, "name": "surge"}
    assert (await ada.ask("POST", "/api/v1/announcements", same))[1]["code"] == "announcement.exists"
    assert (await ada.ask("PATCH", "/api/v1/announcements/99999", {}))[1]["code"] == "announcement.not_found"


async def test_a_telephone_switches_it_and_history_says_so(site: Site, sue: Visitor) -> None:
    board = site.desk.announcements
    await board.switch("surge", on=True, user_id=3)
    assert board.heard(None) is not None
    _, history = await sue.ask("GET", f"/api/v1/announcements/{await number_of(sue, 'surge')}/history")
    assert [(one["act"], one["by"], one["user_name"]) for one in history["items"]] == [("on", "phone", "Sue")]
    with pytest.raises(Problem, match=r"announcement\.not_found"):
        await board.switch("nothing", on=True, user_id=3)


async def test_without_the_database_the_last_known_are_heard_and_none_can_be_switched(
    site: Site, sue: Visitor, tmp_path: Path
) -> None:
    await switch(sue, "surge", on=True)
    async with open_engine(f"postgresql://postgres@/none?host={tmp_path}") as nowhere:
        board = AnnouncementBoard(nowhere)
        board.memory.content = dict(site.desk.announcements.memory.content)
        assert not await board.memory.refresh()
        assert board.heard("sales") is not None
        with pytest.raises(Problem, match=r"database\.unavailable"):
            await board.switch("surge", on=False, user_id=3)


def test_an_announcement_that_is_off_is_not_heard() -> None:
    one = Announcement(id=1, name="a", title_zh="公", title_en="A", prompt="a", from_at=0.0)
    assert not one.is_heard(10.0)
