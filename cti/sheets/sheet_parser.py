"""Rows of a sheet, as its XML goes by. Pure."""

import re
from typing import Final, Protocol

from cti.sheets.model import LONGEST_CELL, MOST_COLUMNS, Row, RowFault

_LETTERS: Final = re.compile(r"([A-Z]{1,3})[0-9]*", re.ASCII)
_TRUTHS: Final = {"1": "true", "0": "false"}


class Texts(Protocol):
    """The texts that cells share."""

    def __getitem__(self, place: int) -> str:
        """One of them. Raises LookupError."""


class Forms(Protocol):
    """What numbers stand for."""

    def text_of(self, written: str, style: str | None) -> str:
        """A number as people write it. Raises ValueError."""


class SheetParser:
    """Gets the elements of a sheet one by one; `take_rows` gives the rows that ended meanwhile."""

    def __init__(self, texts: Texts, forms: Forms) -> None:
        self._texts = texts
        self._forms = forms
        self._rows: list[Row] = []
        self._line = 0
        self._cells: list[str] = []
        self._fault: RowFault | None = None
        self._place = 0
        self._kind = "n"
        self._style: str | None = None
        self._pieces: list[str] = []
        self._length = 0
        self._takes = False
        self._aloud = False
        self._places: dict[str, int] = {}

    def take_rows(self) -> list[Row]:
        """The rows that have ended since it was asked last, but those without any cell."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name == "c":
            self._place = self._column(attributes.get("r"), len(self._cells))
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s")
            self._pieces.clear()
            self._length = 0
        elif name == "v":
            self._takes = True
        elif name == "t":
            self._takes = not self._aloud
        elif name == "row":
            # A row that nobody numbered follows the one before.
            given = attributes.get("r", "")
            self._line = int(given) if given.isdecimal() and len(given) < 8 else self._line + 1
            self._cells = []
            self._fault = None
        elif name == "rPh":
            self._aloud = True

    def text(self, text: str) -> None:
        """A piece of a text."""
        # One letter more than fits shows that it is too long.
        if self._takes and self._length <= LONGEST_CELL:
            self._pieces.append(text[: LONGEST_CELL + 1])
            self._length += len(text)

    def end(self, name: str) -> None:
        """An element ends."""
        if name in ("v", "t"):
            self._takes = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            if self._cells or self._fault:
                self._rows.append((self._line, self._fault or self._cells))
        elif name == "rPh":
            self._aloud = False

    def _end_cell(self) -> None:
        if self._place >= MOST_COLUMNS:
            if self._pieces:
                self._fault = RowFault("row.too_many_cells")
            return
        text = self._shown("".join(self._pieces)) if self._pieces else ""
        if len(text) > LONGEST_CELL:
            self._fault = RowFault("row.long_cell", {"limit": str(LONGEST_CELL)})
            return
        cells = self._cells
        if self._place == len(cells):
            cells.append(text)
        else:
            cells += [""] * (self._place + 1 - len(cells))
            cells[self._place] = text

    def _shown(self, text: str) -> str:
        kind = self._kind
        if kind == "s":
            return self._texts[int(text)]
        if kind == "n":
            return self._forms.text_of(text, self._style)
        if kind == "b":
            return _TRUTHS.get(text, text)
        # What a formula could not compute is no value.
        return "" if kind == "e" else text

    def _column(self, reference: str | None, following: int) -> int:
        """The column's place, 0 for A."""
        if reference is None:
            return following
        letters = reference.rstrip("0123456789")
        known = self._places.get(letters)
        if known is None:
            match = _LETTERS.fullmatch(letters)
            if match is None:
                return following
            known = 0
            for letter in match[1]:
                known = known * 26 + ord(letter) - ord("A") + 1
            known -= 1
            self._places[letters] = known
        return known
