"""A real Asterisk plays the sounds that the repertoire names, whatever the language of the channel is."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from cti import config
from cti.asterisk.agi import AgiServer
from cti.asterisk.agi_session import AgiSession
from cti.flows.actions import Utterance, UtteranceKind
from cti.prompts import programs, recordings, sound_files, table
from cti.prompts.languages import ASTERISK_LANGUAGES
from cti.prompts.repertoire import Repertoire
from cti.simulation.lab import Lab
from cti.simulation.observer import AmiObserver

SAYS = (
    Utterance(kind=UtteranceKind.PROMPT, value="goodbye"),
    Utterance(kind=UtteranceKind.PROMPT, value="goodbye", language="en"),
    Utterance(kind=UtteranceKind.PROMPT, value="goodbye", language="zh-CN"),
    Utterance(kind=UtteranceKind.NUMBER, value="12"),
    Utterance(kind=UtteranceKind.NAME, value="王小明"),
)


async def played(lab: Lab, sounds: Sequence[str], language: str) -> list[float]:
    """How long Asterisk played each sound, in seconds, to a caller in a language."""
    lengths: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()

    async def answer(session: AgiSession) -> None:
        await session.command('SET VARIABLE TIMEOUT(absolute) "60"')
        await session.answer()
        await session.set_language(ASTERISK_LANGUAGES[language])
        found = []
        for sound in sounds:
            reply = await session.command(f'STREAM FILE {sound} ""')
            end = re.search(r"endpos=(\d+)", reply.text)
            found.append(int(end[1]) / 8000 if end else 0.0)
        lengths.set_result(found)

    async with (
        AgiServer({"flow": answer}, secret=lab.plan.secrets.agi, port=lab.plan.agi_port),
        lab.trunk(audio=True) as trunk,
    ):
        await trunk.dial("4002", caller="5550188")
        async with asyncio.timeout(40):
            return await lengths


@pytest.mark.parametrize("language", list(ASTERISK_LANGUAGES))
async def test_every_sound_is_played_to_its_end(lab: Lab, observer: AmiObserver, language: str) -> None:
    folder = lab.plan.home / "sounds"
    async with Repertoire(folder, table.shipped(), folder / "no cache") as repertoire:
        sounds = await repertoire.sounds(SAYS, language)
    for sound, seconds in zip(sounds, await played(lab, sounds, language), strict=True):
        start, _, name = sound.partition("/")
        spoken_in = start.removeprefix("cti-") if start != "cti" else ASTERISK_LANGUAGES[language]
        length = sound_files.playable_seconds(folder / spoken_in / f"{name}.wav")
        assert length is not None
        assert seconds == pytest.approx(length, abs=0.05), sound
    lengths = [sound_files.playable_seconds(folder / path / "goodbye.wav") for path in ("zh", "en")]
    assert lengths[0] != lengths[1]  # or it would not be known which was played


async def test_a_recording_is_heard_by_the_next_caller(
    lab: Lab, observer: AmiObserver, tmp_path: Path
) -> None:
    folder, texts, cache = lab.plan.home / "sounds", table.shipped(), config.speech_cache_dir()
    mine = tmp_path / "mine.mp3"
    await programs.run("sox", "-n", "-r", "44100", str(mine), "synth", "1.5", "pinknoise")
    before = await played(lab, ["cti/goodbye"], "en")
    await recordings.add(folder, texts, name="goodbye", language="en", source=mine)
    try:
        assert await played(lab, ["cti/goodbye"], "en") == [pytest.approx(1.8, abs=0.1)]
    finally:
        await recordings.remove(folder, texts, cache, name="goodbye", language="en")
    assert await played(lab, ["cti/goodbye"], "en") == before != [pytest.approx(1.8, abs=0.1)]
