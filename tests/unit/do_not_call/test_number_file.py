"""Numbers out of files as people send them: each once, in E.164, and each bad row named."""

import pytest

from cti.do_not_call import number_file
from cti.do_not_call.number_file import Reading, head_of
from cti.do_not_call.numbers import listed_as
from cti.reference.sheet import SheetUnreadable


def read(text: str, column: int | None = None) -> Reading:
    head = head_of(text, "CN")
    reading = Reading(text, head, head.column if column is None else column, "CN")
    while reading.step(2):
        pass
    return reading


@pytest.mark.parametrize(
    ("number", "listed"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("010-62345678", "+861062345678"),
        ("62345678", "62345678"),
        ("1001", None),
        ("*8100", None),
        ("anonymous", None),
        ("", None),
    ],
)
def test_a_number_stands_on_the_list_in_one_form_and_an_extension_in_none(
    number: str, listed: str | None
) -> None:
    assert listed_as(number, "CN") == listed


def test_a_column_called_by_its_name_is_the_one_with_the_numbers() -> None:
    head = head_of("name,account,手机号\nLi,13900000001,13800138000\n", "CN")
    assert (head.columns, head.has_titles, head.column) == (("name", "account", "手机号"), True, 2)


def test_without_such_a_name_it_is_the_column_in_which_numbers_stand() -> None:
    head = head_of("who;a;b\nLi;x;13800138000\nWu;;+8613800138001\n", "CN")
    assert (head.columns, head.column) == (("who", "a", "b"), 2)


def test_a_file_of_nothing_but_numbers_has_no_titles() -> None:
    head = head_of("13800138000\n13800138001\n", "CN")
    assert (head.columns, head.has_titles, head.column) == (("1",), False, 0)
    assert list(read("13800138000\n13800138001\n").numbers) == ["+8613800138000", "+8613800138001"]


def test_each_number_is_taken_once_and_each_bad_row_is_named() -> None:
    text = "phone,name\n13800138000,Li\n\n+86 138 0013 8000,Wu\nabc,Ma\n,He\n'+8613800138001,Xu\n12345\n"
    reading = read(text)
    assert reading.numbers == {"+8613800138000": 2, "+8613800138001": 7}
    assert (reading.rows, reading.repeated) == (6, 1)
    assert [(one.line, one.column, one.code) for one in reading.problems] == [
        (5, "phone", "field.number"),
        (6, "phone", "row.empty"),
        (8, "phone", "field.number"),
    ]
    assert [(one.line, one.given, one.number) for one in reading.examples] == [
        (2, "13800138000", "+8613800138000"),
        (7, "+8613800138001", "+8613800138001"),
    ]


def test_another_column_is_read_when_somebody_chooses_it() -> None:
    reading = read("phone,office\n13800138000,010-62345678\n13800138001\n", column=1)
    assert list(reading.numbers) == ["+861062345678"]
    assert [(one.line, one.code) for one in reading.problems] == [(3, "row.empty")]


def test_a_file_of_too_many_rows_is_read_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_file, "MOST_ROWS", 2)
    reading = read("".join(f"1380013800{digit}\n" for digit in range(5)))
    assert len(reading.numbers) == 2
    assert [(one.line, one.code) for one in reading.problems] == [(3, "row.too_many")]


@pytest.mark.parametrize("text", ["", "\n\n", '"13800138000'])
def test_what_is_no_table_says_so(text: str) -> None:
    with pytest.raises(SheetUnreadable):
        read(text)
