"""Answers as a table for spreadsheets: CSV, written while it is read, however many rows there are.

What callers keyed and what flows call things is outside text: a cell never begins like a formula.
"""

from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from cti.customers.numbers import mask
from cti.flows.question_words import QuestionKind
from cti.http.principal import Language
from cti.http.shapes import instant
from cti.ivr.results.results_store import AnswerRow, RunFilter, read_rows
from cti.reference.sheet import write_rows

#: The answers of so many calls are read at a time; between two times nothing of the database is held.
_RUNS: Final = 500
_HIDDEN: Final = "****"

_HEADINGS: Final[dict[Language, tuple[str, ...]]] = {
    Language.ENGLISH: (
        "Answered at (UTC)", "Call", "Run", "Flow", "Version", "Step", "Question", "Kind", "Answer", "Keys",
        "Outcome", "Queue", "Agent", "Language", "Direction", "Number",
    ),
    Language.CHINESE: (
        "回答时间(UTC)", "通话", "流程运行", "流程", "版本", "步骤", "问题", "类型", "答案", "按键",
        "结果", "队列", "坐席", "语言", "方向", "号码",
    ),
}  # fmt: skip


async def export(
    engine: AsyncEngine, wanted: RunFilter, *, language: Language, full_numbers: bool
) -> AsyncIterator[str]:
    """The table in pieces: the headings, then the answers of some calls each, the oldest first.

    Without ``full_numbers`` telephone numbers are masked, and what callers keyed as digits is hidden.
    """
    yield write_rows([_HEADINGS[language]])
    after = None
    while True:
        async with engine.connect() as connection:
            rows, after = await read_rows(connection, wanted, runs=_RUNS, after=after)
        if rows:
            yield write_rows([_cells(row, full_numbers=full_numbers) for row in rows])
        if after is None:
            return


def _cells(row: AnswerRow, *, full_numbers: bool) -> tuple[str, ...]:
    number = row.dialled_number if row.direction == "outbound" else row.caller_number
    hidden = row.kind == QuestionKind.DIGITS and not full_numbers
    return (
        instant(row.at.timestamp()),
        row.call_id,
        row.run_id,
        row.flow,
        row.version,
        row.step,
        row.question,
        row.kind or "",
        _HIDDEN if hidden else row.value,
        _HIDDEN if hidden else row.keys,
        row.outcome or "",
        row.queue or "",
        row.agent_name or "",
        row.language or "",
        row.direction,
        (number if full_numbers else mask(number)) or "",
    )
