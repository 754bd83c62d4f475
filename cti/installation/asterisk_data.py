"""Asterisk's data folder: what the package brings (documentation, English core sounds) and our own prompts.

It is made of links to the package's files, so that it costs nothing and follows an upgrade; our prompts lie
in ``sounds/<language>/cti``, and the digits, where the package has none, in ``sounds/<language>/digits``. As
``sounds/cti-<language>`` a prompt can be played whatever the language of the channel is. Whoever waits in a
queue for too short a time to be told his place has the language ``<language>_waiting``: there it is silent.
"""

import wave
from pathlib import Path

from cti.installation.asterisk_plan import AsteriskPlan

#: Where packages keep Asterisk's data: the first that has the documentation, which modules need to load.
_PLACES = ("usr/share/asterisk", "var/lib/asterisk", "usr/local/share/asterisk")
_ENGLISH = ("en_US_f_Allison", "en_US", "en")
#: What a queue says of a place, beside the number (`asterisk_conf/queues.conf`).
_PLACE = ("queue-place", "queue-in-line")
_RATE = 8_000


def link_data(plan: AsteriskPlan, sounds: Path) -> None:
    """Fill the data folder of ``plan``; ``sounds`` has a folder ``zh`` and a folder ``en``."""
    data = plan.home / "data"
    source = next(
        (place for name in _PLACES if (place := plan.program_root / name / "documentation").is_dir()), None
    )
    english: set[str] = set()
    if source is not None:
        _link(data / "documentation", source)
        for language in _ENGLISH:
            brought = source.parent / "sounds" / language
            if brought.is_dir():
                english = {entry.name for entry in brought.iterdir()}
                for entry in brought.iterdir():
                    _link(data / "sounds" / "en" / entry.name, entry)
                break
    for language in ("zh", "en"):
        folder = data / "sounds" / language
        folder.mkdir(parents=True, exist_ok=True)
        _link(folder / "cti", sounds / language)
        _link(data / "sounds" / f"cti-{language}", sounds / language)
        if language != "en" or "digits" not in english:
            _link(folder / "digits", sounds / language / "digits")
        _silence(data / "sounds", language)


def _silence(sounds: Path, language: str) -> None:
    """A place in a queue is said by nothing in the variant for those who wait."""
    silent = sounds / "silent.wav"
    with wave.open(str(silent), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(bytes(2 * _RATE // 50))
    variant = sounds / f"{language}_waiting"
    for name in _PLACE:
        _link(variant / "cti" / f"{name}.wav", silent)
    # (None where no prompt has been made yet: then there is nothing to silence.)
    for digit in (sounds / language / "digits").glob("*"):
        _link(variant / "digits" / f"{digit.stem}.wav", silent)


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        if link.readlink() == target:
            return
        link.unlink()
    if not link.exists():
        link.symlink_to(target)
