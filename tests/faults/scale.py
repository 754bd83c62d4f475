"""How often each fault is tried, and by which dice."""

import os
import random
from functools import cache
from typing import Final, TypeVar

T = TypeVar("T")

FULL: Final = os.environ.get("CTI_FAULTS") == "full"


def times(short: T, full: T) -> T:
    """How often in this run: a few times in `make test`, as often as is promised in `make faults`."""
    return full if FULL else short


def patience() -> float:
    """How many times longer things take because others use this machine: 1 when it is ours alone."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@cache
def seed() -> int:
    """What every random choice of this run follows from."""
    given = os.environ.get("CTI_FAULTS_SEED")
    return int(given) if given else random.SystemRandom().randrange(10**6)


def dice(name: str) -> random.Random:
    """Random choices for one test, the same in each run with the same seed."""
    return random.Random(f"{seed()} {name}")
