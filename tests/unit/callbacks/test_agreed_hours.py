"""Who has agreed a time has chosen his hour, around that time."""

import pytest

from cti.callbacks.agreed import purpose_at
from cti.dialling.rules.may_dial import Purpose

DUE = 1_795_651_200.0


@pytest.mark.parametrize(
    ("late_seconds", "purpose"),
    [
        (-601, Purpose.MANUAL),
        (-600, Purpose.CALLBACK),
        (0, Purpose.CALLBACK),
        (3600, Purpose.CALLBACK),
        (3601, Purpose.MANUAL),
    ],
)
def test_around_the_time_agreed_he_is_called_on_his_word(late_seconds: int, purpose: Purpose) -> None:
    assert purpose_at(DUE, DUE + late_seconds) is purpose
