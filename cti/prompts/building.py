"""Makes the sounds of all prompts that have no recording, and only of what changed.

Synthetic sounds are kept by their mark in a cache that several installations of a machine share, so what one
has made the next one copies.
"""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cti.prompts import book, conversion, samples, sound_files, synthesis
from cti.prompts.book import entry, sound_path
from cti.prompts.model import Fate, Origin, PromptTable, Sound, Voice, fate
from cti.prompts.programs import ProgramFailed
from cti.prompts.refusals import RecordingRefused
from cti.prompts.samples import Margins

#: Of which numbers, dates and amounts are made: they follow one another closely.
WORDS: Final = "number/"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt in one language."""

    name: str
    language: str
    text: str
    voice: Voice

    @property
    def margins(self) -> Margins:
        """The silence around it."""
        return samples.WORD if self.name.startswith(WORDS) else samples.SENTENCE

    @property
    def mark(self) -> str:
        """Of its synthetic sound."""
        return synthesis.mark(self.text, self.voice, self.margins)


def wanted(table: PromptTable) -> list[Wanted]:
    """Every prompt of the table in every language that it has."""
    return [
        Wanted(name=name, language=language, text=text, voice=table.voices[language])
        for name, texts in table.prompts.items()
        for language, text in texts.items()
    ]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What was done."""

    #: Synthetic sounds that were made or taken from the cache.
    made: int
    #: Files that somebody put in place and that had to be converted first.
    converted: int = 0
    #: Files that somebody put in place and that are no sounds: now named ``….refused``, with the reason.
    refused: tuple[tuple[Path, str], ...] = ()


async def build(
    folder: Path, table: PromptTable, cache: Path, *, progress: Callable[[int, int], None] | None = None
) -> Built:
    """Make every missing or outdated synthetic sound below ``folder``.

    Recordings are kept, those too that somebody just put in their place. ``progress`` is told how many of how
    many there are.

    Raises:
        ProgramFailed: naming the program and what it said. What was made before stays.
        BookBroken: the book cannot be read.
    """
    # Reading all files takes longer than the event loop of a service may stand still.
    everything = wanted(table)
    converted, refused = await _convert(await asyncio.to_thread(_unplayable, folder, everything))
    await _make(await asyncio.to_thread(_pending, folder, everything, cache), cache, progress)
    made = await asyncio.to_thread(_place, folder, everything, cache)
    return Built(made=made, converted=converted, refused=tuple(refused))


def synthetic(want: Wanted, made: Path, *, replaced: str = "") -> Sound:
    """What the book says of the synthetic sound ``made``."""
    return Sound(
        origin=Origin.SYNTHETIC,
        mark=want.mark,
        digest=sound_files.digest(made) or "",
        seconds=sound_files.playable_seconds(made) or 0.0,
        replaced=replaced,
    )


def copied(made: Path, path: Path) -> Path:
    """A copy of ``made`` beside ``path``, ready to be moved there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    shutil.copyfile(made, half)
    return half


def _unplayable(folder: Path, everything: list[Wanted]) -> list[tuple[Path, Margins]]:
    """Files that are there, in a form that Asterisk does not play."""
    files = [(sound_path(folder, want.name, want.language), want.margins) for want in everything]
    return [
        (path, margins)
        for path, margins in files
        if sound_files.is_there(path) and sound_files.playable_seconds(path) is None
    ]


async def _convert(files: list[tuple[Path, Margins]]) -> tuple[int, list[tuple[Path, str]]]:
    """Make what somebody put in place playable, as an upload is."""
    converted, refused = 0, []
    for path, margins in files:
        try:
            sound_files.place(await conversion.convert(path, margins), path)
            converted += 1
        except RecordingRefused as refusal:
            refused.append((path.replace(path.with_suffix(".refused")), refusal.message))
    return converted, refused


def _pending(folder: Path, everything: list[Wanted], cache: Path) -> list[Wanted]:
    """What has to be spoken: it is to be made, and the cache has it not."""
    fates = _fates(folder, book.read(folder), everything)
    return [
        want
        for want in everything
        if fates[entry(want.name, want.language)] is Fate.MAKE and not (cache / f"{want.mark}.wav").exists()
    ]


def _fates(folder: Path, known: book.Book, everything: list[Wanted]) -> dict[str, Fate]:
    return {
        key: fate(
            known.sounds.get(key), sound_files.digest(sound_path(folder, want.name, want.language)), want.mark
        )
        for want in everything
        for key in [entry(want.name, want.language)]
    }


async def _make(pending: list[Wanted], cache: Path, progress: Callable[[int, int], None] | None) -> None:
    gate = asyncio.Semaphore(os.cpu_count() or 1)
    done = 0

    async def make(want: Wanted) -> None:
        nonlocal done
        async with gate:
            await synthesis.speak(want.text, want.voice, want.margins, cache / f"{want.mark}.wav")
        done += 1
        if progress is not None:
            progress(done, len(pending))

    try:
        async with asyncio.TaskGroup() as group:
            for want in pending:
                group.create_task(make(want))
    except* ProgramFailed as failures:
        raise failures.exceptions[0] from None


def _place(folder: Path, everything: list[Wanted], cache: Path) -> int:
    with book.changing(folder) as known:
        fates = _fates(folder, known, everything)
        to_place = []
        for want in everything:
            key = entry(want.name, want.language)
            path = sound_path(folder, want.name, want.language)
            if fates[key] is Fate.ADOPT:
                known.sounds[key] = Sound(
                    origin=Origin.RECORDED,
                    mark=book.text_mark(want.text),
                    digest=sound_files.digest(path) or "",
                    seconds=sound_files.playable_seconds(path) or 0.0,
                )
            elif fates[key] is Fate.MAKE and (made := cache / f"{want.mark}.wav").exists():
                known.sounds[key] = synthetic(want, made, replaced=sound_files.digest(path) or "")
                to_place.append((made, path))
        gone = known.sounds.keys() - fates.keys()
        for key in [key for key in gone if known.sounds[key].origin is Origin.SYNTHETIC]:
            language, _, name = key.partition("/")
            sound_path(folder, name, language).unlink(missing_ok=True)
            del known.sounds[key]
        # First the book: a file that it does not know is taken for a recording.
        book.write(folder, known)
        for made, path in to_place:
            copied(made, path).replace(path)
    return len(to_place)
