"""Files of contacts: with names of columns or without, and what is seen before anything is imported."""

import io
from typing import Any

import pytest

from cti.campaigns.imports.contact_file import open_contact_file
from cti.campaigns.imports.file_preview import preview
from cti.campaigns.model import FileOptions
from cti.sheets.model import SheetFault


def columns(content: bytes, **options: Any) -> tuple[str, ...]:
    return open_contact_file(io.BytesIO(content), FileOptions(**options)).columns


def test_a_first_row_with_a_number_is_no_header() -> None:
    opened = open_contact_file(io.BytesIO("王芳,13800138000\n李雷,13900139000\n".encode()), FileOptions())
    assert (opened.header, opened.columns) == (False, ("A", "B"))
    assert [line for line, _ in opened.rows] == [1, 2]


def test_a_person_knows_better_whether_there_is_a_header() -> None:
    assert columns(b"13800138000\n13900139000\n", header=True) == ("13800138000",)
    opened = open_contact_file(io.BytesIO(b"phone\n13900139000\n"), FileOptions(header=False))
    assert (opened.columns, len(list(opened.rows))) == (("A",), 2)


def test_no_two_columns_have_one_name_and_none_has_none() -> None:
    assert columns(b"phone,phone,, \tcity\x07 \n1,2,3,4\n") == ("phone", "phone (B)", "C", "city")
    assert columns(b"a," + b"," * 25 + b",x\n1\n")[-2:] == ("AA", "x")


def test_rows_without_anything_are_left_out() -> None:
    opened = open_contact_file(io.BytesIO(b"\n , \nphone,b\n,\n13800138000,\n , \n"), FileOptions())
    assert opened.columns == ("phone", "b")
    assert list(opened.rows) == [(5, ["13800138000", ""])]


@pytest.mark.parametrize(
    ("content", "options", "fault"),
    [
        (b" , \n,\n", {}, "file.empty"),
        (b'"phone"x,b\n', {}, "file.no_columns"),
        (b"phone\n", {"encoding": "rot13"}, "file.unknown_encoding"),
        (b"phone\n", {"delimiter": "x"}, "file.unknown_delimiter"),
    ],
)
def test_what_is_no_table_of_contacts_says_why(content: bytes, options: dict[str, str], fault: str) -> None:
    with pytest.raises(SheetFault) as refused:
        columns(content, **options)
    assert refused.value.fault == fault


def test_a_preview_shows_rows_contacts_and_what_is_wrong() -> None:
    content = b'name;phone\nWang;13800138000\n"a"b;1\nLi;+86 138 0013 8000\nHan;x\n'
    seen = preview(io.BytesIO(content), FileOptions())
    assert (seen.rows_looked_at, seen.good) == (4, 1)
    assert [contact.phone for contact in seen.contacts] == ["+8613800138000"]
    assert [(one.line, one.column, one.code) for one in seen.problems] == [
        (3, "", "row.quotes"),
        (4, "phone", "row.repeated"),
        (5, "phone", "row.phone"),
    ]
    assert seen.options == FileOptions(
        encoding="utf-8", delimiter=";", header=True, mapping={"name": "name", "phone": "phone"}
    )
