"""Asterisk's clock jumps while calls are up: every duration is as if it had not."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.facts import ClockStepped
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_blocks

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))
_TIMESTAMP = re.compile(rb"\r\nTimestamp: ([\d.]+)")


def stepped(name: str, after: int, by: float) -> list[AmiEvent]:
    """The events of a transcript as they come when Asterisk's clock jumps after some of them."""
    events: list[AmiEvent] = []
    told = False
    for number, block in enumerate(read_blocks(TRANSCRIPTS / f"{name}.ami")):
        event = parse(block)
        if number >= after and event.at > 0.0:
            if not told:
                events.append(parse(encode("CtiClockStepped", event.at + by, By=f"{by:.6f}")))
                told = True
            stamp = b"\r\nTimestamp: %.6f" % (event.at + by)
            event = parse(_TIMESTAMP.sub(stamp, block, count=1))
        events.append(event)
    return events


def durations(scenario: Scenario) -> dict[str, Any]:
    """How long everything took, and when it began within its call.

    When calls merged, one may have begun by the new clock and the other by the old: then only how long.
    """
    merged = any(call.merged_into is not None for call in scenario.calls.values())
    began = {call.id: call.started_at for call in scenario.calls.values()}

    def since(at: float | None, start: float) -> Any:
        return None if at is None else pytest.approx(at - start, abs=1e-3)

    def rows(entities: dict[str, Any], start: str, *fields: str) -> dict[str, Any]:
        found = {}
        for key, one in entities.items():
            started_at = getattr(one, start)
            found[key] = [since(getattr(one, field), started_at) for field in fields]
            if not merged:
                found[key].append(since(started_at, began[getattr(one, "call_id", one.id)]))
        return found

    found = {
        "calls": rows(scenario.calls, "started_at", "answered_at", "ended_at"),
        "legs": rows(scenario.legs, "started_at", "answered_at", "ended_at"),
        "intervals": rows(scenario.intervals, "started_at", "ended_at"),
        "entries": rows(scenario.entries, "joined_at", "left_at"),
        "offers": rows(scenario.offers, "started_at", "ended_at"),
        "surveys": rows(scenario.surveys, "started_at", "ended_at"),
        "states": {
            (one.agent_id, one.id.rpartition("-")[2]): (
                one.status,
                one.reason,
                since(one.ended_at, one.started_at),
            )
            for one in scenario.agent_states.values()
        },
    }
    if not merged:
        found["transfers"] = [[since(one.at, began[one.call_id])] for one in scenario.transfers.values()]
        found["choices"] = {
            call.id: [(one.menu, one.choice, since(one.at, call.started_at)) for one in call.choices]
            for call in scenario.calls.values()
        }
    return found


def lengths() -> dict[str, int]:
    return {name: sum(1 for _ in read_blocks(TRANSCRIPTS / f"{name}.ami")) for name in NAMES}


LENGTHS = lengths()


@pytest.mark.parametrize("by", [3600.0, -3600.0])
@pytest.mark.parametrize("name", NAMES)
def test_a_jump_in_the_middle_of_a_call_changes_no_duration(name: str, by: float) -> None:
    plain = durations(Scenario(stepped(name, LENGTHS[name], 0.0)))
    assert durations(Scenario(stepped(name, LENGTHS[name] // 2, by))) == plain


@given(name=st.sampled_from(NAMES), share=st.floats(0.0, 1.0), by=st.sampled_from([3600.0, -3600.0, -7.5]))
def test_a_jump_at_any_moment_changes_no_duration(name: str, share: float, by: float) -> None:
    plain = durations(Scenario(stepped(name, LENGTHS[name], 0.0)))
    assert durations(Scenario(stepped(name, int(LENGTHS[name] * share), by))) == plain


def test_a_call_says_that_the_clock_jumped_while_it_was_up_and_the_next_one_does_not() -> None:
    scenario = Scenario(stepped("answered", LENGTHS["answered"] // 2, 3600.0))
    assert [call.clock_step_seconds for call in scenario.calls.values()] == [3600.0]
    assert [fact.by for fact in scenario.facts if isinstance(fact, ClockStepped)] == [3600.0]
    assert [one.reason for one in scenario.anomalies] == ["Asterisk's clock jumped by +3600.000 s"]
    at = scenario.board.at
    scenario.feed([parse(encode("Newchannel", at + 1.0, Uniqueid="lab-1.1", Linkedid="lab-1.1"))])
    assert next(scenario.board.legs()).started_at == at + 1.0
    assert next(scenario.board.calls()).clock_step_seconds is None


def test_a_new_leg_of_a_call_that_lived_through_a_jump_has_the_calls_clock() -> None:
    channel = {"Linkedid": "lab-1.1", "Channel": "PJSIP/1001-1"}
    scenario = Scenario(
        [
            parse(encode("Newchannel", 100.0, Uniqueid="lab-1.1", **channel)),
            parse(encode("CtiClockStepped", 3710.0, By="3600")),
            parse(encode("Newchannel", 3720.0, Uniqueid="lab-1.2", **channel)),
            parse(encode("Hangup", 3730.0, Uniqueid="lab-1.2", **channel)),
        ]
    )
    assert [(leg.started_at, leg.ended_at) for leg in scenario.legs.values()] == [
        (100.0, None),
        (120.0, 130.0),
    ]


def test_the_same_jump_told_twice_counts_once_and_two_jumps_count_both() -> None:
    channel = {"Uniqueid": "lab-1.1", "Linkedid": "lab-1.1", "Channel": "PJSIP/1001-1"}
    forth = parse(encode("CtiClockStepped", 3710.0, By="3600"))
    back = parse(encode("CtiClockStepped", 120.0, By="-3600"))
    scenario = Scenario([parse(encode("Newchannel", 100.0, **channel)), forth, forth, back])
    assert [call.clock_step_seconds for call in scenario.calls.values()] == [0.0]
    scenario.feed([parse(encode("Hangup", 130.0, **channel))])
    assert [call.ended_at for call in scenario.calls.values()] == [130.0]


def test_a_wrap_up_under_way_is_counted_from_where_the_new_clock_would_have_begun_it() -> None:
    scenario = Scenario([*stepped("answered", LENGTHS["answered"], 0.0)])
    agent = next(scenario.board.agents())
    agent.wrap_up_started_at = scenario.board.at - 5.0
    scenario.feed([parse(encode("CtiClockStepped", scenario.board.at - 3600.0, By="-3600"))])
    assert agent.wrap_up_started_at == pytest.approx(scenario.board.at - 5.0)


def test_a_jump_that_does_not_say_how_far_is_an_anomaly() -> None:
    scenario = Scenario([parse(encode("CtiClockStepped", 100.0))])
    assert [one.reason for one in scenario.anomalies] == ["does not say by how much"]
