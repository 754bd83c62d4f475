"""Every recorded call as the board has it, held against Asterisk's own rows of the same call (CEL).

What CEL says is worked out here anew, by another way than the board's: who was in which bridge at each
instant, with the halves of a Local channel, known by their name, joining the bridges that they are in.
"""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from cti.asterisk.cel import CelRow
from cti.calls.model import LegKind
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_rows, run

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))
#: Seconds by which AMI may tell of a thing later than CEL.
TOLERANCE = 0.1

Span = tuple[float, float]


def instants(rows: Iterable[CelRow], event: str) -> dict[str, float]:
    """When each channel had the event first."""
    found: dict[str, float] = {}
    for row in rows:
        if row.event == event:
            found.setdefault(row.uniqueid, row.at)
    return found


class Bridges:
    """Who is with whom, event by event."""

    def __init__(self) -> None:
        self.place: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.parked: dict[str, list[Span]] = {}
        self.connected: dict[str, list[Span]] = {}

    def play(self, rows: Iterable[CelRow]) -> None:
        before = 0.0
        for row in rows:
            for channel in self.place:
                if self._apart(channel):
                    self.parked.setdefault(channel, []).append((before, row.at))
                elif self._others(channel):
                    self.connected.setdefault(channel, []).append((before, row.at))
            before = row.at
            self.names[row.uniqueid] = row.channel
            if row.event == "BRIDGE_ENTER":
                bridge = row.extra["bridge_id"]
                holding = row.extra["bridge_technology"] == "holding_bridge"
                self.place[row.uniqueid] = f"apart {bridge}" if holding else bridge
            elif row.event == "CHAN_END" or (
                row.event == "BRIDGE_EXIT"
                and self.place.get(row.uniqueid, "").endswith(row.extra["bridge_id"])
            ):
                self.place.pop(row.uniqueid, None)

    def _apart(self, channel: str) -> bool:
        return self.place[channel].startswith("apart")

    def _others(self, channel: str) -> set[str]:
        reached, pending, parties = set(), [self.place[channel]], set()
        while pending:
            bridge = pending.pop()
            reached.add(bridge)
            for other in [key for key, place in self.place.items() if place == bridge]:
                stem, half, _ = self.names[other].partition(";")
                if not half:
                    parties.add(other)
                    continue
                pending += [
                    place
                    for key, place in self.place.items()
                    if place not in reached and self.names[key].startswith(f"{stem};")
                ]
        return parties - {channel}


def spans(scenario: Scenario, kind: str, uniqueid: str = "") -> list[Span]:
    """The spans of a kind, of one leg or of all."""
    return [
        (span.started_at, span.ended_at or 0.0)
        for span in scenario.intervals.values()
        if span.kind == kind and uniqueid in ("", scenario.legs[span.leg_id].uniqueid)
    ]


def seconds_outside(these: list[Span], those: list[Span]) -> float:
    """How much of these spans is in none of those."""
    edges = sorted({edge for span in (*these, *those) for edge in span})
    return sum(
        later - edge
        for edge, later in pairwise(edges)
        if any(start <= edge < end for start, end in these)
        and not any(start <= edge < end for start, end in those)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_channel_of_cel_is_one_leg_with_its_instants(name: str) -> None:
    rows = read_rows(name)
    scenario = run(name)
    begun, answered, ended = (instants(rows, event) for event in ("CHAN_START", "ANSWER", "CHAN_END"))
    legs = {leg.uniqueid: leg for leg in scenario.legs.values()}
    assert legs.keys() == begun.keys() == ended.keys()
    for uniqueid, leg in legs.items():
        assert leg.started_at == pytest.approx(begun[uniqueid], abs=TOLERANCE)
        assert leg.ended_at == pytest.approx(ended[uniqueid], abs=TOLERANCE)
        assert leg.answered_at == pytest.approx(answered.get(uniqueid), abs=TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
def test_a_person_talks_while_cel_has_somebody_else_on_the_line_whom_nobody_has_put_on_hold(
    name: str,
) -> None:
    bridges = Bridges()
    bridges.play(read_rows(name))
    scenario = run(name)
    for leg in scenario.legs.values():
        talks = spans(scenario, "talk", leg.uniqueid)
        connected = bridges.connected.get(leg.uniqueid, []) if leg.kind is LegKind.DEVICE else []
        assert seconds_outside(talks, connected) < TOLERANCE, leg.channel
        assert seconds_outside(connected, talks + spans(scenario, "hold")) < TOLERANCE, leg.channel


@pytest.mark.parametrize("name", NAMES)
def test_a_leg_is_parked_as_long_as_cel_has_it_in_a_parking_lot(name: str) -> None:
    bridges = Bridges()
    bridges.play(read_rows(name))
    scenario = run(name)
    for leg in scenario.legs.values():
        parks, apart = spans(scenario, "park", leg.uniqueid), bridges.parked.get(leg.uniqueid, [])
        assert seconds_outside(parks, apart) < TOLERANCE, leg.channel
        assert seconds_outside(apart, parks) < TOLERANCE, leg.channel
