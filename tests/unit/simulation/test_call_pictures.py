"""A recorded call is drawn with every leg and span that the board made of it, for everybody to read."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cti.asterisk.events import AmiEvent, encode, parse
from cti.simulation.call_picture import draw
from cti.simulation.call_story import Story, read_events, tell
from cti.simulation.draw import files, write
from tests.unit.board.scenario import TRANSCRIPTS

DOCS = Path(__file__).parents[3] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


def story_of(name: str) -> Story:
    return tell(read_events(TRANSCRIPTS / f"{name}.ami"))


def picture(story: Story) -> ET.Element:
    return ET.fromstring(draw(story, title="a call", description="what happens"))


def texts(svg: ET.Element) -> list[str]:
    return [node.text or "" for node in svg.iter(f"{SVG}text")]


def bars(svg: ET.Element, kind: str) -> list[tuple[float, float]]:
    """(x, width) of the bars of a kind, without the one in the legend."""
    found = [(float(n.get("x", 0)), float(n.get("width", 0))) for n in svg.iter() if n.get("class") == kind]
    return found[:-1]


def test_each_span_is_a_bar_as_long_as_it_lasted() -> None:
    svg = picture(story_of("held_twice"))
    holds, talks = bars(svg, "hold"), bars(svg, "talk")
    assert (len(holds), len(talks), len(bars(svg, "wait"))) == (2, 3, 1)
    assert holds[1][1] / holds[0][1] == pytest.approx(2.5 / 1.5, rel=0.05)
    assert talks[0][0] + talks[0][1] == pytest.approx(holds[0][0], abs=0.2)


def test_each_leg_is_a_line_with_its_role_and_each_transfer_is_marked() -> None:
    found = texts(picture(story_of("blind_transfer")))
    assert {"caller 13800138000", "agent 1, phone 1001", "phone 1002"} <= set(found)
    assert "blind transfer to 1002" in found


def test_the_picture_tells_a_screen_reader_what_it_shows() -> None:
    svg = picture(story_of("answered"))
    assert svg.get("role") == "img"
    names = {node.get("id"): node.text for node in svg if node.get("id")}
    assert [names[one] for one in svg.get("aria-labelledby", "").split()] == ["a call", "what happens"]


def test_text_from_outside_stays_text() -> None:
    def event(name: str, at: float, **more: str) -> AmiEvent:
        number = '<script>"&'
        return parse(
            encode(name, at, Uniqueid="x.1", Linkedid="x.1", CallerIDNum=number, **more),
        )

    events = [
        event("Newchannel", 1.0, Channel="PJSIP/trunk-1", ChannelState="4", Context="inbound"),
        event("Hangup", 3.0, Cause="16"),
    ]
    assert 'caller <script>"&' in texts(picture(tell(events)))


def test_an_end_that_nobody_knows_is_drawn_open_until_it_was_noticed() -> None:
    events = read_events(TRANSCRIPTS / "answered.ami")
    talking = [number for number, one in enumerate(events, 1) if one.name == "BridgeEnter"][1]
    at = events[talking - 1].at
    lost = [
        parse(encode("CtiDisconnected", at + 1, Reason="cut")),
        parse(encode("CtiSnapshotBegin", at + 9)),
        parse(encode("CtiSnapshotEnd", at + 9)),
    ]
    story = tell([*events[:talking], *lost])
    assert story.over_at == at + 9
    svg = picture(story)
    assert "talk ?" in texts(svg)
    assert {"events stop", "reconciled"} <= set(texts(svg))


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """Every file that is made from the transcripts now."""
    return dict(files(TRANSCRIPTS))


def test_the_page_and_its_pictures_are_current_else_make_pictures(drawn: dict[str, str]) -> None:
    there = {str(path.relative_to(DOCS)) for path in [DOCS / "calls.md", *(DOCS / "calls").glob("*.svg")]}
    assert there == set(drawn)
    assert [path for path, text in drawn.items() if (DOCS / path).read_text(encoding="utf-8") != text] == []


def test_the_page_shows_every_recording_with_its_rows_and_is_the_same_every_time(
    drawn: dict[str, str], tmp_path: Path
) -> None:
    found = dict(drawn)
    page = found["calls.md"]
    for path in re.findall(r"\]\((calls/\w+\.svg)\)", page):
        ET.fromstring(found.pop(path))
    assert set(found) == {"calls.md"}
    assert "| `intervals` | agent 1, phone 1001 | 1.5 | 4.5 | talk, agent 1, queue sales |" in page
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "forgotten.svg").touch()
    write(tmp_path, TRANSCRIPTS)
    assert not (tmp_path / "calls" / "forgotten.svg").exists()
    assert (tmp_path / "calls.md").read_text(encoding="utf-8") == page
