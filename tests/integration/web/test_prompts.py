"""Prompts over HTTP: listened to, recorded, put back; by whom it may be, and never a half file."""

import asyncio
import subprocess
import wave
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from web_site import Site, Visitor

from cti.prompts import table
from cti.prompts.conversion import MOST_BYTES

GOODBYE = "/api/v1/prompts/sound?name=goodbye&language=en"
RESTORE = "/api/v1/prompts/sound/restore?name=goodbye&language=en"


@pytest_asyncio.fixture
async def admin(site: Site) -> AsyncIterator[Visitor]:
    yield await site.signed_in("ada")


@pytest.fixture
def mp3(tmp_path: Path) -> bytes:
    """Three seconds of a tone that goes up."""
    path = tmp_path / "x.mp3"
    subprocess.run(
        ["sox", "-n", "-r", "44100", "-c", "2", path, "synth", "3", "sine", "300-1200", "vol", "0.3"],
        check=True,
    )
    return path.read_bytes()


async def send(
    visitor: Visitor, path: str, content: bytes | BytesIO, media_type: str = "audio/mpeg", **headers: str
) -> tuple[int, Any]:
    sent = {**visitor.headers, "Content-Type": media_type, **headers}
    async with visitor.session.put(path, data=content, headers=sent) as response:
        return response.status, await response.json()


async def heard(visitor: Visitor, path: str, **headers: str) -> tuple[int, bytes, str]:
    async with visitor.session.get(path, headers={**visitor.headers, **headers}) as response:
        return response.status, await response.read(), response.content_type


async def test_every_prompt_is_listed_with_its_texts_and_sounds(admin: Visitor) -> None:
    status, answer = await admin.ask("GET", "/api/v1/prompts")
    assert status == 200
    assert [prompt["name"] for prompt in answer["items"]] == table.shipped().names()
    goodbye = next(prompt for prompt in answer["items"] if prompt["name"] == "goodbye")
    assert [sound["language"] for sound in goodbye["sounds"]] == ["zh-CN", "en"]
    assert {sound["language"]: sound["text"] for sound in goodbye["sounds"]} == table.texts("goodbye")
    for sound in goodbye["sounds"]:
        assert sound["state"] == "synthetic"
        assert sound["seconds"] > 1
        assert sound["recorded_at"] is None
        assert sound["restorable"] is False


async def test_a_sound_is_heard_as_callers_hear_it_and_in_parts(site: Site) -> None:
    sue = await site.signed_in("sue")
    status, content, media_type = await heard(sue, GOODBYE)
    assert (status, media_type) == (200, "audio/wav")
    with wave.open(BytesIO(content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        assert sound.getnframes() > 8000
    status, part, _ = await heard(sue, GOODBYE, Range="bytes=0-3")
    assert (status, part) == (206, b"RIFF")


async def test_a_recording_is_sent_heard_taken_away_and_taken_back(admin: Visitor, mp3: bytes) -> None:
    _, synthetic, _ = await heard(admin, GOODBYE)
    status, view = await send(admin, GOODBYE, mp3)
    assert status == 200
    assert view["state"] == "recorded"
    assert view["seconds"] == pytest.approx(3.3, abs=0.2)
    assert view["recorded_at"].endswith("Z")
    _, recording, _ = await heard(admin, GOODBYE)
    assert recording != synthetic

    status, view = await admin.ask("DELETE", GOODBYE)
    assert (status, view["state"], view["restorable"]) == (200, "synthetic", True)
    assert (await heard(admin, GOODBYE))[1] == synthetic
    status, problem = await admin.ask("DELETE", GOODBYE)
    assert (status, problem["code"]) == (409, "prompts.no_recording")

    status, view = await admin.ask("POST", RESTORE)
    assert (status, view["state"]) == (200, "recorded")
    assert (await heard(admin, GOODBYE))[1] == recording
    status, problem = await admin.ask("POST", RESTORE)
    assert (status, problem["code"]) == (409, "prompts.no_former_recording")
    await admin.ask("DELETE", GOODBYE)


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"no sound", "audio/wav", 415, "prompts.format_unknown"),
        (b"", "audio/wav", 415, "prompts.format_unknown"),
        (b"RIFF" + bytes(4) + b"WAVE" + bytes(4000), "audio/wav", 422, "prompts.broken"),
        (b"{}", "application/json", 415, "request.upload_type"),
        (b"x", "video/mp4", 415, "request.upload_type"),
    ],
    ids=["text", "nothing", "broken", "json", "video"],
)
async def test_what_is_no_recording_is_refused_and_changes_nothing(
    site: Site, content: bytes, media_type: str, status: int, code: str
) -> None:
    admin = await site.signed_in("ada")
    _, before, _ = await heard(admin, GOODBYE)
    answered, problem = await send(admin, GOODBYE, content, media_type)
    assert (answered, problem["code"]) == (status, code)
    assert problem["detail"]
    assert (await heard(admin, GOODBYE))[1] == before


