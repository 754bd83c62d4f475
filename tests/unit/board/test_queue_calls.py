"""Calls through a queue, recorded from a real Asterisk: who waited, rang, talked, held and wrapped up.

Every table is (who, what, from, until) in seconds since the call started.
"""

import pytest

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.facts import (
    CallEnded,
    CallStarted,
    LegEnded,
    LegStarted,
    OfferMade,
    QueueJoined,
    QueueLeft,
)
from cti.calls.menu_choice import MenuChoice
from cti.calls.model import (
    EntryOutcome,
    OfferOutcome,
    SurveyOutcome,
)
from tests.unit.board.scenario import Scenario, read_events, run


def test_an_answered_call_waits_rings_talks_and_is_wrapped_up() -> None:
    scenario = run("answered")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.5),
        ("agent 1", "ring", 0.5, 1.5),
        ("agent 1", "talk", 1.5, 4.5),
        ("agent 1", "wrap_up", 4.5, 5.0),
    ]
    [call] = scenario.calls.values()
    assert (call.direction, call.queue, call.agent_id) == ("inbound", "sales", 1)
    assert (call.caller_number, call.dialled_number) == ("13800138000", "4001")
    assert scenario.states(1) == [
        "logged_out",
        "paused signed-in",
        "ready",
        "ringing",
        "talking",
        "wrap_up",
        "ready",
        "logged_out",
    ]


def test_the_facts_of_an_answered_call_come_in_the_order_of_things() -> None:
    kinds = (CallStarted, LegStarted, QueueJoined, OfferMade, QueueLeft, LegEnded, CallEnded)
    told = [type(fact) for fact in run("answered").facts if isinstance(fact, kinds)]
    assert told == [
        CallStarted,
        LegStarted,
        QueueJoined,
        LegStarted,
        OfferMade,
        QueueLeft,
        LegEnded,
        LegEnded,
        CallEnded,
    ]


def test_a_caller_who_gives_up_in_the_queue_is_an_abandoned_entry() -> None:
    scenario = run("abandoned")
    assert scenario.spans() == [("trunk", "wait", 0.5, 3.5)]
    [entry] = scenario.entries.values()
    assert entry.outcome is EntryOutcome.ABANDONED
    [call] = scenario.calls.values()
    assert call.answered_at is None
    assert not scenario.surveys


def test_when_one_agent_does_not_answer_the_next_is_offered_the_call() -> None:
    scenario = run("next_agent_answers")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 6.0),
        ("agent 1", "ring", 0.5, 4.5),
        ("agent 2", "ring", 5.5, 6.0),
        ("agent 2", "talk", 6.0, 8.0),
        ("agent 2", "wrap_up", 8.0, 8.5),
    ]
    assert [(offer.agent_id, offer.outcome) for offer in scenario.offers.values()] == [
        (1, OfferOutcome.NO_ANSWER),
        (2, OfferOutcome.ANSWERED),
    ]
    [entry] = scenario.entries.values()
    assert (entry.outcome, entry.agent_id) == (EntryOutcome.ANSWERED, 2)
    assert "wrap_up" not in scenario.states(1)


@pytest.mark.parametrize("name", ["answered", "next_agent_answers", "local_member", "survey_done"])
def test_the_ringing_of_an_offer_belongs_to_its_queue_in_whatever_order_asterisk_says_so(name: str) -> None:
    rings = [one for one in run(name).intervals.values() if one.kind == "ring"]
    assert {(ring.queue, ring.agent_id is not None) for ring in rings} == {("sales", True)}


def test_missed_offers_in_a_row_are_counted_until_the_agent_gets_ready() -> None:
    scenario = Scenario([])
    counts = []
    for event in read_events("next_agent_answers"):
        scenario.feed([event])
        agent = scenario.board.agent(1)
        counts.append(agent.missed_offers if agent is not None else 0)
    assert sorted(set(counts)) == [0, 1]
    assert counts[-1] == 0  # signed out


