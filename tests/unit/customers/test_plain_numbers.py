"""Numbers that are written plainly are read as all others are, only faster."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cti.customers.numbers import parse_e164
from cti.customers.plain_numbers import plain_e164

REGIONS = ("CN", "US", "GB", "DE", "RU", "IT", "HK", "SG", "AU", "CA", "FR", "JP", "HU", "BR")
HEADS = (
    "",
    "+",
    "0",
    "00",
    "1",
    "7",
    "8",
    "86",
    "+86",
    "0086",
    "+1",
    "011",
    "06",
    "44",
    "+44",
    "13",
    "021",
    "39",
)


@settings(max_examples=600)
@given(
    st.sampled_from(HEADS),
    st.text("0123456789", min_size=3, max_size=13),
    st.sampled_from(REGIONS),
    st.sampled_from(("", " ", "-")),
)
@example("", "13800138000", "CN", "")
@example("", "17911380013", "CN", "")
@example("86", "13800138000", "CN", "")
@example("0", "2112345678", "CN", "-")
@example("", "2025550123", "US", "")
@example("1", "2025550123", "US", "")
def test_a_plain_number_is_read_as_any_other_is(head: str, digits: str, region: str, between: str) -> None:
    written = f"{head}{digits[:3]}{between}{digits[3:]}"
    assert plain_e164(written, region) == parse_e164(written, region)


@pytest.mark.parametrize("region", REGIONS)
def test_the_numbers_that_each_country_gives_as_examples_are_read_alike(region: str) -> None:
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    for kind in kinds:
        number = phonenumbers.example_number_for_type(region, kind)
        for form in (
            phonenumbers.PhoneNumberFormat.E164,
            phonenumbers.PhoneNumberFormat.NATIONAL,
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        ):
            written = phonenumbers.format_number(number, form)
            assert plain_e164(written, region) == parse_e164(written, region) is not None


@pytest.mark.parametrize(
    "written", ["", "anonymous", "未知", "1001", "12", "266696687", "000000000", "13800138000\n"]
)
def test_what_is_no_public_number_is_none(written: str) -> None:
    assert plain_e164(written, "CN") == parse_e164(written, "CN")
