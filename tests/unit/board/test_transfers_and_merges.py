"""Transfers, merged calls, and calls between extensions, recorded from a real Asterisk."""

from cti.asterisk.events import encode, parse
from cti.board.facts import CallMerged
from cti.calls.model import (
    Direction,
    EntryOutcome,
    LegKind,
    TransferKind,
)
from tests.unit.board.scenario import Scenario, read_events, run


def signed_in(name: str, agents: dict[int, str]) -> Scenario:
    """The transcript with agents signed in at some phones before it begins."""
    events = read_events(name)
    at = next(event.at for event in events if event.at)
    members = [
        encode(
            "QueueMemberAdded",
            at - 10,
            Queue="sales",
            MemberName=f"agent-{agent_id}",
            Interface=interface,
            Paused=0,
        )
        for agent_id, interface in agents.items()
    ]
    return Scenario([*map(parse, members), *events])


def test_after_a_blind_transfer_talk_is_charged_to_whoever_had_it() -> None:
    scenario = signed_in("blind_transfer", {2: "PJSIP/1002"})
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 3.0),
        ("agent 1", "wrap_up", 3.0, 3.5),
        ("agent 2", "ring", 3.0, 4.0),
        ("agent 2", "talk", 4.0, 6.0),
    ]
    [transfer] = scenario.transfers.values()
    assert (transfer.kind, transfer.agent_id, transfer.to_number) == (TransferKind.BLIND, 1, "1002")
    [call] = scenario.calls.values()
    assert call.agent_id == 2  # who talked last
    assert scenario.states(2) == ["logged_out", "ready", "ringing", "talking", "ready"]


def test_an_attended_transfer_through_asterisk_holds_the_caller_during_the_consultation() -> None:
    scenario = signed_in("attended_transfer", {2: "PJSIP/1002"})
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 2.8),
        ("agent 1", "hold", 2.8, 9.0),
        ("agent 2", "ring", 6.0, 7.0),
        ("agent 2", "talk", 7.0, 11.0),
        ("agent 1", "wrap_up", 9.0, 9.5),
    ]
    [transfer] = scenario.transfers.values()
    assert (transfer.kind, transfer.agent_id, transfer.to_number) == (TransferKind.ATTENDED, 1, "1002")
    assert len(scenario.calls) == 1


def test_the_two_halves_of_a_local_channel_are_paired_and_measure_nothing() -> None:
    scenario = run("attended_transfer")
    halves = [leg for leg in scenario.legs.values() if leg.kind is LegKind.LOCAL]
    assert [leg.local_pair_id for leg in halves] == [halves[1].id, halves[0].id]
    assert not {leg.id for leg in halves} & {span.leg_id for span in scenario.intervals.values()}


def test_an_attended_transfer_that_is_cancelled_says_so_and_the_talk_goes_on() -> None:
    scenario = run("attended_transfer_cancelled")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 2.8),
        ("agent 1", "hold", 2.8, 9.3),
        ("PJSIP/1002", "ring", 6.0, 7.0),
        ("PJSIP/1002", "talk", 7.0, 9.3),
        ("agent 1", "talk", 9.3, 11.3),
        ("agent 1", "wrap_up", 11.3, 11.8),
    ]
    [transfer] = scenario.transfers.values()
    assert (transfer.agent_id, transfer.to_number, transfer.outcome) == (1, "1002", "cancelled")


def test_an_attended_transfer_to_a_queue_waits_on_behalf_of_the_agent() -> None:
    scenario = run("attended_transfer_to_queue")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 2.8),
        ("agent 1", "hold", 2.8, 9.5),
        ("local", "wait", 6.5, 7.5),
        ("agent 2", "ring", 6.5, 7.5),
        ("agent 2", "talk", 7.5, 11.5),
        ("agent 1", "wrap_up", 9.5, 10.0),
        ("agent 2", "wrap_up", 11.5, 12.0),
    ]
    [call] = scenario.calls.values()
    assert (call.agent_id, call.queue) == (2, "support")


def test_an_agent_behind_a_local_channel_rings_talks_holds_and_wraps_up_on_his_own_leg() -> None:
    scenario = run("local_member")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.2),
        ("agent 1", "ring", 0.5, 1.2),
        ("agent 1", "talk", 1.2, 2.2),
        ("agent 1", "hold", 2.2, 3.2),
        ("agent 1", "talk", 3.2, 4.2),
        ("agent 1", "wrap_up", 4.2, 4.7),
    ]
    measured = {scenario.legs[span.leg_id].kind for span in scenario.intervals.values() if span.agent_id}
    assert measured == {LegKind.DEVICE}
    [offer] = scenario.offers.values()
    assert (offer.agent_id, offer.outcome) == (1, "answered")


