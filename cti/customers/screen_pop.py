"""The screen pop: who calls, looked up while the caller still waits, so that it is there when the phone
rings.

A look-up starts when a call enters a queue or rings an agent's phone directly, runs beside the event path,
and is kept until some time after the call. `get` never waits; `on_change` says when there is more to show.

When the database cannot be asked, what was found lately still serves from memory. One call at a time then
tries again; the first success brings up all that failed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import msgspec
import structlog

from cti.board.facts import (
    CallChanged,
    CallEnded,
    CallMerged,
    Fact,
    LegChanged,
    LegStarted,
    QueueJoined,
)
from cti.calls.model import (
    Call,
    Direction,
    LegKind,
)
from cti.customers.caller_lookup import CRM_PATIENCE_SECONDS, CallerLookup, CallerWatch
from cti.customers.crm import Crm
from cti.customers.lookup import CustomerLookup, Found, local_today
from cti.customers.model import ScreenPop
from cti.customers.numbers import normalise
from cti.customers.patient_lookup import PatientLookup
from cti.customers.pop_content import Answers, first_pop, pop_of

log = structlog.get_logger(__name__)

#: How long a pop stays after the call, for the wrap-up.
GRACE_SECONDS: Final = 900.0
_MOST_POPS: Final = 10_000
#: Look-ups at a time beyond which calls from before the start wait: who calls now goes first.
_MOST_AT_A_TIME: Final = 8


class ScreenPops:
    """The screen pops of the calls of now; an async context manager.

    ``call_of`` gives a live call by its id (the board's). ``on_change`` is called with every new state of a
    pop, the first included, on the event loop; it may be set later.
    """

    def __init__(
        self,
        lookup: CustomerLookup,
        crm: Crm | None,
        *,
        default_region: str,
        call_of: Callable[[str], Call | None],
        on_change: Callable[[ScreenPop], None] | None = None,
        grace_seconds: float = GRACE_SECONDS,
        crm_patience_seconds: float = CRM_PATIENCE_SECONDS,
    ) -> None:
        self.on_change = on_change
        self._lookup = lookup
        self._region = default_region
        self._call_of = call_of
        self._grace = grace_seconds
        self._watches: dict[str, CallerWatch] = {}
        #: Calls from before the start whose turn has not come.
        self._adopted: dict[str, Call] = {}
        self._adopting: asyncio.Task[None] | None = None
        self._ended: OrderedDict[str, float] = OrderedDict()
        self._eviction: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._patient = PatientLookup(self._ask_again)
        self._callers = CallerLookup(
            lookup, self._patient, crm, show=self._show, patience_seconds=crm_patience_seconds
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patient.close()
        if self._eviction is not None:
            self._eviction.cancel()
        tasks = [*self._tasks, self._adopting] if self._adopting is not None else [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- What others ask ---

    def get(self, call_id: str) -> ScreenPop | None:
        """The pop as it is now; None for a call that is not, or no longer, watched."""
        watch = self._watches.get(call_id)
        return None if watch is None else watch.pop

    async def open(self, call_id: str, raw_number: str | None) -> ScreenPop:
        """The pop of a call that is over, from our tables alone; it is not kept.

        Raises:
            LookupFailed: the database cannot be asked.
        """
        number = normalise(raw_number, self._region)
        if number.e164 is None:
            return first_pop(call_id, number, _now())
        watch = CallerWatch(call_id, number, first_pop(call_id, number, _now()))
        return self._made(watch, Answers(tables=await self._callers.read(watch), chosen_id=watch.chosen_id))

    async def choose(self, call_id: str, customer_id: int, agent_id: int | None) -> ScreenPop | None:
        """Ties the call to a customer; the new pop, or None for a call that is not watched (any more).

        Raises:
            CustomerNotFound: nobody has this id.
            LookupFailed: the database cannot be asked, so nothing was tied.
        """
        await self._lookup.choose(call_id, customer_id, agent_id)
        watch = self._watches.get(call_id)
        if watch is None:
            return None
        watch.others = watch.pop.candidates
        watch.chosen_id = customer_id
        watch.question += 1
        question = watch.question
        tables = await self._lookup.by_customer(customer_id, watch.number.e164, call_id)
        self._show(watch, question, tables=tables)
        return watch.pop

    def refresh(self, numbers: Iterable[str]) -> None:
        """Looks up anew the callers behind these numbers (E.164), because their records changed."""
        changed = set(numbers)
        self._patient.forget_numbers(changed)
        for watch in tuple(self._watches.values()):
            if watch.number.e164 in changed:
                self._ask(watch)

    # --- What happens ---

    def observe(self, fact: Fact) -> None:
        """Takes a fact of the board; never waits."""
        react = self._REACTIONS.get(type(fact))
        if react is not None:
            react(self, fact)

    def adopt(self, calls: Iterable[Call]) -> None:
        """Takes over calls from before the start; `begin_adopted` begins their pops."""
        self._adopted |= {call.id: call for call in calls}

    def begin_adopted(self) -> None:
        """Looks up the callers of adopted calls, the newest first and a few at a time."""
        if self._adopted and self._adopting is None:
            self._adopting = asyncio.create_task(self._watch_adopted(), name="screen pops of before")

    async def _watch_adopted(self) -> None:
        while self._adopted:
            self.watch(self._adopted.popitem()[1])
            while len(self._tasks) >= _MOST_AT_A_TIME:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        self._adopting = None

    def watch(self, call: Call) -> None:
        """Begins the pop of a call, or asks anew when its number has changed."""
        self._adopted.pop(call.id, None)
        raw = call.dialled_number if call.direction is Direction.OUTBOUND else call.caller_number
        number = normalise(raw, self._region)
        watch = self._watches.get(call.id)
        if watch is None:
            if call.ended_at is not None or call.unknown_end:
                return
            self._make_room()
            watch = CallerWatch(call.id, number, first_pop(call.id, number, _now()))
            self._watches[call.id] = watch
        elif watch.number == number:
            return
        else:
            watch.number = number
            watch.chosen_id = watch.crm = None
            watch.pop = first_pop(call.id, number, _now())
        self._ask(watch)
        self._tell(watch.pop)

    def _on_queue_joined(self, fact: QueueJoined) -> None:
        self.watch(fact.call)

    def _on_call_changed(self, fact: CallChanged) -> None:
        if fact.call.id in self._adopted:
            return  # its turn comes
        if fact.call.queue is not None or fact.call.id in self._watches:
            self.watch(fact.call)

    def _on_leg(self, fact: LegStarted | LegChanged) -> None:
        leg = fact.leg
        if leg.agent_id is None or leg.kind is LegKind.LOCAL or leg.call_id in self._watches:
            return
        call = self._call_of(leg.call_id)
        if call is not None and call.ended_at is None:
            self.watch(call)

    def _on_call_merged(self, fact: CallMerged) -> None:
        self._adopted.pop(fact.call.id, None)
        if fact.call.id in self._watches:
            self._end(fact.call.id)
            self.watch(fact.into)

    def _on_call_ended(self, fact: CallEnded) -> None:
        self._adopted.pop(fact.call.id, None)
        if fact.call.id in self._watches:
            self._end(fact.call.id)

    # --- Asking ---

    def _ask(self, watch: CallerWatch) -> None:
        watch.question += 1
        if watch.number.e164 is not None:
            self._run(watch)

    def _run(self, watch: CallerWatch) -> None:
        looking = self._callers.look_up(watch, watch.question)
        task = asyncio.create_task(looking, name=f"screen pop {watch.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A screen pop failed", task=task.get_name(), exc_info=error)
        self._patient.keep_trying()

    def _ask_again(self, call_id: str) -> bool:
        watch = self._watches.get(call_id)
        if watch is not None:
            self._run(watch)
        return watch is not None

    def _show(
        self, watch: CallerWatch, question: int, *, tables: Found | None, complete: bool = True
    ) -> None:
        if question != watch.question or self._watches.get(watch.call_id) is not watch:
            return
        answers = Answers(
            tables=tables,
            crm=watch.crm,
            chosen_id=watch.chosen_id,
            others=watch.others,
            complete=complete and not self._patient.is_waiting(watch.call_id),
        )
        pop = self._made(watch, answers)
        if msgspec.structs.replace(pop, updated_at=watch.pop.updated_at) != watch.pop:
            watch.pop = pop
            self._tell(pop)

    def _made(self, watch: CallerWatch, answers: Answers) -> ScreenPop:
        return pop_of(
            watch.call_id, watch.number, answers, at=_now(), today=local_today(), region=self._region
        )

    def _tell(self, pop: ScreenPop) -> None:
        if self.on_change is not None:
            self.on_change(pop)

    # --- Forgetting ---

    def _end(self, call_id: str) -> None:
        self._ended[call_id] = asyncio.get_running_loop().time() + self._grace
        self._arm_eviction()

    def _arm_eviction(self) -> None:
        if self._eviction is None and self._ended:
            due = next(iter(self._ended.values()))
            self._eviction = asyncio.get_running_loop().call_at(due, self._evict)

    def _evict(self) -> None:
        self._eviction = None
        now = asyncio.get_running_loop().time()
        while self._ended and next(iter(self._ended.values())) <= now:
            self._forget(next(iter(self._ended)))
        self._arm_eviction()

    def _make_room(self) -> None:
        while len(self._watches) >= _MOST_POPS:
            self._forget(next(iter(self._ended), None) or next(iter(self._watches)))

    def _forget(self, call_id: str) -> None:
        self._ended.pop(call_id, None)
        self._patient.forget(call_id)
        self._watches.pop(call_id, None)

    _REACTIONS: ClassVar[Mapping[type[Fact], Callable[[Any, Any], None]]] = {
        QueueJoined: _on_queue_joined,
        CallChanged: _on_call_changed,
        LegStarted: _on_leg,
        LegChanged: _on_leg,
        CallMerged: _on_call_merged,
        CallEnded: _on_call_ended,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