async def test_a_large_file_is_refused(admin: Visitor) -> None:
    status, problem = await send(admin, GOODBYE, BytesIO(bytes(MOST_BYTES + 1)))
    assert (status, problem["code"]) == (413, "request.too_large")
    assert str(MOST_BYTES) in problem["detail"]


async def test_a_large_file_of_unknown_length_is_refused_before_it_is_all_there(admin: Visitor) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 2**16
            yield bytes(2**16)

    headers = {**admin.headers, "Content-Type": "audio/wav"}
    async with asyncio.timeout(60):
        async with admin.session.put(GOODBYE, data=endless(), headers=headers) as response:
            assert response.status == 413
    assert sent < 2 * MOST_BYTES


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("name=nobody&language=en", 404, "prompts.not_found"),
        ("name=../../../etc/passwd&language=en", 404, "prompts.not_found"),
        ("name=number/thousand&language=zh-CN", 200, None),
        ("name=number/liang&language=en", 404, "prompts.not_found"),
        ("name=goodbye&language=fr", 422, "request.invalid"),
        ("name=goodbye", 422, "request.invalid"),
        ("name=" + "x" * 201 + "&language=en", 422, "request.invalid"),
    ],
)
async def test_only_known_prompts_have_a_sound(
    admin: Visitor, mp3: bytes, query: str, status: int, code: str | None
) -> None:
    path = f"/api/v1/prompts/sound?{query}"
    if code is None:
        assert (await heard(admin, path))[0] == 200
        return
    for answer in (
        await admin.ask("GET", path),
        await send(admin, path, mp3),
        await admin.ask("DELETE", path),
        await admin.ask("POST", path.replace("sound?", "sound/restore?")),
    ):
        assert (answer[0], answer[1]["code"]) == (status, code)


async def test_agents_hear_nothing_and_supervisors_change_nothing(site: Site, mp3: bytes) -> None:
    ann, sue = await site.signed_in("ann"), await site.signed_in("sue")
    assert (await ann.ask("GET", GOODBYE))[0] == 403
    assert (await ann.ask("GET", "/api/v1/prompts"))[0] == 403
    assert (await sue.ask("GET", "/api/v1/prompts"))[0] == 200
    for answer in (
        await send(sue, GOODBYE, mp3),
        await sue.ask("DELETE", GOODBYE),
        await sue.ask("POST", RESTORE),
    ):
        assert (answer[0], answer[1]["code"]) == (403, "auth.forbidden")
    admin = await site.signed_in("ada")
    del admin.headers["X-CSRF-Token"]
    assert (await send(admin, GOODBYE, mp3))[1]["code"] == "auth.csrf"


async def test_the_same_key_takes_a_recording_over_once(admin: Visitor, mp3: bytes) -> None:
    key = {"Idempotency-Key": "upload-1"}
    first = await send(admin, GOODBYE, mp3, **key)
    await admin.ask("DELETE", GOODBYE)
    assert await send(admin, GOODBYE, mp3, **key) == first
    assert (await admin.ask("GET", "/api/v1/prompts"))[1]["items"][1]["sounds"][1]["state"] == "synthetic"
    status, problem = await send(admin, GOODBYE, mp3 + b"x", **key)
    assert (status, problem["code"]) == (422, "idempotency.key_reused")


async def test_a_missing_sound_is_said_so(site: Site, admin: Visitor) -> None:
    room = site.sounds
    path = room.folder / "en" / "goodbye.wav"
    content = path.read_bytes()
    path.unlink()
    try:
        status, problem = await admin.ask("GET", GOODBYE)
        assert (status, problem["code"]) == (404, "prompts.no_sound")
        items = (await admin.ask("GET", "/api/v1/prompts"))[1]["items"]
        sound = next(prompt for prompt in items if prompt["name"] == "goodbye")["sounds"][1]
        assert (sound["state"], sound["seconds"]) == ("missing", None)
    finally:
        path.write_bytes(content)


async def test_what_stood_in_for_missing_sounds_is_among_the_figures(admin: Visitor) -> None:
    _, text = await admin.ask("GET", "/metrics")
    assert 'cti_prompt_stand_ins_total{played="other_language"} 3.0' in text
    assert 'cti_prompt_stand_ins_total{played="nothing"} 0.0' in text


async def test_a_program_that_is_missing_is_our_failure_and_changes_nothing(
    admin: Visitor, mp3: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    status, problem = await send(admin, GOODBYE, mp3)
    assert (status, problem["code"]) == (503, "prompts.unavailable")
