"""Files of contacts over HTTP: looked at, imported in a process of their own, put right, undone."""

import csv
import io
import re
from typing import Any

import msgspec
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.campaigns.imports.import_runner import ImportRunner

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE = (
    "姓名,手机号,语言,产品,product\n"
    "王芳,138-0013-8000,中文,日报,Daily\n"
    "李雷,1.38E+10,法语,晚报,Evening\n"
    "韩梅,+12025550123,en,日报,=Daily\n"
    "小王,13800138000,,日报,\n"
)


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM campaigns"))
    for path in runner(site).folder.glob("*"):
        path.unlink()
    return await site.signed_in("ada")


async def make(ada: Visitor) -> str:
    poll = {"campaign": "poll", "title": {"en": "Poll"}, "kind": "preview", "queue": "sales"}
    status, campaign = await ada.ask("POST", "/api/v1/campaigns", poll)
    assert status == 201, campaign
    return f"/api/v1/campaigns/{campaign['id']}"


async def send(visitor: Visitor, path: str, content: bytes, kind: str = "text/csv") -> tuple[int, Any]:
    sent = {**visitor.headers, "Content-Type": kind}
    address = f"{path}/imports?name=contacts.csv"
    async with visitor.session.post(address, data=io.BytesIO(content), headers=sent) as response:
        return response.status, msgspec.json.decode(await response.read())


async def run(site: Site, visitor: Visitor, path: str, deed: str = "run", **body: Any) -> Any:
    """Begin it, wait until its process has ended, and tell what it says of itself then."""
    status, begun = await visitor.ask("POST", f"{path}/{deed}", body or None)
    assert status == 202, begun
    await runner(site).wait(begun["id"])
    return (await visitor.ask("GET", path))[1]


def runner(site: Site) -> ImportRunner:
    return site.contact_imports


async def test_a_file_is_looked_at_imported_and_its_refused_rows_are_a_file(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    status, received = await send(ada, path, FILE.encode("gb18030"))
    assert status == 201, received
    preview = received["preview"]
    assert (preview["encoding"], preview["delimiter"], preview["header"]) == ("gb18030", ",", True)
    assert preview["mapping"] == {
        "姓名": "name",
        "手机号": "phone",
        "语言": "language",
        "product": "details.product",
    }
    assert preview["rows"][0] == ["王芳", "138-0013-8000", "中文", "日报", "Daily"]
    assert preview["contacts"][0]["details"] == {"product": "Daily"}
    assert (preview["rows_looked_at"], preview["good"]) == (4, 2)
    assert [(one["line"], one["column"], one["code"]) for one in preview["problems"]] == [
        (3, "手机号", "row.phone_shortened"),
        (3, "语言", "field.not_allowed"),
        (5, "手机号", "row.repeated"),
    ]
    assert received["contact_import"]["state"] == "waiting"
    assert (await ada.ask("GET", f"{path}/contacts"))[1]["items"] == []

    where = f"{path}/imports/{received['contact_import']['id']}"
    mapping = {**preview["mapping"], "产品": "details.subscription.product"}
    _, again = await ada.ask("POST", f"{where}/preview", {"mapping": mapping})
    assert again["contacts"][0]["details"] == {"product": "Daily", "subscription.product": "日报"}
    done = await run(site, ada, where, mapping=mapping)
    assert (done["state"], done["rows_read"], done["added"], done["refused"]) == ("done", 4, 2, 2)
    assert done["share_read"] == 1.0
    _, page = await ada.ask("GET", f"{path}/contacts")
    assert [(one["phone"], one["name"], one["language"]) for one in page["items"]] == [
        ("+8613800138000", "王芳", "zh-CN"),
        ("+12025550123", "韩梅", "en"),
    ]
    assert page["items"][1]["details"]["product"] == "=Daily"

    _, refused = await ada.ask("GET", f"{where}/refused")
    assert refused["items"][-1]["detail"] == "+8613800138000 stands in line 2 already."
    _, text = await ada.ask("GET", f"{where}/refused.csv")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0][2:] == ["姓名", "手机号", "语言", "产品", "product"]
    assert rows[1][0] == "3"
    assert rows[1][1].startswith("手机号: 1.38E+10: digits were lost;")
    assert rows[1][1].endswith(" 语言: Must be one of: zh-CN, en.")
    assert rows[1][2:] == ["李雷", "1.38E+10", "法语", "晚报", "Evening"]
    assert rows[2][2:4] == ["", "'+8613800138000"]
    assert list(runner(site).folder.iterdir()) == []


