"""Reads the text of a flow: all that is wrong with it at once, and the place of every word. Pure.

What is read here is right by itself, word for word; whether it makes sense as a whole is `cti.flows.lint`'s
business.
"""

import functools
import re
from collections.abc import Hashable
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import inspect

from cti.errors import CtiError
from cti.flows import expression, yaml_tree
from cti.flows.expression import ExpressionError
from cti.flows.likeness import nearest
from cti.flows.model import ALTERNATIVES, Flow
from cti.flows.problems import FlowProblem, Place, problem
from cti.flows.words import Role
from cti.flows.yaml_tree import Mapping, Scalar, Sequence, Tree

Shape = TypeVar("Shape")

#: A word's place in a flow: `("steps", "ask", "menu", "choices", "1")`.
Path = tuple[str | int, ...]

_INTEGER: Final = re.compile(r"[-+]?\d{1,15}", re.ASCII)
_NUMBER: Final = re.compile(r"[-+]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})", re.ASCII)
_WITH_A_ZERO: Final = re.compile(r"[-+]?0\d", re.ASCII)
_TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHINGS: Final = frozenset({"", "~", "null", "Null", "NULL"})


class FlowInvalidError(CtiError):
    """The flow cannot be used; ``problems`` says why and where, errors first."""

    code = "flow.invalid"

    def __init__(self, problems: list[FlowProblem]) -> None:
        super().__init__(problems[0].line_of_text("en") if problems else "")
        self.problems = problems


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """A word that stands for something: a step that is gone to, a prompt, an expression."""

    role: Role
    text: str
    path: Path
    place: Place
    #: How far the text starts after its place: it is in quotes.
    inset: int


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What was read; ``flow`` is None when there is a problem. ``places`` has where the name of each word
    stands, and where each item of a list begins.
    """

    #: As problems name it.
    file: str
    flow: Flow | None
    problems: list[FlowProblem]
    mentions: list[Mention]
    places: dict[Path, Place]

    def place(self, *path: str | int) -> Place:
        """Of a word; of what it is a part of when it is not in the text itself."""
        return place_in(self.places, path)


class Reading(msgspec.Struct, Generic[Shape], frozen=True, kw_only=True):
    """A text of any shape as it was read; ``content`` is None when there is a problem."""

    content: Shape | None
    problems: list[FlowProblem]
    places: dict[Path, Place]


def place_in(places: dict[Path, Place], path: Path) -> Place:
    """Of a word; of what it is a part of when it is not in the text itself."""
    while path and path not in places:
        path = path[:-1]
    return places.get(path, Place())


def read(text: str, file: str = "") -> Document:
    """Read a flow's text; ``file`` is how problems name it."""
    reader, flow = _read(text, file, Flow)
    return Document(
        file=file, flow=flow, problems=reader.problems, mentions=reader.mentions, places=reader.places
    )


def read_shape(text: str, shape: type[Shape], file: str = "") -> Reading[Shape]:
    """Read a text that is no flow, in the same way: it says what a struct of this type has."""
    reader, content = _read(text, file, shape)
    return Reading(content=content, problems=reader.problems, places=reader.places)


def _read(text: str, file: str, shape: type[Shape]) -> tuple["_Reader", Shape | None]:
    tree, problems = yaml_tree.read_tree(text)
    reader = _Reader(problems)
    # A class is hashable, whatever mypy makes of a type variable.
    kind: Any = shape
    value = None if tree is None else reader.value(tree, _type_of(kind), ())
    found = [msgspec.structs.replace(one, file=file) for one in reader.problems]
    reader.problems = sorted(found, key=lambda one: (one.line, one.column))
    return reader, None if found else msgspec.convert(value, shape)


def flow_of(text: str, file: str = "") -> Flow:
    """A flow's text as a flow; raises `FlowInvalidError`."""
    document = read(text, file)
    if document.flow is None:
        raise FlowInvalidError(document.problems)
    return document.flow


@functools.cache
def _type_of(shape: Hashable) -> inspect.Type:
    return inspect.type_info(shape)


class _Unreadable(Exception):  # noqa: N818
    """The value was told of already."""


