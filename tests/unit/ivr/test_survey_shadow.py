"""A flow that is a survey is in the list of surveys, with what became of it."""

from typing import Any

import msgspec
import pytest

from cti.flows.actions import Answered, Entered, Mistaken, Note
from cti.flows.model import Flow
from cti.flows.question_words import QuestionKind
from cti.ivr.sessions.survey_shadow import SurveyShadow


def flow(name: str, kind: str) -> Flow:
    return msgspec.convert(
        {"flow": name, "kind": kind, "title": {}, "start": "s", "steps": {"s": {"exit": {}}}}, type=Flow
    )


FLOWS = {"main": flow("main", "inbound"), "survey": flow("survey", "survey")}


class Written:
    """What was written, as (event, headers)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, **headers: Any) -> int:
        self.events.append((event.removeprefix("CtiSurvey"), headers))
        return 0

    @property
    def outcome(self) -> str:
        [outcome] = [headers["Outcome"] for event, headers in self.events if event == "Ended"]
        return str(outcome)


def entered(step: str, way: str = "goto", of: str = "survey") -> Entered:
    return Entered(flow=of, step=step, way=way)


def answered(question: str, value: str) -> Answered:
    return Answered(
        flow="survey", step=question, question=question, kind=QuestionKind.SCALE, value=value, keys=value
    )


def mistaken(keys: str) -> Mistaken:
    return Mistaken(flow="survey", step="rating", keys=keys)


def run(notes: list[Note], outcome: str, questions: int = 1) -> Written:
    written = Written()
    shadow = SurveyShadow(FLOWS, written)
    for note in notes:
        shadow.note((note,), queue="sales", language="en", questions=questions)
    shadow.ended(outcome)
    return written


START = entered("rating", "start")


def test_a_survey_is_begun_answered_and_ended() -> None:
    written = run([START, answered("rating", "5")], "completed")
    assert written.events == [
        ("Started", {"Queue": "sales", "Language": "en", "Questions": 1}),
        ("Answer", {"Question": 1, "Rating": "5"}),
        ("Ended", {"Outcome": "completed"}),
    ]


@pytest.mark.parametrize(
    ("notes", "outcome", "questions", "expected"),
    [
        ([answered("rating", "4"), answered("second_rating", "1")], "completed", 2, "completed"),
        ([answered("rating", "4")], "hung_up", 1, "completed"),
        ([answered("rating", "4")], "hung_up", 2, "partial"),
        ([], "hung_up", 1, "hung_up"),
        ([mistaken("9"), mistaken("")], "completed", 1, "no_input"),
        ([mistaken(""), mistaken("9")], "completed", 1, "wrong_key"),
        ([answered("reason", "price")], "completed", 1, "no_input"),
        ([], "failed", 1, "failed"),
        ([], "service_lost", 1, "failed"),
        ([answered("rating", "7")], "completed", 1, "no_input"),
    ],
)
def test_what_became_of_it(notes: list[Note], outcome: str, questions: int, expected: str) -> None:
    assert run([START, *notes], outcome, questions).outcome == expected


def test_a_survey_within_a_flow_ends_where_the_flow_goes_on() -> None:
    written = run(
        [
            entered("wait", "start", "main"),
            START,
            answered("rating", "3"),
            entered("bye", "returned", "main"),
        ],
        "hung_up",
    )
    assert [event for event, _ in written.events] == ["Started", "Answer", "Ended"]
    assert written.outcome == "completed"


def test_a_flow_that_is_no_survey_is_none() -> None:
    assert run([entered("wait", "start", "main"), answered("rating", "3")], "completed").events == []
