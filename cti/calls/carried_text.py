"""What an event of the journal carries as JSON in one of its fields."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def read_carried(text: str | None, kind: type[T]) -> T | None:
    """What it says; None of a text that is not ours, such as a trace's, and where there is none."""
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        return None
