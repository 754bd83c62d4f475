"""Calls that are parked, recorded from a real Asterisk."""

from cti.asterisk.events import AmiEvent, encode, parse
from cti.calls.model import EntryOutcome, Interval, OfferOutcome
from tests.unit.board.scenario import Scenario, read_events, run

#: Agent 1 has the caller from 1.0 to 2.0 and parks him.
BEGUN = [("trunk", "wait", 0.5, 1.0), ("agent 1", "ring", 0.5, 1.0), ("agent 1", "talk", 1.0, 2.0)]


def event(kind: str, at: float, **headers: str | float) -> AmiEvent:
    return parse(encode(kind, at, **headers))


def parks(scenario: Scenario) -> list[Interval]:
    return [span for span in scenario.intervals.values() if span.kind == "park"]


def test_a_parked_call_is_nobodys_talk_until_it_is_fetched_and_then_his_who_fetched_it() -> None:
    scenario = run("parked_and_fetched")
    assert scenario.spans() == [
        *BEGUN,
        ("trunk", "park", 2.0, 4.5),
        ("PJSIP/1002", "talk", 4.5, 6.0),
        # Until 5.0 agent 1 hears at which place the call is; his wrap-up begins when his phone is free.
        ("agent 1", "wrap_up", 5.0, 5.5),
    ]
    [park] = parks(scenario)
    assert (park.agent_id, park.queue) == (None, None)
    first, second = scenario.calls.values()
    assert second.merged_into == first.id
    assert {leg.call_id for leg in scenario.legs.values()} == {first.id}
    [transfer] = scenario.transfers.values()
    assert (transfer.agent_id, transfer.to_number) == (1, "700")  # who parked it


def test_a_call_that_nobody_fetches_rings_at_who_parked_it_and_he_talks_again() -> None:
    scenario = run("parked_too_long")
    assert scenario.spans() == [
        *BEGUN,
        ("trunk", "park", 2.0, 6.0),
        ("agent 1", "wrap_up", 5.0, 5.5),
        ("agent 1", "ring", 6.0, 6.5),
        ("agent 1", "talk", 6.5, 8.5),
    ]
    [call] = scenario.calls.values()
    assert len(call.leg_ids) == 3
    [offer] = scenario.offers.values()  # the second ringing is no offer of the queue
    assert offer.outcome is OfferOutcome.ANSWERED


def test_a_caller_who_gives_up_while_parked_was_answered_before_and_parked_to_his_end() -> None:
    scenario = run("parked_and_given_up")
    assert scenario.spans() == [
        *BEGUN,
        ("trunk", "park", 2.0, 4.0),
        ("agent 1", "wrap_up", 4.0, 4.5),
    ]
    [entry] = scenario.entries.values()
    assert (entry.outcome, entry.agent_id) == (EntryOutcome.ANSWERED, 1)


def test_a_parked_caller_whom_nobody_takes_back_waits_in_his_queue_again() -> None:
    scenario = run("parked_and_nobody_there")
    assert scenario.spans() == [
        *BEGUN,
        ("trunk", "park", 2.0, 7.0),
        ("agent 1", "wrap_up", 5.0, 5.5),
        ("PJSIP/1001", "ring", 7.0, 7.5),  # agent 1 has signed out
        ("trunk", "wait", 10.5, 11.5),
    ]
    assert [(entry.queue, entry.outcome) for entry in scenario.entries.values()] == [
        ("sales", EntryOutcome.ANSWERED),
        ("sales", EntryOutcome.ABANDONED),
    ]


def parked() -> tuple[Scenario, float]:
    """A caller who is parked, in a boot of his own."""
    events = read_events("parked_and_fetched")
    at = next(one.at for one in events if one.get("BridgeTechnology") == "holding_bridge")
    boot = event("CtiBoot", next(one.at for one in events if one.at) - 1, Boot="b1")
    return Scenario([boot, *[one for one in events if one.at <= at]]), at


def snapshot(scenario: Scenario, at: float, *more: dict[str, str]) -> list[AmiEvent]:
    """A gap, and what Asterisk lists after it: bridges in which channels are parked, then the channels."""
    [leg] = [leg for leg in scenario.board.legs() if leg.kind == "trunk"]
    known = {"Channel": leg.channel, "Uniqueid": leg.uniqueid, "Linkedid": leg.linkedid}
    lot = leg.bridge_id or ""
    return [
        event("CtiDisconnected", at, Reason="cut"),
        event("CtiConnected", at + 1),
        event("CtiSnapshotBegin", at + 1),
        event("BridgeListItem", at + 1, BridgeUniqueid=lot, BridgeTechnology="holding_bridge"),
        event("BridgeListItem", at + 1, BridgeUniqueid="empty", BridgeTechnology="holding_bridge"),
        *[
            event("CoreShowChannel", at + 1, ChannelState="6", BridgeId=lot, **each)
            for each in (known, *more)
        ],
        event("CtiSnapshotEnd", at + 1.1),
    ]


def test_a_caller_who_was_parked_before_a_gap_and_is_after_it_was_parked_all_the_time() -> None:
    scenario, at = parked()
    scenario.feed(snapshot(scenario, at + 1))
    [park] = parks(scenario)
    assert park.ended_at is None
    assert scenario.board.span(park.leg_id) == park


def test_callers_whom_a_snapshot_finds_in_one_parking_lot_do_not_talk_with_each_other() -> None:
    scenario, at = parked()
    other = {"Channel": "PJSIP/trunk-9", "Uniqueid": "lab-1.9", "Linkedid": "lab-1.9", "Context": "inbound"}
    phone = {"Channel": "PJSIP/1003-9", "Uniqueid": "lab-1.8", "Linkedid": "lab-1.8"}
    scenario.feed(snapshot(scenario, at + 1, other, phone))
    assert len(parks(scenario)) == 3
    assert [span for span in scenario.spans() if span[1] == "talk"] == [("agent 1", "talk", 1.0, 2.0)]
    assert [call.answered_at for call in scenario.calls.values()][1:] == [None, None]
    assert (
        Scenario([], board=scenario.board.load(scenario.board.dump())).board.dump() == scenario.board.dump()
    )
