"""A random sample: the same again with its seed, in proportion, and not by any order."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.campaigns.imports.sample import SampleTooLarge, allocate, draw

POPULATION = [(member, "zh-CN" if member % 4 else "en") for member in range(1, 1_001)]


def test_the_same_seed_draws_the_same_in_whatever_order_they_are_given() -> None:
    drawn, strata = draw(POPULATION, 100, "poll-2026")
    assert draw(reversed(POPULATION), 100, "poll-2026") == (drawn, strata)
    assert [(one.name, one.population, one.drawn) for one in strata] == [("en", 250, 25), ("zh-CN", 750, 75)]
    assert draw(POPULATION, 100, "poll-2027")[0] != drawn


def test_who_is_drawn_can_be_told_without_this_program() -> None:
    """As docs/campaigns.md says it to whoever wants to check a published sample."""
    lots = sorted((hashlib.sha256(f"seed\0{member}".encode()).hexdigest(), member) for member in range(1, 21))
    assert draw([(member, "") for member in range(1, 21)], 5, "seed")[0] == {member for _, member in lots[:5]}


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(SampleTooLarge):
        draw(POPULATION, 1_001, "seed")
    assert draw([], 0, "seed") == (set(), [])


def test_everybody_is_drawn_about_equally_often() -> None:
    members = [(member, "") for member in range(50)]
    counts = [0] * 50
    for seed in range(400):
        for member in draw(members, 10, str(seed))[0]:
            counts[member] += 1
    # 80 each; the standard deviation is 8.
    assert min(counts) > 45
    assert max(counts) < 115


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 500), min_size=1, max_size=8), st.data())
def test_strata_are_drawn_from_as_their_share_is(populations: dict[str, int], data: st.DataObject) -> None:
    total = sum(populations.values())
    size = data.draw(st.integers(0, total))
    sizes = allocate(populations, size)
    assert sum(sizes.values()) == (size if total else 0)
    for name, drawn in sizes.items():
        assert 0 <= drawn <= populations[name]
        assert abs(drawn - size * populations[name] / total) < 1
