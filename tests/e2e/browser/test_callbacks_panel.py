"""Who keeps his place in the line, on the supervisor's page: seen, taken out, and called back."""

import asyncio

from contact_centre import Centre, answered
from playwright.async_api import Locator, Page, expect

from cti.board.facts import QueueJoined
from cti.callbacks.promises import Promises
from cti.simulation.lab import answering

QUEUE = "sales"
JOIN_SECONDS = 20.0


async def panel_of(centre: Centre) -> tuple[Page, Locator]:
    """A supervisor's page, and on it who keeps his place."""
    page = await centre.signed_in("supervisor")
    panel = page.locator("[data-test=callbacks]")
    await expect(panel).to_contain_text("Nobody waits to be called back.")
    return page, panel


async def hang_up_and_keep_the_place(centre: Centre, number: str) -> None:
    """A caller waits, is promised a callback, and hangs up."""
    service = centre.service
    board = service.desk.board
    async with centre.lab.trunk() as trunk:
        joined = centre.fact(QueueJoined)
        call = await trunk.dial("4001", caller=number)
        leg = board.leg((await asyncio.wait_for(joined, JOIN_SECONDS)).entry.leg_id)
        assert leg is not None
        promises = Promises(
            board, write=service.intake.take, durable=service.journal.wait_durable, clock=lambda: board.at,
            region="CN",
        )  # fmt: skip
        assert await promises.promise(leg.uniqueid, queue=QUEUE, number=number)
        await call.hang_up()


async def test_who_keeps_his_place_is_seen_and_taken_out_after_a_question(centre: Centre) -> None:
    page, panel = await panel_of(centre)
    await hang_up_and_keep_the_place(centre, "13800138011")
    row = panel.locator("[data-test=callback]")
    await expect(row).to_contain_text("13800138011")
    await expect(row.locator("td").first).to_have_text("1")
    await expect(row.locator(".tag")).to_have_text("waits")
    await expect(panel).to_contain_text("1 in the line")
    await centre.picture(page, "callbacks-en")
    question = page.locator(".el-message-box:visible")
    await row.get_by_role("button", name="Take out").click()
    await expect(question).to_contain_text("Call 13800138011 back no more?")
    await page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await expect(row).to_have_count(1)
    await row.get_by_role("button", name="Take out").click()
    await question.get_by_role("button", name="Take out").click()
    await expect(row).to_have_count(0)
    await panel.get_by_text("What became of the last ones").click()
    await expect(panel.locator("li").first).to_contain_text("13800138011")
    await expect(panel.locator("li").first).to_contain_text("taken out")


async def test_who_is_called_back_leaves_the_line_as_reached(centre: Centre) -> None:
    page, panel = await panel_of(centre)
    await hang_up_and_keep_the_place(centre, "13800138012")
    await expect(panel.locator("[data-test=callback]")).to_contain_text("13800138012")
    async with centre.lab.carrier(answering(after=0.2)) as carrier, centre.phone() as phone:
        await centre.ready_agent()
        called = await carrier.next_call()
        await answered(phone)
        await expect(panel.locator("[data-test=callback]")).to_have_count(0)
        await panel.get_by_text("What became of the last ones").click()
        await expect(panel.locator("li").first).to_contain_text("13800138012")
        await expect(panel.locator("li").first).to_contain_text("reached")
        await centre.picture(page, "callbacks-reached-en")
        await called.hang_up()
