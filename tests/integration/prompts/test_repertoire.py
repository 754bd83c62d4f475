"""No caller hears silence: what is missing gives way to something that can be heard, and is made."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti import config
from cti.flows.actions import Utterance, UtteranceKind
from cti.prompts import building, names, sound_files, table
from cti.prompts.model import PromptTable
from cti.prompts.names import NameSpeaker
from cti.prompts.repertoire import Repertoire, StandIn
from cti.prompts.speech import Unspeakable

KIND = UtteranceKind
VOICES = table.shipped().voices
TABLE = PromptTable(
    prompts={
        "hello": {"zh-CN": "您好。", "en": "Hello."},
        "sorry": {"zh-CN": "抱歉。", "en": "Sorry."},
        "number/1": {"zh-CN": "一", "en": "one"},
        "number/2": {"zh-CN": "二", "en": "two"},
    },
    voices=VOICES,
)


def say(kind: UtteranceKind, value: str, **more: str) -> Utterance:
    return Utterance(kind=kind, value=value, **more)


@pytest_asyncio.fixture(loop_scope="session")
async def folder(tmp_path: Path) -> Path:
    await building.build(tmp_path / "sounds", TABLE, config.speech_cache_dir())
    return tmp_path / "sounds"


@pytest_asyncio.fixture(loop_scope="session")
async def repertoire(folder: Path) -> AsyncIterator[Repertoire]:
    async with Repertoire(folder, TABLE, config.speech_cache_dir()) as opened:
        yield opened


async def test_what_is_there_is_played_in_order(repertoire: Repertoire) -> None:
    says = [say(KIND.PROMPT, "hello"), say(KIND.DIGITS, "12"), say(KIND.PROMPT, "sorry", language="en")]
    assert await repertoire.sounds(says, "zh-CN") == [
        "cti/hello", "cti/number/1", "cti/number/2", "cti-en/sorry",
    ]  # fmt: skip
    assert await repertoire.sounds([], "en") == []
    assert not repertoire.stand_ins


async def test_a_missing_sound_gives_way_to_the_other_language_and_is_made(
    repertoire: Repertoire, folder: Path
) -> None:
    (folder / "zh/hello.wav").unlink()
    assert await repertoire.sounds([say(KIND.PROMPT, "hello", otherwise="sorry")], "zh-CN") == [
        "cti-en/hello"
    ]
    assert repertoire.stand_ins == {StandIn.OTHER_LANGUAGE: 1}
    assert repertoire._mending is not None
    await repertoire._mending
    assert await repertoire.sounds([say(KIND.PROMPT, "hello")], "zh-CN") == ["cti/hello"]
    assert sound_files.playable_seconds(folder / "zh/hello.wav")


async def test_an_empty_file_is_as_good_as_none(repertoire: Repertoire, folder: Path) -> None:
    for content in (b"", b"RIFF" + bytes(40)):
        (folder / "zh/number/1.wav").write_bytes(content)
        assert await repertoire.sounds([say(KIND.NUMBER, "1")], "zh-CN") == ["cti-en/number/1"]


async def test_what_is_in_no_language_is_made_while_the_caller_waits(
    repertoire: Repertoire, folder: Path
) -> None:
    shutil.rmtree(folder / "zh")
    shutil.rmtree(folder / "en")
    assert await repertoire.sounds([say(KIND.PROMPT, "hello")], "zh-CN") == ["cti/hello"]
    assert repertoire.stand_ins == {StandIn.MADE: 1}


async def test_what_cannot_be_made_gives_way_to_otherwise(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no espeak-ng
    async with Repertoire(folder, TABLE, tmp_path / "empty cache") as repertoire:
        (folder / "zh/hello.wav").unlink()
        (folder / "en/hello.wav").unlink()
        says = [say(KIND.PROMPT, "hello", otherwise="sorry")]
        assert await repertoire.sounds(says, "zh-CN") == ["cti/sorry"]
        with pytest.raises(Unspeakable, match="cti/hello"):
            await repertoire.sounds([say(KIND.PROMPT, "hello")], "zh-CN")
        assert repertoire.stand_ins == {StandIn.OTHERWISE: 1, StandIn.NOTHING: 1}


async def test_a_value_without_words_is_no_missing_sound(repertoire: Repertoire) -> None:
    says = [say(KIND.NUMBER, "", otherwise="sorry")]
    assert await repertoire.sounds(says, "en") == ["cti/sorry"]
    with pytest.raises(Unspeakable):
        await repertoire.sounds([say(KIND.NUMBER, "")], "en")
    with pytest.raises(Unspeakable):
        await repertoire.sounds([say(KIND.NUMBER, "1", otherwise="sorry")], "fr")
    assert not repertoire.stand_ins


# --- names ---


async def test_a_name_is_spoken_once_and_then_at_hand(repertoire: Repertoire, folder: Path) -> None:
    for name, language in (("王小明", "zh-CN"), ("Ann Lee", "zh-CN"), ("王小明", "en"), ("Ann Lee", "en")):
        (sound,) = await repertoire.sounds([say(KIND.NAME, name)], language)
        path = folder / {"zh-CN": "zh", "en": "en"}[language] / f"{sound.removeprefix('cti/')}.wav"
        assert (sound_files.playable_seconds(path) or 0) > 0.3
        made_at = path.stat().st_mtime_ns
        assert await repertoire.sounds([say(KIND.NAME, name)], language) == [sound]
        assert path.stat().st_mtime_ns == made_at
    assert not repertoire.stand_ins


async def test_a_chinese_name_is_read_and_not_spelled_in_an_english_call(
    repertoire: Repertoire, folder: Path
) -> None:
    (chinese,) = await repertoire.sounds([say(KIND.NAME, "王小明")], "zh-CN")
    (english,) = await repertoire.sounds([say(KIND.NAME, "王小明")], "en")
    files = [folder / "zh" / f"{chinese[4:]}.wav", folder / "en" / f"{english[4:]}.wav"]
    assert files[0].read_bytes() == files[1].read_bytes()


async def test_twenty_callers_who_need_one_name_have_it_made_once(folder: Path) -> None:
    async with NameSpeaker(folder, VOICES) as speaker:
        asked = [asyncio.ensure_future(speaker.ready("Zoë", "en")) for _ in range(20)]
        await asyncio.sleep(0)
        assert len(speaker._making) == 1
        assert await asyncio.gather(*asked) == [True] * 20
        assert not speaker._making


async def test_a_name_that_is_late_is_not_waited_for_and_ready_the_next_time(folder: Path) -> None:
    async with NameSpeaker(folder, VOICES, longest_wait_seconds=0.0) as speaker:
        assert not await speaker.ready("Ann", "en")
        await asyncio.gather(*speaker._making.values())
        assert await speaker.ready("Ann", "en")


async def test_more_names_than_can_wait_are_left_unsaid(folder: Path) -> None:
    async with NameSpeaker(folder, VOICES, longest_wait_seconds=0.0) as speaker:
        for number in range(names._MOST_WAITING + 5):
            await speaker.ready(f"Ann {number}", "en")
        assert len(speaker._making) <= names._MOST_WAITING
    assert not speaker._making


@pytest.mark.parametrize(
    "name",
    [
        "--version",
        "-f /etc/passwd",
        "<audio src='/etc/passwd'/>Ann",
        "[[h@'loU]]",
        "$(reboot) `id`",
        "x" * 900,
    ],
)
async def test_a_hostile_name_is_only_spoken(repertoire: Repertoire, folder: Path, name: str) -> None:
    before = {path.name for path in folder.parent.iterdir()}
    (sound,) = await repertoire.sounds([say(KIND.NAME, name)], "en")
    assert sound.startswith("cti/said/")
    seconds = sound_files.playable_seconds(folder / "en" / f"{sound[4:]}.wav")
    assert seconds is not None
    assert seconds < 30
    assert {path.name for path in folder.parent.iterdir()} == before


async def test_a_name_that_cannot_be_made_gives_way_to_otherwise(
    repertoire: Repertoire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await repertoire.sounds([say(KIND.NAME, "Ann", otherwise="sorry")], "en") == ["cti/sorry"]
    assert repertoire.stand_ins == {StandIn.OTHERWISE: 1}


async def test_names_are_removed_while_the_service_runs(folder: Path) -> None:
    async with NameSpeaker(folder, VOICES, keep_seconds=0.0) as speaker:
        assert await speaker.ready("Ann", "en")
        running = asyncio.ensure_future(speaker.run())
        async with asyncio.timeout(10):
            while [*folder.glob("*/said/*")]:  # noqa: ASYNC110, ASYNC240  (a folder tells no one)
                await asyncio.sleep(0.02)
        running.cancel()


def test_names_are_kept_for_a_while_and_not_without_bound(tmp_path: Path) -> None:
    def put(language: str, name: str, age_seconds: float) -> Path:
        path = tmp_path / language / "said" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age_seconds,) * 2)
        return path

    old = put("zh", "old.wav", 90_000)
    broken_off = put("en", "x.part", 90_000)
    paths = [put("zh" if n % 2 else "en", f"{n}.wav", n * 10) for n in range(6)]
    elsewhere = tmp_path / "zh" / "hello.wav"
    elsewhere.write_bytes(b"x")
    os.utime(elsewhere, (0, 0))
    names.clear(tmp_path, most=4, keep_seconds=86_400)
    assert not old.exists()
    assert not broken_off.exists()
    assert [path.exists() for path in paths] == [True, True, True, True, False, False]
    assert elsewhere.exists()


async def test_a_missing_word_of_a_number_changes_the_whole_number(
    repertoire: Repertoire, folder: Path
) -> None:
    (folder / "zh/number/2.wav").unlink()
    assert await repertoire.sounds([say(KIND.DIGITS, "12")], "zh-CN") == [
        "cti-en/number/1",
        "cti-en/number/2",
    ]
