"""Arithmetic on sound as numbers from -1 to 1, 8,000 a second: loudness, trimming, gain. Pure.

Loudness is the mean power of what is spoken, not of the pauses: blocks of 400 ms, a new one every 100 ms, of
which those below -60 dB and those 10 dB below the mean of the rest are left out. These are the gates of EBU
R 128; its weighting of frequencies is not used, since a telephone line leaves nothing outside the band where
it is flat.
"""

import math
from array import array
from collections.abc import Sequence
from typing import Final

import msgspec

RATE: Final = 8000
#: Of what a caller hears, in dB of full scale; close to Asterisk's own English sounds (-18.7).
LOUDNESS: Final = -20.0
#: Above it samples are bent, so that none is cut.
_KNEE: Final = 0.7
_SILENCE: Final = -60.0
_BELOW_MEAN: Final = 10.0
_SLICE: Final = RATE // 10
_BLOCK_SLICES: Final = 4
#: Silence is cut off where it is so much quieter than what is spoken.
_EDGE_BELOW: Final = 36.0
_EDGE: Final = RATE // 100


class Margins(msgspec.Struct, frozen=True):
    """Silence before and after what is spoken, in seconds."""

    before: float
    after: float


#: Of a sentence.
SENTENCE: Final = Margins(0.1, 0.2)
#: Of a word of which a number is made.
WORD: Final = Margins(0.02, 0.03)


def loudness(samples: Sequence[float]) -> float | None:
    """In dB of full scale; None when there is nothing but silence."""
    powers = [_power(samples[at : at + _SLICE]) for at in range(0, len(samples), _SLICE)]
    count = min(_BLOCK_SLICES, len(powers))
    blocks = [sum(powers[at : at + count]) / count for at in range(len(powers) - count + 1)] if count else []
    heard = [power for power in blocks if _decibels(power) > _SILENCE]
    if not heard:
        return None
    gate = _decibels(sum(heard) / len(heard)) - _BELOW_MEAN
    spoken = [power for power in heard if _decibels(power) > gate]
    return _decibels(sum(spoken) / len(spoken))


def levelled(samples: Sequence[float], margins: Margins) -> bytes | None:
    """The same at the loudness of all prompts, its silence at both ends as long as ``margins``, in 16 bit;
    None when there is nothing but silence.
    """
    level = loudness(samples)
    if level is None:
        return None
    first, last = _spoken(samples, level - _EDGE_BELOW)
    # A word alone is shorter than a block: what was cut off would count with it.
    level = loudness(samples[first:last]) or level
    factor = 10 ** ((LOUDNESS - level) / 20)
    sound = array("h", bytes(2 * round(margins.before * RATE)))
    sound.extend(
        round(32767 * (x if -_KNEE < x < _KNEE else _bent(x)))
        for x in (sample * factor for sample in samples[first:last])
    )
    sound.frombytes(bytes(2 * round(margins.after * RATE)))
    return sound.tobytes()


def _spoken(samples: Sequence[float], threshold: float) -> tuple[int, int]:
    """From where to where it is louder than ``threshold`` (dB)."""
    loud = [
        at for at in range(0, len(samples), _EDGE) if _decibels(_power(samples[at : at + _EDGE])) > threshold
    ]
    return loud[0], min(loud[-1] + _EDGE, len(samples))


def _power(samples: Sequence[float]) -> float:
    return sum(x * x for x in samples) / len(samples)


def _decibels(power: float) -> float:
    return 10 * math.log10(power) if power > 0 else -math.inf


def _bent(x: float) -> float:
    room = 1 - _KNEE
    return math.copysign(_KNEE + room * math.tanh((abs(x) - _KNEE) / room), x)
