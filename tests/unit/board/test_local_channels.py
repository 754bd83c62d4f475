"""Local channels that Asterisk takes out of the way, and such as stay (/n); from a real Asterisk."""

import pytest

from cti.asterisk.events import AmiEvent
from cti.calls.model import LegKind, OfferOutcome
from tests.unit.board.scenario import Scenario, read_events, run
from tests.unit.board.test_event_order import rows


def halves(scenario: Scenario) -> list[tuple[str, float]]:
    """The halves of Local channels, and how long each lived."""
    return [
        (leg.channel.partition("-")[2].partition(";")[2], round((leg.ended_at or 0.0) - leg.started_at, 1))
        for leg in scenario.legs.values()
        if leg.kind is LegKind.LOCAL
    ]


def test_an_agents_talk_is_one_span_over_the_moment_in_which_his_local_channel_is_optimised_away() -> None:
    scenario = run("local_member_optimised")
    assert scenario.spans() == [
        ("trunk", "wait", 0.0, 0.7),
        ("agent 1", "ring", 0.0, 0.7),
        ("agent 1", "talk", 0.7, 2.2),
        ("agent 1", "hold", 2.2, 3.2),
        ("agent 1", "talk", 3.2, 4.2),
        ("agent 1", "wrap_up", 4.2, 4.7),
    ]
    assert halves(scenario) == [("1", 0.7), ("2", 0.7)]
    measured = {scenario.legs[span.leg_id].interface for span in scenario.intervals.values() if span.agent_id}
    assert measured == {"PJSIP/1001"}
    [offer] = scenario.offers.values()
    assert (offer.agent_id, offer.outcome) == (1, OfferOutcome.ANSWERED)
    assert {span.queue for span in scenario.intervals.values()} == {"sales"}


def test_a_call_through_a_local_channel_is_the_same_whether_the_channel_stays_or_goes() -> None:
    kept, optimised = run("local_dial_kept"), run("local_dial_optimised")
    for scenario in (kept, optimised):
        assert scenario.spans() == [
            ("PJSIP/1003", "ring", 0.0, 0.5),
            ("PJSIP/1001", "ring", 0.5, 1.5),
            ("PJSIP/1003", "talk", 1.5, 4.5),
            ("PJSIP/1001", "talk", 1.5, 4.5),
        ]
        [call] = scenario.calls.values()
        assert len(call.leg_ids) == 4
    assert halves(kept) == [("1", 4.0), ("2", 4.0)]
    assert halves(optimised) == [("1", 1.0), ("2", 1.0)]


def test_each_party_is_the_others_peer_after_the_local_channel_between_them_has_gone() -> None:
    def before_the_end(event: AmiEvent) -> bool:
        return event.at < end

    events = read_events("local_dial_optimised")
    end = next(one.at for one in reversed(events) if one.name == "BridgeLeave") - 0.5
    scenario = Scenario([event for event in events if before_the_end(event)])
    phones = {leg.interface: leg.id for leg in scenario.board.legs()}
    assert scenario.board.peer(phones["PJSIP/1001"]) == phones["PJSIP/1003"]
    assert scenario.board.peer(phones["PJSIP/1003"]) == phones["PJSIP/1001"]
    assert len(phones) == 2


@pytest.mark.parametrize("name", ["local_member", "local_member_optimised"])
def test_the_phone_may_ring_before_the_queue_says_for_whom(name: str) -> None:
    """The second half of a Local channel runs in a thread of its own, which overtakes the queue's."""
    found = read_events(name)
    expected = rows(Scenario(list(found)))[:-1]
    [called] = [place for place, event in enumerate(found) if event.name == "AgentCalled"]
    begins = [place for place, event in enumerate(found) if event.name == "DialBegin"]
    [rung] = [place for place in begins if found[place].get("DestChannel").startswith("PJSIP/")]
    late = [found[called], found[called + 1]]
    assert called < rung
    assert late[1].name == "DialBegin"
    found[called : rung + 1] = [*found[called + 2 : rung + 1], *late]
    assert rows(Scenario(found))[:-1] == expected
