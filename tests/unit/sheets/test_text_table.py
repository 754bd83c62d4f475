"""Tables in text files: whatever encoding and delimiter, and whatever is wrong with a row."""

import io
from itertools import islice

import pytest

from cti.sheets.model import RowFault, SheetFault
from cti.sheets.text_table import open_text

TEXT = "姓名,手机号\n王芳,13800138000\n李雷,13900139000\n"


def read(content: bytes, **options: str) -> list[tuple[int, object]]:
    return list(open_text(io.BytesIO(content), **options).rows)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_the_encoding_is_found_out(encoding: str, found: str) -> None:
    table = open_text(io.BytesIO(TEXT.encode(encoding)))
    assert table.encoding == found
    assert list(table.rows) == [
        (1, ["姓名", "手机号"]),
        (2, ["王芳", "13800138000"]),
        (3, ["李雷", "13900139000"]),
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_two_bytes_a_letter_are_seen_without_a_mark(encoding: str) -> None:
    table = open_text(io.BytesIO("name,phone\nWang,13800138000\n".encode(encoding)))
    assert (table.encoding, len(list(table.rows))) == (encoding, 2)


def test_an_encoding_that_a_person_names_is_taken_at_his_word() -> None:
    assert read("姓名\n王芳\n".encode("big5", "ignore") + "電話\n".encode("big5"), encoding="big5")[-1] == (
        3,
        ["電話"],
    )
    with pytest.raises(SheetFault) as refused:
        read(TEXT.encode("gb18030"), encoding="utf-8")
    assert (refused.value.fault, refused.value.params) == (
        "file.not_in_encoding",
        {"encoding": "utf-8", "line": "1"},
    )


def test_no_encoding_at_all_names_the_line() -> None:
    with pytest.raises(SheetFault) as refused:
        read(b"phone\n1\n\x81\xff\xff\n")
    assert (refused.value.fault, refused.value.params) == ("file.encoding", {"line": "3"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    text = f'phone{delimiter}name\n1{delimiter}"a,b;c|d\te"\n'
    table = open_text(io.BytesIO(text.encode()))
    assert table.delimiter == delimiter
    assert list(table.rows)[1] == (2, ["1", "a,b;c|d\te"])


def test_one_column_has_no_delimiter() -> None:
    assert read(b"13800138000\r\n13900139000\r\n") == [(1, ["13800138000"]), (2, ["13900139000"])]


def test_lines_are_those_of_the_file_whatever_is_in_quotes() -> None:
    assert read(b'a,b\n"one\ntwo",2\n\nlast,4\n') == [
        (1, ["a", "b"]),
        (2, ["one\ntwo", "2"]),
        (4, []),
        (5, ["last", "4"]),
    ]


def test_quotes_that_do_not_match_spoil_one_row_only() -> None:
    assert read(b'a,b\n"x"y,2\nok,3\n') == [
        (1, ["a", "b"]),
        (2, RowFault("row.quotes", {"until": "2"})),
        (3, ["ok", "3"]),
    ]
    assert read(b'a,b\nok,3\n"never ends,4\n')[-1] == (3, RowFault("row.quotes", {"until": "3"}))


def test_a_quote_that_never_ends_does_not_eat_the_whole_file() -> None:
    lines = b'a,b\n"open,1\n' + b"13800138000,name of somebody\n" * 20_000
    found = read(lines)
    fault = found[1]
    assert fault[0] == 2
    assert isinstance(fault[1], RowFault)
    assert fault[1].code == "row.quotes"
    assert int(fault[1].params["until"]) < 6_000
    assert found[-1] == (20_002, ["13800138000", "name of somebody"])


def test_a_row_too_wide_or_with_a_huge_cell_is_named() -> None:
    found = read(b"a,b\n" + b"x," * 300 + b"x\n" + b"y" * 40_000 + b",2\nok,3\n")
    assert [(line, cells.code if isinstance(cells, RowFault) else cells) for line, cells in found] == [
        (1, ["a", "b"]),
        (2, "row.too_many_cells"),
        (3, "row.long_cell"),
        (4, ["ok", "3"]),
    ]


def test_a_line_without_end_is_no_table() -> None:
    with pytest.raises(SheetFault) as refused:
        read(b"a,b\n1,2\n" + b"x" * 3_000_000)
    assert (refused.value.fault, refused.value.params) == ("file.long_line", {"line": "3"})


def test_an_empty_file_says_so() -> None:
    for content in (b"", b"\n\n", b"\xef\xbb\xbf\r\n"):
        with pytest.raises(SheetFault) as refused:
            read(content)
        assert refused.value.fault == "file.empty"


def test_a_file_is_read_only_as_far_as_rows_are_asked_for() -> None:
    content = io.BytesIO(b"a,b\n" + b"1,2\n" * 500_000)
    table = open_text(content)
    list(islice(table.rows, 10))
    assert content.tell() < 100_000
