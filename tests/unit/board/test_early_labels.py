"""The dialplan's question can be answered before AMI has told of its channel; nothing of it may be lost."""

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.calls.menu_choice import MenuChoice
from cti.calls.model import SurveyOutcome
from tests.unit.board.scenario import Scenario, read_events

AT = 1_800_000_000.0


def event(kind: str, at: float, **headers: str | float) -> AmiEvent:
    return parse(encode(kind, at, **headers))


def label(uniqueid: str, at: float) -> AmiEvent:
    return event(
        "CtiCallLabelled", at, Uniqueid=uniqueid, Queue="sales", Language="en", Number="+8613800138000"
    )


def channel(uniqueid: str, at: float) -> AmiEvent:
    return event(
        "Newchannel", at, Uniqueid=uniqueid, Linkedid=uniqueid, Channel="PJSIP/trunk-1", ChannelState="4",
        Context="inbound", CallerIDNum="13800138000", Exten="4001",
    )  # fmt: skip


def test_a_label_that_comes_before_its_channel_is_applied_when_the_channel_appears() -> None:
    scenario = Scenario([label("a.1", AT), event("CtiIvrChoice", AT, Uniqueid="a.1", Menu="m", Choice="1")])
    assert not scenario.facts
    scenario.feed([channel("a.1", AT + 0.01)])
    [call] = scenario.board.calls()
    assert (call.queue, call.language, call.caller_number) == ("sales", "en", "+8613800138000")
    assert call.choices == [MenuChoice("m", "1", AT)]
    assert not scenario.anomalies


def test_a_kept_label_survives_a_checkpoint() -> None:
    board = Scenario([label("a.1", AT)]).board
    scenario = Scenario([channel("a.1", AT + 1)], Board.load(board.dump()))
    assert [call.language for call in scenario.board.calls()] == ["en"]


def test_a_survey_that_comes_before_its_channel_is_kept_with_its_rating() -> None:
    scenario = Scenario(
        [
            event("CtiSurveyStarted", AT + 5, Uniqueid="a.1", Questions="1"),
            event("CtiSurveyAnswer", AT + 6, Uniqueid="a.1", Question="1", Rating="4"),
            event("CtiSurveyEnded", AT + 7, Uniqueid="a.1", Outcome="completed"),
            channel("a.1", AT),
        ]
    )
    [survey] = scenario.surveys.values()
    assert (survey.rating, survey.outcome) == (4, SurveyOutcome.COMPLETED)
    assert (survey.started_at, survey.ended_at) == (AT + 5, AT + 7)


def test_a_label_whose_channel_never_appears_is_forgotten_after_a_minute_and_said_so() -> None:
    scenario = Scenario([label("a.1", AT), label("b.1", AT + 61)])
    assert [(one.reason, one.uniqueid) for one in scenario.anomalies] == [("no such call", "a.1")]
    scenario.feed([channel("a.1", AT + 62)])
    assert [call.language for call in scenario.board.calls()] == [None]


def test_only_so_many_labels_are_kept() -> None:
    scenario = Scenario([label(f"a.{number}", AT) for number in range(1000)])
    assert len(scenario.board._state.early) <= 256
    assert len(scenario.anomalies) == 1000 - len(scenario.board._state.early)


def test_a_label_that_comes_after_its_call_makes_no_sense() -> None:
    scenario = Scenario(read_events("abandoned"))
    [leg] = scenario.legs.values()
    scenario.feed([label(leg.uniqueid, leg.ended_at or 0.0)])
    assert [one.reason for one in scenario.anomalies] == ["no such call"]


def test_a_survey_whose_end_comes_after_its_call_has_ended_with_it() -> None:
    scenario = Scenario(read_events("abandoned"))
    [leg] = scenario.legs.values()
    facts = scenario.feed(
        [event("CtiSurveyEnded", leg.ended_at or 0.0, Uniqueid=leg.uniqueid, Outcome="hung_up")]
    )
    assert facts == []
