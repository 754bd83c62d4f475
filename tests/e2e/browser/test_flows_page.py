"""An admin changes a flow in the browser: picture, a draft that is not lost, mistakes, activating, undo."""

from contact_centre import Centre, open_by_menu
from playwright.async_api import Page, expect

FLOW = "satisfaction-survey"
#: How far the texts in a drawing stand out from their grounds, at least, as WCAG 2 reckons it.
CONTRAST = """(svg) => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const fill = (shape) => light(getComputedStyle(shape).fill)
  const between = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  const sheet = fill(svg.querySelector(':scope > rect'))
  const pairs = [...svg.querySelectorAll('text')].map((text) =>
    between(fill(text), text.closest('g.step') ? fill(text.closest('g.step').querySelector('rect')) : sheet))
  return { least: Math.min(...pairs), sheet }
}"""


async def opened(
    centre: Centre,
    tab: str = "picture",
    *,
    user: str = "admin",
    locale: str = "en-GB",
    scheme: str = "light",
) -> Page:
    page = await centre.signed_in(user, locale=locale, scheme=scheme)
    await page.goto(f"{centre.wire.url}/flows/{FLOW}/{tab}")
    return page


async def test_flows_are_found_and_drawn_with_counts(centre: Centre) -> None:
    page = await centre.signed_in("supervisor", locale="en-GB")
    await open_by_menu(page, "flows", "Flows")
    rows = page.locator("[data-test=flow]")
    await expect(rows.first).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("satisfaction")
    await expect(rows).to_have_count(1)
    await expect(page.locator("[data-test=create]")).to_have_count(0)
    await centre.picture(page, "flows-list-en")
    await rows.get_by_role("link").click()
    await expect(page.locator("[data-test=drawing] svg g.step")).not_to_have_count(0)
    await expect(page.locator("[data-test=drawing]")).to_contain_text("calls")
    await expect(page.locator("[data-test=drawing] script")).to_have_count(0)
    await expect(page.locator("[data-test=tab-edit]")).to_have_count(0)
    await centre.picture(page, "flow-picture-en")


async def test_a_text_is_refused_by_line_kept_as_a_draft_activated_and_taken_back(centre: Centre) -> None:
    page = await opened(centre, "edit", locale="zh-CN")
    active = await page.locator("[data-test=active-version]").inner_text()
    field = page.locator("[data-test=text]")
    await expect(field).not_to_have_value("")
    text = await field.input_value()
    await field.fill(text.rstrip("\n") + "\nnonsense: 1\n")
    line = len(text.rstrip("\n").split("\n")) + 1
    await page.click("[data-test=save]")
    go = page.locator("[data-test=go]").first
    await expect(go).to_have_text(f"{line}:1")
    await expect(page.locator("[data-test=remarks]")).to_contain_text("错误")
    await centre.picture(page, "flow-refused-zh")
    # The browser reports the refusal too; it is wanted.
    assert [one for one in centre.complaints if "422" not in one] == []
    centre.complaints.clear()
    await go.click()
    assert await field.evaluate("(f) => f.value.slice(f.selectionStart, f.selectionEnd)") == "nonsense: 1"
    await page.reload()
    await expect(field).to_have_value(text.rstrip("\n") + "\nnonsense: 1\n")
    await expect(page.locator("[data-test=draft]")).to_be_visible()
    await field.fill(text + "# A remark.\n")
    await page.click("[data-test=check]")
    await expect(page.locator("[data-test=checked]")).to_be_visible()
    await page.get_by_placeholder("改了什么，为什么").fill("一句说明")
    await page.click("[data-test=save-activate]")
    await expect(page.locator("[data-test=active-version]")).not_to_have_text(active)
    await page.click("[data-test=undo]")
    await expect(page.locator("[data-test=active-version]")).to_have_text(active)
    await page.click("[data-test=tab-versions]")
    row = page.locator("[data-test=version]", has_text="一句说明")
    await row.get_by_role("button", name="比较").click()
    await expect(page.locator("[data-test=diff] .added")).to_have_text("+# A remark.\n")
    await centre.picture(page, "flow-versions-zh")


async def test_a_drawing_can_be_read_by_day_and_in_the_dark(centre: Centre) -> None:
    sheets = {}
    for scheme in ("light", "dark"):
        page = await opened(centre, user="supervisor", scheme=scheme)
        drawing = page.locator("[data-test=drawing] svg")
        await expect(drawing.locator("g.step")).not_to_have_count(0)
        seen = await drawing.evaluate(CONTRAST)
        await centre.picture(page, f"flow-picture-{scheme}")
        assert seen["least"] >= 4.5
        sheets[scheme] = seen["sheet"]
    assert sheets["light"] > 0.9
    assert sheets["dark"] < 0.05
