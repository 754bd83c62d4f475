"""Machine detection at a campaign's page: its picture, and suspects who are reviewed by mouse and by keys."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
import sqlalchemy as sa
from contact_centre import PHONE_WIDTH, Centre, ask
from playwright.async_api import Page, expect
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.db.engine import open_engine
from cti.dialling.records.tables import attempts


def telephone(campaign: int, number: int) -> str:
    """One that no other campaign calls."""
    return f"+86137{campaign:06d}{number:02d}"


@pytest_asyncio.fixture
async def engine(database: tuple[str, dict[str, str]]) -> AsyncIterator[AsyncEngine]:
    async with open_engine(database[0]) as engine:
        yield engine


@pytest_asyncio.fixture
async def page(centre: Centre) -> Page:
    return await centre.signed_in("admin")


async def drafted(page: Page, name: str, detection: str) -> int:
    body = {
        "campaign": name,
        "title": {"zh-CN": f"活动 {name}", "en": f"Campaign {name}"},
        "kind": "progressive",
        "queue": "sales",
        "machine_detection": detection,
    }
    status, campaign = await ask(page, "POST", "/campaigns", body)
    assert status == 201, campaign
    return int(campaign["id"])


async def listened_to(engine: AsyncEngine, campaign: int) -> None:
    """Six calls: two persons, and four that were taken for machines, of which three took Asterisk long."""
    at = datetime.now(UTC) - timedelta(hours=2)
    answered = at + timedelta(seconds=8)
    rows = [
        {
            "id": f"at-{campaign}-{number}",
            "campaign_id": campaign,
            "phone": telephone(campaign, number),
            "purpose": "campaign",
            "node": "lab",
            "epoch": 1,
            "counted_on": at.date(),
            "state": "ended",
            "outcome": "answered" if machine == "HUMAN" else "machine",
            "reserved_at": at - timedelta(minutes=number),
            "sent_at": at,
            "answered_at": answered,
            "machine": machine,
            "machine_cause": cause,
            "machine_at": answered + timedelta(seconds=seconds),
            "ended_at": answered + timedelta(seconds=seconds + 0.1),
            "ring_seconds": 25,
        }
        for number, (machine, cause, seconds) in enumerate(
            [
                ("HUMAN", "HUMAN-800-800", 1.2),
                ("HUMAN", "HUMAN-800-800", 1.4),
                ("MACHINE", "LONGGREETING-1500-1500", 1.7),
                ("MACHINE", "MAXWORDS-4-3", 3.4),
                ("MACHINE", "MAXWORDS-4-3", 3.6),
                ("MACHINE", "LONGGREETING-1500-1500", 3.8),
            ]
        )
    ]
    async with engine.begin() as connection:
        for row in rows:
            await connection.execute(attempts.insert().values(row))


async def test_where_nobody_listens_the_page_says_so(centre: Centre, page: Page) -> None:
    campaign = await drafted(page, "nobody-listens", "off")
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}")
    await page.locator("[data-test=tab-machines]").click()
    await expect(page.locator("[data-test=machines-empty]")).to_contain_text("未启用答录机检测")
    heard = await drafted(page, "nobody-answered", "hang_up")
    await page.goto(f"{centre.wire.url}/campaigns/{heard}/machines")
    await expect(page.locator("[data-test=machines-empty]")).to_contain_text("没有检测过任何通话")


async def test_suspects_are_reviewed_by_mouse_and_keys_and_taken_back(
    centre: Centre, page: Page, engine: AsyncEngine
) -> None:
    campaign = await drafted(page, "listened-to", "hang_up")
    await listened_to(engine, campaign)
    reader = await centre.signed_in("supervisor", locale="en")
    await reader.goto(f"{centre.wire.url}/campaigns/{campaign}/machines")
    figures = reader.locator("[data-test=machine-figures]")
    await expect(figures.locator("[data-test=heard-MACHINE]")).to_contain_text("4")
    await expect(figures.locator("[data-test=heard-HUMAN]")).to_contain_text("33%")
    await expect(figures.locator("[data-test=cause-MAXWORDS]")).to_contain_text("2")
    calls = reader.locator("[data-test=taken-call]")
    await expect(calls).to_have_count(3)
    weighed = reader.locator("[data-test=machines-weighed]")
    await expect(weighed).to_have_text("3 of 4 calls that nobody has reviewed look like a person’s.")
    first = calls.nth(0)
    await expect(first).to_have_attribute("data-number", telephone(campaign, 3))
    await expect(first.locator("[data-test=taken-why]")).to_contain_text("It took 3.4 s to tell")
    await centre.picture(reader, "campaign-machines-en")

    await first.locator("[data-test=verdict-person]").click()
    await expect(first).to_have_attribute("data-verdict", "person")
    share = figures.locator("[data-test=person-share]")
    await expect(share).to_contain_text("100%")
    await expect(weighed).to_contain_text("2 of 3 calls")
    await first.focus()
    await reader.keyboard.press("ArrowDown")
    await reader.keyboard.press("m")
    await expect(calls.nth(1)).to_have_attribute("data-verdict", "machine")
    await expect(share).to_contain_text("50%")
    await expect(calls.nth(1)).to_be_focused()
    await reader.keyboard.press("u")
    await expect(calls.nth(1)).to_have_attribute("data-verdict", "")
    await reader.keyboard.press("ArrowUp")
    await expect(first).to_be_focused()
    _, live = await ask(reader, "GET", f"/campaigns/{campaign}/live")
    assert live["day"]["abandoned"] == 1

    await reader.locator("[data-test=chip-reviewed]").click()
    await expect(calls).to_have_count(1)
    await expect(weighed).to_have_count(0)
    await expect(calls.first).to_have_attribute("data-number", telephone(campaign, 3))
    await centre.picture(reader, "campaign-machines-reviewed-en")
    await calls.first.locator("[data-test=verdict-undo]").click()
    await expect(calls.first).to_have_attribute("data-verdict", "")
    _, live = await ask(reader, "GET", f"/campaigns/{campaign}/live")
    assert live["day"]["abandoned"] == 0
    # The message takes that back in its turn.
    taken_back = reader.locator(".el-message", has_text=f"{telephone(campaign, 3)}: taken back")
    await taken_back.locator("[data-test=undo]").click()
    await expect(calls.first).to_have_attribute("data-verdict", "person")
    await reader.locator("[data-test=chip-all]").click()
    await expect(calls).to_have_count(3)

    phone = await centre.signed_in("supervisor", width=PHONE_WIDTH)
    await phone.goto(f"{centre.wire.url}/campaigns/{campaign}/machines")
    await expect(phone.locator("[data-test=taken-call]").first).to_be_visible()
    assert await phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await centre.picture(phone, "campaign-machines-phone")


async def test_when_nothing_is_left_to_suspect_the_page_says_so(
    centre: Centre, page: Page, engine: AsyncEngine
) -> None:
    campaign = await drafted(page, "all-machines", "hang_up")
    await listened_to(engine, campaign)
    async with engine.begin() as connection:
        await connection.execute(
            sa.text("UPDATE attempts SET machine_at = answered_at WHERE campaign_id = :campaign"),
            {"campaign": campaign},
        )
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}/machines")
    await expect(page.locator("[data-test=machine-nothing]")).to_contain_text("没有可疑的呼叫")
    await centre.picture(page, "campaign-machines-dark")
