"""Opening hours over HTTP: an admin keeps them, a supervisor reads them, flows have them at once."""

from pathlib import Path
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.db.engine import open_engine
from cti.hours.opening import OpeningHours

OFFICE: dict[str, Any] = {
    "name": "office",
    "title_zh": "办公时间",
    "title_en": "Office hours",
    "time_zone": "Asia/Shanghai",
    "week": [[{"from": "09:00", "to": "12:00"}, {"from": "13:30", "to": "18:00"}]] * 5 + [[], []],
}
DAYS = "date,title_zh,title_en,hours\n2026-10-01,国庆节,National Day,\n2026-10-10,补班,Make-up,9:00-17:00\n"


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM calendars"))
    return await site.signed_in("ada")


async def make(ada: Visitor, **changes: Any) -> int:
    status, calendar = await ada.ask("POST", "/api/v1/calendars", {**OFFICE, **changes})
    assert status == 201, calendar
    return int(calendar["id"])


async def test_an_admin_keeps_a_calendar_and_flows_have_it_at_once(site: Site, ada: Visitor) -> None:
    number = await make(ada)
    sue = await site.signed_in("sue")
    _, listed = await sue.ask("GET", "/api/v1/calendars")
    assert [one["name"] for one in listed["items"]] == ["office"]
    assert listed["items"][0]["week"] == OFFICE["week"]
    path = f"/api/v1/calendars/{number}"
    _, state = await sue.ask("GET", f"{path}/state?at=2026-10-01T02:00:00Z")
    assert (state["open"], state["reason"], state["closes_at"]) == (
        True,
        "hours",
        "2026-10-01T04:00:00.000Z",
    )
    holiday = {"title_zh": "国庆节", "title_en": "National Day"}
    assert (await ada.ask("PUT", f"{path}/days/2026-10-01", holiday))[0] == 200
    _, state = await sue.ask("GET", f"{path}/state?at=2026-10-01T02:00:00Z")
    assert (state["reason"], state["opens_at"], state["day"]["title_en"]) == (
        "holiday",
        "2026-10-02T01:00:00.000Z",
        "National Day",
    )
    found = site.desk.hours.state("office", 1_790_820_000.0)  # 2026-10-01T02:00:00Z
    assert found is not None
    assert (found.open, found.changes_at) == (False, 1_790_902_800.0)
    changed = {key: value for key, value in OFFICE.items() if key != "name"}
    changed["week"] = [[{"from": "00:00", "to": "24:00"}]] * 7
    assert (await ada.ask("PUT", path, changed))[0] == 200
    always = site.desk.hours.state("office", 1_790_780_000.0)
    assert always is not None
    assert always.open
    assert (await ada.ask("DELETE", f"{path}/days/2026-10-01"))[0] == 204
    assert (await ada.ask("DELETE", f"{path}/days/2026-10-01"))[1]["code"] == "calendar.day_not_found"
    assert (await ada.ask("DELETE", path))[0] == 204
    assert site.desk.hours.state("office") is None
    assert await site.desk.hours.look_up({"calendar": "office"}) is None
    assert (await ada.ask("GET", path))[1]["code"] == "calendar.not_found"


async def test_a_flow_hears_when_it_opens_in_the_calendars_own_time(site: Site, ada: Visitor) -> None:
    await make(ada)
    hours = OpeningHours(site.engine, clock=lambda: 1_795_168_800.0)  # 2026-11-20T10:00:00Z, a Friday
    await hours.memory.refresh()
    assert await hours.look_up({"calendar": "office"}) == {
        "open": False,
        "reason": "closed",
        "opens_at": "2026-11-23T09:00:00+08:00",
        "closes_at": None,
        "title_zh": None,
        "title_en": None,
    }
    assert await hours.look_up({}) is None
    assert await hours.look_up({"calendar": 7}) is None


