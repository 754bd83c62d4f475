"""Agents who ask first: through Asterisk (AMI Atxfer, feature codes) and by calls of their own phone.

Each way and each end was recorded from a real Asterisk; instants are seconds from the handing on, or from the
instant at which it was given up.
"""

import pytest

from cti.calls.model import EntryOutcome, LegKind
from tests.unit.board.handing_on import (
    Span,
    assert_spans,
    handed_on,
    stays,
    told,
)
from tests.unit.board.scenario import Scenario, read_events, run


def served(hold: float, talk: float) -> list[Span]:
    """What agent 1 had before: he talked with the caller for so long, and held him for so long."""
    begun = -hold - talk
    return [
        ("trunk", "wait", begun - 0.5, begun),
        ("agent 1", "ring", begun - 0.5, begun),
        ("agent 1", "talk", begun, -hold),
        ("agent 1", "hold", -hold, 0.0),
    ]


WRAP_UP: Span = ("agent 1", "wrap_up", 0.0, 0.5)


def talks_on(seconds: float) -> list[Span]:
    """The caller is back with agent 1 for so long."""
    return [("agent 1", "talk", 0.0, seconds), ("agent 1", "wrap_up", seconds, seconds + 0.5)]


def test_a_transfer_that_a_key_completes_leaves_the_target_with_the_caller() -> None:
    scenario, transfer = handed_on("attended_by_key")
    assert told(transfer) == ("attended", 1, "1002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [*served(7.1, 1.8), WRAP_UP, ("agent 2", "ring", -2.3, -1.8), ("agent 2", "talk", -1.8, 2.1)],
    )
    [call] = scenario.calls.values()
    assert call.agent_id == 2


def test_a_local_channel_that_is_taken_out_after_the_transfer_does_not_interrupt_the_talk() -> None:
    scenario, transfer = handed_on("attended_transfer_with_audio")
    assert told(transfer) == ("attended", 1, "1002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [*served(6.2, 1.8), WRAP_UP, ("agent 2", "ring", -3.0, -2.0), ("agent 2", "talk", -2.0, 2.0)],
    )
    ended = [leg.ended_at for leg in scenario.legs.values() if leg.kind is LegKind.LOCAL]
    assert len(ended) == 2
    assert all(at is not None and 0 < at - transfer.at < 1 for at in ended)


@pytest.mark.parametrize(
    ("name", "consulted", "back"),
    [("attended_by_key_cancelled", 1.9, 2.0), ("attended_transfer_target_left", 1.5, 2.5)],
)
def test_an_agent_who_comes_back_has_the_caller_again_and_the_hold_is_his(
    name: str, consulted: float, back: float
) -> None:
    scenario, transfer = handed_on(name)
    assert told(transfer) == ("attended", 1, "1002", "cancelled")
    hold = 7.2 if "key" in name else 5.3
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(hold, 1.8),
            *talks_on(back),
            ("agent 2", "ring", -consulted - 0.5, -consulted),
            ("agent 2", "talk", -consulted, 0.0),
        ],
    )


@pytest.mark.parametrize(
    ("name", "hold", "back"),
    [("attended_transfer_busy", 4.2, 3.0), ("attended_by_key_busy", 6.8, 4.1)],
)
def test_a_busy_target_brings_the_agent_back_to_the_caller(name: str, hold: float, back: float) -> None:
    scenario, transfer = handed_on(name)
    assert told(transfer) == ("attended", 1, "13900139000", "busy")
    assert_spans(scenario, transfer.at, [*served(hold, 1.8), *talks_on(back)])


@pytest.mark.parametrize(
    ("name", "hold", "back"),
    [("attended_transfer_no_answer", 23.6, 3.6), ("attended_by_key_no_answer", 26.3, 4.6)],
)
def test_a_target_that_does_not_answer_brings_the_agent_back_to_the_caller(
    name: str, hold: float, back: float
) -> None:
    scenario, transfer = handed_on(name)
    assert told(transfer) == ("attended", 1, "13900139000", "no_answer")
    assert_spans(scenario, transfer.at, [*served(hold, 1.8), *talks_on(back)])


def test_a_busy_target_whose_voicemail_answers_is_busy() -> None:
    scenario, transfer = handed_on("attended_transfer_to_voicemail")
    assert told(transfer) == ("attended", 1, "1002", "busy")
    assert_spans(scenario, transfer.at, [*served(6.0, 1.8), *talks_on(1.7), ("agent 2", "ring", -2.8, -2.3)])


