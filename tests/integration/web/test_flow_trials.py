"""A flow is tried in the browser: what is heard, what can happen, what would be recorded."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from web_site import Site, Visitor

from cti.flows.version import version_of
from tests.integration.ivr.flow_record import Answered, Ran, Stepped, write

PICTURED = """
flow: pictured
kind: inbound
title: {en: Pictured, zh-CN: 图示}
start: ask
noinput: {goto: bye}
nomatch: {goto: bye}
steps:
  ask: {menu: {prompt: [survey-intro], choices: {"1": bye, "2": bye}}}
  bye: {exit: {say: [goodbye], outcome: seen}}
"""
FLOW = """
flow: tried
kind: inbound
title: {en: Tried, zh-CN: 试用}
inputs: {amount: 12}
start: find
noinput: {prompt: [survey-no-input], goto: bye}
nomatch: {prompt: [survey-wrong-key], goto: bye}
error: bye
steps:
  find:
    lookup: {source: customer, into: customer, goto: ask, default: {name: null}}
  ask:
    menu:
      prompt: [survey-intro, {money: amount}]
      name: rating
      kind: scale
      choices: {"1-5": code}
  code:
    field: {prompt: [survey-intro], goto: hold, fewest_digits: 2, most_digits: 6}
  hold:
    queue: {name: sales, goto: note, otherwise: note}
  note:
    task: {kind: callback, queue: sales, goto: bye}
  bye:
    exit: {say: [goodbye], outcome: thanked}
