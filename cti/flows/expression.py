"""Expressions of a flow file: `rating <= 2 and known(customer.id)`. Pure, and safe on any text and any data.

The grammar is a small part of Python's, read by Python's own parser: literals, variables with dots,
comparisons (also chained), `and`, `or`, `not`, `in`, `+ - * /` and the functions of `FUNCTIONS`.
What is wrong with the text is found when it is read. Evaluation never fails: what is missing or cannot be
worked out is None, and a comparison with None is false, `!=` and `not in` included. A number and a text that
is one are equal: keys are text, and `choice == 1` is what people write.
"""

import ast
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from cti.flows.actions import Value

LONGEST_TEXT: Final = 500
_DEEPEST: Final = 30
#: Values stay small, whatever a loop does with them.
LONGEST_VALUE: Final = 1000
GREATEST: Final = 10**15

_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")

Evaluate = Callable[[Mapping[str, Value]], Value]
_Item = Value | tuple[Value, ...]
_EvaluateItem = Callable[[Mapping[str, Value]], _Item]


class ExpressionError(Exception):
    """The text is no expression. ``code`` and ``parameters`` are for `cti.flows.problems`; ``column`` counts
    characters from 0.
    """

    def __init__(self, code: str, column: int, **parameters: str) -> None:
        super().__init__(f"{code} at {column}: {parameters}")
        self.code = code
        self.column = column
        self.parameters = parameters


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    """An expression that was read. ``names`` are the variables in it, each with its column from 0."""

    text: str
    names: tuple[tuple[str, int], ...]
    evaluate: Evaluate

    @property
    def variables(self) -> frozenset[str]:
        """The names in it."""
        return frozenset(name for name, _ in self.names)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read an expression; raises `ExpressionError`."""
    if len(text) > LONGEST_TEXT:
        raise ExpressionError("expression.too_long", LONGEST_TEXT, most=str(LONGEST_TEXT))
    stripped = text.lstrip()
    before = len(text) - len(stripped)
    try:
        with warnings.catch_warnings():
            # Python has opinions on `'\\d'` and `1or 2` that help nobody here.
            warnings.simplefilter("ignore")
            tree = ast.parse(stripped.rstrip(), mode="eval")
    except SyntaxError as error:
        # Python's own words change from version to version; the place is enough.
        column = before + max((error.offset or 1) - 1, 0)
        raise ExpressionError("expression.syntax", min(column, len(text))) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("expression.syntax", before) from None
    reader = _Reader(stripped, before)
    evaluate = reader.value(tree.body, 0)
    return Expression(text=text, names=tuple(reader.names), evaluate=evaluate)


def clean(value: object) -> Value:
    """A value from outside as one that flows work with; None for what is none."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # Half of a surrogate pair cannot be written down.
        return value[:LONGEST_VALUE].encode("utf-8", "replace").decode()
    if isinstance(value, int | float):
        return value if math.isfinite(value) and -GREATEST <= value <= GREATEST else None
    return None


def number_of(value: _Item) -> int | float | None:
    """A number, or a text that is one; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return None


def text_of(value: Value) -> str:
    """As it is said and shown: `3`, `3.5`, `true`, empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # Never with an exponent, which nobody can say.
        return f"{value:.10f}".rstrip("0").rstrip(".")
    return str(value)


def is_true(value: Value) -> bool:
    """Whether a case is taken: not None, false, 0 or an empty text."""
    return bool(value)


# --- functions ---


def _length(value: Value) -> Value:
    return None if value is None else len(text_of(value))


def _round(value: Value) -> Value:
    number = number_of(value)
    return None if number is None else math.floor(number + 0.5)


def _first(value: Value, count: Value) -> Value:
    number = number_of(count)
    return None if value is None or number is None else text_of(value)[: max(int(number), 0)]


def _last(value: Value, count: Value) -> Value:
    number = number_of(count)
    if value is None or number is None:
        return None
    text = text_of(value)
    return text[max(len(text) - max(int(number), 0), 0) :]


#: Each with the number of its arguments.
FUNCTIONS: Final[dict[str, tuple[int, Callable[..., Value]]]] = {
    "length": (1, _length),
    "lower": (1, lambda value: None if value is None else text_of(value).lower()),
    "upper": (1, lambda value: None if value is None else text_of(value).upper()),
    "text": (1, lambda value: None if value is None else text_of(value)),
    "number": (1, number_of),
    "round": (1, _round),
    "first": (2, _first),
    "last": (2, _last),
    "known": (1, lambda value: value is not None and value != ""),
    "default": (2, lambda value, other: other if value is None or value == "" else value),
}
_CONSTANTS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}


# --- operators ---


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    one, other = number_of(left), number_of(right)
    return one is not None and one == other


def _order(left: Value, right: Value) -> int | None:
    """-1, 0, 1; None when they have no order."""
    one, other = number_of(left), number_of(right)
    if isinstance(left, str) and isinstance(right, str) and (one is None or other is None):
        return (left > right) - (left < right)
    return None if one is None or other is None else (one > other) - (one < other)


def _within(left: _Item, right: _Item) -> bool:
    if isinstance(left, tuple):
        return False
    if isinstance(right, tuple):
        return any(_same(left, item) for item in right if item is not None)
    return isinstance(right, str) and text_of(left) in right


_ORDERS: Final[dict[type[ast.cmpop], frozenset[int]]] = {
    ast.Lt: frozenset({-1}),
    ast.LtE: frozenset({-1, 0}),
    ast.Gt: frozenset({1}),
    ast.GtE: frozenset({0, 1}),
}


