"""What becomes of the board when events were missed: snapshots, restarts of Asterisk, the unknown."""

from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.facts import GapClosed
from cti.calls.model import (
    EntryOutcome,
    LegEnding,
    OfferOutcome,
    QueueEntry,
)
from tests.unit.board.scenario import Scenario, read_events


def event(kind: str, at: float, **headers: str | float) -> AmiEvent:
    return parse(encode(kind, at, **headers))


def until(name: str, kind: str, count: int = 1) -> tuple[Scenario, float]:
    """The transcript up to the ``count``th event of a kind, in a boot of its own."""
    events = read_events(name)
    found = 0
    for number, one in enumerate(events):
        found += one.name == kind
        if found == count:
            boot = event("CtiBoot", next(e.at for e in events if e.at) - 1, Boot="b1")
            return Scenario([boot, *events[: number + 1]]), one.at
    raise AssertionError(f"{name} has no {kind}")


def listed(scenario: Scenario, at: float, *, but: str = "") -> list[AmiEvent]:
    """A list of the channels that the board has, as Asterisk would send it."""
    return [
        event(
            "CoreShowChannel",
            at,
            Channel=leg.channel,
            Uniqueid=leg.uniqueid,
            Linkedid=leg.linkedid,
            ChannelState="6" if leg.answered_at else "5",
            BridgeId=leg.bridge_id or "",
        )
        for leg in scenario.board.legs()
        if leg.uniqueid != but
    ]


def members(at: float, *agents: tuple[int, str, str]) -> list[AmiEvent]:
    return [
        event(
            "QueueMember",
            at,
            Queue="sales",
            Name=f"agent-{agent_id}",
            Location=f"PJSIP/100{agent_id}",
            Paused=paused,
            PausedReason=reason,
        )
        for agent_id, paused, reason in agents
    ]


def snapshot(at: float, *items: AmiEvent) -> list[AmiEvent]:
    return [
        event("CtiDisconnected", at - 5, Reason="cut"),
        event("CtiBoot", at, Boot="b1"),
        event("CtiConnected", at),
        event("CtiSnapshotBegin", at),
        *items,
        event("CtiSnapshotEnd", at + 0.1),
    ]


def test_a_leg_that_is_not_listed_ended_at_an_instant_that_nobody_knows() -> None:
    scenario, at = until("answered", "BridgeEnter", 2)
    scenario.feed(snapshot(at + 30, *members(at + 30, (1, "0", ""))))
    for leg in scenario.legs.values():
        assert (leg.ending, leg.ended_at) == (LegEnding.RECONCILED, None)
    [call] = scenario.calls.values()
    assert call.gap
    assert call.unknown_end
    assert call.ended_at is None
    talk = next(span for span in scenario.intervals.values() if span.kind == "talk")
    assert (talk.unknown_end, talk.ended_at) == (True, None)
    assert not list(scenario.board.calls())
    assert "wrap_up" not in {span.kind for span in scenario.intervals.values()}
    assert scenario.states(1)[-1] == "ready"
    [gap] = [fact for fact in scenario.facts if isinstance(fact, GapClosed)]
    assert gap.from_at is not None
    assert gap.from_at < gap.at


def test_a_call_that_lived_through_the_gap_goes_on_and_is_marked() -> None:
    scenario, at = until("answered", "BridgeEnter", 2)
    later = snapshot(at + 1, *listed(scenario, at + 1), *members(at + 1, (1, "1", "wrap-up")))
    scenario.feed(later)
    [call] = scenario.calls.values()
    assert call.gap
    rest = [one for one in read_events("answered") if one.at > at + 1.1]
    scenario.feed(rest)
    spans = [span for span in scenario.spans() if span[1] == "talk"]
    assert spans == [("agent 1", "talk", 1.5, 4.5)]
    assert not scenario.anomalies


def test_a_hold_over_a_gap_has_an_end_that_nobody_knows_and_never_zero() -> None:
    scenario, at = until("held_twice", "Hold")
    scenario.feed(snapshot(at + 1, *listed(scenario, at + 1), *members(at + 1, (1, "1", "wrap-up"))))
    hold = next(span for span in scenario.intervals.values() if span.kind == "hold")
    assert (hold.unknown_end, hold.ended_at) == (True, None)
    assert scenario.states(1)[-1] == "talking"


