"""The do-not-call list over HTTP: kept, asked, imported, exported."""

import asyncio
from typing import Any

import msgspec
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

LIST = "/api/v1/do-not-call"
NUMBER = "13800138000"
E164 = "+8613800138000"


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("TRUNCATE do_not_call_entries, do_not_call_imports CASCADE"))
    return await site.signed_in("ada")


async def numbers(visitor: Visitor, query: str = "") -> list[str]:
    status, page = await visitor.ask("GET", f"{LIST}{query}")
    assert status == 200, page
    return [one["number"] for one in page["items"]]


async def upload(visitor: Visitor, text: str, name: str = "list.csv") -> dict[str, Any]:
    """The file, once it was looked at."""
    sent = {**visitor.headers, "Content-Type": "text/csv"}
    path = f"{LIST}/imports?file_name={name}"
    async with visitor.session.post(path, data=text.encode(), headers=sent) as response:
        answer = msgspec.json.decode(await response.read())
        assert response.status == 202, answer
    return await settled(visitor, answer["id"])


async def settled(visitor: Visitor, import_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            _, view = await visitor.ask("GET", f"{LIST}/imports/{import_id}")
            if view["state"] not in ("checking", "importing"):
                return dict(view)
            assert 0 <= view["progress"] <= 1
            await asyncio.sleep(0.05)


async def test_a_supervisor_adds_finds_and_pages_and_an_admin_removes_and_undoes(
    site: Site, ada: Visitor
) -> None:
    sue = await site.signed_in("sue")
    status, made = await sue.ask("POST", LIST, {"number": "138 0013 8000", "reason": "wrote a letter"})
    assert (status, made["added"]) == (201, True)
    entry = made["entry"]
    assert (entry["number"], entry["level"], entry["source"]) == (E164, "global", "person")
    assert (entry["added_by"], entry["reason"], entry["counts"]) == ("Sue", "wrote a letter", True)
    assert (await sue.ask("POST", LIST, {"number": E164}))[0] == 200
    for last in "123":
        await sue.ask("POST", LIST, {"number": NUMBER[:-1] + last, "level": "client", "name": " Daily "})
    assert await numbers(sue, "?level=client&name=Daily&limit=2") == [f"{E164[:-1]}3", f"{E164[:-1]}2"]
    _, first = await sue.ask("GET", f"{LIST}?limit=3")
    assert await numbers(sue, f"?limit=3&cursor={first['next_cursor']}") == [E164]
    assert await numbers(sue, "?q=1380013800") == await numbers(sue, "?q=%2B861380013")
    assert await numbers(sue, "?q=138001380003") == []
    assert await numbers(sue, "?q=LETTER") == [E164]
    path = f"{LIST}/{entry['id']}"
    assert (await sue.ask("POST", f"{path}/remove", {}))[1]["code"] == "auth.forbidden"
    _, gone = await ada.ask("POST", f"{path}/remove", {})
    assert (gone["counts"], gone["removed_by"]) == (False, "Ada")
    assert (await ada.ask("POST", f"{path}/remove", {}))[1]["code"] == "do_not_call.removed_already"
    assert E164 not in await numbers(ada)
    assert await numbers(ada, "?counts=no") == [E164]
    _, back = await ada.ask("POST", f"{path}/restore", {})
    assert (back["counts"], back["removed_at"]) == (True, None)
    assert (await ada.ask("POST", f"{path}/restore", {}))[1]["code"] == "do_not_call.not_removed"
    assert (await ada.ask("POST", f"{LIST}/9999999/remove", {}))[1]["code"] == "do_not_call.not_found"


async def test_what_makes_no_sense_is_named(ada: Visitor) -> None:
    for body, pointer, code in (
        ({"number": "12"}, "/number", "field.number"),
        ({"number": NUMBER, "name": "Daily"}, "/name", "field.unknown"),
        ({"number": NUMBER, "level": "campaign"}, "/name", "field.missing"),
        ({"number": NUMBER, "level": "all"}, "/level", "field.not_allowed"),
        ({"number": NUMBER, "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at", "field.in_the_past"),
    ):
        status, problem = await ada.ask("POST", LIST, body)
        assert status == 422, problem
        assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [(pointer, code)]
    assert await numbers(ada, "?counts=all") == []


async def test_another_system_adds_and_asks_but_sees_no_list(site: Site, ada: Visitor) -> None:
    system = site.visitor(token=site.tokens["full"])
    status, made = await system.ask("POST", LIST, {"number": NUMBER, "level": "campaign", "name": "poll"})
    assert (status, made["entry"]["source"], made["entry"]["added_by"]) == (201, "api", "full")
    question = {"number": "008613800138000", "campaign": "poll"}
    _, answer = await system.ask("POST", f"{LIST}/check", question)
    assert (answer["allowed"], [one["name"] for one in answer["reasons"]]) == (False, ["poll"])
    assert (await system.ask("POST", f"{LIST}/check", {"number": NUMBER}))[1]["allowed"] is True
    assert (await system.ask("GET", LIST))[1]["code"] == "auth.forbidden"
    assert await numbers(ada, "?source=api") == [E164]


async def test_a_file_is_looked_at_imported_and_undone_and_each_bad_row_named(ada: Visitor) -> None:
    await ada.ask("POST", LIST, {"number": NUMBER})
    text = f"who,office,phone\nLi,010-62345678,{NUMBER}\nWu,,13800138001\nMa,,=2+3\nXu,,13800138001\n"
    seen = await upload(ada, text, "%E5%90%8D%E5%8D%95.csv")
    assert (seen["state"], seen["file_name"], seen["column"]) == ("checked", "名单.csv", 2)
    assert (seen["rows"], seen["new"], seen["known"], seen["repeated"], seen["bad"]) == (4, 2, 1, 1, 1)
    assert [(one["line"], one["column"], one["code"]) for one in seen["problems"]] == [
        (4, "phone", "field.number")
    ]
    assert seen["examples"][0] == {"line": 2, "given": NUMBER, "number": E164}
    path = f"{LIST}/imports/{seen['id']}"
    _, bad = await ada.ask("GET", f"{path}/problems")
    assert bad.lstrip("\ufeff").splitlines() == [
        "line,column,code,problem",
        "4,phone,field.number,Must be a telephone number with its area code.",
    ]
    status, problem = await ada.ask("POST", f"{path}/check", {"column": 3})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/column")
    choice = {"column": 1, "level": "client", "name": "Daily", "reason": "register"}
    assert (await ada.ask("POST", f"{path}/check", choice))[0] == 202
    other = await settled(ada, seen["id"])
    assert (other["new"], other["known"], other["bad"], other["level"]) == (1, 0, 3, "client")
    await ada.ask("POST", f"{path}/check", {"column": 2, "reason": "register"})
    await settled(ada, seen["id"])
    assert (await ada.ask("POST", f"{path}/apply", {}))[0] == 202
    done = await settled(ada, seen["id"])
    assert (done["state"], done["new"], done["imported_by"]) == ("imported", 2, "Ada")
    assert (await ada.ask("POST", f"{path}/apply", {}))[1]["code"] == "do_not_call.import_over"
    assert await numbers(ada, f"?import_id={seen['id']}") == ["+8613800138001", E164]
    assert await numbers(ada, "?q=名单") == ["+8613800138001", E164]
    _, undone = await ada.ask("POST", f"{path}/undo", {})
    assert (undone["state"], undone["undone_by"]) == ("undone", "Ada")
    assert await numbers(ada) == [E164]
    assert (await ada.ask("POST", f"{path}/undo", {}))[1]["code"] == "do_not_call.import_undone"
    assert (await ada.ask("POST", f"{path}/redo", {}))[1]["state"] == "imported"
    assert len(await numbers(ada)) == 3
    _, page = await ada.ask("GET", f"{LIST}/imports")
    assert [(one["id"], one["rows"]) for one in page["items"]] == [(seen["id"], 4)]
    assert (await ada.ask("GET", f"{LIST}/imports/abc"))[1]["code"] == "do_not_call.import_not_found"


async def test_a_file_without_a_number_imports_nothing(ada: Visitor) -> None:
    seen = await upload(ada, "who\nLi\n")
    assert (seen["new"], seen["bad"]) == (0, 1)
    _, problem = await ada.ask("POST", f"{LIST}/imports/{seen['id']}/apply", {})
    assert problem["code"] == "do_not_call.import_empty"


async def test_what_is_exported_can_be_imported_and_is_no_formula(ada: Visitor) -> None:
    await ada.ask("POST", LIST, {"number": NUMBER, "reason": "=cmd()"})
    await ada.ask("POST", LIST, {"number": "13800138001", "level": "client", "name": "Daily"})
    _, text = await ada.ask("GET", f"{LIST}/export")
    lines = text.lstrip("\ufeff").splitlines()
    assert lines[0] == "number,level,name,source,reason,added_at,added_by,expires_at"
    assert lines[1].startswith("'+8613800138000,global,,person,'=cmd(),2")
    assert len(lines) == 3
    seen = await upload(ada, text)
    assert (seen["new"], seen["known"], seen["bad"]) == (2, 1, 0)