def test_an_agent_who_hangs_up_while_the_target_rings_wraps_up_from_then_on() -> None:
    scenario, transfer = handed_on("attended_transfer_while_ringing")
    assert told(transfer) == ("attended", 1, "1002", "completed")
    # Asterisk keeps his channel until the target has answered; his phone is on the hook.
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(4.2, 1.8),
            ("agent 1", "wrap_up", 0.0, 1.5),
            ("agent 2", "ring", -1.0, 1.0),
            ("agent 2", "talk", 1.0, 3.0),
        ],
    )
    first = next(leg for leg in scenario.legs.values() if leg.agent_id == 1)
    assert first.ended_at is not None
    assert first.ended_at - transfer.at == pytest.approx(1.0, abs=0.2)
    assert scenario.states(1)[-5:-1] == ["talking", "hold", "wrap_up", "ready"]


def test_a_caller_handed_on_to_a_target_that_refuses_comes_back_to_the_agent_in_a_call_of_its_own() -> None:
    scenario, transfer = handed_on("attended_transfer_while_ringing_in_vain")
    assert told(transfer) == ("attended", 1, "13900139000", "busy")
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(4.7, 1.8),
            ("agent 1", "wrap_up", 0.0, 3.0),
            ("agent 1", "ring", 2.0, 2.5),
            ("agent 1", "talk", 2.5, 5.0),
        ],
    )
    first, second = scenario.calls.values()
    assert second.merged_into == first.id
    assert [leg.agent_id for leg in scenario.legs.values() if leg.interface == "PJSIP/1001"] == [1, 1]


def test_a_caller_who_hangs_up_during_the_consultation_ends_the_hold_and_the_two_talk_on() -> None:
    scenario, transfer = handed_on("attended_transfer_caller_left")
    assert told(transfer) == ("attended", 1, "1002", "cancelled")
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(4.8, 1.8),
            ("agent 1", "talk", 0.0, 2.0),
            ("agent 1", "wrap_up", 2.0, 2.5),
            ("agent 2", "ring", -1.5, -1.0),
            ("agent 2", "talk", -1.0, 2.0),
        ],
    )


def test_going_back_and_forth_between_the_two_holds_the_caller_only_when_the_agent_is_away() -> None:
    scenario, transfer = handed_on("attended_by_key_swapped")
    assert told(transfer) == ("attended", 1, "1002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [
            ("trunk", "wait", -13.3, -12.8),
            ("agent 1", "ring", -13.3, -12.8),
            ("agent 1", "talk", -12.8, -11.0),
            ("agent 1", "hold", -11.0, -3.8),
            ("agent 1", "talk", -3.8, -1.9),
            ("agent 1", "hold", -1.9, 0.0),
            WRAP_UP,
            ("agent 2", "ring", -6.1, -5.7),
            ("agent 2", "talk", -5.7, -3.8),
            ("agent 2", "talk", -1.9, 1.6),
        ],
    )


def test_bringing_the_caller_in_is_a_transfer_once_the_agent_has_left_the_three() -> None:
    scenario, transfer = handed_on("attended_by_key_three_way")
    assert told(transfer) == ("attended", 1, "1002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(7.2, 1.8),
            ("agent 1", "talk", 0.0, 1.6),
            ("agent 1", "wrap_up", 1.6, 2.1),
            ("agent 2", "ring", -2.3, -1.8),
            ("agent 2", "talk", -1.8, 3.6),
        ],
    )
    told_at = [fact.at for fact in scenario.facts if getattr(fact, "transfer", None) is transfer]
    assert told_at[-1] - told_at[0] == pytest.approx(1.6, abs=0.2)  # undecided until then


def test_consulting_a_queue_waits_and_offers_on_behalf_of_the_agent() -> None:
    scenario, transfer = handed_on("attended_by_key_to_queue")
    assert told(transfer) == ("attended", 1, "6002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(7.7, 1.8),
            WRAP_UP,
            ("local", "wait", -2.3, -1.8),
            ("agent 2", "ring", -2.3, -1.8),
            ("agent 2", "talk", -1.8, 2.1),
            ("agent 2", "wrap_up", 2.1, 2.6),
        ],
    )
    assert stays(scenario) == [("sales", "answered", 1), ("support", "answered", 2)]


def test_leaving_the_queue_that_was_to_be_consulted_abandons_it_and_cancels_the_transfer() -> None:
    scenario, transfer = handed_on("attended_transfer_to_queue_cancelled")
    assert told(transfer) == ("attended", 1, "6002", "cancelled")
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(5.5, 1.8),
            *talks_on(1.7),
            ("local", "wait", -1.8, 0.0),
            ("agent 2", "ring", -1.8, 0.0),
        ],
    )
    assert stays(scenario) == [("sales", "answered", 1), ("support", "abandoned", None)]


# --- By calls of the phone's own ---

