"""How often Python looks for reference cycles, set for a process that keeps many small objects for long."""

import contextlib
import gc
from collections.abc import Iterator

#: Allocations before a look at the youngest objects. The usual 700 means a look every few dozen events, each
#: finding that calls, legs and agents still live; together that costs a fifth of an event's processor time.
_YOUNGEST = 50_000


def collect_rarely() -> None:
    """Looks for cycles less often, and never at what lives since the start."""
    gc.freeze()
    gc.set_threshold(_YOUNGEST, 20, 20)
    gc.enable()


@contextlib.contextmanager
def not_collecting() -> Iterator[None]:
    """Looks for no cycles meanwhile: for work that makes many objects that stay, and no cycles."""
    was_looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_looking:
            gc.enable()
