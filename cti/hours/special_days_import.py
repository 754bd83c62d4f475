"""Special days out of a file: date, titles and hours; what cannot be taken is named. Pure."""

from typing import Final

from cti.hours.model import SpecialDay
from cti.hours.wall_time import read_date, read_hours
from cti.http.row_problems import RowProblem
from cti.reference.sheet import Sheet, column_problems

MOST_DAYS: Final = 2000
COLUMNS: Final = ("date", "title_zh", "title_en", "hours")
_NEEDED: Final = ("date", "title_zh", "title_en")
_LONGEST_TITLE: Final = 200


def special_days_of(sheet: Sheet) -> tuple[dict[str, SpecialDay], list[RowProblem]]:
    """The days by date, and what is wrong. Without hours a day is closed."""
    problems = [*sheet.problems, *column_problems(sheet, _NEEDED, COLUMNS)]
    found: dict[str, SpecialDay] = {}
    lines: dict[str, int] = {}
    if problems:
        return found, problems
    for row in sheet.rows:
        cells = dict(row.cells)
        wrong = []
        day = read_date(cells.get("date", ""))
        if day is None:
            wrong.append(RowProblem(line=row.line, column="date", code="field.date"))
        elif day.isoformat() in lines:
            params = {"value": day.isoformat(), "line": str(lines[day.isoformat()])}
            wrong.append(RowProblem(line=row.line, column="date", code="row.repeated", params=params))
        wrong += [
            problem
            for name in ("title_zh", "title_en")
            if (problem := _title_problem(row.line, name, cells.get(name, ""))) is not None
        ]
        hours = read_hours(cells.get("hours", ""))
        if hours is None:
            wrong.append(RowProblem(line=row.line, column="hours", code="field.hours"))
        if day is not None:
            lines.setdefault(day.isoformat(), row.line)
        if wrong or day is None or hours is None:
            problems += wrong
            continue
        found[day.isoformat()] = SpecialDay(
            title_zh=cells["title_zh"], title_en=cells["title_en"], hours=hours
        )
    return found, problems


def _title_problem(line: int, name: str, title: str) -> RowProblem | None:
    if not title:
        return RowProblem(line=line, column=name, code="row.empty")
    if len(title) > _LONGEST_TITLE:
        return RowProblem(
            line=line, column=name, code="field.too_long", params={"limit": str(_LONGEST_TITLE)}
        )
    if not title.isprintable():
        return RowProblem(line=line, column=name, code="field.control_character")
    return None
