"""Reference tables over HTTP: an admin keeps them, a supervisor reads them, flows have them at once."""

import asyncio
from typing import Final

import structlog
from aiohttp import web

from cti.http.downloads import csv_download
from cti.http.keys import ENGINE
from cti.http.language import reader_language
from cti.http.principal import Principal, Role
from cti.http.problems import FieldError, Problem
from cti.http.routing import Routes, Upload
from cti.http.row_problems import MOST_TOLD, refusal, view_of
from cti.http.shapes import Id, Items, Page, decode_cursor, encode_cursor
from cti.reference import store
from cti.reference.book import BOOK
from cti.reference.cells import CellError, key_text, read_cell
from cti.reference.columns import columns_of, fitted, sources
from cti.reference.model import Row, Table
from cti.reference.rows_import import MOST_ROWS, difference, rows_of
from cti.reference.shapes import (
    ImportQuery,
    NewTable,
    RowChange,
    RowKey,
    RowsImported,
    RowsQuery,
    RowView,
    TableChange,
    TableView,
    row_view,
    table_view,
)
from cti.reference.sheet import Sheet, SheetUnreadable, decoded, make_sheet, read_csv, write_csv
from cti.reference.workbook import read_workbook

log = structlog.get_logger(__name__)
routes = Routes(tag="tables")

ADMIN = (Role.ADMIN,)
READERS = (Role.SUPERVISOR, Role.ADMIN)
_MOST_TABLES: Final = 100
_ROWS_SHOWN: Final = 20
_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILE: Final = Upload(media_types=("text/csv", _EXCEL), most_bytes=4 * 1024 * 1024)


@routes.get("/api/v1/tables", roles=READERS, summary="List tables")
async def list_tables(request: web.Request) -> Items[TableView]:
    """All of them, by name, with how many rows each has."""
    async with request.app[ENGINE].connect() as connection:
        return Items(items=[table_view(*one) for one in await store.list_tables(connection)])


@routes.post("/api/v1/tables", roles=ADMIN, status=201, summary="Add a table")
async def create_table(request: web.Request, principal: Principal, body: NewTable) -> TableView:
    """Flows look things up in it by its name and a row's key."""
    columns = columns_of(body.columns)
    if body.key not in {column.name for column in columns}:
        raise Problem("request.invalid", errors=[FieldError(code="row.column_missing", pointer="/key",
                                                            params={"column": body.key})])  # fmt: skip
    values = {**body.model_dump(include={"name", "title_zh", "title_en", "key"}), "columns": columns}
    async with request.app[ENGINE].begin() as connection:
        if len(await store.list_tables(connection)) >= _MOST_TABLES:
            raise Problem("table.too_many", limit=_MOST_TABLES)
        table = await store.create_table(connection, values, user_id=principal.user_id)
    await request.app[BOOK].memory.refresh()
    log.info("table.created", table=table.name, by=principal.key)
    return table_view(table, 0)


@routes.get("/api/v1/tables/{table_id}", roles=READERS, summary="Read a table")
async def read_table(request: web.Request, table_id: Id) -> TableView:
    """Its columns, and whether its last import can be undone; its rows have an address of their own."""
    async with request.app[ENGINE].connect() as connection:
        table = await store.read_table(connection, table_id)
        rows = (await store.read_rows(connection, [table_id]))[table_id]
        return table_view(table, len(rows), await store.last_import(connection, table))


@routes.put("/api/v1/tables/{table_id}", roles=ADMIN, summary="Change a table")
async def change_table(
    request: web.Request, principal: Principal, table_id: Id, body: TableChange
) -> TableView:
    """Its titles and columns; the rows that are there must fit. With ``was`` a column takes cells along."""
    columns = columns_of(body.columns)
    async with request.app[ENGINE].begin() as connection:
        before = await store.read_table(connection, table_id, lock=True)
        rows = (await store.read_rows(connection, [table_id]))[table_id]
        if before.key not in {column.name for column in columns}:
            raise Problem("table.key_stays", column=before.key)
        others = fitted(rows, columns, before, sources(body.columns, before))
        values = {"title_zh": body.title_zh, "title_en": body.title_en, "columns": columns}
        table = await store.touch(connection, table_id, principal.user_id, values)
        await store.write_rows(connection, table_id, others, replace=True)
    await request.app[BOOK].memory.refresh()
    log.info("table.changed", table=table.name, by=principal.key)
    return table_view(table, len(rows))


@routes.delete("/api/v1/tables/{table_id}", roles=ADMIN, summary="Take a table away")
async def delete_table(request: web.Request, principal: Principal, table_id: Id) -> None:
    """Flows that look something up in it go on as if nothing had been found."""
    async with request.app[ENGINE].begin() as connection:
        name = await store.delete_table(connection, table_id)
    await request.app[BOOK].memory.refresh()
    log.info("table.deleted", table=name, by=principal.key)


@routes.get("/api/v1/tables/{table_id}/rows", roles=READERS, summary="List rows of a table")
async def list_rows(request: web.Request, table_id: Id, query: RowsQuery) -> Page[RowView]:
    """By key; those in which a text stands, or all."""
    after = "" if query.cursor is None else decode_cursor(query.cursor, tuple[str])[0]
    if "\x00" in after:
        raise Problem("paging.cursor_invalid")
    async with request.app[ENGINE].connect() as connection:
        table = await store.read_table(connection, table_id)
        found = await store.page_rows(connection, table_id, words=query.q, after=after, limit=query.limit + 1)
    shown = found[: query.limit]
    return Page(
        items=[row_view(table, key, row) for key, row in shown],
        next_cursor=encode_cursor(shown[-1][0]) if len(found) > query.limit else None,
    )


