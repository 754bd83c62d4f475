"""What callers hear: spoken prompts made of ``ivr_flows/prompts.toml`` by espeak-ng, and music on hold.

A file that is already there is kept when its text has not changed or when somebody recorded it, so real
recordings replace the synthetic voice by being put in their place.
"""

import asyncio
import hashlib
import json
import math
import os
import sys
import tempfile
import tomllib
import wave
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cti.errors import CtiError

TABLE = Path(__file__).resolve().parents[2] / "ivr_flows" / "prompts.toml"
RATE = 8000
#: Notes of the music on hold in Hz, half a second each.
_MELODY = (392, 440, 494, 587, 494, 440, 392, 330, 294, 330, 392, 494, 440, 392, 330, 294)


class PromptFailed(CtiError):  # noqa: N818
    """A prompt could not be made: are espeak-ng and sox installed?"""

    code = "installation.prompt"


async def build(folder: Path, table: Path = TABLE) -> int:
    """Make every missing or outdated prompt below ``folder``/<language>; how many were made.

    Raises:
        PromptFailed: naming the prompt and what the program said.
    """
    content = _table(table)
    languages, prompts = content["languages"], content["prompts"]
    wanted: dict[str, tuple[str, Mapping[str, Any]]] = {
        f"{languages[language]['folder']}/{prompt}": (text, languages[language])
        for prompt, texts in prompts.items()
        for language, text in texts.items()
        if language in languages
    }
    made = _made(folder)
    outdated = [
        name for name, (text, how) in wanted.items() if _outdated(folder, name, _mark(text, how), made)
    ]
    gate = asyncio.Semaphore(os.cpu_count() or 1)

    async def make(name: str) -> None:
        text, how = wanted[name]
        async with gate:
            await _speak(text, how, folder / f"{name}.wav")
        made[name] = _mark(text, how)

    async with asyncio.TaskGroup() as group:
        for name in outdated:
            group.create_task(make(name))
    if outdated:
        _note(folder, made)
    return len(outdated)


def build_music(folder: Path) -> None:
    """Make the music on hold, a quiet melody of our own, when there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "melody.wav"
    if any(folder.iterdir()):
        return
    samples = array("h")
    for note in _MELODY * 2:
        for index in range(RATE // 2):
            fade = math.exp(-4 * index / RATE) * min(index / 80, 1.0)
            samples.append(int(3500 * fade * math.sin(2 * math.pi * note * index / RATE)))
    with wave.open(str(target), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())


def _table(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _made(folder: Path) -> dict[str, str]:
    state = folder / "made.json"
    return json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}


def _note(folder: Path, made: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f"made.{os.getpid()}.part"
    half.write_text(json.dumps(made, indent=1, sort_keys=True), encoding="utf-8")
    half.replace(folder / "made.json")  # whoever reads it meanwhile sees the one or the other


def _mark(text: str, how: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"{how['voice']}|{how['words_per_minute']}|{text}".encode()).hexdigest()[:16]


def _outdated(folder: Path, name: str, mark: str, made: Mapping[str, str]) -> bool:
    if not (folder / f"{name}.wav").exists():
        return True
    return name in made and made[name] != mark


async def _speak(text: str, how: Mapping[str, Any], target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="cti-prompt-") as folder:
        spoken, ready = Path(folder) / "spoken.wav", Path(folder) / "ready.wav"
        await _run(
            "espeak-ng",
            "-v",
            str(how["voice"]),
            "-s",
            str(how["words_per_minute"]),
            "-w",
            str(spoken),
            "--",
            text,
        )
        await _run(
            "sox",
            str(spoken),
            "-r",
            str(RATE),
            "-c",
            "1",
            "-b",
            "16",
            str(ready),
            "norm",
            "-6",
            "pad",
            "0.1",
            "0.2",
        )
        _place(ready, target)


def _place(ready: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(".part")
    half.write_bytes(ready.read_bytes())
    half.replace(target)


async def _run(*command: str) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise PromptFailed(f"{command[0]} is not installed; `make setup` installs it") from error
    output, _ = await process.communicate()
    if process.returncode:
        raise PromptFailed(f"{' '.join(command[:3])}: {output.decode(errors='replace').strip()[-300:]}")


if __name__ == "__main__":
    try:
        count = asyncio.run(build(Path(sys.argv[1])))
    except* PromptFailed as group:
        sys.exit(str(group.exceptions[0]))
    if count:
        sys.stderr.write(f"{count} prompts made\n")
