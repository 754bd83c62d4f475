"""A flow as a picture: SVG without scripts, in which every text is escaped. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any, Final

import msgspec

from cti.flows.graph import Edge, edges, roots
from cti.flows.layout import STEP_WIDTH, lay_out
from cti.flows.model import Flow
from cti.flows.question_words import Choice, Menu, keys_of
from cti.flows.run import verb_of
from cti.flows.sayings import Texts

_WIDTH: Final = STEP_WIDTH
_HEIGHT: Final = 64
_BOW: Final = 36
_BETWEEN: Final = 90
_MARGIN: Final = 40
_HEADING: Final = 40
_LONGEST: Final = 24

#: Fill and edge of a step, by what its verb does: speaks, asks, decides, hands over, does, ends.
_COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("prompt", "language"), ("#e8f1fb", "#3b76b5")),
    **dict.fromkeys(("menu", "field", "record"), ("#fff4d6", "#b8860b")),
    **dict.fromkeys(("lookup", "assign", "branch"), ("#eeeeee", "#777777")),
    **dict.fromkeys(("queue", "callback", "voicemail", "transfer"), ("#e3f4e6", "#3a8a4a")),
    **dict.fromkeys(("send", "task", "refuse", "switch"), ("#f1e8f8", "#7d4fa3")),
    **dict.fromkeys(("subdialog",), ("#fde8dc", "#c0622d")),
    **dict.fromkeys(("exit",), ("#f8e1e1", "#b04040")),
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh-CN": {
        "prompt": "播放", "menu": "菜单", "field": "输入", "record": "录音", "lookup": "查询",
        "assign": "赋值", "branch": "分支", "language": "语言", "queue": "排队", "callback": "回呼",
        "voicemail": "留言", "transfer": "转接", "send": "发送", "task": "任务", "refuse": "不再来电",
        "switch": "开关公告", "subdialog": "子流程", "exit": "结束",
        "start": "开始", "error": "出错", "hangup": "挂机", "noinput": "无按键", "nomatch": "按错键",
        "goto": "", "otherwise": "否则", "returned": "返回",
        "failed": "无法查询", "case": "情况", "hung_up": "挂机 {count}",
    },
    "en": {
        "prompt": "prompt", "menu": "menu", "field": "field", "record": "record", "lookup": "look-up",
        "assign": "assign", "branch": "branch", "language": "language", "queue": "queue",
        "callback": "callback", "voicemail": "voicemail", "transfer": "transfer", "send": "send",
        "task": "task", "refuse": "refuse", "switch": "switch", "subdialog": "sub-flow", "exit": "exit",
        "start": "start", "error": "error", "hangup": "hang-up", "noinput": "no input",
        "nomatch": "no match", "goto": "", "otherwise": "otherwise", "returned": "returned",
        "failed": "not known", "case": "case", "hung_up": "{count} hung up",
    },
}  # fmt: skip


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What went through a flow: ``ways`` by step and way as runs note it, ``hung_up`` by step."""

    calls: int
    ways: Mapping[tuple[str, str], int]
    hung_up: Mapping[str, int] = {}


def draw(flow: Flow, *, texts: Texts, language: str = "zh-CN", traffic: Traffic | None = None) -> str:
    """The picture; with ``traffic`` also how many went each way, and where they hung up."""
    return _Picture(flow, texts, language, traffic).svg()


