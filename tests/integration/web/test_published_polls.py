"""Published results: everybody with the address sees totals, and nobody sees a person."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from web_site import Site

from cti.flows.document import flow_of
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.results.poll_pages import PollPages
from tests.integration.ivr.flow_record import NOON, Answered, Ran, write

POLL = """
flow: poll
kind: outbound
title: {en: Poll, zh-CN: 调查}
start: ask
noinput: {goto: bye}
nomatch: {goto: bye}
steps:
  ask:
    menu:
      prompt: [survey-intro]
      name: topic
      title: {en: "Which <topic>?", zh-CN: 哪个话题?}
      choices:
        "1": {goto: bye, value: north, label: {en: "North & West", zh-CN: 北方}}
        "2": {goto: bye, value: south, label: {en: South, zh-CN: 南方}}
        "3": {goto: bye, value: sea, label: {en: Sea, zh-CN: 海}}
  bye:
    exit: {}
"""
BODY: dict[str, Any] = {
    "title": {"en": "Topics <script>alert(1)</script>", "zh-CN": "话题"},
    "sample": {"en": "Every tenth subscriber.", "zh-CN": "每十位订户中的一位。"},
    "from": "2026-11-20T00:00:00Z",
    "to": "2026-11-21T00:00:00Z",
}


@pytest_asyncio.fixture(scope="module", autouse=True)
async def calls(site: Site) -> None:
    ada = await site.signed_in("ada")
    status, added = await ada.ask("POST", "/api/v1/flows/poll/versions", {"text": POLL})
    assert status == 201, added
    topics = ["north"] * 12 + ["south"] * 6 + ["sea"] * 2
    async with site.engine.begin() as connection:
        await write(
            connection,
            [
                Ran(
                    version=added["version"],
                    at=NOON + timedelta(minutes=n),
                    answers=[Answered("topic", "choice", topic), Answered("account", "digits", "471100815")],
                )
                for n, topic in enumerate(topics)
            ],
        )
        await write(connection, [Ran(version=added["version"], outcome="hung_up")] * 5)


async def publish(site: Site, **changes: Any) -> dict[str, Any]:
    ada = await site.signed_in("ada")
    status, poll = await ada.ask("POST", "/api/v1/flows/poll/polls", {**BODY, **changes})
    assert status == 201, poll
    return poll


async def test_everybody_with_the_address_sees_the_totals_with_their_margins(site: Site) -> None:
    poll = await publish(site)
    visitor = site.visitor()
    status, page = await visitor.ask("GET", poll["path"])
    assert status == 200
    assert "North &amp; West" in page
    assert "60 % (39–78)" in page
    assert "25 calls came into the poll; 20 answered at least one question (80 %)." in page
    assert "Every tenth subscriber." in page
    assert "Wilson" in page
    status, chinese = await visitor.ask("GET", f"{poll['path']}?language=zh-CN")
    assert "北方" in chinese
    assert "每十位订户中的一位。" in chinese
    assert "威尔逊" in chinese


async def test_fewer_than_five_answers_are_not_told_by_themselves(site: Site) -> None:
    poll = await publish(site)
    _, page = await site.visitor().ask("GET", poll["path"])
    counts = [int(count) for count in re.findall(r'<td class="number">(\d+)</td>', page)]
    assert counts == [12, 8]
    assert "South, Sea" in page


async def test_nothing_of_a_person_and_nothing_that_runs_is_on_the_page(site: Site) -> None:
    poll = await publish(site)
    visitor = site.visitor()
    _, page = await visitor.ask("GET", poll["path"])
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Which &lt;topic&gt;?" in page
    for personal in ("471100815", "13800005678", "call-", "account"):
        assert personal not in page
    assert visitor.last_headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert visitor.last_headers["Cache-Control"] == "public, max-age=60"


async def test_only_the_questions_that_were_chosen_are_told(site: Site) -> None:
    poll = await publish(site, questions=["other"])
    _, page = await site.visitor().ask("GET", poll["path"])
    assert "There are no answers yet." in page
    assert "North" not in page


async def test_a_known_population_narrows_the_margins(site: Site) -> None:
    poll = await publish(site, population=22)
    _, page = await site.visitor().ask("GET", poll["path"])
    assert "60 % (53–66)" in page
    assert "22 people could have been asked." in page


async def test_what_is_withdrawn_is_gone_at_once(site: Site) -> None:
    poll = await publish(site)
    visitor = site.visitor()
    assert (await visitor.ask("GET", poll["path"]))[0] == 200
    ada, sue = await site.signed_in("ada"), await site.signed_in("sue")
    address = f"/api/v1/flows/poll/polls/{poll['public_id']}"
    assert (await sue.ask("DELETE", address))[0] == 403
    assert (await ada.ask("DELETE", address))[0] == 204
    assert (await ada.ask("DELETE", address))[1]["code"] == "poll.not_found"
    status, page = await visitor.ask("GET", poll["path"])
    assert (status, visitor.last_headers["Cache-Control"]) == (404, "no-store")
    assert "North" not in page
    _, listed = await sue.ask("GET", "/api/v1/flows/poll/polls")
    assert {one["public_id"]: one["withdrawn_at"] is not None for one in listed["items"]}[poll["public_id"]]


async def test_addresses_cannot_be_guessed_and_a_wrong_one_says_nothing(site: Site) -> None:
    ids = {(await publish(site))["public_id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", one) for one in ids)
    status, page = await site.visitor(language="zh-CN").ask("GET", f"/polls/{min(ids)[:-1]}")
    assert status == 404
    assert "该地址没有公布的调查" in page


async def test_the_last_page_serves_while_the_database_is_away(site: Site) -> None:
    poll = await publish(site)
    pages = PollPages(site.engine, FlowBook(site.engine, {}, flow_of), fresh_seconds=0.0)
    page = await pages.page(poll["public_id"])
    assert page is not None
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE polls RENAME TO away"))
    try:
        assert await pages.page(poll["public_id"]) is page
        with pytest.raises(ProgrammingError):
            await pages.page("another-that-is-unknown"[:22])
    finally:
        async with site.engine.begin() as connection:
            await connection.execute(sa.text("ALTER TABLE away RENAME TO polls"))
    again = await pages.page(poll["public_id"])
    assert again is not None
    assert again.as_of > page.as_of


async def test_however_many_look_the_page_is_computed_once(site: Site) -> None:
    poll = await publish(site)
    pages = PollPages(site.engine, FlowBook(site.engine, {}, flow_of))
    seen = await asyncio.gather(*(pages.page(poll["public_id"]) for _ in range(20)))
    assert all(page is seen[0] for page in seen)


async def test_a_span_that_ends_before_it_begins_is_refused(site: Site) -> None:
    ada = await site.signed_in("ada")
    status, problem = await ada.ask("POST", "/api/v1/flows/poll/polls", {**BODY, "to": BODY["from"]})
    assert (status, problem["code"]) == (400, "results.span_invalid")
