"""Whether a flow makes sense as a whole: every way leads somewhere, every caller comes out again, and what is
said and asked exists. Pure.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from cti.flows import expression
from cti.flows.document import Document
from cti.flows.graph import Edge, edges, handler_target, reached, roots, successors
from cti.flows.likeness import nearest
from cti.flows.lint_fields import ColumnsKnown, no_columns
from cti.flows.lint_words import check_words
from cti.flows.model import CONFIRM_PROMPT, REVIEW_PROMPT, Flow, FlowKind
from cti.flows.problems import FlowProblem, Severity, problem
from cti.flows.question_words import Record
from cti.flows.run import SILENT_VERBS, verb_of
from cti.flows.variables import check_variables
from cti.flows.words import LANGUAGES, Role

#: Whether there is a prompt in a language.
PromptKnown = Callable[[str, str], bool]


def lint(
    document: Document,
    flows: Mapping[str, Flow],
    prompt_known: PromptKnown | None = None,
    columns: ColumnsKnown = no_columns,
) -> list[FlowProblem]:
    """All that is wrong with a flow, by place. ``flows`` are those that it may call; prompts, and ``columns``
    of reference tables, are looked for when it is known which there are.
    """
    flow = document.flow
    if flow is None:
        return document.problems
    found = [
        *_check_steps(document, flow),
        *_check_ways(document, flow),
        *_check_hangup(document, flow),
        *check_words(document, flow),
        *check_variables(document, flow, columns),
        *_check_subflows(document, flow, flows),
    ]
    if prompt_known is not None:
        found += _check_prompts(document, flow, prompt_known)
    file = document.file
    found = [msgspec.structs.replace(one, file=file) for one in found]
    return sorted(found, key=lambda one: (one.line, one.column, one.code))


def errors(found: list[FlowProblem]) -> list[FlowProblem]:
    """Those with which a flow is not activated."""
    return [one for one in found if one.severity is Severity.ERROR]


# --- where it leads ---


def _check_steps(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    for mention in document.mentions:
        if mention.role is Role.STEP and mention.text not in flow.steps:
            near = nearest(mention.text, flow.steps)
            code = "flow.unknown_step_but_near" if near else "flow.unknown_step"
            yield problem(code, mention.place, step=mention.text, near=near)
    all_edges = edges(flow)
    seen = reached(roots(flow).values(), successors(all_edges))
    for name in flow.steps:
        if name not in seen:
            yield problem("flow.unreachable", document.place("steps", name), step=name)


def _check_ways(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    """Silence and wrong keys have an end, and who does nothing comes out."""
    for name, step in flow.steps.items():
        for word in (step.menu, step.field, step.record):
            if word is None or flow.kind is FlowKind.SUBDIALOG:
                # A sub-flow takes the way of the flow that calls it.
                continue
            ways = ("noinput",) if isinstance(word, Record) else ("noinput", "nomatch")
            for way in ways:
                if handler_target(flow, word, way) is None:
                    yield problem(f"flow.no_{way}", document.place("steps", name), step=name)
    yield from _check_loops(document, flow)


def _check_loops(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    # Who keys nothing and says nothing: only what happens then can be relied upon.
    ways = [edge for edge in edges(flow) if not edge.key]
    follow = successors(ways)
    endings = {name for name, step in flow.steps.items() if _may_end(flow, name, step, ways)}
    back = successors(msgspec.structs.replace(edge, source=edge.target, target=edge.source) for edge in ways)
    come_out = reached(endings, back)
    told: set[str] = set()
    for name in flow.steps:
        if name in come_out or name in told:
            continue
        after = reached(follow.get(name, ()), follow)
        if name in after:
            loop = [
                step for step in flow.steps if step in after and name in reached(follow.get(step, ()), follow)
            ]
            told |= set(loop)
            yield problem("flow.endless_loop", document.place("steps", name), steps=", ".join(loop))


def _may_end(flow: Flow, name: str, step: Any, ways: list[Edge]) -> bool:
    """Whether the run can be over here, or an unknown step follows, which is told elsewhere."""
    if step.exit is not None:
        return True
    targets = [edge.target for edge in ways if edge.source == name]
    return not targets or any(target not in flow.steps for target in targets)


def _check_hangup(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    """Nobody hears what is said after he hung up."""
    if flow.hangup is None:
        return
    follow = successors(edges(flow))
    waiting, seen = [flow.hangup], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in flow.steps:
            continue
        seen.add(name)
        verb, word = verb_of(flow.steps[name]) or ("", None)
        if verb not in SILENT_VERBS or getattr(word, "say", None):
            yield problem("flow.audible_after_hangup", document.place("steps", name), step=name)
        else:
            waiting.extend(follow.get(name, ()))


# --- sub-flows ---


def _check_subflows(document: Document, flow: Flow, flows: Mapping[str, Flow]) -> Iterator[FlowProblem]:
    known = {**flows, flow.flow: flow}
    for name, step in flow.steps.items():
        call = step.subdialog
        if call is None:
            continue
        place = document.place("steps", name, "subdialog", "flow")
        called = known.get(call.flow)
        if called is None:
            yield problem("flow.unknown_flow", place, flow=call.flow)
            continue
        if flow.flow in _called(call.flow, known):
            yield problem("flow.recursion", place, flow=call.flow)
        for value in call.values:
            if value not in called.inputs:
                where = document.place("steps", name, "subdialog", "values", value)
                yield problem("flow.unknown_input", where, flow=call.flow, name=value)
        for wanted, trial in called.inputs.items():
            if trial is not None and wanted not in call.values:
                yield problem("flow.missing_input", place, flow=call.flow, name=wanted)


def _called(name: str, flows: Mapping[str, Flow]) -> set[str]:
    calls = {
        caller: {step.subdialog.flow for step in flow.steps.values() if step.subdialog is not None}
        for caller, flow in flows.items()
    }
    return reached([name], calls)


# --- prompts ---


def _check_prompts(document: Document, flow: Flow, known: PromptKnown) -> Iterator[FlowProblem]:
    wanted = [(mention.text, mention.place) for mention in document.mentions if mention.role is Role.PROMPT]
    for mention in document.mentions:
        if mention.role is Role.EXPRESSION and mention.path[-1] == "prompt":
            value = expression.parse(mention.text)
            if not value.names:
                wanted.append((str(value.evaluate({})), mention.place))
    for name, step in flow.steps.items():
        if step.field is not None and step.field.confirm:
            wanted.append((CONFIRM_PROMPT, document.place("steps", name, "field", "confirm")))
        if step.record is not None and step.record.review:
            wanted.append((REVIEW_PROMPT, document.place("steps", name, "record", "review")))
    for prompt, place in wanted:
        missing = [language for language in LANGUAGES if not known(prompt, language)]
        if len(missing) == len(LANGUAGES):
            yield problem("flow.unknown_prompt", place, prompt=prompt)
        for language in missing if len(missing) < len(LANGUAGES) else ():
            yield problem("flow.prompt_missing", place, prompt=prompt, language=language)
