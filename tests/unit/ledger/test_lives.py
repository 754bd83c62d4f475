"""Rows of CEL around a restart of Asterisk are told apart by when it began and by the numbers of channels."""

from cti.asterisk.cel import CelRow
from cti.ledger.gap_events import split_lives

STARTED_AT = 1000.0


def row(at: float, uniqueid: str, event: str = "CHAN_START") -> CelRow:
    return CelRow(
        event=event, at=at, uniqueid=uniqueid, linkedid=uniqueid, channel="PJSIP/1-1", exten="", context="",
        application="", data="", number="", extra={},
    )  # fmt: skip


def lives(*rows: CelRow) -> tuple[list[str], list[str]]:
    before, after = split_lives(rows, STARTED_AT)
    return [f"{one.uniqueid} {one.event}" for one in before], [f"{one.uniqueid} {one.event}" for one in after]


def test_what_is_clearly_before_or_after_the_start_needs_no_numbers() -> None:
    rows = (row(990, "n-990.7"), row(990, "n-990.8", "CHAN_END"), row(1002, "n-1002.9"))
    assert lives(*rows) == (["n-990.7 CHAN_START", "n-990.8 CHAN_END"], ["n-1002.9 CHAN_START"])


def test_near_the_start_the_first_low_number_begins_the_present_life() -> None:
    rows = (
        row(990, "n-990.40"),
        row(999.5, "n-999.41"),
        row(999.6, "n-980.3", "CHAN_END"),
        row(999.7, "n-999.41", "CHAN_END"),
        row(1000.2, "n-1000.0"),
        row(1000.3, "n-1000.1"),
        row(1000.4, "n-1000.0", "CHAN_END"),
    )
    before, after = lives(*rows)
    assert before == [
        "n-990.40 CHAN_START", "n-999.41 CHAN_START", "n-980.3 CHAN_END", "n-999.41 CHAN_END",
    ]  # fmt: skip
    assert after == ["n-1000.0 CHAN_START", "n-1000.1 CHAN_START", "n-1000.0 CHAN_END"]


def test_a_channel_whose_id_was_chosen_is_of_the_life_of_those_before_it() -> None:
    rows = (row(999.5, "n-999.41"), row(999.6, "at-chosen"), row(999.8, "n-999.42"), row(1000.2, "n-1000.0"))
    before, after = lives(*rows, row(1000.3, "at-another"))
    assert before == ["n-999.41 CHAN_START", "at-chosen CHAN_START", "n-999.42 CHAN_START"]
    assert after == ["n-1000.0 CHAN_START", "at-another CHAN_START"]


def test_a_uniqueid_that_comes_again_near_the_start_is_another_channel() -> None:
    rows = (row(999.4, "n-999.0"), row(1000.5, "n-999.0"), row(1000.6, "n-999.0", "CHAN_END"))
    assert lives(row(998.0, "n-998.1"), *rows) == (
        ["n-998.1 CHAN_START"],
        ["n-999.0 CHAN_START", "n-999.0 CHAN_START", "n-999.0 CHAN_END"],
    )
    before, after = lives(row(990.0, "n-999.0"), *rows[1:])
    assert (before, after) == (["n-999.0 CHAN_START"], ["n-999.0 CHAN_START", "n-999.0 CHAN_END"])


def test_a_first_life_that_is_being_read_has_nothing_before_it() -> None:
    assert lives(row(1001.5, "n-1001.0"))[0] == []
