"""Which variables a flow has, and what is wrong with how it uses them. Pure."""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from cti.flows import expression
from cti.flows.document import Document, Mention, Path
from cti.flows.expression import FUNCTIONS
from cti.flows.graph import surely_known
from cti.flows.likeness import nearest
from cti.flows.lint_fields import ColumnsKnown, check_fields
from cti.flows.model import CALL_VARIABLES, Flow, FlowKind
from cti.flows.problems import FlowProblem, Place, problem
from cti.flows.tries import variable_of
from cti.flows.words import CURRENCIES, Role

_OF_EVERY_CALL: Final = frozenset(f"call.{name}" for name in CALL_VARIABLES)
#: Those that no call lacks.
_SURE: Final = frozenset({"call.number", "call.dialled", "call.language"})
#: What is given besides.
_GIVEN: Final[Mapping[FlowKind, frozenset[str]]] = {
    FlowKind.INBOUND: frozenset(),
    FlowKind.SURVEY: frozenset({"second_question"}),
}
_NOT_NAMES: Final = frozenset({"value", "call", "true", "false", "null", *FUNCTIONS})


def questions(flow: Flow) -> dict[str, str]:
    """The questions of a flow, each with the first step that asks it."""
    found: dict[str, str] = {}
    for name, step in flow.steps.items():
        for word in (step.menu, step.field, step.record):
            if word is not None:
                found.setdefault(word.name or name, name)
    return found


def check_variables(document: Document, flow: Flow, columns: ColumnsKnown) -> Iterator[FlowProblem]:
    """Unknown and forbidden names, secrets that are told, values that may be missing when they are said.
    ``columns`` are those of reference tables.
    """
    known, prefixes = _known(document, flow)
    yield from _forbidden(document, flow)
    yield from _never_given(document, flow)
    for mention in document.mentions:
        if mention.role is Role.EXPRESSION:
            allowed = known | {"value"} if _has_value(mention) else known
            yield from _unknown(mention, allowed, prefixes)
    yield from check_fields(document, flow, known, columns)
    yield from _secrets(document, flow)
    yield from _missing_when_said(document, flow)


def _known(document: Document, flow: Flow) -> tuple[set[str], set[str]]:
    """Names of variables, and what names of what was found begin with."""
    names = {variable_of(question) for question in questions(flow)} | set(flow.inputs) | _OF_EVERY_CALL
    names |= {mention.text for mention in document.mentions if mention.role is Role.VARIABLE}
    prefixes = set()
    for name, step in flow.steps.items():
        if step.record is not None:
            names.add(f"{variable_of(step.record.name or name)}.seconds")
        elif step.lookup is not None:
            prefixes.add(step.lookup.into)
        elif step.task is not None:
            names.add(f"{step.task.into}.reference")
        elif step.voicemail is not None:
            names |= {f"{step.voicemail.into}.reference", variable_of(name), f"{variable_of(name)}.seconds"}
    return names, prefixes


def _has_value(mention: Mention) -> bool:
    return len(mention.path) > 3 and mention.path[2] == "field" and mention.path[3] in ("check", "confirm")


def _unknown(mention: Mention, known: set[str], prefixes: set[str]) -> Iterator[FlowProblem]:
    for name, column in expression.parse(mention.text).names:
        if name in known or (name.partition(".")[0] in prefixes and "." in name):
            continue
        near = nearest(name, known)
        place = Place(line=mention.place.line, column=mention.place.column + mention.inset + column)
        code = "flow.unknown_variable_but_near" if near else "flow.unknown_variable"
        yield problem(code, place, name=name, near=near)


def _forbidden(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    set_here = [
        (mention.text, mention.place) for mention in document.mentions if mention.role is Role.VARIABLE
    ]
    set_here = [(name, place) for name, place in set_here if name not in flow.inputs.keys() & _OF_EVERY_CALL]
    for question, step in questions(flow).items():
        set_here.append((variable_of(question), document.place("steps", step)))
    for name, place in set_here:
        first = name.partition(".")[0]
        if first in _NOT_NAMES or any(keyword.iskeyword(part) for part in name.split(".")):
            yield problem("flow.reserved_variable", place, name=name)


def _never_given(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    """What a call has is known; outbound flows have their contact's data too, sub-flows what is handed in."""
    if flow.kind not in _GIVEN:
        return
    for name, trial in flow.inputs.items():
        if trial is not None and name not in _OF_EVERY_CALL | _GIVEN[flow.kind]:
            known = ", ".join(sorted(_OF_EVERY_CALL | _GIVEN[flow.kind]))
            place = document.place("inputs", name)
            yield problem("flow.input_never_given", place, name=name, kind=flow.kind.value, known=known)


def _secrets(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    secrets = {
        variable_of(step.field.name or name)
        for name, step in flow.steps.items()
        if step.field is not None and step.field.secret
    }
    for mention in document.mentions:
        if mention.role is not Role.EXPRESSION or secrets.isdisjoint(
            expression.parse(mention.text).variables
        ):
            continue
        verb, word = mention.path[2:4] if len(mention.path) > 3 else ("", "")
        if verb in ("send", "task", "transfer") and word == "values":
            yield problem("flow.secret_told", mention.place, text=mention.text)
        elif _is_said(mention):
            yield problem("flow.secret_said", mention.place, text=mention.text)


def _missing_when_said(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    inputs = frozenset(name for name, value in flow.inputs.items() if value is not None)
    known = surely_known(flow, _SURE | inputs)
    for mention in document.mentions:
        if not _is_said(mention) or mention.path[0] != "steps":
            continue
        here = known.get(str(mention.path[1]), frozenset())
        if _has_value(mention):
            here |= {"value"}
        read = expression.parse(mention.text)
        # Whatever the values are: there is one. But a currency out of data may be one without words.
        sure = read.evaluate(dict.fromkeys(here, "1")) is not None
        if mention.path[-1] == "currency_of":
            sure = not read.names and read.evaluate({}) in CURRENCIES
        if not sure and _at(flow, mention.path[:-1]).otherwise is None:
            yield problem("flow.spoken_without_otherwise", mention.place, text=mention.text)


def _is_said(mention: Mention) -> bool:
    """A value in a list of what is heard."""
    path = mention.path
    return (
        mention.role is Role.EXPRESSION and len(path) > 2 and isinstance(path[-2], int) and path[-1] != "when"
    )


def _at(flow: Flow, path: Path) -> Any:
    found: Any = flow
    for word in path:
        found = getattr(found, str(word)) if isinstance(found, msgspec.Struct) else found[word]
    return found
