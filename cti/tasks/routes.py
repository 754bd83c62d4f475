"""Tasks over HTTP: agents see those of their queues, supervisors all; who takes one has it alone."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from cti.agents.directory import DIRECTORY
from cti.http.keys import ENGINE
from cti.http.principal import PERSON, Principal, Role, Scope
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import Page, decode_cursor, encode_cursor
from cti.tasks import store, work
from cti.tasks.model import TaskAct
from cti.tasks.open_tasks import OPEN_TASKS, ChangedTask, TaskPlace
from cti.tasks.recordings import path_of
from cti.tasks.shapes import (
    Reference,
    TaskCounts,
    TaskDetailView,
    TaskEnd,
    TaskId,
    TaskNote,
    TasksQuery,
    TaskView,
    Transcription,
    history_view,
    task_view,
)
from cti.tasks.store import Sight, StoredTask, TaskFilter
from cti.tasks.work import Change

log = structlog.get_logger(__name__)
routes = Routes(tag="tasks")

#: Where recordings lie.
RECORDINGS: Final = web.AppKey("recordings", Path)
_ALL_SEEING: Final = (Role.SUPERVISOR, Role.ADMIN)


@routes.get("/api/v1/tasks", roles=PERSON, scope=Scope.TASKS_READ, summary="List tasks")
async def list_tasks(request: web.Request, principal: Principal, query: TasksQuery) -> Page[TaskView]:
    """What is due or was opened first comes first; of those that are over, what was closed last."""
    wanted = TaskFilter(
        closed=query.closed,
        state=query.state,
        queue=query.queue,
        kind=query.kind.value if query.kind is not None else None,
        reference=query.reference,
        call_id=query.call_id,
        taken_by=principal.user_id if query.mine else None,
    )
    after = None if query.cursor is None else decode_cursor(query.cursor, tuple[datetime, str])
    async with request.app[ENGINE].connect() as connection:
        found = await store.page_tasks(
            connection, _sight(request, principal), wanted, after=after, limit=query.limit + 1
        )
    shown = found[: query.limit]
    return Page(
        items=[_view(task, principal) for task in shown],
        next_cursor=_cursor(shown[-1]) if len(found) > query.limit else None,
    )


@routes.get("/api/v1/task-counts", roles=PERSON, summary="Count tasks")
async def count_tasks(request: web.Request, principal: Principal) -> TaskCounts:
    """Those to be done, by queue; the same figures come on the live connection."""
    sight = _sight(request, principal)
    counts = request.app[OPEN_TASKS].counts()
    return TaskCounts(items=[one for one in counts if sight.sees(one.queue, supervisor=one.supervisor)])


@routes.get("/api/v1/tasks/{task_id}", roles=PERSON, scope=Scope.TASKS_READ, summary="Read a task")
async def read_task(request: web.Request, principal: Principal, task_id: TaskId) -> TaskDetailView:
    """With what was done with it."""
    async with request.app[ENGINE].connect() as connection:
        task = await store.read_task(connection, task_id, _sight(request, principal))
        history = await store.read_history(connection, task_id)
    return TaskDetailView(task=_view(task, principal), history=[history_view(entry) for entry in history])


@routes.post("/api/v1/tasks/{task_id}/take", roles=PERSON, summary="Take a task")
async def take_task(request: web.Request, principal: Principal, task_id: TaskId) -> TaskView:
    """From now on it is nobody else's."""
    return await _do(
        request, principal, task_id, lambda task, user, now: work.take(task, user, now), note=None
    )


@routes.post("/api/v1/tasks/{task_id}/release", roles=PERSON, summary="Give a task back")
async def release_task(request: web.Request, principal: Principal, task_id: TaskId) -> TaskView:
    """Others may take it; a supervisor gives back also what somebody else has taken."""
    may_all = principal.role in _ALL_SEEING
    return await _do(
        request,
        principal,
        task_id,
        lambda task, user, _: work.release(task, user, may_all=may_all),
        note=None,
    )


@routes.post("/api/v1/tasks/{task_id}/done", roles=PERSON, summary="Say that a task is done")
async def finish_task(request: web.Request, principal: Principal, task_id: TaskId, body: TaskEnd) -> TaskView:
    """With a note if there is something to say."""
    return await _close(request, principal, task_id, TaskAct.DONE, body.note)


@routes.post("/api/v1/tasks/{task_id}/cancel", roles=PERSON, summary="Say that a task need not be done")
async def cancel_task(request: web.Request, principal: Principal, task_id: TaskId, body: TaskEnd) -> TaskView:
    """With a note if there is something to say."""
    return await _close(request, principal, task_id, TaskAct.CANCELLED, body.note)


@routes.post("/api/v1/tasks/{task_id}/reopen", roles=PERSON, summary="Undo the end of a task")
async def reopen_task(request: web.Request, principal: Principal, task_id: TaskId) -> TaskView:
    """It is as it was before it was done or cancelled."""
    may_all = principal.role in _ALL_SEEING
    return await _do(
        request,
        principal,
        task_id,
        lambda task, user, _: work.reopen(task, user, may_all=may_all),
        note=None,
    )


