"""`python -m bench.pacing_picture FILE`: what `bench --full pacing` printed, as a picture on standard output.

One field for each team and answer rate; how busy agents are, upwards, against how many calls are abandoned,
to the right. Policies differ in shape as well as in colour.
"""

import math
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

_LINE: Final = re.compile(r"pacing_exp_n(\d+)_p(\d+)_(\w+?)_(utilisation|abandoned) ([\d.e+-]+) %")
_POLICIES: Final = {
    "threshold": "ours: marginal loss",
    "always": "ours, cap at any moment",
    "progressive": "progressive",
    "ratio": "best fixed ratio in hindsight",
    "vicidial_hard": "VICIdial, adaptive, hard limit",
    "vicidial_tapered": "VICIdial, adaptive, tapered",
}
_CAP: Final = 3.0
#: Percent abandoned at the right edge and lines on the way, on a scale that is finer where it matters.
_TICKS: Final = (0, 1, 3, 10, 30, 60)
_LOWEST: Final = 70
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP, _LEGEND = 270, 190, 52, 34, 56, 84
_STYLE: Final = """
svg { color-scheme: light dark; font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
.page { fill: #fbfcfd; stroke: #d5dbe1; } .text { fill: #1f2933; } .faint { fill: #616e7c; }
.grid { stroke: #e4e9ee; } .cap { stroke: #ba2525; stroke-dasharray: 4 3; } .cap-text { fill: #ab1f1f; }
.threshold { fill: #2f9e57; } .always { fill: none; stroke: #2f9e57; stroke-width: 2; }
.progressive { fill: #8595a5; } .ratio { fill: #40a9e8; }
.vicidial_hard { fill: #f0b429; } .vicidial_tapered { fill: #d9705a; }
@media (prefers-color-scheme: dark) {
.page { fill: #171c21; stroke: #36404a; } .text { fill: #e4e9ee; } .faint { fill: #9aa5b1; } .grid { stroke:
#2b343d; } .cap { stroke: #f08a8a; } .cap-text { fill: #f2a3a3; } }
"""


def read(text: str) -> dict[tuple[int, int], dict[str, tuple[float, float]]]:
    """By team and percent answered, by policy: utilisation and abandoned, in percent."""
    found: dict[tuple[int, int], dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for agents, percent, policy, measure, value in _LINE.findall(text):
        found[int(agents), int(percent)][policy][measure] = float(value)
    return {
        team: {policy: (values["utilisation"], values["abandoned"]) for policy, values in policies.items()}
        for team, policies in found.items()
    }


def _across(abandoned: float) -> float:
    """Where a percentage lies: the root keeps small ones apart."""
    return math.pow(min(abandoned, _TICKS[-1]) / _TICKS[-1], 0.4) * _WIDTH


def _up(utilisation: float) -> float:
    return _HEIGHT - (utilisation - _LOWEST) / (100 - _LOWEST) * _HEIGHT


def _shape(policy: str, x: float, y: float) -> str:
    match policy:
        case "threshold":
            star = " ".join(
                f"{x + dx:.1f},{y + dy:.1f}"
                for dx, dy in ((0, -8), (2, -2), (8, 0), (2, 2), (0, 8), (-2, 2), (-8, 0), (-2, -2))
            )
            return f'<polygon class="{policy}" points="{star}"/>'
        case "always":
            return f'<circle class="{policy}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        case "progressive":
            return f'<rect class="{policy}" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"/>'
        case "ratio":
            return f'<circle class="{policy}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        case _:
            down = 1 if policy == "vicidial_tapered" else -1
            corners = " ".join(f"{x + dx:.1f},{y + dy * down:.1f}" for dx, dy in ((0, 6), (6, -5), (-6, -5)))
            return f'<polygon class="{policy}" points="{corners}"/>'


def _field(title: str, policies: dict[str, tuple[float, float]], left: float, top: float) -> list[str]:
    parts = [f'<g transform="translate({left},{top})">', f'<text class="text" y="-10">{title}</text>']
    for tick in _TICKS:
        x = _across(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT}"/>')
        parts.append(
            f'<text class="faint" x="{x:.1f}" y="{_HEIGHT + 15}" text-anchor="middle">{tick} %</text>'
        )
    for percent in range(_LOWEST, 101, 10):
        y = _up(percent)
        parts.append(f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="faint" x="-6" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    cap = _across(_CAP)
    parts.append(f'<line class="cap" x1="{cap:.1f}" x2="{cap:.1f}" y1="0" y2="{_HEIGHT}"/>')
    for policy, (utilisation, abandoned) in policies.items():
        parts.append(_shape(policy, _across(abandoned), _up(utilisation)))
    return [*parts, "</g>"]


def draw(found: dict[tuple[int, int], dict[str, tuple[float, float]]]) -> str:
    """The picture."""
    teams = sorted({agents for agents, _ in found})
    rates = sorted({percent for _, percent in found})
    width = _LEFT + len(teams) * (_WIDTH + _GAP)
    height = _TOP + len(rates) * (_HEIGHT + _GAP) + _LEGEND
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'role="img" aria-labelledby="title">'
        ),
        '<title id="title">How busy agents are against how many answered calls are abandoned</title>',
        f"<style>{_STYLE}</style>",
        f'<rect class="page" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="6"/>',
    ]
    for (agents, percent), policies in sorted(found.items()):
        left = _LEFT + teams.index(agents) * (_WIDTH + _GAP)
        top = _TOP + rates.index(percent) * (_HEIGHT + _GAP)
        parts += _field(f"{agents} agents, {percent} % answered", policies, left, top)
    base = height - _LEGEND + 14
    for place, (policy, name) in enumerate(_POLICIES.items()):
        x, y = _LEFT + (place % 3) * 300, base + (place // 3) * 22
        parts.append(_shape(policy, x, y - 4))
        parts.append(f'<text class="text" x="{x + 14}" y="{y}">{name}</text>')
    parts.append(f'<text class="cap-text" x="{_LEFT - 6}" y="{base + 44}">- - the cap of 3 %</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(draw(read(Path(sys.argv[1]).read_text())))
