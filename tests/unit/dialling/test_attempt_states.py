"""How far an attempt is, what is done with one that is found after a restart, and the lease to send it."""

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.dialling.opening import place_of
from cti.dialling.rules.attempt import (
    SLACK_SECONDS,
    AttemptState,
    Finding,
    Found,
    Step,
    after_restart,
    furthest,
)
from cti.dialling.rules.lease import LEASE_SECONDS, MARGIN_SECONDS, Lease, may_send, taken
from cti.dialling.rules.outcome import Evidence, Outcome

STATES = st.sampled_from(AttemptState)
RING = 25.0


@given(st.lists(STATES, min_size=1))
def test_states_only_move_forward_in_whatever_order_news_come(news: list[AttemptState]) -> None:
    order = list(AttemptState)
    state = AttemptState.RESERVED
    for seen in news:
        following = furthest(state, seen)
        assert order.index(following) >= order.index(state)
        state = following
    backwards = AttemptState.RESERVED
    for seen in [*reversed(news), *news]:
        backwards = furthest(backwards, seen)
    assert state is backwards


def test_nothing_is_open_once_it_ended_or_is_given_up() -> None:
    assert [state for state in AttemptState if not state.is_open] == [
        AttemptState.UNKNOWN,
        AttemptState.ENDED,
    ]


def found(
    state: AttemptState = AttemptState.SENDING,
    *,
    lives: bool = False,
    ledger: Evidence | None = None,
    end: bool = False,
    restarted: bool = False,
) -> Found:
    return Found(
        state=state, sent_at=1000.0, ring_seconds=RING, channel_lives=lives, ledger=ledger,
        ledger_has_end=end, asterisk_restarted=restarted,
    )  # fmt: skip


SOON = 1010.0
LATE = 1000.0 + RING + SLACK_SECONDS


@pytest.mark.parametrize(
    ("attempt", "now", "finding"),
    [
        # The rows of the table, one by one.
        (found(AttemptState.RESERVED), LATE, Finding(step=Step.RELEASE, outcome=Outcome.NOT_SENT)),
        (found(lives=True), LATE, Finding(step=Step.ADOPT)),
        (found(AttemptState.BRIDGED, lives=True), LATE, Finding(step=Step.ADOPT)),
        (found(lives=True, restarted=True), LATE, Finding(step=Step.ADOPT)),
        (
            found(ledger=Evidence(hangup_cause=17), end=True),
            SOON,
            Finding(step=Step.END, outcome=Outcome.BUSY),
        ),
        (found(), SOON, Finding(step=Step.WAIT, until=LATE)),
        (found(), LATE, Finding(step=Step.GIVE_UP, outcome=Outcome.UNKNOWN)),
        (found(restarted=True), SOON, Finding(step=Step.GIVE_UP, outcome=Outcome.UNKNOWN)),
        (
            found(AttemptState.ANSWERED, restarted=True),
            SOON,
            Finding(step=Step.GIVE_UP, outcome=Outcome.ABANDONED),
        ),
        (
            found(restarted=True, ledger=Evidence(answered=True, connected=False)),
            SOON,
            Finding(step=Step.GIVE_UP, outcome=Outcome.ABANDONED),
        ),
        # What the table leaves open.
        (
            found(AttemptState.BRIDGED, restarted=True),
            SOON,
            Finding(step=Step.GIVE_UP, outcome=Outcome.ANSWERED),
        ),
        (
            found(AttemptState.ANSWERED, ledger=Evidence(answered=True, connected=True), restarted=True),
            SOON,
            Finding(step=Step.GIVE_UP, outcome=Outcome.ANSWERED),
        ),
        (
            found(ledger=Evidence(answered=True)),
            LATE,
            Finding(step=Step.GIVE_UP, outcome=Outcome.UNKNOWN),
        ),
        # CEL lags behind: its first rows are there, and its end is not.
        (found(ledger=Evidence()), SOON, Finding(step=Step.WAIT, until=LATE)),
        # Asterisk ended in order: its last rows tell how.
        (
            found(ledger=Evidence(hangup_cause=19), end=True, restarted=True),
            SOON,
            Finding(step=Step.END, outcome=Outcome.NO_ANSWER),
        ),
        (found(AttemptState.ENDED), LATE, Finding(step=Step.NOTHING)),
        (found(AttemptState.UNKNOWN), LATE, Finding(step=Step.NOTHING)),
        (
            found(AttemptState.UNKNOWN, ledger=Evidence(hangup_cause=17), end=True),
            LATE,
            Finding(step=Step.END, outcome=Outcome.BUSY),
        ),
    ],
)
def test_what_is_found_after_a_restart(attempt: Found, now: float, finding: Finding) -> None:
    assert after_restart(attempt, now) == finding


