"""A link to one call: a supervisor sees it; an agent sees his own, and not even whether others are there."""

from contact_centre import Centre, answered, expect_phase, expect_state
from playwright.async_api import Page, expect

DETAIL = "[data-test=call-detail]"
NOT_YOURS = "[data-test=not-yours]"


async def newest(page: Page, centre: Centre) -> tuple[str | None, str | None]:
    """The id and the outcome of the newest call that somebody sees."""
    answer = await page.request.get(f"{centre.wire.url}/api/v1/calls?limit=1")
    for call in (await answer.json())["items"]:
        return call["id"], call["outcome"]
    return None, None


async def test_a_link_to_a_call_explains_what_an_agent_may_not_see(centre: Centre) -> None:
    leader = await centre.signed_in("supervisor")
    before, _ = await newest(leader, centre)
    page = await centre.ready_agent()
    async with centre.phone() as phone, centre.lab.trunk() as trunk:
        await trunk.dial("4001", caller="15400000000")
        call = await answered(phone)
        # A phone that hangs up in the moment in which it answers has been with nobody: no call was answered.
        await expect_phase(page, "talking")
        await call.hang_up()
        await expect_state(page, "wrap_up")
    await centre.recorded()
    newer, outcome = await newest(leader, centre)
    assert newer != before
    assert outcome == "answered"
    link = f"{centre.wire.url}/supervisor/calls?call={newer}"
    await leader.goto(link)
    await expect(leader.locator(DETAIL)).to_be_visible()
    await page.goto(link)
    await page.wait_for_url("**/agent/history?call=*")
    await expect(page.locator(DETAIL)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator(DETAIL)).to_be_hidden()
    await page.wait_for_url("**/agent/history")

    other = await centre.signed_in("sim-harper")
    said = []
    for address in (link, f"{centre.wire.url}/supervisor/calls?call=no-such-call"):
        await other.goto(address)
        await expect(other.locator(NOT_YOURS)).to_contain_text("This is none of your calls.")
        dialog = other.get_by_role("dialog")
        await expect(dialog.get_by_role("alert")).to_have_count(0)
        said.append(await dialog.inner_text())
    assert said[0] == said[1]
    await centre.picture(other, "call-not-yours-en")
    # The browser reports what was refused; it is wanted.
    assert [one for one in centre.complaints if "404" not in one] == []
    centre.complaints.clear()
