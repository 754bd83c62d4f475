"""What stands for a number or a name: shaped like it, always the same, and never the thing itself."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti import board
from cti.asterisk.events import encode, parse
from cti.trace.content import content_of
from cti.trace.headers import numbers_of, without_persons
from cti.trace.pseudonyms import NOBODY, Pseudonyms

DIGITS = st.text("0123456789", min_size=3, max_size=16)
NUMBERS = st.lists(
    st.builds(str.__add__, st.sampled_from(["", "+", "00", "0"]), DIGITS), min_size=1, max_size=30
)


def pseudonyms(*numbers: str) -> Pseudonyms:
    return Pseudonyms(b"secret", numbers)


@given(NUMBERS)
def test_numbers_keep_length_and_shape_and_none_is_left_or_confused(numbers: list[str]) -> None:
    found = pseudonyms(*numbers)
    others = [found.number(number) for number in numbers]
    for number, other in zip(numbers, others, strict=True):
        assert len(other) == len(number)
        assert re.fullmatch(r"\+?\d+", other)
        assert other.startswith("+") == number.startswith("+")
        assert other not in numbers
    assert len(set(others)) == len(set(numbers))


@pytest.mark.parametrize("before", ["+86", "0086", "86", "0"])
def test_what_stands_before_a_number_stays_and_the_number_is_the_same(before: str) -> None:
    found = pseudonyms("13800138000", before + "13800138000")
    assert found.number(before + "13800138000") == before + found.number("13800138000")


def test_a_country_code_is_kept_and_so_is_the_first_digit() -> None:
    assert re.fullmatch(r"\+862\d{9}", pseudonyms("+862155667788").number("+862155667788"))
    assert re.fullmatch(r"1\d{3}", pseudonyms("1001").number("1001"))


@pytest.mark.parametrize("nobody", ["", "<unknown>", "s", "anonymous"])
def test_nobody_stays_nobody(nobody: str) -> None:
    assert pseudonyms().name(nobody) == nobody
    assert pseudonyms().number_or_name(nobody) in (nobody, pseudonyms().name(nobody))


@given(st.text(min_size=3, max_size=30).filter(lambda name: name not in NOBODY))
def test_a_name_keeps_its_length_and_no_word_of_it(name: str) -> None:
    other = pseudonyms().name(name)
    assert len(other) == len(name)
    letters = [(one, two) for one, two in zip(name, other, strict=True) if one.isalpha()]
    assert len(letters) < 4 or any(one != two for one, two in letters)


@pytest.mark.parametrize(
    ("channel", "pattern"),
    [
        ("PJSIP/1001-0000001a", r"PJSIP/1(?!001)\d{3}-0000001a"),
        ("PJSIP/1001", r"PJSIP/1(?!001)\d{3}"),
        ("PJSIP/trunk-00000001", r"PJSIP/trunk-00000001"),
        ("PJSIP/trunk/sip:13800138000@carrier", r"PJSIP/trunk/\w{3}:1\d{10}@carrier"),
        ("PJSIP/anna-smith-00000001", r"PJSIP/(?!anna)[a-z]{4}-(?!smith)[a-z]{5}-00000001"),
        ("Local/1001@phones-00000001;2", r"Local/1(?!001)\d{3}@phones-00000001;2"),
        ("Local/1001@phones/n", r"Local/1(?!001)\d{3}@phones/n"),
        ("DAHDI/i1/13800138000-1", r"DAHDI/[a-z]1/1\d{10}-1"),
    ],
)
def test_a_channel_stays_what_it_is_but_not_whose(channel: str, pattern: str) -> None:
    assert re.fullmatch(pattern, pseudonyms().channel(channel))


def test_a_header_that_nobody_has_looked_at_is_left_out() -> None:
    block = (
        b"Event: UserEvent\r\nUserEvent: note\r\nPatient: Anna\r\nAccountCode: 4711\r\n"
        b"ChanVariable: name=Anna\r\nUniqueid: n-1.1\r\nCallerIDName: An\\\\na\\n\r\n\r\n"
    )
    found = without_persons(block, 5.0, pseudonyms())
    assert b"Patient" not in found
    assert b"Account" not in found
    assert b"name=" not in found
    event = parse(found)
    assert (event.name, event.at, event.get("Uniqueid")) == ("UserEvent", 5.0, "n-1.1")
    assert re.fullmatch(r"[A-Z][a-z]\\[a-z]{2}\n", event.get("CallerIDName"))


def test_where_a_run_of_a_flow_is_stays_out_of_a_trace() -> None:
    block = encode("CtiFlowHandedOver", 5.0, Uniqueid="n-1.1", Run="n-1.1.f1", To="queue", State="MTM4MDAx")
    found = parse(without_persons(block, 5.0, Pseudonyms(b"secret", [])))
    assert (found.get("Run"), found.get("To"), found.get("State")) == ("n-1.1.f1", "queue", "")


def test_what_a_flow_passes_on_is_not_in_a_trace_in_clear() -> None:
    passed = '[{"name": "who", "value": "Anna"}, {"name": "number", "value": "+8613800138000"}]'
    block = encode("CtiFlowHandedOver", 5.0, Uniqueid="n-1.1", To="transfer", AgentId="102", Passed=passed)
    names = Pseudonyms(b"secret", numbers_of([parse(block)]))
    found = parse(without_persons(block, 5.0, names))
    assert found.get("AgentId") == "102", "an agent is an opaque number"
    assert "Anna" not in found.get("Passed")
    assert "3800138000" not in found.get("Passed")
    assert len(found.get("Passed")) == len(passed)


def test_every_header_that_the_board_reads_is_known() -> None:
    read = set()
    for module in Path(board.__file__).parent.glob("*.py"):
        read |= set(re.findall(r'(?:event\.get\(|, out, )"([A-Z]\w+)"', module.read_text()))
    assert len(read) > 30
    assert {header for header in read if content_of(header) is None} == set()


def test_headers_of_every_party_are_known_by_how_they_end() -> None:
    assert content_of("SecondTransfererCallerIDNum") is content_of("CallerIDNum") is not None
    assert content_of("Patient") is None