class _Picture:
    def __init__(self, flow: Flow, texts: Texts, language: str, traffic: Traffic | None) -> None:
        self._flow = flow
        self._texts = texts
        self._language = language
        self._words = _WORDS[language if language in _WORDS else "en"]
        self._traffic = traffic
        self._edges = [edge for edge in edges(flow) if edge.target in flow.steps]
        self._layout = lay_out(list(flow.steps), list(roots(flow).values()), self._edges)
        self.width = round(self._layout.width + 2 * (_MARGIN + _BOW))
        self.height = 2 * _MARGIN + _HEADING + self._layout.layers * (_HEIGHT + _BETWEEN) - _BETWEEN

    def svg(self) -> str:
        title = self._flow.title.get(self._language) or self._flow.flow
        ways = list(self._ways())
        parts = [
            self._opening(),
            f"<title>{escape(title)}</title>",
            (
                '<defs><marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="13" '
                'markerHeight="13" markerUnits="userSpaceOnUse" orient="auto">'
                '<path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>'
            ),
            f'<rect width="{self.width}" height="{self.height}" fill="#fff"/>',
            self._heading(title),
            *(way for way, _ in ways),
            *(self._step(name) for name in self._flow.steps),
            # Over the steps, so that all can be read.
            *(label for _, label in ways),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _opening(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" font-family="system-ui, sans-serif" '
            'font-size="13">'
        )

    # --- places ---

    def _corner(self, name: str) -> tuple[float, float]:
        middle, layer = self._layout.steps[name]
        return middle - _WIDTH / 2 + _MARGIN + _BOW, self._top(layer)

    def _top(self, layer: int) -> float:
        return _MARGIN + _HEADING + layer * (_HEIGHT + _BETWEEN)

    # --- pieces ---

    def _heading(self, title: str) -> str:
        calls = ""
        if self._traffic is not None:
            count = self._traffic.calls
            calls = f" · 最近 {count} 通来电" if self._language == "zh-CN" else f" · the last {count} calls"
        return f'<text x="{_MARGIN}" y="32" font-size="18" font-weight="600">{escape(title + calls)}</text>'

    def _step(self, name: str) -> str:
        x, y = self._corner(name)
        verb, word = verb_of(self._flow.steps[name]) or ("exit", None)
        fill, line = _COLOURS[verb]
        entered = [self._words[way] for way, step in roots(self._flow).items() if step == name]
        head = f"{self._words[verb]} · {name}" + "".join(f" ◂ {way}" for way in entered)
        lines = [head, *self._content(verb, word)][:3]
        texts = "".join(
            f'<text x="{x + 10:g}" y="{y + 19 + 17 * row:g}"'
            f"{_BOLD if row == 0 else _SMALL}>{escape(_short(text))}</text>"
            for row, text in enumerate(lines)
        )
        full = escape("\n".join([head, *self._content(verb, word, whole=True)]))
        return (
            f'<g class="step {verb}" data-step="{escape(name)}"><title>{full}</title>'
            f'<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" '
            f'fill="{fill}" stroke="{line}" stroke-width="1.5"/>{texts}{self._lost(name, x, y)}</g>'
        )

    def _lost(self, name: str, x: float, y: float) -> str:
        count = 0 if self._traffic is None else self._traffic.hung_up.get(name, 0)
        if not count:
            return ""
        text = escape(self._words["hung_up"].format(count=count))
        return f'<text x="{x + _WIDTH - 8:g}" y="{y + _HEIGHT - 7:g}" text-anchor="end"{_RED}>{text}</text>'

    def _content(self, verb: str, word: Any, *, whole: bool = False) -> list[str]:
        """What is said, or what is done."""
        said = [part for name in ("say", "prompt") for part in getattr(word, name, None) or []]
        if said:
            texts = [
                self._texts(part).get(self._language) or f"[{part}]" if isinstance(part, str) else "…"
                for part in said
            ]
            return texts if whole else ["".join(texts)]
        match verb:
            case "branch":
                return [case.when for case in word.cases]
            case "lookup":
                return [f"{word.source.value} ▸ {word.into}"]
            case "assign":
                return [f"{name} = {value}" for name, value in word.values.items()]
            case "queue":
                return [word.name or word.of or ""]
            case "task":
                return [word.kind.value]
            case "send":
                return [word.to]
            case "subdialog":
                return [word.flow]
            case "language":
                return [word.to or word.of or ""]
            case "exit":
                return [word.outcome] if word is not None else []
        return []

    def _ways(self) -> Iterable[tuple[str, str]]:
        def ends(edge: Edge) -> tuple[str, str]:
            return edge.source, edge.target

        for (source, target), group in groupby(sorted(self._edges, key=ends), key=ends):
            yield self._way(source, target, list(group))

    def _way(self, source: str, target: str, group: Sequence[Edge]) -> tuple[str, str]:
        labels = [label for label in (self._label(edge) for edge in group) if label]
        traffic = self._traffic
        count = None if traffic is None else sum(self._count(edge, traffic) for edge in group)
        text = _short(", ".join(dict.fromkeys(labels)), 34)
        if count is not None:
            text = f"{text} ({count})" if text else f"({count})"
        path, at = self._path(source, target)
        width = 1.4 if traffic is None else 1 + 5 * (count or 0) / max(traffic.calls, 1)
        faint = ' opacity="0.35"' if count == 0 else ""
        label = (
            f'<text class="label" x="{at[0]:g}" y="{at[1]:g}" font-size="11" text-anchor="middle" '
            f'fill="#333" stroke="#fff" stroke-width="3" paint-order="stroke">{escape(text)}</text>'
            if text
            else ""
        )
        ways = escape(" ".join(edge.way for edge in group))
        way = (
            f'<g class="way" data-from="{escape(source)}" data-to="{escape(target)}" '
            f'data-ways="{ways}"{faint}><path d="{path}" fill="none" stroke="#555" '
            f'stroke-width="{width:.1f}" marker-end="url(#to)"/></g>'
        )
        return way, label

    def _path(self, source: str, target: str) -> tuple[str, tuple[float, float]]:
        """The curve, and where its label stands."""
        x, y = self._corner(source)
        to_x, to_y = self._corner(target)
        if self._layout.steps[target][1] <= self._layout.steps[source][1]:
            # Back up, or beside: out of the left side and into it again.
            ay, by = y + _HEIGHT * 0.7, to_y + _HEIGHT * 0.35
            out = min(x, to_x) - _BOW - 14 * (self._layout.steps[source][1] - self._layout.steps[target][1])
            curve = f"M{x:g} {ay:g}C{out:g} {ay:g} {out:g} {by:g} {to_x:g} {by:g}"
            return curve, (0.125 * (x + to_x) + 0.75 * out, (ay + by) / 2)
        at_x, at_y = x + _WIDTH / 2, y + _HEIGHT
        curve = f"M{at_x:g} {at_y:g}"
        lanes = self._layout.lanes.get((source, target), ())
        points = [(middle + _MARGIN + _BOW, self._top(layer)) for middle, layer in lanes]
        first = (points or [(to_x + _WIDTH / 2, to_y)])[0]
        for lane_x, top in points:
            curve += _bend(at_x, at_y, lane_x, top) + f"L{lane_x:g} {top + _HEIGHT:g}"
            at_x, at_y = lane_x, top + _HEIGHT
        curve += _bend(at_x, at_y, to_x + _WIDTH / 2, to_y)
        # Nearer to where it leads: there ways that begin together are apart.
        begin = x + _WIDTH / 2
        return curve, (begin * 0.3 + first[0] * 0.7, y + _HEIGHT + _BETWEEN * 0.68)

    def _label(self, edge: Edge) -> str:
        word = self._flow.steps[edge.source].menu
        if isinstance(word, Menu) and edge.way in word.choices:
            choice = word.choices[edge.way]
            label = choice.label.get(self._language) if isinstance(choice, Choice) else None
            return f"{edge.way} {label}" if label else edge.way
        if edge.way.startswith("case "):
            return f"{self._words['case']} {edge.way.removeprefix('case ')}"
        return self._words.get(edge.way, edge.way)

    def _count(self, edge: Edge, traffic: Traffic) -> int:
        """How many went it; a menu's `1-5` by each key."""
        menu = self._flow.steps[edge.source].menu
        ways = keys_of(edge.way) if menu is not None and edge.way in menu.choices else [edge.way]
        return sum(traffic.ways.get((edge.source, way), 0) for way in ways)


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (y + to_y) / 2
    return f"C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"


_BOLD: Final = ' font-weight="600"'
#: A page may colour what has a class anew, for the dark.
_SMALL: Final = ' class="small" font-size="12" fill="#444"'
_RED: Final = ' class="lost" font-size="11" fill="#b00020"'


def _short(text: str, most: int = _LONGEST + 4) -> str:
    """At most so wide; a Chinese character is as wide as two letters."""
    width = 0
    for at, character in enumerate(text):
        width += 2 if character >= "\u2e80" else 1
        if width > most:
            return text[:at].rstrip() + "…"
    return text