class _Reader:
    """Makes of a tree what `msgspec.convert` takes without a complaint, or tells every complaint."""

    def __init__(self, problems: list[FlowProblem]) -> None:
        self.problems = problems
        self.mentions: list[Mention] = []
        self.places: dict[Path, Place] = {}

    def value(self, tree: Tree, expected: inspect.Type, path: Path) -> Any:
        """What a tree says where a type is expected; None when it says something else."""
        self.places.setdefault(path, tree.place)
        try:
            return self._value(tree, expected, path)
        except _Unreadable:
            return None

    def _value(self, tree: Tree, expected: inspect.Type, path: Path) -> Any:
        match expected:
            case inspect.Metadata():
                role = (expected.extra or {}).get("role")
                return self._value_of_role(tree, expected.type, path, role)
            case inspect.UnionType():
                return self._one_of(tree, expected, path)
            case inspect.StructType():
                return self._struct(self._mapping(tree), expected, path)
            case inspect.DictType():
                return self._dict(self._mapping(tree), expected, path)
            case inspect.ListType():
                if not isinstance(tree, Sequence):
                    raise self._refused("value.list", tree)
                return [self.value(item, expected.item_type, (*path, i)) for i, item in enumerate(tree.items)]
        if not isinstance(tree, Scalar):
            raise self._refused("value.text", tree)
        return self._scalar(tree, expected)

    def _value_of_role(self, tree: Tree, expected: inspect.Type, path: Path, role: Role | None) -> Any:
        value = self._value(tree, expected, path)
        if role is not None and isinstance(tree, Scalar):
            if role is Role.EXPRESSION:
                self._check_expression(tree)
            self.mentions.append(
                Mention(role=role, text=value, path=path, place=tree.place, inset=tree.inset)
            )
        return value

    def _one_of(self, tree: Tree, expected: inspect.UnionType, path: Path) -> Any:
        """At most one of the types is a mapping, and at most one a list."""
        types = [kind for kind in expected.types if not isinstance(kind, inspect.NoneType)]
        optional = len(types) < len(expected.types)
        if isinstance(tree, Scalar):
            if optional and tree.plain and tree.text in _NOTHINGS:
                return None
            if any(isinstance(kind, inspect.BoolType) for kind in types):
                return value_of(tree.text) if tree.plain else tree.text
            chosen = [kind for kind in types if not isinstance(_bare(kind), _NESTED)]
            told = "value.mapping" if len(types) == 1 else "value.text_or_mapping"
        else:
            shape = inspect.ListType if isinstance(tree, Sequence) else (inspect.StructType, inspect.DictType)
            chosen = [kind for kind in types if isinstance(_bare(kind), shape)]
            told = "value.text" if len(types) == 1 else "value.text_or_mapping"
        if not chosen and len(types) > 1:
            raise self._refused(told, tree)
        return self._value(tree, (chosen or types)[0], path)

    # --- mappings ---

    def _mapping(self, tree: Tree) -> Mapping:
        if not isinstance(tree, Mapping):
            raise self._refused("value.mapping", tree)
        return tree

    def _struct(self, tree: Mapping, expected: inspect.StructType, path: Path) -> dict[str, Any]:
        fields = {field.encode_name: field for field in expected.fields}
        found: dict[str, Any] = {}
        for key, value in tree.entries:
            self.places[(*path, key.text)] = key.place
            field = fields.get(key.text)
            if field is None:
                self._unknown_word(key, list(fields))
            else:
                found[key.text] = self.value(value, field.type, (*path, key.text))
        for name, field in fields.items():
            if field.required and name not in found:
                self.problems.append(problem("word.missing", tree.place, word=name))
        # A misspelt word is the one that seems to be missing.
        misspelt = any(key.text not in fields for key, _ in tree.entries)
        self._check_alternatives(tree, expected.cls, found, misspelt=misspelt)
        return found

    def _check_alternatives(self, tree: Mapping, cls: type, found: dict[str, Any], *, misspelt: bool) -> None:
        words, needed = ALTERNATIVES.get(cls, ((), False))
        count = sum(word in found for word in words)
        parameters = {"words": _listed(words), "count": str(count)}
        if count > 1:
            self.problems.append(problem("word.only_one_of", tree.place, **parameters))
        elif needed and count == 0 and not misspelt:
            self.problems.append(problem("word.one_of", tree.place, **parameters))

    def _dict(self, tree: Mapping, expected: inspect.DictType, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in tree.entries:
            place = (*path, key.text)
            self.places[place] = key.place
            try:
                self._value(key, expected.key_type, place)
            except _Unreadable:
                continue
            found[key.text] = self.value(value, expected.value_type, place)
        return found

    def _unknown_word(self, key: Scalar, known: list[str]) -> None:
        near = nearest(key.text, known)
        if near:
            found = problem("word.unknown_but_near", key.place, word=_short(key.text), near=near)
        else:
            found = problem("word.unknown", key.place, word=_short(key.text), known=_listed(known))
        self.problems.append(found)

    # --- scalars ---

    def _scalar(self, tree: Scalar, expected: inspect.Type) -> Any:
        match expected:
            case inspect.StrType():
                return self._text(tree, expected)
            case inspect.EnumType():
                known = [member.value for member in expected.cls]
                if tree.text not in known:
                    raise self._refused(
                        "value.not_one_of", tree, value=_short(tree.text), known=_listed(known)
                    )
                return tree.text
            case inspect.BoolType():
                if not tree.plain or tree.text not in _TRUTHS:
                    raise self._refused("value.truth", tree, value=_short(tree.text))
                return _TRUTHS[tree.text]
            case inspect.IntType():
                if not tree.plain or not _INTEGER.fullmatch(tree.text):
                    raise self._refused("value.integer", tree, value=_short(tree.text))
                return self._within(tree, int(tree.text), expected)
            case inspect.FloatType():
                if not tree.plain or not _NUMBER.fullmatch(tree.text):
                    raise self._refused("value.number", tree, value=_short(tree.text))
                return self._within(tree, float(tree.text), expected)
            case _:
                raise self._refused("value.mapping" if isinstance(expected, _NESTED) else "value.text", tree)

    def _text(self, tree: Scalar, expected: inspect.StrType) -> str:
        if tree.plain and tree.text in ("", "~"):
            raise self._refused("value.empty", tree)
        length = len(tree.text)
        if expected.min_length is not None and length < expected.min_length:
            raise self._refused("value.shortest", tree, least=str(expected.min_length))
        if expected.max_length is not None and length > expected.max_length:
            raise self._refused("value.longest", tree, most=str(expected.max_length))
        if expected.pattern is not None and not re.search(expected.pattern, tree.text):
            raise self._refused("value.pattern", tree, value=_short(tree.text), pattern=expected.pattern)
        return tree.text

    def _within(self, tree: Scalar, value: float, expected: inspect.IntType | inspect.FloatType) -> Any:
        written = {"value": tree.text}
        if expected.ge is not None and value < expected.ge:
            raise self._refused("value.least", tree, least=str(expected.ge), **written)
        if expected.gt is not None and value <= expected.gt:
            raise self._refused("value.more_than", tree, least=str(expected.gt), **written)
        if expected.le is not None and value > expected.le:
            raise self._refused("value.most", tree, most=str(expected.le), **written)
        return value

    def _check_expression(self, tree: Scalar) -> None:
        try:
            expression.parse(tree.text)
        except ExpressionError as error:
            column = tree.place.column + tree.inset + error.column
            place = Place(line=tree.place.line, column=column)
            parameters = {"text": _short(tree.text), **error.parameters}
            self.problems.append(problem(error.code, place, **parameters))

    def _refused(self, code: str, tree: Tree, **parameters: str) -> _Unreadable:
        self.problems.append(problem(code, tree.place, **parameters))
        return _Unreadable(code)


_NESTED: Final = (inspect.StructType, inspect.DictType, inspect.ListType)


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def value_of(text: str) -> str | int | float | bool:
    """What a value is that may be anything; digits that begin with 0 are a text, `yes` and `on` too."""
    if _WITH_A_ZERO.match(text):
        return text
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _listed(words: Any) -> str:
    return ", ".join(words)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
