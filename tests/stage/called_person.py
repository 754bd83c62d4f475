"""People whom a campaign calls: each answers, listens, and keys what he is asked, when he is asked it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from cti.config import speech_cache_dir
from cti.flows.actions import Utterance
from cti.prompts import table
from cti.prompts.repertoire import Repertoire
from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab
from cti.simulation.phone import Behaviour
from tests.stage.ear import decoded, likeness, samples_of

#: What people who say nothing send.
SILENCE: Final = [b"\xff" * 160]
_RING_SECONDS: Final = 0.3
#: Between the question's beginning and the key.
_THINKING_SECONDS: Final = 0.6
_SECONDS: Final = 60.0
#: An attempt's id is that of its channel.
_AT_STEP: Final = """
SELECT s.step FROM flow_steps s JOIN legs l ON l.call_id = s.call_id
 WHERE l.uniqueid = $1 AND s.step = $2 AND NOT s.mistake"""
_FOLDERS: Final = {"cti-zh": "zh", "cti-en": "en"}
_OF_LANGUAGE: Final = {"zh-CN": "zh", "en": "en"}


class Records(Protocol):
    """Where it is written how far a call is."""

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query finds now."""


@dataclass
class CalledPerson:
    """Who keys at each step of ``script`` (step, keys)."""

    number: str
    script: Sequence[tuple[str, str]] = ()
    #: Seconds that he lets pass before he keys at a step, where it is not the usual time.
    thinking: dict[str, float] = field(default_factory=dict)
    #: Where he hangs up while he is spoken to.
    hangs_up_at: str | None = None
    calls: list[SimulatedCall] = field(default_factory=list)
    #: RTP packets of what he has heard.
    packets: list[bytes] = field(default_factory=list)
    #: The ids of the attempts, as the INVITEs told them.
    attempts: list[str] = field(default_factory=list)

    async def talk(self, call: SimulatedCall, records: Records) -> None:
        """His telephone rings."""
        self.calls.append(call)
        self.attempts.append(call.header("X-CTI-Attempt"))
        call.ring()
        await call.stay(_RING_SECONDS)
        assert call.audio is not None
        call.audio.datagram_received = lambda data, addr: self.packets.append(data)  # type: ignore[method-assign]
        await call.answer()
        for step, keys in self.script:
            await self._at(step, records)
            await call.stay(self.thinking.get(step, _THINKING_SECONDS))
            if not call.over:
                await call.press(keys)
        if self.hangs_up_at is not None:
            await self._at(self.hangs_up_at, records)
            if not call.over:
                await call.hang_up()
        await call.ended()

    async def _at(self, step: str, records: Records) -> None:
        async with asyncio.timeout(_SECONDS):
            while not await records.rows(_AT_STEP, self.attempts[-1], step):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def heard(self, lab: Lab, says: Sequence[Utterance], language: str) -> list[tuple[str, float]]:
        """How like each sound of what is said, in this order, is what he has heard (1.0: the same)."""
        folder = lab.plan.home / "sounds"
        async with Repertoire(folder, table.shipped(), speech_cache_dir()) as repertoire:
            sounds = await repertoire.sounds(says, language)
        heard = decoded(packet for packet in self.packets if packet[1] & 0x7F == 0)
        found, place = [], 0
        for sound in sounds:
            samples = samples_of(_path(folder, sound, language))
            alike, place = await asyncio.to_thread(likeness, heard, samples, after=max(place - 400, 0))
            found.append((sound, round(alike, 3)))
        return found


def _path(folder: Path, sound: str, language: str) -> Path:
    where, _, name = sound.partition("/")
    return folder / _FOLDERS.get(where, _OF_LANGUAGE[language]) / f"{name}.wav"


def people_at_home(people: Sequence[CalledPerson], records: Records) -> Behaviour:
    """The script of the far end of the trunk: whoever has the number takes the call; others do not exist."""
    by_number = {person.number: person for person in people}

    async def behaviour(call: SimulatedCall) -> None:
        person = by_number.get(call.dialled)
        if person is None:
            await call.refuse(404, "Not Found")
        else:
            await person.talk(call, records)

    return behaviour
