"""Tasks as the service opens them while it leads a caller, or when it finds a message.

A task is told once and not kept. It is made whatever else is known: one whose call has left the board, or was
never seen, is a task all the same.
"""

from cti.asterisk.events import AmiEvent
from cti.board.facts import Fact, TaskOpened
from cti.board.state import State, anomaly, epoch_of, find_call
from cti.tasks.model import Task
from cti.tasks.reference import next_number, reference_of


def opened(state: State, event: AmiEvent, out: list[Fact]) -> None:
    """Somebody has to do something."""
    task_id, kind = event.get("Task"), event.get("Kind")
    if not task_id or not kind:
        out.append(anomaly(state, event, "is no task", event.get("Uniqueid") or None))
        return
    day, number = next_number(state.at, state.task_day, state.task_number)
    state.task_day, state.task_number = day, number
    uniqueid = event.get("Uniqueid")
    if uniqueid and task_id.startswith(f"{uniqueid}."):
        task_id = state.leg_id(task_id)  # a Uniqueid can come again in another life of Asterisk
    owner = find_call(state, uniqueid) if uniqueid else None
    call = owner.call if owner is not None else None
    out.append(
        TaskOpened(
            at=state.at,
            task=Task(
                id=task_id,
                opened_at=state.at,
                node=state.node,
                reference=event.get("Reference") or reference_of(day, number),
                kind=kind,
                queue=event.get("Queue") or None,
                supervisor=event.get("Supervisor") == "1",
                call_id=call.id if call is not None else state.gone.get(state.leg_id(uniqueid)),
                call_started_at=call.started_at if call is not None else None,
                number=event.get("Number") or (call.caller_number if call is not None else None),
                details=event.get("Details") or "{}",
                recording=event.get("Recording") or None,
                due_at=epoch_of(event.get("DueAt")),
            ),
        )
    )


def next_reference(state: State, at: float) -> str:
    """The reference that a task opened at this instant has."""
    return reference_of(*next_number(at, state.task_day, state.task_number))
