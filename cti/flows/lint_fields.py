"""Whether what a flow reads of a look-up is something that the look-up gives. Pure."""

from collections.abc import Callable, Collection, Iterator

from cti.flows import expression
from cti.flows.deed_words import LookUp
from cti.flows.document import Document
from cti.flows.model import Flow
from cti.flows.problems import FlowProblem, Place, problem
from cti.flows.sources import LookUpSource, fields_of
from cti.flows.words import Role

#: The columns of a reference table; None for one that is not known.
ColumnsKnown = Callable[[str], tuple[str, ...] | None]


def no_columns(_: str) -> None:
    """Where nobody can tell which tables there are."""
    return


def check_fields(
    document: Document, flow: Flow, variables: Collection[str], columns: ColumnsKnown
) -> Iterator[FlowProblem]:
    """Names that no look-up gives, and defaults that stand for nothing. ``variables`` are those that the flow
    has besides, `customer.called` of an assign too.
    """
    yield from _check_names(document, flow, variables, columns)
    yield from _check_defaults(document, flow, columns)


def _check_names(
    document: Document, flow: Flow, variables: Collection[str], columns: ColumnsKnown
) -> Iterator[FlowProblem]:
    lookups: dict[str, list[LookUp]] = {}
    for step in flow.steps.values():
        if step.lookup is not None:
            lookups.setdefault(step.lookup.into, []).append(step.lookup)
    for mention in document.mentions:
        if mention.role is not Role.EXPRESSION:
            continue
        for name, column in expression.parse(mention.text).names:
            into, _, field = name.partition(".")
            if field and into in lookups and name not in variables:
                place = Place(line=mention.place.line, column=mention.place.column + mention.inset + column)
                yield from _check_name(name, field, lookups[into], columns, place)


def _check_name(
    name: str, field: str, lookups: list[LookUp], columns: ColumnsKnown, place: Place
) -> Iterator[FlowProblem]:
    given = [_given(lookup, columns) for lookup in lookups]
    known: set[str] = set()
    for lookup, fields in zip(lookups, given, strict=True):
        if fields is None:
            return
        known |= {*fields, *lookup.default, "found"}
    if field not in known:
        yield _unknown(name, lookups, known, place)


def _unknown(name: str, lookups: list[LookUp], known: set[str], place: Place) -> FlowProblem:
    told = ", ".join(sorted(known))
    sources = sorted({lookup.source.value for lookup in lookups})
    tables = {_table(lookup) for lookup in lookups if lookup.source is LookUpSource.TABLE}
    if tables:
        names = ", ".join(sorted(table for table in tables if table is not None))
        return problem("flow.unknown_column", place, name=name, table=names, known=told)
    return problem("flow.unknown_field", place, name=name, source=", ".join(sources), known=told)


def _check_defaults(document: Document, flow: Flow, columns: ColumnsKnown) -> Iterator[FlowProblem]:
    for name, step in flow.steps.items():
        lookup = step.lookup
        given = None if lookup is None else _given(lookup, columns)
        if lookup is None or given is None:
            continue
        for field in lookup.default:
            if field not in given:
                place = document.place("steps", name, "lookup", "default", field)
                known = ", ".join(sorted(given))
                yield problem(
                    "flow.default_never_found", place, name=field, source=lookup.source.value, known=known
                )


def _given(lookup: LookUp, columns: ColumnsKnown) -> tuple[str, ...] | None:
    if lookup.source is not LookUpSource.TABLE:
        return fields_of(lookup.source)
    table = _table(lookup)
    return None if table is None else columns(table)


def _table(lookup: LookUp) -> str | None:
    """The table's name where the flow itself says it; None where it is in data."""
    table = expression.parse(lookup.arguments.get("table", "null"))
    return None if table.names else expression.text_of(table.evaluate({})) or None
