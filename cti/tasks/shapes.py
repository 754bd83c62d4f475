"""Tasks as the API takes and gives them."""

from datetime import datetime
from typing import Annotated

import msgspec
from pydantic import Field

from cti.customers.numbers import mask, mask_value
from cti.flows.deed_words import TaskKind
from cti.http.shapes import Body, Instant, PageQuery, PlainText, instant
from cti.tasks.model import TaskState
from cti.tasks.open_tasks import TaskCount
from cti.tasks.store import HistoryEntry, Somebody, StoredTask

TaskId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,160}$")]
Reference = Annotated[str, Field(pattern=r"^[0-9]{7,16}$")]
Note = Annotated[PlainText, Field(max_length=4000)]


class TasksQuery(PageQuery):
    """Which tasks: those to be done, or with ``closed`` those that are over; of a state, queue, kind, call,
    reference; one's own.
    """

    closed: bool = False
    state: TaskState | None = None
    queue: str | None = Field(None, pattern=r"^[a-z0-9-]{1,64}$")
    kind: TaskKind | None = None
    reference: str | None = Field(None, pattern=r"^[0-9]{1,16}$")
    call_id: str | None = Field(None, min_length=1, max_length=150)
    mine: bool = False


class TaskNote(Body):
    """What to say about a task."""

    note: Note


class Transcription(Body):
    """What the recording of a task says."""

    text: Annotated[PlainText, Field(max_length=20_000)]


class TaskEnd(Body):
    """How a task ends; a note takes the place of the one before."""

    note: Note | None = None


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task. Whoever works on it sees numbers in full, other agents masked. ``values`` is what the flow says
    of it; ``has_recording`` tells whether there is something to hear.
    """

    id: str
    reference: str
    kind: str
    state: TaskState
    queue: str | None
    supervisor: bool
    opened_at: Instant
    due_at: Instant | None
    call_id: str | None
    number: str | None
    values: dict[str, str | int | float | bool | None]
    has_recording: bool
    taken_by: Somebody | None
    taken_at: Instant | None
    closed_by: Somebody | None
    closed_at: Instant | None
    note: str
    transcription: str | None


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did with a task."""

    at: Instant
    by: Somebody | None
    act: str
    note: str | None


class TaskDetailView(msgspec.Struct, frozen=True, kw_only=True):
    """A task with its history."""

    task: TaskView
    history: list[HistoryView]


class TaskCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks there are to do, by queue, of those that one may see."""

    items: list[TaskCount]


def task_view(task: StoredTask, *, full_numbers: bool) -> TaskView:
    """The task as it is given."""
    values = _values(task.details)
    if not full_numbers:
        values = {name: mask_value(value) for name, value in values.items()}
    return TaskView(
        id=task.id,
        reference=task.reference,
        kind=task.kind,
        state=task.state,
        queue=task.queue,
        supervisor=task.supervisor,
        opened_at=_instant(task.opened_at),
        due_at=_instant_or_none(task.due_at),
        call_id=task.call_id,
        number=task.number if full_numbers else mask(task.number),
        values=values,
        has_recording=task.recording is not None,
        taken_by=task.taken_by,
        taken_at=_instant_or_none(task.taken_at),
        closed_by=task.closed_by,
        closed_at=_instant_or_none(task.closed_at),
        note=task.note,
        transcription=task.transcription,
    )


def history_view(entry: HistoryEntry) -> HistoryView:
    """The entry as it is given."""
    return HistoryView(at=_instant(entry.at), by=entry.by, act=entry.act.value, note=entry.note)


def _values(details: str) -> dict[str, str | int | float | bool | None]:
    try:
        return msgspec.json.decode(details, type=dict[str, str | int | float | bool | None])
    except msgspec.DecodeError:  # an event that somebody wrote by hand
        return {}


def _instant(at: datetime) -> str:
    return instant(at.timestamp())


def _instant_or_none(at: datetime | None) -> str | None:
    return None if at is None else _instant(at)
