"""A table's columns as a request gives them, and the rows that are there made to fit others. Pure."""

from collections.abc import Mapping, Sequence

from cti.http.problems import FieldError, Problem
from cti.reference.cells import CellError, key_text, read_cell
from cti.reference.model import Column, Row, Table
from cti.reference.shapes import ColumnChange, ColumnPart, column_of


def columns_of(parts: Sequence[ColumnPart]) -> tuple[Column, ...]:
    """The columns that a request describes.

    Raises:
        Problem: `request.invalid`, with the columns of which there are two.
    """
    names = [part.name for part in parts]
    wrong = [
        FieldError(code="row.column_repeated", pointer=f"/columns/{place}/name", params={"column": name})
        for place, name in enumerate(names)
        if name in names[:place]
    ]
    if wrong:
        raise Problem("request.invalid", errors=wrong)
    return tuple(map(column_of, parts))


def sources(parts: Sequence[ColumnChange], before: Table) -> dict[str, str]:
    """The former name of each column that has one: where its cells are.

    Raises:
        Problem: `request.invalid`, with what was no column or shall become two.
    """
    taken = [part.was for part in parts if part.was is not None]
    wrong = []
    for place, part in enumerate(parts):
        if part.was is None:
            continue
        params = {"column": part.was}
        if before.column(part.was) is None:
            wrong.append(
                FieldError(code="row.column_unknown", pointer=f"/columns/{place}/was", params=params)
            )
        elif taken.count(part.was) > 1:
            wrong.append(
                FieldError(code="row.column_repeated", pointer=f"/columns/{place}/was", params=params)
            )
    if wrong:
        raise Problem("request.invalid", errors=wrong)
    stay = {part.name: part.name for part in parts if part.was is None and part.name not in taken}
    return stay | {part.name: part.was for part in parts if part.was is not None}


def fitted(
    rows: Mapping[str, Row], columns: Sequence[Column], before: Table, places: Mapping[str, str]
) -> dict[str, Row]:
    """The rows with other columns, each cell from where it was.

    Raises:
        Problem: `table.rows_do_not_fit`.
    """
    others = {}
    for key, row in rows.items():
        other: Row = {}
        for column in columns:
            try:
                cell = row.get(places.get(column.name, ""))
                other[column.name] = read_cell(column, cell, is_key=column.name == before.key)
            except CellError:
                raise Problem("table.rows_do_not_fit", column=column.name, key=key) from None
        if key_text(other[before.key]) != key:
            raise Problem("table.rows_do_not_fit", column=before.key, key=key)
        others[key] = other
    return others
