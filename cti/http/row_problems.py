"""What is wrong with rows of a file that somebody wants to import: by line, column and reason."""

from collections.abc import Iterable
from typing import Final

import msgspec

from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.principal import Language
from cti.http.problems import FieldError, Problem

#: More are counted, but not told one by one.
MOST_TOLD: Final = 200


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One cell (or with an empty ``column`` a row) that cannot be taken.

    ``line`` is the line in the file, 1 for the first; ``code`` is one of the catalogue of problems.
    """

    line: int
    column: str
    code: str
    params: dict[str, str] = {}


class RowProblemView(msgspec.Struct, frozen=True, kw_only=True):
    """A RowProblem as the reader gets it."""

    line: int
    column: str
    code: str
    detail: str


def view_of(problem: RowProblem, language: Language) -> RowProblemView:
    """The problem in the reader's words."""
    text = PROBLEMS[problem.code].in_language(language)
    params = {"column": problem.column, **problem.params}
    return RowProblemView(
        line=problem.line, column=problem.column, code=problem.code, detail=text.detail.format_map(params)
    )


def refusal(problems: Iterable[RowProblem]) -> Problem:
    """The answer to an import of rows of which some cannot be taken; `/3/price` is line 3, column price."""
    return Problem(
        "import.bad_rows",
        errors=[
            FieldError(
                code=problem.code,
                pointer=f"/{problem.line}/{problem.column.replace('~', '~0').replace('/', '~1')}",
                params={"column": problem.column, **problem.params},
            )
            for problem in list(problems)[:MOST_TOLD]
        ],
    )
