"""How well Asterisk's time is known from here."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.asterisk.clock import AsteriskClock


class Here:
    """The monotonic clock of this machine, in a test's hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
def clock(here: Here) -> AsteriskClock:
    return AsteriskClock(here)


def test_before_asterisk_told_its_time_it_shows_this_machines(clock: AsteriskClock) -> None:
    assert not clock.is_set
    assert abs(clock.now() - time.time()) < 5


def test_it_goes_on_from_the_latest_timestamp_by_the_monotonic_clock(
    clock: AsteriskClock, here: Here
) -> None:
    clock.observe(5000.0)
    here.now += 2.5
    assert clock.is_set
    assert clock.now() == 5002.5


def test_a_jump_of_this_machines_clock_changes_nothing(
    clock: AsteriskClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.observe(5000.0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert clock.now() == 5000.0


def test_events_that_come_late_do_not_set_it_back(clock: AsteriskClock, here: Here) -> None:
    clock.observe(5000.0)
    for late in (0.5, 2.0, 0.1, 3.0):
        here.now += 1.0
        clock.observe(5000.0 + (here.now - 1000.0) - late)
    assert clock.now() == pytest.approx(5004.0)


def test_an_event_that_came_faster_sets_it_right(clock: AsteriskClock, here: Here) -> None:
    clock.observe(5000.0 - 0.3)
    here.now += 1.0
    clock.observe(5001.0)
    assert clock.now() == 5001.0


def test_a_slow_drift_is_followed(clock: AsteriskClock, here: Here) -> None:
    for second in range(600):
        clock.observe(5000.0 + second * 0.999)
        here.now += 1.0
    assert clock.now() == pytest.approx(5000.0 + 600 * 0.999, abs=0.07)


def test_a_step_back_of_asterisks_clock_is_told_by_a_round_trip(clock: AsteriskClock, here: Here) -> None:
    clock.observe(5000.0)
    here.now += 10.0
    clock.observe(4010.0)
    assert clock.now() == 5010.0
    sent = here.now
    here.now += 0.02
    clock.observe_round_trip(4010.01, sent)
    assert clock.now() == pytest.approx(4010.01)


def test_a_step_forward_is_followed_at_once(clock: AsteriskClock, here: Here) -> None:
    clock.observe(5000.0)
    here.now += 1.0
    clock.observe(9000.0)
    assert clock.now() == 9000.0


def test_a_round_trip_that_took_long_does_not_disturb_it(clock: AsteriskClock, here: Here) -> None:
    clock.observe(5000.0)
    sent = here.now
    here.now += 4.0
    clock.observe_round_trip(5001.0, sent)
    assert clock.now() == 5004.0


@pytest.mark.parametrize("stamp", [0.0, -1.0])
def test_what_is_no_time_is_ignored(clock: AsteriskClock, stamp: float) -> None:
    clock.observe(stamp)
    clock.observe_round_trip(stamp, 0.0)
    assert not clock.is_set


@given(st.lists(st.tuples(st.floats(0.001, 40.0), st.floats(0.0, 2.0)), min_size=1, max_size=50))
def test_it_is_never_ahead_and_lags_at_most_by_the_fastest_event_of_the_last_window(
    steps: list[tuple[float, float]],
) -> None:
    here = Here()
    clock = AsteriskClock(here)
    recent: list[tuple[float, float]] = []
    for step, latency in steps:
        here.now += step
        true = here.now + 4000.0
        clock.observe(true - latency)
        recent.append((here.now, latency))
        best = min(late for at, late in recent if at > here.now - 30.0)
        assert true - best - 1e-6 <= clock.now() <= true + 1e-6
