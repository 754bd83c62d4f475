"""What a number in a workbook stands for, which only its form tells: a number, a date or a time of day."""

import re
from datetime import datetime, timedelta
from typing import Final

#: Forms that every Excel knows; 27 to 36 and 50 to 58 are the dates of Chinese, Japanese and Korean ones.
_BUILT_IN: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
#: What in a form is no letter of a date: texts in quotes, colours and conditions, single letters kept.
_KEPT: Final = re.compile(r'"[^"]*"|\[(?!h+\]|m+\]|s+\])[^\]]*\]|\\.|_.|\*.', re.IGNORECASE)
_DATE: Final = re.compile(r"[ymdhs]", re.IGNORECASE)
_MOST_FORMS: Final = 70_000
_LAST_DAY: Final = 2_958_465
_WHOLE: Final = re.compile(r"-?[0-9]{1,17}", re.ASCII)


class CellForms:
    """Reads the forms of a book (`start`, `end`), then says what its numbers mean."""

    def __init__(self, *, since_1904: bool = False) -> None:
        # A date on no clock.
        self._day_zero = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)  # noqa: DTZ001
        self._own: dict[str, bool] = {}
        self._is_date: list[bool] = []
        self._in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element of the book's styles begins."""
        if name == "numFmt" and len(self._own) < _MOST_FORMS:
            code = _KEPT.sub("", attributes.get("formatCode", "")[:500])
            self._own[attributes.get("numFmtId", "")] = _DATE.search(code) is not None
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells and len(self._is_date) < _MOST_FORMS:
            form = attributes.get("numFmtId", "0")
            built_in = form.isdecimal() and int(form) in _BUILT_IN
            self._is_date.append(self._own.get(form, built_in))

    def end(self, name: str) -> None:
        """An element of the book's styles ends."""
        if name == "cellXfs":
            self._in_cells = False

    def text_of(self, written: str, style: str | None) -> str:
        """A number as people write it: `13800138000`, `12.5`, `2026-12-31`, `2026-12-31 09:30`, `09:30`."""
        place = int(style) if style else 0
        if place < len(self._is_date) and self._is_date[place]:
            return self._date(float(written))
        if _WHOLE.fullmatch(written):
            return written
        number = float(written)
        if number.is_integer() and abs(number) < 1e17:
            return str(int(number))
        # As many digits as Excel shows: what 0.1 + 0.2 comes to is 0.3.
        return f"{number:.15g}"

    def _date(self, number: float) -> str:
        if not 0 <= number <= _LAST_DAY:
            return repr(number)
        at = self._day_zero + timedelta(seconds=round(number * 86_400))
        if number < 1:
            return f"{at:%H:%M}"
        return f"{at:%Y-%m-%d}" if number.is_integer() else f"{at:%Y-%m-%d %H:%M}"
