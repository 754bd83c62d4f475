"""Flows over the API: an admin uploads, activates and goes back; a broken text changes nothing."""

from typing import Any

import pytest_asyncio
from web_site import PASSWORD, Site, Visitor

GREETING = """\
flow: {name}
kind: {kind}
title: {{en: Greeting, zh-CN: 问候}}
start: hello
steps:
  hello:
    prompt: {{say: [goodbye], goto: bye}}
  bye:
    exit: {{outcome: {outcome}}}
"""


def text(outcome: str, *, name: str = "greeting", kind: str = "inbound") -> str:
    return GREETING.format(name=name, outcome=outcome, kind=kind)


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    return await site.signed_in("ada")


async def chinese_admin(site: Site, ada: Visitor) -> Visitor:
    zoe = {"username": "zoe", "name": "Zoe", "role": "admin", "language": "zh-CN", "password": PASSWORD}
    status, user = await ada.ask("POST", "/api/v1/users", zoe)
    assert status == 201, user
    return await site.signed_in("zoe")


async def upload(ada: Visitor, text: str, name: str = "greeting", note: str = "") -> dict[str, Any]:
    status, added = await ada.ask("POST", f"/api/v1/flows/{name}/versions", {"text": text, "note": note})
    assert status in (200, 201), added
    return added


async def activate(ada: Visitor, version: str, name: str = "greeting", **more: Any) -> tuple[int, Any]:
    return await ada.ask("POST", f"/api/v1/flows/{name}/activate", {"version": version, **more})


async def test_an_admin_uploads_activates_and_goes_back_and_each_step_is_remembered(
    site: Site, ada: Visitor
) -> None:
    first = (await upload(ada, text("first"), note="as it was"))["version"]
    status, flow = await ada.ask("GET", "/api/v1/flows/greeting")
    assert (status, flow["active_version"], flow["versions"]) == (200, None, 1)
    status, flow = await activate(ada, first)
    assert (status, flow["active_version"], flow["how"], flow["activated_by"]) == (
        200, first, "activated", "Ada",
    )  # fmt: skip
    second = (await upload(ada, text("second")))["version"]
    _, flow = await activate(ada, second, active=first)
    assert (flow["active_version"], flow["previous_version"]) == (second, first)
    _, flow = await ada.ask("POST", "/api/v1/flows/greeting/back", {"active": second})
    assert (flow["active_version"], flow["previous_version"], flow["how"]) == (first, second, "back")
    status, problem = await ada.ask("POST", "/api/v1/flows/greeting/back", {"active": second})
    assert (status, problem["code"]) == (409, "flow.changed_meanwhile")

    sue = await site.signed_in("sue")
    _, listed = await sue.ask("GET", "/api/v1/flows")
    assert [one["name"] for one in listed["items"] if one["name"] == "greeting"] == ["greeting"]
    _, history = await sue.ask("GET", "/api/v1/flows/greeting/activations?limit=2")
    assert [(one["how"], one["version"]) for one in history["items"]] == [
        ("back", first), ("activated", second),
    ]  # fmt: skip
    _, rest = await sue.ask("GET", f"/api/v1/flows/greeting/activations?cursor={history['next_cursor']}")
    assert [(one["how"], one["version"]) for one in rest["items"]] == [("activated", first)]
    _, versions = await sue.ask("GET", "/api/v1/flows/greeting/versions")
    assert {one["version"]: (one["note"], one["active"]) for one in versions["items"]} == {
        first: ("as it was", True), second: ("", False),
    }  # fmt: skip
    _, stored = await sue.ask("GET", f"/api/v1/flows/greeting/versions/{second}")
    assert stored["text"] == text("second")
    _, diff = await sue.ask("GET", f"/api/v1/flows/greeting/versions/{second}/diff")
    assert (diff["from_version"], diff["to_version"]) == (first, second)
    assert "-    exit: {outcome: first}\n+    exit: {outcome: second}\n" in diff["diff"]


async def test_the_same_text_is_one_version(ada: Visitor) -> None:
    once = await upload(ada, text("same", name="same"), name="same")
    again = await upload(ada, text("same", name="same").replace("\n", "\r\n"), name="same")
    assert (once["added"], again["added"]) == (True, False)
    assert once["version"] == again["version"]


async def test_a_new_flow_takes_no_name_of_another(ada: Visitor) -> None:
    new = {"text": text("one", name="first-of-all"), "new_flow": True}
    status, added = await ada.ask("POST", "/api/v1/flows/first-of-all/versions", new)
    assert (status, added["added"]) == (201, True)
    for outcome in ("one", "two"):
        again = {"text": text(outcome, name="first-of-all"), "new_flow": True}
        status, problem = await ada.ask("POST", "/api/v1/flows/first-of-all/versions", again)
        assert (status, problem["code"]) == (409, "flow.exists")
    _, flow = await ada.ask("GET", "/api/v1/flows/first-of-all")
    assert flow["versions"] == 1


async def test_a_broken_text_is_refused_with_line_and_reason_in_the_reader_s_language(
    site: Site, ada: Visitor
) -> None:
    before = (await upload(ada, text("whole", name="broken"), name="broken"))["version"]
    await activate(ada, before, name="broken")
    zoe = await chinese_admin(site, ada)
    wrong = text("whole", name="broken").replace("prompt:", "promt:")
    for path in ("versions", "check"):
        status, problem = await ada.ask("POST", f"/api/v1/flows/broken/{path}", {"text": wrong})
        assert (status, problem["code"]) == (422, "flow.invalid")
        error = problem["errors"][0]
        assert (error["file"], error["line"], error["column"]) == ("broken.yaml", 7, 5)
        assert error["detail"] == "`promt` is not known here; is `prompt` meant?"
        _, chinese = await zoe.ask("POST", f"/api/v1/flows/broken/{path}", {"text": wrong})
        assert chinese["errors"][0]["detail"] == "这里不认识 `promt`；是否想写 `prompt`？"
    _, flow = await ada.ask("GET", "/api/v1/flows/broken")
    assert (flow["active_version"], flow["versions"]) == (before, 1)


