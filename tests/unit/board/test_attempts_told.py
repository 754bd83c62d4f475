"""What is said of attempts: by the dialplan, by a flow, and by Asterisk's ledger after a gap."""

from cti.asterisk.cel import CelRow
from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.board.facts import Anomaly, AttemptNoted, AttemptSaying, CallChanged, CallsRefused, Fact, LegChanged
from cti.calls.model import EntryOutcome
from cti.ledger.gap_events import ledger_events
from tests.unit.board.scenario import Scenario, read_events, run

AT = 1_800_000_000.0
ONE = "at-abcdefghijklmnopqrstuvwxyz"
NUMBER = "+8613900139000"


def event(name: str, at: float, **headers: str) -> AmiEvent:
    return parse(encode(name, at, **headers))


def dialled() -> list[AmiEvent]:
    """A channel to somebody outside, whom nobody but Asterisk dials, and who answers."""
    channel = {"Uniqueid": ONE, "Linkedid": ONE, "Channel": "PJSIP/trunk-00000001", "Context": "inbound"}
    return [
        event("Newchannel", AT, **channel, ChannelState="0"),
        event(
            "DialBegin", AT, DestUniqueid=ONE, DestLinkedid=ONE, DestChannel="PJSIP/trunk-00000001",
            DialString=f"{NUMBER}@trunk",
        ),
        event("Newstate", AT + 2, **channel, ChannelState="6"),
    ]  # fmt: skip


def facts(*more: AmiEvent) -> list[Fact]:
    """What follows from more events, but for what a ledger's row tells of the channel itself."""
    board = Board("lab")
    for one in dialled():
        board.apply(one)
    found = [fact for one in more for fact in board.apply(one)]
    return [fact for fact in found if not isinstance(fact, LegChanged | CallChanged)]


def said(name: str, at: float = AT + 3, **headers: str) -> AmiEvent:
    return event("UserEvent", at, UserEvent=name, Uniqueid=ONE, Linkedid=ONE, **headers)


def test_what_the_dialplan_says_is_told_as_it_came() -> None:
    assert facts(
        said("CtiAttemptMachine", Status="MACHINE", Cause="LONGGREETING-1520-1500"),
        said("CtiAttemptAbandoned", AT + 4, Cause="no_agent"),
        event("CtiAttemptConnected", AT + 5, Uniqueid=ONE),
    ) == [
        AttemptNoted(
            at=AT + 3, attempt_id=ONE, said=AttemptSaying.MACHINE, status="MACHINE",
            cause="LONGGREETING-1520-1500",
        ),
        AttemptNoted(at=AT + 4, attempt_id=ONE, said=AttemptSaying.ABANDONED, cause="no_agent"),
        AttemptNoted(at=AT + 5, attempt_id=ONE, said=AttemptSaying.CONNECTED),
    ]  # fmt: skip


def test_other_events_of_the_dialplan_mean_nothing_and_one_without_a_channel_makes_no_sense() -> None:
    assert facts(said("CtiVoicemail"), said("Tick")) == []
    (fact,) = facts(event("UserEvent", AT + 3, UserEvent="CtiAttemptAbandoned"))
    assert isinstance(fact, Anomaly)


def test_who_was_dialled_and_refuses_is_refused_for_by_the_number_that_was_dialled() -> None:
    (fact,) = facts(said("CtiAttemptRefused"))
    assert isinstance(fact, CallsRefused)
    refusal = fact.refusal
    assert (refusal.id, refusal.number, refusal.scope, refusal.campaign) == (
        f"-{ONE}.r1",
        NUMBER,
        "all",
        None,
    )
    assert refusal.call_id == f"-{ONE}"


def test_a_refusal_for_nobody_makes_no_sense() -> None:
    (fact,) = Board("lab").apply(said("CtiAttemptRefused"))
    assert isinstance(fact, Anomaly)


def row(name: str, at: float, extra: str = "") -> CelRow:
    return CelRow(
        event=name, at=at, uniqueid=ONE, linkedid=ONE, channel="PJSIP/trunk-00000001", exten="s",
        context="abandoned", application="", data="", number="4001", extra={"extra": extra} if extra else {},
    )  # fmt: skip


def test_what_was_said_while_the_service_was_away_is_in_the_ledger() -> None:
    rows = [
        row("CtiAttemptMachine", AT + 3, "NOTSURE TOOLONG-5000"),
        row("CtiAttemptAbandoned", AT + 5, "no_service"),
        row("CtiAttemptRefused", AT + 6),
    ]
    machine, abandoned, refused = facts(*map(parse, ledger_events(rows)))
    assert machine == AttemptNoted(
        at=AT + 3, attempt_id=ONE, said=AttemptSaying.MACHINE, status="NOTSURE", cause="TOOLONG-5000"
    )
    assert abandoned == AttemptNoted(
        at=AT + 5, attempt_id=ONE, said=AttemptSaying.ABANDONED, cause="no_service"
    )
    assert isinstance(refused, CallsRefused)
    assert refused.refusal.number == NUMBER


def test_a_refusal_that_is_told_twice_is_one() -> None:
    first, second = facts(
        said("CtiAttemptRefused"), *map(parse, ledger_events([row("CtiAttemptRefused", AT + 3)]))
    )
    assert isinstance(first, CallsRefused)
    assert isinstance(second, CallsRefused)
    assert first.refusal.id == second.refusal.id


def test_who_waited_for_an_agent_in_vain_has_not_hung_up_in_the_queue() -> None:
    scenario = run("dialled_abandoned")
    assert [entry.outcome for entry in scenario.entries.values()] == [EntryOutcome.OVERFLOW]
    (noted,) = [fact for fact in scenario.facts if isinstance(fact, AttemptNoted)]
    (leg,) = scenario.legs.values()
    assert (noted.attempt_id, noted.said, noted.cause) == (leg.uniqueid, AttemptSaying.ABANDONED, "no_agent")
    assert leg.answered_at is not None
    assert 2.0 <= noted.at - leg.answered_at < 2.3


def test_who_is_with_an_agent_is_with_him_at_once() -> None:
    scenario = run("dialled_answered")
    (entry,) = scenario.entries.values()
    (call,) = scenario.calls.values()
    assert (entry.outcome, entry.agent_id) == (EntryOutcome.ANSWERED, 1)
    assert (call.direction, call.dialled_number) == ("outbound", NUMBER)
    assert entry.left_at is not None
    assert entry.left_at - entry.joined_at < 1.0
    assert not [fact for fact in scenario.facts if isinstance(fact, AttemptNoted)]


def test_a_leg_has_the_status_with_which_the_network_ended_it() -> None:
    declined = Scenario(read_events("dialled_declined"))
    (leg,) = declined.legs.values()
    assert (leg.sip_status, leg.hangup_cause) == (603, 21)
    (leg,) = run("dialled_abandoned").legs.values()
    assert leg.sip_status is None
