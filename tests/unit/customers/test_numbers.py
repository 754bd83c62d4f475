"""Numbers are read as people and networks write them; nothing that arrives can break the reading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls.model import NumberState
from cti.customers.numbers import LONGEST_DISPLAY, display, mask, mask_value, normalise, search_prefixes


@pytest.mark.parametrize(
    ("raw", "e164", "shown"),
    [
        ("13812345678", "+8613812345678", "138 1234 5678"),
        ("013812345678", "+8613812345678", "138 1234 5678"),
        ("8613812345678", "+8613812345678", "138 1234 5678"),
        ("+86 138-1234-5678", "+8613812345678", "138 1234 5678"),
        ("0086 13812345678", "+8613812345678", "138 1234 5678"),
        ("１３８１２３４５６７８", "+8613812345678", "138 1234 5678"),
        ("\u202a+8613812345678\u202c", "+8613812345678", "138 1234 5678"),
        (" 13812345678\r\n", "+8613812345678", "138 1234 5678"),
        ("010-6234 5678", "+861062345678", "010 6234 5678"),
        ("(021) 62345678", "+862162345678", "021 6234 5678"),
        ("4008123123", "+864008123123", "400 812 3123"),
        ("+12025550123", "+12025550123", "+1 202-555-0123"),
        ("12025550123", "+12025550123", "+1 202-555-0123"),
        ("+442079460123", "+442079460123", "+44 20 7946 0123"),
        ("sip:+8613812345678@203.0.113.9:5060;user=phone", "+8613812345678", "138 1234 5678"),
        ('"Bob" <sip:13812345678@pbx.example>', "+8613812345678", "138 1234 5678"),
        ("tel:+86-138-1234-5678;phone-context=example.com", "+8613812345678", "138 1234 5678"),
        # Newer than the numbering plan we know, yet a number.
        ("15400001234", "+8615400001234", "154 0000 1234"),
    ],
)
def test_a_public_number_is_read_in_every_usual_form(raw: str, e164: str, shown: str) -> None:
    number = normalise(raw, "CN")
    assert (number.e164, number.state, number.display) == (e164, NumberState.KNOWN, shown)


@pytest.mark.parametrize(
    "raw",
    [
        *(
            None,
            "",
            "  ",
            "anonymous",
            "Anonymous",
            "ANONYMOUS",
            "<unknown>",
            "Unknown",
            "restricted",
            "Private",
        ),
        *(
            "unavailable",
            "Out of area",
            "not-available",
            "未知",
            "匿名",
            "0",
            "0000",
            "+266696687",
            "8656696",
            "-",
        ),
        *("sip:anonymous@anonymous.invalid", '"Anonymous" <sip:anonymous@anonymous.invalid>', "sip:@host"),
    ],
)
def test_a_hidden_number_is_withheld(raw: str | None) -> None:
    number = normalise(raw, "CN")
    assert (number.e164, number.state, number.display) == (None, NumberState.WITHHELD, "")


@pytest.mark.parametrize("raw", ["1001", "6001", "10086", "95588", "62345678", "*98", "sip:1001@pbx.example"])
def test_an_extension_or_service_number_is_known_but_not_public(raw: str) -> None:
    number = normalise(raw, "CN")
    assert number.state is NumberState.KNOWN
    assert number.e164 is None
    assert number.display in raw


@pytest.mark.parametrize(
    "raw",
    [
        *("alice", "1-800-FLOWERS", "+", "+++", "sip:bob@example.com", "9" * 300, "1" * 25, "+99912345678"),
        *(
            "138\x001234",
            "138\r\nEvent: Hangup",
            "'; DROP TABLE customers; --",
            "<script>1</script>",
            "\ud800",
            "😀",
        ),
        *("${SHELL(id)}", "+86abc13812345678", "𐌰𐌱"),
    ],
)
def test_rubbish_is_invalid_and_still_safe_to_show(raw: str) -> None:
    number = normalise(raw, "CN")
    assert (number.e164, number.state) == (None, NumberState.INVALID)
    assert number.display.isprintable()
    assert len(number.display) <= LONGEST_DISPLAY


@given(st.text(max_size=400), st.sampled_from(["CN", "US", "GB", "DE", "ZZ", ""]))
def test_no_text_at_all_breaks_the_reading(raw: str, region: str) -> None:
    number = normalise(raw, region)
    assert number.display.isprintable()
    assert len(number.display) <= LONGEST_DISPLAY
    assert (number.e164 is None) or (
        number.state is NumberState.KNOWN and number.e164[0] == "+" and 2 <= len(number.e164) <= 16
    )
    assert search_prefixes(raw, region) is not None


@given(st.from_regex(r"\A\+?[0-9 ()\-*#./]{0,30}\Z"))
def test_a_number_read_once_is_read_the_same_again(raw: str) -> None:
    number = normalise(raw, "CN")
    if number.e164 is not None:
        assert normalise(number.e164, "CN") == number
        assert normalise(number.e164, "US").e164 == number.e164
        assert display(number.e164, "CN") == number.display


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+8613812345678", "+86138****5678"),
        ("138 1234 5678", "138****5678"),
        ("+12025550123", "+120****0123"),
        ("+44 20 7946 0123", "+44 20****0123"),
        ("1234567", "*****67"),
        ("1001", "1001"),
        ("alice@example.com", "****"),
        ("", ""),
        (None, None),
    ],
)
def test_a_masked_number_keeps_its_middle_to_itself(number: str | None, masked: str | None) -> None:
    assert mask(number) == masked


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("+86 138 1234 5678", "+86 138****5678"),
        (13812345678, "138****5678"),
        ("王芳", "王芳"),
        ("2026-12-31", "2026-12-31"),
        (360, 360),
        (True, True),
        (3.5, 3.5),
        (None, None),
    ],
)
def test_a_value_that_looks_like_a_number_is_masked_and_any_other_is_not(
    value: str | float | bool | None, masked: str | float | bool | None
) -> None:
    assert mask_value(value) == masked


@given(st.text(max_size=60))
def test_masking_always_hides_at_least_four_digits_of_a_long_number(text: str) -> None:
    masked = mask(text)
    assert masked is not None
    digits = sum(c.isdigit() for c in text)
    if digits >= 7:
        assert sum(c.isdigit() for c in masked) <= digits - 4


@pytest.mark.parametrize(
    ("typed", "prefixes"),
    [
        ("138", ("+86138", "+138")),
        ("+44 20", ("+4420",)),
        ("0044", ("+44",)),
        ("010 62", ("+861062",)),
        ("张", ()),
        ("", ()),
        ("00", ()),
    ],
)
def test_what_is_typed_so_far_becomes_prefixes_to_look_for(typed: str, prefixes: tuple[str, ...]) -> None:
    assert search_prefixes(typed, "CN") == prefixes
