"""A flow calls an agent's phone: his page shows what it is about, and later the call tells its way."""

import asyncio

from contact_centre import KNOWN_NUMBER, RECORDED_SECONDS, Centre, expect_phase
from playwright.async_api import expect

from cti.board.facts import CallEnded, FlowRunEnded, FlowStepped

NUMBER = "4120"
UNKNOWN = "15400000042"
CALLER = KNOWN_NUMBER.removeprefix("+86")
FLOW = """
flow: to-the-desk
kind: inbound
title: {zh-CN: 转到座位, en: To the desk}
start: topic
noinput: {goto: nobody}
nomatch: {goto: nobody}
steps:
  topic:
    menu:
      title: {zh-CN: 广告类别, en: Kind of advertisement}
      prompt: [advertiser-topic]
      timeout_seconds: 30
      choices:
        "2": {goto: connect, value: jobs, label: {zh-CN: 招聘, en: Jobs}}
  connect:
    transfer:
      extension: "'1001'"
      values:
        topic: topic
        who: {value: "'<b>Wang</b>'", title: {zh-CN: 客户, en: Customer}}
        number: call.number
        urgent: "true"
      goto: joined
      otherwise: nobody
  joined: {exit: {outcome: joined}}
  nobody: {exit: {outcome: nobody}}
"""
ACTIVATE = """async ([text, dnis]) => {
  const session = await (await fetch('/api/v1/session')).json()
  const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrf_token }
  const ask = async (method, path, body) =>
    (await fetch(`/api/v1/${path}`, { method, headers, body: JSON.stringify(body) })).json()
  const { version } = await ask('POST', 'flows/to-the-desk/versions', { text })
  await ask('POST', 'flows/to-the-desk/activate', { version })
  await ask('PUT', `inbound-numbers/${dnis}`, { queue: 'support', flow: 'to-the-desk', language: 'en' })
  return version
}"""


async def test_whose_phone_rings_sees_what_it_is_about_and_the_call_tells_its_way(centre: Centre) -> None:
    admin = await centre.signed_in("admin", locale="zh-CN")
    version = await admin.evaluate(ACTIVATE, [FLOW, NUMBER])
    page = await centre.ready_agent()
    passed = page.locator("[data-test=passed]")
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        asked = centre.fact(FlowStepped, lambda fact: fact.step.step == "topic")
        caller = await trunk.dial(NUMBER, caller=CALLER)
        assert await caller.answered()
        await asyncio.wait_for(asked, RECORDED_SECONDS)
        await caller.stay(0.6)
        await caller.press("2")
        call = await phone.next_call()
        call.ring()
        await expect_phase(page, "ringing")
        shown = {
            "topic": ("广告类别", "招聘"), "who": ("客户", "<b>Wang</b>"), "number": ("number", KNOWN_NUMBER),
            "urgent": ("urgent", "是"),
        }  # fmt: skip
        await expect(passed.locator("[data-test=passed-value]")).to_have_count(len(shown))
        for name, (title, value) in shown.items():
            row = passed.locator(f"[data-name={name}]")
            await expect(row.locator("dt")).to_have_text(title)
            await expect(row.locator("dd")).to_have_text(value)
        await expect(passed.locator("b")).to_have_count(0)
        await expect(page.locator("[data-test=choice]")).to_have_text("广告类别：招聘")
        await centre.picture(page, "agent-passed-ringing-zh")
        await call.answer()
        await expect_phase(page, "talking")
        await expect(passed).to_contain_text("招聘")
        await page.reload()
        await expect(passed).to_contain_text("招聘")
        ended = centre.fact(FlowRunEnded, lambda fact: fact.run.outcome == "joined")
        await call.hang_up()
        await asyncio.wait_for(ended, RECORDED_SECONDS)
        await expect(page.locator("[data-test=call]")).to_have_count(0)
    await centre.recorded()

    run = admin.locator("[data-test=flow-run][data-flow=to-the-desk]")
    await admin.goto(centre.wire.url + "/supervisor/calls")
    await admin.locator("[data-test=call-row]").first.get_by_role("button").click()
    await expect(run.locator("[data-test=flow-answer][data-question=topic]")).to_have_text("招聘")
    await expect(run.locator("[data-test=flow-outcome]")).to_have_text("joined")
    await expect(run).to_contain_text(version)
    await expect(admin.locator("[data-test=story]")).to_contain_text("广告类别")
    await expect(run.locator("[data-name=who] dd")).to_have_text("<b>Wang</b>")
    await centre.picture(admin, "call-flow-runs-zh")
    await run.locator("[data-test=flow-link]").click()
    await admin.wait_for_url("**/flows/to-the-desk**")

    await page.goto(centre.wire.url + "/agent/history")
    await page.locator("[data-test=call-row]").first.get_by_role("button").click()
    own = page.locator("[data-test=flow-run]")
    await expect(own).to_contain_text("to-the-desk")
    await expect(own.locator("[data-test=flow-link]")).to_have_count(0)


async def test_a_call_that_went_through_no_flow_says_so(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        caller = await trunk.dial("4001", caller=UNKNOWN)
        call = await phone.next_call()
        call.ring()
        await expect_phase(page, "ringing")
        await expect(page.locator("[data-test=passed]")).to_have_count(0)
        await call.answer()
        await expect_phase(page, "talking")
        over = centre.fact(CallEnded, lambda fact: (fact.call.caller_number or "").endswith(UNKNOWN))
        await caller.hang_up()
        await expect_phase(page, "wrap_up")
    await asyncio.wait_for(over, RECORDED_SECONDS)
    await centre.recorded()
    await page.goto(centre.wire.url + "/agent/history")
    await page.locator("[data-test=call-row]").first.get_by_role("button").click()
    await expect(page.locator("[data-test=no-flow-runs]")).to_be_visible()
    await expect(page.locator("[data-test=flow-run]")).to_have_count(0)
