"""The verbs that record what the caller says: record, voicemail.

For each: how the step begins, and how it goes on from what was told.
"""

from typing import Final

from cti.flows.actions import (
    Action,
    Done,
    DropRecording,
    Event,
    Found,
    Keyed,
    OpenTask,
    PlayRecording,
    Recorded,
    Silent,
    TakeRecording,
    Utterance,
)
from cti.flows.deed_words import TaskKind, Voicemail
from cti.flows.expression import text_of
from cti.flows.model import REVIEW_PROMPT
from cti.flows.question_words import Record
from cti.flows.state import Phase
from cti.flows.tries import answer, keys_told, mistake
from cti.flows.turn import Go, Outcome, Trouble, Turn, prompt, unexpected

_REVIEW_SECONDS: Final = 5.0

# --- record ---


def begin_record(turn: Turn, record: Record, before: tuple[Utterance, ...] = ()) -> Outcome:
    """Ask the caller to speak."""
    turn.wait(Phase.FIRST)
    return TakeRecording(
        step=turn.place,
        says=before + turn.says(record.prompt),
        question=record.name or turn.frame.step,
        beep=record.beep,
        silence_seconds=record.silence_seconds,
        shortest_seconds=record.shortest_seconds,
        longest_seconds=record.longest_seconds,
    )


def take_record(turn: Turn, record: Record, event: Event) -> Outcome:
    """What was said is kept as soon as it is there; a review can only take it away again."""
    on = Go(step=record.goto, way="goto")
    match turn.state.phase, event:
        case Phase.FIRST, Recorded(recording=recording, seconds=seconds):
            _keep_recording(turn, record.name, recording, seconds)
            return _review(turn, recording) if record.review else on
        case Phase.FIRST, Silent():
            before = mistake(turn, record, "")
            return before if isinstance(before, Go | Trouble) else begin_record(turn, record, before)
        case Phase.REVIEW, Silent() | Keyed():
            return _take_review(turn, record, keys_told(event))
        case Phase.DROP_AND_REDO, Done():
            return begin_record(turn, record)
        case Phase.DROP, Done():
            return on
    return unexpected(event)


def _review(turn: Turn, recording: str) -> Action:
    turn.wait(Phase.REVIEW, recording)
    return PlayRecording(
        step=turn.place,
        recording=recording,
        says=(prompt(REVIEW_PROMPT),),
        first_key_seconds=_REVIEW_SECONDS,
    )


def _take_review(turn: Turn, record: Record, keys: str | None) -> Outcome:
    state = turn.state
    recording = state.pending
    again = state.redos < record.tries - 1
    if keys == "3" or (keys == "2" and again):
        turn.wait(Phase.DROP if keys == "3" else Phase.DROP_AND_REDO)
        state.redos += 1
        _keep_recording(turn, record.name, "", None)
        return DropRecording(step=turn.place, recording=recording)
    if keys != "1" and again:
        # Silence and other keys: he hears it once more.
        state.redos += 1
        return _review(turn, recording)
    return Go(step=record.goto, way="goto")


def _keep_recording(turn: Turn, name: str | None, recording: str, seconds: float | None) -> None:
    variable = answer(turn, name, None, recording, "")
    turn.assign(variable, recording or None)
    turn.assign(f"{variable}.seconds", seconds)


# --- voicemail ---


def begin_voicemail(turn: Turn, voicemail: Voicemail) -> Outcome:
    """Greet and record."""
    turn.wait(Phase.FIRST)
    return TakeRecording(
        step=turn.place,
        says=turn.says(voicemail.prompt),
        question=turn.frame.step,
        beep=True,
        silence_seconds=voicemail.silence_seconds,
        shortest_seconds=1.0,
        longest_seconds=voicemail.longest_seconds,
    )


def take_voicemail(turn: Turn, voicemail: Voicemail, event: Event) -> Outcome:
    """A message becomes a task of the queue; silence becomes nothing."""
    match turn.state.phase, event:
        case Phase.FIRST, Recorded(recording=recording, seconds=seconds):
            _keep_recording(turn, None, recording, seconds)
            turn.wait(Phase.TASK)
            queue = voicemail.queue or turn.text(voicemail.of) or text_of(turn.state.call.get("call.queue"))
            return OpenTask(
                step=turn.place,
                kind=TaskKind.VOICEMAIL,
                queue=queue,
                supervisor=False,
                values={"seconds": seconds},
                recording=recording,
            )
        case Phase.FIRST, Silent():
            return Go(step=voicemail.goto, way="noinput")
        case Phase.TASK, Found(values=values):
            turn.learn(voicemail.into, values)
            return Go(step=voicemail.goto, way="goto")
        case Phase.TASK, Done():
            return Go(step=voicemail.goto, way="goto")
    return unexpected(event)
