"""What a caller records: kept as soon as it is there, and taken away only when he says so."""

from typing import Any

from cti.flows.actions import DropRecording, End, OpenTask, PlayRecording, Recorded, TakeRecording
from tests.unit.flows.flowkit import DONE, HUNG_UP, SILENT, Told, flow, heard, keyed, run

FIRST, SECOND = Recorded(recording="r1", seconds=4.0), Recorded(recording="r2", seconds=6.0)


def told(**more: Any) -> Told:
    record = {"prompt": ["speak"], "goto": "task", "name": "comment", **more}
    steps = {
        "say": {"record": record},
        "task": {"task": {"kind": "tip", "queue": "news", "recording": "comment", "goto": "end"}},
        "end": {"exit": {}},
        "silent": {"exit": {"outcome": "silent"}},
    }
    return Told(run(flow(steps, hangup="task")))


def task(call: Told) -> OpenTask:
    return next(action for action in call.actions if isinstance(action, OpenTask))


def test_what_was_recorded_is_an_answer_and_belongs_to_the_task() -> None:
    call = told()
    assert call.last == TakeRecording(
        step="main/say",
        notes=call.last.notes,
        says=call.last.says,  # type: ignore[attr-defined]
        question="comment",
        beep=True,
        silence_seconds=4.0,
        shortest_seconds=1.0,
        longest_seconds=120.0,
    )
    assert heard(call.last) == ["speak"]
    call.take(FIRST)
    assert call.answers == [("comment", "r1")]
    assert task(call).recording == "r1"
    assert call.run.variables == {"comment": "r1", "comment.seconds": 4.0}


def test_silence_has_its_tries() -> None:
    call = told(tries=2, noinput={"prompt": ["nothing-heard"], "goto": "silent"})
    assert heard(call.take(SILENT)) == ["nothing-heard", "speak"]
    call.take(SILENT)
    assert call.run.outcome == "silent"


def test_a_reviewed_recording_is_kept() -> None:
    call = told(review=True)
    review = call.take(FIRST)
    assert isinstance(review, PlayRecording)
    assert (review.recording, heard(review)) == ("r1", ["flow/review"])
    # It is safe before it is heard.
    assert call.answers == [("comment", "r1")]
    assert isinstance(call.take(keyed("1")), OpenTask)


def test_a_recording_is_made_again_and_the_last_one_counts() -> None:
    call = told(review=True)
    drop = call.take(FIRST, keyed("2"))
    assert drop == DropRecording(step="main/say", recording="r1", notes=drop.notes)
    assert isinstance(call.take(DONE), TakeRecording)
    call.take(SECOND, keyed("1"))
    assert call.answers == [("comment", "r1"), ("comment", ""), ("comment", "r2")]
    assert task(call).recording == "r2"


def test_a_recording_is_dropped() -> None:
    call = told(review=True)
    call.take(FIRST, keyed("3"), DONE)
    assert call.answers[-1] == ("comment", "")
    assert task(call).recording == ""
    assert call.run.variables == {"comment": None, "comment.seconds": None}


def test_who_says_nothing_to_the_review_has_his_recording_kept() -> None:
    call = told(review=True)
    call.take(FIRST, SILENT, keyed("7"), SILENT)
    assert isinstance(call.last, OpenTask)
    assert [type(action).__name__ for action in call.actions[1:4]] == ["PlayRecording"] * 3
    assert task(call).recording == "r1"


def test_making_it_again_has_an_end_too() -> None:
    call = told(review=True, tries=2)
    call.take(FIRST, keyed("2"), DONE, SECOND, keyed("2"))
    assert task(call).recording == "r2"


def test_who_hangs_up_in_the_review_has_his_recording_kept() -> None:
    call = told(review=True)
    call.take(FIRST, HUNG_UP)
    assert task(call).recording == "r1"
    end = call.take(DONE)
    assert isinstance(end, End)
    assert end.outcome == "hung_up"
