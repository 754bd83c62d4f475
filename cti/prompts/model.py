"""Prompts as the table has them, and the sounds that stand for them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks a language when nobody has recorded it: a voice of espeak-ng and its speed."""

    name: str
    words_per_minute: int


class PromptTable(msgspec.Struct, frozen=True, kw_only=True):
    """All prompts: by name, the text in each language; and each language's voice."""

    prompts: Mapping[str, Mapping[str, str]]
    voices: Mapping[str, Voice]

    def texts(self, name: str) -> Mapping[str, str]:
        """The text of a prompt by language; empty when there is no such prompt."""
        return self.prompts.get(name, MappingProxyType({}))

    def known(self, name: str, language: str) -> bool:
        """Whether there is such a prompt in that language."""
        return language in self.texts(name)

    def names(self) -> list[str]:
        """The names of all prompts, in the order of the files."""
        return list(self.prompts)


class Origin(StrEnum):
    """Where a sound comes from."""

    SYNTHETIC = "synthetic"
    #: Spoken by a person.
    RECORDED = "recorded"


class Sound(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the book says of the sound of one prompt in one language."""

    origin: Origin
    #: Of the text that it says; of the voice too when it is synthetic.
    mark: str
    #: Of the file.
    digest: str
    seconds: float
    #: Digest of the file in whose place this synthetic one was put, should that not have come about.
    replaced: str = ""
    #: When a recording was taken over, ISO 8601 in UTC.
    recorded_at: str = ""


class Fate(StrEnum):
    """What becomes of the file of a prompt."""

    KEEP = "keep"
    #: Somebody put a recording there: noted, and never overwritten.
    ADOPT = "adopt"
    MAKE = "make"


def fate(sound: Sound | None, digest: str | None, mark: str) -> Fate:
    """What becomes of a file with ``digest`` (None: there is none) of a prompt of which the book says
    ``sound``; ``mark`` is that of a synthetic sound of now.
    """
    if digest is None:
        return Fate.MAKE
    if sound is None:
        return Fate.ADOPT
    if sound.digest == digest:
        return Fate.KEEP if sound.origin is Origin.RECORDED or sound.mark == mark else Fate.MAKE
    return Fate.MAKE if sound.replaced == digest else Fate.ADOPT