def test_hold_and_resume_twice_cuts_the_talk_into_three() -> None:
    scenario = run("held_twice")
    assert scenario.spans() == [
        ("trunk", "wait", 0.5, 1.0),
        ("agent 1", "ring", 0.5, 1.0),
        ("agent 1", "talk", 1.0, 2.0),
        ("agent 1", "hold", 2.0, 3.5),
        ("agent 1", "talk", 3.5, 4.5),
        ("agent 1", "hold", 4.5, 7.0),
        ("agent 1", "talk", 7.0, 8.0),
        ("agent 1", "wrap_up", 8.0, 8.5),
    ]
    assert scenario.states(1)[3:10] == ["ringing", "talking", "hold", "talking", "hold", "talking", "wrap_up"]


def test_a_caller_who_hangs_up_while_held_ends_the_hold_and_says_no_talk() -> None:
    scenario = run("hung_up_while_held")
    assert scenario.spans()[2:] == [
        ("agent 1", "talk", 1.0, 2.0),
        ("agent 1", "hold", 2.0, 4.0),
        ("agent 1", "wrap_up", 4.0, 4.5),
    ]
    [survey] = scenario.surveys.values()
    assert survey.outcome is SurveyOutcome.CALLER_HUNG_UP_FIRST
    assert (survey.agent_id, survey.queue, survey.rating) == (1, "sales", None)
    assert survey.leg_id in scenario.legs


def test_an_unhold_that_comes_before_or_after_the_hangup_or_never_gives_the_same_hold() -> None:
    events = read_events("hung_up_while_held")
    without = [event for event in events if event.name != "Unhold"]
    hangup = next(n for n, event in enumerate(without) if event.name == "HangupRequest")
    held = next(event for event in without if event.name == "Hold")
    unhold = parse(encode("Unhold", without[hangup].at, Uniqueid=held.get("Uniqueid")))
    before = Scenario([*without[:hangup], unhold, *without[hangup:]])
    assert Scenario(without).seconds("hold") == pytest.approx(before.seconds("hold"), abs=0.01)
    assert Scenario(without).seconds("talk") == pytest.approx(before.seconds("talk"), abs=0.01)


def test_the_same_hold_again_changes_nothing() -> None:
    events = read_events("held_twice")
    doubled = [copy for event in events for copy in ([event] * 3 if event.name == "Hold" else [event])]
    assert Scenario(doubled).spans() == run("held_twice").spans()


def test_overflow_is_no_abandoning_although_asterisk_says_the_same_of_both() -> None:
    scenario = run("overflow_to_voicemail")
    assert scenario.spans() == [("trunk", "wait", 0.0, 4.0), ("trunk", "wait", 4.0, 7.0)]
    assert [(entry.queue, entry.outcome) for entry in scenario.entries.values()] == [
        ("sales", EntryOutcome.OVERFLOW),
        ("overflow", EntryOutcome.OVERFLOW),
    ]
    [call] = scenario.calls.values()
    assert call.voicemail
    assert call.answered_at is None


def test_an_agents_phone_that_dies_in_mid_call_ends_the_talk_when_asterisk_notices() -> None:
    scenario = run("phone_dies")
    assert scenario.spans()[:4] == [
        ("trunk", "wait", 0.0, 0.5),
        ("agent 1", "ring", 0.0, 0.5),
        ("agent 1", "talk", 0.5, 6.5),
        ("agent 1", "wrap_up", 6.5, 7.0),
    ]
    assert scenario.legs[next(iter(scenario.offers.values())).leg_id or ""].hangup_cause == 44


def with_survey(name: str, *answers: tuple[str, int, int], outcome: str | None) -> Scenario:
    """The transcript with what the service itself writes once the agent has hung up."""
    events: list[AmiEvent] = []
    for event in read_events(name):
        events.append(event)
        if event.name == "Hangup" and "1001" in event.get("Channel"):
            uniqueid, at = event.get("Linkedid"), event.at
            own = [encode("CtiSurveyStarted", at + 0.1, Uniqueid=uniqueid, Language="zh-CN", Questions=2)]
            own += [
                encode(kind, at + 0.2, Uniqueid=uniqueid, Question=question, Rating=rating)
                for kind, question, rating in answers
            ]
            if outcome is not None:
                own.append(encode("CtiSurveyEnded", at + 0.3, Uniqueid=uniqueid, Outcome=outcome))
            events += map(parse, own)
    return Scenario(events)


