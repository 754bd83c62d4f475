"""Rows as PostgreSQL's COPY reads them in its text format. Pure."""

from collections.abc import Iterable
from typing import Final

_SPECIAL: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL: Final = "\\N"


def copy_row(values: Iterable[str | int | None]) -> str:
    """One row with its end; None is NULL. NUL cannot be in a text and is left out."""
    return "\t".join([_NULL if value is None else copy_value(value) for value in values]) + "\n"


def copy_value(value: str | int) -> str:
    """A value between two tabs."""
    if isinstance(value, int):
        return str(value)
    # Nearly all texts are printable and have no backslash; looking is cheaper than translating.
    if value.isprintable() and "\\" not in value:
        return value
    return value.replace("\x00", "").translate(_SPECIAL)


def text_array(texts: Iterable[str]) -> str:
    """A list of texts without quotes, backslashes, commas or braces, such as numbers in E.164."""
    return "{" + ",".join(texts) + "}"
