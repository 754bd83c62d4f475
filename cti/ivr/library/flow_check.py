"""Whether a text is a flow that callers can be given: read, and looked through with everything around it."""

import asyncio
from typing import Final

import msgspec

from cti.flows import document
from cti.flows.lint import errors, lint
from cti.flows.lint_fields import ColumnsKnown
from cti.flows.model import Flow
from cti.flows.problems import FlowProblem
from cti.http.principal import Language
from cti.http.problems import FieldError, Problem
from cti.ivr.library.flow_book import FlowBook, parts_of
from cti.ivr.library.flow_views import FlowWarningView
from cti.prompts import table as prompts
from cti.reference.book import ReferenceBook

#: A text with more mistakes is told of by the first of them.
_MOST_TOLD: Final = 100


class CheckedFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A text without mistakes."""

    flow: Flow
    warnings: list[FlowProblem]

    def warnings_in(self, language: Language) -> list[FlowWarningView]:
        """What should be looked at, in the reader's language."""
        return [
            FlowWarningView(
                code=warning.code,
                detail=warning.text(language.value),
                file=warning.file,
                line=warning.line,
                column=warning.column,
            )
            for warning in self.warnings
        ]


class FlowCheck:
    """Looks through texts, in a thread: calls go on meanwhile."""

    def __init__(self, book: FlowBook, tables: ReferenceBook) -> None:
        self._book = book
        self._tables = tables

    async def check(self, name: str, text: str) -> CheckedFlow:
        """The flow of this text, which must be called ``name``, among the flows that are active.

        Active flows that call it must go on making sense with it.

        Raises:
            Problem: `flow.invalid` with each mistake, or `flow.name_differs`.
        """
        return await asyncio.to_thread(_check, name, text, self._book.active_texts(), self._tables.columns)


def _check(name: str, text: str, active: dict[str, tuple[str, Flow]], columns: ColumnsKnown) -> CheckedFlow:
    read = document.read(text, _file(name))
    if read.flow is not None and read.flow.flow != name:
        raise Problem("flow.name_differs", found=read.flow.flow, flow=name)
    around = {other: flow for other, (_, flow) in active.items()}
    found = lint(read, around, prompts.known, columns)
    mistakes = errors(found)
    if read.flow is None or mistakes:
        raise Problem("flow.invalid", errors=[_error(mistake) for mistake in mistakes[:_MOST_TOLD]])
    for caller, (callers_text, flow) in active.items():
        if caller != name and name in parts_of(flow):
            broken = errors(lint(document.read(callers_text, _file(caller)), {**around, name: read.flow}))
            mistakes += broken
    if mistakes:
        raise Problem("flow.breaks_others", errors=[_error(mistake) for mistake in mistakes[:_MOST_TOLD]])
    return CheckedFlow(flow=read.flow, warnings=found)


def _file(name: str) -> str:
    return f"{name}.yaml"


def _error(mistake: FlowProblem) -> FieldError:
    return FieldError(
        code=mistake.code,
        pointer="/text",
        file=mistake.file,
        line=mistake.line,
        column=mistake.column,
        words={language: mistake.text(language.value) for language in Language},
    )
