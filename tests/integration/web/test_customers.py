"""Customers, screen pops and surveys over HTTP: found, added, changed, and masked by role."""

from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.customers.demo import demo_number, load_demo_customers

CUSTOMERS = "/api/v1/customers"


@pytest_asyncio.fixture(scope="module")
async def demo(site: Site) -> Site:
    async with site.engine.begin() as connection:
        await load_demo_customers(connection, 200)
    return site


async def _all(visitor: Visitor, path: str) -> list[Any]:
    items: list[Any] = []
    cursor = None
    while True:
        status, page = await visitor.ask("GET", path + (f"&cursor={cursor}" if cursor else ""))
        assert status == 200, page
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


async def test_pages_hold_every_customer_once_in_order(demo: Site) -> None:
    sue = await demo.signed_in("sue")
    everybody = await _all(sue, f"{CUSTOMERS}?limit=37")
    assert len({customer["id"] for customer in everybody}) == len(everybody) == 200
    names = [customer["name"].lower() for customer in everybody]
    assert names == sorted(names)


async def test_a_customer_is_found_by_the_beginning_of_any_word_of_his_name(demo: Site) -> None:
    sue = await demo.signed_in("sue")
    everybody = await _all(sue, f"{CUSTOMERS}?limit=200")
    english = next(customer for customer in everybody if customer["language"] == "en")
    last_name = english["name"].split()[1]
    for typed in (last_name[:4].lower(), english["name"], f"{last_name} {english['name'][:2]}"):
        found = await _all(sue, f"{CUSTOMERS}?limit=200&q={typed}")
        assert english["id"] in [customer["id"] for customer in found]
    chinese = next(customer for customer in everybody if customer["language"] == "zh-CN")
    found = await _all(sue, f"{CUSTOMERS}?limit=200&q={chinese['name'][0]}")
    assert chinese["id"] in [customer["id"] for customer in found]
    assert all(customer["name"][0] == chinese["name"][0] for customer in found if not customer["company"])


async def test_a_customer_is_found_by_the_beginning_of_his_number(demo: Site) -> None:
    sue = await demo.signed_in("sue")
    number = demo_number(7)
    for typed in (number.replace("+", "%2B"), number[3:], number[3:12], f"0086{number[3:]}"):
        _, page = await sue.ask("GET", f"{CUSTOMERS}?number={typed}")
        found = [[n["e164"] for n in customer["numbers"]] for customer in page["items"]]
        assert any(number in numbers for numbers in found), typed
    _, page = await sue.ask("GET", f"{CUSTOMERS}?number=nobody")
    assert page == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "odd", ["%27%3B--", "%25", "%26%7C%21%3A%2A", "%3A%2A", "_", "%5C", "'", "%00", "%F0%9F%98%80"]
)
async def test_odd_words_find_nobody_and_break_nothing(demo: Site, odd: str) -> None:
    sue = await demo.signed_in("sue")
    status, page = await sue.ask("GET", f"{CUSTOMERS}?q={odd}")
    assert status in (200, 422)
    if status == 200:
        assert page["items"] == []


async def test_agents_see_masked_numbers_supervisors_full_ones(demo: Site) -> None:
    ann, sue = await demo.signed_in("ann"), await demo.signed_in("sue")
    _, page = await sue.ask("GET", f"{CUSTOMERS}?number={demo_number(7).replace('+', '%2B')}")
    customer = page["items"][0]
    status, masked = await ann.ask("GET", f"{CUSTOMERS}/{customer['id']}")
    assert status == 200
    assert masked["numbers"][0]["e164"] == "+86154****0007"
    assert "*" in masked["numbers"][0]["display"]


async def test_integrations_see_numbers_as_granted(demo: Site) -> None:
    full, narrow = (demo.visitor(token=demo.tokens[name]) for name in ("full", "narrow"))
    status, page = await full.ask("GET", f"{CUSTOMERS}?limit=1")
    assert status == 200
    assert page["items"][0]["numbers"][0]["e164"].startswith("+")
    assert "*" not in page["items"][0]["numbers"][0]["e164"]
    status, problem = await narrow.ask("GET", f"{CUSTOMERS}?limit=1")
    assert (status, problem["code"]) == (403, "auth.scope_missing")


