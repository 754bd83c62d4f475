"""What people do around flows, in their pages: tasks, announcements, hours, tables."""

import re
from pathlib import Path

import sqlalchemy as sa
from contact_centre import Centre
from playwright.async_api import Locator, Page, expect

from cti.db.engine import open_engine

_TASK = sa.text(
    "INSERT INTO tasks (id, opened_at, node, reference, kind, queue, supervisor, number, details)"
    " SELECT 'desk.1', now(), 'browser', '3300015', 'tip', name, false, '+8615499999999',"
    ' \'{"name": "Li Wen", "subject": "Bridge"}\' FROM queues ORDER BY id LIMIT 1'
)


async def test_a_task_is_taken_done_with_a_note_and_its_end_undone(
    centre: Centre, database: tuple[str, dict[str, str]]
) -> None:
    url, _ = database
    async with open_engine(url) as engine, engine.begin() as connection:
        await connection.execute(_TASK)
    try:
        page = await centre.signed_in("supervisor", locale="en-GB")
        await page.goto(centre.wire.url + "/tasks")
        row = page.locator("[data-test=task-row][data-reference='3300015']")
        await expect(row).to_contain_text("Li Wen")
        # The service counts anew every ten seconds what did not come to it by a call.
        await expect(page.locator("[data-test=task-badge]")).to_have_text("1", timeout=20_000)
        await centre.picture(page, "tasks-en")
        await row.focus()
        await page.keyboard.press("Alt+g")
        await expect(page.locator("[data-test=task-badge]")).to_have_count(0)
        await expect(row.get_by_role("button", name="Give back")).to_be_visible()
        await row.focus()
        await page.keyboard.press("Enter")
        await page.locator("#task-note").fill("Called, will send pictures")
        await page.keyboard.press("Alt+e")
        undo = page.locator("[data-test=task-undo]")
        await expect(undo).to_contain_text("Task 3300015 is done.")
        await expect(row).to_have_count(0)
        await undo.get_by_role("button", name="Undo").click()
        await expect(row).to_be_visible()
        await row.get_by_role("button", name="3300015").click()
        await expect(page.locator("[data-test=task-detail]")).to_contain_text("Called, will send pictures")
        await expect(page.locator("[data-test=task-detail]")).to_contain_text("reopened it")
        await centre.picture(page, "task-en")
    finally:
        async with open_engine(url) as engine, engine.begin() as connection:
            await connection.execute(sa.text("DELETE FROM tasks WHERE id = 'desk.1'"))


async def test_an_announcement_is_switched_with_one_click_and_a_pin_is_set(centre: Centre) -> None:
    page = await centre.signed_in("supervisor", scheme="dark")
    await page.goto(centre.wire.url + "/announcements")
    card = page.locator("[data-test=announcement][data-name=surge]")
    await card.locator("[data-test=announcement-switch]").click()
    await expect(card).to_contain_text("On: callers hear it now")
    await card.get_by_text("History").click()
    await expect(card.locator("ol li").first).to_contain_text("on")
    await centre.picture(page, "announcements-dark")
    await card.locator("[data-test=announcement-switch]").click()
    await expect(card).to_contain_text("Off")
    pin = page.locator("[data-test=phone-pin]")
    for field in ("pin", "pin-again"):
        await pin.locator(f"input[name={field}]").fill("482917")
    await page.keyboard.press("Enter")
    await expect(pin.locator("[data-test=staff-number]")).to_have_text(re.compile(r"^\d{3,8}$"))


async def choose(field: Locator, instant: str) -> None:
    """Type an instant into a field that has a calendar, which opens when the field gets the focus."""
    await field.blur()
    await field.fill(instant)
    await field.press("Enter")
    await expect(field).to_have_value(instant)


async def test_an_announcement_is_planned_for_later(centre: Centre) -> None:
    page = await centre.signed_in("supervisor", locale="en-GB")
    await page.goto(centre.wire.url + "/announcements")
    card = page.locator("[data-test=announcement][data-name=outage]")
    await card.locator("[data-test=announcement-plan]").click()
    dialog = page.locator(".el-dialog:visible")
    save = dialog.get_by_role("button", name="Save")
    begin, end = dialog.locator("#announcement-from"), dialog.locator("#announcement-until")
    await expect(begin).not_to_have_value("")
    await choose(begin, "2099-05-01 09:00")
    await choose(end, "2099-05-01 08:00")
    await expect(dialog.get_by_role("alert")).to_contain_text("It would end before it begins.")
    await expect(save).to_be_disabled()
    await choose(end, "2099-05-01 12:30")
    await centre.picture(page, "announcement-planned-en")
    await save.click()
    await expect(card).to_contain_text("On, but not yet")
    await expect(card.locator(".state")).to_contain_text("from 2099-05-01 09:00")
    await card.locator("[data-test=announcement-switch]").click()
    await expect(card).to_contain_text("Off")


