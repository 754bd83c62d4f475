"""What the verbs that ask have in common: an answer is written down, a mistake is counted and told."""

from typing import Final

from cti.flows.actions import Answered, Event, Keyed, Mistaken, Silent, Utterance, Value
from cti.flows.expression import clean, text_of
from cti.flows.model import Flow
from cti.flows.question_list import label_of, questions_of
from cti.flows.question_words import Field, Handler, Menu, QuestionKind, Record
from cti.flows.state import MASK, Phase
from cti.flows.turn import Go, Trouble, Turn

#: Kinds whose answers are quantities; the others stay as keyed, `0042` say.
_QUANTITIES: Final = frozenset({QuestionKind.SCALE, QuestionKind.RECOMMENDATION, QuestionKind.NUMBER})
_MOST_KEYS: Final = 64


def variable_of(question: str) -> str:
    """The variable of a question: `reason_of-mark` is `reason_of_mark`."""
    return question.replace("-", "_").replace("/", "_")


def keys_told(event: Event) -> str | None:
    """What was keyed; empty for silence, None when that was not what happened."""
    if isinstance(event, Silent):
        return ""
    return text_of(clean(event.keys))[:_MOST_KEYS] if isinstance(event, Keyed) else None


def typed(kind: QuestionKind | None, value: str) -> Value:
    """An answer as its variable has it."""
    quantity = kind in _QUANTITIES and value.isascii() and value.isdigit() and len(value) <= 15
    return int(value) if quantity else value


def answer(
    turn: Turn, name: str | None, kind: QuestionKind | None, value: str, keys: str, *, secret: bool = False
) -> str:
    """Write an answer down and set its variable, whose name is given back."""
    question = name or turn.frame.step
    asked = questions_of(turn.flow).get(question)
    turn.note(
        Answered(
            flow=turn.frame.flow,
            step=turn.frame.step,
            question=question,
            kind=kind,
            value=MASK if secret else value,
            keys=MASK if secret else keys,
            title=asked.title if asked is not None else {},
            label=label_of(asked, value),
        )
    )
    variable = variable_of(question)
    turn.assign(variable, typed(kind, value), secret=secret)
    return variable


def mistake(
    turn: Turn, word: Menu | Field | Record, keys: str, *, silent: bool | None = None, secret: bool = False
) -> tuple[Utterance, ...] | Go | Trouble:
    """Count it: what is said before the question is asked again, or the way out."""
    silent = keys == "" if silent is None else silent
    if turn.state.phase is not Phase.CONFIRM:
        # What is keyed when a value is confirmed says nothing of the value.
        written = MASK if secret and keys else keys
        turn.note(Mistaken(flow=turn.frame.flow, step=turn.frame.step, keys=written))
    if silent:
        turn.state.noinputs += 1
    else:
        turn.state.nomatches += 1
    way = "noinput" if silent else "nomatch"
    if (turn.state.noinputs if silent else turn.state.nomatches) >= word.tries:
        return used_up(turn, word, way)
    own = _handler(word, way)
    if own is not None and own.prompt:
        return turn.says(own.prompt)
    for depth, flow in turn.outwards():
        handler = _handler(flow, way)
        if handler is not None and handler.prompt:
            return turn.says(handler.prompt, depth)
    return ()


def used_up(turn: Turn, word: Menu | Field | Record, way: str) -> Go | Trouble:
    """Where it goes on when the tries are used up: the step's handler, the flow's, or the dialplan."""
    own = _handler(word, way)
    if own is not None and own.goto is not None:
        return Go(step=own.goto, way=way)

    def target(flow: Flow) -> str | None:
        handler = _handler(flow, way)
        return None if handler is None else handler.goto

    return turn.way_out(target, way) or Trouble(reason=way, ours=False)


def _handler(word: Menu | Field | Record | Flow, way: str) -> Handler | None:
    handler: Handler | None = getattr(word, way, None)
    return handler
