"""What agents say of a campaign's calls, over HTTP: dispositions and a form of its own, and what follows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.campaigns.store import read_campaign
from cti.dialling.records import attempt_store
from cti.dialling.records.tables import attempts
from cti.dialling.rules.campaign_rules import limits_of, retries_of
from cti.dialling.rules.outcome import Outcome
from cti.dialling.rules.retry import AttemptLimits

PERSON = "+8613800138000"
OTHER = "+8613800138001"
DAY = 86_400
ANN, BOB = 1, 2
DISPOSITIONS: list[dict[str, Any]] = [
    {"code": "renewed", "title": {"zh-CN": "已续费", "en": "Renewed"}},
    {"code": "later", "title": {"en": "Later"}, "next": "retry", "after_seconds": DAY},
    {"code": "call-back", "title": {"en": "Call back"}, "next": "callback"},
    {"code": "never", "title": {"en": "Never"}, "next": "refuse", "level": "client"},
    {"code": "not-him", "title": {"en": "Not him"}, "next": "wrong_number"},
]
FORM: list[dict[str, Any]] = [
    {
        "name": "paper",
        "title": {"zh-CN": "报纸", "en": "Paper"},
        "kind": "choice",
        "choices": [
            {"code": "daily", "title": {"en": "Daily"}},
            {"code": "weekly", "title": {"zh-CN": "周报"}},
        ],
        "required": True,
    },
    {"name": "until", "title": {"en": "Until"}, "kind": "date"},
    {"name": "gift", "title": {"en": "Gift"}, "kind": "yes_no"},
    {"name": "copies", "title": {"en": "Copies"}, "kind": "number"},
    {"name": "words", "title": {"en": "Words"}},
]
POLL: dict[str, Any] = {
    "campaign": "poll",
    "title": {"en": "Poll", "zh-CN": "民意调查"},
    "kind": "progressive",
    "queue": "sales",
    "caller_ids": ["010-6552 9988"],
    "client": "acme",
    "script": {"en": "Say hello."},
    "dispositions": DISPOSITIONS,
    "form": FORM,
}


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        for table in ("attempts", "campaigns", "do_not_call_entries", "callbacks", "dispositions", "calls"):
            await connection.execute(sa.text(f"DELETE FROM {table}"))
    return await site.signed_in("ada")


@pytest_asyncio.fixture
async def ann(site: Site) -> Visitor:
    return await site.signed_in("ann")


async def draft(ada: Visitor, **changes: Any) -> str:
    status, campaign = await ada.ask("POST", "/api/v1/campaigns", {**POLL, **changes})
    assert status == 201, campaign
    return f"/api/v1/campaigns/{campaign['id']}"


async def called(
    site: Site,
    ada: Visitor,
    path: str,
    *,
    other_phones: tuple[str, ...] = (),
    agents: tuple[int, ...] = (ANN,),
) -> str:
    """Somebody of the campaign is in a call with agents; its path."""
    body = {"phone": PERSON, "other_phones": list(other_phones)}
    status, contact = await ada.ask("POST", f"{path}/contacts", body)
    assert status == 201, contact
    await attempt(site, int(path.rpartition("/")[2]), contact["id"], "at-one")
    await call(site, "c1", "at-one", agents)
    return "/api/v1/calls/c1"


async def attempt(
    site: Site,
    campaign_id: int,
    contact_id: int,
    attempt_id: str,
    phone: str = PERSON,
    *,
    ago: timedelta = timedelta(hours=2),
) -> None:
    """An attempt that an agent has, sent so long ago."""
    sent_at = datetime.now(UTC) - ago
    values = {
        "id": attempt_id, "campaign_id": campaign_id, "contact_id": contact_id, "phone": phone,
        "purpose": "campaign", "node": "lab", "epoch": 1, "counted_on": sent_at.date(), "state": "bridged",
        "reserved_at": sent_at, "sent_at": sent_at, "ring_seconds": 25, "connected": True,
    }  # fmt: skip
    async with site.engine.begin() as connection:
        await connection.execute(attempts.insert().values(values))
        dialling = sa.text("UPDATE contacts SET state = 'dialling' WHERE id = :id")
        await connection.execute(dialling, {"id": contact_id})


CALL = """
INSERT INTO calls (id, started_at, node, boot, direction, unknown_end, number_state, voicemail, gap,
    dialled_number)
VALUES (:id, :at, 'lab', 'b', 'outbound', false, 'known', false, false, :number)
"""
LEG = """
INSERT INTO legs (id, started_at, call_id, call_started_at, node, boot, uniqueid, linkedid, channel, kind,
    outgoing, agent_id)
