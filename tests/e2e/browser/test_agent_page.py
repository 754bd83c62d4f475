"""An agent at work in a real browser, with real calls."""

import asyncio

from contact_centre import UNKNOWN_NUMBER, Centre, answered, expect_phase, expect_state
from playwright.async_api import expect

from cti.simulation.load import sipp_callers


async def test_the_customer_of_a_sipp_call_is_there_while_it_rings(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone:
        caller = asyncio.create_task(sipp_callers(centre.lab, calls=1, per_second=1, talk_seconds=3))
        call = await phone.next_call()
        call.ring()
        await expect_phase(page, "ringing")
        await expect(page.locator("[data-test=caller-name]")).to_have_text(centre.customer_name)
        await expect(page.locator("[data-test=pop][data-state=ready]")).to_contain_text(centre.customer_name)
        await expect(page.get_by_role("alert").filter(has_text=centre.customer_name)).to_have_count(1)
        await centre.picture(page, "agent-ringing-zh")
        await call.answer()
        await expect_phase(page, "talking")
        await centre.picture(page, "agent-talking-zh")
        result = await caller
        assert (result.successful, result.failed) == (1, 0)
        await expect_phase(page, "wrap_up")
        await expect_state(page, "wrap_up")


async def test_a_disposition_is_saved_confirmed_changed_and_undone(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller="15400000000")
        await answered(phone)
        await expect_phase(page, "talking")
        await page.click("[data-test=hang_up]")
        await expect_state(page, "wrap_up")
        await page.locator("#disposition-code").click()
        await page.get_by_role("option").nth(0).click()
        first = await page.locator("[data-test=disposition-code]").inner_text()
        await page.fill("#disposition-note", "客户要求周一回电")
        await centre.picture(page, "agent-wrap-up-zh")
        await page.click("[data-test=disposition-save]")
        saved = page.locator("[data-test=disposition-saved]")
        await expect(saved).to_contain_text("客户要求周一回电")
        await expect(saved).to_contain_text(first.strip())
        await centre.picture(page, "agent-saved-zh")
        await page.click("[data-test=disposition-edit]")
        await page.fill("#disposition-note", "客户要求周二回电")
        await page.click("[data-test=disposition-save]")
        await expect(saved).to_contain_text("周二")
        await page.click("[data-test=disposition-undo]")
        await expect(saved).to_contain_text("周一")
        await page.click("[data-test=end-wrap-up]")
        await expect_state(page, "ready")
        await page.goto(centre.wire.url + "/agent/history")
        row = page.locator("[data-test=call-row]").first
        await expect(row).to_contain_text(first.strip())
        await row.get_by_role("button").click()
        await expect(page.locator("[data-test=call-detail]")).to_contain_text("周一")
        await centre.picture(page, "agent-call-detail-zh")


async def test_what_was_typed_outlives_a_reload_of_the_page(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller="15400000000")
        await answered(phone)
        await expect_phase(page, "talking")
        await page.fill("#disposition-note", "半句话")
        await page.reload()
        await expect_phase(page, "talking")
        await expect(page.locator("#disposition-note")).to_have_value("半句话")


async def test_a_customer_is_created_for_an_unknown_number(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller=UNKNOWN_NUMBER.removeprefix("+86"))
        call = await phone.next_call()
        call.ring()
        await expect(page.locator("[data-test=pop][data-state=unknown]")).to_be_visible()
        await centre.picture(page, "agent-unknown-zh")
        await page.click("[data-test=create-customer]")
        form = page.locator("[data-test=customer-form]")
        await form.locator("input[name=name]").fill("新来的客户")
        await form.locator("button[type=submit]").click()
        await expect(page.locator("[data-test=customer-name]")).to_have_text("新来的客户")
        await expect(page.locator("[data-test=caller-name]")).to_have_text("新来的客户")


async def test_a_withheld_number_is_called_that(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", withheld=True)
        call = await phone.next_call()
        call.ring()
        await expect(page.locator("[data-test=pop][data-state=withheld]")).to_be_visible()
        await expect(page.locator("[data-test=caller-name]")).to_have_text("号码未显示")
        await centre.picture(page, "agent-withheld-zh")


async def test_hold_and_resume_show_what_the_telephone_did(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller="15400000000")
        call = await answered(phone)
        await expect_phase(page, "talking")
        await page.click("[data-test=hold]")
        await expect_phase(page, "hold")
        await centre.picture(page, "agent-hold-zh")
        await page.click("[data-test=resume]")
        await expect_phase(page, "talking")
        assert len(call.holds) == 1


async def test_a_consultation_is_left_and_the_caller_is_there_again(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.phone(1002) as colleague, centre.lab.trunk() as trunk:
        caller = await trunk.dial("4001", caller="15400000000")
        await answered(phone)
        await expect_phase(page, "talking")
        await page.click("[data-test=transfer]")
        dialog = page.get_by_role("dialog")
        await dialog.locator("input[value=attended]").check()
        await dialog.locator("input[value=extension]").check()
        await dialog.locator("input[inputmode=tel]").fill("1002")
        await centre.picture(page, "agent-transfer-zh")
        await dialog.locator("[data-test=transfer-submit]").click()
        await answered(colleague)
        await expect_phase(page, "consulting")
        await centre.picture(page, "agent-consulting-zh")
        await page.click("[data-test=cancel_transfer]")
        await expect_phase(page, "talking")
        assert not caller.over


async def test_a_call_handed_on_to_a_queue_leaves_the_agent_in_wrap_up(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        caller = await trunk.dial("4001", caller="15400000000")
        await answered(phone)
        await expect_phase(page, "talking")
        await page.click("[data-test=transfer]")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("combobox").click()
        await page.get_by_role("option", name="Overflow").click()
        await dialog.locator("[data-test=transfer-submit]").click()
        await expect_state(page, "wrap_up")
        assert not caller.over


async def test_a_whole_call_by_keyboard_alone(centre: Centre) -> None:
    page = await centre.visit(locale="en-GB")
    await page.locator("#username").wait_for()
    await page.keyboard.press("Tab")
    for _ in range(10):
        if await page.evaluate("document.activeElement?.id") == "username":
            break
        await page.keyboard.press("Tab")
    await page.keyboard.type("sim-harper")
    await page.keyboard.press("Tab")
    await page.keyboard.type(centre.passwords["sim-harper"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/agent")
    await page.locator("input[type=radio]").first.wait_for()
    for _ in range(30):
        if await page.evaluate("document.activeElement?.type") == "radio":
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect_state(page, "paused")
    await page.keyboard.press("Alt+R")
    await expect_state(page, "ready")
    await page.keyboard.press("Alt+P")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await centre.picture(page, "agent-pause-menu-en")
    await page.keyboard.press("Enter")
    await expect_state(page, "paused")
    await page.keyboard.press("Alt+R")
    await expect_state(page, "ready")
    await page.keyboard.press("Shift+?")
    await expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    await centre.picture(page, "agent-shortcuts-en")
    await page.keyboard.press("Escape")
    async with centre.phone(1002) as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4002", caller="15400000000")
        await answered(phone)
        await expect_phase(page, "talking")
        await page.keyboard.press("Alt+H")
        await expect_phase(page, "hold")
        await page.keyboard.press("Alt+H")
        await expect_phase(page, "talking")
        await page.keyboard.press("Alt+X")
        await expect_phase(page, "wrap_up")
        await page.keyboard.press("Alt+D")
        await expect(page.locator("#disposition-code")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.get_by_role("option").first.wait_for()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Will call back on Monday.")
        await page.keyboard.press("Alt+Enter")
        await expect(page.locator("[data-test=disposition-saved]")).to_contain_text("Will call back")
        await centre.picture(page, "agent-saved-en")
        await page.keyboard.press("Alt+R")
        await expect_state(page, "ready")
