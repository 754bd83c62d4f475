"""Sounds are made by the real espeak-ng and sox: once, again when a text changes, never over a person's."""

import asyncio
import shutil
from pathlib import Path

import pytest

from cti.prompts import book, building, programs, samples, sound_files, table
from cti.prompts.building import Built
from cti.prompts.model import Origin, PromptTable, Voice
from cti.prompts.programs import ProgramFailed

VOICES = table.shipped().voices
FIRST = {"hello": {"zh-CN": "您好。", "en": "Hello."}, "number/three": {"en": "three"}}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sounds"


def prompts(**changed: dict[str, str]) -> PromptTable:
    return PromptTable(prompts={**FIRST, **changed}, voices=VOICES)


def times(folder: Path) -> dict[str, int]:
    """What is in the folder but its book, with the instant of its last change."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("book.json", ".lock")
    }


async def test_everything_is_made_once_and_playable(folder: Path, cache: Path) -> None:
    told: list[tuple[int, int]] = []
    built = await building.build(folder, prompts(), cache, progress=lambda done, of: told.append((done, of)))
    assert built == Built(made=3)
    assert told == [(1, 3), (2, 3), (3, 3)]
    for path in ("zh/hello.wav", "en/hello.wav", "en/number/three.wav"):
        assert sound_files.playable_seconds(folder / path) == pytest.approx(0.6, abs=0.5)
        heard = await sound_files.decode(folder / path, "wav")
        loudness = samples.loudness(heard)
        assert loudness is not None
        assert loudness + 6.0 == pytest.approx(samples.LOUDNESS, abs=1.5)  # decoding leaves 6 dB of room
    assert await building.build(folder, prompts(), cache) == Built(made=0)
    assert set(times(folder)) == {"zh/hello.wav", "en/hello.wav", "en/number/three.wav"}


async def test_only_what_changed_is_made_again(folder: Path, cache: Path) -> None:
    await building.build(folder, prompts(), cache)
    before = times(folder)
    changed = prompts(hello={"zh-CN": "您好。", "en": "Good morning."})
    assert await building.build(folder, changed, cache) == Built(made=1)
    after = times(folder)
    assert {path for path in after if after[path] != before[path]} == {"en/hello.wav"}


async def test_a_second_installation_takes_what_the_first_has_made(
    folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await building.build(folder, prompts(), cache)
    monkeypatch.setenv("PATH", str(tmp_path))  # no espeak-ng any more
    assert await building.build(tmp_path / "other", prompts(), cache) == Built(made=3)
    assert (tmp_path / "other/en/hello.wav").read_bytes() == (folder / "en/hello.wav").read_bytes()


async def test_a_recording_that_was_put_in_place_is_kept(folder: Path, cache: Path) -> None:
    await building.build(folder, prompts(), cache)
    shutil.copy(folder / "zh/hello.wav", folder / "en/hello.wav")
    await building.build(folder, prompts(hello={"zh-CN": "您好。", "en": "Good morning."}), cache)
    assert (folder / "en/hello.wav").read_bytes() == (folder / "zh/hello.wav").read_bytes()
    assert book.read(folder).sounds["en/hello"].origin is Origin.RECORDED


async def test_a_prompt_that_is_no_more_is_removed_but_not_its_recording(folder: Path, cache: Path) -> None:
    await building.build(folder, prompts(bye={"zh-CN": "再见。", "en": "Bye."}), cache)
    shutil.copy(folder / "zh/hello.wav", folder / "en/bye.wav")
    await building.build(folder, prompts(bye={"zh-CN": "再见。", "en": "Bye."}), cache)
    await building.build(folder, prompts(), cache)
    assert (folder / "en/bye.wav").exists()
    assert not (folder / "zh/bye.wav").exists()
    assert set(book.read(folder).sounds) == {"en/bye", "en/hello", "zh-CN/hello", "en/number/three"}


async def test_two_that_build_at_once_leave_one_whole_result(folder: Path, cache: Path) -> None:
    await asyncio.gather(*(building.build(folder, prompts(), cache) for _ in range(3)))
    assert await building.build(folder, prompts(), cache) == Built(made=0)
    assert {sound.origin for sound in book.read(folder).sounds.values()} == {Origin.SYNTHETIC}


async def test_a_build_that_broke_off_is_completed_and_takes_nothing_for_a_recording(
    folder: Path, cache: Path
) -> None:
    await building.build(folder, prompts(), cache)
    changed = prompts(hello={"zh-CN": "早上好。", "en": "Good morning."})
    in_the_way = folder / "zh/hello.part"
    in_the_way.mkdir()
    with pytest.raises(IsADirectoryError):  # the book is written, no file is
        await building.build(folder, changed, cache)
    in_the_way.rmdir()
    assert await building.build(folder, changed, cache) == Built(made=2)
    assert {sound.origin for sound in book.read(folder).sounds.values()} == {Origin.SYNTHETIC}


@pytest.mark.parametrize("voice", ["qq-such-voice", "../../etc/passwd"])
async def test_a_voice_that_there_is_not_is_named(folder: Path, cache: Path, voice: str) -> None:
    voices = {**VOICES, "en": Voice(name=voice, words_per_minute=150)}
    with pytest.raises(ProgramFailed, match="espeak-ng"):
        await building.build(folder, PromptTable(prompts=FIRST, voices=voices), cache)
    assert not (folder / "en/hello.wav").exists()


async def test_a_missing_program_is_named(
    folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramFailed, match="espeak-ng is not installed; `make setup` installs it"):
        await building.build(folder, prompts(), cache)


async def test_a_broken_book_is_named(folder: Path, cache: Path) -> None:
    await building.build(folder, prompts(), cache)
    (folder / "book.json").write_text("{")
    with pytest.raises(book.BookBroken, match=r"book\.json"):
        await building.build(folder, prompts(), cache)


async def test_a_file_that_was_put_in_place_and_cannot_be_played_is_converted(
    folder: Path, cache: Path
) -> None:
    await building.build(folder, prompts(), cache)
    await programs.run("sox", str(folder / "zh/hello.wav"), "-r", "44100", "-c", "2", str(folder / "big.wav"))
    (folder / "big.wav").replace(folder / "en/hello.wav")
    assert await building.build(folder, prompts(), cache) == Built(made=0, converted=1)
    assert sound_files.playable_seconds(folder / "en/hello.wav") is not None
    assert book.read(folder).sounds["en/hello"].origin is Origin.RECORDED
    assert await building.build(folder, prompts(), cache) == Built(made=0)


async def test_a_file_that_was_put_in_place_and_is_no_sound_is_set_aside(folder: Path, cache: Path) -> None:
    await building.build(folder, prompts(), cache)
    (folder / "en/hello.wav").write_text("This is no sound, but it is long enough to be taken for one.")
    built = await building.build(folder, prompts(), cache)
    assert built.made == 1
    assert built.refused == ((folder / "en/hello.refused", "This is no WAV, MP3, Ogg Vorbis or FLAC file."),)
    assert book.read(folder).sounds["en/hello"].origin is Origin.SYNTHETIC
    assert sound_files.playable_seconds(folder / "en/hello.wav") is not None
