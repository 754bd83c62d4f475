"""An attempt as it is followed: what is seen of it, in which order ever, and what became of it."""

import msgspec
import pytest

from cti.asterisk.cel import CelRow
from cti.calls.model import Leg, LegEnding, LegKind
from cti.dialling.attempts.ledger_evidence import evidence_with, traces_of
from cti.dialling.attempts.open_attempt import ANSWER_SECONDS, FLOW_SECONDS, OpenAttempt
from cti.dialling.rules.attempt import AttemptState
from cti.dialling.rules.outcome import Evidence, Outcome, outcome_of

ID = "at-1"


def attempt(**changes: object) -> OpenAttempt:
    given = {"id": ID, "phone": "+8613800138000", "campaign_id": 1, "queue": "sales", "sent_at": 100.0}
    return OpenAttempt(**{**given, **changes})  # type: ignore[arg-type]


def leg(**changes: object) -> Leg:
    given = Leg(
        id=f"b-{ID}", call_id="c1", call_started_at=100.0, node="lab", boot="b", uniqueid=ID, linkedid=ID,
        channel="PJSIP/trunk-1", kind=LegKind.TRUNK, outgoing=True, started_at=100.2,
    )  # fmt: skip
    return msgspec.structs.replace(given, **changes)


def gone(**changes: object) -> Leg:
    return leg(ended_at=110.0, ending=LegEnding.HANGUP, **changes)


def test_who_is_not_answered_is_over_once_asterisk_has_said_why() -> None:
    one = attempt()
    news = one.appeared(leg(), 100.2)
    assert news is not None
    assert (news.state, news.call_id) == (AttemptState.RINGING, "c1")
    assert one.rings
    one.gone(gone(hangup_cause=17, sip_status=486), 110.0)
    assert one.outcome(110.0) is None
    one.was_told(0, 110.1)
    assert one.outcome(110.1) is Outcome.BUSY
    # Its answer may be lost.
    other = attempt()
    other.appeared(leg(), 100.2)
    other.gone(gone(hangup_cause=17), 110.0)
    assert other.outcome(110.0 + ANSWER_SECONDS) is Outcome.BUSY


def test_who_was_with_an_agent_was_answered_and_who_was_with_nobody_was_abandoned() -> None:
    for with_agent, outcome in ((True, Outcome.ANSWERED), (False, Outcome.ABANDONED)):
        one = attempt()
        one.appeared(leg(), 100.2)
        one.appeared(leg(answered_at=105.0), 105.0)
        one.was_told(4, 105.0)
        assert one.lacks_agent
        assert one.is_person
        if with_agent:
            news = one.connected(106.0)
            assert news is not None
            assert news.state is AttemptState.BRIDGED
            assert one.connected(106.1) is None
        one.gone(gone(hangup_cause=16), 110.0)
        assert one.outcome(110.0) is outcome


@pytest.mark.parametrize(("left_at", "outcome"), [(106.9, Outcome.HUNG_UP), (107.0, Outcome.ABANDONED)])
def test_who_leaves_before_two_seconds_are_over_has_hung_up(left_at: float, outcome: Outcome) -> None:
    one = attempt()
    one.appeared(leg(answered_at=105.0), 105.0)
    one.was_told(4, 105.0)
    one.gone(gone(hangup_cause=16), left_at)
    assert one.outcome(left_at) is outcome


def test_who_leaves_in_the_message_that_nobody_is_there_was_abandoned() -> None:
    one = attempt()
    one.appeared(leg(answered_at=105.0), 105.0)
    one.left_alone(105.2)
    one.was_told(4, 105.0)
    one.gone(gone(hangup_cause=16), 106.0)
    assert one.outcome(106.0) is Outcome.ABANDONED


def test_a_flow_may_have_him_before_asterisk_tells_of_the_answer() -> None:
    one = attempt(queue=None)
    one.appeared(leg(), 100.2)
    one.connected(105.1)
    assert not one.rings
    assert one.is_person
    news = one.appeared(leg(answered_at=105.0), 105.2)
    assert news is not None
    assert (news.state, news.at) == (AttemptState.ANSWERED, 105.0)
    assert one.state is AttemptState.BRIDGED


def test_that_nobody_was_there_outweighs_that_a_flow_had_begun() -> None:
    one = attempt(queue=None)
    one.appeared(leg(answered_at=105.0), 105.0)
    one.connected(105.1)
    news = one.left_alone(106.0)
    assert news is not None
    assert news.abandoned
    one.was_told(4, 105.0)
    one.gone(gone(hangup_cause=16), 110.0)
    assert one.outcome(110.0) is Outcome.ABANDONED


def in_a_flow() -> OpenAttempt:
    one = attempt(queue=None)
    one.appeared(leg(answered_at=105.0), 105.0)
    one.was_told(4, 105.0)
    one.connected(105.1)
    one.flow_began()
    return one


def test_what_its_flow_ended_with_is_known_when_it_is_over() -> None:
    one = in_a_flow()
    assert one.flow_outcome is None
    one.flow_ended("later")
    one.gone(gone(hangup_cause=16), 110.0)
    assert (one.outcome(110.0), one.flow_outcome) == (Outcome.ANSWERED, "later")


def test_who_hangs_up_on_his_flow_is_waited_for_a_moment() -> None:
    # The end of the call is told first, and what the flow made of it then.
    one = in_a_flow()
    one.flow_ended("hung_up")
    one.gone(gone(hangup_cause=16), 110.0)
    assert one.outcome(110.0) is None
    one.flow_ended("later")
    assert (one.outcome(110.1), one.flow_outcome) == (Outcome.ANSWERED, "later")
    silent = in_a_flow()
    silent.flow_ended("hung_up")
    silent.gone(gone(hangup_cause=16), 110.0)
    assert silent.outcome(110.0 + FLOW_SECONDS) is Outcome.ANSWERED
    assert silent.flow_outcome == "hung_up"


