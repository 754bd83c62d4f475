"""What a flow asks, and what can be answered: for whoever counts answers or shows them."""

from collections.abc import Iterator
from typing import Final

import msgspec

from cti.flows.model import Flow
from cti.flows.question_words import Choice, Field, Menu, QuestionKind, keys_of

#: A scale with more marks than these is a quantity, whose marks are not listed one by one.
_MOST_MARKS: Final = 21


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A possible answer; ``label`` by language, empty when the value says it."""

    value: str
    label: dict[str, str] = {}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question under the name by which it is recorded; ``answers`` is empty where anything can be keyed."""

    name: str
    kind: QuestionKind
    title: dict[str, str]
    answers: list[Answer] = []


def questions_of(flow: Flow) -> dict[str, Question]:
    """The questions of a flow by name, in the order of its steps. One that several steps ask is one."""
    found: dict[str, Question] = {}
    for name, asking in _asking(flow):
        asked = asking.name or name
        before = found.get(asked)
        answers = list(_answers(asking, name))
        if before is not None:
            known = {answer.value for answer in before.answers}
            answers = [*before.answers, *(answer for answer in answers if answer.value not in known)]
        found[asked] = Question(
            name=asked,
            kind=asking.kind,
            title=(before.title if before is not None else {}) or asking.title,
            answers=answers,
        )
    return found


def label_of(question: Question | None, value: str) -> dict[str, str]:
    """What a given answer is called, by language; empty when the value says it."""
    answers = question.answers if question is not None else []
    return next((answer.label for answer in answers if answer.value == value), {})


def _asking(flow: Flow) -> Iterator[tuple[str, Menu | Field]]:
    for name, step in flow.steps.items():
        asking = step.menu or step.field
        if asking is not None:
            yield name, asking


def _answers(asking: Menu | Field, step: str) -> Iterator[Answer]:
    if isinstance(asking, Field):
        if asking.kind in (QuestionKind.SCALE, QuestionKind.RECOMMENDATION):
            yield from (Answer(value=str(mark)) for mark in _marks(asking.least, asking.greatest))
        return
    for entry, choice in asking.choices.items():
        label = choice.label if isinstance(choice, Choice) else {}
        value = choice.value if isinstance(choice, Choice) else None
        if (choice.goto if isinstance(choice, Choice) else choice) == step:
            # It has the question asked again.
            continue
        if value is not None:
            yield Answer(value=value, label=label)
        else:
            yield from (Answer(value=key, label=label) for key in keys_of(entry))


def _marks(least: int | None, greatest: int | None) -> range:
    if least is None or greatest is None or greatest - least >= _MOST_MARKS:
        return range(0)
    return range(least, greatest + 1)
