"""Music on hold: a quiet melody of our own, until an operator puts files in its place."""

import math
import wave
from array import array
from pathlib import Path
from typing import Final

_RATE: Final = 8000
#: Notes in Hz, half a second each.
_MELODY: Final = (392, 440, 494, 587, 494, 440, 392, 330, 294, 330, 392, 494, 440, 392, 330, 294)


def build_music(folder: Path) -> None:
    """Make the music when there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "melody.wav"
    if any(folder.iterdir()):
        return
    samples = array("h")
    for note in _MELODY * 2:
        for index in range(_RATE // 2):
            fade = math.exp(-4 * index / _RATE) * min(index / 80, 1.0)
            samples.append(int(3500 * fade * math.sin(2 * math.pi * note * index / _RATE)))
    with wave.open(str(target), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(samples.tobytes())
