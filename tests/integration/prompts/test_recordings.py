"""A person's recording in any usual format becomes a prompt as loud as all others; what is no recording is
refused and changes nothing.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from cti import config
from cti.http.catalogue.problem_texts import PROBLEMS
from cti.prompts import (
    book,
    building,
    conversion,
    programs,
    recordings,
    refusals,
    samples,
    sound_files,
    table,
)
from cti.prompts.listing import Listed, State, listing
from cti.prompts.model import PromptTable
from cti.prompts.samples import LOUDNESS

VOICES = table.shipped().voices
TEXTS = {"hello": {"zh-CN": "您好。", "en": "Hello."}, "bye": {"zh-CN": "再见。", "en": "Bye."}}
TABLE = PromptTable(prompts=TEXTS, voices=VOICES)
CACHE = config.speech_cache_dir()
Maker = Callable[..., Awaitable[Path]]


@pytest_asyncio.fixture(loop_scope="session")
async def folder(tmp_path: Path) -> Path:
    await building.build(tmp_path / "sounds", TABLE, CACHE)
    return tmp_path / "sounds"


@pytest.fixture
def recorded(tmp_path: Path, folder: Path) -> Maker:
    """Makes a recording: two seconds of speech in any format, with silence at both ends."""

    async def make(name: str, *options: str, level: float = -12.0, effects: tuple[str, ...] = ()) -> Path:
        path = tmp_path / name
        await programs.run(
            "sox", str(folder / "zh/bye.wav"), str(folder / "en/bye.wav"), "-r", "44100", "-c", "2", *options,
            str(path), "pad", "1", "2", "norm", f"{level}", *effects,
        )  # fmt: skip
        return path

    return make


async def add(folder: Path, source: Path, name: str = "hello", language: str = "en") -> None:
    await recordings.add(folder, TABLE, name=name, language=language, source=source)


def listed(folder: Path, texts: PromptTable = TABLE) -> Listed:
    (found,) = (one for one in listing(folder, texts) if (one.name, one.language) == ("hello", "en"))
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", ()),
        ("a.wav", ("-b", "24")),
        ("a.wav", ("-e", "u-law")),
        ("a.wav", ("-r", "8000", "-c", "1")),
        ("a.mp3", ()),
        ("a.mp3", ("-C", "64", "-c", "1")),
        ("a.ogg", ()),
        ("a.flac", ()),
    ],
)
@pytest.mark.parametrize("level", [-1.0, -30.0])
async def test_every_usual_format_becomes_a_prompt_as_loud_as_all(
    folder: Path, recorded: Maker, name: str, options: tuple[str, ...], level: float
) -> None:
    await add(folder, await recorded(name, *options, level=level))
    path = folder / "en/hello.wav"
    seconds = sound_files.playable_seconds(path)
    assert seconds is not None
    parts = [sound_files.playable_seconds(folder / language / "bye.wav") or 0.0 for language in ("zh", "en")]
    assert seconds == pytest.approx(sum(parts), abs=0.35)  # the silence at both ends is gone
    heard = samples.loudness(await sound_files.decode(path, "wav"))
    assert heard is not None
    assert heard + 6.0 == pytest.approx(LOUDNESS, abs=1.0)  # decoding leaves 6 dB of room
    found = listed(folder)
    assert (found.state, found.seconds) == (State.RECORDED, round(seconds, 2))
    assert found.recorded_at is not None


async def test_what_a_file_is_its_bytes_say_and_not_its_name(folder: Path, recorded: Maker) -> None:
    mp3 = await recorded("a.mp3")
    await add(folder, mp3.replace(mp3.with_suffix(".wav")))
    assert listed(folder).state is State.RECORDED


@pytest.mark.parametrize("form", ["wav", "flac"])
async def test_half_a_file_is_refused(folder: Path, recorded: Maker, form: str) -> None:
    whole = await recorded(f"a.{form}")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    before = contents(folder)
    with pytest.raises(refusals.RecordingBroken, match=form.upper()):
        await add(folder, whole)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", refusals.FormatUnknown),
        (b"hello", refusals.FormatUnknown),
        (b"#!/bin/sh\nreboot\n", refusals.FormatUnknown),
        (b"OggS" + bytes(24) + b"OpusHead" + bytes(900), refusals.FormatUnknown),
        (b"RIFF" + bytes(4) + b"AVI " + bytes(900), refusals.FormatUnknown),
        (b"[playlist]\nFile1=/etc/passwd\n", refusals.FormatUnknown),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", refusals.RecordingBroken),
        (b"RIFF" + bytes(4) + b"WAVE" + bytes(4000), refusals.RecordingBroken),
        (b"fLaC" + bytes(4000), refusals.RecordingBroken),
        (b"OggS" + bytes(24) + b"\x01vorbis" + bytes(4000), refusals.RecordingBroken),
        (b"ID3" + bytes(4000), refusals.RecordingBroken),
    ],
    ids=str,
)
async def test_what_is_no_recording_is_refused_and_changes_nothing(
    folder: Path, tmp_path: Path, content: bytes, refusal: type[refusals.RecordingRefused]
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    before = contents(folder)
    with pytest.raises(refusal):
        await add(folder, path)
    assert contents(folder) == before


@pytest.mark.parametrize("form", ["wav", "mp3", "ogg", "flac"])
async def test_no_mutilated_file_does_more_than_be_refused(folder: Path, recorded: Maker, form: str) -> None:
    whole = (await recorded(f"a.{form}")).read_bytes()
    chance = random.Random(form)
    path = folder.parent / "mutilated"
    for _ in range(12):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 10, 300))):
            damaged[chance.randrange(chance.choice((100, len(damaged))))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            await add(folder, path)
        except refusals.RecordingRefused:
            continue
        assert listed(folder).state is State.RECORDED
    assert not [name for name in contents(folder) if not name.endswith((".wav", ".json"))]


async def test_silence_and_what_is_too_short_or_too_long_is_refused(
    folder: Path, tmp_path: Path, recorded: Maker
) -> None:
    before = contents(folder)

    async def tone(*effects: str) -> Path:
        await programs.run("sox", "-n", "-r", "8000", "-b", "16", str(tmp_path / "tone.flac"), *effects)
        return tmp_path / "tone.flac"

    with pytest.raises(refusals.RecordingSilent):
        await add(folder, await tone("trim", "0", "5"))
    with pytest.raises(refusals.RecordingTooShort, match=r"0\.1 seconds"):
        await add(folder, await tone("synth", "0.05", "sine", "440"))
    with pytest.raises(refusals.RecordingTooLong, match="180 seconds"):
        await add(folder, await tone("synth", "185", "sine", "440"))
    # An hour of silence in a few kilobytes costs no more than three minutes.
    with pytest.raises(refusals.RecordingTooLong):
        await add(folder, await tone("trim", "0", "3600"))
    assert contents(folder) == before


async def test_a_file_that_is_too_large_is_not_even_read(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.write(b"RIFF\xff\xff\xff\xffWAVE")
        file.truncate(conversion.MOST_BYTES + 1)
    with pytest.raises(refusals.RecordingTooLarge, match=str(conversion.MOST_BYTES)):
        await add(folder, path)


@pytest.mark.parametrize(
    ("name", "language"), [("nobody", "en"), ("hello", "fr"), ("../../etc/passwd", "en"), ("", "")]
)
async def test_an_unknown_prompt_is_refused(folder: Path, recorded: Maker, name: str, language: str) -> None:
    before = contents(folder)
    source = await recorded("a.wav")
    with pytest.raises(refusals.NoSuchPrompt):
        await add(folder, source, name, language)
    with pytest.raises(refusals.NoSuchPrompt):
        await recordings.remove(folder, TABLE, CACHE, name=name, language=language)
    with pytest.raises(refusals.NoSuchPrompt):
        await recordings.restore(folder, TABLE, name=name, language=language)
    assert contents(folder) == before


async def test_a_recording_is_kept_over_a_build_and_outdated_when_its_text_changes(
    folder: Path, recorded: Maker
) -> None:
    await add(folder, await recorded("a.wav"))
    changed = PromptTable(
        prompts={**TEXTS, "hello": {"zh-CN": "您好。", "en": "Good morning."}}, voices=VOICES
    )
    before = (folder / "en/hello.wav").read_bytes()
    await building.build(folder, changed, CACHE)
    assert (folder / "en/hello.wav").read_bytes() == before
    assert listed(folder, changed).state is State.OUTDATED
    assert listed(folder).state is State.RECORDED


async def test_taking_a_recording_away_is_undone_by_restoring_it(folder: Path, recorded: Maker) -> None:
    synthetic = (folder / "en/hello.wav").read_bytes()
    with pytest.raises(refusals.NoRecording):
        await recordings.remove(folder, TABLE, CACHE, name="hello", language="en")
    with pytest.raises(refusals.NoFormerRecording):
        await recordings.restore(folder, TABLE, name="hello", language="en")
    await add(folder, await recorded("a.wav"))
    assert not listed(folder).restorable
    recording = (folder / "en/hello.wav").read_bytes()
    await recordings.remove(folder, TABLE, CACHE, name="hello", language="en")
    assert (folder / "en/hello.wav").read_bytes() == synthetic
    assert (listed(folder).state, listed(folder).restorable) == (State.SYNTHETIC, True)
    await recordings.restore(folder, TABLE, name="hello", language="en")
    assert (folder / "en/hello.wav").read_bytes() == recording
    assert (listed(folder).state, listed(folder).restorable) == (State.RECORDED, False)


async def test_a_second_recording_keeps_the_first_and_they_change_places(
    folder: Path, recorded: Maker
) -> None:
    await add(folder, await recorded("a.wav"))
    first = (folder / "en/hello.wav").read_bytes()
    await add(folder, await recorded("b.wav", effects=("reverse",)))
    second = (folder / "en/hello.wav").read_bytes()
    assert first != second
    for expected in (first, second, first):
        await recordings.restore(folder, TABLE, name="hello", language="en")
        assert (folder / "en/hello.wav").read_bytes() == expected
        assert listed(folder).restorable


async def test_a_missing_sound_is_listed_and_built(folder: Path) -> None:
    (folder / "en/hello.wav").unlink()
    assert (listed(folder).state, listed(folder).seconds) == (State.MISSING, None)
    await building.build(folder, TABLE, CACHE)
    assert listed(folder).state is State.SYNTHETIC


async def test_recordings_that_come_at_once_leave_one_of_them_whole(folder: Path, recorded: Maker) -> None:
    sources = [await recorded("a.wav"), await recorded("b.wav", effects=("reverse",))]
    await asyncio.gather(
        *(add(folder, source) for source in sources * 2), building.build(folder, TABLE, CACHE)
    )
    sound = book.read(folder).sounds["en/hello"]
    assert sound.digest == sound_files.digest(folder / "en/hello.wav")
    assert listed(folder).state is State.RECORDED
    assert listed(folder).restorable


async def test_an_upload_that_breaks_off_leaves_the_synthetic_sound_a_synthetic_one(
    folder: Path, recorded: Maker
) -> None:
    source = await recorded("a.wav")
    path = folder / "en/hello.wav"
    synthetic = path.read_bytes()
    await add(folder, source)
    path.write_bytes(synthetic)  # as if the machine had stopped after the book was written
    await building.build(folder, TABLE, CACHE)
    assert listed(folder).state is State.SYNTHETIC


def test_every_refusal_has_its_words_in_both_languages() -> None:
    for kind in refusals.RecordingRefused.__subclasses__():
        assert kind.code in PROBLEMS
        assert PROBLEMS[kind.code].en.detail == (kind.__doc__ or "").strip()


async def test_three_minutes_hold_nobody_up(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    await programs.run(
        "sox", "-n", "-r", "8000", "-b", "16", str(path), "synth", "179", "pinknoise", "vol", "0.1"
    )
    done = asyncio.Event()
    gaps = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while not done.is_set():
            before = loop.time()
            await asyncio.sleep(0.005)
            gaps.append(loop.time() - before)

    watching = asyncio.ensure_future(watch())
    await add(folder, path)
    done.set()
    await watching
    assert sound_files.playable_seconds(folder / "en/hello.wav") == pytest.approx(179, abs=0.5)
    assert len(gaps) > 20
    assert max(gaps) < 2.0  # Asterisk cuts a reader that stalls for some three seconds
