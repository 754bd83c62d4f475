"""A new flow is written, tried with the keypad, activated, and a number leads to it."""

import asyncio

from contact_centre import Centre
from playwright.async_api import Route, expect

SHIPPED = "satisfaction-survey"


async def test_a_new_flow_with_the_name_of_another_asks_before_it_becomes_a_version(centre: Centre) -> None:
    page = await centre.signed_in("admin")
    await page.goto(f"{centre.wire.url}/flows/{SHIPPED}/edit")
    field = page.locator("[data-test=text]")
    await expect(field).not_to_have_value("")
    text = await field.input_value()
    await page.goto(f"{centre.wire.url}/new-flow")
    await field.fill(text + "# Of my own.\n")
    await page.click("[data-test=save]")
    question = page.locator(".el-message-box:visible")
    await expect(question).to_contain_text(f"已有流程“{SHIPPED}”")
    await question.get_by_role("button", name="取消").click()
    await expect(page.get_by_role("alert")).to_contain_text("flow.exists")
    await centre.picture(page, "new-flow-exists")
    await page.click("[data-test=save]")
    await question.get_by_role("button", name="保存为新版本").click()
    await page.wait_for_url(f"**/flows/{SHIPPED}/versions")
    # The browser reports the refusals too; they are wanted.
    assert [one for one in centre.complaints if "409" not in one] == []
    centre.complaints.clear()


async def test_a_new_flow_is_tried_by_keyboard_and_a_number_leads_to_it(centre: Centre) -> None:
    page = await centre.signed_in("admin")
    await page.goto(f"{centre.wire.url}/flows")
    await page.click("[data-test=create]")
    await page.click("[data-test=save]")
    await page.wait_for_url("**/flows/my-flow/versions")
    await page.click("[data-test=activate]")
    await expect(page.locator("[data-test=version] .tag.good")).to_be_visible()
    await page.click("[data-test=tab-try]")
    dialogue = page.locator("[data-test=dialogue]")
    await expect(dialogue.locator(".service")).to_have_count(1)
    await expect(page.locator("[data-test=drawing] g.current")).to_have_attribute("data-step", "ask")
    await page.keyboard.press("9")
    await expect(dialogue).to_contain_text("“9”在此不适用")
    await centre.picture(page, "flow-try-zh")
    await page.click("[data-test=key-4]")
    await expect(page.locator("[data-test=outcome]")).to_contain_text("已完成")
    await expect(page.locator("[data-test=record]")).to_contain_text("rating4")
    await expect(page.locator("[data-test=drawing] g.way.gone")).to_have_count(1)
    await page.click("[data-test=restart]")
    await page.click("[data-test=word-hangup]")
    await expect(page.locator("[data-test=outcome]")).to_contain_text("已挂机")
    await centre.picture(page, "flow-hung-up-zh")

    await page.goto(f"{centre.wire.url}/numbers")
    await page.click("[data-test=create]")
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[name=dnis]").fill("4009")
    await dialog.get_by_role("combobox", name="流程").click(force=True)
    await page.get_by_role("option", name="我的流程").click()
    await dialog.get_by_role("button", name="保存").click()
    row = page.locator("[data-test=number][data-number='4009']")
    await expect(row.get_by_role("link", name="我的流程")).to_be_visible()
    await centre.picture(page, "numbers-zh")
    await row.locator("[data-test=forget]").click()
    await expect(row).to_have_count(0)
    await page.click("[data-test=undo]")
    await expect(row).to_have_count(1)
    await row.locator("[data-test=forget]").click()
    await expect(row).to_have_count(0)


async def test_a_number_can_be_added_before_the_queues_are_known(centre: Centre) -> None:
    page = await centre.signed_in("admin")
    asked_for: asyncio.Future[Route] = asyncio.get_running_loop().create_future()
    await page.route("**/api/v1/queues", lambda route: asked_for.set_result(route), times=1)
    await page.goto(f"{centre.wire.url}/numbers")
    await page.click("[data-test=create]")
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[name=dnis]").fill("4010")
    save = dialog.get_by_role("button", name="保存")
    await expect(save).to_be_disabled()
    await (await asked_for).continue_()
    await save.click()
    row = page.locator("[data-test=number][data-number='4010']")
    await row.locator("[data-test=forget]").click()
    await expect(row).to_have_count(0)
