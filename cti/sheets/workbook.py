"""The first sheet of an Excel workbook (Office Open XML) as a stream of rows.

What a cell shows is read, never what computes it. The file comes from outside, and a small archive can hold a
very large one: nothing is ever held whole, everything is counted, and no entity is ever defined.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Final
from xml.parsers import expat

from cti.sheets.cell_forms import CellForms
from cti.sheets.model import Format, Row, SheetFault, Table
from cti.sheets.shared_texts import SharedTexts, read_shared_texts
from cti.sheets.sheet_parser import SheetParser
from cti.sheets.xml_stream import XmlTooLarge, parse

#: Of one part of the archive, unpacked. A million rows of ten cells take half of it.
_MOST_BYTES: Final = 2 * 1024 * 1024 * 1024
_MOST_BYTES_OF_SMALL_PARTS: Final = 16 * 1024 * 1024
_MOST_PARTS: Final = 10_000
#: Excel's older format, and what it makes of a workbook with a password.
_OLD: Final = b"\xd0\xcf\x11\xe0"

#: What a damaged archive ends in.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    EOFError,
    LookupError,
    ArithmeticError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def is_workbook(head: bytes) -> bool:
    """Whether a file that begins so is an archive, as workbooks are.

    Raises:
        SheetFault: it is a workbook that cannot be read: of an old Excel, or with a password.
    """
    if head.startswith(_OLD):
        raise SheetFault("file.old_excel")
    return head.startswith(b"PK")


def open_workbook(file: IO[bytes], *, most_bytes: int = _MOST_BYTES) -> Table:
    """The table in the first sheet. The file must stay open while rows are read; of no part of it are more
    than ``most_bytes`` unpacked.

    Raises:
        SheetFault: it is no workbook, damaged, or too large; also while rows are read.
    """
    return Table(format=Format.EXCEL, rows=_told(file, most_bytes))


def _told(file: IO[bytes], most_bytes: int) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > _MOST_PARTS:
                raise SheetFault("file.too_large")
            yield from _rows(archive, most_bytes)
    except SheetFault:
        raise
    except XmlTooLarge:
        raise SheetFault("file.too_large") from None
    except _DAMAGE as error:
        raise SheetFault("file.damaged", reason=type(error).__name__) from None


def _rows(archive: zipfile.ZipFile, most_bytes: int) -> Iterator[Row]:
    book = _Book()
    _read_small(archive, "xl/workbook.xml", book.start)
    if book.first_sheet is None:
        raise SheetFault("file.empty")
    links = _Links()
    _read_small(archive, "xl/_rels/workbook.xml.rels", links.start)
    target = links.targets[book.first_sheet]
    sheet = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    forms = CellForms(since_1904=book.since_1904)
    names = set(archive.namelist())
    if "xl/styles.xml" in names:
        _read_small(archive, "xl/styles.xml", forms.start, forms.end)
    with SharedTexts() as texts:
        if "xl/sharedStrings.xml" in names:
            with archive.open("xl/sharedStrings.xml") as part:
                read_shared_texts(part, texts, most_bytes)
        parser = SheetParser(texts, forms)
        with archive.open(sheet) as part:
            for _ in parse(part, most_bytes, parser.start, parser.end, parser.text):
                yield from parser.take_rows()


def _read_small(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
) -> None:
    with archive.open(name) as part:
        for _ in parse(part, _MOST_BYTES_OF_SMALL_PARTS, start, end):
            """All that is wanted is taken by ``start`` and ``end``."""


class _Book:
    """What the book says of its sheets."""

    def __init__(self) -> None:
        self.first_sheet: str | None = None
        self.since_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self.since_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet" and self.first_sheet is None:
            # `r:id`, whatever stands for the namespace; `sheetId` is another thing.
            self.first_sheet = next((v for k, v in attributes.items() if k.endswith(":id")), "")


class _Links:
    """Where the parts of the book lie."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")