CONSULTED: list[Span] = [
    ("agent 1", "ring", 0.0, 0.5),
    ("agent 1", "talk", 0.5, 2.0),
    ("agent 2", "ring", 0.0, 0.5),
    ("agent 2", "talk", 0.5, 2.0),
]


def test_joining_caller_and_queue_agent_by_the_phone_leaves_each_what_he_had() -> None:
    scenario, transfer = handed_on("attended_by_phone_to_queue")
    assert told(transfer) == ("attended", 1, "6002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(3.5, 1.5),
            WRAP_UP,
            ("PJSIP/1001", "wait", -3.0, -2.0),
            ("agent 1", "talk", -2.0, 0.0),
            ("agent 2", "ring", -3.0, -2.0),
            ("agent 2", "talk", -2.0, 2.0),
            ("agent 2", "wrap_up", 2.0, 2.5),
        ],
    )
    assert not scenario.surveys  # nobody hung up on agent 2, although his queue says so
    assert len({leg.call_id for leg in scenario.legs.values()}) == 1


def test_a_place_in_the_queue_that_is_left_to_the_caller_goes_on_as_his() -> None:
    scenario, transfer = handed_on("attended_by_phone_while_waiting")
    assert told(transfer) == ("attended", 1, "6002", "completed")
    assert_spans(
        scenario,
        transfer.at,
        [
            *served(2.0, 1.5),
            WRAP_UP,
            ("PJSIP/1001", "wait", -1.5, 0.0),
            ("trunk", "wait", 0.0, 1.5),
            ("agent 2", "ring", -1.5, 1.5),
            ("agent 2", "talk", 1.5, 3.5),
            ("agent 2", "wrap_up", 3.5, 4.0),
        ],
    )
    assert stays(scenario) == [("sales", "answered", 1), ("support", "answered", 2)]
    [_, support] = scenario.entries.values()
    assert support.outcome is EntryOutcome.ANSWERED
    assert scenario.legs[support.leg_id].kind is LegKind.TRUNK


@pytest.mark.parametrize(
    ("name", "hold", "expected"),
    [
        (
            "attended_by_phone_cancelled",
            2.0,
            CONSULTED,
        ),
        (
            "attended_by_phone_failed",
            2.5,
            CONSULTED,
        ),
        ("attended_by_phone_busy", 0.6, [("agent 1", "ring", 0.1, 0.6)]),
        ("attended_by_phone_no_answer", 2.0, [("agent 1", "ring", 0.0, 2.0)]),
    ],
)
def test_a_second_call_of_the_phone_that_is_not_joined_is_a_hold_and_no_transfer(
    name: str, hold: float, expected: list[Span]
) -> None:
    scenario = run(name)
    assert not scenario.transfers
    held_at = next(span.started_at for span in scenario.intervals.values() if span.kind == "hold")
    assert_spans(
        scenario,
        held_at,
        [
            ("trunk", "wait", -2.0, -1.5),
            ("agent 1", "ring", -2.0, -1.5),
            ("agent 1", "talk", -1.5, 0.0),
            ("agent 1", "hold", 0.0, hold),
            ("agent 1", "talk", hold, hold + 1.5),
            ("agent 1", "wrap_up", hold + 1.5, hold + 2.0),
            *expected,
        ],
    )
    assert len(scenario.calls) == 2
    assert stays(scenario) == [("sales", "answered", 1)]


def test_an_agent_who_hung_up_holds_nobody_although_his_leaving_is_told_after_the_transfer() -> None:
    events = read_events("attended_transfer_while_ringing_in_vain")
    told = next(n for n, event in enumerate(events) if event.name == "AttendedTransfer")
    giver = events[told].get("OrigTransfererUniqueid")
    left = max(
        n
        for n, event in enumerate(events[:told])
        if (event.name, event.get("Uniqueid")) == ("BridgeLeave", giver)
    )
    late = [*events[:left], *events[left + 1 : told + 1], events[left], *events[told + 1 :]]
    usual, found = Scenario(events), Scenario(late)
    assert found.spans() == usual.spans()
    assert found.states(1) == usual.states(1)


def test_an_agent_who_hands_on_a_caller_hung_up_on_nobody_although_the_queue_says_so_first() -> None:
    events = read_events("attended_by_phone_to_queue")
    handed = next(n for n, event in enumerate(events) if event.name == "AttendedTransfer")
    over = next(
        n
        for n, event in enumerate(events)
        if n > handed and (event.name, event.get("Reason")) == ("AgentComplete", "caller")
    )
    early = [*events[:handed], events[over], *events[handed:over], *events[over + 1 :]]
    usual, found = Scenario(events), Scenario(early)
    assert list(found.surveys.values()) == list(usual.surveys.values())
    assert found.spans() == usual.spans()
