"""The picture of a flow: every step and way is in it once, nothing overlaps, and no text gets out of hand."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.flows.drawing import Traffic, draw
from cti.flows.graph import Edge, edges
from cti.flows.layout import STEP_WIDTH, lay_out
from tests.unit.flows.flowkit import flow
from tests.unit.flows.test_run_ends import STEPS

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "</text><script>alert('1')</script>"
MAIN = flow(
    {
        "ask": {
            "menu": {
                "prompt": ["hello"],
                "choices": {
                    "1-3": {"goto": "end", "label": {"en": EVIL, "zh-CN": "甲"}},
                    "9": "ask",
                    "0": "more",
                },
                "noinput": {"goto": "end"},
            }
        },
        "more": {"prompt": {"say": ["hello", {"name": "call.number"}], "goto": "end"}},
        "end": {"exit": {"outcome": "fine"}},
    },
    title={"en": EVIL, "zh-CN": "主菜单"},
)


def texts(name: str) -> Mapping[str, str]:
    return {"zh-CN": "您好，请按键选择服务，谢谢您的来电与支持。", "en": EVIL + name}


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def words(svg: str) -> str:
    return " ".join(element.text or "" for element in parsed(svg).iter(f"{SVG}text"))


def of_class(svg: str, name: str) -> list[ET.Element]:
    return [group for group in parsed(svg).iter(f"{SVG}g") if group.get("class", "").startswith(name)]


def test_every_step_and_way_is_in_it_in_the_readers_language() -> None:
    chinese, english = (draw(MAIN, texts=texts, language=language) for language in ("zh-CN", "en"))
    assert [group.get("data-step") for group in of_class(english, "step")] == ["ask", "more", "end"]
    assert {
        (way.get("data-from"), way.get("data-to"), way.get("data-ways")) for way in of_class(english, "way")
    } == {
        ("ask", "end", "1-3 noinput"),
        ("ask", "ask", "9"),
        ("ask", "more", "0"),
        ("more", "end", "goto"),
    }
    assert "菜单 · ask ◂ 开始" in words(chinese)
    assert "1-3 甲, 无按键" in words(chinese)
    assert "menu · ask ◂ start" in words(english)
    assert "主菜单" in words(chinese)
    assert "fine" in words(english)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_text_becomes_markup(language: str) -> None:
    svg = draw(MAIN, texts=texts, language=language)
    assert "<script" not in svg
    tags = {element.tag.removeprefix(SVG) for element in parsed(svg).iter()}
    assert tags == {"svg", "title", "defs", "marker", "path", "rect", "text", "g"}
    assert not [name for element in parsed(svg).iter() for name in element.attrib if name.startswith("on")]


def test_traffic_is_counted_on_each_way_and_step() -> None:
    traffic = Traffic(
        calls=10, ways={("ask", "1"): 4, ("ask", "3"): 2, ("ask", "noinput"): 1}, hung_up={"ask": 3}
    )
    svg = draw(MAIN, texts=texts, language="zh-CN", traffic=traffic)
    assert "最近 10 通来电" in words(svg)
    assert "1-3 甲, 无按键 (7)" in words(svg)
    assert "挂机 3" in words(svg)
    faint = [way.get("data-to") for way in of_class(svg, "way") if way.get("opacity")]
    assert sorted(to or "" for to in faint) == ["ask", "end", "more"]
    english = words(draw(MAIN, texts=texts, language="en", traffic=traffic))
    assert "the last 10 calls" in english
    assert "3 hung up" in english


def test_long_texts_are_cut_by_their_width() -> None:
    shown = words(draw(MAIN, texts=texts, language="zh-CN"))
    assert "您好，请按键选择服务，谢谢您…" in shown.replace(" ", "")


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_any_flow_can_be_drawn_and_nothing_overlaps(steps: dict[str, Any]) -> None:
    any_flow = flow(steps, start="a")
    svg = draw(any_flow, texts=texts, language="en")
    drawn = [group.get("data-step") for group in of_class(svg, "step")]
    assert drawn == list(steps)
    known = {(edge.source, edge.target) for edge in edges(any_flow) if edge.target in steps}
    ways = {(way.get("data-from"), way.get("data-to")) for way in of_class(svg, "way")}
    assert ways == known
    width = float(parsed(svg).get("width", "0"))
    boxes = [group.find(f"{SVG}rect") for group in of_class(svg, "step")]
    spots = sorted((float(box.get("y", "")), float(box.get("x", ""))) for box in boxes if box is not None)
    for (y, x), (next_y, next_x) in pairwise(spots):
        assert next_y > y or next_x >= x + STEP_WIDTH
    assert all(0 <= x <= width - STEP_WIDTH for _, x in spots)
    assert "nan" not in re.sub(r">[^<]*<", "><", svg)


NAMES = [f"s{number}" for number in range(8)]
EDGE = st.builds(Edge, source=st.sampled_from(NAMES), target=st.sampled_from(NAMES), way=st.just("goto"))
EDGES = st.lists(EDGE, max_size=20)


@given(EDGES)
def test_a_way_goes_down_by_a_lane_in_each_layer_that_it_passes(found: list[Edge]) -> None:
    layout = lay_out(NAMES, NAMES[:1], found)
    assert set(layout.steps) == set(NAMES)
    for edge in found:
        above, below = layout.steps[edge.source][1], layout.steps[edge.target][1]
        lanes = layout.lanes.get((edge.source, edge.target), ())
        assert [layer for _, layer in lanes] == list(range(above + 1, below))


def test_what_has_no_way_back_goes_down_only() -> None:
    line = [Edge(source=one, target=other, way="goto") for one, other in pairwise(NAMES)]
    layout = lay_out(NAMES, NAMES[:1], [*line, Edge(source="s0", target="s7", way="0")])
    assert [layout.steps[name][1] for name in NAMES] == list(range(8))
    assert len(layout.lanes["s0", "s7"]) == 6
