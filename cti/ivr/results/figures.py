"""What answers come to: every figure of a flow's results is defined here and nowhere else. Pure.

A figure over no answers is None, never zero. Intervals hold the true value with 95 % confidence, if those who
answered are like those who did not; where the size of the population is known, and it is not much larger than
the sample, they are narrower (finite population correction). Texts for people:
`cti.ivr.results.result_texts`.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from cti.flows.question_words import QuestionKind
from cti.ivr.results.student import Z_95, t_95

#: A mark of these out of 1 to 5 is a satisfied caller.
SATISFIED: Final = frozenset({"4", "5"})
MARKS: Final = frozenset({"1", "2", "3", "4", "5"})
PROMOTERS: Final = frozenset({"9", "10"})
DETRACTORS: Final = frozenset({"0", "1", "2", "3", "4", "5", "6"})
RECOMMENDATIONS: Final = frozenset(str(mark) for mark in range(11))
#: Answers that are marks or quantities, so that they have a mean.
_NUMERIC: Final = frozenset({QuestionKind.SCALE, QuestionKind.RECOMMENDATION, QuestionKind.NUMBER})
#: Answers that are counted one by one.
_COUNTED: Final = frozenset(
    {QuestionKind.CHOICE, QuestionKind.SCALE, QuestionKind.RECOMMENDATION, QuestionKind.YES_NO}
)


class Method(StrEnum):
    """How an interval was found."""

    #: Of a share: Wilson's score interval.
    WILSON = "wilson"
    #: Of a mean: Student's t with n - 1 degrees of freedom.
    STUDENT = "student"
    #: Of a difference of two shares of the same answers: Agresti and Min's, with half an answer in each cell.
    AGRESTI_MIN = "agresti_min"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure over ``n`` answers, with its interval.

    ``value`` is None when n is 0; ``low`` and ``high`` when they cannot be told: of a mean of one answer, or
    of answers that are all the same. ``population`` is the size by which they were corrected.
    """

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    method: Method | None = None
    population: int | None = None


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One possible answer: how many gave it, and their share."""

    value: str
    count: int
    share: Figure


class QuestionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one question; those that its kind does not have are None.

    ``n`` are the answers counted, ``not_counted`` those that fit none of the possible answers. Shares and
    ``csat`` are 0 to 1, ``nps`` is -100 to 100.
    """

    question: str
    kind: QuestionKind | None
    n: int
    not_counted: int = 0
    cells: list[Cell] = []
    mean: Figure | None = None
    median: float | None = None
    csat: Figure | None = None
    nps: Figure | None = None


class RunCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the calls that came into a flow."""

    begun: int = 0
    #: They still go on.
    running: int = 0
    #: They came to an exit of the flow.
    exited: int = 0
    hung_up: int = 0
    #: They were given to a queue or a person and did not come back.
    handed_over: int = 0
    #: Something of ours failed.
    failed: int = 0
    #: Of those that are over, they answered at least one question.
    answered: int = 0

    @property
    def over(self) -> int:
        """Those that do not go on any more."""
        return self.begun - self.running


class RunFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of the calls that came into a flow, 0 to 1."""

    counts: RunCounts
    completion: Figure
    response: Figure


def run_figures(counts: RunCounts) -> RunFigures:
    """Completion: came to an exit, of all that are over but for those handed over. Response: at least one
    answer, of all that are over.
    """
    return RunFigures(
        counts=counts,
        completion=share(counts.exited, counts.exited + counts.hung_up + counts.failed),
        response=share(counts.answered, counts.over),
    )


def question_figures(
    question: str,
    kind: QuestionKind | None,
    answers: Mapping[str, int],
    *,
    possible: Sequence[str] = (),
    population: int | None = None,
) -> QuestionFigures:
    """The figures of a question, given how often each value was answered.

    ``possible`` are the answers that the flow knows, in its order; one that nobody gave has a cell with the
    count 0. Without them there are cells for what was given. Marks and quantities may be keyed with leading
    zeros.
    """
    if kind is None or kind is QuestionKind.DIGITS:
        return QuestionFigures(question=question, kind=kind, n=sum(answers.values()))
    if kind is QuestionKind.RECOMMENDATION:
        possible = [str(mark) for mark in range(11)]
    elif kind in _NUMERIC:
        # A key that says the question again is none of its marks.
        possible = [value for value in possible if _is_number(value)]
    counted: Counter[str] = Counter()
    for given, count in answers.items():
        value = _plain(given) if kind in _NUMERIC else given
        if count > 0 and _fits(value, kind, possible):
            counted[value] += count
    n = sum(counted.values())
    numbers = {float(value): count for value, count in counted.items()} if kind in _NUMERIC else {}
    marks = set(possible) or set(counted)
    satisfaction = kind is QuestionKind.SCALE and marks <= MARKS and bool(marks & SATISFIED)
    cells = _cells(counted, possible, n, population) if kind in _COUNTED else []
    return QuestionFigures(
        question=question,
        kind=kind,
        n=n,
        not_counted=sum(answers.values()) - n,
        cells=cells,
        mean=mean(numbers, population) if kind in _NUMERIC else None,
        median=median(numbers),
        csat=csat(counted, population) if satisfaction else None,
        nps=nps(counted, population) if kind is QuestionKind.RECOMMENDATION else None,
    )


