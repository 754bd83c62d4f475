"""The folder of sounds and its book, which says which sound is a recording and of which text each was made.

``<folder>/<zh|en>/<prompt>.wav`` is what Asterisk plays; ``<folder>/book.json`` is the book. Several
processes write it (the service, `cti prompts`, `cti asterisk`), one after the other.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from cti.errors import CtiError
from cti.prompts.languages import ASTERISK_LANGUAGES
from cti.prompts.model import Sound

_BOOK: Final = "book.json"
_LOCK: Final = ".lock"


class BookBroken(CtiError):  # noqa: N818
    """The book of sounds cannot be read; the message names the file."""

    code = "prompts.book"


class Book(msgspec.Struct):
    """By ``<language>/<prompt>``; of ``kept`` are the recordings before the present ones."""

    sounds: dict[str, Sound] = {}
    kept: dict[str, Sound] = {}


def entry(name: str, language: str) -> str:
    """The name of a prompt's sound in the book."""
    return f"{language}/{name}"


def sound_path(folder: Path, name: str, language: str) -> Path:
    """Where the sound of a prompt lies. ``name`` is that of a prompt in the table."""
    return folder / ASTERISK_LANGUAGES[language] / f"{name}.wav"


def text_mark(text: str) -> str:
    """Of the text that a recording says."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def read(folder: Path) -> Book:
    """The book as it is; empty when there is none.

    Raises:
        BookBroken: it cannot be read.
    """
    path = folder / _BOOK
    try:
        return msgspec.json.decode(path.read_bytes(), type=Book)
    except FileNotFoundError:
        return Book()
    except (OSError, msgspec.MsgspecError) as error:
        raise BookBroken(f"{path}: {error}") from error


@contextlib.contextmanager
def changing(folder: Path) -> Iterator[Book]:
    """The book, alone; it is written at the end, and at once by :func:`write`. Waits for whoever has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        book = read(folder)
        yield book
        write(folder, book)


def write(folder: Path, book: Book) -> None:
    """Write the book; whoever reads it meanwhile sees the one or the other. Only within :func:`changing`."""
    half = folder / f"{_BOOK}.{os.getpid()}.part"
    half.write_bytes(msgspec.json.format(msgspec.json.encode(book, order="sorted"), indent=1))
    half.replace(folder / _BOOK)
