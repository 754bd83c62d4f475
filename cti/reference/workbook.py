"""The first sheet of an Excel workbook as lines of cells, all at once: tables are small."""

import io
from collections.abc import Iterator
from itertools import islice
from typing import Final

from cti.reference.sheet import SheetUnreadable
from cti.sheets.model import RowFault, SheetFault
from cti.sheets.workbook import open_workbook

#: Of the sheet, unpacked.
_MOST_BYTES: Final = 32 * 1024 * 1024
_WHY: Final = {
    "file.too_large": "it is too large",
    "file.empty": "it has no sheet",
    "row.too_many_cells": "it has too many columns",
    "row.long_cell": "a cell is too long",
}

Line = tuple[int, list[str]]


def read_workbook(content: bytes, *, most_rows: int) -> list[Line]:
    """The rows of the first sheet with their numbers in it, as they show; ``most_rows`` and two more at most.

    Raises:
        SheetUnreadable: it is no workbook, or too large.
    """
    try:
        return list(islice(_lines(content), most_rows + 2))
    except SheetFault as fault:
        reason = fault.params.get("reason", "")
        raise SheetUnreadable(_WHY.get(fault.fault, f"no Excel workbook ({reason})")) from None


def _lines(content: bytes) -> Iterator[Line]:
    for line, cells in open_workbook(io.BytesIO(content), most_bytes=_MOST_BYTES).rows:
        if isinstance(cells, RowFault):
            raise SheetUnreadable(_WHY[cells.code])
        yield line, cells
