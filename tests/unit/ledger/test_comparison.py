"""Legs held against CEL and queue_log: recorded calls fit, and whatever is changed in them is found."""

import msgspec
import pytest

from cti.asterisk.queue_log import parse_line
from cti.ledger.channels import Channel, ChannelFold
from cti.ledger.comparison import FindingKind, OurEntry, OurLeg, Result, compare
from tests.unit.board.handing_on import cel_rows
from tests.unit.board.scenario import TRANSCRIPTS, Scenario, read_events, run
from tests.unit.board.test_clock_steps import stepped

NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.ami"))
LATER = 1e11


def channels_of(name: str) -> list[Channel]:
    fold = ChannelFold()
    text = (TRANSCRIPTS / f"{name}.queue_log").read_text(encoding="utf-8")
    fold.take_waits(line for one in text.splitlines() if (line := parse_line(one)) is not None)
    fold.take(cel_rows(name))
    assert not fold.open
    return fold.take_ended(LATER)


def legs_of(scenario: Scenario) -> list[OurLeg]:
    legs = []
    for leg in scenario.legs.values():
        spans = [one for one in scenario.intervals.values() if one.leg_id == leg.id]
        talks = [one for one in spans if one.kind in ("talk", "hold")]
        legs.append(
            OurLeg(
                id=leg.id, call_id=leg.call_id, uniqueid=leg.uniqueid, linkedid=leg.linkedid, boot=leg.boot,
                started_at=leg.started_at, answered_at=leg.answered_at, ended_at=leg.ended_at,
                ending=leg.ending, gap=scenario.calls[leg.call_id].gap,
                clock_step_seconds=leg.clock_step_seconds,
                talk_seconds=sum((one.ended_at or 0) - one.started_at for one in talks),
                entries=[
                    OurEntry(
                        queue=one.queue, joined_at=one.joined_at, left_at=one.left_at, outcome=one.outcome
                    )
                    for one in scenario.entries.values()
                    if one.leg_id == leg.id
                ],
            )
        )  # fmt: skip
    return legs


def compared(channels: list[Channel], legs: list[OurLeg]) -> Result:
    return compare(channels, legs, node="lab")


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_call_fits_its_ledger(name: str) -> None:
    channels = channels_of(name)
    result = compared(channels, legs_of(run(name)))
    assert result.findings == []
    assert result.matched == result.channels == result.legs == len(channels) > 0


