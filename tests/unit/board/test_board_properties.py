"""Whatever comes, the board raises nothing, and what it was told twice it does not count twice."""

import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.asterisk.events import WANTED, AmiEvent, encode, parse
from cti.board.board import RULES, Board, BoardVersionError
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_blocks

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))


@cache
def blocks(name: str) -> tuple[bytes, ...]:
    return tuple(read_blocks(TRANSCRIPTS / f"{name}.ami"))


def events(name: str) -> list[AmiEvent]:
    return [parse(block) for block in blocks(name)]


def rows(scenario: Scenario) -> list[object]:
    """Everything that would be written, comparable."""
    return [
        scenario.calls,
        scenario.legs,
        scenario.intervals,
        scenario.entries,
        scenario.offers,
        scenario.transfers,
        scenario.surveys,
        scenario.flow_runs,
        scenario.flow_steps,
        scenario.flow_answers,
        scenario.agent_states,
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_event_twice_gives_the_same_rows(name: str) -> None:
    doubled = Scenario([copy for event in events(name) for copy in (event, event)])
    assert rows(doubled) == rows(Scenario(events(name)))
    assert not doubled.anomalies


def test_no_two_recordings_share_a_channel() -> None:
    owners: dict[str, str] = {}
    for name in NAMES:
        for uniqueid in {event.get("Uniqueid") for event in events(name) if event.name == "Newchannel"}:
            assert owners.setdefault(uniqueid, name) == name, "recorded in the same second: record one anew"


@given(st.sampled_from(NAMES), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=150)
def test_no_order_of_events_raises(name: str, chance: random.Random) -> None:
    shuffled = events(name)
    chance.shuffle(shuffled)
    check(shuffled)


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_events_left_out_or_doubled_or_cut_off_raise_nothing(data: st.DataObject) -> None:
    found = events(data.draw(st.sampled_from(NAMES)))
    copies = data.draw(
        st.lists(st.sampled_from([0, 1, 1, 1, 1, 2]), min_size=len(found), max_size=len(found))
    )
    kept = [event for event, count in zip(found, copies, strict=True) for _ in range(count)]
    check(kept[: data.draw(st.integers(0, len(kept)))])


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_two_transcripts_woven_together_raise_nothing(one: str, two: str, chance: random.Random) -> None:
    left, right = events(one), events(two)
    woven: list[AmiEvent] = []
    while left or right:
        source = left if left and (not right or chance.random() < 0.5) else right
        woven.append(source.pop(0))
    check(woven)


HEADERS = [
    "Uniqueid",
    "Linkedid",
    "DestUniqueid",
    "Channel",
    "ChannelState",
    "BridgeUniqueid",
    "Queue",
    "MemberName",
    "Interface",
    "Paused",
    "PausedReason",
    "DialStatus",
    "Reason",
    "Result",
    "DestType",
    "TransfererUniqueid",
    "OrigTransfererUniqueid",
    "LocalOneUniqueid",
    "LocalTwoUniqueid",
    "TransferTargetUniqueid",
    "TransfereeUniqueid",
    "Cause",
    "Context",
    "Boot",
    "Question",
    "Rating",
    "Outcome",
    "Position",
    "Wait",
    "Duration",
    "BridgeId",
    "NumberState",
    "Number",
    "Name",
    "Location",
    "TargetUniqueid",
    "BridgeTechnology",
    "Run",
    "Flow",
    "Step",
    "Ordinal",
    "Version",
    "To",
    "State",
]
VALUES = [
    "",
    "n-1.1",
    "n-1.2",
    "n-1.3",
    "b",
    "c",
    "6",
    "4",
    "1",
    "0",
    "5",
    "²",
    "-1",
    "9" * 400,
    "agent-1",
    "agent-2",
    "agent-x",
    "PJSIP/1-1",
    "PJSIP/2-1",
    "PJSIP/trunk-1",
    "Local/1@x-1;1",
    "Local/1@x-1;2",
    "Success",
    "ANSWER",
    "caller",
    "holding_bridge",
    "wrap-up",
    "completed",
    "withheld",
    "n-1.1.f1",
    "n-1.2.f1",
]


@st.composite
def any_event(draw: st.DrawFn) -> AmiEvent:
    name = draw(st.sampled_from(sorted(RULES)))
    headers = draw(st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(VALUES), max_size=8))
    return parse(encode(name, draw(st.sampled_from([0.0, 1.0, 2.0, 1.5, 1e9, 1.0])), **headers))


@given(st.lists(any_event(), max_size=60))
@settings(deadline=None, max_examples=400)
def test_no_events_at_all_raise(found: list[AmiEvent]) -> None:
    check(found)


def check(found: list[AmiEvent]) -> None:
    """Applies events, and holds what must hold whatever came."""
    scenario = Scenario(found)
    for span in scenario.intervals.values():
        assert span.ended_at is None or span.ended_at >= span.started_at
        assert span.leg_id in scenario.legs
    for leg in scenario.legs.values():
        assert leg.call_id in scenario.calls
        assert leg.ended_at is None or leg.ended_at >= leg.started_at
    for call in scenario.calls.values():
        assert call.ended_at is None or call.ended_at >= call.started_at
    board = scenario.board
    assert Board.load(board.dump()).dump() == board.dump()
    assert {leg.call_id for leg in board.legs()} <= {call.id for call in board.calls()}
    open_states = [state for state in scenario.agent_states.values() if state.ended_at is None]
    assert len({state.agent_id for state in open_states}) == len(open_states)


@pytest.mark.parametrize("name", NAMES)
def test_a_board_that_is_dumped_and_loaded_at_any_point_goes_on_the_same(name: str) -> None:
    plain = Scenario(events(name))
    dumped = Scenario([])
    for event in events(name):
        dumped.board = Board.load(dumped.board.dump())
        dumped.feed([event])
    assert dumped.facts == plain.facts or [type(fact) for fact in dumped.facts] == [
        type(fact) for fact in plain.facts
    ]
    assert dumped.board.dump() == plain.board.dump()


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x80", b"\x81\xa7version\x00", b"\x81\xa7version\x01"])
def test_a_checkpoint_that_is_none_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(BoardVersionError):
        Board.load(data)


def test_every_event_that_the_board_has_a_rule_for_is_wanted() -> None:
    assert {name for name in RULES if not name.startswith("Cti")} <= WANTED


def test_memory_is_bounded_by_what_lives() -> None:
    board = Board("lab")
    sizes = []
    for number in range(40):
        prefix = b"lab-%d" % (1_700_000_000 + number)
        for block in blocks("answered"):
            board.apply(parse(block.replace(b"lab-1795", prefix)))
        sizes.append(len(board.dump()))
    assert sizes[-1] - sizes[1] < 40 * 2 * 120  # ids of legs that ended lately
