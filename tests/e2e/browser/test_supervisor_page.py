"""A supervisor watches queues and agents live, and acts."""

from contact_centre import Centre, answered, expect_state
from playwright.async_api import expect


async def test_a_waiting_caller_and_the_answering_agent_are_seen_live(centre: Centre) -> None:
    watcher = await centre.signed_in("supervisor", locale="en-GB")
    await expect(watcher.locator("[data-test=queues]")).to_be_visible()
    agent = await centre.ready_agent()
    row = watcher.locator("[data-test=agents] tr", has_text="李静")
    await expect(row).to_have_attribute("data-state", "ready")
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller="15400000000")
        call = await phone.next_call()
        call.ring()
        await expect(watcher.locator("[data-test=total-waiting]")).to_have_text("1")
        await expect(row).to_have_attribute("data-state", "ringing")
        await centre.picture(watcher, "supervisor-ringing-en")
        await call.answer()
        await expect(row).to_have_attribute("data-state", "talking")
        await expect(watcher.locator("[data-test=total-waiting]")).to_have_text("0")
        await centre.picture(watcher, "supervisor-talking-en")
        await call.hang_up()
        await expect(row).to_have_attribute("data-state", "wrap_up")
        await agent.click("[data-test=end-wrap-up]")
        await expect(row).to_have_attribute("data-state", "ready")


async def test_a_supervisor_pauses_an_agent_and_both_see_it(centre: Centre) -> None:
    watcher = await centre.signed_in("supervisor", locale="en-GB")
    agent = await centre.ready_agent()
    row = watcher.locator("[data-test=agents] tr", has_text="李静")
    await expect(row).to_have_attribute("data-state", "ready")
    await row.get_by_role("button").click()
    await watcher.get_by_role("menuitem", name="Lunch").click()
    await expect(row).to_have_attribute("data-state", "paused")
    await expect(row).to_contain_text("Lunch")
    await expect_state(agent, "paused")
    await expect(agent.locator("[data-test=agent-state]")).to_contain_text("用餐")


async def test_a_call_of_the_past_is_found_and_drawn(centre: Centre) -> None:
    agent = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller="15400000000")
        call = await answered(phone)
        await call.stay(1)
        await call.hang_up()
        await expect_state(agent, "wrap_up")
    watcher = await centre.signed_in("supervisor", scheme="dark")
    await watcher.goto(centre.wire.url + "/supervisor/calls")
    row = watcher.locator("[data-test=call-row]").first
    await expect(row).to_contain_text(centre.customer_name)
    await row.get_by_role("button").click()
    picture = watcher.locator("[data-test=call-detail] svg .bar.talk")
    await expect(picture).to_have_count(1)
    await centre.picture(watcher, "supervisor-call-detail-dark")
