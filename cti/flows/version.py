"""Which text is which: a version is named by what the file says."""

import hashlib
from typing import Final

#: Hexadecimal digits of a version's name.
VERSION_DIGITS: Final = 12
VERSION_PATTERN: Final = rf"^[0-9a-f]{{{VERSION_DIGITS}}}$"


def version_of(text: str) -> str:
    """The name of a text; how lines end, and empty ones after the last, make no difference."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()[:VERSION_DIGITS]


def normalised(text: str) -> str:
    """The text as Unix writes it: no byte order mark, lines ended by LF, one at the end."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return lines.rstrip("\n") + "\n"