async def test_a_customer_is_added_with_national_numbers_and_read_back(demo: Site) -> None:
    sue = await demo.signed_in("sue")
    body = {"name": "测试 Customer", "numbers": ["138 0013 8000", "+1 202 555 0199"], "language": "zh-CN"}
    status, created = await sue.ask("POST", CUSTOMERS, body)
    assert status == 201, created
    assert [number["e164"] for number in created["numbers"]] == ["+8613800138000", "+12025550199"]
    status, read = await sue.ask("GET", f"{CUSTOMERS}/{created['id']}")
    assert (status, read) == (200, created)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"name": "A", "numbers": ["13800138000", "no number"]}, "/numbers/1"),
        ({"name": "A", "numbers": ["1001"]}, "/numbers/0"),
        ({"name": "A", "language": "fr"}, "/language"),
        ({"name": "A", "id": 5}, "/id"),
    ],
)
async def test_a_customer_that_is_not_right_is_refused_by_name(
    demo: Site, body: dict[str, Any], pointer: str
) -> None:
    sue = await demo.signed_in("sue")
    status, problem = await sue.ask("POST", CUSTOMERS, body)
    assert (status, problem["code"]) == (422, "request.invalid"), problem
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_two_customers_cannot_have_one_external_reference(demo: Site) -> None:
    sue = await demo.signed_in("sue")
    status, _ = await sue.ask("POST", CUSTOMERS, {"name": "A", "external_ref": "x-1"})
    assert status == 201
    status, problem = await sue.ask("POST", CUSTOMERS, {"name": "B", "external_ref": "x-1"})
    assert (status, problem["code"]) == (409, "customer.exists")


async def test_what_a_change_does_not_name_stays_and_null_empties(demo: Site) -> None:
    sue = await demo.signed_in("sue")
    body = {"name": "Before", "numbers": ["+12025550198"], "company": "Example", "note": "line 1\nline 2"}
    _, created = await sue.ask("POST", CUSTOMERS, body)
    path = f"{CUSTOMERS}/{created['id']}"
    status, changed = await sue.ask("PATCH", path, {"name": "After", "company": None})
    assert status == 200
    assert changed == {**created, "name": "After", "company": None}
    _, changed = await sue.ask("PATCH", path, {"add_numbers": ["13800138001"]})
    assert [number["e164"] for number in changed["numbers"]] == ["+12025550198", "+8613800138001"]
    _, changed = await sue.ask("PATCH", path, {"numbers": ["13800138001"]})
    assert [number["e164"] for number in changed["numbers"]] == ["+8613800138001"]
    status, problem = await sue.ask("PATCH", path, {"name": None})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/name")
    status, problem = await sue.ask("PATCH", f"{CUSTOMERS}/999999", {"name": "X"})
    assert (status, problem["code"]) == (404, "customer.not_found")


async def test_an_agent_may_add_a_number_but_not_replace_those_he_cannot_see(demo: Site) -> None:
    sue, ann = await demo.signed_in("sue"), await demo.signed_in("ann")
    _, created = await sue.ask("POST", CUSTOMERS, {"name": "Kept", "numbers": ["+12025550197"]})
    path = f"{CUSTOMERS}/{created['id']}"
    status, problem = await ann.ask("PATCH", path, {"numbers": ["13800138002"]})
    assert (status, problem["code"]) == (403, "auth.forbidden")
    status, _ = await ann.ask("PATCH", path, {"add_numbers": ["13800138002"]})
    assert status == 200
    _, read = await sue.ask("GET", path)
    assert [number["e164"] for number in read["numbers"]] == ["+12025550197", "+8613800138002"]


@pytest_asyncio.fixture(scope="module")
async def past_call(demo: Site) -> str:
    """A call of yesterday that ann took, with a survey."""
    async with demo.engine.begin() as connection:
        agent = await connection.scalar(
            sa.text("SELECT a.id FROM agents a JOIN users u ON u.id = a.user_id WHERE u.username = 'ann'")
        )
        values = {"number": demo_number(48), "agent": agent}
        for statement in PAST_CALL.split(";"):
            await connection.execute(sa.text(statement), values)
    return "past1"


