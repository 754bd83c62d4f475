"""What a run of a flow has done for it besides talking: data looked up, messages, tasks, refusals, switches.

None of it needs the caller to be there still.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

import structlog

from cti.errors import CtiError
from cti.flows.actions import (
    Action,
    Done,
    Event,
    Failed,
    Find,
    Found,
    NotFound,
    OfferCallback,
    OpenTask,
    RefuseCalls,
    Returned,
    SendMessage,
    SwitchAnnouncement,
    Value,
)
from cti.flows.deed_words import RefusalScope
from cti.flows.sources import LookUpSource
from cti.ivr.sessions.run_record import RunRecord

log = structlog.get_logger(__name__)

_LONGEST_SECONDS: Final = 10.0
#: Sources that look the caller up where the flow does not say whom.
_OF_THE_CALLER: Final = frozenset({LookUpSource.CUSTOMER, LookUpSource.SUBSCRIPTION})


class Source(Protocol):
    """Something that can be looked up."""

    async def look_up(self, arguments: Mapping[str, object]) -> Mapping[str, Value] | None:
        """What is known; None when there is nothing. A `CtiError` when it cannot be told."""


class Tasks(Protocol):
    """Where tasks are opened."""

    async def open(self, task_id: str, task: OpenTask, *, uniqueid: str = "", number: str = "") -> str:
        """The task's reference, once it is sure not to be forgotten."""


class Announcements(Protocol):
    """What supervisors switch."""

    async def switch(self, name: str, *, on: bool, user_id: int | None) -> None:
        """Raises a `CtiError` when there is no such announcement, or it cannot be switched now."""


class Callbacks(Protocol):
    """Who keeps a caller's place and calls him when it is his turn."""

    async def promise(self, uniqueid: str, *, queue: str, number: str) -> bool:
        """Whether the place is kept; False for a number that must not or cannot be called."""


class Endpoints(Protocol):
    """Where messages go."""

    def knows(self, name: str) -> bool:
        """Whether the settings name it."""


class FlowDeeds:
    """Does what a run asks for. What is not there (a source, a desk for tasks) is a failure of ours."""

    def __init__(
        self,
        *,
        sources: Mapping[LookUpSource, Source],
        tasks: Tasks | None = None,
        announcements: Announcements | None = None,
        callbacks: Callbacks | None = None,
        endpoints: Endpoints | None = None,
    ) -> None:
        self._sources = dict(sources)
        self._tasks = tasks
        self._announcements = announcements
        self._callbacks = callbacks
        self._endpoints = endpoints
        self._doers: dict[type[Action], Callable[..., Awaitable[Event]]] = {
            Find: self._find,
            SendMessage: self._send,
            OpenTask: self._open_task,
            RefuseCalls: self._refuse,
            SwitchAnnouncement: self._switch,
            OfferCallback: self._promise,
        }

    def does(self, action: Action) -> bool:
        """Whether it is one of ours."""
        return type(action) in self._doers

    async def do(self, action: Action, record: RunRecord, call: Mapping[str, Value]) -> Event:
        """Does it; ``call`` is what is known of the call: `call.number`, `call.campaign`.

        Never raises but when the journal takes nothing, or it is cancelled.
        """
        return await self._doers[type(action)](action, record, call)

    async def _find(self, find: Find, record: RunRecord, call: Mapping[str, Value]) -> Event:
        source = self._sources.get(find.source)
        if source is None:
            return Failed(reason=f"lookup.no_source: {find.source}")
        arguments: dict[str, object] = dict(find.arguments)
        if find.source in _OF_THE_CALLER:
            arguments.setdefault("number", call.get("call.number"))
        try:
            async with asyncio.timeout(min(find.timeout_seconds, _LONGEST_SECONDS)):
                values = await source.look_up(arguments)
        except TimeoutError:
            log.warning("flow.lookup_late", source=find.source.value, step=find.step, run=record.name)
            return Failed(reason="lookup.late")
        except CtiError as error:
            log.warning("flow.lookup_failed", source=find.source.value, step=find.step, code=error.code)
            return Failed(reason=error.code)
        if values is None:
            return NotFound()
        if find.source is LookUpSource.STAFF and isinstance(values.get("id"), int):
            record.staff_id = int(values["id"] or 0)
        return Found(values=dict(values))

    async def _send(self, send: SendMessage, record: RunRecord, call: Mapping[str, Value]) -> Event:  # noqa: ARG002
        if self._endpoints is None or not self._endpoints.knows(send.to):
            return Failed(reason=f"send.no_endpoint: {send.to}")
        record.message(send)
        return Done() if await record.safe() else Failed(reason="send.not_durable")

    async def _open_task(self, task: OpenTask, record: RunRecord, call: Mapping[str, Value]) -> Event:
        if self._tasks is None:
            return Failed(reason="task.no_desk")
        number = call.get("call.number")
        try:
            reference = await self._tasks.open(
                record.next_id("t"), task, uniqueid=record.uniqueid, number=str(number or "")
            )
        except TimeoutError:
            return Failed(reason="task.not_durable")
        return Found(values={"reference": reference})

    async def _refuse(self, refuse: RefuseCalls, record: RunRecord, call: Mapping[str, Value]) -> Event:
        number = str(call.get("call.number") or "")
        campaign = str(call.get("call.campaign") or "")
        if not number or (refuse.scope is RefusalScope.CAMPAIGN and not campaign):
            return Failed(reason="refuse.nobody")
        record.refused(number, refuse.scope.value, campaign)
        return Done() if await record.safe() else Failed(reason="refuse.not_durable")

    async def _switch(
        self,
        switch: SwitchAnnouncement,
        record: RunRecord,
        call: Mapping[str, Value],  # noqa: ARG002
    ) -> Event:
        if self._announcements is None:
            return Failed(reason="switch.no_announcements")
        if record.staff_id is None:
            # Whatever the flow says: nobody switches who has not shown who he is.
            log.warning("flow.switch_denied", step=switch.step, run=record.name)
            return Failed(reason="switch.nobody")
        try:
            await self._announcements.switch(switch.announcement, on=switch.on, user_id=record.staff_id)
        except CtiError as error:
            log.warning("flow.switch_failed", code=error.code, step=switch.step, run=record.name)
            return Failed(reason=error.code)
        return Done()

    async def _promise(self, offer: OfferCallback, record: RunRecord, call: Mapping[str, Value]) -> Event:
        number = offer.number or str(call.get("call.number") or "")
        if self._callbacks is None or not number:
            return Returned(result="refused")
        kept = await self._callbacks.promise(record.uniqueid, queue=offer.queue, number=number)
        return Returned(result="accepted" if kept else "refused")
