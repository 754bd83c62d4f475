"""What can be played just now: no caller hears silence where a prompt should be.

A sound that is not on disk gives way to the same in the other language; when there is none either, it is made
on the spot; and at last the utterance's ``otherwise`` is played. Each time is logged and counted, and what is
missing is made for the callers after.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import structlog

from cti.errors import CtiError
from cti.flows.actions import Utterance, UtteranceKind
from cti.prompts import building, sound_files, speech
from cti.prompts.languages import ASTERISK_LANGUAGES
from cti.prompts.model import PromptTable
from cti.prompts.names import NameSpeaker
from cti.prompts.speech import Unspeakable

log = structlog.get_logger(__name__)

#: A caller hears nothing so long, when a sound that is nowhere is made.
_MENDING_SECONDS: Final = 2.0
_BETWEEN_MENDINGS_SECONDS: Final = 60.0
_FOLDERS: Final = {f"cti-{folder}": folder for folder in ASTERISK_LANGUAGES.values()}


class StandIn(StrEnum):
    """What was played for a sound that was missing."""

    OTHER_LANGUAGE = "other_language"
    #: It was made while the caller waited.
    MADE = "made"
    OTHERWISE = "otherwise"
    NOTHING = "nothing"


class Repertoire:
    """Says which sounds are played for what a flow says; an async context manager.

    ``folder`` holds the sounds, ``cache`` synthetic ones; instants are said as in ``zone``.
    """

    def __init__(
        self,
        folder: Path,
        table: PromptTable,
        cache: Path,
        *,
        zone: tzinfo | None = None,
    ) -> None:
        self._folder = folder
        self._base = str(folder)
        self._table = table
        self._cache = cache
        self._zone = zone
        self._names = NameSpeaker(folder, table.voices)
        self._mending: asyncio.Task[None] | None = None
        self._mend_after = 0.0
        #: How often each stood in since the start.
        self.stand_ins: Counter[StandIn] = Counter()

    async def __aenter__(self) -> Self:
        await self._names.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._mending is not None:
            self._mending.cancel()
            await asyncio.gather(self._mending, return_exceptions=True)
        await self._names.__aexit__(kind, error, trace)

    async def run(self) -> None:
        """Remove spoken names that are too old, again and again."""
        await self._names.run()

    async def sounds(self, says: Sequence[Utterance], language: str) -> list[str]:
        """The sounds of what is said, in order, on a channel in ``language``; each can be played.

        Raises:
            Unspeakable: one of them cannot be said in any way.
        """
        found: list[str] = []
        for utterance in says:
            found += await self(utterance, language)
        return found

    async def __call__(self, utterance: Utterance, language: str) -> Sequence[str]:
        """The sounds of one utterance; as `sounds`."""
        if utterance.kind is UtteranceKind.NAME:
            await self._names.ready(utterance.value, utterance.language or language)
        can_play = self._can_play(language)
        alone = msgspec.structs.replace(utterance, otherwise="")
        try:
            return speech.sounds(alone, language, can_play, zone=self._zone)
        except Unspeakable as problem:
            if not problem.missing:
                return speech.sounds(utterance, language, can_play, zone=self._zone)
            missing = problem.missing
        found, stand_in = await self._in_its_place(utterance, language, can_play)
        self.stand_ins[stand_in] += 1
        log.warning("A sound is missing", sound=missing, language=language, played=stand_in.value)
        if not found:
            raise Unspeakable(utterance, language, f"there is no sound {missing}", missing=missing)
        return found

    async def _in_its_place(
        self, utterance: Utterance, language: str, can_play: Callable[[str], bool]
    ) -> tuple[list[str], StandIn]:
        alone = msgspec.structs.replace(utterance, otherwise="")
        spoken_in = utterance.language or language
        if utterance.kind is not UtteranceKind.NAME:
            self._mend()
            for other in ASTERISK_LANGUAGES:
                translated = msgspec.structs.replace(alone, language=other)
                if other != spoken_in and (found := self._try(translated, language, can_play)):
                    return found, StandIn.OTHER_LANGUAGE
            if self._mending is not None:
                await asyncio.wait({self._mending}, timeout=_MENDING_SECONDS)
            if found := self._try(alone, language, can_play):
                return found, StandIn.MADE
        found = self._try(utterance, language, can_play)
        return found, StandIn.OTHERWISE if found else StandIn.NOTHING

    def _try(self, utterance: Utterance, language: str, can_play: Callable[[str], bool]) -> list[str]:
        try:
            return speech.sounds(utterance, language, can_play, zone=self._zone)
        except Unspeakable:
            return []

    def _can_play(self, language: str) -> Callable[[str], bool]:
        channel = ASTERISK_LANGUAGES.get(language, "")

        def can_play(sound: str) -> bool:
            # As text: with paths as objects, asking for each sound took ten times as long as the disk does.
            folder, _, name = sound.partition("/")
            return sound_files.is_there(f"{self._base}/{_FOLDERS.get(folder, channel)}/{name}.wav")

        return can_play

    def _mend(self) -> None:
        """Have what is missing made, now and then."""
        if time.monotonic() < self._mend_after:
            return
        self._mend_after = time.monotonic() + _BETWEEN_MENDINGS_SECONDS
        self._mending = asyncio.get_running_loop().create_task(self._make(), name="make missing prompts")

    async def _make(self) -> None:
        try:
            built = await building.build(self._folder, self._table, self._cache)
        except (CtiError, OSError) as error:
            log.warning("Missing prompts cannot be made", error=str(error)[:200])
        else:
            log.info("Missing prompts were made", prompts=built.made)
