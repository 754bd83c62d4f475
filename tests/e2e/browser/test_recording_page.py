"""A caller leaves a message; a supervisor hears it in the browser, and it is known who heard it."""

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from contact_centre import Centre
from playwright.async_api import expect

from cti.db.engine import open_engine
from cti.installation.asterisk_plan import GENERAL_MAILBOX
from cti.tasks.voicemail_watch import mailbox_folder

NUMBER = "13800138021"
SPOKEN_SECONDS = 3.0
#: A message becomes a task some seconds after it was left.
TASK_MS = 30_000


async def until(found: Callable[[], object]) -> None:
    """Waits for files, of which nobody is told."""
    async with asyncio.timeout(40):
        while not found():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def leave_a_message(centre: Centre) -> None:
    """Wait in the queue, press 1, and speak."""
    mailbox = mailbox_folder(centre.lab.plan.home / "spool" / "voicemail", GENERAL_MAILBOX)
    async with centre.lab.observer() as ami, centre.lab.trunk(audio=True) as trunk:
        joined = ami.expect("QueueCallerJoin")
        call = await trunk.dial("4001", caller=NUMBER)
        await asyncio.wait_for(joined, 20)
        await call.stay(1.0)
        await call.press("1")
        await until(lambda: list((mailbox.parent / "tmp").glob("*.wav")))
        await call.stay(SPOKEN_SECONDS)
        await call.hang_up()


async def test_a_message_is_heard_in_the_browser_and_the_history_tells_who_heard_it(
    centre: Centre, database: tuple[str, dict[str, str]]
) -> None:
    page = await centre.signed_in("supervisor")
    await page.goto(centre.wire.url + "/tasks")
    try:
        await leave_a_message(centre)
        row = page.locator("[data-test=task-row]", has_text=NUMBER)
        await expect(row).to_be_visible(timeout=TASK_MS)
        await expect(row).to_contain_text("Message")
        await row.get_by_role("button", name="Show").click()
        detail = page.locator("[data-test=task-detail]")
        sound = detail.locator("[data-test=recording]")
        await expect(detail).to_contain_text("Nothing yet.")
        await sound.evaluate(
            "(audio) => audio.addEventListener('ended', () => { audio.dataset.heard = audio.currentTime })"
        )
        await sound.focus()
        await page.keyboard.press("Space")
        await page.wait_for_function(
            "() => document.querySelector('[data-test=recording]').dataset.heard !== undefined"
        )
        heard = await sound.evaluate("(audio) => [audio.duration, Number(audio.dataset.heard)]")
        assert heard[0] == pytest.approx(SPOKEN_SECONDS, abs=2)
        assert heard[1] == pytest.approx(heard[0], abs=0.5)
        await centre.picture(page, "recording-heard-en")
        await page.keyboard.press("Escape")
        await expect(detail).to_be_hidden()
        await row.get_by_role("button", name="Show").click()
        await expect(detail).to_contain_text("heard the recording")
    finally:
        async with open_engine(database[0]) as engine, engine.begin() as connection:
            gone = sa.text("DELETE FROM tasks WHERE number LIKE :number")
            await connection.execute(gone, {"number": f"%{NUMBER}"})
