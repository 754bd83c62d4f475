"""A file of contacts, CSV or Excel, as names of columns and a stream of rows."""

from collections.abc import Iterator, Sequence
from typing import IO, Final

import msgspec

from cti.campaigns.model import FileOptions
from cti.customers.plain_numbers import plain_e164
from cti.sheets.encoding import ENCODINGS
from cti.sheets.model import Format, Row, SheetFault
from cti.sheets.text_table import DELIMITERS, open_text
from cti.sheets.workbook import is_workbook, open_workbook

_LONGEST_COLUMN: Final = 100
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class ContactFile(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out of a file, and its rows but the one with the names of the columns.

    Columns without a name are called as spreadsheets do: A, B, …
    """

    format: Format
    encoding: str | None
    delimiter: str | None
    header: bool
    columns: tuple[str, ...]
    rows: Iterator[Row]


def open_contact_file(file: IO[bytes], options: FileOptions) -> ContactFile:
    """The file, opened; it must stay open while rows are read.

    Raises:
        SheetFault: it cannot be read; also while rows are read.
    """
    head = file.read(8)
    file.seek(0)
    if is_workbook(head):
        table = open_workbook(file)
    else:
        _check(options)
        table = open_text(file, encoding=options.encoding, delimiter=options.delimiter)
    rows = (row for row in table.rows if not isinstance(row[1], list) or any(map(str.strip, row[1])))
    first = next(rows, None)
    if first is None:
        raise SheetFault("file.empty")
    line, cells = first
    if not isinstance(cells, list):
        raise SheetFault("file.no_columns", line=str(line))
    header = options.header
    if header is None:
        # A telephone number is no name of a column.
        header = not any(plain_e164(cell.strip(), options.region) for cell in cells)
    return ContactFile(
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header=header,
        columns=_names(cells if header else [""] * len(cells)),
        rows=rows if header else _and_then(first, rows),
    )


def _check(options: FileOptions) -> None:
    if options.encoding is not None and options.encoding not in ENCODINGS:
        raise SheetFault("file.unknown_encoding", allowed=", ".join(ENCODINGS))
    if options.delimiter is not None and options.delimiter not in DELIMITERS:
        raise SheetFault("file.unknown_delimiter")


def _and_then(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    """A name for each column, no two alike."""
    names: list[str] = []
    for place, cell in enumerate(cells):
        shown = "".join(letter if letter.isprintable() else " " for letter in cell)
        name = " ".join(shown.split())[:_LONGEST_COLUMN]
        if not name:
            name = _letters(place)
        if name in names:
            name = f"{name} ({_letters(place)})"
        names.append(name)
    return tuple(names)


def _letters(place: int) -> str:
    """As spreadsheets call a column: A for 0, AA for 26."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = _LETTERS[rest] + letters
    return letters
