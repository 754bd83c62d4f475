"""Callers who keep their place: what the board makes of what the service reports of them."""

import pytest

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.board.facts import Anomaly, CallbackChanged, Fact
from cti.callbacks.model import Callback, CallbackState

AT = 1_800_000_000.0
CALLER = "n-1800000000.1"
NAME = f"{CALLER}.f1.b1"
ID = f"-{NAME}"


def event(kind: str, at: float, **headers: str | float) -> AmiEvent:
    return parse(encode(kind, AT + at, **headers))


def channel(at: float = 0.0) -> AmiEvent:
    return event(
        "Newchannel", at, Uniqueid=CALLER, Linkedid=CALLER, Channel="PJSIP/trunk-1", ChannelState="4",
        Context="inbound", CallerIDNum="13800138000", Exten="4001",
    )  # fmt: skip


def hangup(at: float) -> AmiEvent:
    return event("Hangup", at, Uniqueid=CALLER, Linkedid=CALLER, Cause="16")


def promised(at: float, **more: str | float) -> AmiEvent:
    headers: dict[str, str | float] = {
        "Callback": NAME, "Uniqueid": CALLER, "Queue": "sales", "Number": "13800138000", "PlaceAt": AT + 1.0,
    }  # fmt: skip
    return event("CtiCallbackPromised", at, **(headers | more))


def dialled(at: float) -> AmiEvent:
    return event("CtiCallbackDialled", at, Id=ID, Attempt=f"{NAME}.a1")


def ended(at: float, outcome: str = "answered") -> AmiEvent:
    return event("CtiCallbackEnded", at, Id=ID, Outcome=outcome)


def facts_of(board: Board, *events: AmiEvent) -> list[Fact]:
    return [fact for one in events for fact in board.apply(one)]


def told(facts: list[Fact]) -> list[Callback]:
    return [fact.callback for fact in facts if isinstance(fact, CallbackChanged)]


def test_a_promise_outlives_its_call_and_is_forgotten_when_it_was_kept() -> None:
    board = Board("n")
    facts_of(board, channel(), promised(5.0), hangup(6.0))
    (callback,) = board.callbacks()
    assert (callback.state, callback.place_at, callback.promised_at) == ("waiting", AT + 1.0, AT + 5.0)
    facts_of(board, dialled(60.0))
    assert (callback.state, callback.attempt) == ("dialling", f"{NAME}.a1")
    (over,) = told(facts_of(board, ended(70.0)))
    assert (over.state, over.dialled_at, over.ended_at) == ("answered", AT + 60.0, AT + 70.0)
    assert list(board.callbacks()) == []


def test_what_comes_twice_counts_once() -> None:
    board = Board("n")
    once = [channel(), promised(5.0), dialled(60.0), ended(70.0)]
    facts = facts_of(board, *(one for one in once for _ in range(2)))
    assert [one.state for one in told(facts)] == [CallbackState.ANSWERED] * 3  # one record, told three times
    assert [fact.reason for fact in facts if isinstance(fact, Anomaly)] == ["no such callback"]


def test_a_place_is_never_later_than_the_promise() -> None:
    board = Board("n")
    facts_of(board, channel(), promised(5.0, PlaceAt=AT + 99.0))
    assert [one.place_at for one in board.callbacks()] == [AT + 5.0]


@pytest.mark.parametrize("missing", ["Callback", "Queue", "Number"])
def test_a_promise_that_says_too_little_is_none(missing: str) -> None:
    board = Board("n")
    facts = facts_of(board, channel(), promised(5.0, **{missing: ""}))
    assert [fact.reason for fact in facts if isinstance(fact, Anomaly)] == ["is no callback"]
    assert list(board.callbacks()) == []


def test_an_end_that_is_none_leaves_it_open() -> None:
    board = Board("n")
    facts = facts_of(board, channel(), promised(5.0), ended(6.0, "waiting"))
    assert [fact.reason for fact in facts if isinstance(fact, Anomaly)] == ["ends no callback"]
    assert len(list(board.callbacks())) == 1


def test_a_board_that_is_read_again_keeps_its_promises() -> None:
    board = Board("n")
    facts_of(board, channel(), promised(5.0), hangup(6.0))
    again = Board.load(board.dump())
    (over,) = told(facts_of(again, dialled(60.0), ended(70.0, "busy")))[-1:]
    assert (over.state, over.queue, over.number) == ("busy", "sales", "13800138000")
