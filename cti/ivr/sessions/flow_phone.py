"""The caller's telephone, as a run of a flow sees it: what is said is played, keys and voice are taken.

Whatever is asked is one command to Asterisk, however many sounds the question has: between two commands
Asterisk throws away what is keyed.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import structlog

from cti.asterisk.agi_session import AgiSession
from cti.flows.actions import (
    Ask,
    Done,
    Event,
    Keyed,
    Play,
    PlayRecording,
    Recorded,
    Silent,
    TakeRecording,
    Utterance,
)
from cti.ivr.sessions.recordings import RecordingFolder
from cti.prompts.languages import ASTERISK_LANGUAGES
from cti.prompts.speech import Unspeakable

log = structlog.get_logger(__name__)

#: The sounds of what is said, on a channel of a language: `cti.prompts.repertoire.Repertoire.sounds`.
Voice = Callable[[Sequence[Utterance], str], Awaitable[Sequence[str]]]

#: A command has 2,000 bytes.
_COMMAND_BYTES: Final = 1800
#: The same key so soon after the last answer is the same finger, not an answer to the next question.
_BOUNCE_SECONDS: Final = 0.4
_AT_ONCE: Final = 0.001
_END_KEY: Final = "#"
_ANY_KEY_ENDS: Final = 1


class CallerPhone:
    """One caller's. Methods raise what `AgiSession` raises; `CallerHungUp` when he is gone.

    ``run`` names the run in the log.
    """

    def __init__(
        self, session: AgiSession, *, language: str, voice: Voice, recordings: RecordingFolder, run: str
    ) -> None:
        self._session = session
        self._voice = voice
        self._recordings = recordings
        self._run = run
        self._language = language
        self._key_times: tuple[float, float] | None = None
        #: The last answer of one key, and when it came.
        self._last_key = ""
        self._last_key_at = 0.0

    async def speak(self, language: str) -> None:
        """From now on in another language."""
        self._language = language
        await self._session.set_language(ASTERISK_LANGUAGES[language])

    async def play(self, action: Play) -> Event:
        """Says something; with barge-in a key breaks it off."""
        await self.say(action.says, bargein=action.bargein)
        return Done()

    async def say(self, says: Sequence[Utterance], *, bargein: bool) -> None:
        """Says something."""
        for part in _parts(await self._sounds(says)):
            if not bargein:
                await self._session.playback(part)
                continue
            read = await self._session.read(part, timeout_seconds=_AT_ONCE, most_digits=_ANY_KEY_ENDS)
            if read.digits or not read.timed_out:
                return

    async def ask(self, action: Ask) -> Event:
        """Says something and reads keys."""
        sounds = await self._sounds(action.says)
        if not action.bargein:
            for part in _parts(sounds):
                await self._session.playback(part)
            sounds = []
        return await self._keys(
            sounds,
            most=action.most_keys,
            terminator=action.terminator,
            first_seconds=action.first_key_seconds,
            next_seconds=action.next_key_seconds,
        )

    async def record(self, action: TakeRecording) -> Event:
        """Says something, then records."""
        await self.say(action.says, bargein=True)
        recording, path = self._recordings.new()
        made = await self._session.record_file(
            path,
            longest_seconds=min(action.longest_seconds, self._recordings.longest_seconds),
            silence_seconds=action.silence_seconds,
            beep=action.beep,
        )
        if made.seconds < action.shortest_seconds:
            self._recordings.drop(recording)
            return Silent()
        return Recorded(recording=recording, seconds=round(made.seconds, 2))

    async def play_recording(self, action: PlayRecording) -> Event:
        """Lets him hear what he said, then what he can do with it, and reads one key."""
        path = self._recordings.path(action.recording)
        sounds = [] if path is None else [str(path.with_suffix(""))]
        return await self._keys(
            [*sounds, *await self._sounds(action.says)],
            most=1,
            terminator="",
            first_seconds=action.first_key_seconds,
            next_seconds=action.first_key_seconds,
        )

    def drop_recording(self, recording: str) -> None:
        """He does not want it kept."""
        self._recordings.drop(recording)

    async def _keys(
        self, sounds: Sequence[str], *, most: int, terminator: str, first_seconds: float, next_seconds: float
    ) -> Event:
        *before, last = list(_parts(sounds)) or [[]]
        for part in before:
            read = await self._session.read(part, timeout_seconds=_AT_ONCE, most_digits=1)
            if read.digits or not read.timed_out:
                return await self._more_keys(read.digits, most, terminator, next_seconds)
        if most > 1:
            await self._set_key_times(first_seconds, next_seconds)
        asked_at = time.monotonic()
        # A single key ends by itself, so that none need be given up as a terminator.
        ends = "#" if most == 1 else terminator
        read = await self._session.read(
            last, timeout_seconds=first_seconds if most == 1 else None, most_digits=most, terminator=ends
        )
        if self._is_bounce(read.digits, most, asked_at):
            read = await self._session.read(last, timeout_seconds=first_seconds, most_digits=1)
        self._last_key, self._last_key_at = (read.digits if most == 1 else ""), time.monotonic()
        if not read.digits and read.timed_out:
            return Silent()
        ended = len(read.digits) < most and not read.timed_out
        return _told(read.digits, terminator, ended=ended)

    async def _more_keys(self, first: str, most: int, terminator: str, next_seconds: float) -> Event:
        """The keys after one that broke off what was said."""
        if not first or most == 1:
            return _told(first, terminator, ended=not first)
        read = await self._session.read(
            [], timeout_seconds=next_seconds, most_digits=most - 1, terminator=terminator
        )
        keys = first + read.digits
        return _told(keys, terminator, ended=len(keys) < most and not read.timed_out)

    def _is_bounce(self, digits: str, most: int, asked_at: float) -> bool:
        again = most == 1 and digits != "" and digits == self._last_key
        now = time.monotonic()
        return again and now - asked_at < _BOUNCE_SECONDS and now - self._last_key_at < _BOUNCE_SECONDS * 2

    async def _set_key_times(self, first_seconds: float, next_seconds: float) -> None:
        times = first_seconds, next_seconds
        if self._key_times != times:
            await self._session.set_key_times(*times)
            self._key_times = times

    async def _sounds(self, says: Sequence[Utterance]) -> list[str]:
        found: list[str] = []
        for utterance in says:
            try:
                found += await self._voice((utterance,), self._language)
            except Unspeakable as error:
                # The rest is said: a caller hears less, but never nothing.
                log.warning("flow.unspeakable", code=error.code, error=error.message, run=self._run)
        return found


def _told(keys: str, terminator: str, *, ended: bool) -> Event:
    """What was keyed. Where Asterisk ended the input at `#` and the flow has it as a key, it is one."""
    if ended and terminator == "" and keys == "":
        return Keyed(keys=_END_KEY)
    if keys and keys == terminator:
        return Keyed(keys="", terminated=True)
    return Keyed(keys=keys, terminated=ended)


def _parts(sounds: Sequence[str]) -> Iterator[list[str]]:
    """The sounds in as few commands as they fit into."""
    part: list[str] = []
    size = 0
    for sound in sounds:
        if part and size + len(sound) + 1 > _COMMAND_BYTES:
            yield part
            part, size = [], 0
        part.append(sound)
        size += len(sound) + 1
    if part:
        yield part
