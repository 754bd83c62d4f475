"""What callers answered: figures with margins, the calls behind them, a file, and a page for everybody."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa
from contact_centre import Centre
from playwright.async_api import expect

from cti.db.engine import open_engine
from tests.integration.ivr.flow_record import Answered, Ran, write

#: Nobody goes through it in other tests of this run.
FLOW = "topic-poll"
MARKS = ("5", "5", "5", "4", "4", "3", "1")


@pytest_asyncio.fixture
async def rated(database: tuple[str, dict[str, str]]) -> AsyncIterator[None]:
    """Seven calls that gave a mark and one that hung up, of two days ago; afterwards they are gone."""
    at = datetime.now(UTC) - timedelta(days=2)
    runs = [Ran(flow=FLOW, at=at, answers=[Answered("approval", "scale", mark)]) for mark in MARKS]
    async with open_engine(database[0]) as engine, engine.begin() as connection:
        ids = await write(connection, [*runs, Ran(flow=FLOW, at=at, outcome="hung_up")])
    yield
    async with open_engine(database[0]) as engine, engine.begin() as connection:
        for table, column in (
            ("flow_answers", "run_id"), ("flow_steps", "run_id"), ("flow_runs", "id"), ("calls", "id"),
        ):  # fmt: skip
            gone = sa.text(f"DELETE FROM {table} WHERE {column} = ANY(:ids)")
            await connection.execute(gone, {"ids": ids})


@pytest.mark.usefixtures("rated")
async def test_figures_lead_to_calls_and_are_published_and_withdrawn(centre: Centre) -> None:
    page = await centre.signed_in("admin")
    await page.goto(f"{centre.wire.url}/flows/{FLOW}/results")
    await expect(page.locator("[data-test=runs]")).to_contain_text("87.5%")
    question = page.locator("[data-test=question][data-question=approval]")
    await expect(question).to_contain_text("71.4%")
    await expect(question.locator("li")).to_have_count(4)
    await expect(page.locator("[data-test=definitions]")).to_contain_text("4 分和 5 分所占的比例")
    await centre.picture(page, "flow-results-zh")
    await question.locator("li").last.get_by_role("button", name="3").click()
    await expect(page.locator("[data-test=result-call]")).to_have_count(3)
    await page.keyboard.press("Escape")
    address = await page.locator("[data-test=csv]").get_attribute("href")
    table = await page.request.get(f"{centre.wire.url}{address}")
    assert len((await table.text()).strip().splitlines()) == 1 + len(MARKS)

    await page.click("[data-test=publish]")
    await page.fill("textarea[name=sample-zh]", "所有来电者")
    await page.fill("textarea[name=sample-en]", "Everybody who called")
    await page.get_by_role("dialog").get_by_role("button", name="保存").click()
    poll = page.locator("[data-test=poll]").first
    link = await poll.get_by_role("link").get_attribute("href")
    stranger = await centre.visit(str(link), locale="en-GB")
    await expect(stranger.get_by_text("Everybody who called")).to_be_visible()
    await poll.locator("[data-test=withdraw]").click()
    await page.get_by_role("button", name="撤下").last.click()
    await expect(poll).to_contain_text("已撤下")
