"""The service dies in any instant of a recorded call and comes back when it is over: CEL knows the rest."""

import pytest

from cti.asterisk.cel import CelRow
from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.facts import GapClosed
from cti.calls.model import (
    LegEnding,
    SurveyOutcome,
)
from cti.ledger.gap_events import ledger_events
from tests.unit.board.handing_on import cel_rows
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_events
from tests.unit.ledger.test_gap_events import who_talked

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))
TOLERANCE = 0.2
#: As the reader does: AMI lags behind CEL.
OVERLAP = 1.0


def cut(events: list[AmiEvent], rows: list[CelRow], number: int) -> Scenario:
    """The first events, then a gap until all is over, then what CEL knows, and an empty Asterisk."""
    scenario = Scenario(events[:number])
    last = scenario.board.at
    over = max(rows[-1].at, last) + 5
    missed = ledger_events(row for row in rows if row.at >= last - OVERLAP)
    blocks = [
        encode("CtiConnected", over),
        *([encode("CtiLedgerBegin", last), *missed] if last else missed),
        encode("CtiSnapshotBegin", over),
        encode("CtiSnapshotEnd", over),
    ]
    scenario.feed([parse(block) for block in blocks])
    return scenario


@pytest.mark.parametrize("name", NAMES)
def test_every_leg_has_the_instants_of_cel_wherever_the_gap_begins(name: str) -> None:
    events, rows = read_events(name), cel_rows(name)
    begun = {row.uniqueid: row.at for row in rows if row.event == "CHAN_START"}
    answered = {row.uniqueid: row.at for row in rows if row.event == "ANSWER"}
    ended = {row.uniqueid: row.at for row in rows if row.event == "CHAN_END"}
    for number in range(1, len(events), max(1, len(events) // 25)):
        scenario = cut(events, rows, number)
        legs = {leg.uniqueid: leg for leg in scenario.legs.values()}
        assert legs.keys() == begun.keys(), number
        assert len(legs) == len(scenario.legs), number
        for uniqueid, leg in legs.items():
            assert leg.started_at == pytest.approx(begun[uniqueid], abs=TOLERANCE), number
            assert leg.answered_at == pytest.approx(answered.get(uniqueid), abs=TOLERANCE), number
            assert leg.ended_at == pytest.approx(ended[uniqueid], abs=TOLERANCE), number
        state = scenario.board._state
        for left in (state.calls, state.legs, state.links, state.bridges, state.entries, state.offers):
            assert not left, number
        assert not scenario.anomalies, number
        assert any(isinstance(fact, GapClosed) for fact in scenario.facts)


def test_a_talk_ends_when_cel_says_and_the_call_is_marked() -> None:
    events, rows = read_events("answered"), cel_rows("answered")
    number = next(n for n, event in enumerate(events) if event.name == "BridgeEnter") + 2
    scenario = cut(events, rows, number)
    assert ("agent 1", "talk", 1.5, 4.5) in scenario.spans()
    [call] = scenario.calls.values()
    assert call.gap
    assert {leg.ending for leg in scenario.legs.values()} == {LegEnding.RECONCILED}


def test_a_hold_that_the_gap_swallowed_is_unknown_and_never_zero() -> None:
    events, rows = read_events("held_twice"), cel_rows("held_twice")
    number = next(n for n, event in enumerate(events) if event.name == "Hold") + 1
    scenario = cut(events, rows, number)
    [hold] = [span for span in scenario.intervals.values() if span.kind == "hold"]
    assert (hold.unknown_end, hold.ended_at) == (True, None)
    assert sum(span.kind == "talk" for span in scenario.intervals.values()) == 1


def test_a_survey_dies_with_the_service_but_keeps_what_was_answered() -> None:
    events, rows = read_events("survey_done"), cel_rows("survey_done")
    caller, gone = rows[0].uniqueid, next(e for e in events if e.name == "Hangup").at + 0.1
    before = [event for event in events if event.at <= gone]
    started = parse(encode("CtiSurveyStarted", gone, Uniqueid=caller, Questions="2"))
    [survey] = cut([*before, started], rows, len(before) + 1).surveys.values()
    assert survey.outcome is SurveyOutcome.FAILED
    answer = parse(encode("CtiSurveyAnswer", gone + 1, Uniqueid=caller, Question="1", Rating="5"))
    [survey] = cut([*before, started, answer], rows, len(before) + 2).surveys.values()
    assert (survey.outcome, survey.rating) == (SurveyOutcome.PARTIAL, 5)


CONNECTED = [name for name in NAMES if "CONNECT" in (TRANSCRIPTS / f"{name}.queue_log").read_text()]


@pytest.mark.parametrize("name", CONNECTED)
def test_who_was_rung_just_before_the_gap_is_the_agent_who_answered(name: str) -> None:
    """His phone's channel was heard of, and no longer for whom his queue rang him."""
    events, rows = read_events(name), cel_rows(name)
    for line in (TRANSCRIPTS / f"{name}.queue_log").read_text().splitlines():
        _, caller, queue, member, verb, *rest = line.split("|")
        if verb != "CONNECT":
            continue
        number = next(n for n, one in enumerate(events, 1) if is_new(one, rest[1]))
        if not events[number - 1].get("Channel").startswith("PJSIP/"):
            continue  # of a Local channel CEL does not tell for which agent it was called
        scenario = cut(events, rows, number)
        entries = [one for one in scenario.entries.values() if scenario.legs[one.leg_id].uniqueid == caller]
        answered = {one.agent_id for one in entries if one.queue == queue and one.outcome == "answered"}
        assert answered == {who_talked(name, member)}


def is_new(event: AmiEvent, uniqueid: str) -> bool:
    return event.name == "Newchannel" and event.get("Uniqueid") == uniqueid


def test_the_end_of_his_first_wait_is_not_that_of_the_second_which_the_gap_interrupted() -> None:
    events, rows = read_events("redirect_to_queue"), cel_rows("redirect_to_queue")
    joins = [n for n, event in enumerate(events, 1) if event.name == "QueueCallerJoin"]
    scenario = cut(events, rows, joins[-1])
    assert [entry.outcome for entry in scenario.entries.values()] == ["answered", "answered"]
