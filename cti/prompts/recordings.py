"""A person's recordings of prompts: taken over, taken away, and the former one taken back.

The recording before the present one is kept below ``<folder>/kept``, where Asterisk does not look.
"""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cti.prompts import book, building, conversion, refusals, sound_files, synthesis
from cti.prompts.book import Book, entry, sound_path
from cti.prompts.building import Wanted
from cti.prompts.model import Origin, PromptTable, Sound


async def add(folder: Path, table: PromptTable, *, name: str, language: str, source: Path) -> Sound:
    """Take the recording in ``source`` over as a prompt's sound; what is played meanwhile is whole.

    Raises:
        RecordingRefused: the prompt is not known or the file cannot be taken; nothing was changed.
        ProgramFailed: sox is not installed.
        OSError: the file cannot be read, or the sound not written.
    """
    want = _wanted(table, name, language)
    sound = await conversion.convert(source, want.margins)
    return await asyncio.to_thread(_take, folder, want, sound)


async def remove(folder: Path, table: PromptTable, cache: Path, *, name: str, language: str) -> Sound:
    """Back to the synthetic voice; `restore` undoes it.

    Raises:
        RecordingRefused: the prompt is not known or has no recording.
        ProgramFailed: the synthetic sound could not be made; the recording stays.
    """
    want = _wanted(table, name, language)
    if not _recorded(book.read(folder), want):
        raise refusals.NoRecording(name=name, language=language)
    made = cache / f"{want.mark}.wav"
    if not made.exists():
        await synthesis.speak(want.text, want.voice, want.margins, made)
    return await asyncio.to_thread(_put_back, folder, want, made)


async def restore(folder: Path, table: PromptTable, *, name: str, language: str) -> Sound:
    """Take the former recording back; the present one becomes the former.

    Raises:
        RecordingRefused: the prompt is not known or has no former recording.
    """
    want = _wanted(table, name, language)
    return await asyncio.to_thread(_take_back, folder, want)


def _wanted(table: PromptTable, name: str, language: str) -> Wanted:
    if not table.known(name, language):
        raise refusals.NoSuchPrompt(name=name[:80], language=language[:20])
    text = table.texts(name)[language]
    return Wanted(name=name, language=language, text=text, voice=table.voices[language])


def _recorded(known: Book, want: Wanted) -> bool:
    sound = known.sounds.get(entry(want.name, want.language))
    return sound is not None and sound.origin is Origin.RECORDED


def _kept_path(folder: Path, want: Wanted) -> Path:
    return sound_path(folder / "kept", want.name, want.language)


def _take(folder: Path, want: Wanted, samples: bytes) -> Sound:
    path = sound_path(folder, want.name, want.language)
    fresh = path.with_suffix(".new")
    with book.changing(folder) as known:
        sound_files.place(samples, fresh)
        try:
            _keep(folder, known, want)
            sound = Sound(
                origin=Origin.RECORDED,
                mark=book.text_mark(want.text),
                digest=sound_files.digest(fresh) or "",
                seconds=sound_files.playable_seconds(fresh) or 0.0,
                recorded_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            _put(folder, known, want, sound, fresh)
        finally:
            fresh.unlink(missing_ok=True)
    return sound


def _put_back(folder: Path, want: Wanted, made: Path) -> Sound:
    with book.changing(folder) as known:
        _keep(folder, known, want)
        sound = building.synthetic(want, made)
        _put(folder, known, want, sound, building.copied(made, sound_path(folder, want.name, want.language)))
    return sound


def _take_back(folder: Path, want: Wanted) -> Sound:
    path, kept = sound_path(folder, want.name, want.language), _kept_path(folder, want)
    key = entry(want.name, want.language)
    with book.changing(folder) as known:
        sound = known.kept.pop(key, None)
        if sound is None or sound_files.digest(kept) != sound.digest:
            raise refusals.NoFormerRecording(name=want.name, language=want.language)
        former = path.with_suffix(".new")
        former.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, former)
        _keep(folder, known, want)
        _put(folder, known, want, sound, former)
    return sound


def _keep(folder: Path, known: Book, want: Wanted) -> None:
    """Keep the present sound as the former recording, when it is one."""
    if not _recorded(known, want):
        return
    path, kept = sound_path(folder, want.name, want.language), _kept_path(folder, want)
    if not path.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    half = kept.with_suffix(".part")
    shutil.copyfile(path, half)
    half.replace(kept)
    key = entry(want.name, want.language)
    known.kept[key] = known.sounds[key]


def _put(folder: Path, known: Book, want: Wanted, sound: Sound, ready: Path) -> None:
    """Have ``ready`` played: first the book knows it, then it is moved to its place."""
    key, path = entry(want.name, want.language), sound_path(folder, want.name, want.language)
    # Should it not come to the move, the synthetic file of now is not to be taken for a recording.
    replaced = "" if _recorded(known, want) else sound_files.digest(path) or ""
    known.sounds[key] = msgspec.structs.replace(sound, replaced=replaced)
    book.write(folder, known)
    ready.replace(path)
