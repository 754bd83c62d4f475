"""Campaigns at their page: made, filled from a file, undone, started or refused, and all dialling ended."""

from pathlib import Path
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from contact_centre import Centre, ask, open_by_menu
from playwright.async_api import Page, expect

from cti.db.engine import open_engine
from cti.simulation.demo_data import USERS

#: A number of ours in the demonstration's country.
CALLER_ID = "01065529988"


@pytest_asyncio.fixture
async def page(centre: Centre) -> Page:
    """An administrator's page; a number of ours is there for people to see."""
    page = await centre.signed_in("admin")
    status, _ = await ask(page, "PUT", f"/inbound-numbers/{CALLER_ID}", {"queue": "sales"})
    assert status == 200
    return page


async def drafted(page: Page, name: str, **changes: Any) -> int:
    """A draft of this name, made without the page."""
    body = {
        "campaign": name,
        "title": {"zh-CN": f"活动 {name}", "en": f"Campaign {name}"},
        "kind": "progressive",
        "queue": "sales",
        "caller_ids": [CALLER_ID],
        **changes,
    }
    status, campaign = await ask(page, "POST", "/campaigns", body)
    assert status == 201, campaign
    return int(campaign["id"])


async def test_a_campaign_is_made_and_what_is_wrong_stands_at_its_field(centre: Centre, page: Page) -> None:
    await open_by_menu(page, "calls", "外呼活动")
    await expect(
        page.get_by_text("还没有外呼活动。").or_(page.locator("[data-test=campaign]").first)
    ).to_be_visible()
    await centre.picture(page, "campaigns-empty")
    await page.locator("[data-test=create]").click()
    await page.locator("input[name=campaign]").fill("readers-poll")
    await page.locator("input[name=title_zh]").fill("读者调查")
    await page.locator("input[name=window-from]").fill("20:00")
    await page.locator("input[name=window-to]").fill("09:00")
    await page.locator("[data-test=definition-save]").click()
    await expect(page.locator("[data-pointer='/kind'] [role=alert]")).to_contain_text("流程")
    await expect(page.locator("[data-pointer='/window/to'] [role=alert]")).to_be_visible()
    await centre.picture(page, "campaign-invalid")
    assert [one for one in centre.complaints if "422" not in one] == []
    centre.complaints.clear()
    await page.locator("[data-test=flow-choice]").click()
    await page.locator(".el-select-dropdown__item:visible").first.click()
    await page.locator("input[name=window-from]").fill("09:00")
    await page.locator("input[name=window-to]").fill("20:00")
    await page.locator("[data-test=definition-save]").click()
    await page.wait_for_url("**/import")
    await expect(page.locator("main h1")).to_have_text("读者调查")
    await page.locator("[data-test=tab-definition]").click()
    await page.locator("[data-test=definition-text] summary").click()
    await expect(page.locator("[data-test=definition-text] pre")).to_contain_text("campaign: readers-poll")
    await centre.picture(page, "campaign-definition")
    await page.locator("[data-test=campaign-copy]").click()
    await page.locator("input[name=campaign-copy]").fill("readers-poll-2")
    await page.locator("input[name=campaign-copy]").press("Enter")
    await expect(page.locator(".crumbs code")).to_have_text("readers-poll-2")