def test_a_survey_done_is_tied_to_call_leg_agent_and_queue() -> None:
    answers = (("CtiSurveyAnswer", 1, 5), ("CtiSurveyAnswer", 2, 4))
    scenario = with_survey("survey_done", *answers, outcome="completed")
    [survey] = scenario.surveys.values()
    assert (survey.outcome, survey.rating, survey.second_rating) == (SurveyOutcome.COMPLETED, 5, 4)
    assert (survey.agent_id, survey.queue, survey.language) == (1, "sales", "zh-CN")
    assert scenario.legs[survey.leg_id or ""].agent_id == 1
    assert survey.call_id in scenario.calls
    assert not scenario.anomalies


def test_a_survey_refused_by_hanging_up_has_no_rating() -> None:
    scenario = with_survey("survey_refused", outcome="hung_up")
    [survey] = scenario.surveys.values()
    assert (survey.outcome, survey.rating) == (SurveyOutcome.HUNG_UP, None)


@pytest.mark.parametrize(
    ("answers", "outcome"), [((), SurveyOutcome.HUNG_UP), (((1, 3),), SurveyOutcome.PARTIAL)]
)
def test_a_survey_whose_end_nobody_wrote_ends_with_the_callers_leg(
    answers: tuple[tuple[int, int], ...], outcome: SurveyOutcome
) -> None:
    own = [("CtiSurveyAnswer", question, rating) for question, rating in answers]
    scenario = with_survey("survey_refused", *own, outcome=None)
    [survey] = scenario.surveys.values()
    assert survey.outcome is outcome
    assert survey.ended_at == pytest.approx(max(leg.ended_at or 0 for leg in scenario.legs.values()))


@pytest.mark.parametrize("rating", [0, 6, -1, 99999999999])
def test_a_rating_that_cannot_be_is_an_anomaly(rating: int) -> None:
    scenario = with_survey("survey_done", ("CtiSurveyAnswer", 1, rating), outcome="wrong_key")
    [survey] = scenario.surveys.values()
    assert survey.rating is None
    assert [fact.event for fact in scenario.anomalies] == ["CtiSurveyAnswer"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Number": "+8613800138000", "NumberState": "known"}, ("+8613800138000", "known")),
        ({"Number": "", "NumberState": "withheld"}, (None, "withheld")),
        ({"Number": "00x", "NumberState": "invalid"}, ("00x", "invalid")),
        ({"Number": "+8613800138000"}, ("+8613800138000", "known")),
        ({"NumberState": "nonsense"}, ("13800138000", "known")),
    ],
)
def test_the_inbound_hook_says_what_the_call_is_about(
    headers: dict[str, str], expected: tuple[str | None, str]
) -> None:
    events = read_events("answered")
    born = next(n for n, event in enumerate(events) if event.name == "Newchannel")
    label = encode(
        "CtiCallLabelled",
        events[born].at,
        Uniqueid=events[born].get("Uniqueid"),
        Queue="support",
        Language="en",
        **headers,
    )
    scenario = Scenario([*events[: born + 1], parse(label)])
    [call] = scenario.calls.values()
    assert (call.caller_number, call.number_state) == expected
    assert (call.queue, call.language) == ("support", "en")


def test_keys_pressed_in_menus_are_kept_with_the_call_once() -> None:
    events = read_events("abandoned")
    born = next(n for n, event in enumerate(events) if event.name == "Newchannel")
    at, uniqueid = events[born].at, events[born].get("Uniqueid")
    choice = parse(encode("CtiIvrChoice", at, Uniqueid=uniqueid, Menu="language", Choice="2"))
    scenario = Scenario([*events[: born + 1], choice, choice])
    [call] = scenario.calls.values()
    assert call.choices == [MenuChoice("language", "2", at)]


def test_one_more_queue_in_which_an_agent_is_not_paused_does_not_make_him_ready() -> None:
    def member(queue: str, paused: int, reason: str = "") -> AmiEvent:
        headers = {"Queue": queue, "MemberName": "agent-1", "Interface": "PJSIP/1001"}
        return parse(encode("QueueMemberAdded", 1.0, **headers, Paused=paused, PausedReason=reason))

    scenario = Scenario([member("sales", 1, "lunch"), member("support", 0)])
    assert scenario.states(1) == ["logged_out", "paused lunch"]
    agent = scenario.board.agent(1)
    assert agent is not None
    assert agent.queues == ["sales", "support"]
