"""What the dialplan is told: never more than letters, digits and a few signs, whatever a flow's data said."""

import pytest

from cti.flows.actions import Connect, WaitInQueue
from cti.ivr.sessions.next_steps import connecting, ending, waiting


def wait(queue: str = "sales", longest: int | None = None, priority: int = 0, keys: str = "") -> WaitInQueue:
    return WaitInQueue(step="m/q", queue=queue, longest_seconds=longest, priority=priority, keys=keys)


def connect(extension: str = "", number: str = "", ring: int = 30) -> Connect:
    return Connect(step="m/c", agent="", extension=extension, number=number, ring_seconds=ring, values={})


def test_a_queue_is_told_with_its_time_its_priority_and_its_keys() -> None:
    step = waiting(wait(longest=90, priority=5, keys="71*1"))
    assert step is not None
    assert (step.to, step.queue) == ("queue", "sales")
    assert step.variables == {
        "CTI_QUEUE": "sales", "CTI_WAIT": "90", "CTI_PRIORITY": "5", "CTI_KEYS": "*17", "CTI_NEXT": "queue",
    }  # fmt: skip
    assert list(step.variables)[-1] == "CTI_NEXT", "set last: all that it needs is there"


@pytest.mark.parametrize("queue", ["", "Sales", "sales,x", "a" * 65, "${EVAL(1)}", "sales\n", "队列"])
def test_what_cannot_be_a_queue_is_none(queue: str) -> None:
    assert waiting(wait(queue)) is None


def test_what_is_out_of_range_is_brought_into_it() -> None:
    step = waiting(wait(longest=-5, priority=10**9, keys="1;${x}2"))
    assert step is not None
    assert step.variables["CTI_WAIT"] == "1"
    assert step.variables["CTI_PRIORITY"] == "1000"
    assert step.variables["CTI_KEYS"] == "12"


def test_somebody_is_rung_at_an_extension_or_outside() -> None:
    inside, outside = (
        connecting(connect(ring=10**6), "1001"),
        connecting(connect(number="+8613800138000"), ""),
    )
    assert inside is not None
    assert inside.variables == {"CTI_TO": "1001", "CTI_RING": "300", "CTI_NEXT": "extension"}
    assert outside is not None
    assert outside.variables["CTI_NEXT"] == "number"


@pytest.mark.parametrize("number", ["", "12", "1001@trunk", "1;2", "+", "１２３４"])
def test_what_cannot_be_a_number_is_nobody(number: str) -> None:
    assert connecting(connect(number=number), "") is None
    assert connecting(connect(), f"{number}x") is None


def test_the_end_needs_nothing() -> None:
    assert ending().variables == {"CTI_NEXT": "end"}
