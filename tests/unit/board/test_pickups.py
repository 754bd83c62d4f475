"""Calls that ring at one phone and are taken at another, recorded from a real Asterisk."""

import pytest

from cti.asterisk.events import AmiEvent
from cti.calls.model import EntryOutcome, OfferOutcome, SurveyOutcome
from tests.unit.board.scenario import Scenario, read_events, run


@pytest.mark.parametrize("name", ["group_pickup", "directed_pickup"])
def test_who_takes_a_call_talks_and_the_phone_that_rang_only_rang(name: str) -> None:
    scenario = run(name)
    assert scenario.spans() == [
        ("PJSIP/1003", "ring", 0.0, 1.5),
        ("PJSIP/1001", "ring", 0.0, 1.5),
        ("PJSIP/1003", "talk", 1.5, 3.5),
        ("PJSIP/1002", "talk", 1.5, 3.5),
    ]
    first, second = scenario.calls.values()
    assert second.merged_into == first.id
    assert {leg.call_id for leg in scenario.legs.values()} == {first.id}
    rung = next(leg for leg in scenario.legs.values() if leg.interface == "PJSIP/1001")
    assert rung.answered_at is None


def test_a_queue_call_that_is_picked_up_is_answered_talked_and_wrapped_up_by_who_took_it() -> None:
    scenario = run("queue_pickup")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 2.0),
        ("agent 1", "ring", 0.5, 2.0),
        ("agent 2", "talk", 2.0, 4.0),
        ("agent 2", "wrap_up", 4.0, 4.5),
    ]
    [offer] = scenario.offers.values()
    assert (offer.agent_id, offer.outcome) == (1, OfferOutcome.WITHDRAWN)
    [entry] = scenario.entries.values()
    assert (entry.outcome, entry.agent_id, entry.queue) == (EntryOutcome.ANSWERED, 2, "sales")
    call = next(call for call in scenario.calls.values() if call.merged_into is None)
    assert (call.agent_id, call.queue) == (2, "sales")
    [survey] = scenario.surveys.values()
    assert (survey.outcome, survey.agent_id) == (SurveyOutcome.CALLER_HUNG_UP_FIRST, 2)
    assert "talking" not in scenario.states(1)
    assert scenario.states(2)[-4:] == ["talking", "wrap_up", "ready", "logged_out"]


def test_a_queue_call_that_somebody_takes_who_is_no_agent_is_nobodys_talk_and_yet_answered() -> None:
    def of_agent_2(event: AmiEvent) -> bool:
        return event.get("MemberName") == "agent-2"

    scenario = Scenario([event for event in read_events("queue_pickup") if not of_agent_2(event)])
    assert ("PJSIP/1002", "talk", 2.0, 4.0) in scenario.spans()
    assert {span.agent_id for span in scenario.intervals.values() if span.kind != "ring"} == {None}
    [entry] = scenario.entries.values()
    assert (entry.outcome, entry.agent_id) == (EntryOutcome.ANSWERED, None)
    [offer] = scenario.offers.values()
    assert (offer.agent_id, offer.outcome) == (1, OfferOutcome.WITHDRAWN)
    [survey] = scenario.surveys.values()
    assert survey.agent_id is None