async def test_a_file_is_mapped_imported_its_bad_row_told_and_undone(
    centre: Centre, page: Page, tmp_path: Path
) -> None:
    campaign = await drafted(page, "from-a-file")
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}/import")
    people = tmp_path / "名单.csv"
    people.write_text("who,tel,product\nLi,13700137101,Weekly\nWu,12,Daily\nMa,13700137102,Daily\n")
    await page.locator("[data-test=contact-file]").set_input_files(people)
    good = page.locator("[data-test=import-good]")
    await expect(good).to_contain_text("前 3 行中有 2 行")
    await page.locator("[data-test=map-who]").click()
    await page.get_by_role("option", name="姓名").click()
    await expect(page.locator("[data-test=map-who]")).to_contain_text("姓名")
    await centre.picture(page, "campaign-mapping")
    await page.locator("[data-test=import-run]").click()
    await expect(page.locator("[data-test=import-done]")).to_contain_text("新增 2 位联系人，拒绝 1 行")
    refused = page.locator("[data-test=refused-rows]").first
    await expect(refused).to_contain_text("12")
    await centre.picture(page, "campaign-imported")
    async with page.expect_download() as saving:
        await refused.locator("a[download]").click()
    text = (await (await saving.value).path()).read_text("utf-8-sig")
    assert "Wu,12,Daily" in text
    await page.locator("[data-test=tab-contacts]").click()
    contact = page.locator("[data-test=contact]")
    await expect(contact).to_have_count(2)
    await page.locator("[data-test=contact-search] input, input[data-test=contact-search]").first.fill(
        "137 0013 7102"
    )
    await expect(contact).to_have_count(1)
    await expect(contact).to_contain_text("Ma")
    await contact.locator("[data-test=contact-open]").click()
    await expect(page.locator("[data-test=contact-history]")).to_contain_text("尚未呼叫")
    await page.keyboard.press("Escape")
    await page.locator("[data-test=tab-import]").click()
    done = page.locator("[data-test=contact-import]").first
    await done.locator("[data-test=import-undo]").click()
    await page.locator(".el-message-box__btns .el-button--primary").click()
    await expect(done).to_have_attribute("data-state", "undone")
    await page.locator("[data-test=tab-contacts]").click()
    await expect(page.get_by_text("该活动没有联系人。")).to_be_visible()


async def test_what_agents_note_is_made_on_the_page_and_comes_as_a_file(centre: Centre, page: Page) -> None:
    campaign = await drafted(page, "with-a-form")
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}/definition")
    for place, (code, title) in enumerate((("renewed", "已续费"), ("later", "改日再打"))):
        await page.locator("[data-test=disposition-add]").click()
        await page.locator(f"input[name=disposition-code-{place}]").fill(code)
        await page.locator(f"input[name=disposition-zh-{place}]").fill(title)
    await page.locator("[data-test=disposition-next-1]").click()
    await page.get_by_role("option", name="再次呼叫").click()
    await page.locator("[data-test=field-add]").click()
    await page.locator("input[name=field-name-0]").fill("paper")
    await page.locator("input[name=field-zh-0]").fill("报纸")
    await page.locator("[data-test=field-kind-0]").click()
    await page.get_by_role("option", name="单选").click()
    await page.locator("[data-test=definition-save]").click()
    await expect(page.locator("[data-pointer='/form/0'] [role=alert]")).to_contain_text("至少需要两个选项")
    await centre.picture(page, "campaign-form-invalid")
    assert [one for one in centre.complaints if "422" not in one] == []
    centre.complaints.clear()
    for place, code in enumerate(("daily", "weekly")):
        await page.locator("[data-test=choice-add-0]").click()
        await page.locator(f"input[name=choice-code-0-{place}]").fill(code)
        await page.locator(f"input[name=choice-zh-0-{place}]").fill(code)
    await page.locator("[data-test=disposition-1]").get_by_role("button", name="上移 later").click()
    await page.locator("[data-test=definition-save]").click()
    text = page.locator("[data-test=definition-text] pre")
    await page.locator("[data-test=definition-text] summary").click()
    await expect(text).to_contain_text("next: retry")
    await expect(text).to_contain_text("name: paper")
    await expect(page.locator("input[name=disposition-code-0]")).to_have_value("later")
    await page.locator("[data-test=tab-live]").click()
    await expect(page.get_by_text("尚无坐席记录处理结果。")).to_be_visible()
    await page.locator("[data-test=tab-contacts]").click()
    async with page.expect_download() as saving:
        await page.locator("[data-test=results-file]").click()
    file = await saving.value
    assert file.suggested_filename == "with-a-form-results.csv"
    assert "answer.paper" in (await file.path()).read_text("utf-8-sig")


async def test_when_the_cap_is_kept_is_asked_of_a_campaign_that_may_abandon_calls(
    centre: Centre, page: Page
) -> None:
    campaign = await drafted(page, "sellers", kind="predictive")
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}/definition")
    await page.locator("[data-test=cap-holds]").click()
    await page.get_by_role("option", name="任何时刻").click()
    await page.locator("[data-test=definition-save]").click()
    await page.locator("[data-test=definition-text] summary").click()
    text = page.locator("[data-test=definition-text] pre")
    await expect(text).to_contain_text("abandon_cap_holds: always")
    await page.locator("[data-test=kind]").click()
    await page.get_by_role("option", name="渐进").click()
    await expect(page.locator("[data-test=cap-holds]")).to_have_count(0)


