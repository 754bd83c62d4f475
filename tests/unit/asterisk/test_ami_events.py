"""What a block of bytes becomes."""

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.asterisk.events import AmiEvent, encode, is_wanted, name_of, parse
from cti.errors import InvalidField

NEWSTATE = (
    b"Event: Newstate\r\n"
    b"Privilege: call,all\r\n"
    b"Timestamp: 1763789001.250000\r\n"
    b"SystemName: node1\r\n"
    b"Channel: PJSIP/1001-00000001\r\n"
    b"ChannelState: 6\r\n"
    b"CallerIDNum: 5550100\r\n"
    b'CallerIDName: O\\\'Neil \\\\ \\"Sons\\"\\nTwo\r\n'
    b"ConnectedLineName: \r\n"
    b"ChanVariable: CTI_QUEUE=support=1\r\n"
    b"ChanVariable: CTI_LANGUAGE=zh-CN\r\n"
    b"DestChanVariable: CTI_AGENT=7\r\n"
    b"Uniqueid: node1-1763789000.1\r\n"
    b"\r\n"
)


def test_a_block_becomes_an_event_with_its_name_time_and_headers() -> None:
    event = parse(NEWSTATE)
    assert event.name == "Newstate"
    assert event.at == 1763789001.25
    assert event.get("Uniqueid") == "node1-1763789000.1"
    assert event.get("Event") == "Newstate"
    assert event.get("Privilege") == "call,all"


def test_the_closing_empty_line_may_be_missing() -> None:
    assert parse(NEWSTATE[:-4]) == parse(NEWSTATE)


def test_c_escapes_are_undone() -> None:
    assert parse(NEWSTATE).get("CallerIDName") == 'O\'Neil \\ "Sons"\nTwo'


def test_an_empty_value_and_an_absent_header_read_as_the_empty_text() -> None:
    event = parse(NEWSTATE)
    assert event.headers["ConnectedLineName"] == ""
    assert event.get("NoSuchHeader") == ""


def test_channel_variables_are_kept_apart_by_their_names() -> None:
    event = parse(NEWSTATE)
    assert event.get("ChanVariable(CTI_QUEUE)") == "support=1"
    assert event.get("ChanVariable(CTI_LANGUAGE)") == "zh-CN"
    assert event.get("DestChanVariable(CTI_AGENT)") == "7"


def test_a_duplicate_header_is_not_fatal_and_the_first_one_counts() -> None:
    event = parse(b"Event: Hangup\r\nCause: 16\r\nCause: 17\r\n\r\n")
    assert event.get("Cause") == "16"
    assert event.headers["Cause"] == "16"


def test_a_header_asked_for_alone_is_what_all_headers_say() -> None:
    for key, value in parse(NEWSTATE).headers.items():
        assert parse(NEWSTATE).get(key) == value


def test_a_second_event_header_does_not_rename_the_event() -> None:
    block = b"Event: UserEvent\r\nPrivilege: user,all\r\nTimestamp: 1.0\r\nEvent: Hangup\r\n\r\n"
    assert parse(block).name == "UserEvent"


def test_letters_of_utf_8_survive_and_broken_ones_are_replaced() -> None:
    assert parse("Event: X\r\nName: Müller 王\r\n\r\n".encode()).get("Name") == "Müller 王"
    assert parse(b"Event: X\r\nName: M\xfcller\r\n\r\n").get("Name") == "M\ufffdller"


def test_a_transcript_with_bare_line_feeds_is_read() -> None:
    event = parse(b"Event: Hangup\nTimestamp: 2.5\nCause: 16\n\n")
    assert (event.name, event.at, event.get("Cause")) == ("Hangup", 2.5, "16")


def test_a_bare_line_feed_inside_a_value_of_asterisk_forges_no_header() -> None:
    event = parse(b"Event: Newchannel\r\nCallerIDNum: 1\nUniqueid: forged\r\nUniqueid: real\r\n\r\n")
    assert event.headers["Uniqueid"] == "real"
    assert event.get("Uniqueid") == "real"
    assert event.get("CallerIDNum") == "1\nUniqueid: forged"


