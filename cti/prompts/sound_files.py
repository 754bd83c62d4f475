"""Sounds on disk: read as samples, written as Asterisk plays them (wav, mono, 8 kHz, 16 bit)."""

import hashlib
import os
import re
import tempfile
import wave
from array import array
from pathlib import Path
from typing import Final

from cti.prompts import programs
from cti.prompts.samples import RATE

_WIDTH: Final = 2
#: What sox says of a file that ends too soon or has other bytes in its middle, and then makes do with.
_BROKEN: Final = re.compile("FAIL.*|Premature EOF.*|checksum mismatch.*")
#: Bytes of a wav without samples.
_HEADER: Final = 44


async def decode(
    source: Path, kind: str, *, longest_seconds: float = 600.0, seconds: float = 20.0
) -> "array[float]":
    """The samples of a sound file, all its channels mixed into one, at 8 kHz.

    ``kind`` is sox's word for what the file is; what comes after ``longest_seconds`` is left out. The program
    gets ``seconds`` of time.

    Raises:
        ProgramFailed: sox cannot read it to its end, or was late.
    """
    with tempfile.TemporaryDirectory(prefix="cti-sound-") as folder:
        raw = Path(folder) / "raw.f32"
        said = await programs.run(
            "sox", "-V2", "-t", kind, str(source), "-t", "f32", str(raw),
            # Room for what resampling adds to a sound that is as loud as can be; a telephone carries no bass.
            "remix", "-", "gain", "-6", "rate", "-h", str(RATE), "highpass", "60",
            "trim", "0", f"{longest_seconds:g}",
            seconds=seconds,
        )  # fmt: skip
        if found := _BROKEN.search(said):
            raise programs.ProgramFailed(f"sox: {found[0]}", ran=True)
        samples = array("f")
        samples.frombytes(raw.read_bytes())
    return samples


def place(sound: bytes, target: Path) -> None:
    """Write a file of 16-bit samples; whoever plays it meanwhile hears the old one or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as half:
        place = Path(half.name)
    try:
        with wave.open(str(place), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(_WIDTH)
            file.setframerate(RATE)
            file.writeframes(sound)
        place.chmod(0o644)
        place.replace(target)
    finally:
        place.unlink(missing_ok=True)


def digest(path: Path) -> str | None:
    """What tells a file from another one; None when there is none, or nothing in it."""
    if not is_there(path):
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()[:24]


def is_there(path: Path | str) -> bool:
    """Whether there is a file with some sound in it."""
    try:
        return os.stat(path).st_size > _HEADER  # noqa: PTH116
    except OSError:
        return False


def playable_seconds(path: Path) -> float | None:
    """How long a file lasts; None when Asterisk cannot play it, or it holds nothing."""
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            frames = file.getnframes()
    except (OSError, EOFError, wave.Error):
        return None
    return frames / RATE if form == (1, _WIDTH, RATE) and frames else None
