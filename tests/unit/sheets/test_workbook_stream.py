"""Excel workbooks as streams: what cells show, and what a hostile one cannot do."""

import io
import tracemalloc

import pytest
from workbooks import workbook

from cti.sheets.model import LONGEST_CELL, RowFault, SheetFault
from cti.sheets.workbook import is_workbook, open_workbook


def rows(content: bytes) -> list[tuple[int, object]]:
    return list(open_workbook(io.BytesIO(content)).rows)


def test_cells_are_read_as_people_see_them() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/>'
        '<numFmt numFmtId="165" formatCode="0&quot; days&quot;[Red]"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
        '<xf numFmtId="22"/><xf numFmtId="20"/></cellXfs>'
    )
    cells = (
        '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3"><v>13800138000</v></c>'
        '<c r="C3"><v>1.3800138E10</v></c><c r="D3"><v>12.50</v></c><c r="E3" s="1"><v>46387</v></c>'
        '<c r="F3" s="2"><v>46387</v></c><c r="G3" s="3"><v>7</v></c>'
        '<c r="H3" s="4"><v>46387.395833333</v></c>'
        '<c r="I3" s="5"><v>0.75</v></c><c r="J3" t="b"><v>1</v></c><c r="K3" t="e"><v>#N/A</v></c>'
        '<c r="L3" t="str"><f>A1&amp;B1</f><v>ab</v></c><c r="N3" t="inlineStr"><is><t>in</t>'
        "<r><t>line</t></r><rPh><t>reading</t></rPh></is></c></row>"
    )
    texts = ["<t>zero</t>", "<r><t>王</t></r><r><t>芳</t></r><rPh><t>wang</t></rPh>"]
    ((line, found),) = rows(workbook(cells, texts=texts, styles=styles))
    assert line == 3
    assert found == [
        *("王芳", "13800138000", "13800138000", "12.5", "2026-12-31", "2026-12-31", "7", "2026-12-31 09:30"),
        *("18:00", "true", "", "ab", "", "inline"),
    ]


def test_a_number_has_as_many_digits_as_a_spreadsheet_shows() -> None:
    content = workbook("<row><c><v>0.30000000000000004</v></c><c><v>19.899999999999999</v></c></row>")
    assert rows(content) == [(1, ["0.3", "19.9"])]


def test_no_more_is_unpacked_than_is_asked_for() -> None:
    content = workbook("<row><c><v>1</v></c></row>" * 10_000)
    table = open_workbook(io.BytesIO(content), most_bytes=100_000)
    with pytest.raises(SheetFault) as refused:
        list(table.rows)
    assert refused.value.fault == "file.too_large"


def test_a_book_that_counts_days_from_1904_says_the_right_ones() -> None:
    styles = '<cellXfs><xf numFmtId="14"/></cellXfs>'
    content = workbook(
        '<row><c s="0"><v>44925</v></c></row>', styles=styles, properties='<workbookPr date1904="1"/>'
    )
    assert rows(content) == [(1, ["2026-12-31"])]


def test_rows_and_cells_that_nobody_numbered_follow_one_another() -> None:
    content = workbook("<row><c><v>1</v></c><c><v>2</v></c></row><row r='9'/><row><c><v>3</v></c></row>")
    assert rows(content) == [(1, ["1", "2"]), (10, ["3"])]


def test_the_first_sheet_is_the_one_that_the_book_names_first() -> None:
    content = workbook("<row><c><v>1</v></c></row>", target="/xl/worksheets/sheet1.xml")
    assert rows(content) == [(1, ["1"])]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"PK\x03\x04 and nothing more", "file.damaged"),
        (workbook("<row><c t='s'><v>5</v></c></row>"), "file.damaged"),
        (workbook("<row><c><v>many</v></c></row>"), "file.damaged"),
        (workbook("<row><c>"), "file.damaged"),
        (workbook("", target="worksheets/none.xml"), "file.damaged"),
        (
            workbook("", parts={"xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><sst>&a;</sst>'}),
            "file.damaged",
        ),
    ],
)
def test_a_damaged_workbook_is_refused(content: bytes, fault: str) -> None:
    with pytest.raises(SheetFault) as refused:
        rows(content)
    assert refused.value.fault == fault


def test_an_old_excel_file_is_told_apart() -> None:
    assert is_workbook(b"PK\x03\x04")
    assert not is_workbook(b"phone,na")
    with pytest.raises(SheetFault) as refused:
        is_workbook(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert refused.value.fault == "file.old_excel"


def test_rows_too_wide_or_cells_too_long_are_faults_of_the_row_alone() -> None:
    wide = "".join("<c><v>1</v></c>" for _ in range(300))
    content = workbook(
        f"<row>{wide}</row><row><c t='inlineStr'><is><t>{'x' * 40_000}</t></is></c></row>"
        "<row><c><v>1</v></c></row>"
    )
    assert rows(content) == [
        (1, RowFault("row.too_many_cells")),
        (2, RowFault("row.long_cell", {"limit": str(LONGEST_CELL)})),
        (3, ["1"]),
    ]


def test_a_bomb_of_a_workbook_is_read_in_little_memory() -> None:
    cell = "<c t='inlineStr'><is><t>" + "0" * 1_000 + "</t></is></c>"
    content = workbook(f"<row>{cell}</row>" * 60_000)
    assert len(content) < 1_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in open_workbook(io.BytesIO(content)).rows) == 60_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_shared_texts_do_not_lie_in_memory() -> None:
    texts = [f"<t>{'name' * 20} {number}</t>" for number in range(30_000)]
    content = workbook(
        "".join(f"<row><c t='s'><v>{number}</v></c></row>" for number in range(30_000)), texts=texts
    )
    tracemalloc.start()
    try:
        read = [cells[0] for _, cells in open_workbook(io.BytesIO(content)).rows if isinstance(cells, list)][
            -1
        ]
        assert read == "name" * 20 + " 29999"
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()
