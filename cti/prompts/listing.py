"""What there is of each prompt in each language: a recording, a synthetic sound, an outdated one, or none."""

from enum import StrEnum
from pathlib import Path

import msgspec

from cti.prompts import book, building, sound_files
from cti.prompts.book import entry, sound_path
from cti.prompts.building import Wanted
from cti.prompts.model import Origin, PromptTable


class State(StrEnum):
    """How it stands with the sound of a prompt in a language."""

    RECORDED = "recorded"
    SYNTHETIC = "synthetic"
    #: The text has changed since it was recorded.
    OUTDATED = "outdated"
    #: There is no file that can be played.
    MISSING = "missing"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt in one language. ``seconds`` is None when nothing can be played."""

    name: str
    language: str
    text: str
    state: State
    seconds: float | None
    #: When a recording was taken over, ISO 8601; None when that is not known, or it is synthetic.
    recorded_at: str | None
    #: There is a former recording, which can be taken back.
    restorable: bool


def listing(folder: Path, table: PromptTable) -> list[Listed]:
    """Every prompt in every language that it has, in the order of the table.

    Raises:
        BookBroken: the book cannot be read.
    """
    known = book.read(folder)
    return [_listed(folder, known, want) for want in building.wanted(table)]


def _listed(folder: Path, known: book.Book, want: Wanted) -> Listed:
    key = entry(want.name, want.language)
    sound = known.sounds.get(key)
    seconds = sound_files.playable_seconds(sound_path(folder, want.name, want.language))
    if seconds is None:
        state = State.MISSING
    elif sound is None:
        state = State.RECORDED  # just put in place; the next build notes it
    elif sound.origin is Origin.RECORDED:
        state = State.RECORDED if sound.mark == book.text_mark(want.text) else State.OUTDATED
    else:
        state = State.SYNTHETIC if sound.mark == want.mark else State.OUTDATED
    return Listed(
        name=want.name,
        language=want.language,
        text=want.text,
        state=state,
        seconds=None if seconds is None else round(seconds, 2),
        recorded_at=sound.recorded_at or None if sound is not None else None,
        restorable=key in known.kept,
    )
