"""Every page on a telephone: nothing stands out of the page, and the menu leads everywhere."""

import pytest
from contact_centre import PHONE_WIDTH, Centre, ask
from playwright.async_api import Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

FLOW = "satisfaction-survey"
LEADERS = (
    "/supervisor", "/supervisor/calls", "/ledger", "/flows", "/results", "/numbers", "/prompts", "/tasks",
    "/announcements", "/do-not-call", "/hours", "/tables", "/status", "/campaigns",
    *(f"/flows/{FLOW}/{tab}" for tab in ("picture", "versions", "try", "results")),
)  # fmt: skip
ADMIN = (
    "/admin/users", "/admin/queues", "/admin/devices", "/admin/tokens", "/new-flow", f"/flows/{FLOW}/edit",
    "/new-campaign",
)  # fmt: skip
AGENT = ("/agent", "/tasks", "/agent/history")
SETTLED_MS = 3_000
#: Who stands out of the page to the right. What is wide on purpose, a table, scrolls in a frame of its own.
STAND_OUT = """() => {
  const main = document.querySelector('main')
  const framed = (element) => {
    for (let up = element.parentElement; up !== null && up !== main; up = up.parentElement) {
      if (/auto|scroll|hidden/.test(getComputedStyle(up).overflowX)) return true
    }
    return false
  }
  const out = [...document.querySelectorAll('#app *')].filter((element) => {
    const box = element.getBoundingClientRect()
    const hidden = element.closest('.sr-only, .skip-link') !== null
    return box.width > 1 && box.right > innerWidth + 1 && !hidden && !framed(element)
  })
  const names = out.slice(0, 4).map((element) => `${element.tagName}.${element.className}`)
  return document.documentElement.scrollWidth > innerWidth ? ['the page', ...names] : names
}"""


async def stand_out(centre: Centre, page: Page, paths: tuple[str, ...]) -> dict[str, list[str]]:
    """What stands out of which page."""
    found = {}
    for path in paths:
        await page.goto(centre.wire.url + path)
        await expect(page.locator("main h1").first).to_be_attached()
        await expect(page.locator(".skeleton")).to_have_count(0)
        await centre.picture(page, f"phone{path.replace('/', '-')}")
        try:
            # What comes and goes, a message or a hint on its way to its place, may be wider for a moment.
            await page.wait_for_function(f"() => ({STAND_OUT})().length === 0", timeout=SETTLED_MS)
        except PlaywrightTimeoutError:
            found[path] = await page.evaluate(STAND_OUT)
    return found


@pytest.mark.parametrize(
    ("user", "paths"),
    [("admin", LEADERS), ("admin", ADMIN), ("agent", AGENT)],
    ids=["leaders", "administrators", "agents"],
)
async def test_no_page_is_wider_than_a_telephone(centre: Centre, user: str, paths: tuple[str, ...]) -> None:
    page = await centre.signed_in(user, width=PHONE_WIDTH)
    assert await stand_out(centre, page, paths) == {}


async def test_no_part_of_a_campaign_is_wider_than_a_telephone(centre: Centre) -> None:
    page = await centre.signed_in("admin", width=PHONE_WIDTH)
    words = {"campaign": "narrow", "title": {"en": "Narrow"}, "kind": "predictive", "queue": "sales"}
    status, campaign = await ask(page, "POST", "/campaigns", words)
    assert status == 201, campaign
    here = f"/campaigns/{campaign['id']}"
    await ask(page, "POST", here + "/contacts", {"phone": "13700137401", "details": {"product": "W" * 200}})
    tabs = tuple(f"{here}/{tab}" for tab in ("live", "contacts", "import", "machines", "definition"))
    assert await stand_out(centre, page, tabs) == {}


async def test_the_menu_is_a_sheet_that_leads_on_and_marks_where_one_is(centre: Centre) -> None:
    page = await centre.signed_in("supervisor", width=PHONE_WIDTH)
    sheet = page.locator("[data-test=menu-sheet]")
    await page.locator("[data-test=menu-open]").click()
    await expect(sheet.locator("[aria-current=page]")).to_have_text("Live")
    await centre.picture(page, "phone-menu-en")
    await sheet.get_by_role("link", name="Flows").click()
    await page.wait_for_url("**/flows")
    await expect(sheet).to_have_count(0)
    await page.locator("[data-test=flow] a").first.click()
    await page.locator("[data-test=menu-open]").click()
    await expect(sheet.locator("[aria-current=page]")).to_have_text("Flows")
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)


async def test_the_menu_of_an_administrator_goes_by_arrows_and_escape(centre: Centre) -> None:
    page = await centre.signed_in("admin")
    await page.goto(f"{centre.wire.url}/flows/{FLOW}/versions")
    flows = page.locator("[data-test=menu-flows]")
    await expect(flows).to_have_class("head active")
    await flows.focus()
    await page.keyboard.press("Enter")
    await expect(flows).to_have_attribute("aria-expanded", "true")
    await centre.picture(page, "menu-flows")
    await page.keyboard.press("ArrowDown")
    here = page.locator(":focus")
    await expect(here).to_have_text("流程")
    await expect(here).to_have_attribute("aria-current", "page")
    await page.keyboard.press("ArrowUp")
    await expect(here).to_have_text("提示音")
    await page.keyboard.press("Escape")
    await expect(flows).to_be_focused()
    await expect(flows).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/results")
    await expect(flows).to_have_attribute("aria-expanded", "false")
