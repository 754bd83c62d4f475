"""Calls of three and more, recorded from a real Asterisk."""

from cti.asterisk.events import AmiEvent, encode, parse
from cti.calls.model import EntryOutcome, OfferOutcome, TransferKind
from tests.unit.board.scenario import Scenario, run


def event(kind: str, at: float, **headers: str | float) -> AmiEvent:
    return parse(encode(kind, at, **headers))


def test_in_a_conference_room_each_talks_from_when_he_hears_somebody_and_hold_is_his_who_held() -> None:
    scenario = run("conference_room")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 2.0),
        ("agent 1", "wrap_up", 2.0, 2.5),
        # From 2.0 on the caller is alone in the room; agent 1 comes in at 3.5, 1002 at 4.5.
        ("agent 1", "talk", 3.5, 8.0),
        ("PJSIP/1002", "talk", 4.5, 5.0),
        ("PJSIP/1002", "hold", 5.0, 6.0),
        ("PJSIP/1002", "talk", 6.0, 7.0),
    ]
    [entry] = scenario.entries.values()
    assert (entry.queue, entry.outcome, entry.agent_id) == ("sales", EntryOutcome.ANSWERED, 1)
    [offer] = scenario.offers.values()
    assert (offer.agent_id, offer.outcome) == (1, OfferOutcome.ANSWERED)
    [transfer] = scenario.transfers.values()
    assert (transfer.kind, transfer.agent_id, transfer.to_number) == (TransferKind.BLIND, 1, "8001")


def test_whoever_dials_into_a_room_has_a_call_of_his_own_as_cel_says_and_each_is_answered() -> None:
    scenario = run("conference_room")
    assert [call.merged_into for call in scenario.calls.values()] == [None, None, None]
    begun = min(call.started_at for call in scenario.calls.values())
    assert [round((call.answered_at or 0.0) - begun, 1) for call in scenario.calls.values()] == [
        1.0,
        3.5,
        4.5,
    ]
    assert [len(call.leg_ids) for call in scenario.calls.values()] == [2, 1, 1]


def test_an_agent_who_joins_caller_and_colleague_talks_with_both_and_leaves_them_to_each_other() -> None:
    scenario = run("three_way_call")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 2.3),
        ("agent 1", "hold", 2.3, 7.8),
        ("PJSIP/1002", "ring", 5.5, 6.0),
        # While agent 1 holds the three-way call, from 8.8 to 9.8, 1002 and the caller hear each other.
        ("PJSIP/1002", "talk", 6.0, 11.8),
        ("agent 1", "talk", 7.8, 8.8),
        ("agent 1", "hold", 8.8, 9.8),
        ("agent 1", "talk", 9.8, 10.8),
        ("agent 1", "wrap_up", 10.8, 11.3),
    ]
    [call] = scenario.calls.values()
    assert len(call.leg_ids) == 5
    [transfer] = scenario.transfers.values()
    assert (transfer.kind, transfer.agent_id, transfer.to_number) == (TransferKind.ATTENDED, 1, "1002")


def test_who_is_held_by_the_only_other_party_does_not_talk_meanwhile() -> None:
    def phone(number: int) -> dict[str, str]:
        return {
            "Channel": f"PJSIP/100{number}-0",
            "Uniqueid": f"n-1.{number}",
            "Linkedid": "n-1.1",
            "ChannelState": "6",
            "BridgeUniqueid": "room",
        }

    one, two, three = phone(1), phone(2), phone(3)
    scenario = Scenario([event("Newchannel", 100.0, **each) for each in (one, two, three)])
    scenario.feed([event("BridgeEnter", 101.0, **each) for each in (one, two, three)])
    scenario.feed(
        [
            event("Hold", 102.0, **one),  # the other two hear each other
            event("BridgeLeave", 103.0, **three),  # and now 1002 hears nobody
            event("Unhold", 104.0, **one),
            event("Hold", 105.0, **one),
            event("BridgeEnter", 106.0, **three),
            event("Hangup", 107.0, **one),
            event("BridgeLeave", 108.0, **two),
        ]
    )
    assert [span for span in scenario.spans(at=100.0) if span[0] == "PJSIP/1002"] == [
        ("PJSIP/1002", "talk", 1.0, 3.0),
        ("PJSIP/1002", "talk", 4.0, 5.0),
        ("PJSIP/1002", "talk", 6.0, 8.0),
    ]
    assert [span for span in scenario.spans(at=100.0) if span[0] == "PJSIP/1001"] == [
        ("PJSIP/1001", "talk", 1.0, 2.0),
        ("PJSIP/1001", "hold", 2.0, 4.0),
        ("PJSIP/1001", "talk", 4.0, 5.0),
        ("PJSIP/1001", "hold", 5.0, 7.0),
    ]