async def test_what_follows_after_a_flow_is_said_on_the_page(centre: Centre, page: Page) -> None:
    campaign = await drafted(page, "reminders", kind="ivr", flow="renewal-reminder")
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}/definition")
    await page.locator("[data-test=flow-retry-add]").click()
    await expect(page.locator("input[name=flow-outcome-0]")).to_have_value("later")
    await page.locator("[data-test=flow-retry-add]").click()
    await page.locator("input[name=flow-outcome-1]").fill("No time")
    await page.locator("[data-test=definition-save]").click()
    await expect(page.locator("[data-pointer='/flow_retries'] [role=alert]")).to_be_visible()
    await centre.picture(page, "campaign-flow-retries")
    assert [one for one in centre.complaints if "422" not in one] == []
    centre.complaints.clear()
    await page.locator("input[name=flow-outcome-1]").fill("no_time")
    await page.locator("[data-test=definition-save]").click()
    await page.locator("[data-test=definition-text] summary").click()
    text = page.locator("[data-test=definition-text] pre")
    await expect(text).to_contain_text("later: {times: 3, after_seconds: 86400}")
    await expect(text).to_contain_text("no_time: {times: 3, after_seconds: 86400}")


async def test_a_start_is_refused_with_its_reason_until_there_is_somebody_to_call(
    centre: Centre, page: Page
) -> None:
    # So that nobody is called, whoever dials here: on no day of the week but one that lasts a minute.
    campaign = await drafted(page, "to-start", window={"from": "00:00", "to": "00:01", "days": ["mon"]})
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}")
    standing = page.locator("[data-test=standing]")
    await expect(page.locator("[data-test=hindrances]")).to_contain_text("没有可呼叫的联系人")
    await page.locator("[data-test=order-start]").click()
    await expect(standing.get_by_role("alert")).to_contain_text("没有尚待呼叫的联系人")
    await expect(standing).to_have_attribute("data-state", "draft")
    await centre.picture(page, "campaign-start-refused")
    assert [one for one in centre.complaints if "409" not in one] == []
    centre.complaints.clear()
    await page.locator("[data-test=tab-contacts]").click()
    await page.locator("[data-test=contact-add]").click()
    await page.locator("input[name=phone]").fill("137 0013 7201")
    await page.locator("input[name=phone]").press("Enter")
    await expect(page.locator("[data-test=contact]")).to_have_count(1)
    await page.locator("[data-test=tab-live]").click()
    await page.locator("[data-test=order-start]").click()
    await expect(standing).to_have_attribute("data-state", "running")
    admin = next(user.name for user in USERS if user.username == "admin")
    await expect(standing).to_contain_text(admin)
    await expect(page.locator("[data-test=figure-contactsLeft]")).to_contain_text("1")
    await centre.picture(page, "campaign-live")
    await page.keyboard.press("Alt+P")
    await expect(standing).to_have_attribute("data-state", "paused")
    await page.keyboard.press("Alt+X")
    await expect(page.locator(".el-message-box")).to_contain_text("确定停止")
    await page.keyboard.press("Enter")
    await expect(standing).to_have_attribute("data-state", "stopped")
    await page.goto(f"{centre.wire.url}/campaigns")
    await expect(page.locator("[data-test=campaign][data-name=to-start]")).to_contain_text("已停止")
    await centre.picture(page, "campaigns")


