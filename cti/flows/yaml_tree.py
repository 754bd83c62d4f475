"""YAML as a tree of texts with their places. Pure.

Nothing is guessed of a scalar here: `08`, `1`, `on` and `no` stay what is written, and whoever knows what is
expected makes a number or a truth of it. Aliases and tags are refused, so that a text is as long as it looks.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import yaml

from cti.flows.problems import FlowProblem, Place, problem

LONGEST_TEXT: Final = 200_000
_DEEPEST: Final = 20

# The one in C is ten times as fast; both give the same events.
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(msgspec.Struct, frozen=True, kw_only=True):
    """A text. ``plain`` is without quotes; ``inset`` is how far it starts after its place."""

    place: Place
    text: str
    plain: bool
    inset: int


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """A list."""

    place: Place
    items: list["Tree"]


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """Keys with their values, as they follow."""

    place: Place
    entries: list[tuple[Scalar, "Tree"]]


Tree = Scalar | Sequence | Mapping


class _Refused(Exception):  # noqa: N818
    def __init__(self, found: FlowProblem) -> None:
        super().__init__(found.code)
        self.problem = found


def read_tree(text: str) -> tuple[Tree | None, list[FlowProblem]]:
    """The one document of a text, and what is wrong with it; without a tree when it is no YAML."""
    problems: list[FlowProblem] = []
    if len(text) > LONGEST_TEXT:
        return None, [problem("yaml.too_long", Place(), most=str(LONGEST_TEXT))]
    strange = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if strange is not None:
        place = _place_of(text, strange.start())
        return None, [problem("yaml.character", place, character=f"U+{ord(strange[0]):04X}")]
    try:
        return _document(yaml.parse(text, Loader=_Loader), problems), problems
    except _Refused as refused:
        return None, [*problems, refused.problem]
    except yaml.MarkedYAMLError as error:
        place = _place(error.problem_mark or error.context_mark)
        detail = (error.problem or "").replace("\n", " ")
    return None, [*problems, problem("yaml.syntax", place, detail=detail)]


def _document(events: Iterator[Any], problems: list[FlowProblem]) -> Tree:
    tree: Tree | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if tree is not None:
                raise _refused("yaml.several_documents", event)
            tree = _tree(next(events), events, problems, 0)
    if tree is None:
        raise _Refused(problem("yaml.empty", Place()))
    return tree


def _tree(event: Any, events: Iterator[Any], problems: list[FlowProblem], depth: int) -> Tree:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _refused("yaml.alias", event)
    if event.tag is not None:
        raise _refused("yaml.tag", event, tag=event.tag)
    if depth > _DEEPEST:
        raise _refused("yaml.too_deep", event, most=str(_DEEPEST))
    place = _place(event.start_mark)
    if isinstance(event, yaml.ScalarEvent):
        plain = not event.style
        inset = 1 if event.style in ("'", '"') else 0
        return Scalar(place=place, text=event.value, plain=plain, inset=inset)
    if isinstance(event, yaml.SequenceStartEvent):
        items = [_tree(item, events, problems, depth + 1) for item in _until(events, yaml.SequenceEndEvent)]
        return Sequence(place=place, items=items)
    return _mapping(place, events, problems, depth)


def _mapping(place: Place, events: Iterator[Any], problems: list[FlowProblem], depth: int) -> Mapping:
    entries: list[tuple[Scalar, Tree]] = []
    first: dict[str, Place] = {}
    for event in _until(events, yaml.MappingEndEvent):
        key = _tree(event, events, problems, depth + 1)
        value = _tree(next(events), events, problems, depth + 1)
        if not isinstance(key, Scalar):
            problems.append(problem("yaml.key", key.place))
        elif key.text in first:
            line = str(first[key.text].line)
            problems.append(problem("yaml.duplicate_key", key.place, key=key.text, first=line))
        else:
            first[key.text] = key.place
            entries.append((key, value))
    return Mapping(place=place, entries=entries)


def _until(events: Iterator[Any], end: type) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _refused(code: str, event: Any, **parameters: str) -> _Refused:
    return _Refused(problem(code, _place(event.start_mark), **parameters))


def _place(mark: Any) -> Place:
    return Place() if mark is None else Place(line=mark.line + 1, column=mark.column + 1)


def _place_of(text: str, position: int) -> Place:
    before = text[:position]
    return Place(line=before.count("\n") + 1, column=position - (before.rfind("\n") + 1) + 1)
