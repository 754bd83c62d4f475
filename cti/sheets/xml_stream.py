"""XML of unknown origin read as a stream: nothing is held, no entity is defined, and it ends in time."""

from collections.abc import Callable, Iterator
from typing import IO, Final
from xml.parsers import expat

_PIECE: Final = 64 * 1024
#: Kept at hand; a workbook uses fewer.
_MOST_NAMES: Final = 1_000

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


class XmlTooLarge(ValueError):  # noqa: N818
    """It has more bytes than are read."""


def parse(
    part: IO[bytes],
    most_bytes: int,
    start: Start,
    end: End | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Tells of each element (by its name without namespace) and text; comes up for air every 64 KiB.

    Raises:
        XmlTooLarge: it has more than ``most_bytes``.
        expat.ExpatError: it is no XML.
        ValueError: it defines a document type.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    names: dict[str, str] = {}

    def local(name: str) -> str:
        known = name.rpartition(":")[2]
        if len(names) < _MOST_NAMES:
            names[name] = known
        return known

    def starts(name: str, attributes: dict[str, str]) -> None:
        start(names.get(name) or local(name), attributes)

    parser.StartElementHandler = starts
    if end is not None:
        parser.EndElementHandler = lambda name: end(names.get(name) or local(name))
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    read = 0
    while piece := part.read(_PIECE):
        read += len(piece)
        if read > most_bytes:
            raise XmlTooLarge
        parser.Parse(piece, False)
        yield
    parser.Parse(b"", True)
    yield


def _refuse(*_: object) -> None:
    raise ValueError("it defines a document type")
