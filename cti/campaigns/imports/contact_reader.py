"""A contact out of the cells of a row, or all that is wrong with it. Pure."""

import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cti.calls.model import NumberState
from cti.campaigns.imports.column_mapping import DETAIL, Target
from cti.campaigns.model import Contact
from cti.customers.numbers import normalise
from cti.customers.plain_numbers import plain_e164
from cti.http.row_problems import RowProblem
from cti.reference.sheet import unguarded

LONGEST_NAME: Final = 200
LONGEST_CONSENT: Final = 500
LONGEST_DETAIL: Final = 1_000
_LONGEST_KEY: Final = 200
_LONGEST_SHOWN: Final = 40
_LANGUAGES: Final = {
    **dict.fromkeys(("zh-cn", "zh", "zh-hans", "cn", "chinese", "中文", "汉语", "普通话", "中"), "zh-CN"),
    **dict.fromkeys(("en", "en-us", "en-gb", "english", "英文", "英语", "英"), "en"),
}
#: What spreadsheets make of a long number that they take for a quantity.
_SHORTENED: Final = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.ASCII | re.IGNORECASE)
#: `13800138000.0`, as programs write a number that had no reason to be one.
_WITH_DECIMALS: Final = re.compile(r"([0-9]{5,15})\.0+", re.ASCII)
_PRIORITY: Final = re.compile(r"[0-9]{1,3}", re.ASCII)


class _Refused(Exception):  # noqa: N818
    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class ContactReader:
    """Reads rows of one file. ``columns`` are their names, ``mapping`` says what each is."""

    def __init__(self, columns: Sequence[str], mapping: Mapping[str, str], region: str) -> None:
        places = {target: columns.index(column) for column, target in mapping.items()}
        self._columns = columns
        self._region = region
        self._phone = places[Target.PHONE]
        self._others = [places[one] for one in (Target.PHONE_2, Target.PHONE_3) if one in places]
        self._details = [
            (target.removeprefix(DETAIL), place)
            for target, place in places.items()
            if target.startswith(DETAIL)
        ]
        self._zones = zoneinfo.available_timezones() if Target.TIME_ZONE in places else frozenset()
        readers: dict[Target, Callable[[str], object]] = {
            Target.NAME: lambda cell: _line(cell, LONGEST_NAME),
            Target.LANGUAGE: _language,
            Target.TIME_ZONE: self._zone,
            Target.CUSTOMER: lambda cell: _line(cell, _LONGEST_KEY),
            Target.CONSENT: lambda cell: _line(cell, LONGEST_CONSENT),
            Target.PRIORITY: _priority,
        }
        self._readers = [
            (target.value, places[target], read) for target, read in readers.items() if target in places
        ]

    def read(self, line: int, cells: Sequence[str]) -> Contact | list[RowProblem]:
        """The contact that a row is, or what is wrong with the row, cell by cell."""
        wrong: list[RowProblem] = []
        width = len(cells)
        if width > len(self._columns) and any(cells[len(self._columns) :]):
            wrong.append(RowProblem(line=line, column="", code="row.too_many_cells"))
        found: dict[str, object] = {}
        numbers: list[str] = []
        for place in (self._phone, *self._others):
            cell = _cell(cells[place]) if place < width else ""
            if not cell and place != self._phone:
                continue
            try:
                numbers.append(self._e164(cell))
            except _Refused as refused:
                wrong.append(self._problem(line, place, refused))
        for name, place, read in self._readers:
            cell = _cell(cells[place]) if place < width else ""
            if not cell:
                continue
            try:
                found[name] = read(cell)
            except _Refused as refused:
                wrong.append(self._problem(line, place, refused))
        details: dict[str, str] = {}
        for name, place in self._details:
            cell = _cell(cells[place]) if place < width else ""
            if not cell:
                continue
            try:
                details[name] = _line(cell, LONGEST_DETAIL)
            except _Refused as refused:
                wrong.append(self._problem(line, place, refused))
        if wrong:
            return wrong
        phone, *others = dict.fromkeys(numbers)
        return Contact(phone=phone, other_phones=tuple(others), details=details, **found)  # type: ignore[arg-type]

    def _problem(self, line: int, place: int, refused: _Refused) -> RowProblem:
        return RowProblem(line=line, column=self._columns[place], code=refused.code, params=refused.params)

    def _e164(self, cell: str) -> str:
        if not cell:
            raise _Refused("row.empty")
        # Spreadsheets keep digits from becoming a quantity so.
        cell = cell.removeprefix("'")
        decimals = _WITH_DECIMALS.fullmatch(cell) if "." in cell else None
        e164 = plain_e164(cell if decimals is None else decimals[1], self._region)
        if e164 is not None:
            return e164
        shown = "".join(letter for letter in cell[:_LONGEST_SHOWN] if letter.isprintable())
        if _SHORTENED.fullmatch(cell):
            raise _Refused("row.phone_shortened", value=shown)
        if normalise(cell, self._region).state is NumberState.KNOWN:
            raise _Refused("row.phone_local", value=shown)
        raise _Refused("row.phone", value=shown)

    def _zone(self, cell: str) -> str:
        if cell not in self._zones:
            raise _Refused("field.time_zone")
        return cell


def _cell(cell: str) -> str:
    return unguarded(cell.strip()) if cell else ""


def _line(cell: str, most: int) -> str:
    if len(cell) > most:
        raise _Refused("field.too_long", limit=str(most))
    if not cell.isprintable():
        # A line break in a cell is a space to whoever reads it aloud.
        cell = " ".join(cell.split())
        if not cell.isprintable():
            raise _Refused("field.control_character")
    return cell


def _language(cell: str) -> str:
    language = _LANGUAGES.get(cell.lower().replace("_", "-"))
    if language is None:
        raise _Refused("field.not_allowed", allowed="zh-CN, en")
    return language


def _priority(cell: str) -> int:
    if _PRIORITY.fullmatch(cell) is None or int(cell) > 100:
        raise _Refused("row.priority")
    return int(cell)