@given(
    STATES, st.booleans(), st.booleans(), st.booleans(),
    st.one_of(st.none(), st.just(Evidence(answered=True))), st.floats(900, 1200),
)  # fmt: skip
def test_only_what_was_never_sent_is_dialled_again_and_everything_comes_to_an_end(
    state: AttemptState, lives: bool, end: bool, restarted: bool, ledger: Evidence | None, now: float
) -> None:
    attempt = found(state, lives=lives, ledger=ledger, end=end, restarted=restarted)
    finding = after_restart(attempt, now)
    assert (finding.step is Step.RELEASE) is (state is AttemptState.RESERVED)
    if finding.step in (Step.END, Step.GIVE_UP):
        assert finding.outcome is not None
        assert finding.outcome.is_attempt
    if finding.step is Step.WAIT:
        assert finding.until is not None
        assert after_restart(attempt, finding.until).step is not Step.WAIT


def test_one_service_dials_and_the_other_stands_by() -> None:
    lease = taken(None, "a", 100.0)
    assert lease == Lease(holder="a", epoch=1, until=100.0 + LEASE_SECONDS)
    assert taken(lease, "b", 105.0) is None
    assert may_send(lease, "a", 1, 105.0)
    assert not may_send(lease, "b", 1, 105.0)


def test_the_loser_of_a_lease_cannot_send_whatever_it_still_believes() -> None:
    mine = taken(None, "a", 100.0)
    theirs = taken(mine, "b", 100.0 + LEASE_SECONDS)
    assert theirs is not None
    assert (theirs.holder, theirs.epoch) == ("b", 2)
    assert not may_send(theirs, "a", 1, 105.0)
    # Neither does it get its old epoch back.
    again = taken(theirs, "a", theirs.until)
    assert again is not None
    assert again.epoch == 3
    assert not may_send(again, "a", 1, again.until - LEASE_SECONDS)


def test_who_renews_in_time_keeps_his_epoch_and_who_comes_late_does_not() -> None:
    lease = taken(None, "a", 100.0)
    renewed = taken(lease, "a", 105.0)
    assert renewed == Lease(holder="a", epoch=1, until=105.0 + LEASE_SECONDS)
    late = taken(renewed, "a", 105.0 + LEASE_SECONDS)
    assert late is not None
    assert late.epoch == 2


def test_a_new_life_does_not_wait_for_the_lease_of_the_dead_one_at_its_place() -> None:
    died = taken(None, "here:one", 100.0)
    lives = taken(died, "here:two", 101.0)
    assert lives == Lease(holder="here:two", epoch=2, until=101.0 + LEASE_SECONDS)
    assert not may_send(lives, "here:one", 1, 101.0)
    for elsewhere in ("there:two", "here", "here2:one", "two"):
        assert taken(died, elsewhere, 101.0) is None


def test_a_folder_and_its_copy_are_two_places(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert place_of(tmp_path / "one") == place_of(tmp_path / "one" / ".." / "one")
    assert place_of(tmp_path / "one") != place_of(tmp_path / "two")
    assert place_of(tmp_path / "one").startswith(socket.gethostname().partition(".")[0])
    assert ":" not in place_of(tmp_path / "one")


def test_nothing_is_sent_when_a_lease_is_about_to_end() -> None:
    lease = Lease(holder="a", epoch=1, until=100.0)
    assert may_send(lease, "a", 1, 100.0 - MARGIN_SECONDS - 0.1)
    assert not may_send(lease, "a", 1, 100.0 - MARGIN_SECONDS)
    assert not may_send(None, "a", 1, 0.0)


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c:1", "c:2"]), st.floats(0, 15)), min_size=1, max_size=30),
    st.floats(0, 15),
)
def test_never_may_two_send_at_one_time(asked: list[tuple[str, float]], after: float) -> None:
    lease: Lease | None = None
    epochs: dict[str, int] = {}
    now = 0.0
    for who, wait in asked:
        now += wait
        got = taken(lease, who, now)
        if got is not None:
            assert lease is None or got.epoch >= lease.epoch
            lease, epochs[who] = got, got.epoch
    senders = [who for who, epoch in epochs.items() if may_send(lease, who, epoch, now + after)]
    assert len(senders) <= 1