async def test_one_click_ends_all_dialling_and_others_see_it_without_asking(
    centre: Centre, page: Page, database: tuple[str, dict[str, str]]
) -> None:
    campaign = await drafted(page, "looked-at")
    reader = await centre.signed_in("supervisor", scheme="dark")
    await reader.goto(f"{centre.wire.url}/campaigns")
    row = reader.locator("[data-test=campaign][data-name=looked-at]")
    await expect(row).to_contain_text("no contacts yet")
    await expect(reader.locator("[data-test=kill-switch]")).to_have_count(0)
    await expect(reader.locator("[data-test=create]")).to_have_count(0)
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{centre.wire.url}/campaigns")
    try:
        await page.locator("[data-test=kill-switch-on]").click()
        switch = page.locator("[data-test=kill-switch]")
        await expect(switch).to_have_attribute("data-on", "true")
        await expect(switch).to_contain_text("所有外呼已停止。")
        await centre.picture(page, "campaigns-kill-switch")
        await expect(reader.locator("[data-test=kill-switch]")).to_contain_text(
            "All dialling is switched off."
        )
        await expect(reader.locator("[data-test=kill-switch-off]")).to_have_count(0)
        contacts = f"/campaigns/{campaign}/contacts"
        assert (await ask(page, "POST", contacts, {"phone": "13700137501"}))[0] == 201
        await expect(row).to_contain_text("0 of 1 contacts")
        await centre.picture(reader, "campaigns-supervisor-dark")
        assert asked == []
        # What is new is asked for, once.
        await drafted(page, "looked-at-too")
        await expect(reader.locator("[data-test=campaign][data-name=looked-at-too]")).to_be_visible()
        assert [url.rpartition("/api/v1")[2] for url in asked] == ["/campaigns"]
        # What happens while the wire is cut is there as soon as it is mended.
        await centre.wire.cut()
        async with open_engine(database[0]) as engine, engine.begin() as connection:
            await connection.execute(sa.text("UPDATE dial_limits SET kill_switch = false"))
        await expect(reader.locator("[data-test=kill-switch]")).to_have_count(1)
        await centre.wire.mend()
        await expect(reader.locator("[data-test=kill-switch]")).to_have_count(0)
        await expect(switch).to_have_attribute("data-on", "false")
        await page.locator("[data-test=kill-switch-on]").click()
        await expect(switch).to_have_attribute("data-on", "true")
        await page.locator("[data-test=kill-switch-off]").click()
        await page.locator(".el-message-box__btns .el-button--primary").click()
        await expect(switch).to_have_attribute("data-on", "false")
    finally:
        await ask(page, "PUT", "/dialling/kill-switch", {"on": False})


async def test_samples_and_renewals_become_contacts_and_every_part_is_dark_too(
    centre: Centre, page: Page
) -> None:
    campaign = await drafted(page, "at-night", kind="predictive")
    await ask(page, "POST", f"/campaigns/{campaign}/contacts", {"phone": "13700137301", "name": "Zhao"})
    await page.emulate_media(color_scheme="dark")
    for tab in ("live", "contacts", "import", "machines", "definition"):
        await page.goto(f"{centre.wire.url}/campaigns/{campaign}/{tab}")
        await expect(page.locator(f"[data-test=tab-{tab}][aria-current=page]")).to_be_visible()
        await expect(page.locator(".skeleton")).to_have_count(0)
        await centre.picture(page, f"campaign-{tab}-dark")
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}/import")
    await page.locator("[data-test=way-sample]").click()
    await page.get_by_label("数量").fill("5")
    await page.locator("[data-test=sample-draw]").click()
    await expect(page.locator("[data-test=sample-drawn]")).to_contain_text("抽取 5 位")
    await page.locator("[data-test=way-renewals]").click()
    await page.locator("[data-test=renewals-look]").click()
    await expect(page.locator("[data-test=renewals-found]")).to_be_visible()
    await centre.picture(page, "campaign-renewals-dark")


async def test_a_paused_campaign_is_changed_by_two_and_brought_back(centre: Centre, page: Page) -> None:
    closed = {"from": "00:00", "to": "00:01", "days": ["mon"]}
    campaign = await drafted(page, "to-change", window=closed)
    await ask(page, "POST", f"/campaigns/{campaign}/contacts", {"phone": "13700137401"})
    for order in ("start", "pause"):
        assert (await ask(page, "POST", f"/campaigns/{campaign}/{order}", {}))[0] == 200
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}/definition")
    history = page.locator("[data-test=definition-version]")
    await expect(history).to_have_count(1)
    until, save = page.locator("input[name=window-to]"), page.locator("[data-test=definition-save]")
    await until.fill("00:05")
    await save.click()
    await expect(page.get_by_text("已保存")).to_be_visible()
    await expect(history).to_have_count(2)
    await expect(history.first.locator("[data-pointer='/window/to']")).to_contain_text("00:01 → 00:05")
    # Another admin is faster: what was typed here is not lost, and overwrites nothing.
    await until.fill("00:09")
    _, now = await ask(page, "GET", f"/campaigns/{campaign}")
    words = ("title", "kind", "queue", "caller_ids")
    body = {**{word: now[word] for word in words}, "window": {**closed, "to": "00:07"}, "version": 2}
    assert (await ask(page, "PUT", f"/campaigns/{campaign}", body))[0] == 200
    await expect(page.locator("[data-test=definition-old]")).to_contain_text("版本 3")
    await expect(until).to_have_value("00:09")
    await save.click()
    await expect(page.get_by_text("期间已被他人修改")).to_be_visible()
    await centre.picture(page, "campaign-changed-meanwhile")
    assert [one for one in centre.complaints if "409" not in one] == []
    centre.complaints.clear()
    await page.locator("[data-test=definition-newest]").click()
    await expect(until).to_have_value("00:07")
    await page.locator("[data-test=restore-1]").click()
    await page.locator(".el-message-box__btns .el-button--primary").click()
    await expect(until).to_have_value("00:01")
    await expect(history).to_have_count(4)
    await expect(history.first).to_contain_text("恢复自版本 1")
    await centre.picture(page, "campaign-history")