async def test_bad_hours_are_refused_by_place_and_reason(ada: Visitor) -> None:
    bad = {
        **OFFICE,
        "time_zone": "Asia/Nowhere",
        "week": [[{"from": "9h", "to": "12:00"}], [{"from": "24:30", "to": "12:00"}], [], [], [], [], []],
    }
    status, problem = await ada.ask("POST", "/api/v1/calendars", bad, Accept_Language="zh-CN")
    assert status == 422
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("/time_zone", "field.time_zone"),
        ("/week/0/0/from", "field.time_of_day"),
        ("/week/1/0/from", "field.time_of_day"),
    }
    overlapping = [{"from": "09:00", "to": "12:00"}, {"from": "11:00", "to": "13:00"}]
    _, problem = await ada.ask("POST", "/api/v1/calendars", {**OFFICE, "week": [[], overlapping, *[[]] * 5]})
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        ("/week/1/1", "field.hours_overlap")
    ]
    number = await make(ada)
    assert (await ada.ask("POST", "/api/v1/calendars", OFFICE))[1]["code"] == "calendar.exists"
    day = {"title_zh": "假", "title_en": "Off", "hours": overlapping}
    _, problem = await ada.ask("PUT", f"/api/v1/calendars/{number}/days/2026-10-01", day)
    assert problem["errors"][0]["pointer"] == "/hours/1"
    day = {"title_zh": "假", "title_en": "Off"}
    _, problem = await ada.ask("PUT", f"/api/v1/calendars/{number}/days/2026-02-30", day)
    assert [(error["parameter"], error["code"]) for error in problem["errors"]] == [("day", "field.date")]


async def test_special_days_are_imported_whole_or_not_at_all(ada: Visitor) -> None:
    path = f"/api/v1/calendars/{await make(ada)}"
    _, preview = await ada.ask("POST", f"{path}/days/import", {"csv": DAYS})
    assert (preview["applied"], preview["added"], preview["problems"]) == (False, 2, [])
    assert (await ada.ask("GET", path))[1]["days"] == []
    _, done = await ada.ask("POST", f"{path}/days/import", {"csv": DAYS, "apply": True})
    assert (done["applied"], done["added"]) == (True, 2)
    bad = DAYS.replace("9:00-17:00", "9-17").replace("国庆节", "国庆")
    _, preview = await ada.ask("POST", f"{path}/days/import", {"csv": bad}, Accept_Language="zh-CN")
    assert (preview["changed"], [one["code"] for one in preview["problems"]]) == (1, ["field.hours"])
    assert (preview["problems"][0]["line"], preview["problems"][0]["column"]) == (3, "hours")
    status, problem = await ada.ask("POST", f"{path}/days/import", {"csv": bad, "apply": True})
    assert (status, problem["code"]) == (422, "import.bad_rows")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [("/3/hours", "field.hours")]
    _, calendar = await ada.ask("GET", path)
    assert [(day["date"], day["title_zh"]) for day in calendar["days"]] == [
        ("2026-10-01", "国庆节"),
        ("2026-10-10", "补班"),
    ]
    assert (await ada.ask("POST", f"{path}/days/import", {"csv": ""}))[1]["code"] == "import.unreadable"


async def test_hours_are_known_while_the_database_is_away(site: Site, ada: Visitor, tmp_path: Path) -> None:
    await make(ada)
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE calendars RENAME TO calendars_elsewhere"))
    try:
        assert not await site.desk.hours.memory.refresh()
        assert site.desk.hours.state("office") is not None
    finally:
        async with site.engine.begin() as connection:
            await connection.execute(sa.text("ALTER TABLE calendars_elsewhere RENAME TO calendars"))
    assert await site.desk.hours.memory.refresh()
    async with open_engine(f"postgresql://postgres@/none?host={tmp_path}") as nowhere:
        hours = OpeningHours(nowhere)
        assert not await hours.memory.refresh()
        assert await hours.look_up({"calendar": "office"}) is None
