"""The loudness of what is spoken decides the gain, not the pauses nor a click."""

import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.prompts import samples
from cti.prompts.model import Fate, Origin, Sound, fate
from cti.prompts.samples import LOUDNESS, RATE, SENTENCE, WORD


def tone(seconds: float, level: float) -> list[float]:
    """A sine of 440 Hz whose power is ``level`` dB of full scale."""
    peak = 10 ** (level / 20) * math.sqrt(2)
    return [peak * math.sin(2 * math.pi * 440 * n / RATE) for n in range(round(seconds * RATE))]


def silence(seconds: float) -> list[float]:
    return [0.0] * round(seconds * RATE)


def levelled(heard: list[float]) -> list[float]:
    sound = samples.levelled(heard, SENTENCE)
    assert sound is not None
    whole = array("h", sound)
    return [x / 32767 for x in whole]


@pytest.mark.parametrize("level", [-3.0, -20.0, -45.0])
def test_a_tone_is_as_loud_as_it_is(level: float) -> None:
    assert samples.loudness(tone(1.0, level)) == pytest.approx(level, abs=0.1)


def test_pauses_do_not_count() -> None:
    spoken = tone(2.0, -20.0) + silence(3.0) + tone(2.0, -20.0)
    assert samples.loudness(spoken) == pytest.approx(-20.0, abs=0.6)


def test_a_word_shorter_than_a_block_has_a_loudness() -> None:
    assert samples.loudness(tone(0.15, -20.0)) == pytest.approx(-20.0, abs=0.5)


@pytest.mark.parametrize("nothing", [[], silence(1.0), tone(1.0, -70.0)])
def test_silence_is_no_sound(nothing: list[float]) -> None:
    assert samples.loudness(nothing) is None
    assert samples.levelled(nothing, SENTENCE) is None


@settings(max_examples=10)
@given(level=st.floats(-50.0, -4.0))
def test_whatever_it_was_it_comes_out_as_loud_as_all(level: float) -> None:
    assert samples.loudness(levelled(tone(2.0, level))) == pytest.approx(LOUDNESS, abs=0.5)


def test_a_click_makes_the_rest_no_quieter() -> None:
    clicked = tone(2.0, -30.0)  # which its peak would keep at -30
    clicked[RATE] = 1.0
    sound = levelled(clicked)
    assert samples.loudness(sound[: RATE // 2]) == pytest.approx(LOUDNESS, abs=1.5)
    assert max(map(abs, sound)) <= 1.0


@pytest.mark.parametrize("margins", [SENTENCE, WORD])
def test_silence_at_both_ends_is_cut_to_the_margins(margins: samples.Margins) -> None:
    sound = samples.levelled(silence(1.0) + tone(1.0, -20.0) + silence(2.0), margins)
    assert sound is not None
    assert len(sound) / 2 / RATE == pytest.approx(1.0 + margins.before + margins.after, abs=0.03)


def test_a_pause_within_is_kept() -> None:
    assert len(levelled(tone(0.5, -20.0) + silence(1.0) + tone(0.5, -20.0))) / RATE > 2.2


MADE = Sound(origin=Origin.SYNTHETIC, mark="m1", digest="d1", seconds=1.0, replaced="d0")
RECORDED = Sound(origin=Origin.RECORDED, mark="t1", digest="d1", seconds=1.0)


@pytest.mark.parametrize(
    ("sound", "digest", "mark", "expected"),
    [
        (None, None, "m1", Fate.MAKE),
        (None, "d1", "m1", Fate.ADOPT),
        (MADE, None, "m1", Fate.MAKE),
        (MADE, "d1", "m1", Fate.KEEP),
        (MADE, "d1", "m2", Fate.MAKE),
        (MADE, "d2", "m1", Fate.ADOPT),
        # The book was written, and then the machine stopped before the file was put in its place.
        (MADE, "d0", "m1", Fate.MAKE),
        (RECORDED, "d1", "m2", Fate.KEEP),
        (RECORDED, "d2", "m2", Fate.ADOPT),
        (RECORDED, None, "m2", Fate.MAKE),
    ],
)
def test_what_becomes_of_a_file(sound: Sound | None, digest: str | None, mark: str, expected: Fate) -> None:
    assert fate(sound, digest, mark) is expected
