"""Hours and special days as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.hours.model import Span, SpecialDay
from cti.hours.special_days_import import special_days_of
from cti.hours.wall_time import first_overlap, read_date, read_hours, span_between, write_minute
from cti.reference.sheet import SheetUnreadable, guarded, read_csv, unguarded, write_csv


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", ()),
        ("Closed", ()),
        ("休息", ()),
        ("09:00-18:00", ((540, 1080),)),
        ("9:00-12:00, 13:30 - 18:00", ((540, 720), (810, 1080))),
        ("13:30-18:00 9:00–12:00", ((540, 720), (810, 1080))),
        ("22:00-06:00", ((1320, 1800),)),
        ("00:00-24:00", ((0, 1440),)),
        ("00:00-00:00", ((0, 1440),)),
    ],
)
def test_hours_are_read(text: str, spans: tuple[tuple[int, int], ...]) -> None:
    assert read_hours(text) == tuple(Span(*pair) for pair in spans)


@pytest.mark.parametrize(
    "text",
    ["9-18", "09:00", "09:00-", "24:01-25:00", "09:60-10:00", "09:00-12:00 11:00-13:00", "9:00-10:00-11:00"],
)
def test_what_is_no_hours_is_refused(text: str) -> None:
    assert read_hours(text) is None


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), max_size=6))
def test_hours_that_are_written_read_the_same(pairs: list[tuple[int, int]]) -> None:
    spans = tuple(sorted(span_between(begins, ends) for begins, ends in pairs))
    written = " ".join(f"{write_minute(span.begins)}-{write_minute(span.ends)}" for span in spans)
    if first_overlap(spans) is None:
        assert read_hours(written) == spans


@pytest.mark.parametrize("text", ["2026-02-29", "2026-1-1", "1/2/2026", "", "0001-01-01", "２０２６-01-01"])
def test_what_is_no_date_is_refused(text: str) -> None:
    assert read_date(text) is None


def test_special_days_come_out_of_a_table_however_it_is_separated() -> None:
    text = (
        "\ufeffdate;title_zh;title_en;hours\r\n2026-10-01;国庆节;National Day;\r\n\r\n"
        "2026-10-10;补班;Make-up;9:00-17:00\r\n"
    )
    days, problems = special_days_of(read_csv(text, most_rows=10))
    assert problems == []
    assert days == {
        "2026-10-01": SpecialDay(title_zh="国庆节", title_en="National Day"),
        "2026-10-10": SpecialDay(title_zh="补班", title_en="Make-up", hours=(Span(540, 1020),)),
    }


def test_each_bad_cell_is_named_by_line_column_and_reason() -> None:
    text = (
        "date,title_zh,title_en,hours\n"
        '2026-10-01,"国庆\n节",National Day,closed\n'
        "2026-13-01,假,Day off,\n"
        "2026-10-02,,Day off,9-18\n"
        "2026-10-02,假,Day off,,surplus\n"
    )
    days, problems = special_days_of(read_csv(text, most_rows=10))
    assert days == {}
    assert [(one.line, one.column, one.code) for one in problems] == [(6, "", "row.too_many_cells")]
    days, problems = special_days_of(read_csv(text.replace(",surplus", ""), most_rows=10))
    assert [(one.line, one.column, one.code) for one in problems] == [
        (2, "title_zh", "field.control_character"),
        (4, "date", "field.date"),
        (5, "title_zh", "row.empty"),
        (5, "hours", "field.hours"),
        (6, "date", "row.repeated"),
    ]
    assert problems[-1].params == {"value": "2026-10-02", "line": "5"}


def test_columns_that_are_missing_unknown_or_twice_are_named() -> None:
    _, problems = special_days_of(read_csv("date,title_zh,colour,date\n", most_rows=10))
    assert {(one.column, one.code) for one in problems} == {
        ("date", "row.column_repeated"),
        ("title_en", "row.column_missing"),
        ("colour", "row.column_unknown"),
    }


@pytest.mark.parametrize("text", ["", "\n \n", 'date,"title'])
def test_what_is_no_table_says_so(text: str) -> None:
    with pytest.raises(SheetUnreadable):
        read_csv(text, most_rows=10)


def test_more_rows_than_allowed_are_a_problem_and_not_a_shorter_table() -> None:
    sheet = read_csv("date\n" + "2026-01-01\n" * 12, most_rows=10)
    assert [(one.line, one.code) for one in sheet.problems] == [(12, "row.too_many")]


@given(st.text(alphabet=st.characters(exclude_characters="\x00\r\n", exclude_categories=["Cs"])))
def test_a_text_that_a_spreadsheet_takes_for_a_formula_survives(text: str) -> None:
    shown = guarded(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t"))
    assert unguarded(shown) == text
    if text.strip() == text and text:
        [row] = read_csv(write_csv(["a", "b"], [[text, 1.5]]), most_rows=5).rows
        assert row.cells == {"a": text, "b": "1.5"}