PAST_CALL = """
INSERT INTO calls (id, started_at, node, boot, direction, answered_at, ended_at, unknown_end, caller_number,
                   number_state, dialled_number, queue, agent_id, voicemail, gap)
VALUES ('past1', current_date - 1, 'lab', 'b', 'inbound', current_date - 1, current_date - 1, false, :number,
        'known', '4001', 'sales', :agent, false, false);
INSERT INTO offers (id, started_at, call_id, call_started_at, agent_id, queue, outcome)
SELECT 'past1.o', started_at, id, started_at, :agent, 'sales', 'answered' FROM calls WHERE id = 'past1';
INSERT INTO surveys (id, started_at, call_id, call_started_at, agent_id, queue, questions, outcome, rating)
SELECT 'past1.s', started_at, id, started_at, :agent, 'sales', 1, 'completed', 4 FROM calls WHERE id = 'past1'
"""


async def test_the_pop_of_a_past_call_is_for_the_agent_who_had_it_and_for_supervisors(
    demo: Site, past_call: str
) -> None:
    path = f"/api/v1/calls/{past_call}/screen-pop"
    ann, bob, sue = [await demo.signed_in(name) for name in ("ann", "bob", "sue")]
    for visitor in (ann, sue):
        status, pop = await visitor.ask("GET", path)
        assert status == 200, pop
        assert (pop["state"], len(pop["candidates"])) == ("several", 2)
    status, problem = await bob.ask("GET", path)
    assert (status, problem["code"]) == (404, "call.not_found")
    status, problem = await sue.ask("GET", "/api/v1/calls/none/screen-pop")
    assert (status, problem["code"]) == (404, "call.not_found")


async def test_an_agent_ties_his_call_to_a_customer(demo: Site, past_call: str) -> None:
    ann, bob = await demo.signed_in("ann"), await demo.signed_in("bob")
    path = f"/api/v1/calls/{past_call}"
    _, pop = await ann.ask("GET", f"{path}/screen-pop")
    chosen = pop["candidates"][1]["id"]
    status, problem = await bob.ask("PUT", f"{path}/customer", {"customer_id": chosen})
    assert (status, problem["code"]) == (404, "call.not_found")
    status, problem = await ann.ask("PUT", f"{path}/customer", {"customer_id": 10**9})
    assert (status, problem["code"]) == (404, "customer.not_found")
    status, pop = await ann.ask("PUT", f"{path}/customer", {"customer_id": chosen})
    assert (status, pop["state"], pop["customer"]["id"]) == (200, "ready", chosen)
    _, call = await ann.ask("GET", path)
    assert call["customer"]["id"] == chosen


async def test_a_callback_is_kept_once_and_leaves_the_pop(demo: Site, past_call: str) -> None:
    ann = await demo.signed_in("ann")
    path = f"/api/v1/calls/{past_call}"
    due = {"code": "callback", "callback_at": "2030-01-01T10:00:00Z"}
    status, saved = await ann.ask("PUT", f"{path}/disposition", due)
    assert status == 200, saved
    _, pop = await ann.ask("GET", f"{path}/screen-pop")
    promised = [promise["id"] for promise in pop["open_callbacks"] if promise["due_at"].startswith("2030")]
    assert len(promised) == 1
    done = f"/api/v1/callbacks/{promised[0]}/done"
    assert (await ann.ask("POST", done))[0] == 204
    _, pop = await ann.ask("GET", f"{path}/screen-pop")
    assert promised[0] not in [promise["id"] for promise in pop["open_callbacks"]]
    status, problem = await ann.ask("POST", done)
    assert (status, problem["code"]) == (404, "callback.not_found")


async def test_surveys_are_listed_for_supervisors_and_those_who_may(demo: Site, past_call: str) -> None:
    ann, sue = await demo.signed_in("ann"), await demo.signed_in("sue")
    status, page = await sue.ask("GET", "/api/v1/surveys?from=2020-01-01T00:00:00Z")
    assert status == 200
    assert [(s["call_id"], s["rating"], s["outcome"], s["agent"]["name"]) for s in page["items"]] == [
        (past_call, 4, "completed", "Ann")
    ]
    status, _ = await ann.ask("GET", "/api/v1/surveys")
    assert status == 403
    status, problem = await sue.ask("GET", "/api/v1/surveys?cursor=rubbish")
    assert (status, problem["code"]) == (400, "paging.cursor_invalid")