def test_a_machine_is_no_person_and_with_nobody_even_in_a_flow() -> None:
    one = attempt(listens=True)
    one.appeared(leg(answered_at=105.0), 105.0)
    assert one.is_person is None
    one.heard("MACHINE", "LONGGREETING-1", 108.0)
    assert one.connected(108.1) is None
    assert one.is_person is False
    assert not one.lacks_agent
    one.was_told(4, 105.0)
    one.gone(gone(hangup_cause=16), 110.0)
    assert one.outcome(110.0) is Outcome.MACHINE


def test_what_asterisk_could_not_even_begin_is_the_networks_fault() -> None:
    one = attempt()
    one.was_told(0, 100.1)
    assert one.outcome(100.2) is None
    assert one.outcome(100.1 + ANSWER_SECONDS) is Outcome.NETWORK
    assert one.is_over


def test_whose_end_nobody_saw_is_looked_up() -> None:
    one = attempt()
    one.appeared(leg(), 100.2)
    one.gone(leg(ending=LegEnding.RECONCILED), 120.0)
    assert one.look_at == 120.0
    assert one.outcome(200.0) is None


def test_who_was_cancelled_while_it_rang_is_cancelled_and_who_answered_first_is_not() -> None:
    for answered, outcome in ((False, Outcome.CANCELLED), (True, Outcome.ABANDONED)):
        one = attempt()
        one.appeared(leg(), 100.2)
        one.cancelled(101.0)
        if answered:
            one.appeared(leg(answered_at=101.0), 101.0)
        one.was_told(None, 101.1)
        one.gone(gone(hangup_cause=16), 101.2)
        assert one.outcome(101.2) is outcome


def row(event: str, at: float, application: str = "", **extra: str) -> CelRow:
    return CelRow(
        event=event, at=at, uniqueid=ID, linkedid=ID, channel="PJSIP/trunk-1", exten="s", context="dialled",
        application=application, data="", number="", extra=extra,
    )  # fmt: skip


BEGIN = (row("CHAN_START", 100.2), row("ANSWER", 105.0))
AT_ONCE = (
    row("HANGUP", 106.5, hangupcause="16", hangupsource="PJSIP/trunk-1"),
    row("CHAN_END", 106.5),
)
END = (row("HANGUP", 110.0, hangupcause="16"), row("CHAN_END", 110.0), row("LINKEDID_END", 110.0))


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ((BEGIN[0], row("HANGUP", 110.0, hangupcause="17"), END[1]), Outcome.BUSY),
        ((BEGIN[0], row("HANGUP", 110.0, hangupcause="19"), END[1]), Outcome.NO_ANSWER),
        (
            (BEGIN[0], row("HANGUP", 110.0, hangupcause="19", hangupsource="PJSIP/trunk-1"), END[1]),
            Outcome.UNREACHABLE,
        ),
        ((*BEGIN, *END), Outcome.ABANDONED),
        ((*BEGIN, row("BRIDGE_ENTER", 106.0), *END), Outcome.ANSWERED),
        ((*BEGIN, row("APP_START", 105.1, "AGI"), *END), Outcome.ANSWERED),
        (
            (
                *BEGIN,
                row("APP_START", 105.1, "AGI"),
                row("CtiAttemptAbandoned", 105.2, extra="no_service"),
                row("APP_START", 107.0, "AGI"),
                *END,
            ),
            Outcome.ABANDONED,
        ),
        (
            (*BEGIN, row("CtiAttemptMachine", 107.0, extra="MACHINE LONGGREETING-1"), *END),
            Outcome.MACHINE,
        ),
    ],
)
def test_the_ledger_tells_what_became_of_an_attempt(rows: tuple[CelRow, ...], outcome: Outcome) -> None:
    trace = traces_of(rows, {ID})[ID]
    assert trace.ended_at == 110.0
    assert outcome_of(evidence_with(Evidence(), trace)) is outcome


def test_the_ledger_tells_when_and_why_it_was_taken_for_a_machine() -> None:
    rows = (*BEGIN, row("CtiAttemptMachine", 107.0, extra="MACHINE MAXWORDS-4-3"), *END)
    trace = traces_of(rows, {ID})[ID]
    assert (trace.machine_at, trace.machine_cause) == (107.0, "MAXWORDS-4-3")
    assert evidence_with(Evidence(), trace).machine_cause == "MAXWORDS-4-3"


def test_the_ledger_says_nothing_of_an_attempt_that_it_does_not_know() -> None:
    assert traces_of(BEGIN, {"at-2"}) == {}


def test_the_ledger_tells_who_left_at_once_by_himself() -> None:
    def outcome(*rows: CelRow) -> Outcome:
        return outcome_of(evidence_with(Evidence(), traces_of(rows, {ID})[ID]))

    assert outcome(*BEGIN, *AT_ONCE) is Outcome.HUNG_UP
    said = row("CtiAttemptAbandoned", 105.1, extra="no_service")
    assert outcome(*BEGIN, said, *AT_ONCE) is Outcome.ABANDONED
    # It was we who hung up, or nobody knows.
    ours = row("HANGUP", 106.5, hangupcause="16", hangupsource="dialplan/builtin")
    for end in ((ours, AT_ONCE[1]), (row("HANGUP", 106.5, hangupcause="16"), AT_ONCE[1])):
        assert outcome(*BEGIN, *end) is Outcome.ABANDONED
