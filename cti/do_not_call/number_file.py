"""Numbers out of a text file with columns, or of nothing but numbers; what cannot be taken is named. Pure."""

from itertools import islice
from typing import Final

import msgspec

from cti.customers.numbers import parse_e164
from cti.http.row_problems import RowProblem
from cti.reference.sheet import SheetUnreadable, csv_lines

MOST_ROWS: Final = 200_000
_LOOKED_AT: Final = 50
_EXAMPLES: Final = 10
_LONGEST_TITLE: Final = 100
#: What a column of numbers is usually called.
_TITLES: Final = frozenset(
    {"number", "phone", "phone number", "phone_number", "mobile", "telephone", "tel", "msisdn"}
    | {"电话", "号码", "电话号码", "手机", "手机号", "手机号码", "联系电话"}
)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a file, by their places when the first line has numbers already; ``column`` is the place
    of the one that looks like numbers.
    """

    columns: tuple[str, ...]
    has_titles: bool
    column: int


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it stands there and as it is taken."""

    line: int
    given: str
    number: str


def head_of(text: str, region: str) -> Head:
    """What the columns are.

    Raises:
        SheetUnreadable: there is none.
    """
    lines = [cells for _, cells in islice(csv_lines(text), _LOOKED_AT) if any(map(str.strip, cells))]
    if not lines:
        raise SheetUnreadable("it is empty")
    has_titles = not any(parse_e164(cell.strip(), region) for cell in lines[0])
    rows = lines[1:] if has_titles else lines
    width = max(len(cells) for cells in lines)
    titles = [cell.strip()[:_LONGEST_TITLE] for cell in lines[0]] if has_titles else []
    columns = [titles[place] if place < len(titles) else "" for place in range(width)]
    counts = [
        sum(place < len(cells) and parse_e164(cells[place].strip(), region) is not None for cells in rows)
        for place in range(width)
    ]
    by_title = [place for place, title in enumerate(columns) if title.lower() in _TITLES]
    return Head(
        columns=tuple(title or str(place + 1) for place, title in enumerate(columns)),
        has_titles=has_titles,
        column=by_title[0] if by_title else counts.index(max(counts)),
    )


class Reading:
    """Reads one column of a file in steps, so that others get a turn in between.

    ``numbers`` are in E.164, each once, with its line; ``rows`` have been read so far, of about ``lines``.
    """

    def __init__(self, text: str, head: Head, column: int, region: str) -> None:
        self.numbers: dict[str, int] = {}
        self.examples: list[Example] = []
        self.problems: list[RowProblem] = []
        self.rows = 0
        self.repeated = 0
        self.lines = max(text.count("\n") + (not text.endswith("\n")) - head.has_titles, 1)
        self._column = column
        self._name = head.columns[column]
        self._region = region
        self._left = csv_lines(text)
        self._title_is_next = head.has_titles

    def step(self, count: int) -> bool:
        """Reads so many lines more; False at the end.

        Raises:
            SheetUnreadable: quotes do not close.
        """
        lines = list(islice(self._left, count))
        for line, cells in lines:
            if not any(map(str.strip, cells)):
                continue
            if self._title_is_next:
                self._title_is_next = False
            elif self.rows >= MOST_ROWS:
                params = {"limit": str(MOST_ROWS)}
                self.problems.append(RowProblem(line=line, column="", code="row.too_many", params=params))
                return False
            else:
                self.rows += 1
                self._take(line, cells[self._column].strip() if self._column < len(cells) else "")
        return len(lines) == count

    def _take(self, line: int, given: str) -> None:
        number = parse_e164(given, self._region) if given else None
        if number is None:
            code = "field.number" if given else "row.empty"
            self.problems.append(RowProblem(line=line, column=self._name, code=code))
        elif number in self.numbers:
            self.repeated += 1
        else:
            self.numbers[number] = line
            if len(self.examples) < _EXAMPLES:
                self.examples.append(Example(line=line, given=given[:_LONGEST_TITLE], number=number))
