"""What single steps of a flow must get right beyond the pattern of each word. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from cti.flows.deed_words import Exit, LookUp, Shown, Transfer
from cti.flows.document import Document
from cti.flows.expression import number_of
from cti.flows.model import Flow, FlowKind
from cti.flows.problems import FlowProblem, Place, problem
from cti.flows.question_words import Choice, Field, Menu, QuestionKind, Record, keys_of
from cti.flows.run import verb_of
from cti.flows.sources import needs, takes
from cti.flows.words import CURRENCIES, LANGUAGES, Role

#: What a run itself ends with.
_RESERVED_OUTCOMES: Final = frozenset({"hung_up", "failed", "handed_over", "service_lost"})
_SOMEBODY: Final = "agent, extension, number"
_QUANTITIES: Final = frozenset({QuestionKind.SCALE, QuestionKind.RECOMMENDATION, QuestionKind.NUMBER})
_YES_NO: Final = frozenset({"yes", "no"})


def check_words(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    """Keys, ranges, kinds of questions, arguments, texts for people."""
    yield from _check_titles(document, flow)
    for name, step in flow.steps.items():
        verb, word = verb_of(step) or ("", None)
        place = document.place("steps", name)
        match word:
            case Menu():
                yield from _check_menu(document, name, word)
            case Field():
                yield from _check_field(word, place)
            case Record() if word.shortest_seconds >= word.longest_seconds:
                yield problem("flow.never_long_enough", place)
            case LookUp():
                yield from _check_arguments(document, name, word)
            case Transfer(agent=None, extension=None, number=None):
                yield problem("word.one_of", document.place("steps", name, verb), words=_SOMEBODY, count="0")
            case Exit() if word.outcome in _RESERVED_OUTCOMES:
                where = document.place("steps", name, verb, "outcome")
                yield problem("flow.reserved_outcome", where, outcome=word.outcome)
        for said in ("say", "prompt"):
            if verb not in ("exit", "voicemail") and getattr(word, said, None) == []:
                yield problem("flow.nothing_said", document.place("steps", name, verb, said), step=name)
    yield from _check_questions(document, flow)
    for mention in document.mentions:
        if mention.role is Role.CURRENCY and mention.text not in CURRENCIES:
            known = ", ".join(CURRENCIES)
            yield problem("flow.unknown_currency", mention.place, currency=mention.text, known=known)


def _check_menu(document: Document, name: str, menu: Menu) -> Iterator[FlowProblem]:
    at = ("steps", name, "menu")
    if not menu.choices:
        yield problem("flow.no_choices", document.place(*at, "choices"))
    taken: dict[str, str] = {}
    answers: set[str] = set()
    for entry, choice in menu.choices.items():
        place = document.place(*at, "choices", entry)
        keys = keys_of(entry)
        if not keys:
            yield problem("flow.keys_backwards", place, keys=entry)
        clash = next((taken[key] for key in keys if key in taken), None)
        if clash is not None:
            yield problem("flow.keys_clash", place, keys=entry, other=clash)
        taken |= dict.fromkeys(keys, entry)
        own = choice.value if isinstance(choice, Choice) else None
        values = list(keys) if own is None else [own]
        if menu.kind in _QUANTITIES and any(number_of(value) is None for value in values):
            yield problem("flow.answer_is_no_number", place, kind=menu.kind.value)
        answers |= set(values)
    if menu.kind is QuestionKind.YES_NO and not answers >= _YES_NO:
        yield problem("flow.no_yes_or_no", document.place(*at, "kind"))


def _check_field(field: Field, place: Place) -> Iterator[FlowProblem]:
    if field.most_digits < max(field.fewest_digits, 1):
        yield problem("flow.digits_order", place)
    least, greatest = field.least, field.greatest
    if least is not None and greatest is not None and least > greatest:
        yield problem("flow.range_order", place)
    if greatest is not None and len(str(greatest)) > field.most_digits:
        yield problem("flow.greatest_never_keyed", place, greatest=str(greatest), most=str(field.most_digits))
    if field.kind is QuestionKind.RECOMMENDATION and (least, greatest) != (0, 10):
        yield problem("flow.recommendation_range", place)
    if field.kind in (QuestionKind.CHOICE, QuestionKind.YES_NO):
        yield problem("flow.kind_needs_menu", place, kind=field.kind.value)


def _check_questions(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    kinds: dict[str, tuple[str, QuestionKind | None]] = {}
    for name, step in flow.steps.items():
        word = step.menu or step.field or step.record
        if word is None:
            continue
        question, kind = word.name or name, getattr(word, "kind", None)
        first, other = kinds.setdefault(question, (name, kind))
        if other != kind:
            yield problem(
                "flow.question_of_two_kinds", document.place("steps", name), question=question, step=first
            )
    if flow.kind is FlowKind.SURVEY and kinds.get("rating", ("", None))[1] is not QuestionKind.SCALE:
        yield problem("flow.survey_without_rating", document.place("kind"))
    recorded = {question for question, (_, kind) in kinds.items() if kind is None}
    for mention in document.mentions:
        if mention.role is Role.QUESTION and mention.text not in recorded:
            yield problem("flow.unknown_recording", mention.place, question=mention.text)


def _check_arguments(document: Document, name: str, lookup: LookUp) -> Iterator[FlowProblem]:
    at = ("steps", name, "lookup")
    needed, taken = needs(lookup.source), takes(lookup.source)
    for argument in lookup.arguments:
        if taken is not None and argument not in taken:
            place = document.place(*at, "arguments", argument)
            known = ", ".join(sorted(taken))
            yield problem("flow.unknown_argument", place, name=argument, known=known)
    for argument in sorted(needed - lookup.arguments.keys()):
        yield problem("flow.missing_argument", document.place(*at, "arguments"), name=argument)


def _check_titles(document: Document, flow: Flow) -> Iterator[FlowProblem]:
    texts: list[tuple[Place, dict[str, str]]] = [(document.place("title"), flow.title)]
    for name, step in flow.steps.items():
        verb, word = verb_of(step) or ("", None)
        texts.append((document.place("steps", name, verb, "title"), getattr(word, "title", {})))
        shown = word.values if isinstance(word, Transfer) else {}
        for given, value in shown.items():
            title = value.title if isinstance(value, Shown) else {}
            texts.append((document.place("steps", name, verb, "values", given, "title"), title))
        choices: dict[str, Any] = word.choices if isinstance(word, Menu) else {}
        for key, choice in choices.items():
            label = choice.label if isinstance(choice, Choice) else {}
            texts.append((document.place("steps", name, verb, "choices", key, "label"), label))
    for place, text in texts:
        for language in LANGUAGES:
            if text and language not in text:
                yield problem("flow.language_missing", place, language=language)
