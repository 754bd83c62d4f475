"""Keeps the promises: finds whose turn it is, calls him once, and writes down what became of it.

Everything follows from the board. A callback is written into the journal as *dialled*, and that is on disk,
before Asterisk is told to dial; the attempt's name is the channel's. So a service that dies in between never
dials again: what it finds *dialling* after its start, and Asterisk knows no channel of, is *unknown*.
Whom the machine could not reach is a task for the agents of the queue, opened before his callback ends.
Whether he may be called is decided by the rules that hold for everybody (`cti.dialling.manual`). He asked to
be called himself, so what stood on the do-not-call list before does not matter; what came onto it after the
promise does, and while nobody can say, he is not dialled. Who keeps places in several queues is called once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Final

import msgspec
import structlog

from cti.agents.model import AgentStatus
from cti.asterisk.connection import AmiConnection
from cti.asterisk.events import encode
from cti.asterisk.link import LinkState
from cti.board.board import Board
from cti.board.facts import (
    AgentStateChanged,
    CallbackChanged,
    Fact,
    GapClosed,
    LegEnded,
    QueueJoined,
    QueueLeft,
)
from cti.callbacks.calling import RING_SECONDS, Calling
from cti.callbacks.model import Callback, CallbackState
from cti.callbacks.turn import QueueSituation, due
from cti.calls.model import Leg
from cti.customers.numbers import parse_e164
from cti.db.engine import UNAVAILABLE
from cti.dialling.manual.manual_attempts import ManualAttempts
from cti.dialling.manual.manual_dialling import CALLBACK_PREFIX, Looked, ManualDialling, Wish
from cti.dialling.rules.decision_record import Refusal
from cti.dialling.rules.guards import NumberFault
from cti.dialling.rules.may_dial import Purpose
from cti.errors import JournalError
from cti.flows.actions import OpenTask
from cti.flows.deed_words import TaskKind
from cti.journal.durability import in_time
from cti.tasks.opening import TaskOpener

log = structlog.get_logger(__name__)

#: So long a promise is kept by the machine; after that a person sees to it.
LONGEST_SECONDS: Final = 4 * 3600.0
#: Nothing on the board says that time has passed.
_LOOK_SECONDS: Final = 5.0
#: How long at most nobody looks again at who may not be dialled yet.
_HELD_SECONDS: Final = 30.0
#: Ends that one call gives to all promises that were made to the person.
_OF_THE_CALL: Final = frozenset(
    {
        *(CallbackState.ANSWERED, CallbackState.BUSY, CallbackState.NO_ANSWER),
        *(CallbackState.FAILED, CallbackState.UNKNOWN),
    }
)
_CALLS_FOR_A_LOOK: Final = (QueueJoined, QueueLeft, CallbackChanged, AgentStateChanged, GapClosed)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Why somebody whose turn it is was not dialled, and when that is looked at again."""

    refusal: Refusal
    until: float


