"""Calls that agents make and get beside their queue's, recorded from a real Asterisk.

Every table is (who, what, from, until) in seconds since the first call started.
"""

import pytest

from cti.calls.model import Direction, EntryOutcome
from tests.unit.board.scenario import run


def test_a_call_out_rings_and_talks_for_the_agent_who_made_it() -> None:
    scenario = run("outbound_answered")
    assert scenario.spans() == [("agent 1", "ring", 0.0, 1.0), ("agent 1", "talk", 1.0, 3.0)]
    [call] = scenario.calls.values()
    assert (call.direction, call.dialled_number, call.agent_id) == (Direction.OUTBOUND, "13900139000", 1)
    assert call.queue is None
    assert scenario.states(1)[2:] == ["ready", "ringing", "talking", "ready", "logged_out"]


@pytest.mark.parametrize(
    ("name", "rang", "cause"),
    [
        ("outbound_busy", 0.5, 17),
        ("outbound_rejected", 1.0, 21),
        ("outbound_given_up", 2.0, 127),
        ("early_media", 3.0, 19),
    ],
)
def test_a_call_out_that_nobody_takes_has_a_ring_and_the_networks_cause_and_no_answer(
    name: str, rang: float, cause: int
) -> None:
    scenario = run(name)
    assert scenario.spans() == [("agent 1", "ring", 0.0, rang)]
    [call] = scenario.calls.values()
    assert (call.direction, call.answered_at, call.agent_id) == (Direction.OUTBOUND, None, 1)
    agent, network = scenario.legs.values()
    assert (agent.agent_id, agent.answered_at, network.answered_at) == (1, None, None)
    assert (agent.hangup_cause, network.hangup_cause) == (cause, cause)
    assert scenario.states(1)[2:] == ["ready", "ringing", "ready", "logged_out"]


def test_an_agent_who_is_on_a_call_of_his_own_is_offered_none_and_the_caller_waits() -> None:
    scenario = run("agent_calls_out_while_a_caller_waits")
    assert scenario.spans() == [
        ("agent 1", "ring", 0.0, 0.5),
        ("agent 1", "talk", 0.5, 4.0),
        ("trunk", "wait", 1.0, 5.5),
        ("agent 1", "ring", 5.0, 5.5),
        ("agent 1", "talk", 5.5, 7.5),
        ("agent 1", "wrap_up", 7.5, 8.0),
    ]
    # Asterisk told that the called phone rang before it told that it was dialled.
    assert [call.direction for call in scenario.calls.values()] == [Direction.OUTBOUND, Direction.INBOUND]
    assert len(scenario.offers) == 1


def test_two_agents_who_call_each_other_both_talk_and_neither_is_offered_a_caller() -> None:
    scenario = run("agent_to_agent")
    assert scenario.spans() == [
        ("agent 1", "ring", 0.0, 1.0),
        ("agent 2", "ring", 0.0, 1.0),
        ("agent 1", "talk", 1.0, 4.5),
        ("agent 2", "talk", 1.0, 4.5),
        ("trunk", "wait", 1.5, 3.5),
    ]
    direct, waiting = scenario.calls.values()
    assert (direct.direction, waiting.direction) == (Direction.INTERNAL, Direction.INBOUND)
    assert [entry.outcome for entry in scenario.entries.values()] == [EntryOutcome.ABANDONED]
    assert not scenario.offers
    for agent in (1, 2):
        assert scenario.states(agent)[2:] == ["ready", "ringing", "talking", "ready", "logged_out"]


def test_an_agent_who_takes_a_second_call_holds_the_first_and_talks_on_the_second() -> None:
    scenario = run("second_call_taken")
    assert [span for span in scenario.spans() if span[0] == "agent 1"] == [
        ("agent 1", "ring", 0.5, 1.5),
        ("agent 1", "talk", 1.5, 2.5),
        ("agent 1", "ring", 2.5, 3.5),
        ("agent 1", "hold", 2.5, 5.5),
        ("agent 1", "talk", 3.5, 5.5),
        ("agent 1", "talk", 5.5, 6.5),
        ("agent 1", "wrap_up", 6.5, 7.1),
    ]
    first, second = scenario.calls.values()
    talks = [(one.call_id, one.queue) for one in scenario.intervals.values() if one.kind == "talk"]
    assert sorted(talks, key=str) == sorted(
        [(first.id, "sales"), (first.id, "sales"), (second.id, None), (second.id, None)], key=str
    )
    [held] = [one for one in scenario.intervals.values() if one.kind == "hold"]
    assert (held.call_id, held.agent_id) == (first.id, 1)
    assert scenario.states(1)[3:-2] == ["ringing", "talking", "hold", "talking", "hold", "talking", "wrap_up"]


def test_a_second_call_that_is_refused_goes_to_voicemail_and_does_not_touch_the_first() -> None:
    scenario = run("second_call_refused")
    first, second = scenario.calls.values()
    assert (first.voicemail, second.voicemail) == (False, True)
    assert [span for span in scenario.spans() if span[:2] == ("agent 1", "talk")] == [
        ("agent 1", "talk", 0.5, 4.5)
    ]
    assert "hold" not in scenario.states(1)


def test_an_agent_who_asks_a_colleague_by_a_second_call_holds_his_caller_meanwhile() -> None:
    scenario = run("second_call_made")
    assert [span for span in scenario.spans() if span[0] == "agent 1"] == [
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 2.0),
        ("agent 1", "hold", 2.0, 4.5),
        ("agent 1", "ring", 2.0, 3.0),
        ("agent 1", "talk", 3.0, 4.5),
        ("agent 1", "talk", 4.5, 5.5),
        ("agent 1", "wrap_up", 5.5, 6.0),
    ]
    caller, colleague = scenario.calls.values()
    assert (caller.direction, colleague.direction) == (Direction.INBOUND, Direction.INTERNAL)
    assert not scenario.transfers
