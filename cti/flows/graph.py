"""A flow as a graph: which step leads where, by which way, and what is known of the call afterwards. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from cti.flows.deed_words import LookUp, Queue
from cti.flows.model import Flow, Step
from cti.flows.question_words import Choice, Field, Handler, Menu, Record
from cti.flows.run import verb_of
from cti.flows.tries import variable_of


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A way from one step to another; ``way`` as a run notes it, but with the menu's own `1-5`.

    ``key`` is True for a way that only who keys something goes. ``gives`` are variables that are surely known
    once it was gone.
    """

    source: str
    target: str
    way: str
    key: bool = False
    gives: frozenset[str] = frozenset()


def edges(flow: Flow) -> list[Edge]:
    """All ways between a flow's steps, in the order of the file; those to unknown steps too."""
    return [edge for name, step in flow.steps.items() for edge in edges_from(flow, name, step)]


def edges_from(flow: Flow, name: str, step: Step) -> Iterator[Edge]:
    """The ways out of one step."""
    found = verb_of(step)
    if found is None:
        return
    verb, word = found
    match word:
        case Menu() | Field() | Record():
            yield from _of_question(flow, name, word)
        case Queue():
            for key, left_for in word.keys.items():
                yield Edge(source=name, target=left_for, way=key, key=True)
    if verb == "branch":
        for number, case in enumerate(word.cases, 1):
            yield Edge(source=name, target=case.goto, way=f"case {number}")
    gives = _given_by(name, verb, word)
    target: str | None = getattr(word, "goto", None)
    if target is not None:
        way = "returned" if verb == "subdialog" else "goto"
        yield Edge(source=name, target=target, way=way, gives=gives, key=isinstance(word, Field | Record))
    otherwise: str | None = getattr(word, "otherwise", None)
    if otherwise is not None:
        yield Edge(source=name, target=otherwise, way="otherwise", gives=gives)
    if isinstance(word, LookUp) and word.failed is not None:
        yield Edge(source=name, target=word.failed, way="failed", gives=gives)
    if verb == "voicemail":
        yield Edge(source=name, target=word.goto, way="noinput")
    if verb == "subdialog":
        # A sub-flow without a way of its own takes this flow's.
        yield from _handled(flow, name, None, ("noinput", "nomatch"))


def handler_target(flow: Flow, word: Any, way: str) -> str | None:
    """Where a step goes on once its tries are used up; None when only the dialplan is left."""
    own: Handler | None = getattr(word, way, None)
    if own is not None and own.goto is not None:
        return own.goto
    handler: Handler | None = getattr(flow, way)
    return None if handler is None else handler.goto


def roots(flow: Flow) -> dict[str, str]:
    """Where a flow is entered, by the way."""
    found = {"start": flow.start, "error": flow.error, "hangup": flow.hangup}
    return {way: step for way, step in found.items() if step is not None}


def reached(starts: Iterable[str], successors: Mapping[str, Iterable[str]]) -> set[str]:
    """All that can be come to, the starts included."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        step = waiting.pop()
        if step not in seen:
            seen.add(step)
            waiting.extend(successors.get(step, ()))
    return seen


def successors(found: Iterable[Edge], wanted: Callable[[Edge], bool] = lambda _: True) -> dict[str, set[str]]:
    """By step, where the wanted ways lead."""
    follow: dict[str, set[str]] = {}
    for edge in found:
        if wanted(edge):
            follow.setdefault(edge.source, set()).add(edge.target)
    return follow


def surely_known(flow: Flow, known: frozenset[str]) -> dict[str, frozenset[str]]:
    """By step that can be come to, the variables that are known there whatever way was gone."""
    follow: dict[str, list[Edge]] = {}
    for edge in edges(flow):
        follow.setdefault(edge.source, []).append(edge)
    at = {step: known for step in roots(flow).values() if step in flow.steps}
    waiting = list(at)
    while waiting:
        step = waiting.pop()
        for edge in follow.get(step, ()):
            before = at.get(edge.target)
            after = at[step] | edge.gives
            after = after if before is None else after & before
            if after != before:
                at[edge.target] = after
                waiting.append(edge.target)
    return at


def _of_question(flow: Flow, name: str, word: Menu | Field | Record) -> Iterator[Edge]:
    if isinstance(word, Menu):
        variable = variable_of(word.name or name)
        for key, choice in word.choices.items():
            target = choice.goto if isinstance(choice, Choice) else choice
            more = choice.set if isinstance(choice, Choice) else {}
            yield Edge(source=name, target=target, way=key, key=True, gives=frozenset({variable, *more}))
    ways = ("noinput",) if isinstance(word, Record) else ("noinput", "nomatch")
    yield from _handled(flow, name, word, ways)


def _handled(flow: Flow, name: str, word: Any, ways: Iterable[str]) -> Iterator[Edge]:
    for way in ways:
        target = handler_target(flow, word, way)
        if target is not None:
            yield Edge(source=name, target=target, way=way, key=way == "nomatch")


def _given_by(name: str, verb: str, word: Any) -> frozenset[str]:
    match verb:
        case "field":
            return frozenset({variable_of(word.name or name)})
        case "record" if not word.review:
            variable = variable_of(word.name or name)
            return frozenset({variable, f"{variable}.seconds"})
        case "lookup":
            return _given_by_lookup(word)
        case "assign":
            return frozenset(word.values)
        case "queue":
            return frozenset({"call.queue"})
        case "task" | "voicemail":
            return frozenset({f"{word.into}.reference"})
        case "subdialog" if word.into is not None:
            return frozenset({word.into})
    return frozenset()


def _given_by_lookup(lookup: LookUp) -> frozenset[str]:
    sure = {key for key, value in lookup.default.items() if value is not None}
    return frozenset(f"{lookup.into}.{key}" for key in sure | {"found"})
