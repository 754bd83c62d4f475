"""The loss of a dial against every way in which it can come."""

from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.pacing.loss import ExactLoss, NormalLoss, most_dials

CHANCES = st.floats(0, 1)


def by_hand(surplus: int, free: list[float], answers: list[float]) -> float:
    """P(no agent left), by going through every outcome."""
    lost = 0.0
    for outcome in product((0, 1), repeat=len(free) + len(answers)):
        chances = [*free, *answers]
        left = surplus + sum(outcome[: len(free)]) - sum(outcome[len(free) :])
        if left <= 0:
            lost += prod(
                chance if came else 1 - chance for came, chance in zip(outcome, chances, strict=True)
            )
    return lost


@given(
    surplus=st.integers(-3, 4),
    free=st.lists(CHANCES, max_size=4),
    answers=st.lists(CHANCES, max_size=4),
    newcomer=CHANCES,
    dials=st.integers(0, 3),
)
def test_the_exact_loss_is_that_of_every_outcome(
    surplus: int, free: list[float], answers: list[float], newcomer: float, dials: int
) -> None:
    loss = ExactLoss(
        surplus, [((chance,), 1) for chance in free], [((chance,), 1) for chance in answers], (newcomer,)
    )
    expected = by_hand(surplus, free, [*answers, *[newcomer] * dials])
    assert loss.after(dials) == pytest.approx(expected, abs=1e-6)


def test_the_loss_is_the_mean_over_the_times_of_answer() -> None:
    loss = ExactLoss(0, [((0.2, 0.6), 1)], [], (0.1, 0.4))
    assert loss.after(0) == pytest.approx((0.8 + 0.4) / 2)
    # With one dial before it, an agent must be free and that dial not answered.
    assert loss.after(1) == pytest.approx((1 - 0.2 * 0.9 + 1 - 0.6 * 0.6) / 2)


def test_for_a_large_team_the_normal_loss_is_close_to_the_exact_one() -> None:
    agents = [((0.05, 0.1), 100), ((0.3, 0.5), 30)]
    ringing = [((0.1, 0.2), 40), ((0.05, 0.15), 30)]
    exact, normal = (kind(1, agents, ringing, (0.05, 0.2)) for kind in (ExactLoss, NormalLoss))
    for dials in (0, 10, 25, 40):
        assert normal.after(dials) == pytest.approx(exact.after(dials), abs=0.005)
    assert exact.after(40) > 0.02 > exact.after(0)


@given(threshold=st.floats(0.001, 0.3), at_least=st.integers(0, 12), at_most=st.integers(0, 40))
def test_the_most_dials_are_found_as_by_trying_one_after_the_other(
    threshold: float, at_least: int, at_most: int
) -> None:
    def loss() -> ExactLoss:
        return ExactLoss(3, [((0.2, 0.4), 12)], [((0.1, 0.3), 8)], (0.05, 0.2))

    tried, one_by_one = min(at_least, at_most), loss()
    while tried < at_most and one_by_one.after(tried) <= threshold:
        tried += 1
    assert most_dials(loss(), threshold, at_least, at_most) == tried
