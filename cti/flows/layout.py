"""Where the steps of a flow stand in its picture: in layers, from the start down. Pure.

Each step is at least one layer below the steps that lead to it, but for ways that go back up. A way that goes
down past layers has a lane of its own in each of them, so that it crosses no step. Within a layer, steps and
lanes are in the order of those that lead to them as far as that is possible.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from cti.flows.graph import Edge

STEP_WIDTH: Final = 220
_LANE_WIDTH: Final = 26
_GAP: Final = 44
_SWEEPS: Final = 6

#: A step, or the lane of a way in a layer: its ends.
_Place = str | tuple[str, str, int]


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The middle of each step and its layer; the middles of the lanes that a way goes through, from its
    source down; and how wide it all is.
    """

    steps: Mapping[str, tuple[float, int]]
    lanes: Mapping[tuple[str, str], Sequence[tuple[float, int]]]
    width: float
    layers: int


def lay_out(steps: Sequence[str], starts: Sequence[str], edges: Sequence[Edge]) -> Layout:
    """A place for every step; those that nothing leads to stand in the first layer too."""
    follow: dict[str, list[str]] = {}
    for edge in edges:
        if edge.target in steps and edge.source != edge.target:
            follow.setdefault(edge.source, []).append(edge.target)
    layer_of = _layers(steps, starts, follow)
    layers: list[list[_Place]] = [[] for _ in range(max(layer_of.values(), default=0) + 1)]
    lead: dict[_Place, list[_Place]] = {}
    for step in steps:
        layers[layer_of[step]].append(step)
    for source, target in dict.fromkeys((step, target) for step in steps for target in follow.get(step, ())):
        before: _Place = source
        for layer in range(layer_of[source] + 1, layer_of[target]):
            lane = (source, target, layer)
            layers[layer].append(lane)
            lead.setdefault(lane, []).append(before)
            before = lane
        if layer_of[target] > layer_of[source]:
            lead.setdefault(target, []).append(before)
    return _placed(layers, lead)


def _placed(layers: list[list[_Place]], lead: Mapping[_Place, list[_Place]]) -> Layout:
    follow: dict[_Place, list[_Place]] = {}
    for place, sources in lead.items():
        for source in sources:
            follow.setdefault(source, []).append(place)
    for _ in range(_SWEEPS):
        for above, layer in itertools.pairwise(layers):
            _order(layer, above, lead)
        for below, layer in itertools.pairwise(reversed(layers)):
            _order(layer, below, follow)
    width = max((_width(layer) for layer in layers), default=0.0)
    steps: dict[str, tuple[float, int]] = {}
    lanes: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for row, layer in enumerate(layers):
        x = (width - _width(layer)) / 2
        for place in layer:
            wide = STEP_WIDTH if isinstance(place, str) else _LANE_WIDTH
            middle = x + wide / 2
            if isinstance(place, str):
                steps[place] = (middle, row)
            else:
                lanes.setdefault(place[:2], []).append((middle, row))
            x += wide + _GAP
    return Layout(steps=steps, lanes=lanes, width=width, layers=len(layers))


def _width(layer: Sequence[_Place]) -> float:
    wide = sum(STEP_WIDTH if isinstance(place, str) else _LANE_WIDTH for place in layer)
    return wide + _GAP * max(len(layer) - 1, 0)


def _layers(steps: Sequence[str], starts: Sequence[str], follow: Mapping[str, list[str]]) -> dict[str, int]:
    """The longest way to each step that goes round no loop."""
    back = _back_edges(steps, starts, follow)
    waits = dict.fromkeys(steps, 0)
    for step in steps:
        for target in follow.get(step, ()):
            if (step, target) not in back:
                waits[target] += 1
    layer = dict.fromkeys(steps, 0)
    ready = [step for step in steps if waits[step] == 0]
    while ready:
        step = ready.pop()
        for target in follow.get(step, ()):
            if (step, target) in back:
                continue
            layer[target] = max(layer[target], layer[step] + 1)
            waits[target] -= 1
            if waits[target] == 0:
                ready.append(target)
    return layer


def _back_edges(
    steps: Sequence[str], starts: Sequence[str], follow: Mapping[str, list[str]]
) -> set[tuple[str, str]]:
    """Ways that lead to a step on the way to which one is."""
    back: set[tuple[str, str]] = set()
    seen: set[str] = set()
    for root in [*starts, *steps]:
        if root in seen or root not in steps:
            continue
        seen.add(root)
        path = [(root, iter(follow.get(root, ())))]
        on_path = {root}
        while path:
            step, rest = path[-1]
            target = next(rest, None)
            if target is None:
                path.pop()
                on_path.discard(step)
            elif target in on_path:
                back.add((step, target))
            elif target not in seen:
                seen.add(target)
                on_path.add(target)
                path.append((target, iter(follow.get(target, ()))))
    return back


def _order(layer: list[_Place], beside: Sequence[_Place], neighbours: Mapping[_Place, list[_Place]]) -> None:
    """By the middle of the neighbours in the layer beside; what has none stays about where it is."""
    column_of = {place: column / max(len(beside) - 1, 1) for column, place in enumerate(beside)}
    wanted: dict[_Place, float] = {}
    for column, place in enumerate(layer):
        columns = [column_of[other] for other in neighbours.get(place, ()) if other in column_of]
        wanted[place] = sum(columns) / len(columns) if columns else column / max(len(layer) - 1, 1)
    layer.sort(key=lambda place: wanted[place])
