"""Where the person called may be."""

import pytest

from cti.dialling.rules.whereabouts import is_zone, region_of, zones_of


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+8613800138000", ("Asia/Shanghai",)),
        ("+862112345678", ("Asia/Shanghai",)),
        ("+12125551234", ("America/New_York",)),
        ("+16155552234", ("America/Chicago",)),
        ("+33612345678", ("Europe/Paris",)),
        ("+34612345678", ("Atlantic/Canary", "Europe/Madrid")),
    ],
)
def test_a_number_tells_its_zones(number: str, zones: tuple[str, ...]) -> None:
    assert zones_of(number) == zones


def test_a_mobile_of_a_wide_country_may_be_anywhere_in_it() -> None:
    assert {"Australia/Perth", "Australia/Sydney"} < set(zones_of("+61412345678"))


def test_what_the_contact_says_of_himself_picks_among_the_zones_of_his_number() -> None:
    assert zones_of("+61412345678", "Australia/Perth") == ("Australia/Perth",)


def test_where_number_and_contact_contradict_each_other_both_count() -> None:
    assert zones_of("+12125551234", "America/Los_Angeles") == ("America/Los_Angeles", "America/New_York")


@pytest.mark.parametrize("own", ["", "Mars/Olympus", "../../etc/passwd", "UTC\n", "Asia"])
def test_a_zone_that_is_none_counts_as_not_known(own: str) -> None:
    assert not is_zone(own)
    assert zones_of("+8613800138000", own) == ("Asia/Shanghai",)


def test_a_number_range_that_is_newer_than_the_plan_belongs_to_its_country() -> None:
    assert zones_of("+8614912345678") == ("Asia/Shanghai",)


@pytest.mark.parametrize("number", ["+881612345678", "+870773111632", "13800138000", "", "nobody"])
def test_of_satellites_and_of_what_is_no_number_no_zone_is_known(number: str) -> None:
    assert zones_of(number) == ()
    assert zones_of(number, "Asia/Shanghai") == ("Asia/Shanghai",)


def test_a_region_is_narrower_than_a_country_code() -> None:
    assert [region_of(number) for number in ("+12125551234", "+18765551234", "+447797123456", "x")] == [
        "US", "JM", "JE", None,
    ]  # fmt: skip