def test_a_caller_who_is_not_listed_in_the_queue_left_it_somehow() -> None:
    scenario, at = until("answered", "QueueCallerJoin")
    scenario.feed(snapshot(at + 1, *listed(scenario, at + 1)))
    [entry] = scenario.entries.values()
    assert (entry.outcome, entry.left_at) == (EntryOutcome.UNKNOWN, None)
    assert next(iter(scenario.intervals.values())).unknown_end


def test_an_offer_that_vanished_has_no_outcome_that_we_could_guess() -> None:
    scenario, at = until("answered", "DialBegin")
    scenario.feed(snapshot(at + 1))
    [offer] = scenario.offers.values()
    assert offer.outcome is OfferOutcome.UNKNOWN


def test_what_is_listed_and_unknown_is_adopted_with_its_bridge_and_its_wait() -> None:
    at = 1_800_000_100.0
    channels = [
        event(
            "CoreShowChannel",
            at,
            Channel=f"PJSIP/{name}-1",
            Uniqueid=f"n-1800000000.{number}",
            Linkedid="n-1800000000.1",
            ChannelState="6",
            Context=context,
            BridgeId=bridge,
            CallerIDNum=name,
        )
        for number, name, context, bridge in (
            (1, "trunk", "inbound", "br"),
            (2, "1001", "phones", "br"),
            (3, "trunk", "inbound", ""),
        )
    ]
    waiting = event("QueueEntry", at, Queue="sales", Uniqueid="n-1800000000.3", Position="1", Wait="40")
    scenario = Scenario(snapshot(at, *channels, *members(at, (1, "0", "")), waiting))
    legs = list(scenario.legs.values())
    assert [leg.started_at for leg in legs] == [1_800_000_000.0] * 3
    assert all(call.gap for call in scenario.calls.values())
    assert scenario.states(1)[-1] == "talking"
    assert ("agent 1", "talk") in {span[:2] for span in scenario.spans()} | {
        (f"agent {leg.agent_id}", "talk") for leg in legs if leg.agent_id
    }
    [entry] = scenario.entries.values()
    assert entry.joined_at == at - 40
    assert not scenario.anomalies


def test_a_channel_that_is_listed_and_then_hangs_up_does_not_stay() -> None:
    at = 1_800_000_100.0
    headers = {"Channel": "PJSIP/trunk-1", "Uniqueid": "n-1800000000.1", "ChannelState": "6"}
    scenario = Scenario(
        [
            event("CtiSnapshotBegin", at),
            event("CoreShowChannel", at, **headers),
            event("Hangup", at, Cause="16", **headers),
            event("CtiSnapshotEnd", at),
            event("CoreShowChannel", at, **headers),
        ]
    )
    assert not list(scenario.board.legs())
    assert [leg.ending for leg in scenario.legs.values()] == [LegEnding.HANGUP]
    assert not scenario.anomalies


def test_what_begins_while_the_lists_are_read_is_not_taken_for_vanished() -> None:
    at = 1_800_000_100.0
    headers = {"Channel": "PJSIP/trunk-1", "Uniqueid": "n-1800000100.1", "ChannelState": "4"}
    scenario = Scenario(
        [
            event("CtiSnapshotBegin", at),
            event("Newchannel", at, **headers),
            event("CtiSnapshotEnd", at),
        ]
    )
    assert len(list(scenario.board.legs())) == 1


def test_agents_are_as_the_lists_say_after_a_gap() -> None:
    scenario, at = until("next_agent_answers", "QueueCallerJoin")
    scenario.feed(snapshot(at + 1, *listed(scenario, at + 1), *members(at + 1, (2, "1", "lunch"))))
    assert scenario.states(1)[-1] == "logged_out"
    assert scenario.states(2)[-1] == "paused lunch"


def test_a_new_boot_of_asterisk_ends_all_of_the_old_one_and_its_uniqueids_may_repeat() -> None:
    scenario, at = until("answered", "BridgeEnter", 2)
    scenario.feed([event("CtiBoot", at + 60, Boot="b2")])
    assert all(leg.ending is LegEnding.ASTERISK_STOPPED for leg in scenario.legs.values())
    assert all(leg.ended_at is None for leg in scenario.legs.values())
    assert not list(scenario.board.calls())
    before = len(scenario.legs)
    scenario.feed(read_events("answered"))
    assert len(scenario.legs) == 2 * before
    assert len({leg.id for leg in scenario.legs.values()}) == 2 * before


