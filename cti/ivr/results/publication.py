"""What of a poll's results the public may see. Pure.

Fewer than five answers are never told by themselves: small cells are put together until they are five, so
that nobody can be recognised in them, nor be found out by subtracting the others from the total. Figures over
all answers of a question, such as a mean, are told only where they do not tell more than the cells do.
"""

from typing import Final

import msgspec

from cti.flows.question_words import QuestionKind
from cti.ivr.results.figures import DETRACTORS, PROMOTERS, SATISFIED, Cell, Figure, QuestionFigures, share

#: The fewest answers that stand by themselves.
FEWEST: Final = 5
#: Of so many, a mean to one decimal tells nothing about a single answer.
_MANY: Final = 100


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a chart: an answer, or several put together."""

    values: tuple[str, ...]
    count: int
    share: Figure


class PublishedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a question. ``n`` is None when fewer than five answered it: then nothing else is told.

    ``bars`` is empty where the answers cannot be told apart.
    """

    flow: str
    question: str
    kind: QuestionKind
    n: int | None
    bars: list[Bar] = []
    mean: Figure | None = None
    median: float | None = None
    csat: Figure | None = None
    nps: Figure | None = None


def published(flow: str, figures: QuestionFigures, population: int | None = None) -> PublishedQuestion | None:
    """A question as the public sees it; None for one whose answers are not counted."""
    kind = figures.kind
    if kind is None or kind is QuestionKind.DIGITS:
        return None
    if figures.n < FEWEST:
        return PublishedQuestion(flow=flow, question=figures.question, kind=kind, n=None)
    if kind is QuestionKind.NUMBER:
        return PublishedQuestion(
            flow=flow, question=figures.question, kind=kind, n=figures.n, mean=figures.mean,
            median=figures.median,
        )  # fmt: skip
    sides = _sides(figures)
    groups = _told_apart(sides)
    whole = len(groups) < 2
    each = not whole and all(len(group) == 1 for group in groups)
    many = figures.n >= _MANY
    return PublishedQuestion(
        flow=flow,
        question=figures.question,
        kind=kind,
        n=figures.n,
        bars=[] if whole else [_bar(group, figures.n, population) for group in groups],
        mean=figures.mean if (each or many) and kind is QuestionKind.SCALE else None,
        csat=figures.csat if not whole else None,
        nps=figures.nps if each else None,
    )


def _sides(figures: QuestionFigures) -> list[list[Cell]]:
    """Cells in groups whose totals are told anyway: who is satisfied and who is not, say."""
    if figures.kind is QuestionKind.RECOMMENDATION:
        passives = frozenset(cell.value for cell in figures.cells) - PROMOTERS - DETRACTORS
        return [[_together(figures.cells, values)] for values in (DETRACTORS, passives, PROMOTERS)]
    if figures.csat is not None:
        rest = [cell for cell in figures.cells if cell.value not in SATISFIED]
        return [rest, [cell for cell in figures.cells if cell.value in SATISFIED]]
    return [figures.cells]


def _together(cells: list[Cell], values: frozenset[str]) -> Cell:
    wanted = [cell for cell in cells if cell.value in values]
    name = f"{wanted[0].value}-{wanted[-1].value}"
    return Cell(value=name, count=sum(cell.count for cell in wanted), share=Figure(n=0))


def _told_apart(sides: list[list[Cell]]) -> list[list[Cell]]:
    """Groups of cells, each of five answers or more; one group when that cannot be."""
    if any(sum(cell.count for cell in side) < FEWEST for side in sides):
        return [[cell for side in sides for cell in side]]
    return [group for side in sides for group in _groups(side)]


def _groups(side: list[Cell]) -> list[list[Cell]]:
    by_count = sorted(side, key=lambda cell: cell.count)
    small = [cell for cell in by_count if cell.count < FEWEST]
    for cell in by_count[len(small) :]:
        if not small or (sum(one.count for one in small) >= FEWEST and len(small) > 1):
            break
        small.append(cell)
    if not small:
        return [[cell] for cell in side]
    together = [cell for cell in side if cell in small]
    return [together if cell in small else [cell] for cell in side if cell not in together[1:]]


def _bar(group: list[Cell], n: int, population: int | None) -> Bar:
    count = sum(cell.count for cell in group)
    return Bar(values=tuple(cell.value for cell in group), count=count, share=share(count, n, population))
