"""Names out of data, spoken by the synthetic voice when they are needed.

What was made is kept for a while, since the same customer calls again; not longer, since it is personal data.
"""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from cti.errors import CtiError
from cti.prompts import samples, speech, synthesis
from cti.prompts.book import sound_path
from cti.prompts.model import Voice

log = structlog.get_logger(__name__)

#: Names that wait to be spoken; a further one is not spoken at all.
_MOST_WAITING: Final = 32
_MAKING_SECONDS: Final = 5.0
_BETWEEN_CLEARINGS_SECONDS: Final = 300.0
#: Chinese characters, which an English voice spells and a Chinese one reads; and the other way round.
_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class NameSpeaker:
    """Makes the sounds of names below ``folder``; an async context manager.

    A name is there ``longest_wait_seconds`` after it was asked for, or not at all this time. While `run`
    runs, at most ``most`` are kept, each ``keep_seconds``, give or take a few minutes.
    """

    def __init__(
        self,
        folder: Path,
        voices: Mapping[str, Voice],
        *,
        longest_wait_seconds: float = 1.5,
        most: int = 2000,
        keep_seconds: float = 24 * 3600.0,
    ) -> None:
        self._folder = folder
        self._voices = voices
        self._longest_wait_seconds = longest_wait_seconds
        self._most = most
        self._keep_seconds = keep_seconds
        self._gate = asyncio.Semaphore(os.cpu_count() or 1)
        self._making: dict[Path, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._making.values():
            task.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    async def ready(self, name: str, language: str) -> bool:
        """Whether `speech.said` of a name can be played; made when it is not there yet."""
        text = speech.sayable(name)
        if not text:
            return False
        path = sound_path(self._folder, speech.said(text, language), language)
        if path.exists():
            return True
        task = self._making.get(path)
        if task is None:
            if len(self._making) >= _MOST_WAITING:
                log.warning("A name is not spoken: too many wait")
                return False
            task = asyncio.get_running_loop().create_task(self._make(text, path), name="speak a name")
            self._making[path] = task
            task.add_done_callback(lambda _: self._making.pop(path, None))
        with contextlib.suppress(TimeoutError):
            # Whoever is late finds it ready the next time.
            await asyncio.wait_for(asyncio.shield(task), self._longest_wait_seconds)
        return path.exists()

    async def run(self) -> None:
        """Remove what is too old, again and again."""
        while True:
            await self._clear()
            await asyncio.sleep(_BETWEEN_CLEARINGS_SECONDS)

    async def _make(self, text: str, path: Path) -> None:
        voice = self._voices["zh-CN" if _HAN.search(text) else "en"]
        try:
            async with self._gate:
                await synthesis.speak(text, voice, samples.WORD, path, seconds=_MAKING_SECONDS)
        except (CtiError, OSError) as error:
            log.warning("A name is not spoken", error=str(error)[:200])

    async def _clear(self) -> None:
        try:
            await asyncio.to_thread(clear, self._folder, most=self._most, keep_seconds=self._keep_seconds)
        except OSError as error:
            log.warning("Spoken names are not removed", error=str(error)[:200])


def clear(folder: Path, *, most: int, keep_seconds: float) -> None:
    """Remove names that are too old, and the oldest when there are more than ``most``."""
    now = time.time()
    kept = []
    for path in folder.glob("*/said/*"):
        with contextlib.suppress(FileNotFoundError):
            kept.append((path.stat().st_mtime, path))
    kept.sort(reverse=True)
    for position, (made_at, path) in enumerate(kept):
        if position >= most or now - made_at > keep_seconds:
            path.unlink(missing_ok=True)
