"""In which encoding a text file is written: what its first bytes say, else what it can be read in."""

import codecs
from typing import IO, Final

from cti.sheets.model import SheetFault

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What spreadsheets write when nobody tells them: in most of the world, and in China.
_GUESSES: Final = ("utf-8", "gb18030")
#: That a person may choose.
ENCODINGS: Final = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "big5", "cp1252")
_PIECE: Final = 1024 * 1024


def encoding_of(file: IO[bytes]) -> str:
    """The encoding; the file stands at its beginning afterwards.

    Raises:
        SheetFault: it is none that is known, with the line of the first letter that is none in UTF-8.
    """
    head = file.read(4096)
    file.seek(0)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return check_encoding(file, name)
    wide = _wide(head)
    if wide is not None:
        return check_encoding(file, wide)
    first: SheetFault | None = None
    for name in _GUESSES:
        try:
            return check_encoding(file, name)
        except SheetFault as fault:
            first = first or fault
    raise SheetFault("file.encoding", line=first.params["line"] if first is not None else "1")


def check_encoding(file: IO[bytes], name: str) -> str:
    """The encoding when all of the file can be read in it.

    Raises:
        SheetFault: it cannot, with the line.
    """
    decoder = codecs.getincrementaldecoder(name)()
    line = 1
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            line += _decoded(decoder, piece, name, line).count("\n")
        _decoded(decoder, b"", name, line, final=True)
    finally:
        file.seek(0)
    return name


def _decoded(
    decoder: codecs.IncrementalDecoder, piece: bytes, name: str, line: int, *, final: bool = False
) -> str:
    try:
        return decoder.decode(piece, final)
    except UnicodeDecodeError as error:
        read = error.object[: error.start].decode(name.removesuffix("-sig"), "ignore")
        raise SheetFault("file.not_in_encoding", encoding=name, line=str(line + read.count("\n"))) from None


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of an ordinary text is zero."""
    pairs = len(head) // 2
    if pairs < 2:
        return None
    if head[1::2].count(0) > pairs * 0.4 and not head[0::2].count(0):
        return "utf-16-le"
    if head[0::2].count(0) > pairs * 0.4 and not head[1::2].count(0):
        return "utf-16-be"
    return None
