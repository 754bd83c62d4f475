"""How many answers are still to come."""

import pytest

from cti.pacing.answers_to_come import Busyness, answers_to_come


def test_the_least_of_time_list_and_what_is_known_counts() -> None:
    assert answers_to_come(in_time=900, of_contacts=None, answered=0) == 900
    assert answers_to_come(in_time=900, of_contacts=40.5, answered=0) == 40.5
    assert answers_to_come(in_time=900, of_contacts=4_000, answered=0) == 900


def test_a_campaign_that_has_just_begun_is_not_trusted_with_a_day_of_a_hundred_thousand() -> None:
    begun = answers_to_come(in_time=280_000, of_contacts=None, answered=0)
    later = answers_to_come(in_time=280_000, of_contacts=None, answered=700)
    assert begun == 2_000
    assert later == begun + 700


def test_how_busy_agents_are_is_learned_within_the_hour() -> None:
    busyness = Busyness()
    assert busyness.share == 0.9
    for second in range(5_400):
        busyness.look(float(second), 10, 5)
    assert busyness.share == pytest.approx(0.52, abs=0.01)


def test_what_nobody_saw_and_a_clock_that_goes_back_change_nothing_much() -> None:
    busyness = Busyness()
    busyness.look(0.0, 10, 9)
    busyness.look(50_000.0, 10, 0)
    busyness.look(3.0, 10, 0)
    busyness.look(4.0, 0, 0)
    assert busyness.share > 0.89
