"""Messages and refusals: told once, with their call where it is known, and made whatever else is known."""

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.board.facts import Anomaly, CallsRefused, Fact, MessageQueued

AT = 1_800_000_000.0
ONE = "n-1800000000.1"


def facts(*events: tuple[str, dict[str, str]]) -> list[Fact]:
    board = Board("lab")
    found: list[Fact] = []
    for number, (name, headers) in enumerate(events):
        found += board.apply(event(name, AT + number, headers))
    return found


def event(name: str, at: float, headers: dict[str, str]) -> AmiEvent:
    return parse(encode(name, at, **headers))


CHANNEL = (
    "Newchannel",
    {"Uniqueid": ONE, "Linkedid": ONE, "Channel": "PJSIP/trunk-1", "ChannelState": "4", "Context": "inbound"},
)
MESSAGE = (
    "CtiMessageQueued",
    {"Uniqueid": ONE, "Run": f"{ONE}.f1", "Message": f"{ONE}.f1.m2", "To": "tips", "Payload": '{"a": 1}'},
)
REFUSAL = (
    "CtiCallsRefused",
    {"Uniqueid": ONE, "Refusal": f"{ONE}.f1.r3", "Number": "+8613800138000", "Scope": "all", "Campaign": ""},
)


def test_a_message_belongs_to_its_call() -> None:
    *_, fact = facts(CHANNEL, MESSAGE)
    assert isinstance(fact, MessageQueued)
    message = fact.message
    assert (message.id, message.endpoint, message.payload) == (f"-{ONE}.f1.m2", "tips", '{"a": 1}')
    assert (message.call_id, message.call_started_at, message.queued_at) == (f"-{ONE}", AT, AT + 1)


def test_a_message_is_sent_although_its_call_has_left_the_board_or_was_never_there() -> None:
    gone = ("Hangup", {"Uniqueid": ONE, "Linkedid": ONE, "Cause": "16"})
    after, never = facts(CHANNEL, gone, MESSAGE)[-1], facts(MESSAGE)[-1]
    assert isinstance(after, MessageQueued)
    assert (after.message.call_id, after.message.call_started_at) == (f"-{ONE}", None)
    assert isinstance(never, MessageQueued)
    assert never.message.call_id is None


def test_a_refusal_says_who_is_not_to_be_called_and_by_whom() -> None:
    *_, fact = facts(CHANNEL, REFUSAL)
    assert isinstance(fact, CallsRefused)
    assert (fact.refusal.number, fact.refusal.scope, fact.refusal.campaign) == ("+8613800138000", "all", None)


def test_what_names_nothing_is_an_anomaly() -> None:
    for name, headers in (MESSAGE, REFUSAL):
        [fact] = facts((name, {"Uniqueid": headers["Uniqueid"]}))
        assert isinstance(fact, Anomaly)
