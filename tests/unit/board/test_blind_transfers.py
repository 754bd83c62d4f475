"""Callers who are handed on without a word: by AMI, by REFER, by a feature code, and by AMI Redirect.

Each way and each end was recorded from a real Asterisk; instants are seconds from the handing on.
"""

import pytest

from cti.calls.model import EntryOutcome, LegEnding, LegKind, SurveyOutcome
from tests.unit.board.handing_on import Span, assert_spans, handed_on, stays, told
from tests.unit.board.scenario import run

#: How long agent 1 has served the caller when he hands him on. By keys it takes him longer: Asterisk puts the
#: caller on hold while he keys, and waits for further digits.
SERVED: dict[str, list[Span]] = {
    "blind_transfer": [
        ("trunk", "wait", -2.0, -1.5),
        ("agent 1", "ring", -2.0, -1.5),
        ("agent 1", "talk", -1.5, 0.0),
    ],
    "blind_by_key": [
        ("trunk", "wait", -7.2, -6.7),
        ("agent 1", "ring", -7.2, -6.7),
        ("agent 1", "talk", -6.7, -4.8),
        ("agent 1", "hold", -4.8, 0.0),
    ],
}
SERVED["blind_refer"] = SERVED["redirect"] = SERVED["blind_transfer"]
WAYS = sorted(SERVED)
WRAP_UP: Span = ("agent 1", "wrap_up", 0.0, 0.5)


@pytest.mark.parametrize("way", ["blind_refer", "blind_by_key", "redirect"])
def test_who_takes_the_caller_on_has_the_talk_from_then_on(way: str) -> None:
    scenario, transfer = handed_on(way)
    assert told(transfer) == ("blind", 1, "1002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [*SERVED[way], WRAP_UP, ("agent 2", "ring", 0.0, 1.0), ("agent 2", "talk", 1.0, 3.0)],
    )
    assert stays(scenario) == [("sales", EntryOutcome.ANSWERED, 1)]
    [call] = scenario.calls.values()
    assert (call.agent_id, call.queue, call.voicemail) == (2, "sales", False)


@pytest.mark.parametrize("way", WAYS)
def test_a_transfer_to_a_busy_phone_is_busy_and_the_agent_wraps_up(way: str) -> None:
    scenario, transfer = handed_on(f"{way}_busy")
    assert told(transfer) == ("blind", 1, "1002", "busy")
    assert_spans(scenario, transfer.at, [*SERVED[way], WRAP_UP, ("agent 2", "ring", 0.0, 0.5)])
    [call] = scenario.calls.values()
    assert (call.agent_id, call.voicemail) == (1, True)


@pytest.mark.parametrize("way", WAYS)
def test_a_transfer_to_a_phone_that_nobody_answers_says_so(way: str) -> None:
    scenario, transfer = handed_on(f"{way}_no_answer")
    assert told(transfer) == ("blind", 1, "1002", "no_answer")
    assert_spans(scenario, transfer.at, [*SERVED[way], WRAP_UP, ("agent 2", "ring", 0.0, 3.0)])
    [call] = scenario.calls.values()
    assert (call.agent_id, call.voicemail) == (1, True)


@pytest.mark.parametrize("way", WAYS)
def test_a_caller_who_hangs_up_while_the_target_rings_cancels_the_transfer(way: str) -> None:
    scenario, transfer = handed_on(f"{way}_cancelled")
    assert told(transfer) == ("blind", 1, "1002", "cancelled")
    assert_spans(scenario, transfer.at, [*SERVED[way], WRAP_UP, ("agent 2", "ring", 0.0, 1.5)])
    [call] = scenario.calls.values()
    assert (call.agent_id, call.voicemail) == (1, False)


@pytest.mark.parametrize("name", ["refer_to_queue", "key_to_queue", "redirect_to_queue"])
def test_a_transfer_to_a_queue_is_complete_when_the_queue_has_the_caller(name: str) -> None:
    scenario, transfer = handed_on(name)
    assert told(transfer) == ("blind", 1, "6002", "completed")
    served = SERVED["blind_by_key" if name == "key_to_queue" else "blind_transfer"]
    assert_spans(
        scenario,
        transfer.at,
        [
            *served,
            WRAP_UP,
            ("trunk", "wait", 0.0, 1.0),
            ("agent 2", "ring", 0.0, 1.0),
            ("agent 2", "talk", 1.0, 4.0),
            ("agent 2", "wrap_up", 4.0, 4.5),
        ],
    )
    assert stays(scenario) == [("sales", "answered", 1), ("support", "answered", 2)]
    [call] = scenario.calls.values()
    assert (call.agent_id, call.queue) == (2, "support")
    [survey] = scenario.surveys.values()
    assert (survey.agent_id, survey.queue, survey.outcome) == (
        2,
        "support",
        SurveyOutcome.CALLER_HUNG_UP_FIRST,
    )


