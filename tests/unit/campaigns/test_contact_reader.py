"""Contacts out of rows: what columns are, what cells hold, and what is wrong by line, column and reason."""

import pytest

from cti.campaigns.imports.column_mapping import check_mapping, guess_mapping
from cti.campaigns.imports.contact_reader import ContactReader
from cti.campaigns.model import Contact
from cti.http.principal import Language
from cti.http.row_problems import RowProblem, view_of

COLUMNS = ("姓名", "手机", "Home phone", "lang", "时区", "客户编号", "同意", "优先级", "产品")
MAPPING = {
    "姓名": "name",
    "手机": "phone",
    "Home phone": "phone_2",
    "lang": "language",
    "时区": "time_zone",
    "客户编号": "customer",
    "同意": "consent",
    "优先级": "priority",
    "产品": "details.subscription.product",
}


def read(*cells: str) -> Contact | list[RowProblem]:
    return ContactReader(COLUMNS, MAPPING, "CN").read(7, cells)


def codes(*cells: str) -> list[tuple[str, str]]:
    found = read(*cells)
    assert isinstance(found, list)
    assert all(problem.line == 7 for problem in found)
    return [(problem.column, problem.code) for problem in found]


def test_a_row_becomes_a_contact() -> None:
    cells = ("'138 0013 8000", "(021) 6888-8888", "英文", "Asia/Shanghai", "C-1", "form 7", "90", "'=日报")
    assert read(" 王芳 ", *cells) == Contact(
        phone="+8613800138000",
        other_phones=("+862168888888",),
        name="王芳",
        language="en",
        time_zone="Asia/Shanghai",
        customer="C-1",
        consent="form 7",
        priority=90,
        details={"subscription.product": "=日报"},
    )


def test_cells_that_are_empty_or_missing_are_not_known() -> None:
    assert read("", "13800138000") == Contact(phone="+8613800138000")


def test_the_same_number_twice_in_a_row_is_one() -> None:
    assert read("", "13800138000", "+86 138 0013 8000") == Contact(phone="+8613800138000")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "row.empty"),
        ("nobody", "row.phone"),
        ("6888 8888", "row.phone_local"),
        ("10086", "row.phone_local"),
        ("1.38E+10", "row.phone_shortened"),
        ("1.38001380e+10", "row.phone_shortened"),
        ("=1+1", "row.phone"),
        ("1380013800013800138000", "row.phone"),
    ],
)
def test_what_is_no_number_to_call_says_why(written: str, code: str) -> None:
    assert codes("", written) == [("手机", code)]


def test_a_number_that_a_program_took_for_a_quantity_is_read() -> None:
    assert read("", "13800138000.0") == Contact(phone="+8613800138000")


def test_all_that_is_wrong_with_a_row_is_told_at_once() -> None:
    cells = ("12", "34", "fr", "Mars/Base", "", "\x01", "101", "y" * 1_001, "more")
    assert codes("x" * 201, *cells) == [
        ("", "row.too_many_cells"),
        ("手机", "row.phone_local"),
        ("Home phone", "row.phone_local"),
        ("姓名", "field.too_long"),
        ("lang", "field.not_allowed"),
        ("时区", "field.time_zone"),
        ("同意", "field.control_character"),
        ("优先级", "row.priority"),
        ("产品", "field.too_long"),
    ]


def test_a_line_break_in_a_cell_is_a_space() -> None:
    assert read("王\r\n芳", "13800138000") == Contact(phone="+8613800138000", name="王 芳")


def test_a_problem_is_told_in_both_languages() -> None:
    found = read("", "1.38E+10")
    assert isinstance(found, list)
    (problem,) = found
    chinese = "1.38E+10：号码位数已丢失；请将该列设为文本后再保存。"
    assert view_of(problem, Language.CHINESE).detail == chinese
    assert view_of(problem, Language.ENGLISH).detail.startswith("1.38E+10: digits were lost;")


def test_columns_are_guessed_by_their_names_in_both_languages() -> None:
    columns = ("客户姓名", "Mobile Number", "Phone2", "Amount (CNY)", "产品", "Priority")
    assert guess_mapping(columns, [], "CN") == {
        "客户姓名": "name",
        "Mobile Number": "phone",
        "Phone2": "phone_2",
        "Amount (CNY)": "details.amount_cny",
        "Priority": "priority",
    }


def test_a_column_of_numbers_is_the_phone_whatever_it_is_called() -> None:
    rows = [["1", "13800138000"], ["2", "13900139000"], ["3", "-"]]
    assert guess_mapping(("A", "B"), rows, "CN") == {"A": "details.a", "B": "phone"}
    few = [["1", "x"], ["2", "13900139000"], ["3", "-"]]
    assert "phone" not in guess_mapping(("A", "B"), few, "CN").values()


def test_a_mapping_is_checked_as_a_whole() -> None:
    mapping = {"A": "name", "B": "name", "C": "details.Bad", "D": "language"}
    assert [(one.column, one.code) for one in check_mapping(mapping, ("A", "B", "C"))] == [
        ("B", "mapping.repeated"),
        ("C", "field.not_allowed"),
        ("D", "mapping.unknown_column"),
        ("", "mapping.no_phone"),
    ]
