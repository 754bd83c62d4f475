"""An agent who is shown a contact of a preview campaign before he dials."""

import asyncio

from contact_centre import PHONE_WIDTH, Centre, answered, expect_phase, expect_state
from playwright.async_api import expect
from test_phone_width import STAND_OUT

from cti.campaigns.forms.dispositions import CampaignDisposition, Next
from cti.campaigns.forms.form import FieldKind, FormChoice, FormField
from cti.campaigns.model import CampaignKind
from cti.simulation.lab import answering
from tests.stage.dialled_campaign import called, campaign, definition, execute, phones, rows, there

FORGET = (
    "TRUNCATE dial_decisions; DELETE FROM attempts WHERE campaign_id = {0};"
    " DELETE FROM contacts WHERE campaign_id = {0}; DELETE FROM campaigns WHERE id = {0}"
)


async def test_a_contact_is_looked_at_passed_over_or_called(
    centre: Centre, database: tuple[str, dict[str, str]]
) -> None:
    url = database[0]
    words = definition(CampaignKind.PREVIEW, script={"en": "Say hello.", "zh-CN": "先问好。"})
    number = await campaign(url, words, phones(3, first=70))
    try:
        page = await centre.ready_agent()
        panel = page.locator("[data-test=preview]")
        await page.locator("[data-test=preview-next]").click(timeout=30_000)
        await expect(panel).to_contain_text("春季")
        await expect(panel).to_contain_text("138 0013 8070")
        await expect(panel).to_contain_text("先问好。")
        await page.locator("[data-test=preview-skip]").click()
        await expect(panel).to_contain_text("138 0013 8071")
        await centre.picture(page, "preview-zh")
        async with centre.lab.carrier(answering(after=0.2)) as carrier, centre.phone() as phone:
            await page.locator("[data-test=preview-dial]").focus()
            await page.keyboard.press("Enter")
            await answered(phone)
            call = await asyncio.wait_for(carrier.next_call(), 20)
            assert called(call) == "+8613800138071"
            await expect_phase(page, "talking")
            await call.hang_up()
            await expect_state(page, "ready")
        await page.set_viewport_size({"width": PHONE_WIDTH, "height": 844})
        await page.locator("[data-test=preview-next]").click()
        await expect(panel).to_contain_text("138 0013 8072")
        await page.wait_for_function(f"({STAND_OUT})().length === 0")
        await centre.picture(page, "phone-preview")
    finally:
        await execute(url, FORGET.format(number))


DISPOSITIONS = [
    CampaignDisposition(code="renewed", title={"zh-CN": "已续费", "en": "Renewed"}),
    CampaignDisposition(code="later", title={"zh-CN": "稍后再打", "en": "Later"}, next=Next.RETRY),
]
FORM = [
    FormField(
        name="paper",
        title={"zh-CN": "报纸", "en": "Paper"},
        kind=FieldKind.CHOICE,
        choices=[
            FormChoice(code="daily", title={"zh-CN": "日报"}),
            FormChoice(code="weekly", title={"zh-CN": "周报"}),
        ],
        required=True,
    ),
    FormField(name="gift", title={"zh-CN": "要赠品"}, kind=FieldKind.YES_NO),
    FormField(name="copies", title={"zh-CN": "份数"}, kind=FieldKind.NUMBER),
]
SAID = """
SELECT a.outcome, r.disposition, r.answers::text, c.state FROM attempt_results r
JOIN attempts a ON a.id = r.attempt_id JOIN contacts c ON c.id = a.contact_id
WHERE a.campaign_id = {0} AND a.outcome IS NOT NULL
"""


async def test_an_agent_fills_in_the_campaigns_form_when_the_call_is_over(
    centre: Centre, database: tuple[str, dict[str, str]]
) -> None:
    url = database[0]
    script = {"zh-CN": "先问好。"}
    words = definition(CampaignKind.PREVIEW, script=script, dispositions=DISPOSITIONS, form=FORM)
    number = await campaign(url, words, phones(1, first=75))
    try:
        page = await centre.ready_agent()
        await page.locator("[data-test=preview-next]").click(timeout=30_000)
        panel = page.locator("[data-test=disposition]")
        async with centre.lab.carrier(answering(after=0.2)) as carrier, centre.phone() as phone:
            await page.locator("[data-test=preview-dial]").click()
            await answered(phone)
            call = await asyncio.wait_for(carrier.next_call(), 20)
            await expect_phase(page, "talking")
            await expect(panel.locator("[data-test=script]")).to_have_text("先问好。")
            await page.keyboard.press("Alt+D")
            await page.keyboard.type("已续费")
            await page.keyboard.press("Enter")
            await page.locator("[name=answer-copies]").fill("2")
            await call.hang_up()
            await expect_state(page, "ready")
        # The call is over, and its agent is free; what he has typed is still there.
        await expect(panel.locator("[data-test=unsaid-call]")).to_be_visible()
        await page.reload()
        await expect(page.locator("[name=answer-copies]")).to_have_value("2")
        await there(url, f"SELECT FROM attempts WHERE campaign_id = {number} AND outcome = 'answered'")
        await page.keyboard.press("Alt+Enter")
        missing = panel.locator("[data-pointer='/answers/paper'] .reason")
        await expect(missing).to_be_visible()
        await centre.picture(page, "campaign-form-zh")
        assert [one for one in centre.complaints if "422" not in one] == []
        centre.complaints.clear()
        await panel.locator("[data-test=answer-paper] input").focus()
        await page.keyboard.type("周报")
        await page.keyboard.press("Enter")
        await panel.locator("[name=answer-gift]").last.focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("Alt+Enter")
        saved = panel.locator("[data-test=disposition-saved]")
        await expect(saved).to_contain_text("已续费")
        found = [tuple(row) for row in await rows(url, SAID.format(number))]
        assert found == [("answered", "renewed", '{"gift": false, "paper": "weekly", "copies": 2}', "closed")]
        await panel.locator("[data-test=disposition-close]").click()
        await expect(panel).to_have_count(0)
    finally:
        await execute(url, FORGET.format(number))
