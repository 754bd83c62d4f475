"""Campaigns over HTTP: drafts are defined, copied and taken away; what makes no sense is told at once."""

from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.http.principal import Scope
from cti.people.store import create_token
from tests.stage.campaign_centre import NOTICE

POLL: dict[str, Any] = {
    "campaign": "poll",
    "title": {"en": "Poll", "zh-CN": "民意调查"},
    "kind": "progressive",
    "queue": "sales",
    "caller_ids": ["010-6552 9988"],
    "retries": {"busy": {"times": 3}, "machine": {"times": 1, "after_seconds": 86_400}},
    "caps": {"attempts": 4, "calls_per_day": 500},
}


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM campaigns"))
    return await site.signed_in("ada")


async def make(ada: Visitor, **changes: Any) -> str:
    status, campaign = await ada.ask("POST", "/api/v1/campaigns", {**POLL, **changes})
    assert status == 201, campaign
    return f"/api/v1/campaigns/{campaign['id']}"


async def test_a_campaign_is_a_draft_with_sensible_defaults(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    sue = await site.signed_in("sue")
    status, campaign = await sue.ask("GET", path)
    assert status == 200
    assert (campaign["state"], campaign["version"], campaign["contacts"]) == ("draft", 1, 0)
    assert campaign["caller_ids"] == ["+861065529988"]
    assert campaign["window"] == {
        "from": "09:00",
        "to": "20:00",
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    }
    assert campaign["ring_seconds"] == 25
    assert campaign["retries"] == {
        "busy": {"times": 3, "after_seconds": 1800},
        "machine": {"times": 1, "after_seconds": 86_400},
    }
    assert campaign["caps"] == {"attempts": 4, "calls_per_day": 500, "calls_at_once": None}
    assert (campaign["machine_detection"], campaign["abandon_cap"]) == ("off", 0.03)
    assert campaign["abandon_cap_holds"] == "at_end"
    assert (campaign["needs_consent"], campaign["script"]) == (False, None)
    _, all_of_them = await sue.ask("GET", "/api/v1/campaigns")
    assert [one["campaign"] for one in all_of_them["items"]] == ["poll"]


async def test_a_campaign_says_what_is_done_about_machines_consent_and_words(ada: Visitor) -> None:
    words = {
        "machine_detection": "message",
        "abandon_cap": 0.015,
        "abandon_cap_holds": "always",
        "needs_consent": True,
        "script": {"zh-CN": "您好。\n这里是……", "en": "Good day.\n" + "word " * 200},
    }
    path = await make(ada, **words)
    _, campaign = await ada.ask("GET", path)
    assert {word: campaign[word] for word in words} == words
    nonsense = {
        "machine_detection": "perhaps", "abandon_cap": 0.2, "abandon_cap_holds": "no", "script": {"en": ""},
    }  # fmt: skip
    wrong = {**POLL, "campaign": "other", **nonsense}
    status, problem = await ada.ask("POST", "/api/v1/campaigns", wrong)
    assert status == 422
    assert {one["pointer"] for one in problem["errors"]} == {
        "/machine_detection",
        "/abandon_cap",
        "/abandon_cap_holds",
        "/script/en",
    }


async def upload_notice(ada: Visitor) -> None:
    """A flow that campaigns may name; it may be there already."""
    status, _ = await ada.ask("POST", "/api/v1/flows/short-notice/versions", {"text": NOTICE})
    assert status in (200, 201)


async def test_a_campaign_says_what_follows_after_its_flow(ada: Visitor) -> None:
    await upload_notice(ada)
    words = {"kind": "ivr", "flow": "short-notice"}
    path = await make(ada, **words, flow_retries={"later": {"times": 2}, "heard": {"times": 0}})
    _, campaign = await ada.ask("GET", path)
    assert campaign["flow_retries"] == {
        "later": {"times": 2, "after_seconds": 86_400},
        "heard": {"times": 0, "after_seconds": 86_400},
    }
    for wrong in (
        {"La ter": {"times": 1}},
        {"later": {"times": 1, "after_seconds": 60}},
        {"later": {"times": 21}},
    ):
        other = {**POLL, **words, "campaign": "other", "flow_retries": wrong}
        status, problem = await ada.ask("POST", "/api/v1/campaigns", other)
        assert status == 422
        assert [one["pointer"].startswith("/flow_retries/") for one in problem["errors"]] == [True]
    agents = {**POLL, "campaign": "other", "flow_retries": {"later": {"times": 1}}}
    status, problem = await ada.ask("POST", "/api/v1/campaigns", agents)
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/flow_retries", "campaign.only_of_flow")
    ]


async def test_all_that_makes_no_sense_is_told_at_once_and_nothing_is_kept(ada: Visitor) -> None:
    bad = {
        **POLL,
        "kind": "ivr",
        "calendar": "nowhere",
        "caller_ids": ["+8613800138000", "12"],
        "ratio": 2.0,
        "window": {"from": "20:00", "to": "09:00", "days": []},
    }
    status, problem = await ada.ask("POST", "/api/v1/campaigns", bad)
    assert (status, problem["code"]) == (422, "campaign.invalid")
    assert {(one["pointer"], one["code"]) for one in problem["errors"]} == {
        ("/kind", "campaign.flow_needed"),
        ("/ratio", "campaign.no_ratio"),
        ("/calendar", "campaign.unknown_calendar"),
        ("/window/to", "field.until_before_from"),
        ("/window/days", "campaign.no_day"),
        ("/caller_ids/1", "field.number"),
    }
    assert (await ada.ask("GET", "/api/v1/campaigns"))[1]["items"] == []


