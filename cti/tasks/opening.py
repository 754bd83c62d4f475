"""Opening a task: written down so that it is not forgotten, whatever is down."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from cti.asterisk.events import encode
from cti.flows.actions import OpenTask, Value
from cti.journal.durability import in_time

_MOST_VALUES: Final = 50
_LONGEST_VALUE: Final = 1_000
#: Values that are columns of their own.
_NUMBER: Final = "number"
_DUE_AT: Final = "due_at"


class TaskOpener:
    """Opens tasks.

    ``take`` appends an event to the journal and gives its position, ``durable`` waits until that position is
    on disk, ``reference`` is what a task opened at an instant is called, ``clock`` is Asterisk's (epoch
    seconds).
    """

    def __init__(
        self,
        *,
        take: Callable[[bytes], int],
        durable: Callable[[int], Awaitable[None]],
        reference: Callable[[float], str],
        clock: Callable[[], float],
    ) -> None:
        self._take = take
        self._durable = durable
        self._reference = reference
        self._clock = clock

    async def open(self, task_id: str, task: OpenTask, *, uniqueid: str = "", number: str = "") -> str:
        """Opens a task on the call of a channel; returns its reference once it is sure not to be forgotten.

        Of the values, `number` (whom it is about, else ``number``, else the caller) and `due_at` (an instant,
        ISO 8601) have their own place in a task.

        Raises:
            JournalError: it cannot be written down.
            TimeoutError: it was not on disk in time.
            InvalidField: an id holds a control character.
        """
        values = dict(task.values)
        given, due = values.pop(_NUMBER, None), _epoch(values.pop(_DUE_AT, None))
        at = self._clock()
        reference = self._reference(at)
        headers: dict[str, str | float] = {
            "Task": task_id,
            "Uniqueid": uniqueid,
            "Kind": task.kind.value,
            "Queue": task.queue,
            "Supervisor": int(task.supervisor or not task.queue),
            "Reference": reference,
            "Number": _line(given or number),
            "Recording": task.recording,
            "Details": _details(values),
        }
        if due is not None:
            headers["DueAt"] = f"{due:.3f}"
        # Nothing may come between the reference and its event: no await here.
        position = self._take(encode("CtiTaskOpened", at, **headers))
        await in_time(self._durable, position)
        return reference


def _details(values: Mapping[str, Value]) -> str:
    kept = list(values.items())[:_MOST_VALUES]
    return json.dumps(
        {name: value[:_LONGEST_VALUE] if isinstance(value, str) else value for name, value in kept}
    )


def _line(value: object) -> str:
    return "".join(letter for letter in str(value) if letter.isprintable())[:64]


def _epoch(value: Value) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        due = datetime.fromisoformat(value)
    except ValueError:
        return None
    return due.timestamp() if due.tzinfo is not None else None
