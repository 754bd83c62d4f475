"""Whose turn it is to be called back. Pure.

Who keeps his place is called when nobody waits any more who came before him, so that he stands at the head of
the queue when he answers. No more are called at a time than there are agents to take them; one is, when
somebody is signed in at all, since with every agent talking the head of the queue is who comes next.
"""

from collections.abc import Iterable, Sequence

import msgspec

from cti.callbacks.model import Callback, CallbackState


class QueueSituation(msgspec.Struct, frozen=True, kw_only=True):
    """What a queue looks like now."""

    #: When each caller who waits in it joined.
    joined: Sequence[float]
    #: Agents who are signed in to it and not paused, and those of them who are free.
    staffed: int
    ready: int
    #: Callers who were called back and wait in it now.
    called_back: int = 0


def due(callbacks: Iterable[Callback], situation: QueueSituation) -> list[Callback]:
    """Those of one queue's callbacks that are to be dialled now, the first first."""
    if not situation.staffed:
        return []
    callbacks = list(callbacks)
    under_way = sum(one.state is CallbackState.DIALLING for one in callbacks) + situation.called_back
    free = max(1, situation.ready) - under_way
    first = min(situation.joined, default=float("inf"))
    line = sorted(
        (one for one in callbacks if one.state is CallbackState.WAITING),
        key=lambda one: (one.place_at, one.id),
    )
    return [one for one in line if one.place_at <= first][: max(0, free)]


def place(callback: Callback, callbacks: Iterable[Callback], joined: Iterable[float]) -> int:
    """His place in the line, 1 for the head, callers and callbacks together."""
    before = [at for at in joined if at < callback.place_at]
    ahead = [
        one
        for one in callbacks
        if one.state is CallbackState.WAITING and (one.place_at, one.id) < (callback.place_at, callback.id)
    ]
    return len(before) + len(ahead) + 1
