"""Reading tasks, and writing what people make of them; functions that take a connection."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.http.problems import Problem
from cti.people.tables import users
from cti.tasks.model import TaskAct, TaskState
from cti.tasks.tables import task_history, tasks

_ACTIVE = (TaskState.OPEN.value, TaskState.TAKEN.value)
_CLOSED = (TaskState.DONE.value, TaskState.CANCELLED.value)


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """A user and what people call him."""

    id: int
    name: str


class StoredTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task with what people have made of it."""

    id: str
    opened_at: datetime
    reference: str
    kind: str
    queue: str | None
    supervisor: bool
    call_id: str | None
    number: str | None
    details: str
    recording: str | None
    due_at: datetime | None
    state: TaskState
    taken_by: Somebody | None
    taken_at: datetime | None
    closed_by: Somebody | None
    closed_at: datetime | None
    note: str
    transcription: str | None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did with a task."""

    at: datetime
    by: Somebody | None
    act: TaskAct
    note: str | None


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks somebody may see: all, or those for agents of some queues."""

    queues: frozenset[str] | None = None

    def sees(self, queue: str | None, *, supervisor: bool) -> bool:
        """Whether a task is within it."""
        return self.queues is None or (queue in self.queues and not supervisor)

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The same in SQL."""
        if self.queues is None:
            return sa.true()
        return tasks.c.queue.in_(sorted(self.queues)) & ~tasks.c.supervisor


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are wanted; ``closed`` those that are over, else those that are to be done."""

    closed: bool = False
    state: TaskState | None = None
    queue: str | None = None
    kind: str | None = None
    reference: str | None = None
    call_id: str | None = None
    taken_by: int | None = None


async def page_tasks(
    connection: AsyncConnection,
    sight: Sight,
    wanted: TaskFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[StoredTask]:
    """Tasks in the order in which they are due, or were opened; closed ones as they were closed, last first.

    ``after`` is the sort key of the last task that was given.
    """
    found = sight.condition
    for column, value in (
        (tasks.c.state, wanted.state.value if wanted.state is not None else None),
        (tasks.c.queue, wanted.queue),
        (tasks.c.kind, wanted.kind),
        (tasks.c.reference, wanted.reference),
        (tasks.c.call_id, wanted.call_id),
        (tasks.c.taken_by, wanted.taken_by),
    ):
        if value is not None:
            found &= column == value
    if wanted.state is None:
        found &= tasks.c.state.in_(_CLOSED if wanted.closed else _ACTIVE)
    closed = wanted.closed or (wanted.state is not None and wanted.state.value in _CLOSED)
    due = tasks.c.closed_at if closed else sa.func.coalesce(tasks.c.due_at, tasks.c.opened_at)
    key = sa.tuple_(due, tasks.c.id)
    if after is not None:
        last = sa.tuple_(sa.literal(after[0]), sa.literal(after[1], sa.Text(collation="C")))
        found &= key < last if closed else key > last
    order = (due.desc(), tasks.c.id.desc()) if closed else (due, tasks.c.id)
    return await _read(connection, found, order, limit)


def sort_key(task: StoredTask) -> tuple[datetime, str]:
    """Where a task stands in its page."""
    return task.closed_at or task.due_at or task.opened_at, task.id


async def read_task(
    connection: AsyncConnection, task_id: str, sight: Sight, *, lock: bool = False
) -> StoredTask:
    """One task; with ``lock`` nobody else changes it until the transaction ends.

    Raises:
        Problem: `task.not_found`.
    """
    if lock:
        await connection.execute(sa.select(tasks.c.id).where(tasks.c.id == task_id).with_for_update())
    found = await _read(connection, (tasks.c.id == task_id) & sight.condition, (tasks.c.id,), 1)
    if not found:
        raise Problem("task.not_found", task_id=task_id)
    return found[0]


async def find_by_reference(connection: AsyncConnection, reference: str) -> str:
    """The id of the task of a reference; whoever asks holds its row.

    Raises:
        Problem: `task.not_found`.
    """
    statement = (
        sa.select(tasks.c.id)
        .where(tasks.c.reference == reference)
        .order_by(tasks.c.opened_at.desc())
        .limit(1)
        .with_for_update()
    )
    task_id: str | None = await connection.scalar(statement)
    if task_id is None:
        raise Problem("task.not_found", task_id=reference)
    return task_id


async def read_history(connection: AsyncConnection, task_id: str) -> list[HistoryEntry]:
    """What was done with a task, the first first."""
    statement = (
        sa.select(task_history, users.c.name)
        .outerjoin(users, users.c.id == task_history.c.user_id)
        .where(task_history.c.task_id == task_id)
        .order_by(task_history.c.id)
    )
    return [
        HistoryEntry(at=row.at, by=_somebody(row.user_id, row.name), act=TaskAct(row.act), note=row.note)
        for row in await connection.execute(statement)
    ]


async def write_act(
    connection: AsyncConnection,
    task_id: str,
    act: TaskAct,
    values: dict[str, Any],
    *,
    user_id: int | None,
    note: str | None = None,
) -> None:
    """Set columns of a task and write into its history what was done; the caller holds the row."""
    if values:
        await connection.execute(tasks.update().where(tasks.c.id == task_id).values(values))
    await connection.execute(
        task_history.insert().values(task_id=task_id, user_id=user_id, act=act.value, note=note)
    )


async def _read(
    connection: AsyncConnection,
    which: sa.ColumnElement[bool],
    order: Collection[sa.ColumnElement[Any]],
    limit: int,
) -> list[StoredTask]:
    taker, closer = users.alias("taker"), users.alias("closer")
    statement = (
        sa.select(tasks, taker.c.name.label("taker"), closer.c.name.label("closer"))
        .outerjoin(taker, taker.c.id == tasks.c.taken_by)
        .outerjoin(closer, closer.c.id == tasks.c.closed_by)
        .where(which)
        .order_by(*order)
        .limit(limit)
    )
    return [
        StoredTask(
            id=row.id,
            opened_at=row.opened_at,
            reference=row.reference,
            kind=row.kind,
            queue=row.queue,
            supervisor=row.supervisor,
            call_id=row.call_id,
            number=row.number,
            details=row.details,
            recording=row.recording,
            due_at=row.due_at,
            state=TaskState(row.state),
            taken_by=_somebody(row.taken_by, row.taker),
            taken_at=row.taken_at,
            closed_by=_somebody(row.closed_by, row.closer),
            closed_at=row.closed_at,
            note=row.note,
            transcription=row.transcription,
        )
        for row in await connection.execute(statement)
    ]


def _somebody(user_id: int | None, name: str | None) -> Somebody | None:
    return None if user_id is None else Somebody(id=user_id, name=name or f"#{user_id}")