async def test_a_campaign_of_a_flow_names_the_queue_for_who_wants_an_agent(ada: Visitor) -> None:
    await upload_notice(ada)
    words = {word: said for word, said in POLL.items() if word != "campaign"}
    path = await make(ada)
    status, changed = await ada.ask(
        "PUT", path, {**words, "version": 1, "kind": "ivr", "flow": "short-notice"}
    )
    assert (status, changed["flow"], changed["queue"]) == (200, "short-notice", "sales")


async def test_a_draft_is_changed_copied_and_taken_away(ada: Visitor) -> None:
    path = await make(ada)
    change = {name: word for name, word in POLL.items() if name != "campaign"}
    status, changed = await ada.ask(
        "PUT", path, {**change, "version": 1, "kind": "fixed_ratio", "ratio": 1.5}
    )
    assert (status, changed["kind"], changed["ratio"], changed["version"]) == (200, "fixed_ratio", 1.5, 2)
    status, copy = await ada.ask("POST", f"{path}/copy", {"campaign": "second-poll"})
    assert status == 201
    own = ("id", "campaign", "version")
    assert {word: copy[word] for word in copy if word not in own} == {
        word: changed[word] for word in changed if word not in own
    }
    assert (await ada.ask("POST", f"{path}/copy", {"campaign": "poll"}))[1]["code"] == "campaign.exists"
    assert (await ada.ask("DELETE", path))[0] == 204
    assert (await ada.ask("GET", path))[1]["code"] == "campaign.not_found"


async def test_only_a_draft_is_taken_away(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE campaigns SET state = 'paused'"))
    assert (await ada.ask("DELETE", path))[1]["code"] == "campaign.not_draft"


async def test_another_system_adds_contacts_while_it_runs_and_sees_none(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE campaigns SET state = 'running'"))
        _, token = await create_token(connection, name="shop", scopes=[Scope.CONTACTS_WRITE], created_by=None)
    shop = site.visitor(token=token)
    person = {"phone": "138 0013 8000", "name": "Li", "details": {"order": "17"}}
    status, contact = await shop.ask("POST", f"{path}/contacts", person, Idempotency_Key="order-17")
    assert (status, contact["phone"], contact["state"]) == (201, "+8613800138000", "open")
    again = await shop.ask("POST", f"{path}/contacts", person, Idempotency_Key="order-17")
    assert again == (status, contact)
    assert (await shop.ask("POST", f"{path}/contacts", person))[1]["code"] == "contact.exists"
    for refused in (
        ("GET", f"{path}/contacts"),
        ("GET", path),
        ("DELETE", f"{path}/contacts/{contact['id']}"),
    ):
        assert (await shop.ask(*refused))[1]["code"] == "auth.forbidden"
    narrow = site.visitor(token=site.tokens["narrow"])
    assert (await narrow.ask("POST", f"{path}/contacts", person))[1]["code"] == "auth.scope_missing"
    assert (await ada.ask("GET", path))[1]["contacts"] == 1


async def test_contacts_are_added_one_by_one_and_a_number_only_once(ada: Visitor) -> None:
    path = await make(ada)
    status, contact = await ada.ask(
        "POST",
        f"{path}/contacts",
        {
            "phone": "138 0013 8000",
            "other_phones": ["+86 138 0013 8000", "021-6888 8888"],
            "language": "en",
            "time_zone": "Asia/Shanghai",
            "details": {"subscription.product": "Daily"},
        },
    )
    assert status == 201
    assert (contact["phone"], contact["other_phones"]) == ("+8613800138000", ["+862168888888"])
    assert (contact["import_id"], contact["customer_id"], contact["consent"]) == (None, None, None)
    again = await ada.ask("POST", f"{path}/contacts", {"phone": "+8613800138000"})
    assert (again[0], again[1]["code"]) == (409, "contact.exists")
    wrong = await ada.ask("POST", f"{path}/contacts", {"phone": "110", "other_phones": ["x"]})
    assert [one["pointer"] for one in wrong[1]["errors"]] == ["/phone", "/other_phones/0"]
    await ada.ask("POST", f"{path}/contacts", {"phone": "+12025550123"})
    _, page = await ada.ask("GET", f"{path}/contacts?limit=1")
    assert [one["phone"] for one in page["items"]] == ["+8613800138000"]
    _, rest = await ada.ask("GET", f"{path}/contacts?cursor={page['next_cursor']}")
    assert [one["phone"] for one in rest["items"]] == ["+12025550123"]
    _, found = await ada.ask("GET", f"{path}/contacts?number=%2B1202")
    assert [one["phone"] for one in found["items"]] == ["+12025550123"]
    assert (await ada.ask("DELETE", path))[1]["code"] == "campaign.has_contacts"
    assert (await ada.ask("DELETE", f"{path}/contacts/{contact['id']}"))[0] == 204
    assert (await ada.ask("DELETE", f"{path}/contacts/{contact['id']}"))[1]["code"] == "contact.not_found"
