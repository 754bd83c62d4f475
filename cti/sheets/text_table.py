"""A table in a text file, as a stream: comma, semicolon, tab or bar between cells, which may be quoted."""

import contextlib
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import IO, Final

from cti.sheets.encoding import check_encoding, encoding_of
from cti.sheets.model import LONGEST_CELL, MOST_COLUMNS, Format, Row, RowFault, SheetFault, Table

#: Of two that divide the lines alike the first is meant.
DELIMITERS: Final = ("\t", ";", ",", "|")
#: A line without an end is read up to here.
_LONGEST_LINE: Final = 1_000_000
_LINES_LOOKED_AT: Final = 50
_LOOKED_AT: Final = 10_000
_SAMPLE: Final = 256 * 1024


def open_text(file: IO[bytes], *, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """The table in a text; encoding and delimiter are found out when they are not given.

    Raises:
        SheetFault: it is empty, or in no encoding that is known.
    """
    known = encoding_of(file) if encoding is None else check_encoding(file, encoding)
    sample = io.TextIOWrapper(io.BytesIO(file.read(_SAMPLE)), encoding=known, errors="ignore", newline="")
    file.seek(0)
    lines = [line[:_LOOKED_AT] for line in sample.read().splitlines() if line.strip()][:_LINES_LOOKED_AT]
    if not lines:
        raise SheetFault("file.empty")
    chosen = delimiter or delimiter_of(lines)
    return Table(
        format=Format.TEXT, encoding=known, delimiter=chosen, rows=_rows(file, known, delimiter=chosen)
    )


def delimiter_of(lines: list[str]) -> str:
    """What stands between the cells of these lines: what divides most of them into equally many, the more the
    better. A comma when there is but one column.
    """
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        counts = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter))
        width, alike = counts.most_common(1)[0]
        if width > 1 and alike * min(width, 50) > most:
            best, most = delimiter, alike * min(width, 50)
    return best


def _rows(file: IO[bytes], encoding: str, *, delimiter: str) -> Iterator[Row]:
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    line = 1
    try:
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield line, RowFault("row.quotes", {"until": str(reader.line_num)})
            else:
                yield line, _fault(cells) or cells
            line = reader.line_num + 1
    finally:
        # Whoever gives up before the end may have closed the file.
        with contextlib.suppress(ValueError):
            text.detach()


def _fault(cells: list[str]) -> RowFault | None:
    if len(cells) > MOST_COLUMNS:
        return RowFault("row.too_many_cells")
    if cells and len(max(cells, key=len)) > LONGEST_CELL:
        return RowFault("row.long_cell", {"limit": str(LONGEST_CELL)})
    return None


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise SheetFault("file.long_line", line=str(number))
        yield line
