"""A call as a picture: one line for each leg over time, as SVG.

A thin line is the life of a leg, a bar on it a measured span. Bars differ in height as well as in colour, and
have their name inside where it fits, so that the picture can be read without seeing colours. Colours follow
the reader's light or dark scheme.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

from cti.calls.model import Interval, IntervalKind, Leg, LegEnding, LegKind
from cti.simulation.call_story import Join, Mark, Story

_WIDTH: Final = 960
_LEFT: Final = 236
_RIGHT: Final = 28
_LANE: Final = 38
_MARK_ROW: Final = 17
_TOP: Final = 20
_LETTER: Final = 6.4
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400)
_MOST_TICKS: Final = 14
_HEIGHTS: Final = {
    IntervalKind.WAIT: 12,
    IntervalKind.RING: 8,
    IntervalKind.TALK: 20,
    IntervalKind.HOLD: 20,
    IntervalKind.PARK: 12,
    IntervalKind.WRAP_UP: 12,
}
_STYLE: Final = """
svg { color-scheme: light dark; font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
.page { fill: #fbfcfd; stroke: #d5dbe1; } .text { fill: #1f2933; } .faint { fill: #616e7c; }
.grid { stroke: #e4e9ee; } .life { stroke: #9aa5b1; } .join { stroke: #3e4c59; } .dot { fill: #3e4c59; }
.mark { stroke: #ba2525; } .marked { fill: #ab1f1f; } .plumbing { opacity: .62; }
.wait { fill: #f0b429; } .ring { fill: #40a9e8; } .talk { fill: #2f9e57; } .hold { fill: #a368d5; }
.park { fill: #d9705a; } .in-park { fill: #2b0d06; }
.wrap_up { fill: #8595a5; } .in { font-size: 11px; } .in-wait { fill: #3d2b00; } .in-ring { fill: #06263a; }
.in-talk, .in-hold { fill: #fff; } .in-wrap_up { fill: #10181f; } .open { stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
.page { fill: #151b21; stroke: #323f4b; } .text { fill: #e4e7eb; } .faint { fill: #9aa5b1; }
.grid { stroke: #26313b; } .life { stroke: #66737f; } .join { stroke: #cbd2d9; } .dot { fill: #cbd2d9; }
.mark { stroke: #f29b9b; } .marked { fill: #f7b1b1; } .wait { fill: #d99c14; } .ring { fill: #3b97d1; }
.talk { fill: #2b8a4d; } .hold { fill: #8f56c2; } .wrap_up { fill: #76889a; }
.park { fill: #cf6852; } }
""".strip()
#: Stripes over a hold, so that it differs from a talk in more than colour.
_STRIPES: Final = (
    '<pattern id="stripes" width="6" height="6" patternTransform="rotate(45)" patternUnits="userSpaceOnUse">'
    '<path d="M0 0V6" stroke="#fff" stroke-opacity=".3" stroke-width="3"/></pattern>'
)


def draw(story: Story, *, title: str, description: str) -> str:
    """The picture of a story. The title and the description are what a screen reader says."""
    return _Canvas(story).draw(title, description)


class _Canvas:
    """Where everything stands on one picture."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.begun_at = story.begun_at
        self.seconds = max(story.over_at - story.begun_at, 1.0) * 1.02
        self.scale = (_WIDTH - _LEFT - _RIGHT) / self.seconds
        self.levels, rows = self._place_marks(story.marks)
        self.top = _TOP + rows * _MARK_ROW
        self.bottom = self.top + _LANE * len(story.legs)
        self.lanes = {leg.id: self.top + _LANE * number + _LANE // 2 for number, leg in enumerate(story.legs)}
        #: The upright lines over the lanes: where each stands, and from where to where.
        self.lines = [
            (self.x(join.at), min(self._lanes_of(join)), max(self._lanes_of(join))) for join in story.joins
        ]
        self.lines += [(self.x(mark.at), self.top, self.bottom) for mark in story.marks]

    def x(self, at: float) -> float:
        """Where an instant stands."""
        return _LEFT + (at - self.begun_at) * self.scale

    def _place_marks(self, marks: list[Mark]) -> tuple[list[tuple[Mark, int, bool]], int]:
        """Each mark with its row above the lanes, and whether its words stand left of its line."""
        ends: list[float] = []
        placed = []
        for mark in marks:
            x, width = self.x(mark.at), len(mark.text) * _LETTER + 8
            left = x + width > _WIDTH - 8
            start, end = (x - width, x) if left else (x, x + width)
            row = next((row for row, taken in enumerate(ends) if taken <= start), len(ends))
            ends[row : row + 1] = [end]
            placed.append((mark, row, left))
        return placed, len(ends)

    def draw(self, title: str, description: str) -> str:
        height = self.bottom + 62
        size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title description">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            f"<style>{_STYLE}</style><defs>{_STRIPES}</defs>",
            f'<rect class="page" x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"/>',
            *self._axis(),
            *(part for leg in self.story.legs for part in self._leg(leg)),
            *(part for span in self.story.intervals for part in self._span(span)),
            *(part for join in self.story.joins for part in self._join(join)),
            *(part for span in self.story.intervals for part in self._name(span)),
            *(part for placed in self.levels for part in self._mark(*placed)),
            *self._legend(self.bottom + 44),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _axis(self) -> Iterable[str]:
        step = next((one for one in _STEPS if self.seconds / one <= _MOST_TICKS), _STEPS[-1])
        for number in range(int(self.seconds // step) + 1):
            x = _LEFT + number * step * self.scale
            yield f'<path class="grid" d="M{x:.1f} {self.top}V{self.bottom}"/>'
            text = _clock(number * step, step)
            yield f'<text class="faint" x="{x:.1f}" y="{self.bottom + 16}" text-anchor="middle">{text}</text>'

    def _leg(self, leg: Leg) -> Iterable[str]:
        y, start, end = self.lanes[leg.id], self.x(leg.started_at), self.x(self.story.end_of(leg))
        plumbing = " plumbing" if leg.kind is LegKind.LOCAL else ""
        unknown = " open" if leg.ending is LegEnding.RECONCILED and leg.ended_at is None else ""
        label = _shortened(self.story.role(leg), 32)
        yield f'<text class="text{plumbing}" x="16" y="{y + 4}">{escape(label)}</text>'
        yield f'<path class="life{plumbing}{unknown}" stroke-width="2" d="M{start:.1f} {y}H{end:.1f}"/>'
        yield f'<path class="life{plumbing}" stroke-width="2" d="M{start:.1f} {y - 6}v12"/>'
        if not unknown:
            yield f'<path class="life{plumbing}" stroke-width="2" d="M{end:.1f} {y - 6}v12"/>'

    def _span(self, span: Interval) -> Iterable[str]:
        y, height = self.lanes[span.leg_id], _HEIGHTS[span.kind]
        start, end = self._ends(span)
        kind = span.kind.value
        shape = f'x="{start:.1f}" y="{y - height // 2}" width="{end - start:.1f}" height="{height}" rx="3"'
        yield f'<rect class="{kind}" {shape}{_faded(span)}/>'
        if span.kind is IntervalKind.HOLD:
            yield f'<rect fill="url(#stripes)" {shape}/>'

    def _ends(self, span: Interval) -> tuple[float, float]:
        """Where a bar begins and ends; the shortest can still be seen."""
        start = self.x(span.started_at)
        return start, max(self.x(self.story.end_of(span)), start + 2.0)

    def _name(self, span: Interval) -> Iterable[str]:
        """What a bar is and how long, in the widest part of it through which no line goes."""
        if _HEIGHTS[span.kind] < _HEIGHTS[IntervalKind.WAIT]:
            return
        start, end = self._ends(span)
        y = self.lanes[span.leg_id]
        lines = sorted(x for x, low, high in self.lines if start < x < end and low <= y <= high)
        left, right = max(pairwise([start, *lines, end]), key=lambda part: part[1] - part[0])
        name = span.kind.value.replace("_", "-")
        seconds = "?" if span.ended_at is None else _length(span.ended_at - span.started_at)
        text = next((one for one in (f"{name} {seconds}", name) if len(one) * _LETTER < right - left - 6), "")
        if text:
            at = f'x="{(left + right) / 2:.1f}" y="{y + 4}" text-anchor="middle"'
            yield f'<text class="in in-{span.kind.value}" {at}>{text}</text>'

    def _join(self, join: Join) -> Iterable[str]:
        lanes, x = self._lanes_of(join), self.x(join.at)
        yield f'<path class="join" stroke-width="1.5" d="M{x:.1f} {min(lanes)}V{max(lanes)}"/>'
        for y in lanes:
            yield f'<circle class="dot" cx="{x:.1f}" cy="{y}" r="3"/>'

    def _lanes_of(self, join: Join) -> list[int]:
        return [self.lanes[leg_id] for leg_id in (join.leg_id, *join.other_ids)]

    def _mark(self, mark: Mark, row: int, left: bool) -> Iterable[str]:
        x, y = self.x(mark.at), _TOP + row * _MARK_ROW
        yield f'<path class="mark" stroke-dasharray="2 3" d="M{x:.1f} {y - 8}V{self.bottom}"/>'
        side = f'x="{x - 4:.1f}" text-anchor="end"' if left else f'x="{x + 4:.1f}"'
        yield f'<text class="marked in" {side} y="{y}">{escape(mark.text)}</text>'

    def _legend(self, y: int) -> Iterable[str]:
        x = 16.0
        for kind in IntervalKind:
            height = _HEIGHTS[kind]
            shape = f'x="{x:.0f}" y="{y - 4 - height // 2}" width="22" height="{height}" rx="3"'
            yield f'<rect class="{kind.value}" {shape}/>'
            if kind is IntervalKind.HOLD:
                yield f'<rect fill="url(#stripes)" {shape}/>'
            name = kind.value.replace("_", "-")
            yield f'<text class="faint" x="{x + 28:.0f}" y="{y}">{name}</text>'
            x += 28 + len(name) * _LETTER + 24
        yield f'<path class="life" stroke-width="2" d="M{x:.0f} {y - 4}h22m0 -6v12"/>'
        yield f'<text class="faint" x="{x + 30:.0f}" y="{y}">leg</text>'
        x += 30 + 3 * _LETTER + 26
        yield f'<path class="join" stroke-width="1.5" d="M{x:.0f} {y - 13}v18"/>'
        yield f'<circle class="dot" cx="{x:.0f}" cy="{y - 12}" r="3"/>'
        yield f'<circle class="dot" cx="{x:.0f}" cy="{y + 4}" r="3"/>'
        yield f'<text class="faint" x="{x + 10:.0f}" y="{y}">joins a bridge</text>'
        x += 10 + 14 * _LETTER + 20
        yield f'<path class="mark" stroke-dasharray="2 3" d="M{x:.0f} {y - 14}v20"/>'
        yield f'<text class="faint" x="{x + 8:.0f}" y="{y}">something happens</text>'


def _faded(span: Interval) -> str:
    return ' fill-opacity=".45"' if span.unknown_end else ""


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else _clock(round(seconds), 1)


def _clock(seconds: int, step: int) -> str:
    """A time on the axis: seconds for a short call, hours and minutes for a long one."""
    if step < 30 and seconds < 600:
        return f"{seconds} s"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
