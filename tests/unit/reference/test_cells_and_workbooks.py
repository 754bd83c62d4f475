"""Cells and files: what fits a column, what an Excel workbook holds, what is named when it does not fit."""

import contextlib
import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.reference.cells import CellError, key_text, read_cell
from cti.reference.model import Column, ColumnType, Table
from cti.reference.rows_import import difference, rows_of
from cti.reference.sheet import SheetUnreadable, make_sheet, read_csv
from cti.reference.workbook import read_workbook

T = ColumnType


def column(kind: ColumnType, *, required: bool = False, name: str = "c") -> Column:
    return Column(name=name, type=kind, title_zh="列", title_en="Column", required=required)


@pytest.mark.parametrize(
    ("kind", "value", "cell"),
    [
        (T.TEXT, " 上海市 ", "上海市"),
        (T.TEXT, 5.0, "5"),
        (T.NUMBER, "1234.5", 1234.5),
        (T.NUMBER, 7.0, 7),
        (T.MONEY, "19.90", 19.9),
        (T.MONEY, 0.07, 0.07),
        (T.DATE, "2026/3/1", "2026-03-01"),
        (T.DATE, 46082.0, "2026-03-01"),
        (T.DATE, "2026/3/1 0:00", "2026-03-01"),
        (T.TIME, "9:05", "09:05"),
        (T.TIME, 0.75, "18:00"),
        (T.DIGITS, "021 6000-0000", "02160000000"),
        (T.DIGITS, 500.0, "500"),
        (T.YES_NO, "是", True),
        (T.YES_NO, "No", False),
        (T.YES_NO, 1.0, True),
        (T.PROMPT, "news/today", "news/today"),
        (T.NUMBER, "", None),
        (T.DATE, None, None),
    ],
)
def test_a_cell_becomes_what_its_column_holds(kind: ColumnType, value: object, cell: object) -> None:
    found = read_cell(column(kind), value)
    assert (found, type(found)) == (cell, type(cell))


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (T.TEXT, "x" * 1001, "field.too_long"),
        (T.TEXT, "a\x07b", "field.control_character"),
        (T.NUMBER, "1,5", "row.number"),
        (T.NUMBER, "1e400", "row.number"),
        (T.NUMBER, True, "row.number"),
        (T.NUMBER, float("inf"), "row.number"),
        (T.MONEY, "1.005", "row.money"),
        (T.DATE, "2026-02-29", "field.date"),
        (T.DATE, 1e9, "field.date"),
        (T.TIME, "24:00", "field.time_of_day"),
        (T.TIME, 1.5, "field.time_of_day"),
        (T.DIGITS, "12a", "row.digits"),
        (T.YES_NO, "perhaps", "row.yes_no"),
        (T.PROMPT, "../etc", "row.prompt"),
    ],
)
def test_what_does_not_fit_is_named(kind: ColumnType, value: object, code: str) -> None:
    with pytest.raises(CellError) as caught:
        read_cell(column(kind), value)
    assert caught.value.code == code


def test_a_key_and_a_required_cell_may_not_be_empty_and_a_key_has_no_slash() -> None:
    for value, options in (("", {"is_key": True}), ("  ", {}), ("a/b", {"is_key": True})):
        with pytest.raises(CellError):
            read_cell(column(T.TEXT, required=not options), value, **options)


@given(st.sampled_from(list(ColumnType)), st.one_of(st.text(), st.floats(), st.booleans(), st.integers()))
def test_whatever_comes_is_a_cell_or_an_error_and_reads_the_same_again(kind: ColumnType, value: Any) -> None:
    try:
        found = read_cell(column(kind), value)
    except CellError:
        return
    assert read_cell(column(kind), found) == found


@given(st.integers(0, 10**12))
def test_a_key_is_the_same_as_text_and_as_a_number(number: int) -> None:
    assert key_text(number) == key_text(float(number)) == key_text(f" {number} ") == str(number)


PRODUCTS = Table(
    id=1,
    name="products",
    title_zh="产品",
    title_en="Products",
    columns=(
        column(T.DIGITS, name="code"),
        column(T.TEXT, name="name", required=True),
        column(T.MONEY, name="price"),
    ),
    key="code",
    version=1,
)


