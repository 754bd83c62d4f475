"""Expressions: what they say, what is refused when they are read, and that evaluation never fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.flows.actions import Value
from cti.flows.expression import FUNCTIONS, LONGEST_TEXT, ExpressionError, clean, is_true, parse, text_of

DATA: dict[str, Value] = {
    "rating": 2,
    "key": "3",
    "pin": "0042",
    "price": 99.5,
    "vip": True,
    "customer.name": "王小明",
    "ends_on": "2026-12-31",
    "nothing": "",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("'a'", "a"),
        ("true", True),
        ("null", None),
        ("rating", 2),
        ("customer.name", "王小明"),
        ("customer.unknown", None),
        ("rating <= 2", True),
        ("1 <= rating <= 5", True),
        ("1 <= rating < 2", False),
        ("rating in [1, 2]", True),
        ("rating not in [1, 2]", False),
        ("key in ['1', '3']", True),
        ("'小' in customer.name", True),
        ("key == 3", True),
        ("key == '3'", True),
        ("key < 20", True),
        # Two texts that are numbers have the order of numbers: "10" is more than "9".
        ("'10' > '9'", True),
        ("'0' > '-1'", True),
        # But are not the same unless they are written the same: an account is no quantity.
        ("pin == '42'", False),
        ("pin == '0042'", True),
        ("ends_on < '2027-01-01'", True),
        ("vip", True),
        ("vip == true", True),
        ("vip == 1", False),
        ("vip and rating > 3", False),
        ("vip or rating > 3", True),
        ("not vip", False),
        ("rating + 1", 3),
        ("-rating", -2),
        ("price * 2", 199.0),
        ("rating / 4", 0.5),
        ("rating / 0", None),
        ("'No. ' + rating", "No. 2"),
        ("missing + 1", None),
        ("customer.name + 1 + missing", None),
        ("missing == 1", False),
        ("missing != 1", False),
        ("missing < 1", False),
        ("missing in [1]", False),
        ("missing not in [1]", False),
        ("not (missing == 1)", True),
        ("length(pin)", 4),
        ("length(missing)", None),
        ("lower('AbC')", "abc"),
        ("upper('AbC')", "ABC"),
        ("default(missing, 'x')", "x"),
        ("default(nothing, 'x')", "x"),
        ("default(rating, 9)", 2),
        ("known(missing)", False),
        ("known(nothing)", False),
        ("known(rating)", True),
        ("number('12')", 12),
        ("number('a')", None),
        ("text(1.50)", "1.5"),
        ("round(2.5)", 3),
        ("first(pin, 2)", "00"),
        ("last(pin, 2)", "42"),
        ("last(pin, 9)", "0042"),
        ("last(pin, missing)", None),
        ("  rating  ", 2),
    ],
)
def test_what_an_expression_says(text: str, value: Value) -> None:
    found = parse(text).evaluate(DATA)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("", "expression.syntax", 0),
        ("rating <=", "expression.syntax", 9),
        ("a b", "expression.syntax", 0),
        ("1 +* 2", "expression.syntax", 3),
        ("x = 1", "expression.syntax", 0),
        ("'王' + leng(x)", "expression.unknown_function", 6),
        ("rating + length", "expression.function_without_call", 9),
        ("length(a, b)", "expression.arguments", 0),
        ("length(a=1)", "expression.arguments", 0),
        ("a == None", "expression.compared_with_null", 5),
        ("a != null", "expression.compared_with_null", 5),
        ("Rating", "expression.name", 0),
        ("a.__class__", "expression.name", 0),
        ("a[0]", "expression.not_allowed", 0),
        ("[1, 2]", "expression.not_allowed", 0),
        ("a is b", "expression.not_allowed", 0),
        ("a ** 2", "expression.not_allowed", 0),
        ("lambda: 1", "expression.not_allowed", 0),
        ("a if b else c", "expression.not_allowed", 0),
        ("f'{a}'", "expression.not_allowed", 0),
        ("b'a'", "expression.not_allowed", 0),
        ("'a'.upper()", "expression.unknown_function", 0),
        ("(1).real", "expression.not_allowed", 0),
        ("__import__('os')", "expression.unknown_function", 0),
        ("9999999999999999", "expression.value", 0),
        ("1e999", "expression.value", 0),
        ("- " * 100 + "1", "expression.too_deep", 62),
        ("(" * 300 + "1" + ")" * 150, "expression.syntax", 200),
        ("1 + " * 200 + "1", "expression.too_long", 500),
        ("a\0b", "expression.syntax", 0),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(text: str, code: str, column: int) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert refused.value.code == code
    if code != "expression.syntax":
        # Where Python's parser gives up differs by a little from version to version.
        assert refused.value.column == column
    assert 0 <= refused.value.column <= len(text)


def test_the_names_in_it_have_their_places() -> None:
    assert parse("'王' == customer.name and rating > 1").names == (("customer.name", 7), ("rating", 25))


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ATOMS = st.sampled_from(["a", "b.c", "missing", "1", "0", "2.5", "'x'", "'07'", "true"])
OPERATORS = st.sampled_from(["+", "-", "*", "/", "<", "<=", "==", "!=", "and", "or", "in"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("(not {})".format, inner),
        st.builds("({} in [{}, {}])".format, inner, inner, inner),
        *(
            st.builds((name + "(" + ", ".join(["{}"] * count) + ")").format, *[inner] * count)
            for name, (count, _) in FUNCTIONS.items()
        ),
    ),
    max_leaves=8,
).filter(lambda text: len(text) <= LONGEST_TEXT)


@given(EXPRESSIONS, VALUES, VALUES)
def test_evaluation_never_fails_and_values_stay_small(text: str, one: Value, other: Value) -> None:
    value = parse(text).evaluate({"a": one, "b.c": other})
    assert clean(value) == value
    assert is_true(value) in (True, False)
    assert not isinstance(value, float) or "e" not in text_of(value)


@given(st.text(max_size=60) | st.text(alphabet="ab.'1 ()[]<=+-\\nort", max_size=30))
def test_any_text_is_an_expression_or_refused_with_a_place_in_it(text: str) -> None:
    assert 0 <= place_of_refusal(text) <= len(text)


def place_of_refusal(text: str) -> int:
    try:
        parse(text).evaluate({})
    except ExpressionError as refused:
        return refused.column
    return 0