def share(part: int, whole: int, population: int | None = None) -> Figure:
    """A share of answers, 0 to 1, with Wilson's score interval."""
    if whole < 1:
        return Figure(n=0)
    value = part / whole
    known = _known(population, whole)
    if known == whole:
        return Figure(n=whole, value=value, low=value, high=value, method=Method.WILSON, population=known)
    # The correction makes of n answers as many as would tell as much of an endless population.
    n = whole if known is None else whole * (known - 1) / (known - whole)
    square = Z_95**2 / n
    centre = (value + square / 2) / (1 + square)
    reach = Z_95 / (1 + square) * math.sqrt(value * (1 - value) / n + square / (4 * n))
    return Figure(
        n=whole,
        value=value,
        low=0.0 if part == 0 else max(0.0, centre - reach),
        high=1.0 if part == whole else min(1.0, centre + reach),
        method=Method.WILSON,
        population=known,
    )


def mean(numbers: Mapping[float, int], population: int | None = None) -> Figure:
    """The mean of numbers, each with how often it was given, with Student's interval."""
    n = sum(numbers.values())
    if n < 1:
        return Figure(n=0)
    value = math.fsum(number * count for number, count in numbers.items()) / n
    known = _known(population, n)
    if known == n:
        return Figure(n=n, value=value, low=value, high=value, method=Method.STUDENT, population=known)
    squares = math.fsum(count * (number - value) ** 2 for number, count in numbers.items())
    if n < 2 or len([number for number, count in numbers.items() if count]) < 2:
        return Figure(n=n, value=value)
    error = math.sqrt(squares / (n - 1) / n) * _correction(known, n)
    reach = t_95(n - 1) * error
    return Figure(
        n=n, value=value, low=value - reach, high=value + reach, method=Method.STUDENT, population=known
    )


def median(numbers: Mapping[float, int]) -> float | None:
    """The middle one of the numbers in order; half-way between the two in the middle of an even count."""
    n = sum(numbers.values())
    if n < 1:
        return None
    return (_nth(numbers, (n - 1) // 2) + _nth(numbers, n // 2)) / 2


def csat(answers: Mapping[str, int], population: int | None = None) -> Figure:
    """Customer satisfaction: the share of 4 and 5 among the marks 1 to 5."""
    return share(_count(answers, SATISFIED), _count(answers, MARKS), population)


def nps(answers: Mapping[str, int], population: int | None = None) -> Figure:
    """Net Promoter Score: of the marks 0 to 10, the percentage of 9 and 10 less that of 0 to 6."""
    n = _count(answers, RECOMMENDATIONS)
    if n < 1:
        return Figure(n=0)
    promoters, detractors = _count(answers, PROMOTERS), _count(answers, DETRACTORS)
    value = 100 * (promoters - detractors) / n
    known = _known(population, n)
    if known == n:
        return Figure(n=n, value=value, low=value, high=value, method=Method.AGRESTI_MIN, population=known)
    more, less, all_ = promoters + 0.5, detractors + 0.5, n + 2
    difference = (more - less) / all_
    error = math.sqrt(((more + less) / all_ - difference**2) / all_) * _correction(known, n)
    return Figure(
        n=n,
        value=value,
        low=min(value, max(-100.0, 100 * (difference - Z_95 * error))),
        high=max(value, min(100.0, 100 * (difference + Z_95 * error))),
        method=Method.AGRESTI_MIN,
        population=known,
    )


def _fits(value: str, kind: QuestionKind, possible: Sequence[str]) -> bool:
    if kind in _NUMERIC and not _is_number(value):
        return False
    return not possible or value in possible


def _plain(value: str) -> str:
    """`07` is the mark 7."""
    return (value.lstrip("0") or "0") if value.isascii() and value.isdigit() else value


def _is_number(value: str) -> bool:
    return value.isascii() and value.removeprefix("-").replace(".", "", 1).isdigit()


def _cells(counted: Mapping[str, int], possible: Sequence[str], n: int, population: int | None) -> list[Cell]:
    values: Iterable[str] = possible or sorted(counted, key=lambda value: (len(value), value))
    return [
        Cell(value=value, count=counted.get(value, 0), share=share(counted.get(value, 0), n, population))
        for value in values
    ]


def _count(answers: Mapping[str, int], wanted: frozenset[str]) -> int:
    return sum(count for value, count in answers.items() if value in wanted)


def _nth(numbers: Mapping[float, int], index: int) -> float:
    for number in sorted(numbers):
        index -= numbers[number]
        if index < 0:
            return number
    raise IndexError(index)


def _known(population: int | None, n: int) -> int | None:
    """A population smaller than its sample is a mistake of whoever gave it, and corrects nothing."""
    return population if population is not None and population >= n else None


def _correction(population: int | None, n: int) -> float:
    return 1.0 if population is None else math.sqrt((population - n) / (population - 1))