async def test_hours_are_drawn_and_bad_rows_of_a_file_are_named(centre: Centre, tmp_path: Path) -> None:
    page = await centre.signed_in("admin")
    await page.goto(centre.wire.url + "/hours")
    await page.locator("[data-test=create]").click()
    for field, text in (("title_zh", "编辑部"), ("title_en", "Newsroom"), ("name", "newsroom")):
        await page.locator(f"input[name={field}]").fill(text)
    await page.locator("input[name=day-5]").fill("22:00-06:00")
    await page.keyboard.press("Enter")
    calendar = page.locator("[data-test=calendar][data-name=newsroom]")
    await expect(calendar.locator(".bar")).to_have_count(7)
    days = tmp_path / "days.csv"
    days.write_text(
        "date,title_zh,title_en,hours\n2026-13-01,错,Wrong,closed\n2026-10-01,国庆节,National Day,closed\n"
    )
    await calendar.locator("[data-test=days-import]").click()
    await page.locator("[data-test=days-file]").set_input_files(days)
    await expect(page.locator("[data-test=row-problems]")).to_contain_text("date")
    await centre.picture(page, "hours-bad-rows")
    days.write_text("date,title_zh,title_en,hours\n2026-10-01,国庆节,National Day,closed\n")
    await page.locator("[data-test=days-file]").set_input_files(days)
    await page.locator("[data-test=days-apply]").click()
    await expect(calendar.locator("[data-test=special-day]")).to_contain_text("国庆节")
    await centre.picture(page, "hours")


async def column(page: Page, place: int, name: str, chinese: str) -> None:
    """Describe one of a table's columns."""
    fields = page.locator("[data-test=column]").nth(place)
    await fields.locator("input[name=column-name]").fill(name)
    await fields.locator("input[name=column-zh]").fill(chinese)


async def test_a_table_is_made_filled_from_a_file_and_the_import_undone(
    centre: Centre, tmp_path: Path
) -> None:
    page = await centre.signed_in("admin")
    await page.goto(centre.wire.url + "/tables")
    await page.locator("[data-test=create]").click()
    dialog = page.get_by_role("dialog")
    for field, text in (("title_zh", "办事处"), ("title_en", "Front desks"), ("name", "desks")):
        await dialog.locator(f"input[name={field}]").fill(text)
    await column(page, 0, "city", "城市")
    await column(page, 1, "address", "地址")
    await page.locator("[data-test=column-add]").click()
    await column(page, 2, "city", "又一座城市")
    await expect(dialog).to_contain_text("有两列同名。")
    await column(page, 2, "phone", "电话")
    await centre.picture(page, "table-new")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_be_hidden()
    rows = tmp_path / "rows.csv"
    rows.write_text("city,address,phone\nWuhan,1 River Road,027\nXian,2 Wall Street,029\n")
    await page.locator("[data-test=rows-import]").click()
    await page.locator("[data-test=rows-file]").set_input_files(rows)
    await expect(page.get_by_text("新增 2")).to_be_visible()
    await page.locator("[data-test=rows-apply]").click()
    row = page.locator("[data-test=reference-row]")
    await expect(row).to_have_count(2)
    await page.get_by_placeholder("查找行").fill("Wuhan")
    await expect(row).to_have_count(1)
    await centre.picture(page, "tables")
    await page.get_by_placeholder("查找行").fill("")
    await page.locator("[data-test=rows-undo]").click()
    await expect(page.get_by_text("没有符合的行。")).to_be_visible()


async def test_columns_are_renamed_and_what_would_be_lost_is_asked_for(
    centre: Centre, tmp_path: Path
) -> None:
    page = await centre.signed_in("admin")
    await page.goto(centre.wire.url + "/tables")
    await page.locator("[data-test=create]").click()
    dialog = page.locator(".el-dialog:visible")
    for field, text in (("title_zh", "热线"), ("title_en", "Hotlines"), ("name", "hotlines")):
        await dialog.locator(f"input[name={field}]").fill(text)
    await column(page, 0, "topic", "话题")
    await column(page, 1, "phone", "电话")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_be_hidden()
    rows = tmp_path / "rows.csv"
    rows.write_text("topic,phone\nbridge,027\n")
    await page.locator("[data-test=rows-import]").click()
    await page.locator("[data-test=rows-file]").set_input_files(rows)
    await page.locator("[data-test=rows-apply]").click()
    row = page.locator("[data-test=reference-row]")
    await expect(row).to_contain_text("027")

    await page.locator("[data-test=columns]").click()
    await page.locator("[data-test=column]").nth(1).locator("input[name=column-name]").fill("telephone")
    await expect(dialog).to_contain_text("原名 phone")
    await centre.picture(page, "table-columns")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("th[title^='telephone']")).to_be_visible()
    await expect(row).to_contain_text("027")

    await page.locator("[data-test=columns]").click()
    await page.locator("[data-test=column]").nth(1).locator("[data-test=column-remove]").click()
    await dialog.get_by_role("button", name="保存").click()
    question = page.locator(".el-message-box")
    await expect(question).to_contain_text("将永久丢失，共 1 行")
    await question.get_by_role("button", name="取消").click()
    await page.locator("[data-test=column]").nth(1).get_by_role("button", name="保留").click()
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.locator("[data-test=column]")).to_have_count(0)
    await expect(row).to_contain_text("027")

    await page.locator("[data-test=table-remove]").click()
    await question.get_by_role("button", name="删除").click()
    await expect(page.get_by_role("button", name="热线")).to_have_count(0)
