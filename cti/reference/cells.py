"""Cells as they come out of files and requests, made into what their column holds. Pure."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from cti.reference.model import Cell, Column, ColumnType

LONGEST_TEXT: Final = 1_000
LONGEST_KEY: Final = 100
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?", re.ASCII)
#: Spreadsheets write midnight behind a date that is shown with its time; what time it is does not matter.
_DATE: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?: \d{1,2}:\d\d(?::\d\d)?)?", re.ASCII)
_DIGITS: Final = re.compile(r"\+?[0-9*#]{1,40}", re.ASCII)
_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{1,10})?", re.ASCII)
_PROMPT: Final = re.compile(r"[a-z][a-z0-9]*([-_/][a-z0-9]+)*")
_YES: Final = frozenset({"true", "yes", "y", "1", "是", "有"})
_NO: Final = frozenset({"false", "no", "n", "0", "否", "无"})
#: Day 0 of spreadsheets.
_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001  (a date on no clock)
_LAST_DAY: Final = 2_958_465


class CellError(ValueError):
    """It does not fit its column; ``code`` is one of the catalogue of problems."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def read_cell(column: Column, value: object, *, is_key: bool = False) -> Cell:
    """What a column holds, of a text, a number of a spreadsheet, or a value of JSON. None for an empty one.

    Raises:
        CellError: it does not fit, or is empty and required.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        if column.required or is_key:
            raise CellError("row.empty")
        return None
    if isinstance(value, str):
        value = value.strip()
    found = _READERS[column.type](value)
    if is_key and isinstance(found, str):
        if len(found) > LONGEST_KEY:
            raise CellError("field.too_long", limit=str(LONGEST_KEY))
        if "/" in found:
            raise CellError("row.key")
    return found


def key_text(value: object) -> str:
    """A key as rows are found by it: a number and its text are the same."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _text(value: object) -> str:
    text = key_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise CellError("field.wrong_type")
    if len(text) > LONGEST_TEXT:
        raise CellError("field.too_long", limit=str(LONGEST_TEXT))
    if not all(letter.isprintable() or letter in "\n\t" for letter in text):
        raise CellError("field.control_character")
    return text


def _number(value: object) -> int | float:
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) is None:
            raise CellError("row.number")
        number = float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        number = float(value)
    else:
        raise CellError("row.number")
    return int(number) if number.is_integer() else number


def _money(value: object) -> int | float:
    number = _number(value)
    try:
        exact = Decimal(value if isinstance(value, str) else repr(number))
    except InvalidOperation:
        raise CellError("row.number") from None
    if exact != exact.quantize(Decimal("0.01")):
        raise CellError("row.money")
    return number


def _date(value: object) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        if not 1 <= value <= _LAST_DAY:
            raise CellError("field.date")
        return (_DAY_ZERO + timedelta(days=int(value))).date().isoformat()
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise CellError("field.date")
    try:
        return date(*map(int, match.groups())).isoformat()
    except ValueError:
        raise CellError("field.date") from None


def _time(value: object) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        if not 0 <= value < 1:
            raise CellError("field.time_of_day")
        minutes = round(value * 1440) % 1440
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise CellError("field.time_of_day")
    return f"{int(match[1]):02d}:{match[2]}"


def _digits(value: object) -> str:
    text = key_text(value)
    text = re.sub(r"[ ()-]", "", text)
    if _DIGITS.fullmatch(text) is None:
        raise CellError("row.digits")
    return text


def _yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = key_text(value).lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise CellError("row.yes_no")


def _prompt(value: object) -> str:
    if not isinstance(value, str) or _PROMPT.fullmatch(value) is None or len(value) > LONGEST_KEY:
        raise CellError("row.prompt")
    return value


_READERS: Final = {
    ColumnType.TEXT: _text,
    ColumnType.NUMBER: _number,
    ColumnType.MONEY: _money,
    ColumnType.DATE: _date,
    ColumnType.TIME: _time,
    ColumnType.DIGITS: _digits,
    ColumnType.YES_NO: _yes_no,
    ColumnType.PROMPT: _prompt,
}