@routes.put("/api/v1/tasks/{task_id}/note", roles=PERSON, summary="Write a note on a task")
async def write_note(request: web.Request, principal: Principal, task_id: TaskId, body: TaskNote) -> TaskView:
    """It takes the place of the one before, which stays in the history."""
    may_all = principal.role in _ALL_SEEING
    return await _do(
        request,
        principal,
        task_id,
        lambda task, user, _: work.note(task, user, body.note, may_all=may_all),
        note=body.note,
    )


@routes.get(
    "/api/v1/tasks/{task_id}/recording",
    roles=PERSON,
    scope=Scope.TASKS_READ,
    summary="Hear the recording of a task",
    media_type="audio/wav",
    timeout_seconds=None,
)
async def hear_recording(request: web.Request, principal: Principal, task_id: TaskId) -> web.FileResponse:
    """The sound, whole or the part that a Range header asks for. Who heard it stands in the history."""
    async with request.app[ENGINE].begin() as connection:
        task = await store.read_task(connection, task_id, _sight(request, principal))
        path = path_of(request.app[RECORDINGS], task.recording) if task.recording is not None else None
        if path is None:
            raise Problem("task.no_recording", task_id=task_id)
        if _is_whole(request):
            await store.write_act(connection, task_id, TaskAct.LISTENED, {}, user_id=principal.user_id)
            log.info("task.recording_heard", task=task_id, recording=task.recording, by=principal.key)
    headers = {"Content-Type": "audio/wav", "Cache-Control": "private, no-store"}
    return web.FileResponse(path, headers=headers)


@routes.put(
    "/api/v1/task-references/{reference}/transcription",
    roles=(Role.ADMIN,),
    scope=Scope.TASKS_WRITE,
    summary="Write down what a recording says",
)
async def write_transcription(
    request: web.Request, principal: Principal, reference: Reference, body: Transcription
) -> None:
    """For whoever was told the reference by a flow's message; it takes the place of the one before."""
    async with request.app[ENGINE].begin() as connection:
        task_id = await store.find_by_reference(connection, reference)
        values = {"transcription": body.text}
        await store.write_act(connection, task_id, TaskAct.TRANSCRIBED, values, user_id=principal.user_id)
        task = await store.read_task(connection, task_id, Sight())
    log.info("task.transcribed", task=task_id, by=principal.key)
    place = TaskPlace(task.queue, task.supervisor)
    await request.app[OPEN_TASKS].changed(ChangedTask(task_id, place))


async def _close(
    request: web.Request, principal: Principal, task_id: str, act: TaskAct, note: str | None
) -> TaskView:
    may_all = principal.role in _ALL_SEEING
    return await _do(
        request,
        principal,
        task_id,
        lambda task, user, now: work.close(task, user, now, act, may_all=may_all),
        note=note,
    )


async def _do(
    request: web.Request,
    principal: Principal,
    task_id: str,
    decide: Callable[[StoredTask, int, datetime], Change | None],
    *,
    note: str | None,
) -> TaskView:
    sight = _sight(request, principal)
    user_id = principal.user_id or 0
    async with request.app[ENGINE].begin() as connection:
        task = await store.read_task(connection, task_id, sight, lock=True)
        change = decide(task, user_id, datetime.now(UTC))
        if change is not None:
            values = change.values if note is None else {**change.values, "note": note}
            await store.write_act(connection, task_id, change.act, values, user_id=user_id, note=note)
            task = await store.read_task(connection, task_id, sight)
    if change is not None:
        log.info("task.changed", task=task_id, act=change.act.value, by=principal.key)
        place = TaskPlace(task.queue, task.supervisor)
        await request.app[OPEN_TASKS].changed(ChangedTask(task_id, place))
    return _view(task, principal)


def _cursor(task: StoredTask) -> str:
    at, task_id = store.sort_key(task)
    return encode_cursor(at.isoformat(), task_id)


def _sight(request: web.Request, principal: Principal) -> Sight:
    if principal.role is not Role.AGENT:
        return Sight()
    entry = request.app[DIRECTORY].agents.get(principal.agent_id or 0)
    return Sight(queues=frozenset(entry.queues if entry is not None else ()))


def _view(task: StoredTask, principal: Principal) -> TaskView:
    his = task.taken_by is not None and task.taken_by.id == principal.user_id
    sees_all = principal.role is not Role.AGENT and principal.has_scope(Scope.NUMBERS_READ)
    return task_view(task, full_numbers=his or sees_all)


def _is_whole(request: web.Request) -> bool:
    """Whether the sound is asked for from its beginning: a player asks for the rest part by part."""
    asked = request.headers.get("Range", "")
    return not asked or asked.replace(" ", "").startswith("bytes=0-")
