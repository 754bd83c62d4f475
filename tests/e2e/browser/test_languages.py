"""Everybody reads in his own language, and the service remembers which."""

from contact_centre import Centre
from playwright.async_api import Page, expect


async def choose_chinese(page: Page) -> None:
    """It is kept when this returns."""
    async with page.expect_response(lambda response: response.request.method == "PATCH"):
        await page.get_by_role("button", name="中文").click()


async def test_the_sign_in_page_speaks_the_browsers_language(centre: Centre) -> None:
    chinese = await centre.visit(locale="zh-CN")
    await expect(chinese).to_have_title("登录 · 呼叫中心")
    english = await centre.visit(locale="en-GB")
    await expect(english).to_have_title("Sign in · Contact centre")
    await centre.picture(english, "sign-in-en")


async def test_a_wrong_password_is_refused_in_the_readers_language(centre: Centre) -> None:
    for locale, name in (("zh-CN", "zh"), ("en-GB", "en")):
        page = await centre.visit(locale=locale)
        await page.fill("#username", "nobody")
        await page.fill("#password", "not the password")
        await page.keyboard.press("Enter")
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("auth.wrong_credentials")
        await expect(alert).to_contain_text("代码" if name == "zh" else "Code")
        await centre.picture(page, f"sign-in-refused-{name}")


async def test_the_choice_of_language_outlives_the_browser(centre: Centre) -> None:
    page = await centre.signed_in("admin", locale="zh-CN")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await page.get_by_role("button", name="English").click()
    await expect(page).to_have_title("Live · Contact centre")
    again = await centre.signed_in("admin", locale="zh-CN")
    await expect(again.locator("html")).to_have_attribute("lang", "en")
    await choose_chinese(again)
    await expect(again).to_have_title("实时监控 · 呼叫中心")


async def test_a_choice_of_language_is_kept_though_the_page_is_left_at_once(centre: Centre) -> None:
    page = await centre.signed_in("admin", locale="zh-CN")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await page.get_by_role("button", name="English").click()
    await page.goto("about:blank")
    again = await centre.signed_in("admin", locale="zh-CN")
    await expect(again.locator("html")).to_have_attribute("lang", "en")
    await choose_chinese(again)
    await expect(again).to_have_title("实时监控 · 呼叫中心")


async def test_every_page_of_an_administrator_opens_in_both_languages(centre: Centre) -> None:
    page = await centre.signed_in("admin")
    for language, name in (("中文", "zh"), ("English", "en"), ("中文", "zh")):
        await page.get_by_role("button", name=language).click()
        for path in ("users", "queues", "devices", "tokens"):
            await page.goto(f"{centre.wire.url}/admin/{path}")
            await expect(page.locator("[data-test=create]")).to_be_visible()
            await centre.picture(page, f"admin-{path}-{name}")
        await page.goto(f"{centre.wire.url}/status")
        await expect(page.locator(".parts")).to_be_visible()
        await centre.picture(page, f"status-{name}")
