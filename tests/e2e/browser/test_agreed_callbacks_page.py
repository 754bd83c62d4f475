"""Agents who call people from their page: at a time that was agreed, or a number that they type."""

import asyncio

import asyncpg
import pytest_asyncio
from contact_centre import PHONE_WIDTH, UNKNOWN_NUMBER, Centre, answered, expect_phase, expect_state
from playwright.async_api import Page, expect
from test_phone_width import STAND_OUT

from cti.db.engine import plain_dsn
from cti.simulation.lab import answering

NUMBER = "13800138050"
DUE = (
    "INSERT INTO callbacks (e164, agent_id, due_at, note)"
    f" SELECT '+86{NUMBER}', a.id, now() - interval '2 hours', '问续订'"
    " FROM agents a JOIN users u ON u.id = a.user_id WHERE u.username = 'agent'"
)


@pytest_asyncio.fixture(autouse=True)
async def nobody_was_called(database: tuple[str, dict[str, str]]) -> None:
    connection = await asyncpg.connect(plain_dsn(database[0]))
    await connection.execute("TRUNCATE attempts, dial_counters, dial_decisions CASCADE")
    await connection.execute("DELETE FROM callbacks WHERE agent_id IS NOT NULL OR queue IS NOT NULL")
    await connection.close()


def expect_refusal(centre: Centre) -> None:
    """The browser tells of the service's refusal, and of nothing else."""
    assert len(centre.complaints) == 1
    assert "409" in centre.complaints.pop()


async def agree(page: Page, at: str, note: str) -> None:
    """Fill in the dialog that is open, with the keyboard."""
    field = page.locator("#callback-at")
    await field.fill(at)
    await page.keyboard.press("Enter")
    await page.locator("textarea[data-test=callback-note], [data-test=callback-note] textarea").fill(note)
    await page.locator(".el-dialog:visible button[type=submit]").click()


async def test_in_a_call_a_callback_is_agreed_and_a_second_promise_is_the_same_call(centre: Centre) -> None:
    page = await centre.ready_agent()
    listed = page.locator("[data-test=agreed-callback]")
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller=UNKNOWN_NUMBER.removeprefix("+86"))
        await answered(phone)
        await expect_phase(page, "talking")
        await page.keyboard.press("Alt+B")
        number = page.locator("input[data-test=callback-number], [data-test=callback-number] input")
        await expect(number).to_have_value(UNKNOWN_NUMBER)
        await agree(page, "2030-03-01 15:30", "问续订")
        await expect(listed).to_contain_text("2030-03-01 15:30")
        await expect(listed).to_contain_text("问续订")
        await page.click("[data-test=hang_up]")
        await expect_state(page, "wrap_up")
        await page.click("[data-test=call-back-at]")
        await agree(page, "2030-03-02 10:00", "寄报纸")
        await expect(listed).to_have_count(1)
        await expect(listed).to_contain_text("2030-03-02 10:00")
        await expect(listed).to_contain_text("2 次约定")
        await centre.picture(page, "agreed-callbacks-zh")
        await page.click("[data-test=end-wrap-up]")
        await expect_state(page, "ready")


async def test_what_is_due_is_called_by_a_click_ended_and_undone(
    centre: Centre, database: tuple[str, dict[str, str]]
) -> None:
    page = await centre.ready_agent(locale="en")
    connection = await asyncpg.connect(plain_dsn(database[0]))
    await connection.execute(DUE)
    await connection.close()
    row = page.locator("[data-test=agreed-callback]")
    await expect(page.locator("[data-test=due-callbacks]")).to_be_visible(timeout=15_000)
    await expect(row).to_contain_text("问续订")
    async with centre.lab.carrier(answering(after=0.2)) as carrier, centre.phone() as phone:
        await row.locator("[data-test=callback-dial]").focus()
        await page.keyboard.press("Enter")
        await answered(phone)
        called = await carrier.next_call()
        await expect_phase(page, "talking")
        await called.hang_up()
        await expect_state(page, "ready")
    # He was reached a moment ago: another call has to wait, and the page says so where it was asked for.
    await row.locator("[data-test=callback-dial]").click()
    await expect(row.locator("[data-test=refused]")).to_have_attribute("data-code", "dial.gap")
    await centre.picture(page, "agreed-callback-refused")
    expect_refusal(centre)
    await row.locator("[data-test=callback-done]").click()
    await expect(row).to_have_count(0)
    await page.click("[data-test=undo]")
    await expect(row).to_have_count(1)


async def test_a_number_is_typed_shown_as_dialled_and_refused_or_called(centre: Centre) -> None:
    page = await centre.ready_agent()
    await page.keyboard.press("Alt+N")
    await page.keyboard.type("400 800 1234")
    await expect(page.locator("[data-test=dial-warning]")).to_contain_text("付费")
    await page.keyboard.press("Enter")
    refused = page.locator("[data-test=dial-box] [data-test=refused]")
    await expect(refused).to_have_attribute("data-code", "dial.shared_cost")
    await centre.picture(page, "dial-refused-zh")
    expect_refusal(centre)
    await page.fill("#dial-number", f"86{NUMBER}")
    await expect(refused).to_have_count(0)
    await expect(page.locator("[data-test=dial-preview]")).to_have_text("138 0013 8050")
    async with centre.lab.carrier(answering(after=0.2)) as carrier, centre.phone() as phone:
        await page.keyboard.press("Enter")
        await answered(phone)
        called = await asyncio.wait_for(carrier.next_call(), 20)
        await expect_phase(page, "talking")
        await called.hang_up()
        await expect_state(page, "ready")


async def test_callbacks_fit_a_telephone(centre: Centre, database: tuple[str, dict[str, str]]) -> None:
    connection = await asyncpg.connect(plain_dsn(database[0]))
    await connection.execute(DUE)
    await connection.close()
    page = await centre.signed_in("agent", width=PHONE_WIDTH)
    await page.get_by_role("radio", name="Phone 1001").check()
    await page.click("[data-test=agent-sign-in]")
    await expect(page.locator("[data-test=agreed-callback]")).to_be_visible()
    await page.wait_for_function(f"({STAND_OUT})().length === 0")
    await centre.picture(page, "phone-agreed-callbacks")
    await page.locator("[data-test=callback-put-off]").click()
    await expect(page.locator(".el-dialog:visible")).to_be_visible()
    await page.wait_for_function(f"({STAND_OUT})().length === 0")
