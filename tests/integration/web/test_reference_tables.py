"""Reference tables over HTTP: filled whole or not at all, undone, exported, and at hand for flows."""

from pathlib import Path
from typing import Any

import msgspec
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.db.engine import open_engine
from cti.reference.book import ReferenceBook

PRODUCTS: dict[str, Any] = {
    "name": "products",
    "title_zh": "产品",
    "title_en": "Products",
    "key": "code",
    "columns": [
        {"name": "code", "type": "digits", "title_zh": "代码", "title_en": "Code"},
        {"name": "name", "type": "text", "title_zh": "名称", "title_en": "Name", "required": True},
        {"name": "price", "type": "money", "title_zh": "价格", "title_en": "Price"},
        {"name": "until", "type": "date", "title_zh": "截止", "title_en": "Until"},
    ],
}
FLOW = """\
flow: price
kind: inbound
title: {en: Price, zh-CN: 价格}
start: find
steps:
  find:
    lookup:
      {source: table, arguments: {table: "'products'", key: call.dialled}, into: product, goto: say}
  say:
    prompt:
      say:
        - {name: product.name, otherwise: goodbye}
        - {money: product.cost, otherwise: goodbye}
      goto: bye
  bye:
    exit: {}
"""
CSV = "code,name,price,until\n1,日报,365.00,2026-12-31\n2,=晚报,99,\n"


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM reference_tables"))
    await site.desk.book.memory.refresh()
    return await site.signed_in("ada")


async def make(ada: Visitor) -> str:
    status, table = await ada.ask("POST", "/api/v1/tables", PRODUCTS)
    assert status == 201, table
    return f"/api/v1/tables/{table['id']}"


async def send(visitor: Visitor, path: str, content: bytes, kind: str = "text/csv") -> tuple[int, Any]:
    sent = {**visitor.headers, "Content-Type": kind}
    async with visitor.session.post(path, data=content, headers=sent) as response:
        return response.status, msgspec.json.decode(await response.read())


async def keys(visitor: Visitor, path: str, query: str = "") -> list[str]:
    _, page = await visitor.ask("GET", f"{path}/rows{query}")
    return [row["key"] for row in page["items"]]


