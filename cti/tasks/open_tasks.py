"""How many tasks wait, by queue, at once: also those that the database has not got yet."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import msgspec
import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.board.facts import Fact, TaskOpened
from cti.db.memory import Memory
from cti.tasks.model import TaskState
from cti.tasks.tables import tasks

_REFRESH_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 1.0
#: While the database is away at most so many new tasks are remembered one by one.
_MOST_NEW: Final = 10_000


class TaskPlace(msgspec.Struct, frozen=True):
    """Whose a task is: of the agents of a queue, or of supervisors (with or without a queue)."""

    queue: str | None
    supervisor: bool


class TaskCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks of one place nobody has taken, and how many somebody has."""

    queue: str | None
    supervisor: bool
    open: int
    taken: int


class ChangedTask(msgspec.Struct, frozen=True):
    """A task that is new, or with which something was done."""

    id: str
    place: TaskPlace


class _Counted(msgspec.Struct, frozen=True):
    counts: dict[TaskPlace, tuple[int, int]] = {}
    #: New tasks that the database has got.
    known: frozenset[str] = frozenset()


class OpenTasks:
    """Counts of tasks. `observe` takes the board's facts; `run` is the loop.

    ``on_change`` is told which tasks changed, or of none when only the counts did.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.on_change: Callable[[list[ChangedTask]], None] = lambda _: None
        self._new: dict[str, TaskPlace] = {}
        self._wake = asyncio.Event()
        self._memory = Memory("tasks", engine, self._read, _Counted())

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        for fact in facts:
            if isinstance(fact, TaskOpened) and len(self._new) < _MOST_NEW:
                place = TaskPlace(fact.task.queue, fact.task.supervisor)
                self._new[fact.task.id] = place
                self.on_change([ChangedTask(fact.task.id, place)])
                self._wake.set()

    def counts(self) -> list[TaskCount]:
        """All places with something to do, by queue."""
        found = dict(self._memory.content.counts)
        for task_id, place in self._new.items():
            if task_id not in self._memory.content.known:
                waiting, taken = found.get(place, (0, 0))
                found[place] = (waiting + 1, taken)
        return [
            TaskCount(queue=place.queue, supervisor=place.supervisor, open=waiting, taken=taken)
            for place, (waiting, taken) in sorted(
                found.items(), key=lambda one: (one[0].queue or "", one[0].supervisor)
            )
        ]

    async def changed(self, task: ChangedTask) -> None:
        """Something was done with a task."""
        await self.refresh()
        self.on_change([task])

    async def refresh(self) -> bool:
        """Counts anew; False when the database does not answer."""
        before = self.counts()
        fresh = await self._memory.refresh()
        # Whoever lists them finds them only now.
        there = [
            ChangedTask(task_id, place)
            for task_id in self._memory.content.known
            if (place := self._new.pop(task_id, None)) is not None
        ]
        if there or self.counts() != before:
            self.on_change(there)
        return fresh

    async def run(self) -> None:
        """Counts until cancelled."""
        while True:
            self._wake.clear()
            fresh = await self.refresh()
            with suppress(TimeoutError):
                async with asyncio.timeout(_REFRESH_SECONDS if fresh and not self._new else _RETRY_SECONDS):
                    await self._wake.wait()

    async def _read(self, connection: AsyncConnection) -> _Counted:
        new = list(self._new)
        is_open = tasks.c.state == TaskState.OPEN.value
        statement = (
            sa.select(
                tasks.c.queue,
                tasks.c.supervisor,
                sa.func.count().filter(is_open),
                sa.func.count().filter(~is_open),
            )
            .where(tasks.c.state.in_([TaskState.OPEN.value, TaskState.TAKEN.value]))
            .group_by(tasks.c.queue, tasks.c.supervisor)
        )
        # Both of one moment: what is known is counted, and what is not known is not.
        await connection.execution_options(isolation_level="REPEATABLE READ")
        rows = (await connection.execute(statement)).all()
        known = (await connection.execute(sa.select(tasks.c.id).where(tasks.c.id.in_(new)))).scalars()
        return _Counted(
            {TaskPlace(queue, supervisor): (waiting, taken) for queue, supervisor, waiting, taken in rows},
            frozenset(known),
        )


OPEN_TASKS = web.AppKey("open_tasks", OpenTasks)
