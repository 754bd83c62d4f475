"""An uploaded recording becomes a prompt: mono, 8 kHz, 16 bit, as loud as all others, without silent ends.

What a file is its first bytes say, not its name. It is read by sox in a process of its own, with bounds on
time, memory and what it writes, so that a hostile file costs no more than its refusal.
"""

import asyncio
import os
from pathlib import Path
from typing import Final

import msgspec

from cti.prompts import refusals, samples, sound_files
from cti.prompts.programs import ProgramFailed
from cti.prompts.samples import RATE, Margins

MOST_BYTES: Final = 20 * 1024 * 1024
LONGEST_SECONDS: Final = 180
_SHORTEST_SECONDS: Final = 0.1
_CONVERTING_SECONDS: Final = 20.0
_HEAD: Final = 64
#: In the words of sox.
_NO_READER: Final = "no handler for"
_HOW_TO_READ: Final = "install the package libsox-fmt-mp3 or libsox-fmt-base"


class Format(msgspec.Struct, frozen=True):
    """How people and sox call it."""

    title: str
    kind: str


_WAV: Final = Format("WAV", "wav")
_MP3: Final = Format("MP3", "mp3")
_OGG: Final = Format("Ogg", "ogg")
_FLAC: Final = Format("FLAC", "flac")


def format_of(head: bytes) -> Format | None:
    """What a file is, by its first bytes; None for what is not taken."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _WAV
    if head[:4] == b"fLaC":
        return _FLAC
    if head[:4] == b"OggS" and b"\x01vorbis" in head:
        return _OGG
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return _MP3  # a tag, or the first frame of layer III
    return None


async def convert(source: Path, margins: Margins) -> bytes:
    """The 16-bit samples of a recording; ``source`` is left alone.

    Raises:
        RecordingRefused: it cannot be taken; the class says why.
        ProgramFailed: sox is not installed.
        OSError: it cannot be read.
    """
    form = _format_of(source)
    try:
        heard = await sound_files.decode(
            source, form.kind, longest_seconds=LONGEST_SECONDS + 1, seconds=_CONVERTING_SECONDS
        )
    except ProgramFailed as error:
        if not error.ran:
            raise
        if _NO_READER in error.message:
            raise ProgramFailed(f"sox cannot read {form.title}; {_HOW_TO_READ}") from error
        raise refusals.RecordingBroken(format=form.title) from error
    if len(heard) > LONGEST_SECONDS * RATE:
        raise refusals.RecordingTooLong(limit=LONGEST_SECONDS)
    if len(heard) < _SHORTEST_SECONDS * RATE:
        raise refusals.RecordingTooShort(limit=_SHORTEST_SECONDS)
    sound = await asyncio.to_thread(samples.levelled, heard, margins)
    if sound is None:
        raise refusals.RecordingSilent()
    return sound


def _format_of(source: Path) -> Format:
    with source.open("rb") as file:
        head = file.read(_HEAD)
        size = file.seek(0, os.SEEK_END)
    if size > MOST_BYTES:
        raise refusals.RecordingTooLarge(limit=MOST_BYTES)
    form = format_of(head)
    if form is None:
        raise refusals.FormatUnknown()
    return form