def _compare(operator: type[ast.cmpop], left: _Item, right: _Item) -> bool:
    if left is None or right is None:
        return False
    if operator in (ast.In, ast.NotIn):
        return _within(left, right) == (operator is ast.In)
    if isinstance(left, tuple) or isinstance(right, tuple):
        return False
    if operator in _ORDERS:
        return _order(left, right) in _ORDERS[operator]
    return _same(left, right) == (operator is ast.Eq)


def _calculate(operator: type[ast.operator], left: Value, right: Value) -> Value:
    if operator is ast.Add and (isinstance(left, str) or isinstance(right, str)):
        return None if left is None or right is None else clean(text_of(left) + text_of(right))
    one, other = number_of(left), number_of(right)
    if one is None or other is None:
        return None
    if operator is ast.Add:
        return clean(one + other)
    if operator is ast.Sub:
        return clean(one - other)
    if operator is ast.Mult:
        return clean(one * other)
    return None if other == 0 else clean(one / other)


_OPERATORS: Final = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_COMPARISONS: Final = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, *_ORDERS)


class _Reader:
    """Makes of a syntax tree what can be evaluated, and refuses every node that is not listed here."""

    def __init__(self, text: str, before: int) -> None:
        self.names: list[tuple[str, int]] = []
        self._text = text.encode()
        self._before = before

    def value(self, node: ast.expr, depth: int) -> Evaluate:
        """One that gives a single value."""
        if depth > _DEEPEST:
            raise self._error("expression.too_deep", node)
        match node:
            case ast.Constant(value=str() | int() | float() | None as constant):
                if clean(constant) != constant:
                    raise self._error("expression.value", node)
                return lambda _: constant
            case ast.Name() | ast.Attribute():
                return self._variable(node)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.value(operand, depth + 1)
                return lambda variables: not is_true(inner(variables))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.value(operand, depth + 1)
                return lambda variables: _calculate(ast.Sub, 0, inner(variables))
            case ast.BoolOp(op=operator, values=operands):
                inners = [self.value(operand, depth + 1) for operand in operands]
                decide = all if isinstance(operator, ast.And) else any
                return lambda variables: decide(is_true(inner(variables)) for inner in inners)
            case ast.BinOp(left=left, op=operator, right=right) if isinstance(operator, _OPERATORS):
                one, other = self.value(left, depth + 1), self.value(right, depth + 1)
                kind = type(operator)
                return lambda variables: _calculate(kind, one(variables), other(variables))
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Call():
                return self._call(node, depth)
        raise self._error("expression.not_allowed", node)

    def _variable(self, node: ast.Name | ast.Attribute) -> Evaluate:
        parts = list(_parts(node))
        name = ".".join(reversed(parts))
        if name in _CONSTANTS:
            constant = _CONSTANTS[name]
            return lambda _: constant
        if "" in parts:
            raise self._error("expression.not_allowed", node)
        if not _NAME.fullmatch(name):
            raise self._error("expression.name", node, name=name)
        if name in FUNCTIONS:
            raise self._error("expression.function_without_call", node, name=name)
        self.names.append((name, self._column(node)))
        return lambda variables: clean(variables.get(name))

    def _comparison(self, node: ast.Compare, depth: int) -> Evaluate:
        for operand in (node.left, *node.comparators):
            constant = isinstance(operand, ast.Constant) and operand.value is None
            if constant or (isinstance(operand, ast.Name) and operand.id == "null"):
                # It would always be false, which is not what its writer wants.
                raise self._error("expression.compared_with_null", operand)
        items = [self._item(operand, depth) for operand in (node.left, *node.comparators)]
        operators = [type(operator) for operator in node.ops]
        for operator in operators:
            if operator not in _COMPARISONS:
                raise self._error("expression.not_allowed", node)

        def evaluate(variables: Mapping[str, Value]) -> Value:
            values = [item(variables) for item in items]
            pairs = zip(operators, values, values[1:], strict=False)
            return all(_compare(operator, left, right) for operator, left, right in pairs)

        return evaluate

    def _item(self, node: ast.expr, depth: int) -> _EvaluateItem:
        """What may stand beside `in`: a value, or a list of values."""
        if isinstance(node, ast.List | ast.Tuple):
            inners = [self.value(element, depth + 1) for element in node.elts]
            return lambda variables: tuple(inner(variables) for inner in inners)
        return self.value(node, depth + 1)

    def _call(self, node: ast.Call, depth: int) -> Evaluate:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            raise self._error("expression.unknown_function", node, name=name, known=", ".join(FUNCTIONS))
        count, function = FUNCTIONS[name]
        if node.keywords or len(node.args) != count:
            raise self._error("expression.arguments", node, name=name, count=str(count))
        inners = [self.value(argument, depth + 1) for argument in node.args]
        return lambda variables: function(*(inner(variables) for inner in inners))

    def _column(self, node: ast.expr) -> int:
        # Python counts bytes; and a later line is as good as the first for who looks for the place.
        if node.lineno > 1:
            return self._before
        return self._before + len(self._text[: node.col_offset].decode(errors="replace"))

    def _error(self, code: str, node: ast.expr, **parameters: str) -> ExpressionError:
        return ExpressionError(code, self._column(node), **parameters)


def _parts(node: ast.expr) -> Iterator[str]:
    """The words of `a.b.c`, last first; an empty one for what is no word."""
    while isinstance(node, ast.Attribute):
        yield node.attr
        node = node.value
    yield node.id if isinstance(node, ast.Name) else ""
