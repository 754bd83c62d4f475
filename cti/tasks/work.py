"""What people may do with a task, given how far it is. Pure: what changes is answered, not done."""

from typing import Any

import msgspec

from cti.http.problems import Problem
from cti.tasks.model import TaskAct, TaskState
from cti.tasks.store import StoredTask


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What happens, and the columns that it sets. No column: nothing changes."""

    act: TaskAct
    values: dict[str, Any]


def take(task: StoredTask, user_id: int, now: object) -> Change | None:
    """It is his, and nobody else's; None when it is already.

    Raises:
        Problem: `task.taken` by somebody else, or `task.closed`.
    """
    _check_not_closed(task)
    if task.taken_by is not None:
        if task.taken_by.id == user_id:
            return None
        raise Problem("task.taken", name=task.taken_by.name)
    return Change(
        act=TaskAct.TAKEN,
        values={"state": TaskState.TAKEN.value, "taken_by": user_id, "taken_at": now},
    )


def release(task: StoredTask, user_id: int, *, may_all: bool) -> Change | None:
    """It is everybody's again; None when it is already. A supervisor may release what an agent has.

    Raises:
        Problem: `task.taken` by somebody else, or `task.closed`.
    """
    _check_not_closed(task)
    if task.taken_by is None:
        return None
    _check_his(task, user_id, may_all=may_all)
    return Change(
        act=TaskAct.RELEASED, values={"state": TaskState.OPEN.value, "taken_by": None, "taken_at": None}
    )


def close(task: StoredTask, user_id: int, now: object, act: TaskAct, *, may_all: bool) -> Change | None:
    """It is done, or cancelled; None when that was said before. Whoever does it without taking it first has
    taken it.

    Raises:
        Problem: `task.taken` by somebody else, or `task.closed` otherwise.
    """
    state = TaskState.DONE if act is TaskAct.DONE else TaskState.CANCELLED
    if task.state is state:
        return None
    _check_not_closed(task)
    if task.taken_by is not None:
        _check_his(task, user_id, may_all=may_all)
    values = {"state": state.value, "closed_by": user_id, "closed_at": now}
    if task.taken_by is None and act is TaskAct.DONE:
        values |= {"taken_by": user_id, "taken_at": now}
    return Change(act=act, values=values)


def reopen(task: StoredTask, user_id: int, *, may_all: bool) -> Change | None:
    """It was closed by mistake, and is as it was before; None when it is not closed. Who closed it may, and a
    supervisor.

    Raises:
        Problem: `task.closed_by_other`.
    """
    if task.closed_by is None:
        return None
    if not may_all and task.closed_by.id != user_id:
        raise Problem("task.closed_by_other", name=task.closed_by.name)
    state = TaskState.OPEN if task.taken_by is None else TaskState.TAKEN
    return Change(act=TaskAct.REOPENED, values={"state": state.value, "closed_by": None, "closed_at": None})


def note(task: StoredTask, user_id: int, text: str, *, may_all: bool) -> Change | None:
    """What somebody has to say about it; None when that stands there already.

    Raises:
        Problem: `task.taken` by somebody else.
    """
    if task.note == text:
        return None
    if task.taken_by is not None:
        _check_his(task, user_id, may_all=may_all)
    return Change(act=TaskAct.NOTED, values={"note": text})


def _check_not_closed(task: StoredTask) -> None:
    if task.closed_by is not None:
        raise Problem("task.closed", name=task.closed_by.name)


def _check_his(task: StoredTask, user_id: int, *, may_all: bool) -> None:
    if not may_all and task.taken_by is not None and task.taken_by.id != user_id:
        raise Problem("task.taken", name=task.taken_by.name)
