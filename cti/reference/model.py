"""A table that an admin keeps and flows look things up in."""

from enum import StrEnum

import msgspec

Cell = str | int | float | bool | None


class ColumnType(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    #: An amount with at most two decimals.
    MONEY = "money"
    #: `2026-12-31`
    DATE = "date"
    #: `09:30`
    TIME = "time"
    #: Kept as keyed, zeros in front included: a code, a telephone number.
    DIGITS = "digits"
    YES_NO = "yes_no"
    #: The name of a prompt.
    PROMPT = "prompt"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column; flows call its cells by ``name``. Cells of one that is not required may be empty."""

    name: str
    type: ColumnType
    title_zh: str
    title_en: str
    required: bool = False


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table. ``key`` is the column by which rows are looked up, each by a value of its own.

    ``version`` grows with every change.
    """

    id: int
    name: str
    title_zh: str
    title_en: str
    columns: tuple[Column, ...]
    key: str
    version: int

    def column(self, name: str) -> Column | None:
        """The column of a name."""
        return next((column for column in self.columns if column.name == name), None)


#: One row: its cells by column. What is empty is None.
Row = dict[str, Cell]
