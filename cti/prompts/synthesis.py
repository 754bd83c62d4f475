"""The synthetic voice: espeak-ng speaks a text, sox brings it to 8 kHz."""

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import Final

from cti.prompts import programs, samples, sound_files
from cti.prompts.model import Voice
from cti.prompts.samples import Margins

#: Raised when the way sounds are made changes, so that all are made anew.
_RECIPE: Final = 1


def mark(text: str, voice: Voice, margins: Margins) -> str:
    """What names the sound of a text: another text, voice or way of making it has another mark."""
    recipe = (_RECIPE, voice.name, voice.words_per_minute, margins.before, margins.after, text)
    return hashlib.sha256("|".join(map(str, recipe)).encode()).hexdigest()[:24]


async def speak(text: str, voice: Voice, margins: Margins, target: Path, *, seconds: float = 20.0) -> None:
    """Write the spoken text to ``target``, whole or not at all.

    Raises:
        ProgramFailed: espeak-ng or sox is not installed, failed or was late, or nothing was heard.
    """
    with tempfile.TemporaryDirectory(prefix="cti-speech-") as folder:
        spoken = Path(folder) / "spoken.wav"
        await programs.run(
            "espeak-ng", "-v", voice.name, "-s", str(voice.words_per_minute), "-w", str(spoken), "--stdin",
            text=text, seconds=seconds,
        )  # fmt: skip
        heard = await sound_files.decode(spoken, "wav", seconds=seconds)
    sound = await asyncio.to_thread(samples.levelled, heard, margins)
    if sound is None:
        raise programs.ProgramFailed(f"espeak-ng ({voice.name}) had nothing to say for {text[:60]!r}")
    sound_files.place(sound, target)
