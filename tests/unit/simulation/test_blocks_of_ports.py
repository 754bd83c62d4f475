"""Laboratories and loads that run side by side have ports of their own."""

import pytest

from cti.simulation.lab_ports import take_block

BASES = range(9_000, 9_400, 200)


def test_a_block_is_nobody_elses_until_it_is_given_back() -> None:
    first, guard = take_block(BASES)
    with guard:
        second, other = take_block(BASES)
        with other:
            assert second != first
            with pytest.raises(OSError, match="9000 to 9400"):
                take_block(BASES)
    again, guard = take_block(BASES)
    with guard:
        assert again == first
