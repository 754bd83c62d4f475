"""Guessing gets slower and slower; whoever knows the password gets in."""

from cti.people.throttle import SignInThrottle


def fail(throttle: SignInThrottle, username: str, address: str, times: int, now: float) -> None:
    for _ in range(times):
        throttle.tried(username, address, now)


def test_the_first_tries_are_free_and_each_later_one_waits_twice_as_long() -> None:
    throttle = SignInThrottle()
    fail(throttle, "ann", "10.0.0.1", 3, 0)
    assert throttle.wait_seconds("ann", "10.0.0.1", 0) == 0
    waits = []
    for _ in range(4):
        throttle.tried("ann", "10.0.0.1", 0)
        waits.append(throttle.wait_seconds("ann", "10.0.0.1", 0))
    assert waits == [1, 2, 4, 8]
    assert throttle.wait_seconds("ann", "10.0.0.1", 5) == 3


def test_a_wait_is_at_most_five_minutes_and_all_is_forgotten_in_time() -> None:
    throttle = SignInThrottle()
    fail(throttle, "ann", "10.0.0.1", 500, 0)
    assert throttle.wait_seconds("ann", "10.0.0.1", 0) == 300
    assert throttle.wait_seconds("ann", "10.0.0.1", 901) == 0


def test_one_address_that_tries_many_names_is_slowed_down() -> None:
    throttle = SignInThrottle()
    for number in range(20):
        throttle.tried(f"user{number}", "10.0.0.1", 0)
    assert throttle.wait_seconds("somebody", "10.0.0.1", 0) > 0
    assert throttle.wait_seconds("somebody", "10.0.0.2", 0) == 0


def test_many_addresses_that_try_one_name_do_not_lock_its_owner_out() -> None:
    throttle = SignInThrottle()
    throttle.tried("ann", "10.0.0.1", 0)
    throttle.succeeded("ann", "10.0.0.1", 0)
    for number in range(50):
        throttle.tried("ann", f"10.1.0.{number}", 1)
    assert throttle.wait_seconds("ann", "10.2.0.1", 1) > 0
    assert throttle.wait_seconds("ann", "10.0.0.1", 1) == 0


def test_signing_in_takes_back_what_the_try_counted() -> None:
    throttle = SignInThrottle()
    for _ in range(100):
        throttle.tried("ann", "10.0.0.1", 0)
        throttle.succeeded("ann", "10.0.0.1", 0)
    assert throttle.wait_seconds("ann", "10.0.0.1", 0) == 0
    assert throttle.wait_seconds("bob", "10.0.0.1", 0) == 0
