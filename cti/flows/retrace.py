"""A recorded call gone through again in a changed flow: what would have been different for this caller. Pure.

What the caller keyed is keyed again, and others do what they did. What was looked up is not recorded, so a
branch goes the way that it went. Once the changed flow asks something that the caller was never asked, nobody
knows what he would have keyed: there the comparison ends.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from cti.flows import actions
from cti.flows.actions import Action, Answered, Ask, End, Entered, Event, GiveUp, Mistaken, Note
from cti.flows.caller_words import needs_the_caller
from cti.flows.likeness import changes
from cti.flows.model import CONFIRM_PROMPT, Flow
from cti.flows.run import HUNG_UP, Run
from cti.flows.state import MASK

_MOST_ACTIONS: Final = 5000


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded run: its notes in their order (`Entered`, `Answered`, `Mistaken`), and how it ended."""

    notes: Sequence[Entered | Answered | Mistaken]
    outcome: str
    language: str = "zh-CN"


class DifferenceKind(StrEnum):
    """What is not as it was."""

    #: Steps that are come to no more, or now.
    STEPS_GONE = "steps_gone"
    STEPS_NEW = "steps_new"
    #: A question has another answer, or is not asked.
    ANSWER = "answer"
    OUTCOME = "outcome"
    #: Something is asked here that the caller never answered.
    UNKNOWN = "unknown"
    #: What he keyed was secret, and is not known.
    SECRET = "secret"  # noqa: S105


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing, with how it was and how it would be; ``where`` is a step or a question."""

    kind: DifferenceKind
    where: str
    then: str
    now: str


def retrace(trace: Trace, flows: Mapping[str, Flow], flow: str) -> list[Difference]:
    """How the call would have been different; empty when it would have been the same."""
    recorded = _Recorded(trace)
    run = Run(flows, flow, language=trace.language, steer=recorded.way_of_branch)
    action = run.begin()
    notes = list(action.notes)
    ended: Difference | None = None
    for _ in range(_MOST_ACTIONS):
        if isinstance(action, End | GiveUp):
            break
        event = recorded.event(action)
        if isinstance(event, Difference):
            ended = event
            break
        action = run.take(event)
        notes += action.notes
    return _compare(trace, notes, run.outcome, ended)


class _Recorded:
    """What was done at each visit of a step, to be done again."""

    def __init__(self, trace: Trace) -> None:
        self._inputs: deque[tuple[str, str]] = deque()
        #: The ways by which each step was left, visit by visit.
        self._left: dict[str, deque[str]] = {}
        self._hung_up = trace.outcome == HUNG_UP
        #: Where recordings were dropped in the end.
        self._dropped: set[str] = set()
        last = before = ""
        for note in trace.notes:
            place = f"{note.flow}/{note.step}"
            match note:
                case Entered():
                    if note.way == "hangup":
                        self._hung_up, last = True, before
                    elif before:
                        self._left.setdefault(before, deque()).append(note.way)
                    before = place
                case Answered(kind=None):
                    # Once more at the same step it was made again, and without a value it was dropped.
                    if self._inputs and self._inputs[-1] == (place, "record"):
                        (self._dropped.discard if note.value else self._dropped.add)(place)
                    else:
                        self._inputs.append((place, "record"))
                case Answered() | Mistaken():
                    self._inputs.append((place, note.keys))
        #: Where he hung up, if he did.
        self._last = last or before

    def way_of_branch(self, place: str) -> str | None:
        """The way that a branch went at this visit."""
        return self._way(place)

    def event(self, action: Action) -> Event | Difference:
        """What happened then, or why that is not known."""
        if self._hung_up and not self._inputs and action.step == self._last and needs_the_caller(action):
            return actions.HungUp()
        match action:
            case Ask() if any(said.value == CONFIRM_PROMPT for said in action.says):
                return actions.Keyed(keys="1")
            case Ask() | actions.TakeRecording():
                return self._input(action)
            case actions.PlayRecording():
                return actions.Keyed(keys="3" if action.step in self._dropped else "1")
            case actions.WaitInQueue() | actions.OfferCallback() | actions.Connect() | actions.Find():
                return self._result(action)
        return actions.Done()

    def _input(self, action: Ask | actions.TakeRecording) -> Event | Difference:
        place = action.step
        if not self._inputs or self._inputs[0][0] != place:
            return Difference(kind=DifferenceKind.UNKNOWN, where=place, then="", now="")
        _, keys = self._inputs.popleft()
        if keys == MASK:
            return Difference(kind=DifferenceKind.SECRET, where=place, then=MASK, now="")
        if not keys:
            return actions.Silent()
        if isinstance(action, actions.TakeRecording):
            return actions.Recorded(recording="recording", seconds=max(action.silence_seconds, 5.0))
        return actions.Keyed(keys=keys)

    def _result(self, action: Action) -> Event | Difference:
        way = self._way(action.step)
        if way is None:
            return Difference(kind=DifferenceKind.UNKNOWN, where=action.step, then="", now="")
        if isinstance(action, actions.Find):
            if way == "failed":
                return actions.Failed(reason="retrace.lookup")
            return actions.NotFound() if way == "otherwise" else actions.Found(values={})
        if way == "goto":
            accepted = isinstance(action, actions.OfferCallback)
            return actions.Returned(result="accepted" if accepted else "answered")
        if way == "otherwise":
            return actions.Returned(result="")
        return actions.Returned(result="key", key=way)

    def _way(self, place: str) -> str | None:
        ways = self._left.get(place)
        return ways.popleft() if ways else None


def _compare(trace: Trace, notes: Sequence[Note], outcome: str, ended: Difference | None) -> list[Difference]:
    found = _compare_steps(trace.notes, notes, told=ended is None)
    then, now = _answers(trace.notes), _answers(notes)
    for question in {**then, **now}:
        # What comes after the end of the comparison is not known.
        if then.get(question) != now.get(question) and (ended is None or question in now):
            found.append(
                Difference(
                    kind=DifferenceKind.ANSWER,
                    where=question,
                    then=then.get(question, ""),
                    now=now.get(question, ""),
                )
            )
    if ended is not None:
        return [*found, ended]
    if outcome != trace.outcome:
        found.append(Difference(kind=DifferenceKind.OUTCOME, where="", then=trace.outcome, now=outcome))
    return found


def _compare_steps(then: Sequence[Note], now: Sequence[Note], *, told: bool) -> list[Difference]:
    before, after = _path(then), _path(now)
    found = []
    for tag, start, stop, new_start, new_stop in changes(before, after):
        at = before[start - 1] if start else ""
        # What would have come after the end of the comparison is not known.
        if tag == "replace" or (tag == "delete" and (told or stop < len(before))):
            steps = ", ".join(before[start:stop])
            found.append(Difference(kind=DifferenceKind.STEPS_GONE, where=at, then=steps, now=""))
        if tag in ("insert", "replace"):
            steps = ", ".join(after[new_start:new_stop])
            found.append(Difference(kind=DifferenceKind.STEPS_NEW, where=at, then="", now=steps))
    return found


def _path(notes: Sequence[Note]) -> list[str]:
    return [f"{note.flow}/{note.step}" for note in notes if isinstance(note, Entered)]


def _answers(notes: Sequence[Note]) -> dict[str, str]:
    """By question; that something was recorded, not its id."""
    found: dict[str, str] = {}
    for note in notes:
        if isinstance(note, Answered):
            found[note.question] = ("recorded" if note.value else "") if note.kind is None else note.value
    return found
