"""Reference tables as the API takes and gives them."""

from typing import Annotated

import msgspec
from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from cti.http.row_problems import RowProblemView
from cti.http.shapes import Body, Instant, Line, PageQuery, PlainText, Query, instant
from cti.reference.cells import LONGEST_KEY
from cti.reference.model import Cell, Column, ColumnType, Row, Table
from cti.reference.rows_import import Difference
from cti.reference.store import LastImport

TableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=64)]
ColumnName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
RowKey = Annotated[PlainText, Field(min_length=1, max_length=LONGEST_KEY)]


class ColumnPart(Body):
    """One column; flows call its cells by ``name``."""

    name: ColumnName
    type: ColumnType = Field(strict=False)
    title_zh: Line
    title_en: Line
    required: bool = False


class ColumnChange(ColumnPart):
    """A column as it shall be; ``was`` is the name under which its cells stand until now, if another."""

    was: ColumnName | None = None


class TableChange(Body):
    """All of a table but its name, key and rows. Cells of a column that is not here any more are gone."""

    title_zh: Line
    title_en: Line
    columns: Annotated[list[ColumnChange], Field(min_length=1, max_length=40)]


class NewTable(Body):
    """A table to add; ``key`` is the column by which rows are looked up."""

    name: TableName
    key: ColumnName
    title_zh: Line
    title_en: Line
    columns: Annotated[list[ColumnPart], Field(min_length=1, max_length=40)]


class RowChange(Body):
    """A row; cells that are absent are empty."""

    cells: dict[ColumnName, StrictStr | StrictBool | StrictInt | StrictFloat | None]


class RowsQuery(PageQuery):
    """Which rows: those in which some text stands; all without."""

    q: str | None = Field(None, max_length=100)


class ImportQuery(Query):
    """Without ``apply`` the file is only looked at; with ``replace`` rows that are not in it go."""

    apply: bool = False
    replace: bool = False


class ColumnView(msgspec.Struct, frozen=True, kw_only=True):
    """One column."""

    name: str
    type: ColumnType
    title_zh: str
    title_en: str
    required: bool


class LastImportView(msgspec.Struct, frozen=True, kw_only=True):
    """When the table was filled from a file last, and whether that can be undone."""

    at: Instant
    can_undo: bool


class TableView(msgspec.Struct, frozen=True, kw_only=True):
    """A table; ``last_import`` is given with one table alone."""

    id: int
    name: str
    title_zh: str
    title_en: str
    columns: list[ColumnView]
    key: str
    rows: int
    last_import: LastImportView | None = None


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """One row; what is empty is null."""

    key: str
    cells: dict[str, Cell]


class RowsImported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import does, or with ``applied`` has done; ``rows`` are the first of them."""

    applied: bool
    difference: Difference
    rows: list[RowView]
    problems: list[RowProblemView]


def column_of(part: ColumnPart) -> Column:
    """The column that a request describes."""
    return Column(
        name=part.name,
        type=part.type,
        title_zh=part.title_zh,
        title_en=part.title_en,
        required=part.required,
    )


def table_view(table: Table, rows: int, imported: LastImport | None = None) -> TableView:
    """The table as it is given."""
    return TableView(
        id=table.id,
        name=table.name,
        title_zh=table.title_zh,
        title_en=table.title_en,
        columns=[ColumnView(**msgspec.structs.asdict(column)) for column in table.columns],
        key=table.key,
        rows=rows,
        last_import=None
        if imported is None
        else LastImportView(at=instant(imported.at.timestamp()), can_undo=imported.can_undo),
    )


def row_view(table: Table, key: str, row: Row) -> RowView:
    """The row as it is given, with all columns of its table."""
    return RowView(key=key, cells={column.name: row.get(column.name) for column in table.columns})