@pytest.mark.parametrize("by", [3600.0, -3600.0])
@pytest.mark.parametrize("name", NAMES)
def test_a_jump_of_asterisks_clock_is_no_difference(name: str, by: float) -> None:
    instants = [event.at for event in read_events(name)]
    quiet = [number for number in range(1, len(instants)) if instants[number] - instants[number - 1] > 0.2]
    middle = quiet[len(quiet) // 2]
    jump = instants[middle]
    fold = ChannelFold()
    rows = cel_rows(name)
    fold.take(msgspec.structs.replace(row, at=row.at + by) if row.at >= jump - 0.1 else row for row in rows)
    result = compare(
        fold.take_ended(LATER), legs_of(Scenario(stepped(name, middle, by))), node="lab", with_queue_log=False
    )
    assert result.findings == []


@pytest.fixture
def channels() -> list[Channel]:
    return channels_of("answered")


@pytest.fixture
def legs() -> list[OurLeg]:
    return legs_of(run("answered"))


def kinds(result: Result) -> list[tuple[str, str | None]]:
    return [(finding.kind, finding.field) for finding in result.findings]


def test_a_channel_without_a_leg_is_found(channels: list[Channel], legs: list[OurLeg]) -> None:
    result = compared(channels, legs[1:])
    assert kinds(result) == [(FindingKind.CHANNEL_WITHOUT_LEG, None)]
    assert result.findings[0].uniqueid == legs[0].uniqueid
    assert result.matched == result.channels - 1


def test_a_leg_without_a_channel_is_found_unless_its_channel_was_seen(
    channels: list[Channel], legs: list[OurLeg]
) -> None:
    assert kinds(compared(channels[1:], legs)) == [(FindingKind.LEG_WITHOUT_CHANNEL, None)]
    lenient = compare(channels[1:], legs, node="lab", seen=[channels[0].uniqueid])
    assert lenient.findings == []


def test_a_channel_with_two_legs_is_found(channels: list[Channel], legs: list[OurLeg]) -> None:
    twin = msgspec.structs.replace(legs[0], id="twin")
    assert kinds(compared(channels, [*legs, twin])) == [(FindingKind.SEVERAL_LEGS, "legs")]


def test_a_leg_that_goes_on_after_its_channel_is_found(channels: list[Channel], legs: list[OurLeg]) -> None:
    legs[0] = msgspec.structs.replace(legs[0], ending=None, ended_at=None)
    assert kinds(compared(channels, legs)) == [(FindingKind.LEG_STILL_OPEN, None)]


@pytest.mark.parametrize("field", ["started_at", "answered_at", "ended_at"])
def test_an_instant_that_is_off_by_more_than_the_tolerance_is_found(
    field: str, channels: list[Channel], legs: list[OurLeg]
) -> None:
    at = getattr(legs[0], field)
    legs[0] = msgspec.structs.replace(legs[0], **{field: at + 0.25})
    result = compared(channels, legs)
    assert kinds(result) == [(FindingKind.TIME_DIFFERS, field)]
    assert result.findings[0].ours == f"{at + 0.25:.3f}"
    legs[0] = msgspec.structs.replace(legs[0], **{field: at})
    assert compared(channels, legs).worst[field] <= 0.2


def test_an_end_that_nobody_knew_is_found_when_the_ledger_knows_it(
    channels: list[Channel], legs: list[OurLeg]
) -> None:
    legs[0] = msgspec.structs.replace(legs[0], ending="reconciled", ended_at=None)
    result = compared(channels, legs)
    assert kinds(result) == [(FindingKind.TIME_DIFFERS, "ended_at")]
    assert result.findings[0].ours is None


def test_more_talk_than_the_channel_was_bridged_is_found(channels: list[Channel], legs: list[OurLeg]) -> None:
    longer = [msgspec.structs.replace(leg, talk_seconds=(leg.talk_seconds or 0) + 5) for leg in legs]
    assert {kind for kind, _ in kinds(compared(channels, longer))} == {FindingKind.TALK_DIFFERS}


def test_another_outcome_or_wait_than_queue_log_has_is_found(
    channels: list[Channel], legs: list[OurLeg]
) -> None:
    caller = next(leg for leg in legs if leg.entries)
    entry = caller.entries[0]
    caller.entries = [msgspec.structs.replace(entry, outcome="abandoned")]
    assert kinds(compared(channels, legs)) == [(FindingKind.QUEUE_DIFFERS, "outcome")]
    caller.entries = [msgspec.structs.replace(entry, left_at=(entry.left_at or 0) + 3)]
    assert kinds(compared(channels, legs)) == [(FindingKind.QUEUE_DIFFERS, "wait")]
    caller.entries = []
    assert kinds(compared(channels, legs)) == [(FindingKind.QUEUE_DIFFERS, "entries")]


def test_a_wait_that_the_dialplan_cut_off_has_flowed_over_although_queue_log_says_that_he_hung_up() -> None:
    channels, legs = channels_of("dialled_abandoned"), legs_of(run("dialled_abandoned"))
    assert [line.verb for channel in channels for line in channel.waits] == ["ABANDON"]
    (dialled,) = legs
    assert [entry.outcome for entry in dialled.entries] == ["overflow"]
    # He who is gone with his wait has hung up.
    for channel in channels:
        channel.ended_at = dialled.entries[0].left_at
    legs = [msgspec.structs.replace(dialled, ended_at=dialled.entries[0].left_at)]
    assert kinds(compared(channels, legs)) == [(FindingKind.QUEUE_DIFFERS, "outcome")]


def test_a_leg_that_was_adopted_is_known_to_the_second(channels: list[Channel], legs: list[OurLeg]) -> None:
    begun = float(int(legs[0].started_at))
    legs[0] = msgspec.structs.replace(legs[0], started_at=begun, gap=True)
    assert compared(channels, legs).findings == []


def test_a_uniqueid_that_came_again_in_the_next_life_of_asterisk_is_two_channels() -> None:
    rows = cel_rows("extension_to_extension")
    later = [msgspec.structs.replace(row, at=row.at + 100.0) for row in rows]
    fold = ChannelFold()
    fold.take([*rows, *later])
    legs = legs_of(run("extension_to_extension"))
    again = [
        msgspec.structs.replace(
            leg, id=f"b2-{leg.uniqueid}", boot="b2", started_at=leg.started_at + 100.0,
            answered_at=leg.answered_at and leg.answered_at + 100.0, ended_at=(leg.ended_at or 0) + 100.0,
        )
        for leg in legs
    ]  # fmt: skip
    result = compared(fold.take_ended(LATER), [*again, *legs])
    assert (result.channels, result.matched, result.findings) == (2 * len(legs), 2 * len(legs), [])


def test_channels_that_died_with_asterisk_need_a_leg_and_no_end() -> None:
    rows = cel_rows("extension_to_extension")
    cut = [row for row in rows if row.event not in ("CHAN_END", "HANGUP", "BRIDGE_EXIT", "LINKEDID_END")]
    fresh = msgspec.structs.replace(rows[0], at=rows[-1].at + 60, uniqueid="lab-1999999999.0")
    fold = ChannelFold()
    fold.take([*cut, fresh])
    lost = fold.take_ended(LATER)
    assert {channel.lost for channel in lost} == {True}
    assert list(fold.open) == ["lab-1999999999.0"]
    legs = legs_of(run("extension_to_extension"))
    gone = [msgspec.structs.replace(leg, ending="reconciled", ended_at=None) for leg in legs]
    assert compared(lost, gone).matched == len(lost) == len(legs)
    assert kinds(compared(lost, gone[1:])) == [(FindingKind.CHANNEL_WITHOUT_LEG, None)]


def test_an_id_that_somebody_chose_is_no_new_life_of_asterisk() -> None:
    rows = cel_rows("extension_to_extension")
    chosen = msgspec.structs.replace(rows[0], at=rows[3].at, uniqueid="attempt-77.0")
    fold = ChannelFold()
    fold.take([*rows[:3], chosen])
    assert fold.take_ended(LATER) == []
    assert "attempt-77.0" in fold.open
    assert len(fold.open) > 1


def test_a_channel_that_goes_on_is_not_given_out_yet() -> None:
    rows = cel_rows("answered")
    fold = ChannelFold()
    fold.take(rows[:4])
    assert fold.open
    assert fold.take_ended(LATER) == []
