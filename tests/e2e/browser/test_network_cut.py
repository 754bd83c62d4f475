"""A page whose network is cut comes back by itself and has missed nothing."""

from contact_centre import Centre, answered, expect_phase, expect_state
from playwright.async_api import expect

LOST = "[data-test=connection-lost]"


async def test_what_happened_during_a_network_cut_is_there_afterwards(centre: Centre) -> None:
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        caller = await trunk.dial("4001", caller="15400000000")
        call = await answered(phone)
        await expect_phase(page, "talking")
        await centre.wire.cut()
        await expect(page.locator(LOST)).to_be_visible()
        await centre.picture(page, "agent-network-cut-zh")
        await caller.hang_up()
        await call.ended()
        await expect_phase(page, "talking")
        await centre.wire.mend()
        await expect(page.locator(LOST)).to_have_count(0)
        await expect_phase(page, "wrap_up")
        await expect_state(page, "wrap_up")
        await page.click("[data-test=end-wrap-up]")
        await expect_state(page, "ready")


async def test_a_command_without_a_network_says_that_nothing_was_sent(centre: Centre) -> None:
    page = await centre.ready_agent()
    await centre.wire.cut()
    await page.click("[data-test=agent-sign-out]")
    await expect(page.locator("[data-test=command-failure]")).to_contain_text("client.unreachable")
    await centre.wire.mend()
    await expect(page.locator(LOST)).to_have_count(0)
    await expect_state(page, "ready")


async def test_a_page_opened_without_a_network_signs_in_once_it_is_back(centre: Centre) -> None:
    page = await centre.visit()
    await page.wait_for_selector("#username")
    await centre.wire.cut()
    await page.fill("#username", "agent")
    await page.fill("#password", centre.passwords["agent"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("client.unreachable")
    await centre.wire.mend()
    await page.fill("#password", centre.passwords["agent"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/agent")


async def test_a_page_whose_session_ended_elsewhere_asks_to_sign_in_and_goes_back(centre: Centre) -> None:
    page = await centre.signed_in("supervisor")
    await page.goto(centre.wire.url + "/supervisor/calls")
    await expect(page.locator("[role=search]")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(centre.wire.url)
    await other.wait_for_url("**/supervisor")
    await other.get_by_role("button", name="Sign out of this page").click()
    await page.wait_for_url(lambda url: "/sign-in" in url)
    await expect(page.get_by_role("status")).to_contain_text("session has ended")
    await page.fill("#username", "supervisor")
    await page.fill("#password", centre.passwords["supervisor"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/supervisor/calls")