@pytest.mark.parametrize("way", ["blind_transfer", "redirect"])
def test_a_caller_who_is_sent_nowhere_is_lost_and_the_transfer_failed(way: str) -> None:
    scenario, transfer = handed_on(f"{way}_nowhere")
    assert told(transfer) == ("blind", 1, "77", "failed")
    assert_spans(scenario, transfer.at, [*SERVED[way], WRAP_UP])
    assert not scenario.surveys  # he has not hung up on the agent


def test_a_transfer_to_an_extension_without_a_phone_failed() -> None:
    scenario, transfer = handed_on("blind_transfer_no_phone")
    assert told(transfer) == ("blind", 1, "1009", "failed")
    assert_spans(scenario, transfer.at, [*SERVED["blind_transfer"], WRAP_UP])


def test_a_refused_refer_is_no_transfer_and_the_talk_goes_on() -> None:
    scenario = run("blind_refer_nowhere")
    assert not scenario.transfers
    [call] = scenario.calls.values()
    assert_spans(
        scenario,
        call.started_at,
        [
            ("trunk", "wait", 0.5, 1.0),
            ("agent 1", "ring", 0.5, 1.0),
            ("agent 1", "talk", 1.0, 4.5),
            ("agent 1", "wrap_up", 4.5, 5.0),
        ],
    )


@pytest.mark.parametrize(
    "name", ["blind_by_key_nowhere", "attended_by_key_nowhere", "attended_transfer_nowhere"]
)
def test_a_number_that_there_is_not_costs_a_hold_and_is_no_transfer(name: str) -> None:
    scenario = run(name)
    assert not scenario.transfers
    holds = [span for span in scenario.spans() if span[1] == "hold"]
    talks = [span for span in scenario.spans() if span[1] == "talk"]
    assert [span[0] for span in (*holds, *talks)] == ["agent 1"] * 3
    assert [talks[0][3], holds[0][3]] == [holds[0][2], talks[1][2]]


def test_both_who_are_redirected_in_one_breath_go_their_ways_and_only_the_caller_is_handed_on() -> None:
    scenario, transfer = handed_on("redirect_both")
    assert told(transfer) == ("blind", 1, "1002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [
            *SERVED["redirect"],
            ("agent 1", "talk", 0.5, 3.0),
            ("PJSIP/1003", "ring", 0.0, 0.5),
            ("PJSIP/1003", "talk", 0.5, 3.0),
            ("agent 1", "wrap_up", 3.0, 3.5),
            ("agent 2", "ring", 0.0, 1.0),
            ("agent 2", "talk", 1.0, 3.5),
        ],
    )


def test_an_agent_who_is_redirected_away_from_the_caller_hands_nobody_on() -> None:
    scenario = run("redirect_agent")
    assert not scenario.transfers
    assert scenario.states(1)[:5] == ["logged_out", "paused signed-in", "ready", "ringing", "talking"]


def test_who_called_may_hand_on_whom_he_called() -> None:
    scenario, transfer = handed_on("direct_call_transferred")
    assert told(transfer) == ("blind", None, "1002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [
            ("PJSIP/1003", "ring", -2.0, -1.5),
            ("agent 1", "ring", -2.0, -1.5),
            ("PJSIP/1003", "talk", -1.5, 0.0),
            ("agent 1", "talk", -1.5, 0.0),
            ("agent 2", "ring", 0.0, 1.0),
            ("agent 1", "talk", 1.0, 3.0),
            ("agent 2", "talk", 1.0, 3.0),
        ],
    )
    assert not scenario.entries


def test_each_leg_of_a_blind_transfer_is_one_channel_and_ends_by_hanging_up() -> None:
    scenario, _ = handed_on("blind_refer")
    assert [(leg.kind, leg.interface, leg.agent_id, leg.ending) for leg in scenario.legs.values()] == [
        (LegKind.TRUNK, None, None, LegEnding.HANGUP),
        (LegKind.DEVICE, "PJSIP/1001", 1, LegEnding.HANGUP),
        (LegKind.DEVICE, "PJSIP/1002", 2, LegEnding.HANGUP),
    ]
