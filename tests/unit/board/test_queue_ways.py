"""Who is offered a waiting caller, and how he leaves the queue, recorded from a real Asterisk.

Every table is (who, what, from, until) in seconds since the call started.
"""

from cti.calls.model import EntryOutcome, LegKind, OfferOutcome
from tests.unit.board.scenario import Scenario, run


def offers(scenario: Scenario) -> list[tuple[int, str, OfferOutcome | None]]:
    """(agent, queue, outcome) of every offer, by agent and time."""
    found = sorted(scenario.offers.values(), key=lambda one: (one.agent_id, one.started_at))
    return [(one.agent_id, one.queue, one.outcome) for one in found]


def entries(scenario: Scenario) -> list[tuple[str, EntryOutcome | None, int | None]]:
    """(queue, outcome, agent) of every stay in a queue, by time."""
    found = sorted(scenario.entries.values(), key=lambda one: one.joined_at)
    return [(one.queue, one.outcome, one.agent_id) for one in found]


def test_of_three_agents_who_ring_at_once_one_wins_and_the_others_offers_are_withdrawn() -> None:
    scenario = run("ringall")
    assert sorted(scenario.spans()) == [
        ("agent 1", "ring", 0.5, 2.0),
        ("agent 2", "ring", 0.5, 2.0),
        ("agent 2", "talk", 2.0, 4.0),
        ("agent 2", "wrap_up", 4.0, 4.5),
        ("agent 3", "ring", 0.5, 2.0),
        ("trunk", "wait", 0.5, 2.0),
    ]
    assert offers(scenario) == [
        (1, "sales", OfferOutcome.WITHDRAWN),
        (2, "sales", OfferOutcome.ANSWERED),
        (3, "sales", OfferOutcome.WITHDRAWN),
    ]
    assert entries(scenario) == [("sales", EntryOutcome.ANSWERED, 2)]
    assert scenario.states(1) == scenario.states(3)
    assert scenario.states(3)[2:] == ["ready", "ringing", "ready", "logged_out"]


def test_a_lost_race_is_no_missed_offer() -> None:
    scenario = run("ringall")
    assert max(fact.agent.missed_offers for fact in scenario.facts if hasattr(fact, "agent")) == 0


def test_when_nobody_of_all_answers_in_time_all_have_missed_one_offer_and_get_another() -> None:
    scenario = run("ringall_twice")
    assert sorted(scenario.spans()) == [
        ("agent 1", "ring", 0.5, 4.5),
        ("agent 1", "ring", 5.5, 6.0),
        ("agent 1", "talk", 6.0, 8.0),
        ("agent 1", "wrap_up", 8.0, 8.5),
        ("agent 2", "ring", 0.5, 4.5),
        ("agent 2", "ring", 5.5, 6.0),
        ("trunk", "wait", 0.5, 6.0),
    ]
    assert offers(scenario) == [
        (1, "sales", OfferOutcome.NO_ANSWER),
        (1, "sales", OfferOutcome.ANSWERED),
        (2, "sales", OfferOutcome.NO_ANSWER),
        (2, "sales", OfferOutcome.WITHDRAWN),
    ]
    assert entries(scenario) == [("sales", EntryOutcome.ANSWERED, 1)]


def test_a_caller_who_gives_up_while_agents_ring_is_missed_by_none_of_them() -> None:
    scenario = run("ringall_abandoned")
    assert sorted(scenario.spans()) == [
        ("agent 1", "ring", 0.5, 2.5),
        ("agent 2", "ring", 0.5, 2.5),
        ("trunk", "wait", 0.5, 2.5),
    ]
    assert [outcome for _, _, outcome in offers(scenario)] == [OfferOutcome.WITHDRAWN] * 2
    assert entries(scenario) == [("sales", EntryOutcome.ABANDONED, None)]


def test_a_caller_whom_the_only_agent_missed_waits_on_and_is_offered_to_him_again() -> None:
    scenario = run("offered_again")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 6.0),
        ("agent 1", "ring", 0.5, 4.5),
        ("agent 1", "ring", 5.5, 6.0),
        ("agent 1", "talk", 6.0, 8.0),
        ("agent 1", "wrap_up", 8.0, 8.5),
    ]
    assert offers(scenario) == [
        (1, "sales", OfferOutcome.NO_ANSWER),
        (1, "sales", OfferOutcome.ANSWERED),
    ]
    assert entries(scenario) == [("sales", EntryOutcome.ANSWERED, 1)]


def test_an_offer_that_is_refused_at_the_phone_is_rejected_and_the_next_agent_has_the_call() -> None:
    scenario = run("offer_rejected")
    assert offers(scenario) == [(1, "sales", OfferOutcome.REJECTED), (2, "sales", OfferOutcome.ANSWERED)]
    assert entries(scenario) == [("sales", EntryOutcome.ANSWERED, 2)]
    assert scenario.seconds("talk", 1) == 0.0
    assert round(scenario.seconds("talk", 2), 1) == 2.0


def test_a_caller_who_flows_over_has_two_waits_and_is_answered_for_the_second_queue() -> None:
    scenario = run("overflow_answered")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 3.5),
        ("trunk", "wait", 3.5, 4.5),
        ("agent 2", "ring", 3.5, 4.5),
        ("agent 2", "talk", 4.5, 6.5),
        ("agent 2", "wrap_up", 6.5, 7.0),
    ]
    assert entries(scenario) == [
        ("sales", EntryOutcome.OVERFLOW, None),
        ("overflow", EntryOutcome.ANSWERED, 2),
    ]
    assert offers(scenario) == [(2, "overflow", OfferOutcome.ANSWERED)]
    [call] = scenario.calls.values()
    assert (call.queue, call.agent_id, call.voicemail) == ("overflow", 2, False)


def test_a_caller_who_leaves_the_queue_by_a_key_is_no_abandoned_one_and_leaves_a_message() -> None:
    scenario = run("left_by_key")
    assert scenario.spans() == [("trunk", "wait", 0.0, 2.1)]
    assert entries(scenario) == [("sales", EntryOutcome.OVERFLOW, None)]
    [call] = scenario.calls.values()
    assert (call.answered_at, call.voicemail, call.agent_id) == (None, True, None)
    assert not scenario.surveys


def test_who_presses_the_key_while_an_agent_rings_withdraws_the_offer() -> None:
    scenario = run("left_by_key_while_ringing")
    assert scenario.spans() == [("trunk", "wait", 0.0, 1.6), ("agent 1", "ring", 0.0, 1.6)]
    assert offers(scenario) == [(1, "sales", OfferOutcome.WITHDRAWN)]
    assert entries(scenario) == [("sales", EntryOutcome.OVERFLOW, None)]
    assert scenario.states(1)[2:] == ["ready", "ringing", "ready", "logged_out"]


def test_a_fax_machines_tone_changes_nothing_in_the_record_of_its_call() -> None:
    scenario = run("fax_tone")
    assert scenario.spans() == [
        ("trunk", "wait", 0.0, 1.0),
        ("agent 1", "ring", 0.0, 1.0),
        ("agent 1", "talk", 1.0, 5.0),
        ("agent 1", "wrap_up", 5.0, 5.5),
    ]
    assert [leg.kind for leg in scenario.legs.values()] == [LegKind.TRUNK, LegKind.DEVICE]
    assert entries(scenario) == [("sales", EntryOutcome.ANSWERED, 1)]
    assert not scenario.anomalies
