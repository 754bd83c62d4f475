"""A campaign is changed where it stands, over HTTP: nobody overwrites anybody, and what was is kept."""

from datetime import UTC, date, datetime
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.campaigns.tables import campaigns
from cti.dialling.records.tables import attempts

POLL: dict[str, Any] = {
    "title": {"en": "Poll"},
    "kind": "progressive",
    "queue": "sales",
    "caller_ids": ["010-6552 9988"],
}
CALLER_ID = "01065529988"


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        for table in ("attempts", "campaigns", "inbound_numbers"):
            await connection.execute(sa.text(f"DELETE FROM {table}"))
    ada = await site.signed_in("ada")
    assert (await ada.ask("PUT", f"/api/v1/inbound-numbers/{CALLER_ID}", {"queue": "sales"}))[0] == 200
    return ada


async def standing(site: Site, ada: Visitor, state: str) -> str:
    """A campaign in a state; its path."""
    status, campaign = await ada.ask("POST", "/api/v1/campaigns", {"campaign": "poll", **POLL})
    assert status == 201, campaign
    async with site.engine.begin() as connection:
        await connection.execute(sa.update(campaigns).values(state=state))
    return f"/api/v1/campaigns/{campaign['id']}"


async def change(ada: Visitor, path: str, version: int, **words: Any) -> tuple[int, Any]:
    return await ada.ask("PUT", path, {**POLL, **words, "version": version})


async def test_what_runs_is_changed_as_the_next_version(site: Site, ada: Visitor) -> None:
    path = await standing(site, ada, "running")
    words = {
        "title": {"en": "Poll of readers"},
        "window": {"from": "10:00", "to": "19:00", "days": ["mon"]},
        "retries": {"busy": {"times": 1, "after_seconds": 3600}},
        "caps": {"attempts": 3, "calls_per_day": 100, "calls_at_once": 5},
        "ring_seconds": 40,
        "priority": 80,
        "abandon_cap": 0.01,
        "machine_detection": "hang_up",
        "script": {"en": "Good day"},
    }
    status, changed = await change(ada, path, 1, **words)
    assert (status, changed["state"], changed["version"]) == (200, "running", 2)
    assert {word: changed[word] for word in words} == words
    sue = await site.signed_in("sue")
    assert (await sue.ask("GET", f"{path}/live"))[1]["version"] == 2
    # Said again it changes nothing.
    assert (await change(ada, path, 2, **words))[1]["version"] == 2


async def test_who_speaks_is_changed_when_no_call_is_in_flight(site: Site, ada: Visitor) -> None:
    path = await standing(site, ada, "running")
    status, problem = await change(ada, path, 1, kind="predictive", queue="support")
    assert (status, problem["code"]) == (409, "campaign.cannot_change")
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/kind", "campaign.fixed_while_running"),
        ("/queue", "campaign.fixed_while_running"),
    ]
    async with site.engine.begin() as connection:
        await connection.execute(sa.update(campaigns).values(state="paused"))
        call = {
            "id": "at-in-flight", "campaign_id": int(path.rpartition("/")[2]), "phone": "+8613800138000",
            "purpose": "campaign", "node": "pbx1", "epoch": 1, "counted_on": date(2026, 3, 2),
            "state": "ringing", "reserved_at": datetime.now(UTC), "sent_at": datetime.now(UTC),
            "ring_seconds": 25,
        }  # fmt: skip
        await connection.execute(attempts.insert().values(call))
    status, problem = await change(ada, path, 1, kind="predictive")
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/kind", "campaign.fixed_in_flight")
    ]
    assert problem["errors"][0]["detail"].startswith("1 of its calls")
    assert (await change(ada, path, 1, priority=90))[1]["version"] == 2
    async with site.engine.begin() as connection:
        await connection.execute(sa.update(attempts).values(state="ended", outcome="busy"))
    status, changed = await change(ada, path, 2, kind="predictive", queue="support")
    assert (status, changed["kind"], changed["queue"]) == (200, "predictive", "support")


async def test_what_runs_shows_people_a_number_of_ours(site: Site, ada: Visitor) -> None:
    path = await standing(site, ada, "running")
    _, problem = await change(ada, path, 1, caller_ids=["+8613800138000"])
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("/caller_ids", "start.caller_id_not_ours")
    ]
    _, problem = await change(ada, path, 1, caller_ids=[])
    assert problem["errors"][0]["code"] == "start.no_caller_id"


async def test_of_two_who_change_the_same_version_the_second_is_told(site: Site, ada: Visitor) -> None:
    path = await standing(site, ada, "paused")
    assert (await change(ada, path, 1, priority=60))[0] == 200
    status, problem = await change(ada, path, 1, priority=70)
    assert (status, problem["code"]) == (409, "campaign.changed_meanwhile")
    assert "version 2" in problem["detail"]
    assert (await ada.ask("GET", path))[1]["priority"] == 60
    body = {**POLL, "priority": 70}
    assert (await ada.ask("PUT", path, body))[1]["errors"][0]["pointer"] == "/version"


async def test_versions_say_who_changed_what_and_one_is_brought_back(site: Site, ada: Visitor) -> None:
    path = await standing(site, ada, "paused")
    await change(ada, path, 1, priority=60, window={"from": "10:00", "to": "20:00"})
    await change(ada, path, 2, priority=60, window={"from": "10:00", "to": "20:00"}, ring_seconds=30)
    sue = await site.signed_in("sue")
    status, page = await sue.ask("GET", f"{path}/versions?limit=2")
    assert status == 200
    third, second = page["items"]
    assert (third["version"], third["changed_by"], third["restores"]) == (3, "Ada", None)
    assert third["changes"] == [{"pointer": "/ring_seconds", "before": 25, "after": 30}]
    assert second["changes"] == [
        {"pointer": "/window/from", "before": "09:00", "after": "10:00"},
        {"pointer": "/priority", "before": 50, "after": 60},
    ]
    _, rest = await sue.ask("GET", f"{path}/versions?limit=2&cursor={page['next_cursor']}")
    assert [(one["version"], one["changes"]) for one in rest["items"]] == [(1, [])]
    back = f"{path}/versions/1/restore"
    assert (await ada.ask("POST", back, {"version": 2}))[1]["code"] == "campaign.changed_meanwhile"
    status, campaign = await ada.ask("POST", back, {"version": 3})
    assert (status, campaign["version"], campaign["priority"]) == (200, 4, 50)
    assert campaign["window"]["from"] == "09:00"
    _, page = await sue.ask("GET", f"{path}/versions?limit=1")
    assert (page["items"][0]["restores"], len(page["items"][0]["changes"])) == (1, 3)
    missing = await ada.ask("POST", f"{path}/versions/99/restore", {"version": 4})
    assert missing[1]["code"] == "campaign.version_not_found"
    assert (await sue.ask("POST", back, {"version": 4}))[1]["code"] == "auth.forbidden"


async def test_a_version_that_names_what_is_gone_is_not_brought_back(site: Site, ada: Visitor) -> None:
    path = await standing(site, ada, "paused")
    await change(ada, path, 1, queue="support")
    async with site.engine.begin() as connection:
        await connection.execute(
            sa.text("UPDATE campaign_versions SET definition = definition || '{\"queue\": \"gone\"}'"
                    " WHERE version = 1")
        )  # fmt: skip
    _, problem = await ada.ask("POST", f"{path}/versions/1/restore", {"version": 2})
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("campaign.invalid", "/queue")
    assert (await ada.ask("GET", path))[1]["version"] == 2
