"""What became of an attempt, from what the network says in its several voices.

What Asterisk makes of a SIP status is measured in `tests/integration/dialling`.
"""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.dialling.rules.outcome import CONNECT_SECONDS, Evidence, Machine, Outcome, outcome_of


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, Outcome.NETWORK),
        (403, Outcome.NETWORK),
        (404, Outcome.WRONG_NUMBER),
        (407, Outcome.NETWORK),
        (408, Outcome.UNREACHABLE),
        (410, Outcome.WRONG_NUMBER),
        (420, Outcome.NETWORK),
        (484, Outcome.WRONG_NUMBER),
        (485, Outcome.WRONG_NUMBER),
        (486, Outcome.BUSY),
        (488, Outcome.NETWORK),
        (500, Outcome.NETWORK),
        (502, Outcome.NETWORK),
        (503, Outcome.NETWORK),
        (504, Outcome.NETWORK),
        (600, Outcome.BUSY),
        (603, Outcome.REFUSED),
        (604, Outcome.WRONG_NUMBER),
        (606, Outcome.NETWORK),
        (607, Outcome.REFUSED),
    ],
)
def test_the_sip_status_says_it_best(status: int, outcome: Outcome) -> None:
    assert outcome_of(Evidence(sip_status=status)) is outcome
    # Asterisk's cause for 401, 403 and 407 is "call rejected", as if the person had declined.
    assert outcome_of(Evidence(sip_status=status, hangup_cause=21, originate_reason=0)) is outcome


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (1, Outcome.WRONG_NUMBER),
        (2, Outcome.NETWORK),
        (3, Outcome.NETWORK),
        (17, Outcome.BUSY),
        (18, Outcome.UNREACHABLE),
        (19, Outcome.NO_ANSWER),
        (20, Outcome.UNREACHABLE),
        (21, Outcome.REFUSED),
        (22, Outcome.WRONG_NUMBER),
        (27, Outcome.UNREACHABLE),
        (28, Outcome.WRONG_NUMBER),
        (29, Outcome.NETWORK),
        (34, Outcome.NETWORK),
        (38, Outcome.NETWORK),
        (41, Outcome.NETWORK),
        (42, Outcome.NETWORK),
        (44, Outcome.NETWORK),
        (58, Outcome.NETWORK),
        (102, Outcome.NETWORK),
        (127, Outcome.NETWORK),
        # An ordinary end, or none told: it ended, and nobody had answered.
        (0, Outcome.NO_ANSWER),
        (16, Outcome.NO_ANSWER),
        (31, Outcome.NO_ANSWER),
    ],
)
def test_then_the_hang_up_cause(cause: int, outcome: Outcome) -> None:
    assert outcome_of(Evidence(hangup_cause=cause)) is outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("BUSY", Outcome.BUSY),
        ("NOANSWER", Outcome.NO_ANSWER),
        ("CANCEL", Outcome.CANCELLED),
        ("CONGESTION", Outcome.NETWORK),
        ("CHANUNAVAIL", Outcome.NETWORK),
        ("DONTCALL", Outcome.REFUSED),
        ("TORTURE", Outcome.REFUSED),
        ("INVALIDARGS", Outcome.NETWORK),
        ("", Outcome.UNKNOWN),
        ("SOMETHING NEW", Outcome.UNKNOWN),
    ],
)
def test_then_the_word_of_dial(status: str, outcome: Outcome) -> None:
    assert outcome_of(Evidence(dial_status=status)) is outcome


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (0, Outcome.UNKNOWN),
        (1, Outcome.UNKNOWN),
        (3, Outcome.NO_ANSWER),
        (5, Outcome.BUSY),
        (8, Outcome.NETWORK),
        (99, Outcome.UNKNOWN),
    ],
)
def test_then_the_reason_of_originate_response(reason: int, outcome: Outcome) -> None:
    assert outcome_of(Evidence(originate_reason=reason)) is outcome


def test_that_it_rang_for_as_long_as_it_may_outweighs_the_end_that_we_made_ourselves() -> None:
    # Our CANCEL may be answered with 487, of which Asterisk makes "interworking".
    rang = Evidence(originate_reason=3, sip_status=487, hangup_cause=127)
    assert outcome_of(rang) is Outcome.NO_ANSWER


def test_that_it_is_not_available_is_the_networks_word_only_where_it_did_not_ring_as_long_as_it_may() -> None:
    # Asterisk itself gives 480 and 19 to a call that rang for as long as it may.
    assert outcome_of(Evidence(sip_status=480, hangup_cause=19, originate_reason=3)) is Outcome.NO_ANSWER
    assert outcome_of(Evidence(sip_status=480, hangup_cause=19)) is Outcome.NO_ANSWER
    assert outcome_of(Evidence(sip_status=480, hangup_cause=19, originate_reason=0)) is Outcome.UNREACHABLE


def test_the_ledger_knows_the_networks_word_by_who_ended_it() -> None:
    assert outcome_of(Evidence(hangup_cause=19, by_far_end=True)) is Outcome.UNREACHABLE
    assert outcome_of(Evidence(hangup_cause=19, sip_status=480, by_far_end=True)) is Outcome.UNREACHABLE
    assert outcome_of(Evidence(hangup_cause=19)) is Outcome.NO_ANSWER


