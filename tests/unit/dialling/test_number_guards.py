"""Which numbers are called at all, and how many calls are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.callbacks.promises import dialled_as
from cti.dialling.rules.guards import Cap, CapUse, NumberFault, cap_reached, number_fault


@pytest.mark.parametrize(
    "number",
    ["+8613800138000", "13800138000", "+862112345678", "02112345678", "+8617012345678", "+8619012345678"],
)
def test_an_ordinary_number_of_ours_is_called(number: str) -> None:
    assert number_fault(number, home_region="CN") is None


@pytest.mark.parametrize(
    ("number", "home", "fault"),
    [
        ("+864001234567", "CN", NumberFault.SHARED_COST),
        ("4001234567", "CN", NumberFault.SHARED_COST),
        ("+8616801234", "CN", NumberFault.PREMIUM),
        ("+33899123456", "FR", NumberFault.PREMIUM),
        ("+868001234567", "CN", NumberFault.NO_TELEPHONE),
        # Satellites: of no country, and of ours.
        ("+881612345678", "CN", NumberFault.SATELLITE),
        ("+870773111632", "CN", NumberFault.SATELLITE),
        ("+882161234567", "CN", NumberFault.SATELLITE),
        ("00881612345678", "CN", NumberFault.SATELLITE),
        ("+97912345678", "CN", NumberFault.SATELLITE),
        ("+8613491234567", "CN", NumberFault.SATELLITE),
        ("13491234567", "CN", NumberFault.SATELLITE),
        ("+8617401234567", "CN", NumberFault.SATELLITE),
        # One country code, many countries.
        ("+14155552671", "CN", NumberFault.FOREIGN),
        ("+18765551234", "US", NumberFault.FOREIGN),
        ("+18095551234", "US", NumberFault.FOREIGN),
        ("+14165551234", "US", NumberFault.FOREIGN),
        ("+447797123456", "GB", NumberFault.FOREIGN),
        ("001876555123", "CN", NumberFault.NOT_A_NUMBER),
        # Emergency and service numbers, and what is none at all.
        ("110", "CN", NumberFault.NOT_A_NUMBER),
        ("12110", "CN", NumberFault.NOT_A_NUMBER),
        ("95588", "CN", NumberFault.NOT_A_NUMBER),
        ("+86110", "CN", NumberFault.NOT_A_NUMBER),
        ("", "CN", NumberFault.NOT_A_NUMBER),
        ("anonymous", "CN", NumberFault.NOT_A_NUMBER),
        ("+8614912345678", "CN", NumberFault.NOT_A_NUMBER),
    ],
)
def test_what_costs_more_or_belongs_to_nobody_here_is_not(number: str, home: str, fault: NumberFault) -> None:
    assert number_fault(number, home_region=home) is fault


@pytest.mark.parametrize(
    "number",
    [
        "13800138000;ext=1", "tel:+8613800138000", "1-380-013-8000", "138 0013 8000", "13800138000\n",
        "１３８００１３８０００", "13800138000,,9", "+8613800138000@evil", "1380013TEST",
    ],
)  # fmt: skip
def test_only_plain_digits_are_a_number_however_much_more_the_library_reads(number: str) -> None:
    assert number_fault(number, home_region="CN") is NumberFault.NOT_A_NUMBER


def test_a_prefix_that_is_allowed_opens_its_numbers_and_no_more() -> None:
    assert number_fault("+447911223344", home_region="CN", allowed_prefixes=["+44"]) is None
    assert number_fault("+18765551234", home_region="US", allowed_prefixes=["+1876"]) is None
    assert number_fault("+18095551234", home_region="US", allowed_prefixes=["+1876"]) is NumberFault.FOREIGN


@pytest.mark.parametrize(
    ("number", "prefix", "fault"),
    [
        ("+33899123456", "+33", NumberFault.PREMIUM),
        ("+881612345678", "+8816", NumberFault.SATELLITE),
        ("+8613491234567", "+861349", NumberFault.SATELLITE),
        ("+864001234567", "+86400", NumberFault.SHARED_COST),
    ],
)
def test_no_prefix_opens_what_costs_more(number: str, prefix: str, fault: NumberFault) -> None:
    assert number_fault(number, home_region="CN", allowed_prefixes=[prefix]) is fault


@pytest.mark.parametrize("prefix", ["", "+", "4", "44", "+0", "+44 ", "+٤٤"])
def test_a_prefix_that_is_none_allows_nothing(prefix: str) -> None:
    assert number_fault("+447911223344", home_region="CN", allowed_prefixes=[prefix]) is NumberFault.FOREIGN


def test_a_new_range_can_be_allowed_but_not_a_whole_country_of_them() -> None:
    assert number_fault("+8614912345678", home_region="CN", allowed_prefixes=["+86149"]) is None
    assert (
        number_fault("+8614912345678", home_region="CN", allowed_prefixes=["+86"]) is NumberFault.NOT_A_NUMBER
    )
    assert number_fault("+86149", home_region="CN", allowed_prefixes=["+86149"]) is NumberFault.NOT_A_NUMBER


@given(st.text(max_size=24), st.lists(st.text(max_size=6), max_size=3))
def test_whatever_is_given_is_answered(number: str, prefixes: list[str]) -> None:
    number_fault(number, home_region="CN", allowed_prefixes=prefixes)


@given(st.one_of(st.text(max_size=20), st.from_regex(r"\+?[0-9]{3,15}", fullmatch=True)))
def test_a_callback_is_promised_to_exactly_those_who_may_be_called(number: str) -> None:
    dialled = dialled_as(number, "CN")
    assert (dialled is None) is (number_fault(number.strip(), home_region="CN") is not None)
    assert dialled is None or dialled == number.strip()


def test_the_first_cap_that_is_reached_is_named() -> None:
    free = CapUse(cap=Cap.AGENT_IN_DAY, used=399, most=400)
    full = CapUse(cap=Cap.ALL_AT_ONCE, used=200, most=200)
    open_end = CapUse(cap=Cap.CAMPAIGN_IN_DAY, used=10**9, most=None)
    assert cap_reached([free, open_end]) is None
    assert cap_reached([free, full, open_end]) is full
    assert cap_reached([CapUse(cap=Cap.ALL_IN_DAY, used=0, most=0)]) is not None
