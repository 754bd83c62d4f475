"""What a caller chose in a menu, with the words that the flow has for it."""

import json

import msgspec

from cti.calls.carried_text import read_carried


class ChoiceWords(msgspec.Struct, frozen=True, kw_only=True):
    """What the menu and the choice are called, by language; empty: as they are."""

    title: dict[str, str] = {}
    label: dict[str, str] = {}


class MenuChoice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A caller's choice in a menu; ``words`` is what `write_words` made, None when there are none."""

    menu: str
    choice: str
    at: float
    words: str | None = None


def write_words(words: ChoiceWords) -> str:
    """The words as they stand in an event of the journal; empty when there are none."""
    # In ASCII: an event holds no control characters, of which Unicode has more.
    return json.dumps(msgspec.to_builtins(words)) if words.title or words.label else ""


def read_words(text: str | None) -> ChoiceWords:
    """The words; none of a text that is not ours, such as a trace's."""
    return read_carried(text, ChoiceWords) or ChoiceWords()
