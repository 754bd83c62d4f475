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


def test_a_small_step_back_of_asterisks_clock_is_corrected_by_a_round_trip(
    clock: AsteriskClock, here: Here
) -> None:
    clock.observe(5000.0)
    here.now += 10.0
    clock.observe(5009.0)
    assert clock.now() == 5010.0
    sent = here.now
    here.now += 0.02
    assert clock.observe_round_trip(5009.01, sent) == 0.0
    assert clock.now() == pytest.approx(5009.01)


@pytest.mark.parametrize("by", [-3600.0, -60.0])
def test_a_step_back_is_known_by_the_first_timestamp_after_it(
    clock: AsteriskClock, here: Here, by: float
) -> None:
    clock.observe_round_trip(5000.0, here.now - 0.01)
    here.now += 3.0
    assert clock.observe(5003.0) == 0.0
    here.now += 1.5
    assert clock.observe(5004.5 + by) == pytest.approx(by)
    assert clock.now() == pytest.approx(5004.5 + by)
    here.now += 1.0
    assert clock.observe(5005.5 + by) == 0.0


def test_a_step_back_that_time_has_made_up_for_is_known_by_a_round_trip(
    clock: AsteriskClock, here: Here
) -> None:
    clock.observe_round_trip(5000.0, here.now)
    here.now += 4.0
    assert clock.observe_round_trip(5000.5, here.now - 0.01) == pytest.approx(-3.5)
    assert clock.now() == pytest.approx(5000.5)


def test_a_step_forward_is_followed_at_once(clock: AsteriskClock, here: Here) -> None:
    clock.observe(5000.0)
    here.now += 1.0
    clock.observe(9000.0)
    assert clock.now() == 9000.0


def test_a_step_forward_is_known_by_the_first_timestamp_after_it(clock: AsteriskClock, here: Here) -> None:
    clock.observe_round_trip(5000.0, here.now - 0.01)
    here.now += 4.0
    assert clock.observe(5004.0) == 0.0
    here.now += 1.0
    assert clock.observe(8605.0) == pytest.approx(3600.0)
    here.now += 1.0
    assert clock.observe(8606.0) == 0.0
    assert clock.observe_round_trip(8606.0, here.now - 0.01) == 0.0


def test_events_that_catch_up_after_a_stall_are_no_step(clock: AsteriskClock, here: Here) -> None:
    clock.observe_round_trip(5000.0, here.now - 0.01)
    here.now += 90.0  # nothing was read meanwhile, and all of it comes now
    for second in range(91):
        assert clock.observe(5000.0 + second) == 0.0
    assert clock.now() == pytest.approx(5090.0)
    assert clock.observe_round_trip(5090.0, here.now - 5.0) == 0.0


def test_two_connections_are_not_compared_event_by_event(clock: AsteriskClock, here: Here) -> None:
    clock.observe_round_trip(5000.0, here.now - 0.01)
    here.now += 60.0
    clock.observe(5060.0)
    clock.connected()
    assert clock.observe(5050.0) == 0.0  # it was sent before the old one's last event, and comes late


@given(
    by=st.sampled_from([-3600.0, -90.0, 0.0, 90.0, 3600.0]),
    latencies=st.lists(st.floats(0.0, 1.9), min_size=8, max_size=40),
    round_trip=st.floats(0.0, 1.5),
    before=st.integers(1, 6),
)
def test_lateness_is_never_taken_for_a_step_and_a_step_never_for_lateness(
    by: float, latencies: list[float], round_trip: float, before: int
) -> None:
    here = Here()
    clock = AsteriskClock(here)
    clock.observe_round_trip(here.now + 4000.0, here.now - round_trip)
    steps = []
    for number, latency in enumerate(latencies):
        here.now += 1.0
        shift = by if number >= before else 0.0
        steps.append(clock.observe(here.now + 4000.0 + shift - latency))
    found = [step for step in steps if step]
    assert len(found) == (1 if by else 0)
    assert sum(found) == pytest.approx(by, abs=2.0)


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
