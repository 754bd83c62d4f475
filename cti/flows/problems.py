"""What can be wrong with a flow file, with its place and in words for whoever wrote it.

A code is for programs and never changes.
"""

from enum import StrEnum
from typing import Final

import msgspec

from cti.flows.problem_texts import TEXTS


class Severity(StrEnum):
    """Whether a flow can be activated all the same."""

    ERROR = "error"
    WARNING = "warning"


class Place(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Where in a text, counted from 1 in lines and characters."""

    line: int = 1
    column: int = 1


class FlowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong; ``file`` is as the reader of it was told."""

    code: str
    line: int = 1
    column: int = 1
    parameters: dict[str, str] = {}
    file: str = ""

    @property
    def severity(self) -> Severity:
        """Whether it keeps the flow from being activated."""
        return Severity.WARNING if self.code in _WARNINGS else Severity.ERROR

    def text(self, language: str) -> str:
        """One sentence in `zh-CN` or `en`."""
        en, zh = TEXTS[self.code]
        return (zh if language == "zh-CN" else en).format_map(self.parameters)

    def line_of_text(self, language: str) -> str:
        """As compilers say it: `main.yaml:3:5: error: …`, which editors can follow."""
        severity = _SEVERITIES[self.severity][1 if language == "zh-CN" else 0]
        place = f"{self.file or '-'}:{self.line}:{self.column}"
        return f"{place}: {severity}: {self.text(language)} [{self.code}]"


def problem(code: str, place: Place, /, **parameters: str) -> FlowProblem:
    """One at a place."""
    return FlowProblem(code=code, line=place.line, column=place.column, parameters=parameters)


_SEVERITIES: Final = {Severity.ERROR: ("error", "错误"), Severity.WARNING: ("warning", "警告")}

_WARNINGS: Final = frozenset(
    {
        "flow.unreachable",
        "flow.audible_after_hangup",
        "flow.default_never_found",
        "flow.input_never_given",
        "flow.language_missing",
        "flow.nothing_said",
        "flow.recommendation_range",
        "flow.secret_told",
        "flow.secret_said",
        "flow.spoken_without_otherwise",
        # Tables change without the flows.
        "flow.unknown_column",
    }
)
