"""What may come doubled, late or in another order, and gives the same rows all the same.

Asterisk tells of one channel, one bridge and one agent in order, and of different ones from different
threads: there the order of two events that are close in time says nothing. So it is promised that

* an event that comes several times in a row counts once (Asterisk sends nothing again after a reconnect);
* events of different calls may come in any order among one another;
* events that name no channel, bridge, agent or device in common may change places when they are close in
  time; instants are then right to within that time.

Each event keeps its own time. Nothing is promised for events that change places and share a channel, a
bridge, an agent or a device, or of which one tells of the channel that the other was made for.
"""

import re
from functools import cache
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.asterisk.events import AmiEvent, parse
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_blocks

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))
#: Two events that are further apart come in their order.
CLOSE_SECONDS = 0.05
#: Headers that say what an event is about.
_INSTANT = re.compile(r"(?<=-)\d{10}\.\d{3,6}(?=-)")
_SUBJECTS = re.compile(r"(?:\w*Uniqueid|MemberName|Interface|Name|LocalOne\w*|LocalTwo\w*)$")


@cache
def blocks(name: str) -> tuple[bytes, ...]:
    return tuple(read_blocks(TRANSCRIPTS / f"{name}.ami"))


@cache
def events(name: str) -> tuple[AmiEvent, ...]:
    return tuple(parse(block) for block in blocks(name))


def rows(scenario: Scenario) -> list[object]:
    """Everything that would be written, comparable whatever the order in which it came to be."""
    return [
        dict(sorted(entities.items()))
        for entities in (
            scenario.calls, scenario.legs, scenario.intervals, scenario.entries, scenario.offers,
            scenario.transfers, scenario.surveys, scenario.agent_states,
        )
    ]  # fmt: skip


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_events_that_come_several_times_change_nothing(data: st.DataObject) -> None:
    found = events(data.draw(st.sampled_from(NAMES)))
    counts = data.draw(st.lists(st.integers(1, 3), min_size=len(found), max_size=len(found)))
    again = [event for event, count in zip(found, counts, strict=True) for _ in range(count)]
    assert rows(Scenario(again)) == rows(Scenario(list(found)))


def others(name: str) -> list[AmiEvent]:
    """The same calls by other channels, bridges and agents, three seconds later."""
    return [parse(_other(block)) for block in blocks(name)]


def _other(block: bytes) -> bytes:
    text = block.decode()
    text = re.sub(r"lab-1(\d{9})", r"lab-2\1", text)
    text = re.sub(r"\bat-(\w)", r"at-other-\1", text)  # attempts name their channels
    text = re.sub(r"agent-(\d+)", r"agent-9\1", text)
    text = re.sub(r"(PJSIP/|Local/)1(\d{3})\b", r"\g<1>3\2", text)
    text = re.sub(r"(Local/\w+@[\w-]+)-(\w{8};)", r"\1-f\2", text)
    text = re.sub(r"(\w*BridgeUniqueid|BridgeId): (\w)", r"\1: other-\2", text)
    text = re.sub(r"Timestamp: ([\d.]+)", lambda match: f"Timestamp: {float(match[1]) + 3:.6f}", text)
    return text.encode()


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=100)
def test_events_of_different_calls_come_in_any_order(one: str, two: str, chance: object) -> None:
    left, right = list(events(one)), others(two)
    expected = Scenario(left), Scenario(right)
    woven: list[AmiEvent] = []
    left, right = left[::-1], right[::-1]
    while left or right:
        source = left if left and (not right or chance.random() < 0.5) else right  # type: ignore[attr-defined]
        woven.append(source.pop())
    together = [{**mine, **theirs} for mine, theirs in zip(*map(rows, expected), strict=True)]  # type: ignore[dict-item]
    assert rows(Scenario(woven)) == [dict(sorted(found.items())) for found in together]


def subjects(event: AmiEvent) -> frozenset[str]:
    """The channels, bridges, agents and devices that an event names."""
    headers = event.headers.items()
    named = {value for name, value in headers if value and _SUBJECTS.match(name)}
    if event.name == "Newchannel":
        named.add(event.get("Linkedid"))  # the channel that it was made for is older
    if event.name == "Pickup":
        named.add(event.get("TargetLinkedid"))  # whose caller it takes over
    return frozenset(
        named | {value.rpartition("-")[0] for name, value in headers if name.endswith("Channel")}
    )


def may_change_places(first: AmiEvent, second: AmiEvent) -> bool:
    """Whether nothing is promised of their order."""
    return abs(first.at - second.at) <= CLOSE_SECONDS and not subjects(first) & subjects(second)


def assert_same(found: list[AmiEvent], expected: dict[str, dict[str, object]]) -> None:
    """The same rows, their instants to within the time in which events may change places."""
    got = plain(Scenario(found))
    assert got.keys() == expected.keys()
    for name, row in expected.items():
        assert {field for field in row if differs(row[field], got[name][field])} == set(), name


@pytest.mark.parametrize("name", NAMES)
def test_any_two_neighbours_about_different_things_that_are_close_may_change_places(name: str) -> None:
    found = list(events(name))
    expected = plain(Scenario(found))
    for place, (first, second) in enumerate(pairwise(found)):
        if may_change_places(first, second):
            assert_same([*found[:place], second, first, *found[place + 2 :]], expected)


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_many_events_about_different_things_that_are_close_may_change_places(data: st.DataObject) -> None:
    found = list(events(data.draw(st.sampled_from(NAMES))))
    expected = plain(Scenario(found))
    for place in data.draw(st.lists(st.integers(0, len(found) - 2), min_size=1, max_size=30)):
        first, second = found[place : place + 2]
        if may_change_places(first, second):
            found[place : place + 2] = second, first
    assert_same(found, expected)


def differs(one: object, other: object) -> bool:
    """Whether two values are not the same; instants may be as far apart as the events that changed places."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) > CLOSE_SECONDS
    return one != other


def plain(scenario: Scenario) -> dict[str, dict[str, object]]:
    """Every row by a name without an instant in it, with its lists in an order of their own."""
    found: dict[str, dict[str, object]] = {}
    for entities in rows(scenario):
        assert isinstance(entities, dict)
        for key, entity in entities.items():
            row = msgspec.to_builtins(entity)
            name = f"{type(entity).__name__} {_INSTANT.sub('T', key)}"
            found[name] = {
                field: sorted(map(str, value)) if isinstance(value, list)
                else _INSTANT.sub("T", value) if isinstance(value, str) else value
                for field, value in row.items()
            }  # fmt: skip
    return found
