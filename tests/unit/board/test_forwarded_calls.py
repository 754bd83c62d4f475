"""Calls that a phone sends elsewhere (302), and calls that ring at several phones; from a real Asterisk."""

from cti.asterisk.events import AmiEvent
from cti.calls.model import EntryOutcome, LegKind, OfferOutcome
from tests.unit.board.scenario import Scenario, read_events, run


def test_a_phone_that_forwards_rings_until_it_does_and_the_next_rings_and_talks() -> None:
    scenario = run("forwarded_by_phone")
    assert scenario.spans() == [
        ("PJSIP/1003", "ring", 0.0, 0.5),
        ("PJSIP/1001", "ring", 0.0, 0.5),
        ("PJSIP/1003", "ring", 0.5, 1.5),
        ("PJSIP/1002", "ring", 0.5, 1.5),
        ("PJSIP/1003", "talk", 1.5, 3.5),
        ("PJSIP/1002", "talk", 1.5, 3.5),
    ]
    [call] = scenario.calls.values()
    assert len(call.leg_ids) == 5
    assert [leg.kind for leg in scenario.legs.values()].count(LegKind.LOCAL) == 2
    forwarding = next(leg for leg in scenario.legs.values() if leg.interface == "PJSIP/1001")
    assert forwarding.answered_at is None


def test_an_agent_whose_phone_is_forwarded_has_turned_the_offer_down_and_missed_it() -> None:
    scenario = run("offer_forwarded")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 2.6),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 3", "ring", 2.0, 2.6),
        ("agent 3", "talk", 2.6, 4.6),
        ("agent 3", "wrap_up", 4.6, 5.1),
    ]
    assert [(offer.agent_id, offer.outcome) for offer in scenario.offers.values()] == [
        (1, OfferOutcome.REJECTED),
        (3, OfferOutcome.ANSWERED),
    ]
    [entry] = scenario.entries.values()
    assert (entry.outcome, entry.agent_id) == (EntryOutcome.ANSWERED, 3)
    assert not [leg for leg in scenario.legs.values() if leg.interface == "PJSIP/1002"]
    events = read_events("offer_forwarded")
    while_signed_in = Scenario([event for event in events if event.name != "QueueMemberRemoved"])
    agent = while_signed_in.board.agent(1)
    assert agent is not None
    assert agent.missed_offers == 1


def test_of_several_phones_that_ring_only_the_first_to_answer_talks() -> None:
    scenario = run("find_me")
    assert scenario.spans() == [
        ("PJSIP/1003", "ring", 0.0, 1.0),
        ("PJSIP/1001", "ring", 0.0, 1.0),
        ("PJSIP/1002", "ring", 0.0, 1.0),
        ("PJSIP/1003", "talk", 1.0, 3.0),
        ("PJSIP/1002", "talk", 1.0, 3.0),
    ]
    [call] = scenario.calls.values()
    assert len(call.leg_ids) == 3
    answered = {leg.interface: leg.answered_at is not None for leg in scenario.legs.values()}
    assert answered == {"PJSIP/1003": True, "PJSIP/1001": False, "PJSIP/1002": True}


def test_who_dials_rings_whether_or_not_his_target_rings_before_it_is_said_to_be_dialled() -> None:
    def before_the_dial(event: AmiEvent) -> tuple[float, bool]:
        return (round(event.at, 1), event.name == "DialBegin")

    events = read_events("find_me")
    late = Scenario(sorted(events, key=before_the_dial))
    assert late.spans() == Scenario(events).spans()
