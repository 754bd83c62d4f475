"""Calls over midnight, the end of a month and a change of daylight saving, and calls of twelve hours.

Instants are seconds since the epoch, so no border is one for the board; these tests hold that it stays so.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cti.asterisk.events import parse
from tests.stage.outline import folded, outline, seconds
from tests.stage.retiming import begun, retimed
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_blocks, run

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))
HALF_A_DAY = 12 * 3600.0
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
#: Instants that lie on a border in some contact centre.
BORDERS = {
    "midnight": datetime(2027, 5, 5, tzinfo=SHANGHAI),
    "the end of a month": datetime(2027, 3, 1, tzinfo=SHANGHAI),
    "the end of a year": datetime(2027, 1, 1, tzinfo=BERLIN),
    "a leap day": datetime(2028, 2, 29, tzinfo=BERLIN),
    "the hour that is left out": datetime(2027, 3, 28, 3, tzinfo=BERLIN),
    "the hour that comes twice": datetime(2027, 10, 31, 3, tzinfo=BERLIN),
}


def at(name: str, begins_at: float, pauses: dict[float, float] | None = None) -> Scenario:
    blocks = list(read_blocks(TRANSCRIPTS / f"{name}.ami"))
    return Scenario([parse(block) for block in retimed(blocks, begins_at=begins_at, pauses=pauses)])


def totals(scenario: Scenario) -> dict[str, float]:
    return {kind: round(scenario.seconds(kind), 1) for kind in ("wait", "ring", "talk", "hold", "wrap_up")}


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_call_over_a_border_of_days_is_the_same_call(name: str, border: str) -> None:
    usual = run(name)
    first = begun(read_blocks(TRANSCRIPTS / f"{name}.ami"))
    half = (max(leg.ended_at or 0.0 for leg in usual.legs.values()) - first) / 2
    over = at(name, BORDERS[border].timestamp() - half)
    assert outline(folded(over)) == outline(folded(usual))
    assert [value for _, value in seconds(folded(over))] == [
        pytest.approx(value, abs=0.001) for _, value in seconds(folded(usual))
    ]


@pytest.mark.parametrize(("after", "kind"), [(0.7, "wait"), (1.5, "talk"), (3.0, "hold"), (8.2, "wrap_up")])
def test_twelve_hours_go_to_the_span_in_which_they_passed_and_to_no_other(after: float, kind: str) -> None:
    usual, long = run("held_twice"), at("held_twice", 1.8e9, {after: HALF_A_DAY})
    assert outline(folded(long)) == outline(folded(usual))
    grown = {name: long_seconds - totals(usual)[name] for name, long_seconds in totals(long).items()}
    # A caller who waits for long has agents who ring for long: the recording has both begin at once.
    expected = {"wait": {"wait", "ring"}}.get(kind, {kind})
    assert {name for name, more in grown.items() if more > 1} == expected
    assert grown[kind] == pytest.approx(HALF_A_DAY, abs=0.2)


def test_a_hold_over_the_hour_that_comes_twice_has_no_hour_too_much() -> None:
    begins = datetime(2027, 10, 31, 1, 30, tzinfo=BERLIN)
    long = at("held_twice", begins.timestamp(), {3.0: 2 * 3600.0})
    [first, _] = sorted((one for one in long.intervals.values() if one.kind == "hold"), key=lambda i: i.id)
    assert (first.ended_at or 0.0) - first.started_at == pytest.approx(2 * 3600 + 1.5, abs=0.1)
    assert datetime.fromtimestamp(first.ended_at or 0.0, BERLIN).hour == 2  # one by the clock on the wall
