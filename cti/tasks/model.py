"""A task as it is opened, and what people make of it."""

from enum import StrEnum

import msgspec


class TaskState(StrEnum):
    """How far a task is."""

    OPEN = "open"
    #: Somebody works on it, and nobody else.
    TAKEN = "taken"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskAct(StrEnum):
    """What happened to a task, as its history says."""

    TAKEN = "taken"
    RELEASED = "released"
    DONE = "done"
    CANCELLED = "cancelled"
    #: It was done or cancelled, and is not any more.
    REOPENED = "reopened"
    NOTED = "noted"
    LISTENED = "listened"
    TRANSCRIBED = "transcribed"


class Task(msgspec.Struct, kw_only=True):
    """Something that somebody has to do, as it was opened; it never changes. Instants are epoch seconds.

    ``id`` is that of its flow's run and a number, so that the same task opened twice is one; ``reference`` is
    what a caller is told; ``details`` is a JSON object: what the task shows.
    """

    id: str
    opened_at: float
    node: str
    reference: str
    #: See `cti.flows.deed_words.TaskKind`.
    kind: str
    #: Whose agents do it; None for supervisors alone.
    queue: str | None = None
    supervisor: bool = False
    #: None when its call is not known.
    call_id: str | None = None
    call_started_at: float | None = None
    #: Whom it is about.
    number: str | None = None
    details: str = "{}"
    #: The id of the recording that belongs to it.
    recording: str | None = None
    due_at: float | None = None
