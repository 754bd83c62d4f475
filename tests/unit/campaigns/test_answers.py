"""Answers are held against the form: each by its kind, all that is wrong at once."""

import pytest

from cti.campaigns.forms.answers import read_answers
from cti.campaigns.forms.form import Answer, FieldKind, FormChoice, FormField

TITLE = {"en": "Title"}
CHOICES = [FormChoice(code="daily", title=TITLE), FormChoice(code="weekly", title=TITLE)]
FORM = [
    FormField(name="note", title=TITLE),
    FormField(name="copies", title=TITLE, kind=FieldKind.NUMBER),
    FormField(name="paper", title=TITLE, kind=FieldKind.CHOICE, choices=CHOICES, required=True),
    FormField(name="gift", title=TITLE, kind=FieldKind.YES_NO, required=True),
    FormField(name="until", title=TITLE, kind=FieldKind.DATE),
]
GOOD: dict[str, Answer | None] = {
    "until": "2028-02-29",
    "gift": False,
    "paper": "weekly",
    "copies": 2.5,
    "note": " 一式两份 ",
}


def test_answers_are_kept_in_the_order_of_the_form() -> None:
    answers, faults = read_answers(FORM, GOOD, complete=True)
    assert not faults
    assert list(answers.items()) == [
        ("note", "一式两份"),
        ("copies", 2.5),
        ("paper", "weekly"),
        ("gift", False),
        ("until", "2028-02-29"),
    ]


def test_what_is_required_is_asked_for_only_where_somebody_is_done_with() -> None:
    given = {"paper": None, "note": "  "}
    assert read_answers(FORM, given, complete=False) == ({}, [])
    _, faults = read_answers(FORM, given, complete=True)
    assert [(one.name, one.code) for one in faults] == [("paper", "field.missing"), ("gift", "field.missing")]


@pytest.mark.parametrize(
    ("name", "answer", "code"),
    [
        ("note", 1, "field.wrong_type"),
        ("note", "x" * 901, "field.too_long"),
        ("copies", "2", "field.wrong_type"),
        ("copies", True, "field.wrong_type"),
        ("copies", 10**400, "field.out_of_range"),
        ("paper", "monthly", "field.not_allowed"),
        ("paper", True, "field.not_allowed"),
        ("gift", "yes", "field.wrong_type"),
        ("gift", 1, "field.wrong_type"),
        ("until", "2027-02-29", "field.date"),
        ("until", "20280229", "field.date"),
        ("until", 5, "field.date"),
        ("colour", "red", "field.unknown"),
    ],
)
def test_an_answer_that_is_none_is_told_by_name(name: str, answer: Answer, code: str) -> None:
    answers, faults = read_answers(FORM, {**GOOD, name: answer}, complete=True)
    assert [(one.name, one.code) for one in faults] == [(name, code)]
    assert name not in answers
