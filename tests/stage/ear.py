"""A program's ear: whether what came over the line is what lies in a file of sound."""

import math
import wave
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

#: So many samples are looked for first.
_PROBE = 400
_LOUD = 600
#: A beginning that is so like it is worth a look at the rest; two prompts may begin with the same word.
_PROMISING = 0.9
#: So like it is it, and only close by may be still more like it.
_FOUND = 0.95
_NEAR = 80


def _decoded(byte: int) -> int:
    """A sample of G.711 µ-law."""
    value = ~byte & 0xFF
    magnitude = (((value & 0x0F) << 3) + 132) << ((value >> 4) & 7)
    return (132 - magnitude) if value & 0x80 else (magnitude - 132)


_DECODED = [_decoded(byte) for byte in range(256)]


def decoded(packets: Iterable[bytes]) -> "array[int]":
    """The samples of RTP packets of µ-law audio, in the order in which they came."""
    return array("h", (_DECODED[byte] for packet in packets for byte in packet[12:]))


def samples_of(path: Path) -> "array[int]":
    """The samples of a sound (16 bit, mono, 8 kHz)."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2), path
        return array("h", file.readframes(file.getnframes()))


def likeness(heard: Sequence[int], sound: Sequence[int], *, after: int = 0) -> tuple[float, int]:
    """How like a sound the best stretch of what was heard is (1.0: the same), and where that ends."""
    first = next((n for n, sample in enumerate(sound) if abs(sample) > _LOUD), 0)
    probe = sound[first : first + _PROBE]
    size = _power(probe)
    best, end = 0.0, after
    offset = max(after, first)
    while offset < len(heard) - len(probe):
        # It begins where it is loud.
        if abs(heard[offset]) >= _LOUD // 3:
            stretch = heard[offset : offset + _PROBE]
            if _product(probe, stretch) / (size * _power(stretch)) > _PROMISING:
                alike, at = _whole(heard, sound, offset - first)
                if alike > best:
                    best, end = alike, at
        if best > _FOUND and offset > end - len(sound) + first + _NEAR:
            break
        offset += 1
    return best, end


def _whole(heard: Sequence[int], sound: Sequence[int], begin: int) -> tuple[float, int]:
    stretch = heard[begin : begin + len(sound)]
    alike = _product(sound[: len(stretch)], stretch) / (_power(sound[: len(stretch)]) * _power(stretch))
    return alike * len(stretch) / len(sound), begin + len(stretch)


def _product(one: Sequence[int], other: Sequence[int]) -> int:
    return sum(map(int.__mul__, one, other))


def _power(samples: Sequence[int]) -> float:
    return math.sqrt(_product(samples, samples)) or 1.0
