"""A table in a text file: a line with the names of the columns, then rows. Pure.

Comma, semicolon or tab stand between the cells, whichever the first line has most of; cells may be quoted.
"""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from cti.http.row_problems import RowProblem

_DELIMITERS: Final = ",;\t"
#: What a spreadsheet takes for the beginning of a formula; also as Chinese keyboards write it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_LONGEST_CELL: Final = 10_000


class SheetUnreadable(ValueError):  # noqa: N818
    """It is no table; the message says why."""


class Row(msgspec.Struct, frozen=True):
    """One row: its line in the file (1 for the first) and its cells by column."""

    line: int
    cells: dict[str, str]


class Sheet(msgspec.Struct, frozen=True):
    """The names of the columns as they stand in the file, and the rows that are not empty."""

    columns: tuple[str, ...]
    rows: list[Row]
    problems: list[RowProblem]


def csv_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of a text: where each begins (1 for the first) and its cells.

    Raises:
        SheetUnreadable: on the way, for quotes that do not close.
    """
    text = text.removeprefix("\ufeff").replace("\x00", "")
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [unguarded(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise SheetUnreadable(str(error)) from None


def read_csv(text: str, *, most_rows: int) -> Sheet:
    """The table in a text.

    Raises:
        SheetUnreadable: it has no line with columns, or quotes that do not close.
    """
    return make_sheet(list(islice(csv_lines(text), most_rows + 2)), most_rows=most_rows)


def decoded(content: bytes) -> str:
    """Text as UTF-8, or as spreadsheets in China write it.

    Raises:
        SheetUnreadable: it is neither.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetUnreadable("its text is neither UTF-8 nor GB 18030")


def make_sheet(lines: list[tuple[int, list[str]]], *, most_rows: int) -> Sheet:
    """The table in lines of cells.

    Raises:
        SheetUnreadable: there is no line with columns.
    """
    lines = [(line, cells) for line, cells in lines if any(map(str.strip, cells))]
    if not lines:
        raise SheetUnreadable("it is empty")
    head_line, head = lines[0]
    columns = [cell.strip().lower() for cell in head]
    while columns and not columns[-1]:
        columns.pop()
    problems = [
        RowProblem(line=head_line, column=name, code="row.column_repeated")
        for place, name in enumerate(columns)
        if name in columns[:place]
    ]
    rows = []
    for line, cells in lines[1 : most_rows + 1]:
        if any(map(str.strip, cells[len(columns) :])):
            problems.append(RowProblem(line=line, column="", code="row.too_many_cells"))
        given = dict(zip(columns, cells, strict=False))
        for name, cell in given.items():
            if len(cell) > _LONGEST_CELL:
                problems.append(
                    RowProblem(
                        line=line, column=name, code="field.too_long", params={"limit": str(_LONGEST_CELL)}
                    )
                )
        rows.append(Row(line, {name: cell.strip() for name, cell in given.items()}))
    if len(lines) > most_rows + 1:
        problems.append(
            RowProblem(
                line=lines[most_rows + 1][0], column="", code="row.too_many", params={"limit": str(most_rows)}
            )
        )
    return Sheet(tuple(columns), rows, problems)


def column_problems(sheet: Sheet, needed: Collection[str], allowed: Collection[str]) -> list[RowProblem]:
    """The columns that are missing or not known."""
    missing = [
        RowProblem(line=1, column=name, code="row.column_missing")
        for name in needed
        if name not in sheet.columns
    ]
    unknown = [
        RowProblem(line=1, column=name[:100], code="row.column_unknown")
        for name in sheet.columns
        if name not in allowed
    ]
    return missing + unknown


def write_csv(columns: list[str], rows: list[list[str | float]]) -> str:
    """The text of a table, as `write_rows` writes it."""
    return write_rows([columns, *rows])


def write_rows(rows: Iterable[Sequence[str | float]]) -> str:
    """The text of some rows; no cell of it is a formula to a spreadsheet. Numbers are written as they are."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([[guarded(c) if isinstance(c, str) else c for c in row] for row in rows])
    return out.getvalue()


def guarded(text: str) -> str:
    """The text with an apostrophe before what would be a formula."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text
