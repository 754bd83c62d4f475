"""Rows of a table out of a sheet; what cannot be taken is named by line, column and reason. Pure."""

from typing import Final

import msgspec

from cti.http.row_problems import RowProblem
from cti.reference.cells import CellError, key_text, read_cell
from cti.reference.model import Row, Table
from cti.reference.sheet import Sheet, column_problems

MOST_ROWS: Final = 5_000


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What an import does to the rows that are there."""

    added: int
    changed: int
    same: int
    removed: int


def rows_of(table: Table, sheet: Sheet) -> tuple[dict[str, Row], list[RowProblem]]:
    """The rows by key, and all that is wrong. Columns that the sheet does not have are empty."""
    needed = [column.name for column in table.columns if column.required or column.name == table.key]
    allowed = [column.name for column in table.columns]
    problems = [*sheet.problems, *column_problems(sheet, needed, allowed)]
    found: dict[str, Row] = {}
    if problems:
        return found, problems
    lines: dict[str, int] = {}
    for given in sheet.rows:
        row: Row = {}
        wrong = []
        for column in table.columns:
            try:
                row[column.name] = read_cell(
                    column, given.cells.get(column.name), is_key=column.name == table.key
                )
            except CellError as error:
                wrong.append(
                    RowProblem(line=given.line, column=column.name, code=error.code, params=error.params)
                )
        key = key_text(row.get(table.key))
        if key in lines:
            params = {"value": key, "line": str(lines[key])}
            wrong.append(RowProblem(line=given.line, column=table.key, code="row.repeated", params=params))
        elif key:
            lines[key] = given.line
        problems += wrong
        if not wrong:
            found[key] = row
    return found, problems


def difference(before: dict[str, Row], rows: dict[str, Row], *, replace: bool) -> Difference:
    """What becomes of the rows; with ``replace`` those that are not in the file go."""
    return Difference(
        added=sum(key not in before for key in rows),
        changed=sum(key in before and before[key] != row for key, row in rows.items()),
        same=sum(before.get(key) == row for key, row in rows.items()),
        removed=sum(key not in rows for key in before) if replace else 0,
    )