def test_rows_of_a_file_are_taken_whole_or_named() -> None:
    rows, problems = rows_of(PRODUCTS, read_csv("name,code\n日报,1\n晚报,2\n", most_rows=10))
    assert problems == []
    assert rows == {
        "1": {"code": "1", "name": "日报", "price": None},
        "2": {"code": "2", "name": "晚报", "price": None},
    }
    _, problems = rows_of(PRODUCTS, read_csv("name,code,price\n,1,x\n晚报,1,2\n报,a,\n", most_rows=10))
    assert [(one.line, one.column, one.code) for one in problems] == [
        (2, "name", "row.empty"),
        (2, "price", "row.number"),
        (3, "code", "row.repeated"),
        (4, "code", "row.digits"),
    ]


def test_what_an_import_does_is_counted() -> None:
    rows, _ = rows_of(PRODUCTS, read_csv("name,code\n日报,1\n晚报,2\n周刊,3\n", most_rows=10))
    before = {"1": rows["1"], "2": {**rows["2"], "price": 5}, "9": rows["3"]}
    counted = difference(before, rows, replace=True)
    assert (counted.added, counted.changed, counted.same, counted.removed) == (1, 1, 1, 1)
    assert difference(before, rows, replace=False).removed == 0


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
BOOK = (
    f'<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>'
)
TEXTS = (
    f"<sst {MAIN}><si><t>code</t></si><si><r><t>na</t></r><r><t>me</t></r><rPh><t>kana</t></rPh></si></sst>"
)
SHEET = (
    f"<worksheet {MAIN}><sheetData>"
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
    '<c r="C1" t="inlineStr"><is><t>price</t></is></c></row>'
    '<row r="3"><c r="A3"><v>7</v></c><c r="C3"><f>1+1</f><v>2.5</v></c></row>'
    '<row r="4"><c r="B4" t="str"><v>晚报</v></c><c r="D4" t="b"><v>1</v></c></row>'
    "</sheetData></worksheet>"
)


def workbook(**changes: str) -> bytes:
    parts = {
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELS,
        "xl/sharedStrings.xml": TEXTS,
        "xl/worksheets/sheet1.xml": SHEET,
    }
    parts.update({name.replace("__", "/").replace("_xml", ".xml"): text for name, text in changes.items()})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


def test_a_workbook_is_read_as_it_shows_with_its_line_numbers() -> None:
    lines = read_workbook(workbook(), most_rows=10)
    assert lines == [
        (1, ["code", "name", "price"]),
        (3, ["7", "", "2.5"]),
        (4, ["", "晚报", "", "true"]),
    ]
    sheet = make_sheet(lines, most_rows=10)
    _, problems = rows_of(PRODUCTS, sheet)
    assert [(one.line, one.code) for one in problems] == [(4, "row.too_many_cells")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 no archive",
        workbook(xl__worksheets__sheet1_xml="<broken"),
        workbook(xl__worksheets__sheet1_xml='<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
        workbook(xl__worksheets__sheet1_xml=SHEET.replace("<v>0</v>", "<v>99</v>")),
        workbook(xl__worksheets__sheet1_xml=SHEET.replace("<v>7</v>", "<v>seven</v>")),
        workbook(xl__worksheets__sheet1_xml=SHEET.replace('r="D4"', 'r="ZZZ4"')),
        workbook(xl__workbook_xml=f"<workbook {MAIN}><sheets/></workbook>"),
        workbook(xl__worksheets__sheet1_xml=" " * (65 * 1024 * 1024)),
    ],
    ids=range(9),
)
def test_what_is_no_workbook_says_so_and_harms_nothing(content: bytes) -> None:
    with pytest.raises(SheetUnreadable):
        read_workbook(content, most_rows=10)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_damaged_workbook_is_read_or_refused(noise: bytes, place: int) -> None:
    content = workbook()
    damaged = content[:place] + noise + content[place + len(noise) :]
    with contextlib.suppress(SheetUnreadable):
        read_workbook(damaged, most_rows=10)
