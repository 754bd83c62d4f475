"""Which calls one call's rows follow from.

A call is *one with* another when they merge, or when an event of the one changes a leg of the other (they
meet in a bridge, one dials the other). It *depends on* another when an event of that one ends its wrap-up or
moves its agent: the agent's next call is needed to know when he stopped to wrap up, but not the one after. It
also depends on what its agent has on his phone already when he is called.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cti.asterisk.events import AmiEvent
from cti.board.board import Board
from cti.board.facts import (
    AgentStateChanged,
    CallChanged,
    CallEnded,
    CallMerged,
    CallsRefused,
    CallStarted,
    CallTransferred,
    Fact,
    FlowAnswered,
    FlowRunChanged,
    FlowRunEnded,
    FlowRunStarted,
    FlowStepped,
    IntervalEnded,
    IntervalStarted,
    LegChanged,
    LegEnded,
    LegStarted,
    MessageQueued,
    OfferEnded,
    OfferMade,
    QueueJoined,
    QueueLeft,
    SurveyChanged,
    SurveyEnded,
    SurveyStarted,
    TaskOpened,
)
from cti.calls.model import IntervalKind, Leg

_LEG: Final = (LegStarted, LegChanged, LegEnded)
_INTERVAL: Final = (IntervalStarted, IntervalEnded)
_CALL: Final = (
    CallStarted,
    CallChanged,
    CallEnded,
    CallTransferred,
    QueueJoined,
    QueueLeft,
    OfferMade,
    OfferEnded,
)
_SURVEY: Final = (SurveyStarted, SurveyChanged, SurveyEnded)
_FLOW_RUN: Final = (FlowRunStarted, FlowRunChanged, FlowRunEnded)
_ABOUT_ALL: Final = frozenset(
    {
        "CtiBoot",
        "CtiClockStepped",
        "CtiConnected",
        "CtiDisconnected",
        "CtiLedgerBegin",
        "CtiSnapshotBegin",
        "CtiSnapshotEnd",
    }
)
#: A bridge in which nobody hears the others.
_HOLDING: Final = "holding_bridge"
#: Calls that are over are forgotten in turns, not at each event.
_SWEEP: Final = 1_024


class Touched(msgspec.Struct, kw_only=True):
    """What the facts of one event are about."""

    calls: set[str] = set()
    #: Calls of which only the wrap-up or the agent's state has changed.
    loosely: set[str] = set()
    #: (call, agent) that go together in some fact.
    agents: set[tuple[str, int]] = set()


def touched(facts: Iterable[Fact]) -> Touched:
    """Which calls and agents some facts are about."""
    found = Touched()
    for fact in facts:
        if isinstance(fact, _LEG):
            _note(found, fact.leg.call_id, fact.leg.agent_id)
        elif isinstance(fact, _INTERVAL):
            span = fact.interval
            loosely = span.kind is IntervalKind.WRAP_UP
            _note(found, span.call_id, span.agent_id, loosely=loosely)
        elif isinstance(fact, _CALL):
            _note(found, fact.call.id, fact.call.agent_id)
            if isinstance(fact, OfferMade | OfferEnded):
                _note(found, fact.call.id, fact.offer.agent_id)
        elif isinstance(fact, CallMerged):
            found.calls |= {fact.call.id, fact.into.id}
        elif isinstance(fact, TaskOpened | MessageQueued | CallsRefused):
            call_id = _call_told_of(fact)
            if call_id is not None:
                _note(found, call_id, None)
        elif isinstance(fact, _SURVEY):
            _note(found, fact.survey.call_id, fact.survey.agent_id)
        elif isinstance(fact, _FLOW_RUN):
            _note(found, fact.run.call_id, fact.run.agent_id)
        elif isinstance(fact, FlowStepped):
            _note(found, fact.step.call_id, None)
        elif isinstance(fact, FlowAnswered):
            _note(found, fact.answer.call_id, None)
        elif isinstance(fact, AgentStateChanged):
            for state in (fact.before, fact.agent.state):
                if state is not None and state.call_id is not None:
                    _note(found, state.call_id, state.agent_id, loosely=True)
    return found


def _call_told_of(fact: TaskOpened | MessageQueued | CallsRefused) -> str | None:
    if isinstance(fact, TaskOpened):
        return fact.task.call_id
    return fact.message.call_id if isinstance(fact, MessageQueued) else fact.refusal.call_id


def _note(found: Touched, call_id: str, agent_id: int | None, *, loosely: bool = False) -> None:
    (found.loosely if loosely else found.calls).add(call_id)
    if agent_id is not None:
        found.agents.add((call_id, agent_id))


def leg_ids_in(event: AmiEvent, boot: str) -> Iterator[str]:
    """The ids of the legs that an event names."""
    for header, value in event.headers.items():
        if (
            header.endswith(("Uniqueid", "UniqueId", "Linkedid"))
            and not header.endswith("BridgeUniqueid")
            and value
        ):
            yield f"{boot}-{value}"


class Kinship:
    """Gathers, event by event, how calls hang together; forgets those that are over and belong to nobody."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._calls: dict[str, _Kin] = {}
        self._of_leg: dict[str, str] = {}
        #: Legs by agent, some of which may have ended since.
        self._agent_legs: dict[int, set[str]] = {}
        for leg in board.legs():
            self._note_agent(leg)
        #: Legs by bridge, some of which may have left it since.
        self._bridges: dict[str, set[str]] = {}
        self._events = 0

    def note(self, event: AmiEvent, about: Touched, facts: Iterable[Fact]) -> None:
        """Takes an event that has just been applied, and the facts that followed."""
        for fact in facts:
            if isinstance(fact, LegStarted):
                self._kin(fact.leg.call_id).legs[fact.leg.id] = fact.leg.uniqueid
                self._of_leg[fact.leg.id] = fact.leg.call_id
            elif isinstance(fact, CallMerged):
                self._join(fact.call.id, fact.into.id)
            if isinstance(fact, LegStarted | LegChanged):
                self._note_agent(fact.leg)
        for call_id, agent_id in about.agents:
            kin = self._kin(call_id)
            if agent_id not in kin.agents:
                kin.agents.add(agent_id)
                kin.depends_on |= self._calls_with(agent_id) - {call_id}
        if about.calls or about.loosely:
            self._connect(event, about)
        if "Bridge" in event.name or event.get("BridgeUniqueid") or event.get("BridgeId"):
            self._meet(event)
        self._events += 1
        if not self._events % _SWEEP:
            self._sweep()

    def _connect(self, event: AmiEvent, about: Touched) -> None:
        if is_about_all(event):
            return
        of = {
            self._of_leg[leg_id] for leg_id in leg_ids_in(event, self._board.boot) if leg_id in self._of_leg
        }
        if not of:
            return
        one, *others = of | about.calls
        for other in others:
            self._join(one, other)
        for call_id in about.loosely:
            self._kin(call_id).depends_on |= of - {call_id}

    def _note_agent(self, leg: Leg) -> None:
        if leg.agent_id is not None:
            self._agent_legs.setdefault(leg.agent_id, set()).add(leg.id)

    def _meet(self, event: AmiEvent) -> None:
        """Who is in a bridge decides whether the others still have somebody to talk with when one leaves."""
        board = self._board
        for leg_id in leg_ids_in(event, board.boot):
            leg = board.leg(leg_id)
            if leg is None or leg.bridge_id is None or event.get("BridgeTechnology") == _HOLDING:
                continue
            present = self._bridges.setdefault(leg.bridge_id, set())
            present.add(leg_id)
            for other_id in list(present):
                other = board.leg(other_id)
                if other is None or other.bridge_id != leg.bridge_id:
                    present.discard(other_id)
                elif other.call_id != leg.call_id:
                    self._join(leg.call_id, other.call_id)

    def _calls_with(self, agent_id: int) -> set[str]:
        """The calls that an agent has on his device now."""
        found = set()
        of_agent = self._agent_legs.get(agent_id, set())
        for leg_id in list(of_agent):
            leg = self._board.leg(leg_id)
            if leg is not None and leg.agent_id == agent_id:
                found.add(leg.call_id)
            else:
                of_agent.discard(leg_id)
        return found

    def _kin(self, call_id: str) -> "_Kin":
        return self._calls.setdefault(call_id, _Kin())

    def _join(self, one: str, other: str) -> None:
        self._kin(one).one_with.add(other)
        self._kin(other).one_with.add(one)

    def family(self, call_id: str) -> set[str]:
        """The call and all that are one with it."""
        found, pending = {call_id}, [call_id]
        while pending:
            new = self._kin(pending.pop()).one_with - found
            found |= new
            pending += new
        return found

    def needed(self, family: set[str]) -> set[str]:
        """The calls that the rows of a family depend on, without itself."""
        depends = {other for call_id in family for other in self._kin(call_id).depends_on}
        return {one for other in depends for one in self.family(other)} - family

    def legs(self, calls: Iterable[str]) -> dict[str, str]:
        """All legs of some calls: their Uniqueids by their ids."""
        return {leg_id: uniqueid for call_id in calls for leg_id, uniqueid in self._kin(call_id).legs.items()}

    def agents(self, calls: Iterable[str]) -> set[int]:
        """All agents who had to do with some calls."""
        return {agent_id for call_id in calls for agent_id in self._kin(call_id).agents}

    def keep(self, call_id: str) -> None:
        """Never forgets a call and what belongs to it."""
        self._kin(call_id).kept = True

    def _sweep(self) -> None:
        """Forgets families of which no call is on the board any more and none is kept."""
        stays: set[str] = set()
        for call_id in list(self._calls):
            lives = self._calls[call_id].kept or self._board.call(call_id) is not None
            if lives and call_id not in stays:
                family = self.family(call_id)
                stays |= family | self.needed(family)
        for call_id in [call_id for call_id in self._calls if call_id not in stays]:
            for leg_id in self._calls.pop(call_id).legs:
                self._of_leg.pop(leg_id, None)
        living = {leg.bridge_id for leg in self._board.legs()}
        self._bridges = {key: legs for key, legs in self._bridges.items() if key in living}


class _Kin(msgspec.Struct, kw_only=True):
    """What is known of one call."""

    #: Uniqueids by leg.
    legs: dict[str, str] = {}
    one_with: set[str] = set()
    depends_on: set[str] = set()
    agents: set[int] = set()
    kept: bool = False


def is_about_all(event: AmiEvent) -> bool:
    """Whether the event is about the connection, the clock, a boot or a snapshot: it joins no calls."""
    return event.name in _ABOUT_ALL