#: A call that an agent had yesterday, and what he said of it; no service of ours hears of that node.
CALL_SAID = """
UPDATE campaigns SET started_at = now() WHERE name = :campaign;
INSERT INTO calls (id, started_at, ended_at, node, boot, direction, unknown_end, number_state, voicemail, gap,
    dialled_number)
    VALUES (:call, now() - interval '1 day', now() - interval '1 day', 'elsewhere', 'b', 'outbound', false,
        'known', false, false, '+8613700137601');
INSERT INTO legs (id, started_at, call_id, call_started_at, node, boot, uniqueid, linkedid, channel, kind,
    outgoing, agent_id)
    SELECT :call, calls.started_at, calls.id, calls.started_at, calls.node, calls.boot, :call,
        :call, 'x', 'trunk', true, agents.id
    FROM calls, agents JOIN users ON users.id = agents.user_id WHERE calls.id = :call AND username = 'agent';
INSERT INTO dispositions (call_id, agent_id, code)
    SELECT call_id, agent_id, :said FROM legs WHERE call_id = :call
"""


async def test_who_is_signed_in_already_sees_the_titles_of_a_campaign_that_is_started(
    centre: Centre, page: Page, database: tuple[str, dict[str, str]]
) -> None:
    agent = await centre.visit()
    # He has the titles of before.
    async with agent.expect_response("**/api/v1/dispositions"):
        await agent.fill("#username", "agent")
        await agent.fill("#password", centre.passwords["agent"])
        await agent.keyboard.press("Enter")
    own = [{"code": "renewed", "title": {"zh-CN": "已续费", "en": "Has renewed"}}]
    await drafted(page, "started-later", dispositions=own)
    values = {"campaign": "started-later", "call": "said-of-started-later", "said": "started-later/renewed"}
    async with open_engine(database[0]) as engine, engine.begin() as connection:
        for statement in CALL_SAID.split(";"):
            names = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(sa.text(statement), names)
    async with agent.expect_response("**/api/v1/dispositions"):
        await agent.locator("a[href='/agent/history']").first.click()
    await expect(agent.locator("[data-test=call-row]", has_text="已续费")).to_be_visible()
    await centre.picture(agent, "history-with-campaign-disposition")


NOBODY_SAW = """
INSERT INTO attempts (id, campaign_id, contact_id, phone, purpose, node, epoch, counted_on, state, outcome,
    reserved_at, sent_at, ended_at, ring_seconds, unknown_why, sent_by)
VALUES ('at-nobody-saw', :campaign, :contact, '+8613700137701', 'campaign', 'elsewhere', 1, CURRENT_DATE,
    'unknown', 'unknown', now() - interval '1 h', now() - interval '1 h', now() - interval '59 min', 25,
    'no_trace', :service)
"""


async def test_an_attempt_whose_end_nobody_saw_says_why_and_who_had_sent_it(
    centre: Centre, page: Page, database: tuple[str, dict[str, str]]
) -> None:
    campaign = await drafted(page, "nobody-saw")
    _, contact = await ask(page, "POST", f"/campaigns/{campaign}/contacts", {"phone": "13700137701"})
    values = {"campaign": campaign, "contact": contact["id"], "service": "tower-1:life"}
    async with open_engine(database[0]) as engine, engine.begin() as connection:
        await connection.execute(sa.text(NOBODY_SAW), values)
    await page.goto(f"{centre.wire.url}/campaigns/{campaign}/contacts")
    await page.locator("[data-test=contact-open]").click()
    attempt = page.locator("[data-test=attempt][data-outcome=unknown]")
    await expect(attempt).to_contain_text("没有任何痕迹")
    await expect(attempt).to_contain_text("由 tower-1:life 发出")
    await centre.picture(page, "contact-history-unknown")
