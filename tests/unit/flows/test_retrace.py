"""Recorded calls gone through again: the same in the same flow, and told apart in a changed one."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.flows import actions
from cti.flows.actions import Action, Answered, End, Entered, Event, Mistaken, Note
from cti.flows.model import Flow
from cti.flows.retrace import DifferenceKind, Trace, retrace
from cti.flows.run import Run
from tests.unit.flows.flowkit import HUNG_UP, SILENT, flow, heard, keyed

STEPS: dict[str, Any] = {
    "find": {"lookup": {"source": "customer", "into": "c", "goto": "is-vip", "otherwise": "rating"}},
    "is-vip": {"branch": {"cases": [{"when": "c.vip", "goto": "queue"}], "otherwise": "rating"}},
    "rating": {
        "menu": {
            "prompt": ["how"],
            "choices": {"1-2": "why", "3": "account", "5": "end"},
            "noinput": {"goto": "end"},
            "nomatch": {"goto": "end"},
        }
    },
    "why": {"record": {"prompt": ["why"], "review": True, "goto": "task", "noinput": {"goto": "end"}}},
    "task": {"task": {"kind": "tip", "goto": "end"}},
    "account": {
        "field": {
            "prompt": ["account"],
            "confirm": [{"digits": "value"}],
            "most_digits": 4,
            "goto": "queue",
            "noinput": {"goto": "end"},
            "nomatch": {"goto": "end"},
        }
    },
    "queue": {"queue": {"name": "sales", "keys": {"9": "rating"}, "goto": "end", "otherwise": "end"}},
    "end": {"exit": {"say": ["bye"]}},
}
MAIN = flow(STEPS, hangup="task")

FITTING: dict[type[Action], list[Event]] = {
    actions.Find: [actions.Found(values={"vip": True}), actions.Found(values={}), actions.NotFound()],
    actions.Ask: [keyed(keys) for keys in ("1", "3", "5", "9", "12", "2")] + [SILENT, HUNG_UP],
    actions.TakeRecording: [actions.Recorded(recording="r7", seconds=3), SILENT, HUNG_UP],
    actions.PlayRecording: [keyed("1"), keyed("3"), HUNG_UP],
    actions.WaitInQueue: [
        actions.Returned(result="answered"),
        actions.Returned(result="timeout"),
        actions.Returned(result="key", key="9"),
        HUNG_UP,
    ],
    actions.OpenTask: [actions.Found(values={"reference": "1"})],
}


def recorded(events: list[Event], of: Flow = MAIN) -> Trace:
    """A call in which these things happened where they fit."""
    run = Run({"main": of}, "main")
    action = run.begin()
    notes: list[Note] = list(action.notes)
    waiting = list(events)
    while not isinstance(action, End | actions.GiveUp):
        confirms = isinstance(action, actions.Ask) and "flow/confirm" in heard(action)
        fitting = [keyed("1"), HUNG_UP] if confirms else FITTING.get(type(action), [actions.Done()])
        event = next((event for event in waiting if event in fitting), None)
        if event is None:
            event = fitting[0] if len(fitting) == 1 else HUNG_UP
        else:
            waiting.remove(event)
        if isinstance(action, actions.Find) and event is HUNG_UP:
            event = actions.NotFound()
        action = run.take(event)
        notes += action.notes
    kept = [note for note in notes if isinstance(note, Entered | Answered | Mistaken)]
    return Trace(notes=kept, outcome=run.outcome)


def changed(**steps: Any) -> Flow:
    return flow({**STEPS, **steps}, hangup="task")


def told(trace: Trace, now: Flow) -> list[tuple[str, str, str, str]]:
    found = retrace(trace, {"main": now}, "main")
    return [(one.kind.value, one.where, one.then, one.now) for one in found]


EVENTS = st.sampled_from([event for events in FITTING.values() for event in events])


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENTS, max_size=14))
def test_in_the_same_flow_every_call_goes_the_same_way(events: list[Event]) -> None:
    assert told(recorded(events), MAIN) == []


def test_a_key_that_leads_elsewhere_is_told() -> None:
    trace = recorded([actions.NotFound(), keyed("5")])
    menu = {"menu": {**STEPS["rating"]["menu"], "choices": {"5": "queue"}}}
    assert told(trace, changed(rating=menu)) == [
        ("steps_gone", "main/rating", "main/end", ""),
        ("steps_new", "main/rating", "", "main/queue"),
        ("unknown", "main/queue", "", ""),
    ]


def test_a_key_that_is_no_choice_any_more_is_told() -> None:
    trace = recorded([actions.NotFound(), keyed("5")])
    menu = {"menu": {**STEPS["rating"]["menu"], "tries": 1, "choices": {"1": "end"}}}
    assert told(trace, changed(rating=menu)) == [("answer", "rating", "5", "")]


def test_another_value_and_another_outcome_are_told() -> None:
    trace = recorded([actions.NotFound(), keyed("5")])
    choice = {"goto": "end", "value": "five"}
    menu = {"menu": {**STEPS["rating"]["menu"], "choices": {"5": choice}}}
    exit_ = {"exit": {"outcome": "rated"}}
    assert told(trace, changed(rating=menu, end=exit_)) == [
        ("answer", "rating", "5", "five"),
        ("outcome", "", "completed", "rated"),
    ]


def test_a_new_prompt_is_told_and_the_call_goes_on() -> None:
    trace = recorded([actions.NotFound(), keyed("5")])
    menu = {"menu": {**STEPS["rating"]["menu"], "choices": {"5": "thanks"}}}
    thanks = {"prompt": {"say": ["thanks"], "goto": "end"}}
    assert told(trace, changed(rating=menu, thanks=thanks)) == [
        ("steps_new", "main/rating", "", "main/thanks")
    ]


def test_a_new_question_ends_the_comparison() -> None:
    trace = recorded([actions.NotFound(), keyed("5")])
    menu = {"menu": {**STEPS["rating"]["menu"], "choices": {"5": "more"}}}
    more = {"menu": {"prompt": ["more"], "choices": {"1": "end"}}}
    found = told(trace, changed(rating=menu, more=more))
    assert found[-1] == ("unknown", "main/more", "", "")


def test_what_was_secret_cannot_be_keyed_again() -> None:
    secret = changed(rating={"field": {"prompt": ["pin"], "secret": True, "goto": "end"}})
    run = Run({"main": secret}, "main")
    notes = [*run.begin().notes, *run.take(actions.NotFound()).notes, *run.take(keyed("1234")).notes]
    trace = Trace(notes=notes, outcome=run.outcome)  # type: ignore[arg-type]
    assert [one.kind for one in retrace(trace, {"main": secret}, "main")] == [DifferenceKind.SECRET]


@pytest.mark.parametrize(
    "notes", [[], [Answered(flow="x", step="y", question="q", kind=None, value="r", keys="")]]
)
def test_a_trace_of_something_else_is_told_apart(notes: list[Any]) -> None:
    assert told(Trace(notes=notes, outcome="completed"), MAIN) != []
