"""Contacts out of customers over HTTP: renewals as often as one asks, and samples that can be drawn again."""

from datetime import date, timedelta
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from web_site import Site, Visitor

from cti.customers.lookup import local_today
from cti.customers.tables import customer_numbers, customers, subscriptions

DAILY, WEEKLY = "Daily", "周刊"


@pytest_asyncio.fixture
async def ada(site: Site) -> Visitor:
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM campaigns"))
        await connection.execute(sa.text("DELETE FROM customers"))
    return await site.signed_in("ada")


async def make(ada: Visitor) -> str:
    poll = {"campaign": "poll", "title": {"en": "Poll"}, "kind": "preview", "queue": "sales"}
    status, campaign = await ada.ask("POST", "/api/v1/campaigns", poll)
    assert status == 201, campaign
    return f"/api/v1/campaigns/{campaign['id']}"


async def customer(
    site: Site, name: str, *, numbers: tuple[str, ...], language: str = "en", company: str | None = None
) -> int:
    async with site.engine.begin() as connection:
        row = {"name": name, "language": language, "company": company}
        made = await connection.execute(customers.insert().values(row).returning(customers.c.id))
        customer_id: int = made.scalar_one()
        for place, e164 in enumerate(numbers):
            number = {"customer_id": customer_id, "e164": e164, "position": place}
            await connection.execute(customer_numbers.insert().values(number))
    return customer_id


async def subscribe(site: Site, customer_id: int, product: str, days: int | None, **other: Any) -> None:
    ends: date | None = None if days is None else local_today() + timedelta(days=days)
    row = {
        "customer_id": customer_id,
        "product": product,
        "status": "active",
        "starts_on": local_today() - timedelta(days=365),
        "expires_on": ends,
        **other,
    }
    async with site.engine.begin() as connection:
        await connection.execute(subscriptions.insert().values(row))


async def phones(ada: Visitor, path: str) -> list[str]:
    return [one["phone"] for one in (await ada.ask("GET", f"{path}/contacts"))[1]["items"]]


async def test_every_subscription_that_ends_is_a_contact_but_not_who_has_renewed(
    site: Site, ada: Visitor
) -> None:
    path = await make(ada)
    ends = await customer(site, "Ends", numbers=("+8613800138001", "+862168888881"), language="zh-CN")
    await subscribe(site, ends, DAILY, 7, amount=365, currency="CNY")
    renewed = await customer(site, "Renewed", numbers=("+8613800138002",))
    await subscribe(site, renewed, DAILY, 7)
    await subscribe(site, renewed, DAILY, 372)
    for_ever = await customer(site, "For ever", numbers=("+8613800138003",))
    await subscribe(site, for_ever, DAILY, 7)
    await subscribe(site, for_ever, DAILY, None)
    took_back = await customer(site, "Took back", numbers=("+8613800138004",))
    await subscribe(site, took_back, DAILY, 7)
    await subscribe(site, took_back, DAILY, 372, status="cancelled")
    two = await customer(site, "Two", numbers=("+8613800138005",))
    await subscribe(site, two, DAILY, 7)
    await subscribe(site, two, WEEKLY, 7)
    await subscribe(site, await customer(site, "No number", numbers=()), DAILY, 7)
    await subscribe(site, await customer(site, "Later", numbers=("+8613800138006",)), DAILY, 8)
    await subscribe(
        site, await customer(site, "Gone", numbers=("+8613800138007",)), DAILY, 7, status="cancelled"
    )

    status, seen = await ada.ask("POST", f"{path}/renewals", {"ends_in_days": 7})
    assert status == 200, seen
    assert (seen["found"], seen["in_campaign"], seen["without_number"]) == (4, 0, 1)
    assert [(one["name"], one["product"]) for one in seen["first"]] == [
        ("Ends", DAILY),
        ("Took back", DAILY),
        ("Two", DAILY),
        ("Two", WEEKLY),
    ]
    assert seen["contact_import"] is None
    assert await phones(ada, path) == []

    wanted = {"ends_in_days": 7, "apply": True, "customers": {"products": [DAILY]}}
    _, done = await ada.ask("POST", f"{path}/renewals", wanted)
    assert (done["contact_import"]["source"], done["contact_import"]["added"]) == ("customers", 3)
    _, page = await ada.ask("GET", f"{path}/contacts")
    first = page["items"][0]
    assert (first["phone"], first["other_phones"], first["language"]) == (
        "+8613800138001",
        ["+862168888881"],
        "zh-CN",
    )
    assert first["customer_id"] == ends
    assert {name: text for name, text in first["details"].items() if name != "subscription.id"} == {
        "subscription.product": DAILY,
        "subscription.ends_on": (local_today() + timedelta(days=7)).isoformat(),
        "subscription.amount": "365.00",
        "subscription.currency": "CNY",
        "subscription.customer_name": "Ends",
    }

    _, again = await ada.ask("POST", f"{path}/renewals", {"ends_in_days": 7, "apply": True})
    assert (again["in_campaign"], again["contact_import"]["added"]) == (3, 1)
    assert await phones(ada, path) == [
        *("+8613800138001", "+8613800138004", "+8613800138005", "+8613800138005")
    ]
    undo = f"{path}/imports/{done['contact_import']['id']}"
    assert (await ada.ask("POST", f"{undo}/undo"))[0] == 202
    await site.contact_imports.wait(done["contact_import"]["id"])
    assert await phones(ada, path) == ["+8613800138005"]


async def test_a_sample_is_drawn_in_proportion_kept_and_drawn_again(site: Site, ada: Visitor) -> None:
    path = await make(ada)
    for number in range(40):
        language = "en" if number % 4 == 0 else "zh-CN"
        await customer(site, f"C{number}", numbers=(f"+86138001390{number:02d}",), language=language)
    await customer(site, "No number", numbers=())
    wanted = {"size": 8, "seed": "poll-1", "by": ["language"]}
    status, sample = await ada.ask("POST", f"{path}/samples", wanted)
    assert status == 201, sample
    assert (sample["seed"], sample["population"], sample["drawn"], sample["repeats"]) == (
        "poll-1",
        40,
        8,
        True,
    )
    assert sample["strata"] == [
        {"name": "en", "population": 10, "drawn": 2},
        {"name": "zh-CN", "population": 30, "drawn": 6},
    ]
    drawn = await phones(ada, path)
    assert len(drawn) == 8

    # Others come and go; the sample is what it was.
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM customers WHERE name = 'C1'"))
    kept = f"{path}/imports/{sample['contact_import']['id']}/sample"
    _, again = await ada.ask("GET", kept)
    assert again == sample
    async with site.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE sample_members SET drawn = NOT drawn WHERE stratum = 'en'"))
    assert (await ada.ask("GET", kept))[1]["repeats"] is False

    second = await make_other(ada)
    _, other = await ada.ask("POST", f"{second}/samples", {"size": 39, "by": ["company"]})
    assert len(other["seed"]) == 16
    status, problem = await ada.ask("POST", f"{second}/samples", {"size": 40})
    assert (status, problem["code"]) == (409, "sample.larger_than_population")
    assert problem["detail"] == "There are 39 customers to draw 40 from."


async def make_other(ada: Visitor) -> str:
    other = {"campaign": "other", "title": {"en": "Other"}, "kind": "preview", "queue": "sales"}
    _, campaign = await ada.ask("POST", "/api/v1/campaigns", other)
    return f"/api/v1/campaigns/{campaign['id']}"
