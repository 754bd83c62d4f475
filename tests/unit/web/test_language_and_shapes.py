"""Readers get their language, instants have one form, cursors survive the way and nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.http.language import negotiate
from cti.http.principal import Language
from cti.http.problems import Problem
from cti.http.shapes import decode_cursor, encode_cursor, instant


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Language.ENGLISH),
        ("zh", Language.CHINESE),
        ("zh-Hant-TW,zh;q=0.9,en;q=0.8", Language.CHINESE),
        ("en-GB,zh;q=0.9", Language.ENGLISH),
        ("fr,de;q=0.9", Language.ENGLISH),
        ("fr, zh-CN;q=0.3", Language.CHINESE),
        ("zh;q=0", Language.ENGLISH),
        ("zh;q=much,en;q=0.1", Language.ENGLISH),
        (",;,;q=", Language.ENGLISH),
    ],
)
def test_the_best_of_our_languages_is_chosen(header: str, language: Language) -> None:
    assert negotiate(header) is language


@given(st.text())
def test_no_header_is_too_odd(header: str) -> None:
    assert negotiate(header) in Language


def test_instants_are_rfc_3339_in_utc_with_milliseconds() -> None:
    assert instant(0) == "1970-01-01T00:00:00.000Z"
    assert instant(1795326759.13148) == "2026-11-22T05:52:39.131Z"
    assert instant(1795326759.9996) == "2026-11-22T05:52:40.000Z"


@given(st.integers(min_value=0, max_value=2**62), st.text(max_size=60))
def test_a_cursor_comes_back_as_it_went(number: int, text: str) -> None:
    assert decode_cursor(encode_cursor(number, text), tuple[int, str]) == (number, text)


@given(st.text())
def test_no_other_cursor_is_taken(cursor: str) -> None:
    with pytest.raises(Problem):
        decode_cursor(cursor, tuple[int, str, int])