@pytest.mark.parametrize("seen", [Evidence(sip_status=404, hangup_cause=1), Evidence(hangup_cause=1)])
def test_what_the_network_had_ended_before_we_gave_it_up_is_what_the_network_said(seen: Evidence) -> None:
    assert outcome_of(msgspec.structs.replace(seen, cancelled=True)) is Outcome.WRONG_NUMBER


def test_what_we_gave_up_is_cancelled_when_all_that_is_told_is_that() -> None:
    assert outcome_of(Evidence(cancelled=True, sip_status=487, hangup_cause=127)) is Outcome.CANCELLED


def test_who_answered_and_was_with_somebody_was_answered() -> None:
    assert outcome_of(Evidence(answered=True, connected=True, hangup_cause=16)) is Outcome.ANSWERED
    # An agent had it: what he found there is his disposition.
    heard = Evidence(answered=True, connected=True, machine=Machine.MACHINE, fax=True)
    assert outcome_of(heard) is Outcome.ANSWERED


@pytest.mark.parametrize("machine", [None, Machine.HUMAN, Machine.NOT_SURE, Machine.HANG_UP])
def test_who_answered_and_found_nobody_was_abandoned(machine: Machine | None) -> None:
    assert outcome_of(Evidence(answered=True, connected=False, machine=machine)) is Outcome.ABANDONED
    lost = Evidence(answered=True, connected=False, machine=machine, lost=True)
    assert outcome_of(lost) is Outcome.ABANDONED


def test_who_left_by_himself_before_anybody_had_to_be_there_was_not_abandoned() -> None:
    left = Evidence(answered=True, connected=False, left_after_seconds=1.9)
    assert outcome_of(left) is Outcome.HUNG_UP
    assert not Outcome.HUNG_UP.is_person
    assert Outcome.HUNG_UP.is_attempt


@pytest.mark.parametrize(
    "doubt",
    [
        {"left_after_seconds": CONNECT_SECONDS}, {"left_after_seconds": None}, {"left_after_seconds": -0.1},
        {"abandoned": True}, {"cancelled": True}, {"lost": True},
        {"machine": Machine.MACHINE, "machine_was_person": True},
    ],
)  # fmt: skip
def test_in_doubt_he_was_abandoned(doubt: dict[str, Any]) -> None:
    seen: dict[str, Any] = {"answered": True, "connected": False, "left_after_seconds": 1.9, **doubt}
    assert outcome_of(Evidence(**seen)) is Outcome.ABANDONED


def test_a_machine_and_a_fax_are_no_persons_unless_somebody_heard_one() -> None:
    machine = Evidence(
        answered=True, connected=False, machine=Machine.MACHINE, machine_cause="LONGGREETING-2100-1500"
    )
    assert outcome_of(machine) is Outcome.MACHINE
    assert outcome_of(Evidence(answered=True, connected=False, fax=True)) is Outcome.FAX
    person = Evidence(answered=True, connected=False, machine=Machine.MACHINE, machine_was_person=True)
    assert outcome_of(person) is Outcome.ABANDONED


def test_what_nobody_saw_is_unknown() -> None:
    assert outcome_of(Evidence()) is Outcome.UNKNOWN
    assert outcome_of(Evidence(lost=True, hangup_cause=0)) is Outcome.UNKNOWN
    assert outcome_of(Evidence(answered=True)) is Outcome.UNKNOWN
    assert outcome_of(Evidence(originate_reason=4)) is Outcome.UNKNOWN
    assert outcome_of(Evidence(originate_reason=4, connected=True)) is Outcome.ANSWERED


EVIDENCE = st.builds(
    Evidence,
    answered=st.booleans(),
    connected=st.one_of(st.none(), st.booleans()),
    abandoned=st.booleans(),
    left_after_seconds=st.one_of(st.none(), st.floats(-1, 10)),
    hangup_cause=st.one_of(st.none(), st.integers(0, 127)),
    originate_reason=st.one_of(st.none(), st.integers(0, 10)),
    dial_status=st.one_of(st.none(), st.sampled_from(["ANSWER", "BUSY", "NOANSWER", "CANCEL", "CONGESTION"])),
    sip_status=st.one_of(st.none(), st.integers(100, 699)),
    machine=st.one_of(st.none(), st.sampled_from(Machine)),
    machine_was_person=st.booleans(),
    fax=st.booleans(),
    cancelled=st.booleans(),
    by_far_end=st.booleans(),
    lost=st.booleans(),
)


@given(EVIDENCE)
def test_a_person_is_counted_only_where_somebody_answered_and_an_attempt_that_was_sent_always_counts(
    evidence: Evidence,
) -> None:
    outcome = outcome_of(evidence)
    assert not outcome.is_person or evidence.answered or evidence.originate_reason == 4
    assert outcome.is_attempt
    if evidence.answered and evidence.connected:
        assert outcome is Outcome.ANSWERED
