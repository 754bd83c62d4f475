"""Messages in a mailbox of Asterisk's voicemail, as its spool has them.

Asterisk records under a name of its own and gives a message its final one, text last, when it is complete. So
a message whose text is there is whole.
"""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

import msgspec

_TEXT: Final = ".txt"
_SOUND: Final = ".wav"
#: A message's text is some 300 bytes.
_LONGEST_TEXT: Final = 16_384


class SpooledMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message; ``stem`` is its path without ending, ``message_id`` is Asterisk's and comes once."""

    stem: Path
    message_id: str
    channel: str
    caller: str
    #: Epoch seconds.
    left_at: int
    seconds: int


def messages_in(folder: Path) -> list[SpooledMessage]:
    """The complete messages of a mailbox's folder, the first first; none when there is no such folder.

    Raises:
        OSError: it cannot be read.
    """
    if not folder.is_dir():
        return []
    found = []
    for text in sorted(folder.glob(f"msg[0-9][0-9][0-9][0-9]{_TEXT}")):
        with contextlib.suppress(FileNotFoundError):
            message = _message(text)
            if message is not None and text.with_suffix(_SOUND).is_file():
                found.append(message)
    return found


def keep_sound(message: SpooledMessage, target: Path) -> None:
    """Copies what was said; the target is there whole or not at all.

    Raises:
        OSError: it cannot be read or written.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = target.with_suffix(".part")
    shutil.copyfile(message.stem.with_suffix(_SOUND), beside)
    with beside.open("rb+") as copied:
        os.fsync(copied.fileno())
    beside.replace(target)


def take_away(message: SpooledMessage) -> None:
    """Takes a message out of its mailbox, its text first: without it Asterisk knows of none.

    Raises:
        OSError: it cannot be removed.
    """
    message.stem.with_suffix(_TEXT).unlink(missing_ok=True)
    for path in message.stem.parent.glob(f"{message.stem.name}.*"):
        path.unlink(missing_ok=True)


def _message(path: Path) -> SpooledMessage | None:
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = file.read(_LONGEST_TEXT).splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    message_id = "".join(c for c in values.get("msg_id", "") if c.isascii() and (c.isalnum() or c in "-_"))
    if not message_id:
        return None
    return SpooledMessage(
        stem=path.with_suffix(""),
        message_id=message_id[:64],
        channel=values.get("callerchan", "")[:80],
        caller=_number(values.get("callerid", "")),
        left_at=_whole(values.get("origtime", "")),
        seconds=_whole(values.get("duration", "")),
    )


def _number(caller: str) -> str:
    """The number in `"Name" <number>`, or a bare number; empty for anything else."""
    number = caller.rpartition("<")[2].rstrip(">").strip()
    return number if number.lstrip("+").isascii() and number.lstrip("+").isdecimal() else ""


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