async def test_a_table_is_filled_from_a_file_and_flows_have_it_at_once(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    _, preview = await send(ada, f"{path}/import", CSV.encode())
    assert (preview["applied"], preview["difference"]["added"], preview["problems"]) == (False, 2, [])
    assert await keys(ada, path) == []
    _, done = await send(ada, f"{path}/import?apply=true", CSV.encode("gb18030"))
    assert (done["applied"], done["difference"]["added"]) == (True, 2)
    assert await site.desk.book.look_up({"table": "products", "key": "1"}) == {
        "code": "1",
        "name": "日报",
        "price": 365,
        "until": "2026-12-31",
    }
    assert await site.desk.book.look_up({"table": "products", "key": 2.0}) is not None
    for arguments in ({"table": "products", "key": "3"}, {"table": "none", "key": "1"}, {}):
        assert await site.desk.book.look_up(arguments) is None
    sue = await site.signed_in("sue")
    assert await keys(sue, path, "?q=晚") == ["2"]
    _, first = await sue.ask("GET", f"{path}/rows?limit=1")
    assert await keys(sue, path, f"?cursor={first['next_cursor']}") == ["2"]


async def test_a_bad_cell_keeps_the_whole_file_out(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    await send(ada, f"{path}/import?apply=true", CSV.encode())
    bad = b"code,name,price\n1,Daily,1.234\n3,,5\n"
    _, preview = await send(ada, f"{path}/import", bad)
    assert [(one["line"], one["column"], one["code"]) for one in preview["problems"]] == [
        (2, "price", "row.money"),
        (3, "name", "row.empty"),
    ]
    assert preview["problems"][1]["detail"] == "May not be empty."
    status, problem = await send(ada, f"{path}/import?apply=true&replace=true", bad)
    assert (status, problem["code"]) == (422, "import.bad_rows")
    assert [one["pointer"] for one in problem["errors"]] == ["/2/price", "/3/name"]
    assert await keys(ada, path) == ["1", "2"]
    assert (await send(ada, f"{path}/import", b"\x81\xff\xff"))[1]["code"] == "import.unreadable"
    assert (await send(ada, f"{path}/import", b"x", "image/png"))[1]["code"] == "request.upload_type"
    excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert (await send(ada, f"{path}/import", b"PK", excel))[1]["code"] == "import.unreadable"


async def test_the_last_import_can_be_undone_until_somebody_changes_the_table(
    site: Site, ada: Visitor
) -> None:
    path = await make(ada)
    assert (await ada.ask("POST", f"{path}/import/undo", {}))[1]["code"] == "import.none_to_undo"
    await send(ada, f"{path}/import?apply=true", CSV.encode())
    await send(ada, f"{path}/import?apply=true&replace=true", b"code,name\n7,Weekly\n")
    assert await keys(ada, path) == ["7"]
    assert (await ada.ask("GET", path))[1]["last_import"]["can_undo"] is True
    _, table = await ada.ask("POST", f"{path}/import/undo", {})
    assert (table["rows"], await keys(ada, path)) == (2, ["1", "2"])
    assert await site.desk.book.look_up({"table": "products", "key": "7"}) is None
    assert (await ada.ask("POST", f"{path}/import/undo", {}))[1]["code"] == "import.none_to_undo"
    await send(ada, f"{path}/import?apply=true", b"code,name\n7,Weekly\n")
    await ada.ask("PUT", f"{path}/rows/8", {"cells": {"name": "Monthly"}})
    assert (await ada.ask("GET", path))[1]["last_import"]["can_undo"] is False
    assert (await ada.ask("POST", f"{path}/import/undo", {}))[1]["code"] == "import.changed_since"
    assert await keys(ada, path) == ["1", "2", "7", "8"]


async def test_what_is_exported_can_be_imported_and_is_no_formula(ada: Visitor) -> None:
    path = await make(ada)
    await send(ada, f"{path}/import?apply=true", CSV.encode())
    async with ada.session.get(f"{path}/export", headers=ada.headers) as response:
        content = await response.read()
        assert response.headers["Content-Disposition"] == 'attachment; filename="products.csv"'
    text = content.decode("utf-8-sig")
    assert text == "code,name,price,until\r\n1,日报,365,2026-12-31\r\n2,'=晚报,99,\r\n"
    _, preview = await send(ada, f"{path}/import?replace=true", content)
    assert preview["difference"] == {"added": 0, "changed": 0, "same": 2, "removed": 0}


async def test_rows_are_set_and_taken_away_one_by_one(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    status, row = await ada.ask("PUT", f"{path}/rows/5", {"cells": {"name": "Daily", "price": 12.5}})
    assert (status, row["cells"]) == (200, {"code": "5", "name": "Daily", "price": 12.5, "until": None})
    cells = {"name": "", "price": "x", "colour": "red", "code": "6"}
    _, problem = await ada.ask("PUT", f"{path}/rows/5", {"cells": cells})
    assert {(one["pointer"], one["code"]) for one in problem["errors"]} == {
        ("/cells/colour", "row.column_unknown"),
        ("/cells/name", "row.empty"),
        ("/cells/price", "row.number"),
    }
    _, problem = await ada.ask("PUT", f"{path}/rows/5", {"cells": {"name": "a", "code": "6"}})
    assert [one["code"] for one in problem["errors"]] == ["row.other_key"]
    assert (await ada.ask("DELETE", f"{path}/rows/5"))[0] == 204
    assert (await ada.ask("DELETE", f"{path}/rows/5"))[1]["code"] == "table.row_not_found"
    assert await site.desk.book.look_up({"table": "products", "key": "5"}) is None


async def test_columns_change_when_the_rows_fit_them(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    await send(ada, f"{path}/import?apply=true", CSV.encode())
    change = {name: PRODUCTS[name] for name in ("title_zh", "title_en", "columns")}
    prompt = {"name": "sound", "type": "prompt", "title_zh": "提示音", "title_en": "Prompt"}
    change["columns"] = [*PRODUCTS["columns"][:3], prompt]
    assert (await ada.ask("PUT", path, change))[0] == 200
    assert await site.desk.book.look_up({"table": "products", "key": "1"}) == {
        "code": "1",
        "name": "日报",
        "price": 365,
        "sound": None,
    }
    for columns, code in (
        ([{**PRODUCTS["columns"][0]}, {**PRODUCTS["columns"][1], "type": "number"}], "table.rows_do_not_fit"),
        ([*PRODUCTS["columns"][:2], {**prompt, "required": True}], "table.rows_do_not_fit"),
        (PRODUCTS["columns"][1:], "table.key_stays"),
    ):
        assert (await ada.ask("PUT", path, {**change, "columns": columns}))[1]["code"] == code
    twice = [*PRODUCTS["columns"], PRODUCTS["columns"][0]]
    _, problem = await ada.ask("PUT", path, {**change, "columns": twice})
    assert problem["errors"][0]["pointer"] == "/columns/4/name"
    assert (await ada.ask("POST", "/api/v1/tables", PRODUCTS))[1]["code"] == "table.exists"
    other = {**PRODUCTS, "name": "other", "key": "colour"}
    assert (await ada.ask("POST", "/api/v1/tables", other))[1]["errors"][0]["pointer"] == "/key"
    assert (await ada.ask("DELETE", path))[0] == 204
    assert await site.desk.book.look_up({"table": "products", "key": "1"}) is None


async def test_a_column_with_another_name_keeps_its_cells(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    await send(ada, f"{path}/import?apply=true", CSV.encode())
    code, name, price, _ = PRODUCTS["columns"]
    change = {title: PRODUCTS[title] for title in ("title_zh", "title_en")}
    # `name` and `price` change places, so that each must take its own cells with it.
    swapped = [code, {**name, "name": "price", "was": "name"}, {**price, "name": "name", "was": "price"}]
    assert (await ada.ask("PUT", path, {**change, "columns": swapped}))[0] == 200
    row = await site.desk.book.look_up({"table": "products", "key": "1"})
    assert row == {"code": "1", "price": "日报", "name": 365}
    # What had this name before is another column now: the new one is empty.
    again = [code, {**name, "name": "title", "was": "price"}, {**price, "name": "price"}]
    assert (await ada.ask("PUT", path, {**change, "columns": again}))[0] == 200
    row = await site.desk.book.look_up({"table": "products", "key": "1"})
    assert row == {"code": "1", "title": "日报", "price": None}
    for columns, problem_code in (
        ([code, {**name, "was": "colour"}], "row.column_unknown"),
        ([code, {**name, "was": "title"}, {**price, "was": "title"}], "row.column_repeated"),
    ):
        status, problem = await ada.ask("PUT", path, {**change, "columns": columns})
        assert (status, problem["errors"][0]["code"]) == (422, problem_code)
        assert problem["errors"][0]["pointer"] == "/columns/1/was"
    moved = [{**code, "name": "number", "was": "code"}, name]
    assert (await ada.ask("PUT", path, {**change, "columns": moved}))[1]["code"] == "table.key_stays"


async def test_a_flow_that_reads_a_column_which_is_not_there_is_warned_of(ada: Visitor) -> None:
    path = await make(ada)
    status, checked = await ada.ask("POST", "/api/v1/flows/price/check", {"text": FLOW})
    assert status == 200, checked
    assert [(one["code"], one["file"], one["line"], one["column"]) for one in checked["warnings"]] == [
        ("flow.unknown_column", "price.yaml", 13, 19)
    ]
    assert checked["warnings"][0]["detail"] == (
        "There is no `product.cost`: the table products has the columns code, found, name, price, until."
    )
    # Of a table that is not there nobody knows what it will have.
    assert (await ada.ask("DELETE", path))[0] == 204
    _, checked = await ada.ask("POST", "/api/v1/flows/price/check", {"text": FLOW})
    assert checked["warnings"] == []


async def test_tables_are_known_while_the_database_is_away(site: Site, ada: Visitor, tmp_path: Path) -> None:
    path = await make(ada)
    await send(ada, f"{path}/import?apply=true", CSV.encode())
    async with open_engine(f"postgresql://postgres@/none?host={tmp_path}") as nowhere:
        book = ReferenceBook(nowhere)
        book.memory.content = site.desk.book.memory.content
        assert not await book.memory.refresh()
        assert await book.look_up({"table": "products", "key": "1"}) is not None
    before = site.desk.book.memory.content
    await site.desk.book.memory.refresh()
    assert site.desk.book.memory.content is before