async def test_the_refused_rows_put_right_are_imported_as_they_are(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    _, received = await send(ada, path, b"phone,city\n12,Berlin\n")
    where = f"{path}/imports/{received['contact_import']['id']}"
    await run(site, ada, where)
    _, text = await ada.ask("GET", f"{where}/refused.csv")
    assert text.splitlines()[0] == "\ufeffLine,Reason,phone,city"
    right = re.sub(r",12,", ",13800138000,", text)
    _, received = await send(ada, path, right.encode())
    assert received["preview"]["mapping"] == {"phone": "phone", "city": "details.city"}
    done = await run(site, ada, f"{path}/imports/{received['contact_import']['id']}")
    assert (done["added"], done["refused"]) == (1, 0)


async def test_what_is_in_the_campaign_already_is_refused_and_a_whole_import_is_undone(
    site: Site, ada: Visitor
) -> None:
    path = await make(ada)
    await ada.ask("POST", f"{path}/contacts", {"phone": "13900139000"})
    _, received = await send(ada, path, b"13800138000\n13900139000\n")
    assert received["preview"]["header"] is False
    assert received["preview"]["mapping"] == {"A": "phone"}
    first = f"{path}/imports/{received['contact_import']['id']}"
    done = await run(site, ada, first)
    assert (done["added"], done["refused"]) == (1, 1)
    assert (await ada.ask("GET", f"{first}/refused"))[1]["items"][0]["code"] == "row.in_campaign"
    _, again = await send(ada, path, b"13800138000\n13900139000\n")
    assert again["contact_import"]["same_file_as"] == done["id"]
    assert (await ada.ask("DELETE", first))[1]["code"] == "import.not_now"
    undone = await run(site, ada, first, "undo")
    assert (undone["state"], undone["added"]) == ("undone", 1)
    _, page = await ada.ask("GET", f"{path}/contacts")
    assert [one["phone"] for one in page["items"]] == ["+8613900139000"]
    assert (await ada.ask("POST", f"{first}/undo"))[1]["code"] == "import.not_now"
    assert (await ada.ask("DELETE", first))[0] == 204
    second = f"{path}/imports/{again['contact_import']['id']}"
    assert (await run(site, ada, second))["added"] == 1
    _, listed = await ada.ask("GET", f"{path}/imports")
    assert [one["state"] for one in listed["items"]] == ["done"]


async def test_a_file_that_cannot_be_read_is_refused(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    for content, kind, code in (
        (b"PK\x03\x04broken", EXCEL, "file.damaged"),
        (b"\xd0\xcf\x11\xe0old", EXCEL, "file.old_excel"),
        (b"phone\n\x81\xff\xff\n", "text/csv", "file.encoding"),
        (b"", "text/csv", "file.empty"),
    ):
        status, problem = await send(ada, path, content, kind)
        assert (status, problem["code"]) == (422, code)
    assert (await send(ada, path, b"x", "image/png"))[1]["code"] == "request.upload_type"
    assert (await send(ada, f"{path}9", b"1"))[1]["code"] == "campaign.not_found"
    assert list(runner(site).folder.iterdir()) == []
    assert (await ada.ask("GET", f"{path}/imports"))[1]["items"] == []


async def test_a_mapping_that_does_not_fit_is_told_column_by_column(ada: Visitor) -> None:
    path = await make(ada)
    _, received = await send(ada, path, b"a,b\n1,2\n")
    assert [one["code"] for one in received["preview"]["mapping_problems"]] == ["mapping.no_phone"]
    where = f"{path}/imports/{received['contact_import']['id']}"
    mapping = {"c": "phone", "a": "age", "b": "phone"}
    status, problem = await ada.ask("POST", f"{where}/run", {"mapping": mapping})
    assert (status, problem["code"]) == (422, "request.invalid")
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/mapping/c", "mapping.unknown_column"),
        ("/mapping/a", "field.not_allowed"),
        ("/mapping/b", "mapping.repeated"),
    ]


async def test_an_import_whose_process_is_gone_says_so_and_is_begun_again(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    _, received = await send(ada, path, b"phone\n13800138000\n")
    where = f"{path}/imports/{received['contact_import']['id']}"
    async with site.engine.begin() as connection:
        await connection.execute(
            sa.text("UPDATE contact_imports SET state = 'running', started_at = now() - interval '1 minute'")
        )
    _, lost = await ada.ask("GET", where)
    assert (lost["state"], lost["fault"]["code"]) == ("failed", "import.interrupted")
    assert (await run(site, ada, where))["added"] == 1


async def test_a_file_that_breaks_off_leaves_nothing_behind(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    broken = b"phone\n" + b"13800138000\n" * 1_500 + b"x" * 2_000_000
    _, received = await send(ada, path, broken)
    where = f"{path}/imports/{received['contact_import']['id']}"
    failed = await run(site, ada, where)
    assert (failed["state"], failed["fault"]["code"]) == ("failed", "file.long_line")
    assert failed["fault"]["detail"].startswith("Line 1502 ")
    assert (await ada.ask("GET", f"{path}/contacts"))[1]["items"] == []
    assert (await ada.ask("DELETE", where))[0] == 204
    assert list(runner(site).folder.iterdir()) == []
