"""A campaign is started, paused, drained and stopped over HTTP, and what came of it is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from web_site import Site, Visitor

from cti.campaigns.model import CampaignDefinition
from cti.dialling.records.tables import attempts, dial_decisions
from cti.dialling.rules.decision_record import Check, CheckMade, DecisionRecord, Hold, Refusal
from cti.flows.document import read_shape

POLL: dict[str, Any] = {
    "campaign": "poll",
    "title": {"en": "Poll", "zh-CN": "民意调查"},
    "kind": "progressive",
    "queue": "sales",
    "caller_ids": ["010-6552 9988"],
}
CALLER_ID = "01065529988"
PERSON = "+8613800138000"
SWITCH = "/api/v1/dialling/kill-switch"


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        for table in ("attempts", "campaigns", "inbound_numbers"):
            await connection.execute(sa.text(f"DELETE FROM {table}"))
        await connection.execute(sa.text("UPDATE dial_limits SET kill_switch = false, changed_by = NULL"))
    return await site.signed_in("ada")


async def draft(ada: Visitor, **changes: Any) -> str:
    status, campaign = await ada.ask("POST", "/api/v1/campaigns", {**POLL, **changes})
    assert status == 201, campaign
    return f"/api/v1/campaigns/{campaign['id']}"


async def ready(ada: Visitor, **changes: Any) -> str:
    """A campaign that may start: with a contact, and a caller id of ours."""
    path = await draft(ada, **changes)
    assert (await ada.ask("POST", f"{path}/contacts", {"phone": PERSON}))[0] == 201
    assert (await ada.ask("PUT", f"/api/v1/inbound-numbers/{CALLER_ID}", {"queue": "sales"}))[0] == 200
    return path


async def order(visitor: Visitor, path: str, word: str) -> tuple[int, Any]:
    return await visitor.ask("POST", f"{path}/{word}", {})


async def test_a_start_is_refused_with_all_that_stands_against_it(site: Site, ada: Visitor) -> None:
    path = await draft(ada)
    status, problem = await order(ada, path, "start")
    assert (status, problem["code"]) == (409, "campaign.cannot_start")
    assert [one["code"] for one in problem["errors"]] == ["start.no_contact", "start.caller_id_not_ours"]
    assert "+861065529988" in problem["errors"][1]["detail"]
    sue = await site.signed_in("sue")
    _, live = await sue.ask("GET", f"{path}/live")
    assert [one["code"] for one in live["standing"]["hindrances"]] == [
        "start.no_contact",
        "start.caller_id_not_ours",
    ]
    assert (live["standing"]["state"], live["standing"]["changed_at"]) == ("draft", None)


async def test_a_flow_must_be_active_and_a_queue_there(site: Site, ada: Visitor) -> None:
    async with site.engine.begin() as connection:
        await connection.execute(
            sa.text("INSERT INTO flows (name, kind) VALUES ('unused', 'outbound') ON CONFLICT DO NOTHING")
        )
    path = await draft(ada, flow="unused")
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE campaigns SET queue = 'gone'"))
    _, problem = await order(ada, path, "start")
    assert {one["code"] for one in problem["errors"]} >= {"start.flow_not_active", "campaign.unknown_queue"}


async def test_a_campaign_goes_through_its_states_and_says_who_brought_it_there(
    site: Site, ada: Visitor
) -> None:
    path = await ready(ada)
    status, started = await order(ada, path, "start")
    assert (status, started["state"], started["changed_by"]) == (200, "running", "Ada")
    assert started["orders"] == ["pause", "drain", "stop"]
    # Ordered again nothing changes, neither who nor when.
    assert await order(ada, path, "start") == (200, started)
    assert (await order(ada, path, "drain"))[1]["state"] == "draining"
    assert (await order(ada, path, "pause"))[1]["state"] == "paused"
    assert (await order(ada, path, "drain"))[1]["code"] == "campaign.order_not_now"
    _, again = await order(ada, path, "start")
    assert again["started_at"] == started["started_at"]
    assert again["changed_at"] > started["changed_at"]
    assert (await order(ada, path, "stop"))[1]["state"] == "stopped"
    assert (await order(ada, path, "pause"))[1]["code"] == "campaign.order_not_now"
    assert (await order(ada, path, "start"))[1]["state"] == "running"
    sue = await site.signed_in("sue")
    assert (await sue.ask("GET", path))[1]["state"] == "running"
    assert (await order(sue, path, "stop"))[1]["code"] == "auth.forbidden"


async def test_the_kill_switch_says_who_and_keeps_campaigns_from_starting(site: Site, ada: Visitor) -> None:
    path = await ready(ada)
    status, off = await ada.ask("PUT", SWITCH, {"on": True})
    assert (status, off["on"], off["changed_by"]) == (200, True, "Ada")
    assert await ada.ask("PUT", SWITCH, {"on": True}) == (200, off)
    sue = await site.signed_in("sue")
    assert await sue.ask("GET", SWITCH) == (200, off)
    assert (await sue.ask("PUT", SWITCH, {"on": False}))[1]["code"] == "auth.forbidden"
    _, problem = await order(ada, path, "start")
    assert [one["code"] for one in problem["errors"]] == ["dial.kill_switch"]
    assert (await ada.ask("PUT", SWITCH, {"on": False}))[1]["on"] is False
    assert (await order(ada, path, "start"))[0] == 200


async def test_live_figures_are_those_of_the_database_where_nobody_dials(site: Site, ada: Visitor) -> None:
    path = await ready(ada)
    campaign_id = int(path.rpartition("/")[2])
    now = datetime.now(UTC)
    await keep_attempts(
        site.engine,
        attempt("a", campaign_id, now - timedelta(hours=1), outcome="answered"),
        attempt("b", campaign_id, now - timedelta(hours=2), outcome="abandoned"),
        attempt("c", campaign_id, now - timedelta(days=3), outcome="answered"),
        attempt("d", campaign_id, now - timedelta(days=40), outcome="busy"),
        attempt("e", campaign_id, now - timedelta(minutes=1), outcome="not_sent"),
    )
    status, live = await ada.ask("GET", f"{path}/live")
    assert (status, live["dialler"], live["abandon_cap"]) == (200, None, 0.03)
    assert live["contacts"] == {"all": 1, "open": 1, "dialling": 0, "closed": 0}
    assert live["outcomes"] == {"answered": 2, "abandoned": 1, "busy": 1}
    assert live["day"] == {"answered": 1, "abandoned": 1, "abandoned_share": 0.5}
    assert live["month"] == {"answered": 2, "abandoned": 1, "abandoned_share": 1 / 3}
    assert live["forecast_end_at"] is None
    assert (await ada.ask("GET", "/api/v1/campaigns/999999/live"))[1]["code"] == "campaign.not_found"


async def test_a_campaign_that_runs_foresees_its_end(site: Site, ada: Visitor) -> None:
    path = await ready(ada, window={"from": "00:00", "to": "24:00"})
    await ada.ask("POST", f"{path}/contacts", {"phone": "+8613800138001"})
    await order(ada, path, "start")
    _, live = await ada.ask("GET", f"{path}/live")
    assert (live["forecast_end_at"], live["forecast_reason"]) == (None, "too_soon")
    assert live["forecast_line"] == "it has called for less than five minutes"
    done = (
        "UPDATE contacts SET state = 'closed', closed = 'final', last_attempt_at = now() WHERE phone = :phone"
    )
    async with site.engine.begin() as connection:
        await connection.execute(sa.text(done), {"phone": PERSON})
        await connection.execute(sa.text("UPDATE campaigns SET started_at = now() - interval '1 day'"))
    _, live = await ada.ask("GET", f"{path}/live")
    assert live["contacts"] == {"all": 2, "open": 1, "dialling": 0, "closed": 1}
    # One is left, and one was done within the last hour.
    assert live["forecast_end_at"] > live["at"]
    assert live["forecast_reason"] == "pace"
    # Its holidays are not known any more.
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE campaigns SET calendar = 'gone'"))
    await ada.ask("PATCH", "/api/v1/session", {"language": "zh-CN"})
    _, live = await ada.ask("GET", f"{path}/live")
    await ada.ask("PATCH", "/api/v1/session", {"language": "en"})
    assert (live["forecast_end_at"], live["forecast_line"]) == (None, "其日历不存在，无法得知节假日")


async def test_attempts_come_in_pages_the_newest_first(site: Site, ada: Visitor) -> None:
    path = await ready(ada)
    campaign_id = int(path.rpartition("/")[2])
    at = datetime.now(UTC) - timedelta(hours=5)
    # Two of one instant are told apart by their ids.
    await keep_attempts(site.engine, *(attempt(name, campaign_id, at, outcome="busy") for name in "abc"))
    _, first = await ada.ask("GET", f"{path}/attempts?limit=2")
    assert [one["id"] for one in first["items"]] == ["at-c", "at-b"]
    assert (first["items"][0]["outcome"], first["items"][0]["phone"]) == ("busy", "+8613900000099")
    assert (first["items"][0]["sip_status"], first["items"][0]["answered_at"]) == (486, None)
    assert first["items"][0]["sent_by"] == "here:one"
    _, rest = await ada.ask("GET", f"{path}/attempts?limit=2&cursor={first['next_cursor']}")
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == (["at-a"], None)
    _, nobody = await ada.ask("GET", f"{path}/attempts?contact=999999")
    assert nobody["items"] == []


async def test_decisions_are_lines_in_the_readers_language_and_time(site: Site, ada: Visitor) -> None:
    path = await ready(ada)
    campaign_id = int(path.rpartition("/")[2])
    contact = (await ada.ask("GET", f"{path}/contacts"))[1]["items"][0]["id"]
    until = datetime(2026, 3, 2, 1, 0, tzinfo=UTC).timestamp()
    hold = Hold(refusal=Refusal.NOT_YET, figures={"not_before_at": until}, until=until)
    passed = CheckMade(check=Check.PHONE, figures={"attempts": 1, "most": 3})
    records = [
        DecisionRecord(at=1_772_000_000.0, hold=hold),
        DecisionRecord(at=1_772_000_100.0, passed=(CheckMade(check=Check.DO_NOT_CALL), passed)),
    ]
    async with site.engine.begin() as connection:
        for record in records:
            values = {
                "contact_id": contact,
                "campaign_id": campaign_id,
                "at": datetime.fromtimestamp(record.at, UTC),
                "record": msgspec.to_builtins(record),
            }
            await connection.execute(dial_decisions.insert().values(values))
    _, page = await ada.ask("GET", f"{path}/decisions?contact={contact}&time_zone=Asia/Shanghai")
    dialled, held = page["items"]
    assert (dialled["refusal"], held["refusal"]) == (None, "not_yet")
    assert "1 of 3 calls in 24 hours before" in dialled["line"]
    assert "2026-03-02 09:00" in held["line"]
    await ada.ask("PATCH", "/api/v1/session", {"language": "zh-CN"})
    _, chinese = await ada.ask("GET", f"{path}/decisions?limit=1&cursor={(await first_cursor(ada, path))}")
    await ada.ask("PATCH", "/api/v1/session", {"language": "en"})
    assert "未拨打" in chinese["items"][0]["line"]
    assert (await ada.ask("GET", f"{path}/decisions?time_zone=Nowhere/Land"))[0] == 422


async def test_the_definition_is_a_file_that_says_the_same(site: Site, ada: Visitor) -> None:
    path = await ready(ada)
    sue = await site.signed_in("sue")
    status, text = await sue.ask("GET", f"{path}/definition.yaml")
    assert status == 200
    definition = read_shape(text, CampaignDefinition).content
    assert definition is not None
    assert (definition.campaign, definition.queue, definition.caller_ids) == (
        "poll",
        "sales",
        ["+861065529988"],
    )


async def first_cursor(ada: Visitor, path: str) -> str:
    _, page = await ada.ask("GET", f"{path}/decisions?limit=1")
    return str(page["next_cursor"])


def attempt(name: str, campaign_id: int, at: datetime, *, outcome: str) -> dict[str, Any]:
    """An attempt that is over, on a telephone of its own."""
    sent = outcome != "not_sent"
    return {
        "id": f"at-{name}",
        "campaign_id": campaign_id,
        "phone": f"+86139000000{ord(name):02d}",
        "purpose": "campaign",
        "node": "lab",
        "epoch": 1,
        "counted_on": at.date(),
        "state": "ended",
        "outcome": outcome,
        "reserved_at": at,
        "sent_at": at if sent else None,
        "ended_at": at + timedelta(seconds=20) if sent else None,
        "ring_seconds": 25,
        "sent_by": "here:one" if sent else None,
        "sip_status": 486 if outcome == "busy" else None,
    }


async def keep_attempts(engine: AsyncEngine, *rows: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        for row in rows:
            await connection.execute(attempts.insert().values(row))