@routes.put("/api/v1/tables/{table_id}/rows/{key}", roles=ADMIN, summary="Set a row")
async def write_row(
    request: web.Request, principal: Principal, table_id: Id, key: RowKey, body: RowChange
) -> RowView:
    """Add it, or put it in the place of the one that has this key."""
    async with request.app[ENGINE].begin() as connection:
        table = await store.read_table(connection, table_id, lock=True)
        row = _row(table, key, body)
        await store.write_rows(connection, table_id, {key_text(row[table.key]): row})
        await store.touch(connection, table_id, principal.user_id)
    await request.app[BOOK].memory.refresh()
    log.info("table.row_set", table=table.name, by=principal.key)
    return row_view(table, key_text(row[table.key]), row)


@routes.delete("/api/v1/tables/{table_id}/rows/{key}", roles=ADMIN, summary="Take a row away")
async def delete_row(request: web.Request, principal: Principal, table_id: Id, key: RowKey) -> None:
    """Flows that look for it find nothing."""
    async with request.app[ENGINE].begin() as connection:
        table = await store.read_table(connection, table_id, lock=True)
        await store.delete_row(connection, table_id, key)
        await store.touch(connection, table_id, principal.user_id)
    await request.app[BOOK].memory.refresh()
    log.info("table.row_deleted", table=table.name, by=principal.key)


@routes.post(
    "/api/v1/tables/{table_id}/import", roles=ADMIN, upload=_FILE, summary="Fill a table from a file"
)
async def import_rows(
    request: web.Request, principal: Principal, table_id: Id, query: ImportQuery, content: bytes
) -> RowsImported:
    """CSV or Excel: what it would do, or with `apply` does. With one bad row nothing is done."""
    # A large file takes a while; calls do not wait for it.
    sheet = await asyncio.to_thread(_sheet, content, excel=request.content_type == _EXCEL)
    async with request.app[ENGINE].begin() as connection:
        table = await store.read_table(connection, table_id, lock=query.apply)
        rows, problems = await asyncio.to_thread(rows_of, table, sheet)
        if query.apply and problems:
            raise refusal(problems)
        before = (await store.read_rows(connection, [table_id]))[table_id]
        if query.apply:
            await store.write_rows(connection, table_id, rows, replace=query.replace)
            changed = await store.touch(connection, table_id, principal.user_id)
            await store.keep_import(connection, changed, before, user_id=principal.user_id)
    if query.apply:
        await request.app[BOOK].memory.refresh()
        log.info("table.imported", table=table.name, rows=len(rows), by=principal.key)
    language = reader_language(request)
    return RowsImported(
        applied=query.apply,
        difference=difference(before, rows, replace=query.replace),
        rows=[row_view(table, key, row) for key, row in list(rows.items())[:_ROWS_SHOWN]],
        problems=[view_of(problem, language) for problem in problems[:MOST_TOLD]],
    )


@routes.post("/api/v1/tables/{table_id}/import/undo", roles=ADMIN, summary="Undo the last import")
async def undo_import(request: web.Request, principal: Principal, table_id: Id) -> TableView:
    """The rows are those before it; not when somebody has changed the table since."""
    async with request.app[ENGINE].begin() as connection:
        before = await store.read_table(connection, table_id, lock=True)
        table = await store.undo_import(connection, before, user_id=principal.user_id)
        rows = (await store.read_rows(connection, [table_id]))[table_id]
    await request.app[BOOK].memory.refresh()
    log.info("table.import_undone", table=table.name, by=principal.key)
    return table_view(table, len(rows))


@routes.get(
    "/api/v1/tables/{table_id}/export", roles=READERS, media_type="text/csv", summary="Read a table as CSV"
)
async def export_rows(request: web.Request, table_id: Id) -> web.Response:
    """As an import takes it; no cell is a formula to a spreadsheet."""
    async with request.app[ENGINE].connect() as connection:
        table = await store.read_table(connection, table_id)
        rows = (await store.read_rows(connection, [table_id]))[table_id]
    names = [column.name for column in table.columns]
    text = write_csv(names, [[_shown(row.get(name)) for name in names] for row in rows.values()])
    return csv_download(f"{table.name}.csv", text)


def _shown(cell: object) -> str | float:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell if isinstance(cell, str | int | float) else ""


def _row(table: Table, key: str, body: RowChange) -> Row:
    row: Row = {}
    wrong = [
        FieldError(code="row.column_unknown", pointer=f"/cells/{name}", params={"column": name})
        for name in body.cells
        if table.column(name) is None
    ]
    for column in table.columns:
        is_key = column.name == table.key
        try:
            row[column.name] = read_cell(
                column, body.cells.get(column.name, key if is_key else None), is_key=is_key
            )
        except CellError as error:
            wrong.append(FieldError(code=error.code, pointer=f"/cells/{column.name}", params=error.params))
    if not wrong and key_text(row[table.key]) != key.strip():
        wrong.append(FieldError(code="row.other_key", pointer=f"/cells/{table.key}"))
    if wrong:
        raise Problem("request.invalid", errors=wrong)
    return row


def _sheet(content: bytes, *, excel: bool) -> Sheet:
    try:
        if excel:
            return make_sheet(read_workbook(content, most_rows=MOST_ROWS), most_rows=MOST_ROWS)
        return read_csv(decoded(content), most_rows=MOST_ROWS)
    except SheetUnreadable as error:
        raise Problem("import.unreadable", reason=str(error)) from None