VALUES (:leg, :at, :id, :at, 'lab', 'b', :leg, :channel, 'x', 'trunk', true, :agent_id)
"""


async def call(site: Site, call_id: str, channel: str, agents: tuple[int, ...]) -> None:
    """A call as the recorder writes it: the leg to the person, and those of agents."""
    given = {"id": call_id, "at": datetime.now(UTC)}
    async with site.engine.begin() as connection:
        await connection.execute(sa.text(CALL), {**given, "number": PERSON})
        for leg, agent_id in ((channel, None), *((f"{call_id}-{one}", one) for one in agents)):
            values = {**given, "channel": channel, "leg": leg, "agent_id": agent_id}
            await connection.execute(sa.text(LEG), values)


async def settle(
    site: Site, path: str, attempt_id: str = "at-one", outcome: Outcome = Outcome.ANSWERED
) -> float:
    """The attempt ends a minute after it was sent; when that was."""
    async with site.engine.begin() as connection:
        campaign = await read_campaign(connection, int(path.rpartition("/")[2]))
        row = await attempt_store.read_attempt(connection, attempt_id)
        assert row is not None
        assert row.sent_at is not None
        ended_at = row.sent_at + 60
        assert await attempt_store.settle(
            connection, attempt_id, outcome, ended_at, retries=retries_of(campaign.definition),
            limits=limits_of(campaign.definition, AttemptLimits()),
        )  # fmt: skip
    return ended_at


async def contact(ada: Visitor, path: str) -> dict[str, Any]:
    found = (await ada.ask("GET", f"{path}/contacts"))[1]["items"]
    return {name: found[0][name] for name in ("state", "closed", "last_outcome", "next_at")}


async def listed(ada: Visitor) -> list[tuple[Any, ...]]:
    entries = (await ada.ask("GET", "/api/v1/do-not-call"))[1]["items"]
    return [(one["number"], one["level"], one["name"], one["source"], one["reason"]) for one in entries]


def codes(problem: Any) -> set[tuple[str, str]]:
    return {(one["pointer"], one["code"]) for one in problem["errors"]}


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


DONE = {"state": "closed", "closed": "final", "last_outcome": "answered"}


async def test_a_campaign_is_given_dispositions_and_a_form_and_copied_with_them(ada: Visitor) -> None:
    path = await draft(ada)
    _, campaign = await ada.ask("GET", path)
    assert [
        (one["code"], one["next"], one["after_seconds"], one["level"]) for one in campaign["dispositions"]
    ] == [
        ("renewed", "done", None, None),
        ("later", "retry", DAY, None),
        ("call-back", "callback", None, None),
        ("never", "refuse", None, "client"),
        ("not-him", "wrong_number", None, None),
    ]
    assert campaign["form"][0] == FORM[0]
    assert campaign["form"][4] == {"choices": [], "required": False, "kind": "text", **FORM[4]}
    _, copy = await ada.ask("POST", f"{path}/copy", {"campaign": "second-poll"})
    assert (copy["dispositions"], copy["form"]) == (campaign["dispositions"], campaign["form"])
    _, text = await ada.ask("GET", f"{path}/definition.yaml")
    assert "  next: retry\n  after_seconds: 86400\n" in text


async def test_what_makes_no_sense_in_them_is_told_with_its_place(ada: Visitor) -> None:
    wrong = {
        "client": None,
        "dispositions": [DISPOSITIONS[3], {**DISPOSITIONS[0], "after_seconds": 1_800}, DISPOSITIONS[0]],
        "form": [{**FORM[0], "choices": FORM[0]["choices"][:1]}, {**FORM[4], "choices": FORM[0]["choices"]}],
    }
    status, problem = await ada.ask("POST", "/api/v1/campaigns", {**POLL, **wrong})
    assert (status, problem["code"]) == (422, "campaign.invalid")
    assert codes(problem) == {
        ("/dispositions/0/level", "campaign.client_needed"),
        ("/dispositions/1/after_seconds", "campaign.only_of_retry"),
        ("/dispositions/2/code", "campaign.repeated"),
        ("/form/0/choices", "campaign.choices_needed"),
        ("/form/1/choices", "campaign.only_of_choice"),
    }
    shapeless = {
        "dispositions": [{"code": "A", "title": {}, "next": "perhaps", "after_seconds": 60}],
        "form": [{"name": "a b", "title": {"fr": "x"}, "kind": "colour"}] * 21,
    }
    status, problem = await ada.ask("POST", "/api/v1/campaigns", {**POLL, **shapeless})
    assert (status, problem["code"]) == (422, "request.invalid")
    assert codes(problem) >= {
        ("/dispositions/0/code", "field.pattern"),
        ("/dispositions/0/title", "field.too_short"),
        ("/dispositions/0/next", "field.not_allowed"),
        ("/dispositions/0/after_seconds", "field.out_of_range"),
    }


async def test_an_agent_sees_what_he_may_say_of_a_campaigns_call_and_fill_in(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    call_path = await called(site, ada, await draft(ada))
    status, form = await ann.ask("GET", f"{call_path}/disposition-form?queue=sales")
    assert (status, form["campaign"], form["script"], form["answers"]) == (200, "Poll", "Say hello.", None)
    assert form["dispositions"][:2] == [
        {"code": "poll/renewed", "title": "Renewed", "next": "done"},
        {"code": "poll/later", "title": "Later", "next": "retry"},
    ]
    assert form["form"][0] == {
        "name": "paper",
        "title": "Paper",
        "kind": "choice",
        "choices": [{"code": "daily", "title": "Daily"}, {"code": "weekly", "title": "周报"}],
        "required": True,
    }
    bob = await site.signed_in("bob")
    assert (await bob.ask("GET", f"{call_path}/disposition-form"))[1]["code"] == "call.not_found"
    assert (await bob.ask("PUT", f"{call_path}/disposition", {"code": "poll/later"}))[1][
        "code"
    ] == "call.not_found"
    assert (await ada.ask("GET", f"{call_path}/disposition-form"))[0] == 403


async def test_a_call_of_no_campaign_offers_what_its_queue_does(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    assert ada
    await call(site, "c9", "1700000000.1", (ANN,))
    _, form = await ann.ask("GET", "/api/v1/calls/c9/disposition-form?queue=sales")
    assert (form["campaign"], form["script"], form["form"], form["answers"]) == (None, None, [], None)
    assert {"code": "resolved", "next": None}.items() <= form["dispositions"][0].items() or form[
        "dispositions"
    ]
    said = {"code": "resolved", "answers": {"paper": "daily"}}
    status, problem = await ann.ask("PUT", "/api/v1/calls/c9/disposition", said)
    assert (status, codes(problem)) == (422, {("/answers/paper", "field.unknown")})
    assert (await ann.ask("PUT", "/api/v1/calls/c9/disposition", {"code": "poll/later"}))[1][
        "code"
    ] == "disposition.unknown"


async def test_what_is_missing_or_wrong_is_told_by_its_name_and_nothing_is_kept(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path)
    wrong = {"until": "tomorrow", "gift": "yes", "copies": True, "colour": "red", "words": "x" * 901}
    said = {"code": "poll/renewed", "answers": wrong, "callback_at": "2030-01-01T00:00:00Z"}
    status, problem = await ann.ask("PUT", f"{call_path}/disposition", said)
    assert (status, problem["code"]) == (422, "request.invalid")
    assert codes(problem) == {
        ("/answers/paper", "field.missing"),
        ("/answers/until", "field.date"),
        ("/answers/gift", "field.wrong_type"),
        ("/answers/copies", "field.wrong_type"),
        ("/answers/colour", "field.unknown"),
        ("/answers/words", "field.too_long"),
        ("/callback_at", "disposition.no_callback"),
    }
    _, problem = await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/call-back"})
    assert codes(problem) == {("/callback_at", "field.missing")}
    for unknown in ("renewed", "resolved", "other/renewed"):
        _, problem = await ann.ask("PUT", f"{call_path}/disposition", {"code": unknown})
        assert problem["code"] == "disposition.unknown"
    _, history = await ada.ask("GET", f"{path}/attempts")
    assert (history["items"][0]["disposition"], history["items"][0]["answers"]) == (None, None)


async def test_what_is_said_is_kept_apart_from_the_outcome_and_can_be_changed(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path)
    answers = {"copies": 2, "paper": "daily", "gift": True, "words": " 谢谢 ", "until": "2027-01-31"}
    said = {"code": "poll/renewed", "note": "is glad", "answers": answers}
    status, saved = await ann.ask("PUT", f"{call_path}/disposition", said)
    assert (status, saved["code"], saved["note"]) == (200, "poll/renewed", "is glad")
    kept = {**answers, "words": "谢谢"}
    assert (await ann.ask("GET", f"{call_path}/disposition-form"))[1]["answers"] == kept
    # The call goes on, so its contact is still being called.
    assert (await contact(ada, path))["state"] == "dialling"
    await settle(site, path)
    assert await contact(ada, path) == {**DONE, "next_at": None}
    _, history = await ada.ask("GET", f"{path}/attempts")
    assert {"outcome": "answered", "disposition": "renewed", "answers": kept}.items() <= history["items"][
        0
    ].items()
    _, shown = await ada.ask("GET", call_path)
    assert (shown["disposition"], shown["dispositions"][0]["code"]) == ("poll/renewed", "poll/renewed")
    _, live = await ada.ask("GET", f"{path}/live")
    assert (live["outcomes"], live["dispositions"]) == ({"answered": 1}, {"renewed": 1})
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/later"})
    _, history = await ada.ask("GET", f"{path}/attempts")
    assert {"outcome": "answered", "disposition": "later", "answers": {}}.items() <= history["items"][
        0
    ].items()
    assert (await contact(ada, path))["state"] == "open"


@pytest.mark.parametrize("before_the_end", [True, False])
async def test_who_is_to_be_called_again_is_due_again_within_the_rules(
    site: Site, ada: Visitor, ann: Visitor, before_the_end: bool
) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path)
    ended_at = 0.0 if before_the_end else await settle(site, path)
    assert (await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/later"}))[0] == 200
    ended_at = await settle(site, path) if before_the_end else ended_at
    found = await contact(ada, path)
    assert (found["state"], found["closed"], found["last_outcome"]) == ("open", None, "answered")
    assert epoch(found["next_at"]) == pytest.approx(ended_at + DAY, abs=0.01)


async def test_nobody_is_called_more_often_than_the_campaign_may(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(ada, caps={"attempts": 1})
    call_path = await called(site, ada, path)
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/later"})
    await settle(site, path)
    assert await contact(ada, path) == {**DONE, "closed": "attempts_used", "next_at": None}


async def test_who_was_called_again_since_stays_as_he_is(site: Site, ada: Visitor, ann: Visitor) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path)
    await settle(site, path, outcome=Outcome.BUSY)
    person = (await ada.ask("GET", f"{path}/contacts"))[1]["items"][0]["id"]
    await attempt(site, int(path.rpartition("/")[2]), person, "at-two", ago=timedelta())
    assert (await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/never"}))[0] == 200
    assert (await contact(ada, path))["state"] == "dialling"


async def test_a_wrong_number_leaves_the_others_of_the_contact(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path, other_phones=(OTHER,))
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/not-him"})
    await settle(site, path)
    assert (await contact(ada, path))["state"] == "open"
    person = (await ada.ask("GET", f"{path}/contacts"))[1]["items"][0]["id"]
    await attempt(site, int(path.rpartition("/")[2]), person, "at-two", OTHER, ago=timedelta())
    await call(site, "c2", "at-two", (ANN,))
    await ann.ask("PUT", "/api/v1/calls/c2/disposition", {"code": "poll/not-him"})
    await settle(site, path, "at-two")
    assert await contact(ada, path) == {**DONE, "next_at": (await contact(ada, path))["next_at"]}


async def test_who_refuses_is_on_the_list_at_once_and_comes_off_it_when_that_is_taken_back(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path)
    for _ in range(2):
        assert (await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/never"}))[0] == 200
        assert await listed(ada) == [(PERSON, "client", "acme", "agent", "poll/never")]
    await settle(site, path)
    assert (await contact(ada, path))["closed"] == "final"
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/later"})
    assert await listed(ada) == []
    assert (await contact(ada, path))["state"] == "open"


async def test_what_somebody_else_has_put_on_the_list_stays_there(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(
        ada, dispositions=[*DISPOSITIONS, {"code": "no", "title": {"en": "No"}, "next": "refuse"}]
    )
    call_path = await called(site, ada, path)
    assert (await ann.ask("POST", f"{call_path}/do-not-call", {}))[0] == 200
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/no"})
    assert await listed(ada) == [(PERSON, "global", None, "agent", None)]
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/later"})
    assert await listed(ada) == [(PERSON, "global", None, "agent", None)]


async def test_a_callback_is_agreed_and_taken_back_with_the_disposition(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path)
    due = (datetime.now(UTC) + timedelta(hours=2)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {"code": "poll/call-back", "callback_at": due}
    assert (await ann.ask("PUT", f"{call_path}/disposition", said))[0] == 200
    await settle(site, path)
    _, page = await ann.ask("GET", "/api/v1/callbacks")
    assert [(one["number"], one["due_at"]) for one in page["items"]] == [(PERSON, due)]
    # An agent calls him; the campaign does not.
    assert (await contact(ada, path))["closed"] == "final"
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/renewed", "answers": {"paper": "daily"}})
    assert (await ann.ask("GET", "/api/v1/callbacks"))[1]["items"] == []


async def test_of_several_agents_the_last_counts(site: Site, ada: Visitor, ann: Visitor) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path, agents=(ANN, BOB))
    bob = await site.signed_in("bob")
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/never"})
    await bob.ask("PUT", f"{call_path}/disposition", {"code": "poll/later"})
    await settle(site, path)
    _, live = await ada.ask("GET", f"{path}/live")
    assert live["dispositions"] == {"later": 1}
    assert (await contact(ada, path))["state"] == "open"
    # Whom Ann put on the list stays there.
    assert len(await listed(ada)) == 1


async def test_a_campaign_without_its_own_keeps_those_of_the_queue(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(ada, dispositions=[])
    call_path = await called(site, ada, path)
    _, form = await ann.ask("GET", f"{call_path}/disposition-form?queue=sales")
    assert "resolved" in [one["code"] for one in form["dispositions"]]
    said = {"code": "resolved", "answers": {"paper": "weekly"}}
    assert (await ann.ask("PUT", f"{call_path}/disposition", said))[0] == 200
    assert (await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/later"}))[1][
        "code"
    ] == "disposition.unknown"
    # Of the contact the outcome decides.
    await settle(site, path, outcome=Outcome.BUSY)
    found = await contact(ada, path)
    assert (found["state"], found["last_outcome"]) == ("open", "busy")
    _, history = await ada.ask("GET", f"{path}/attempts")
    assert (history["items"][0]["disposition"], history["items"][0]["answers"]) == (
        "resolved",
        {"paper": "weekly"},
    )


async def test_dispositions_of_campaigns_that_were_started_have_titles(site: Site, ada: Visitor) -> None:
    path = await draft(ada)
    assert not [
        one for one in (await ada.ask("GET", "/api/v1/dispositions"))[1]["items"] if "/" in one["code"]
    ]
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE campaigns SET started_at = now()"))
    _, titles = await ada.ask("GET", "/api/v1/dispositions")
    assert {"code": "poll/renewed", "title": "Renewed"} in titles["items"]
    _, offered = await ada.ask("GET", "/api/v1/dispositions?queue=sales")
    assert not [one for one in offered["items"] if "/" in one["code"]]
    assert path


async def test_contacts_are_a_file_with_outcome_disposition_and_answers(
    site: Site, ada: Visitor, ann: Visitor
) -> None:
    path = await draft(ada)
    call_path = await called(site, ada, path)
    answers = {"paper": "weekly", "gift": False, "copies": -2.5, "words": "=cmd|'/c calc'!A1"}
    await ann.ask("PUT", f"{call_path}/disposition", {"code": "poll/renewed", "answers": answers})
    await settle(site, path)
    await ada.ask("POST", f"{path}/contacts", {"phone": OTHER, "name": "+1 Wang"})
    sue = await site.signed_in("sue")
    status, text = await sue.ask("GET", f"{path}/results.csv")
    assert status == 200
    assert sue.last_headers["Content-Disposition"] == 'attachment; filename="poll-results.csv"'
    heading, first, second = text.removeprefix("\ufeff").splitlines()
    assert heading == (
        "contact,phone,name,customer,state,closed,attempts,last_outcome,last_attempt_at,disposition,agent,saved_at,"
        "note,answer.paper,answer.until,answer.gift,answer.copies,answer.words"
    )
    cells = first.split(",")
    assert cells[1:8] == [f"'{PERSON}", "", "", "closed", "final", "1", "answered"]
    assert cells[9:11] == ["renewed", "Ann"]
    assert cells[13:] == ["weekly", "", "no", "-2.5", "'=cmd|'/c calc'!A1"]
    assert second.split(",")[1:8] == [f"'{OTHER}", "'+1 Wang", "", "open", "", "0", ""]
    full, narrow = site.visitor(token=site.tokens["full"]), site.visitor(token=site.tokens["narrow"])
    assert PERSON in (await full.ask("GET", f"{path}/results.csv"))[1]
    assert (await narrow.ask("GET", f"{path}/results.csv"))[1]["code"] == "auth.scope_missing"
    assert (await ann.ask("GET", f"{path}/results.csv"))[0] == 403
    assert (await sue.ask("GET", "/api/v1/campaigns/999999/results.csv"))[1]["code"] == "campaign.not_found"


async def test_who_may_not_see_numbers_gets_the_file_with_masked_ones(site: Site, ada: Visitor) -> None:
    path = await draft(ada)
    await ada.ask("POST", f"{path}/contacts", {"phone": PERSON})
    _, token = await ada.ask("POST", "/api/v1/tokens", {"name": "crm", "scopes": ["calls:read"]})
    crm = site.visitor(token=token["token"])
    _, text = await crm.ask("GET", f"{path}/results.csv")
    assert "+86138****8000" in text
    assert PERSON not in text
