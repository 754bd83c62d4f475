"""Calls that were handed in (`cti trace`), each with what its rows should be."""

import pytest

from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_events, run

TRACED = sorted(path.stem for path in (TRANSCRIPTS / "traced").glob("*.ami"))


@pytest.mark.parametrize("name", TRACED)
def test_a_traced_call_makes_sense_and_twice_is_the_same_as_once(name: str) -> None:
    events = read_events(f"traced/{name}")
    once, twice = Scenario(events), Scenario([event for event in events for _ in range(2)])
    assert not once.anomalies
    assert (once.calls, once.legs, once.intervals) == (twice.calls, twice.legs, twice.intervals)
    assert events[0].name == "CtiTrace"


def test_an_agent_who_is_called_while_he_wraps_up_does_so_until_he_answers() -> None:
    scenario = run("traced/wrap_up_ended_by_the_next_call")
    first, second = scenario.calls
    spans = sorted(scenario.intervals.values(), key=lambda span: span.started_at)
    assert [span.kind for span in spans if span.call_id == first] == ["wait", "ring", "talk", "wrap_up"]
    [wrap_up] = [span for span in spans if span.kind == "wrap_up" and span.call_id == first]
    [talk] = [span for span in spans if span.kind == "talk" and span.call_id == second]
    assert wrap_up.ended_at == pytest.approx(talk.started_at, abs=0.05)
    assert scenario.states(1)[1:7] == ["ready", "ringing", "talking", "wrap_up", "ringing", "talking"]