"""


async def turn(visitor: Visitor, state: str | None = None, **body: Any) -> dict[str, Any]:
    sent = {"text": FLOW, "language": "en", **body}
    if state is not None:
        sent["state"] = state
    status, answer = await visitor.ask("POST", "/api/v1/flows/tried/try", sent)
    assert status == 200, answer
    return answer


async def after(visitor: Visitor, *words: str) -> dict[str, Any]:
    answer = await turn(visitor, data={"customer.name": "Li"})
    for word in words:
        answer = await turn(visitor, answer["state"], word=word)
    return answer


async def test_a_flow_is_gone_through_key_by_key(site: Site) -> None:
    sue = await site.signed_in("sue")
    asked = await after(sue)
    found, waits = asked["exchanges"]
    assert (found["action"], found["deed"]["details"]["source"]) == ("Find", "customer")
    assert waits["says"][0].startswith("Please rate")
    assert [(way["step"], way["way"]) for way in waits["ways"]] == [("ask", "goto")]
    assert asked["expected"] == ["0-9*#", "noinput", "hangup"]
    wrong = await turn(sue, asked["state"], word="9")
    assert (wrong["exchanges"][0]["told"], wrong["exchanges"][1]["mistakes"]) == ("9", ["9"])
    rated = await turn(sue, wrong["state"], word="4")
    assert [(one["question"], one["value"]) for one in rated["exchanges"][-1]["answers"]] == [("rating", "4")]
    keyed = await turn(sue, rated["state"], word="123#")
    assert keyed["exchanges"][-1]["answers"][0]["value"] == "123"
    assert keyed["expected"] == ["answered", "timeout", "full", "empty", "hangup"]
    over = await turn(sue, keyed["state"], word="timeout")
    assert "OpenTask" in [one["action"] for one in over["exchanges"]]
    assert (over["outcome"], over["expected"], over["state"]) == ("thanked", [], None)


async def test_the_same_state_can_be_gone_on_with_another_way(site: Site) -> None:
    sue = await site.signed_in("sue")
    asked = await after(sue)
    for word, outcome in (("hangup", "hung_up"), ("1", None)):
        assert (await turn(sue, asked["state"], word=word))["outcome"] == outcome


async def test_a_kept_version_is_tried_and_the_active_one_without_a_word(site: Site) -> None:
    ada = await site.signed_in("ada")
    address = "/api/v1/flows/tried/try"
    assert (await ada.ask("POST", address, {}))[1]["code"] == "flow.not_found"
    _, added = await ada.ask("POST", "/api/v1/flows/tried/versions", {"text": FLOW})
    version = added["version"]
    assert (await ada.ask("POST", address, {"version": "0" * 12}))[1]["code"] == "flow.version_not_found"
    status, begun = await ada.ask("POST", address, {"version": version})
    assert (status, begun["version"], begun["language"]) == (200, version, "zh-CN")
    await ada.ask("POST", "/api/v1/flows/tried/activate", {"version": version})
    status, begun = await ada.ask("POST", address, {"data": {"amount": 5}})
    assert (status, begun["version"]) == (200, version)
    status, gone = await ada.ask("POST", address, {"state": begun["state"], "word": "hangup"})
    assert (status, gone["outcome"]) == (200, "hung_up")


async def test_what_does_not_fit_and_a_state_of_one_s_own_making_are_refused(site: Site) -> None:
    sue = await site.signed_in("sue")
    state = (await after(sue))["state"]
    forged = base64.urlsafe_b64encode(bytes(32) + base64.urlsafe_b64decode(state)[32:]).decode()
    for body, code in (
        ({"state": state}, "trial.unexpected"),
        ({"state": state, "word": "answered"}, "trial.unexpected"),
        ({"state": state, "text": FLOW.replace("thanked", "other"), "word": "1"}, "trial.state_invalid"),
        ({"state": forged, "word": "1"}, "trial.state_invalid"),
        ({"state": "x", "word": "1"}, "trial.state_invalid"),
        ({"state": state, "word": "rm -rf"}, "request.invalid"),
        ({"text": FLOW.replace("goto: ask", "goto: nowhere")}, "flow.invalid"),
    ):
        sent = {"text": FLOW, "language": "en", **body}
        status, problem = await sue.ask("POST", "/api/v1/flows/tried/try", sent)
        assert problem["code"] == code, (body, status, problem)


CALLS = [
    Ran(
        flow="pictured",
        version=version_of(PICTURED),
        outcome=outcome,
        last_step=f"pictured/{last}",
        steps=[Stepped("ask", "start"), *steps],
        answers=[Answered("ask", "choice", key)] if key else [],
    )
    for outcome, last, key, steps in (
        ("seen", "bye", "1", [Stepped("bye", "1")]),
        ("seen", "bye", "2", [Stepped("bye", "2")]),
        ("hung_up", "ask", "", []),
    )
]


@pytest_asyncio.fixture(scope="module")
async def pictured(site: Site) -> str:
    ada = await site.signed_in("ada")
    _, added = await ada.ask("POST", "/api/v1/flows/pictured/versions", {"text": PICTURED})
    await ada.ask("POST", "/api/v1/flows/pictured/activate", {"version": added["version"]})
    async with site.engine.begin() as connection:
        await write(connection, CALLS)
    return str(added["version"])


async def test_a_flow_is_drawn_with_how_many_went_each_way(site: Site, pictured: str) -> None:
    sue = await site.signed_in("sue")
    status, plain = await sue.ask("GET", "/api/v1/flows/pictured/drawing")
    assert (status, sue.last_headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert 'data-step="ask"' in plain
    assert "<script" not in plain
    _, counted = await sue.ask("GET", "/api/v1/flows/pictured/drawing?calls=10")
    assert "the last 3 calls" in counted
    assert "1 hung up" in counted
    assert 'data-from="ask" data-to="bye"' in counted
    _, last = await sue.ask(
        "GET", f"/api/v1/flows/pictured/drawing?calls=10&version={pictured}&language=zh-CN"
    )
    assert "最近 3 通来电" in last


async def test_a_text_that_is_not_kept_is_drawn_and_mistakes_are_told(site: Site) -> None:
    sue = await site.signed_in("sue")
    status, drawn = await sue.ask("POST", "/api/v1/flows/tried/drawing", {"text": FLOW})
    assert (status, sue.last_headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert 'data-step="hold"' in drawn
    wrong = FLOW.replace("goto: ask", "goto: nowhere")
    status, problem = await sue.ask("POST", "/api/v1/flows/tried/drawing", {"text": wrong})
    assert (status, problem["code"]) == (422, "flow.invalid")


async def test_a_flow_tells_the_calls_of_the_last_seven_days(site: Site) -> None:
    ada = await site.signed_in("ada")
    text = PICTURED.replace("flow: pictured", "flow: counted")
    await ada.ask("POST", "/api/v1/flows/counted/versions", {"text": text})
    now = datetime.now(UTC)
    async with site.engine.begin() as connection:
        await write(connection, [Ran(flow="counted", at=now - timedelta(days=days)) for days in (0, 1, 8)])
    _, counted = await ada.ask("GET", "/api/v1/flows/counted")
    _, listed = await ada.ask("GET", "/api/v1/flows")
    assert counted["recent_calls"] == 2
    assert [one["recent_calls"] for one in listed["items"] if one["name"] == "counted"] == [2]


async def test_recorded_calls_are_gone_through_again_in_another_version(site: Site, pictured: str) -> None:
    sue = await site.signed_in("sue")
    address = "/api/v1/flows/pictured/replay"
    status, same = await sue.ask("POST", address, {})
    assert (status, same["calls"], same["same"], same["different"]) == (200, 3, 3, [])
    changed = PICTURED.replace('"2": bye', '"2": {goto: bye, value: other}').replace("seen", "told")
    _, replayed = await sue.ask("POST", address, {"text": changed, "calls": 3})
    assert (replayed["calls"], replayed["same"], len(replayed["different"])) == (3, 1, 2)
    kinds = sorted(sorted(one["kind"] for one in call["differences"]) for call in replayed["different"])
    assert kinds == [["answer", "outcome"], ["outcome"]]
    assert {call["version"] for call in replayed["different"]} == {pictured}