class CallbackKeeper:
    """`observe` takes the board's facts, `run` is the loop. Both belong to the event loop's thread.

    ``write`` appends an event to the journal, ``durable`` waits until its position is on disk.
    """

    def __init__(
        self,
        board: Board,
        ami: AmiConnection,
        *,
        write: Callable[[bytes], int],
        durable: Callable[[int], Awaitable[None]],
        clock: Callable[[], float],
        tasks: TaskOpener,
        dialling: ManualDialling,
        attempts: ManualAttempts,
        trunk: str = "trunk",
    ) -> None:
        self._board = board
        self._ami = ami
        self._write = write
        self._durable = durable
        self._clock = clock
        self._tasks = tasks
        self._dialling = dialling
        self._attempts = attempts
        self._calling = Calling(ami, attempts, trunk)
        self._wake = asyncio.Event()
        #: What is being done for a callback, by its id.
        self._work: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, Held] = {}

    def observe(self, facts: Iterable[Fact]) -> None:
        """Takes the facts of one event; never waits."""
        for fact in facts:
            if isinstance(fact, LegEnded):
                self._leg_ended(fact.leg)
            elif isinstance(fact, _CALLS_FOR_A_LOOK):
                self._wake.set()

    def cancel(self, callback: Callback) -> None:
        """He need not be called any more."""
        self._end(callback, CallbackState.CANCELLED)

    async def run(self) -> None:
        """Looks whose turn it is whenever something changed, until cancelled."""
        try:
            while True:
                if self._ami.status.state is LinkState.READY and self._board.gap_from is None:
                    self._look()
                self._wake.clear()
                try:
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            for task in self._work.values():
                task.cancel()

    # --- whose turn it is ---

    def _look(self) -> None:
        by_queue: dict[str, list[Callback]] = defaultdict(list)
        now = self._clock()
        for callback in list(self._board.callbacks()):
            if callback.state is CallbackState.DIALLING:
                self._look_at_orphan(callback)
            elif callback.state is CallbackState.WAITING and now - callback.promised_at > LONGEST_SECONDS:
                self._end(callback, CallbackState.EXPIRED)
            held = self._held.get(callback.id)
            if held is None or held.until <= now:
                by_queue[callback.queue].append(callback)
        for queue, callbacks in by_queue.items():
            for callback in due(callbacks, self._situation(queue)):
                self._start(callback, self._call(callback))

    def _situation(self, queue: str) -> QueueSituation:
        board = self._board
        waiting = [entry for entry in board.waiting() if entry.queue == queue]
        called_back = [entry for entry in waiting if _is_attempt(board.leg(entry.leg_id))]
        agents = [agent for agent in board.agents() if queue in agent.queues]
        on = [agent for agent in agents if agent.state.status is not AgentStatus.PAUSED]
        return QueueSituation(
            joined=[entry.joined_at for entry in waiting if entry not in called_back],
            staffed=len(on),
            ready=sum(agent.state.status is AgentStatus.READY for agent in on),
            called_back=len(called_back),
        )

    def _look_at_orphan(self, callback: Callback) -> None:
        """It was being dialled by a service that died."""
        leg = self._board.leg_of(callback.attempt or "")
        if leg is None:
            self._end(callback, CallbackState.UNKNOWN)
        elif leg.answered_at is not None:
            self._end(callback, CallbackState.ANSWERED)

    def _leg_ended(self, leg: Leg) -> None:
        if not _is_attempt(leg):
            return
        self._calling.leg_ended(leg)
        for callback in list(self._board.callbacks()):
            if callback.attempt == leg.uniqueid:
                answered = leg.answered_at is not None
                self._end(callback, CallbackState.ANSWERED if answered else CallbackState.NO_ANSWER)

    # --- calling ---

    def _start(self, callback: Callback, work: Coroutine[None, None, None]) -> None:
        """One thing at a time is done for a callback; what else there is, is found by looking again."""
        if callback.id in self._work:
            work.close()
            return
        task = asyncio.create_task(work, name=f"callback {callback.id}")
        self._work[callback.id] = task
        task.add_done_callback(lambda _: self._work.pop(callback.id, None))

    async def _call(self, callback: Callback) -> None:
        held = self._held.get(callback.id)
        try:
            looked = await self._dialling.reserve(
                self._wish(callback), told=held.refusal if held is not None else None
            )
        except UNAVAILABLE as error:
            log.warning("callback.not_checked", callback=callback.id, error=type(error).__name__)
            return
        if looked.attempt_id is None:
            await self._hold(callback, looked)
            return
        self._held.pop(callback.id, None)
        attempt = looked.attempt_id
        self._attempts.open(attempt, by_agent=False, refusals_since=callback.promised_at)
        try:
            position = self._write(
                encode("CtiCallbackDialled", self._clock(), Id=callback.id, Attempt=attempt)
            )
            await in_time(self._durable, position)
        except (JournalError, TimeoutError) as error:
            # What is not on disk is not dialled; whether it is on disk after all nobody knows.
            log.warning("callback.not_durable", callback=callback.id, error=type(error).__name__)
            self._attempts.failed(attempt)
            return
        outcome = await self._calling.dial(callback, attempt)
        if outcome is not None:
            await self._finish(callback, outcome)

    async def _hold(self, callback: Callback, looked: Looked) -> None:
        """He is not dialled: not any more, or not yet."""
        hold = looked.record.hold
        if hold is None:
            return
        if hold.refusal is Refusal.DO_NOT_CALL:
            await self._finish(callback, CallbackState.REFUSED)
        elif hold.refusal.value in set(NumberFault):
            await self._finish(callback, CallbackState.FAILED)
        else:
            now = self._clock()
            until = min(hold.until or now + _LOOK_SECONDS, now + _HELD_SECONDS)
            self._held[callback.id] = Held(refusal=hold.refusal, until=until)
            log.info("callback.held", callback=callback.id, refusal=hold.refusal.value)

    def _end(self, callback: Callback, state: CallbackState) -> None:
        self._start(callback, self._finish(callback, state))

    def _wish(self, callback: Callback) -> Wish:
        return Wish(
            number=as_called(callback.number, self._dialling.region), purpose=Purpose.CALLBACK,
            ring_seconds=RING_SECONDS, refusals_since=callback.promised_at,
        )  # fmt: skip

    async def _has_refused(self, callback: Callback) -> bool:
        """Whether he came onto the do-not-call list meanwhile; False too while nobody can say."""
        try:
            return bool((await self._dialling.look(self._wish(callback))).refusals)
        except UNAVAILABLE:
            return False

    async def _finish(self, callback: Callback, state: CallbackState) -> None:
        if state.needs_somebody and await self._has_refused(callback):
            state = CallbackState.REFUSED
        try:
            if state.needs_somebody:
                task = OpenTask(
                    step="", kind=TaskKind.CALLBACK, queue=callback.queue, supervisor=False,
                    values={"number": callback.number, "callback": state.value},
                )  # fmt: skip
                await self._tasks.open(f"{callback.name}.t1", task, number=callback.number)
            for one in (callback, *self._called_with(callback, state)):
                self._write(encode("CtiCallbackEnded", self._clock(), Id=one.id, Outcome=state.value))
                self._held.pop(one.id, None)
        except (JournalError, TimeoutError) as error:
            # It is looked at again, and ended then.
            log.warning("callback.end_not_written", callback=callback.id, error=type(error).__name__)

    def _called_with(self, callback: Callback, state: CallbackState) -> list[Callback]:
        """Promises of other queues to the same person that the one call has kept, or has failed to keep."""
        if state not in _OF_THE_CALL or callback.dialled_at is None:
            return []
        region = self._dialling.region
        number = as_called(callback.number, region)
        return [
            one
            for one in self._board.callbacks()
            if one.state is CallbackState.WAITING
            and one.promised_at <= callback.dialled_at
            and as_called(one.number, region) == number
        ]


def as_called(number: str, region: str) -> str:
    """The number in E.164; one that nobody can have as it is."""
    return parse_e164(number, region) or number


def _is_attempt(leg: Leg | None) -> bool:
    """Whether the channel is one that calls somebody back, by its name."""
    return leg is not None and leg.uniqueid.startswith(CALLBACK_PREFIX)