def test_an_attended_transfer_by_the_phone_makes_two_calls_one() -> None:
    scenario = run("attended_transfer_by_phone")
    spans = [span for span in scenario.spans() if span[2] != span[3]]
    assert spans == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 2.0),
        ("agent 1", "hold", 2.0, 4.0),
        ("agent 1", "ring", 2.0, 2.5),
        ("PJSIP/1002", "ring", 2.0, 2.5),
        ("agent 1", "talk", 2.5, 4.0),
        ("PJSIP/1002", "talk", 2.5, 6.0),
        ("agent 1", "wrap_up", 4.0, 4.5),
    ]
    first, second = scenario.calls.values()
    assert second.merged_into == first.id
    assert {leg.call_id for leg in scenario.legs.values()} == {first.id}
    [transfer] = scenario.transfers.values()
    assert (transfer.kind, transfer.agent_id, transfer.call_id) == (TransferKind.ATTENDED, 1, first.id)


def test_a_transfer_back_to_the_queue_waits_again_and_reaches_the_next_agent() -> None:
    scenario = run("transfer_to_queue")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 3.0),
        ("agent 1", "wrap_up", 3.0, 3.5),
        ("trunk", "wait", 3.0, 4.0),
        ("agent 2", "ring", 3.0, 4.0),
        ("agent 2", "talk", 4.0, 6.0),
        ("agent 2", "wrap_up", 6.0, 6.5),
    ]
    assert [(entry.queue, entry.outcome, entry.agent_id) for entry in scenario.entries.values()] == [
        ("sales", EntryOutcome.ANSWERED, 1),
        ("support", EntryOutcome.ANSWERED, 2),
    ]
    [transfer] = scenario.transfers.values()
    assert (transfer.kind, transfer.to_number) == (TransferKind.BLIND, "6002")


def test_two_agents_who_call_each_other_both_ring_and_talk_and_wrap_up_nothing() -> None:
    scenario = signed_in("extension_to_extension", {1: "PJSIP/1001", 3: "PJSIP/1003"})
    assert sorted(scenario.spans(at=next(iter(scenario.calls.values())).started_at)) == [
        ("agent 1", "ring", 0.0, 1.0),
        ("agent 1", "talk", 1.0, 3.0),
        ("agent 3", "ring", 0.0, 1.0),
        ("agent 3", "talk", 1.0, 3.0),
    ]
    for agent_id in (1, 3):
        assert scenario.states(agent_id) == ["logged_out", "ready", "ringing", "talking", "ready"]
    [call] = scenario.calls.values()
    assert call.direction is Direction.INTERNAL


def test_a_call_to_an_extension_that_ends_in_voicemail_is_not_answered_by_a_person() -> None:
    scenario = run("voicemail")
    assert scenario.spans() == [("PJSIP/1003", "ring", 0.0, 3.0), ("PJSIP/1001", "ring", 0.0, 3.0)]
    [call] = scenario.calls.values()
    assert call.voicemail
    assert call.answered_at is None


def test_two_calls_that_are_bridged_become_one_and_the_older_stays() -> None:
    scenario = run("merged")
    first, second = scenario.calls.values()
    assert second.merged_into == first.id
    assert first.merged_into is None
    assert {leg.call_id for leg in scenario.legs.values()} == {first.id}
    assert {entry.call_id for entry in scenario.entries.values() if entry.queue == "support"} == {first.id}
    assert len([fact for fact in scenario.facts if isinstance(fact, CallMerged)]) == 1
    assert not scenario.surveys  # the agents were gone before the callers


def test_merging_is_transitive_whichever_way_it_comes_about() -> None:
    def channel(number: int, linked: int) -> dict[str, str]:
        return {
            "Channel": f"PJSIP/trunk-{number}",
            "Uniqueid": f"n-1.{number}",
            "Linkedid": f"n-1.{linked}",
            "ChannelState": "4",
            "Context": "inbound",
        }

    births = [parse(encode("Newchannel", 100.0 + n, **channel(n, n))) for n in range(1, 5)]
    links = [(4, 3), (3, 2), (2, 1)]
    for order in (links, links[::-1], [links[1], links[0], links[2]]):
        scenario = Scenario(births)
        scenario.feed(
            [parse(encode("Newstate", 200.0, **channel(number, linked))) for number, linked in order]
        )
        assert {leg.call_id for leg in scenario.legs.values()} == {"-n-1.1"}
        assert [call.id for call in scenario.board.calls()] == ["-n-1.1"]
        scenario.feed([parse(encode("Hangup", 300.0, **channel(n, 1))) for n in range(1, 5)])
        assert not list(scenario.board.calls())
