"""A table in a file, row by row as it is read."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from cti.errors import CtiError

#: Excel allows as many in a cell; more is no cell but an attack or a quote that never ends.
LONGEST_CELL: Final = 32_767
MOST_COLUMNS: Final = 200


class SheetFault(CtiError):  # noqa: N818
    """The file is no table that can be read; ``code`` is one of the catalogue of problems."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.fault = code
        self.params = params


class RowFault(msgspec.Struct, frozen=True):
    """Why a row could not be read; what stands before and after it can. ``code`` is a problem's."""

    code: str
    params: dict[str, str] = {}


#: Where it stands in the file (1 for the first line) and its cells, or why there are none. Numbers, dates and
#: truths of a workbook are texts as people write them.
Row = tuple[int, list[str] | RowFault]


class Format(StrEnum):
    """What kind of file it is."""

    TEXT = "text"
    EXCEL = "excel"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is read as ``rows`` are asked for. Encoding and delimiter are those of a text.

    Raises:
        SheetFault: on the way, when the file is damaged from there on.
    """

    format: Format
    encoding: str | None = None
    delimiter: str | None = None
    rows: Iterator[Row]