@pytest.mark.parametrize("stamp", [b"", b"soon", b"nan", b"inf", b"1e999"])
def test_a_timestamp_that_is_none_reads_as_zero(stamp: bytes) -> None:
    assert parse(b"Event: X\r\nTimestamp: " + stamp + b"\r\nA: b\r\n\r\n").at == 0.0


def test_an_event_without_a_timestamp_reads_as_time_zero() -> None:
    assert parse(b"Event: CoreShowChannel\r\nUniqueid: 1.2\r\n\r\n").at == 0.0


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_the_reader(block: bytes) -> None:
    for event in (parse(block), parse(b"Event: X\r\n" + block)):
        assert isinstance(event, AmiEvent)
        for key, value in event.headers.items():
            assert event.get(key) == value
    name_of(block)
    is_wanted(block)


def test_parsing_one_event_leaves_the_next_one_alone() -> None:
    first = parse(b"Event: Hold\r\nTimestamp: 1.0\r\nA: b\r\n\r\n")
    first.headers["Event"] = "changed"
    assert parse(b"Event: Hold\r\nTimestamp: 1.0\r\n\r\n").headers == {"Event": "Hold", "Timestamp": "1.0"}


def test_what_the_board_needs_is_told_by_the_first_line() -> None:
    assert is_wanted(NEWSTATE)
    assert not is_wanted(b"Event: VarSet\r\nVariable: X\r\n\r\n")
    assert not is_wanted(b"Response: Success\r\n\r\n")
    assert not is_wanted(b"Event: Newstat")
    assert not is_wanted(b"")
    assert name_of(NEWSTATE) == b"Newstate"
    assert name_of(b"Response: Success\r\n\r\n") == b""


def test_nothing_on_the_socket_passes_for_an_event_of_the_service_itself() -> None:
    assert not is_wanted(b"Event: CtiBoot\r\n\r\n")


def test_an_event_of_the_service_has_the_form_of_asterisk() -> None:
    block = encode("CtiIvrChoice", 1763789001.25, Uniqueid="n-1.1", Choice=2, Path="a\\b")
    assert block == (
        b"Event: CtiIvrChoice\r\nTimestamp: 1763789001.250000\r\n"
        b"Uniqueid: n-1.1\r\nChoice: 2\r\nPath: a\\\\b\r\n\r\n"
    )
    assert parse(block).get("Path") == "a\\b"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])))
def test_every_value_without_control_characters_comes_back_as_it_was(value: str) -> None:
    assert parse(encode("CtiX", 1.0, Value=value)).get("Value") == value


@pytest.mark.parametrize("bad", ["a\r\nB: c", "a\nb", "a\rb", "\x00", "\x1b", "\x7f", "\x85", "\u2028"])
def test_a_control_character_in_a_value_is_refused_by_the_name_of_its_header(bad: str) -> None:
    with pytest.raises(InvalidField, match="Reason"):
        encode("CtiX", 1.0, Reason=bad)


def test_a_header_name_that_is_none_is_refused() -> None:
    for name in ("", "A: b", "A\r\n", "1a", "Ä"):
        with pytest.raises(InvalidField):
            encode("CtiX", 1.0, **{name: "x"})
        with pytest.raises(InvalidField):
            encode(name, 1.0)
    with pytest.raises(InvalidField, match="Timestamp"):
        encode("CtiX", 1.0, Timestamp="2")


def test_reading_stays_cheap() -> None:
    """A loose bound on a busy machine; `make bench` has the exact figures."""
    varset = NEWSTATE.replace(b"Newstate", b"VarSet")
    assert min(timeit.repeat(lambda: parse(NEWSTATE), number=2_000, repeat=5)) / 2_000 < 30e-6
    assert min(timeit.repeat(lambda: is_wanted(varset), number=2_000, repeat=5)) / 2_000 < 5e-6
