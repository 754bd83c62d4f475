"""Who is not to be called, on its page: added, found, taken off, imported, undone; and by an agent."""

from pathlib import Path

from contact_centre import UNKNOWN_NUMBER, Centre, answered, expect_phase
from playwright.async_api import expect

NUMBER = "+8613700137000"


async def test_a_number_is_added_found_taken_off_and_put_back(centre: Centre) -> None:
    page = await centre.signed_in("admin")
    await page.goto(centre.wire.url + "/do-not-call")
    entry = page.locator("[data-test=do-not-call-entry]")
    await page.locator("[data-test=create]").click()
    await page.locator("input[name=number]").fill("137 0013 7000")
    await page.locator("input[name=reason]").fill("wrote a letter")
    await page.locator("input[name=reason]").press("Enter")
    mine = page.locator(f"[data-test=do-not-call-entry][data-number='{NUMBER}']")
    await expect(mine).to_contain_text("wrote a letter")
    await page.locator("[data-test=do-not-call-search]").fill("13700")
    await expect(entry).to_have_count(1)
    await centre.picture(page, "do-not-call")
    await mine.locator("[data-test=do-not-call-remove]").click()
    await expect(page.get_by_text(f"{NUMBER} 已从名单移除。")).to_be_visible()
    await expect(entry).to_have_count(0)
    await page.locator("[data-test=do-not-call-undo]").click()
    await expect(entry).to_have_count(1)
    await page.locator("[data-test=do-not-call-search]").fill("nothing like this")
    await expect(page.get_by_text("没有符合的条目。")).to_be_visible()


async def test_a_file_is_looked_at_imported_and_its_import_undone(centre: Centre, tmp_path: Path) -> None:
    page = await centre.signed_in("admin", scheme="dark")
    await page.goto(centre.wire.url + "/do-not-call")
    numbers = tmp_path / "名单.csv"
    numbers.write_text("who,phone,office\nLi,13700137001,\nWu,13700137002,010-62345678\nMa,nothing,\n")
    await page.locator("[data-test=numbers-import]").click()
    await page.locator("[data-test=numbers-file]").set_input_files(numbers)
    preview = page.locator("[data-test=numbers-preview]")
    await expect(preview).to_contain_text("2")
    bad = page.locator("[data-test=numbers-problems]")
    await expect(bad).to_contain_text("无效行：1")
    await bad.locator("summary").click()
    await expect(bad.locator("li")).to_contain_text("phone")
    await centre.picture(page, "do-not-call-import-dark")
    await page.locator("[data-test=numbers-column]").click()
    await page.get_by_role("option", name="office").click()
    await expect(page.locator("[data-test=numbers-apply]")).to_contain_text("导入 1 个号码")
    await page.locator("[data-test=numbers-column]").click()
    await page.get_by_role("option", name="phone").click()
    await expect(page.locator("[data-test=numbers-apply]")).to_contain_text("导入 2 个号码")
    await page.locator("[data-test=numbers-apply]").click()
    entry = page.locator("[data-test=do-not-call-entry][data-number^='+861370013700']")
    await page.locator("[data-test=do-not-call-search]").fill("名单")
    await expect(entry).to_have_count(2)
    done = page.locator("[data-test=number-import]").first
    await expect(done).to_contain_text("名单.csv")
    await done.locator("[data-test=number-import-turn]").click()
    await expect(entry).to_have_count(0)
    await done.locator("[data-test=number-import-turn]").click()
    await expect(entry).to_have_count(2)
    await done.locator("[data-test=number-import-turn]").click()
    await expect(entry).to_have_count(0)


async def test_an_agent_keeps_his_caller_from_further_calls_and_takes_it_back(centre: Centre) -> None:
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        page = await centre.ready_agent()
        call = await trunk.dial("4001", caller=UNKNOWN_NUMBER.removeprefix("+86"))
        await answered(phone)
        await expect_phase(page, "talking")
        refusal = page.locator("[data-test=refusal]")
        await page.locator("[data-test=never-again]").click()
        await expect(refusal).to_contain_text("已列入名单")
        await centre.picture(page, "agent-never-again")
        await page.locator("[data-test=refusal-undo]").click()
        await expect(page.locator("[data-test=never-again]")).to_be_visible()
        await call.hang_up()
        await expect_phase(page, "wrap_up")
