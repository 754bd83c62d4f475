"""An admin finds what is missing, listens, and drops a recording to have it heard; a supervisor reads."""

import base64
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from contact_centre import Centre, open_by_menu
from playwright.async_api import Locator, Page, expect

from cti.prompts import sound_files

DROP = """(cell, [name, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0))
  const files = new DataTransfer()
  files.items.add(new File([bytes], name))
  cell.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }))
}"""


def sound(page: Page, name: str, language: str) -> Locator:
    return page.locator(f"[data-test=prompt][data-name='{name}'] [data-test=sound][data-language={language}]")


def content_of(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    """Two seconds of noise."""
    path = tmp_path / "mine.mp3"
    subprocess.run(["sox", "-n", "-r", "44100", path, "synth", "2", "pinknoise"], check=True)
    return path


@pytest_asyncio.fixture
async def folder(centre: Centre) -> AsyncIterator[Path]:
    """The sounds of the centre, the same again afterwards."""
    folder = centre.lab.plan.home / "sounds"
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    yield folder
    for path, content in kept.items():
        path.write_bytes(content)


async def test_a_recording_is_dropped_heard_removed_and_restored_by_keyboard(
    centre: Centre, folder: Path, mp3: Path
) -> None:
    path = folder / "en" / "goodbye.wav"
    (folder / "zh" / "voicemail.wav").unlink()
    page = await centre.signed_in("admin")
    await open_by_menu(page, "flows", "提示音")
    first = page.locator("[data-test=prompt]").first
    await expect(first).to_have_attribute("data-name", "voicemail")
    await expect(sound(page, "voicemail", "zh-CN")).to_have_attribute("data-state", "missing")
    await expect(sound(page, "voicemail", "zh-CN").get_by_role("button", name="试听")).to_be_disabled()
    await centre.picture(page, "prompts-missing")

    await page.keyboard.press("/")
    await page.keyboard.type("goodbye")
    await expect(first).to_have_attribute("data-name", "goodbye")
    await expect(sound(page, "voicemail", "en")).to_have_count(0)
    cell = sound(page, "goodbye", "en")
    await expect(cell).to_have_attribute("data-state", "synthetic")
    await cell.get_by_role("button", name="试听 goodbye（English）").focus()
    await page.keyboard.press("Enter")
    await expect(cell.get_by_role("button", name="停止 goodbye（English）")).to_be_visible()
    await expect(cell.get_by_role("button", name="试听 goodbye（English）")).to_be_visible()

    await cell.evaluate(DROP, [mp3.name, content_of(mp3)])
    await expect(cell).to_have_attribute("data-state", "recorded")
    await expect(page.get_by_text("goodbye（English）已改用新录音。")).to_be_visible()
    await expect(cell).to_contain_text("2.3 秒")
    assert sound_files.playable_seconds(path) == pytest.approx(2.3, abs=0.1)
    await centre.picture(page, "prompts-recorded")

    await cell.get_by_role("button", name="移除录音").focus()
    await page.keyboard.press("Enter")
    await expect(cell).to_have_attribute("data-state", "synthetic")
    await cell.get_by_role("button", name="恢复以前的录音").focus()
    await page.keyboard.press("Enter")
    await expect(cell).to_have_attribute("data-state", "recorded")


async def test_what_is_no_recording_is_refused_beside_the_prompt(
    centre: Centre, folder: Path, tmp_path: Path
) -> None:
    text = tmp_path / "mine.wav"
    text.write_text("This is no sound.")
    page = await centre.signed_in("admin", scheme="dark")
    await page.goto(centre.wire.url + "/prompts")
    cell = sound(page, "goodbye", "zh-CN")
    before = await cell.get_attribute("data-state")
    await cell.locator("[data-test=chooser]").set_input_files(text)
    await expect(cell.get_by_role("alert")).to_contain_text("该文件不是 WAV、MP3、Ogg Vorbis 或 FLAC 文件。")
    await expect(cell.get_by_role("alert")).to_contain_text("prompts.format_unknown")
    assert await cell.get_attribute("data-state") == before
    await centre.picture(page, "prompts-refused-dark")
    # The browser says so too.
    assert [text for text in centre.complaints if "415" not in text] == []
    centre.complaints.clear()


async def test_a_supervisor_listens_and_finds_but_changes_nothing(centre: Centre) -> None:
    page = await centre.signed_in("supervisor", locale="en-GB")
    await page.goto(centre.wire.url + "/prompts")
    await expect(sound(page, "goodbye", "en").get_by_role("button")).to_have_count(1)
    await expect(page.get_by_text("Administrators send recordings.")).to_be_visible()
    await page.locator("[data-test=chip-outdated]").click()
    await expect(page.get_by_text("No prompt matches.")).to_be_visible()
    await page.locator("[data-test=chip-outdated]").click()
    await expect(page.locator("[data-test=prompt]").first).to_be_visible()