def test_a_gap_over_a_new_boot_says_that_asterisk_was_restarted_whatever_broke_first() -> None:
    scenario, at = until("answered", "BridgeEnter", 2)
    scenario.feed([event("CtiDisconnected", at + 1, Reason="Asterisk closed the connection")])
    scenario.feed([event("CtiBoot", at + 60, Boot="b2"), event("CtiConnected", at + 60, Boot="b2")])
    [gap] = [fact for fact in scenario.feed(snapshot(at + 61)) if isinstance(fact, GapClosed)]
    assert gap.reason == "asterisk_restarted"
    assert gap.from_at is not None
    assert gap.from_at <= at + 1


def test_a_leg_that_asterisk_hangs_up_because_it_is_stopped_says_so() -> None:
    scenario, at = until("answered", "BridgeEnter", 2)
    one, two = scenario.board.legs()
    for leg, cause in ((one, "4"), (two, "16")):
        ended = event("Hangup", at + 1, Uniqueid=leg.uniqueid, Channel=leg.channel, Cause="16")
        scenario.feed([event("SoftHangupRequest", at + 1, Uniqueid=leg.uniqueid, Cause=cause), ended])
    assert [leg.ending for leg in (one, two)] == [LegEnding.ASTERISK_STOPPED, LegEnding.HANGUP]
    assert one.ended_at == at + 1


def test_what_the_dialplan_asked_before_the_new_boot_was_told_is_about_its_channels() -> None:
    scenario, at = until("answered", "BridgeEnter", 2)
    label = {"Uniqueid": "lab-1.0", "Queue": "sales", "NumberState": "known", "Number": "+861"}
    scenario.feed([event("CtiCallLabelled", at + 50, **label), event("CtiBoot", at + 60, Boot="b2")])
    channel = {"Uniqueid": "lab-1.0", "Linkedid": "lab-1.0", "Channel": "PJSIP/trunk-1", "ChannelState": "4"}
    scenario.feed([event("Newchannel", at + 61, Context="inbound", Exten="4001", **channel)])
    [call] = scenario.board.calls()
    assert (call.caller_number, call.queue, call.boot) == ("+861", "sales", "b2")


def test_the_same_boot_again_changes_nothing() -> None:
    scenario, at = until("answered", "BridgeEnter", 2)
    assert scenario.feed([event("CtiBoot", at + 1, Boot="b1")]) == []
    assert len(list(scenario.board.legs())) == 2


def left_at_the_seam(*, hung_up_after: float) -> QueueEntry:
    """He came and joined in a gap, and was asked to hang up in it too; that he left the queue was heard."""
    ids = {"Uniqueid": "lab-1.7", "Linkedid": "lab-1.7", "Channel": "PJSIP/trunk-7"}
    told = [
        event("CtiLedger", at, Kind=kind, Context="queue-entry", Exten="s", **ids, **more)
        for at, kind, more in (
            (100.0, "begun", {}),
            (100.1, "answered", {}),
            (100.5, "queued", {"Queue": "sales"}),
        )
    ]
    scenario = Scenario(
        [
            event("CtiBoot", 90.0, Boot="b1", Started="80.000"),
            event("CtiConnected", 100.6, Boot="b1"),
            event("CtiLedgerBegin", 95.0),
            *told,
            event("QueueCallerAbandon", 100.7, Queue="sales", HoldTime=0, **ids),
            event("QueueCallerLeave", 100.7, Queue="sales", **ids),
            event("Hangup", 100.7 + hung_up_after, Cause=16, **ids),
        ]
    )
    return scenario.entries["b1-lab-1.7.e1"]


def test_who_was_asked_to_hang_up_in_a_gap_and_leaves_after_it_gave_up() -> None:
    entry = left_at_the_seam(hung_up_after=0.01)
    assert (entry.outcome, entry.left_at) == (EntryOutcome.ABANDONED, 100.7)


def test_who_leaves_after_a_gap_and_stays_on_the_line_did_not_give_up() -> None:
    entry = left_at_the_seam(hung_up_after=0.6)
    assert (entry.outcome, entry.left_at) == (EntryOutcome.OVERFLOW, 100.7)
