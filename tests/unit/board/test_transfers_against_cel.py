"""Every recorded transfer against what Asterisk itself wrote into CEL: the same channels and seconds."""

import pytest

from cti.asterisk.events import parse
from cti.ledger.history import past_calls
from cti.simulation.recordings import (
    attended_transfers,
    blind_transfers,
    key_transfers,
    phone_transfers,
    redirects,
)
from tests.unit.board.handing_on import cel_rows, connected_seconds
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_blocks, read_events, run
from tests.unit.board.test_ledger_rows import cut

NAMES = [
    recording.name
    for room in (blind_transfers, redirects, attended_transfers, key_transfers, phone_transfers)
    for recording in room.RECORDINGS
]
#: Whom agent 1 has left waiting for a while is in a bridge with half of a Local channel, and hears nobody.
ALONE_WITH_A_LOCAL_CHANNEL = {("attended_by_key_swapped", 2)}
#: AMI tells of a thing within this time of CEL.
TOLERANCE = 0.1


@pytest.mark.parametrize("name", NAMES)
def test_each_channel_of_cel_is_one_leg_with_its_instants(name: str) -> None:
    found = {leg.uniqueid: leg for leg in run(name).legs.values()}
    rows = cel_rows(name)
    begun = {row.uniqueid: row.at for row in rows if row.event == "CHAN_START"}
    answered = {row.uniqueid: row.at for row in rows if row.event == "ANSWER"}
    ended = {row.uniqueid: row.at for row in rows if row.event == "CHAN_END"}
    assert set(found) == set(begun) == set(ended)
    for uniqueid, leg in found.items():
        assert leg.started_at == pytest.approx(begun[uniqueid], abs=TOLERANCE)
        assert leg.ended_at == pytest.approx(ended[uniqueid], abs=TOLERANCE)
        if uniqueid in answered:
            assert leg.answered_at == pytest.approx(answered[uniqueid], abs=TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
def test_talk_and_hold_of_each_phone_are_the_seconds_it_was_not_alone_in_a_bridge(name: str) -> None:
    scenario = run(name)
    connected = connected_seconds(cel_rows(name))
    for leg in scenario.legs.values():
        if leg.interface is None or (name, leg.agent_id) in ALONE_WITH_A_LOCAL_CHANNEL:
            continue
        seconds = sum(
            (span.ended_at or 0.0) - span.started_at
            for span in scenario.intervals.values()
            if span.leg_id == leg.id and span.kind in ("talk", "hold")
        )
        assert seconds == pytest.approx(connected.get(leg.uniqueid, 0.0), abs=TOLERANCE), leg.channel


@pytest.mark.parametrize("name", NAMES)
def test_cel_alone_tells_each_transfer_and_of_one_that_came_to_nothing_not_why(name: str) -> None:
    found = [one for past in past_calls(cel_rows(name)) for one in past.transfers]
    expected = [
        (one.kind, one.to_number, one.outcome if one.outcome == "completed" else "unknown")
        for one in run(name).transfers.values()
    ]
    assert [(one.kind, one.to_number, one.outcome) for one in found] == expected


@pytest.mark.parametrize("name", NAMES)
def test_wherever_a_gap_begins_no_transfer_is_lost_doubled_or_said_to_be_what_it_was_not(name: str) -> None:
    events, rows = read_events(name), cel_rows(name)
    [truth] = list(run(name).transfers.values()) or [None]
    for number in range(1, len(events)):
        if (events[number - 1].name, events[number].name) == ("BridgeLeave", "BridgeEnter"):
            continue  # a channel on its way: CEL is a moment earlier, and its entry is taken for an older one
        found = list(cut(events, rows, number).transfers.values())
        if truth is None:
            assert not found, number
            continue
        [one] = found
        assert (one.kind, one.from_leg_id) == (truth.kind, truth.from_leg_id), number
        assert one.outcome in (truth.outcome, "unknown"), number


@pytest.mark.parametrize("name", NAMES)
def test_what_an_agent_had_is_charged_to_him_and_to_no_other(name: str) -> None:
    scenario = run(name)
    for span in scenario.intervals.values():
        leg = scenario.legs[span.leg_id]
        if span.kind != "wait":
            assert span.agent_id == leg.agent_id
        assert span.ended_at is not None
        assert span.started_at >= leg.started_at
        if span.kind != "wrap_up":
            assert leg.ended_at is not None
            assert span.ended_at <= leg.ended_at
    for transfer in scenario.transfers.values():
        assert transfer.outcome is not None
        assert transfer.agent_id == scenario.legs[transfer.from_leg_id or ""].agent_id


@pytest.mark.parametrize("name", NAMES)
def test_neighbouring_events_in_the_other_order_give_the_same_transfers(name: str) -> None:
    events = [parse(block) for block in read_blocks(TRANSCRIPTS / f"{name}.ami")]
    expected = _told(Scenario(events))
    for number in range(len(events) - 1):
        one, other = events[number], events[number + 1]
        if "Transfer" not in one.name + other.name:
            continue
        swapped = [*events[:number], other, one, *events[number + 2 :]]
        assert _told(Scenario(swapped)) == expected, (one.name, other.name)


def _told(scenario: Scenario) -> list[object]:
    return [(one.kind, one.agent_id, one.to_number, one.outcome) for one in scenario.transfers.values()]