async def test_a_text_of_another_flow_or_kind_is_refused(ada: Visitor) -> None:
    await upload(ada, text("one", name="kinds"), name="kinds")
    status, problem = await ada.ask("POST", "/api/v1/flows/kinds/versions", {"text": text("x")})
    assert (status, problem["code"]) == (422, "flow.name_differs")
    other = text("one", name="kinds", kind="outbound")
    status, problem = await ada.ask("POST", "/api/v1/flows/kinds/versions", {"text": other})
    assert (status, problem["code"]) == (409, "flow.kind_changed")


async def test_what_is_not_there_is_said_to_be_not_there(ada: Visitor) -> None:
    await upload(ada, text("one", name="some"), name="some")
    assert (await ada.ask("GET", "/api/v1/flows/none"))[1]["code"] == "flow.not_found"
    status, problem = await activate(ada, "0" * 12, name="some")
    assert (status, problem["code"]) == (404, "flow.version_not_found")
    status, problem = await ada.ask("POST", "/api/v1/flows/some/back", {"active": "0" * 12})
    assert (status, problem["code"]) == (409, "flow.changed_meanwhile")


async def test_a_supervisor_reads_and_an_agent_does_not_even_that(site: Site, ada: Visitor) -> None:
    version = (await upload(ada, text("one", name="roles"), name="roles"))["version"]
    sue, ann = await site.signed_in("sue"), await site.signed_in("ann")
    assert (await activate(sue, version, name="roles"))[0] == 403
    assert (await sue.ask("GET", f"/api/v1/flows/roles/versions/{version}"))[0] == 200
    assert (await ann.ask("GET", "/api/v1/flows"))[0] == 403


async def test_a_number_leads_into_a_flow_that_answers_calls(site: Site, ada: Visitor) -> None:
    version = (await upload(ada, text("one", name="numbered"), name="numbered"))["version"]
    address = "/api/v1/inbound-numbers/+864008000001"
    body = {"flow": "numbered", "queue": "sales", "language": "en"}
    status, problem = await ada.ask("PUT", address, body)
    assert (status, problem["errors"][0]["code"]) == (422, "field.flow_unknown")
    await activate(ada, version, name="numbered")
    status, problem = await ada.ask("PUT", address, {**body, "queue": "nowhere"})
    assert (status, problem["errors"][0]["code"]) == (422, "field.queue_unknown")
    status, number = await ada.ask("PUT", address, body)
    assert (status, number) == (200, {"dnis": "+864008000001", **body})
    _, listed = await (await site.signed_in("sue")).ask("GET", "/api/v1/inbound-numbers")
    assert number in listed["items"]
    assert (await ada.ask("GET", "/api/v1/flows/numbered"))[1]["numbers"] == ["+864008000001"]

    outbound = (await upload(ada, text("one", name="called", kind="outbound"), name="called"))["version"]
    await activate(ada, outbound, name="called")
    status, problem = await ada.ask("PUT", address, {**body, "flow": "called"})
    assert (status, problem["errors"][0]["code"]) == (422, "field.flow_kind")
    assert (await ada.ask("DELETE", address))[0] == 204
    assert (await ada.ask("DELETE", address))[1]["code"] == "number.not_found"


async def test_a_text_that_makes_no_sense_is_refused_and_what_should_be_looked_at_is_told(
    ada: Visitor,
) -> None:
    lost = text("x", name="lost").replace("goto: bye", "goto: by")
    status, problem = await ada.ask("POST", "/api/v1/flows/lost/versions", {"text": lost})
    assert (status, problem["code"]) == (422, "flow.invalid")
    assert {error["code"] for error in problem["errors"]} >= {"flow.unknown_step_but_near"}
    silent = text("x", name="lost").replace("[goodbye]", "[no-such-prompt]")
    _, problem = await ada.ask("POST", "/api/v1/flows/lost/versions", {"text": silent})
    assert [error["code"] for error in problem["errors"]] == ["flow.unknown_prompt"]
    idle = text("x", name="lost") + "  nowhere:\n    exit: {}\n"
    status, checked = await ada.ask("POST", "/api/v1/flows/lost/check", {"text": idle})
    assert (status, [warning["code"] for warning in checked["warnings"]]) == (200, ["flow.unreachable"])
    assert checked["warnings"][0]["line"] == 10
    assert (await ada.ask("GET", "/api/v1/flows/lost"))[1]["code"] == "flow.not_found"


async def test_a_sub_flow_that_its_callers_cannot_use_is_not_activated(ada: Visitor) -> None:
    part = text("x", name="part", kind="subdialog")
    first = (await upload(ada, part, name="part"))["version"]
    await activate(ada, first, name="part")
    caller = text("x", name="caller").replace(
        "prompt: {say: [goodbye], goto: bye}", "subdialog: {flow: part, goto: bye}"
    )
    await activate(ada, (await upload(ada, caller, name="caller"))["version"], name="caller")
    needs = part.replace("start:", "inputs: {account: '1'}\nstart:")
    status, problem = await ada.ask("POST", "/api/v1/flows/part/versions", {"text": needs})
    assert (status, problem["code"]) == (409, "flow.breaks_others")
    assert (problem["errors"][0]["file"], problem["errors"][0]["code"]) == (
        "caller.yaml", "flow.missing_input",
    )  # fmt: skip
    assert (await ada.ask("GET", "/api/v1/flows/part"))[1]["active_version"] == first
