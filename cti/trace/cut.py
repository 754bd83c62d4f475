"""Cutting one call out of the journal.

The journal is read twice from a point before the call: once to learn which other calls its rows follow
from (`cti.trace.kinship`) and when all of it is over, and once to take what they need: every event of their
legs and bridges, the agents' memberships and pauses, and the boots, gaps and snapshots meanwhile. What a
board at the beginning of the call already knew of its agents is written before it as the events that would
have told it.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from cti.agents.model import Agent, agent_id_of, member_name
from cti.asterisk.events import AmiEvent, encode, parse
from cti.board.board import Board
from cti.board.facts import Fact, LegStarted
from cti.errors import CallDamaged, CallUnknown
from cti.journal.reader import JournalReader
from cti.journal.record import Damage
from cti.recorder.batch import Changes
from cti.recorder.start import Start, starts
from cti.trace.kinship import Kinship, is_about_all, leg_ids_in, touched
from cti.trace.search import Progress, erased, find, naming

#: How long after its end a call is still watched: an agent's pause may come late.
_LINGER_SECONDS: Final = 10.0
_MEMBERSHIP: Final = frozenset(
    {
        "QueueMember",
        "QueueMemberAdded",
        "QueueMemberPause",
        "QueueMemberPenalty",
        "QueueMemberRemoved",
        "QueueMemberRinginuse",
    }
)
_BOOT: Final = "CtiBoot"
_LEDGER_CALL: Final = "CtiLedgerCall"
_LEDGER_BLOCK: Final = b"Event: CtiLedgerCall\r\n"
#: How long after a call its missing legs may be filled in from Asterisk's ledger.
_FILLED_SECONDS: Final = 2 * 86_400.0
_SNAPSHOT_END: Final = "CtiSnapshotEnd"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to a call."""

    #: The call with all that are one with it: those whose rows the trace must give.
    family: frozenset[str]
    #: Legs of the family and of the calls that its rows depend on, with the names that Asterisk gave them.
    legs: dict[str, str]
    agents: frozenset[int]
    #: Those of the calls that had begun before the start.
    older: frozenset[str]
    #: The last position that matters, and whether the call was still going on there.
    last: int
    going_on: bool


class Cutting(msgspec.Struct, kw_only=True):
    """The events of one call as they are in the journal, and what the journal's board made of them."""

    scope: Scope
    node: str
    #: Instead of what came before the first event.
    opening: list[bytes]
    #: Each event with the instant at which it was applied.
    events: list[tuple[bytes, float]]
    changes: Changes


def cut(reader: JournalReader, call: str, node: str, progress: Progress) -> Cutting:
    """Everything about one call. ``call`` is a call's or leg's id, or a Uniqueid.

    Raises:
        CallUnknown: the journal has no such call.
        CallErased: its beginning is not in the journal any more.
        CallDamaged: the journal cannot be read within it.
    """
    position, uniqueid = find(reader, call, progress)
    while (start := next(starts(reader, node, position), None)) is not None:
        scope = None
        if not start.mentions([uniqueid]):
            scope = _scope(reader, start, call, progress)
            if scope is None:
                break
            if not scope.older and not start.mentions(scope.legs.values()):
                return _take(reader, start, scope, progress)
        # Something of it began before: where, the journal can tell, or else one segment earlier.
        older = scope.older if scope is not None else ()
        position = min([start.position, *(_begin(reader, one, progress) for one in older)])
    if reader.first > 1:
        raise erased(reader)
    raise CallUnknown(f"{call!r} is named in the journal, but no leg of that name ever began")


def _begin(reader: JournalReader, call_id: str, progress: Progress) -> int:
    """Where a call that is known to have been begins."""
    try:
        return find(reader, call_id, progress)[0]
    except CallUnknown:
        raise erased(reader) from None


def _scope(reader: JournalReader, start: Start, call: str, progress: Progress) -> Scope | None:
    """Learns what belongs to a call; None when none of that name begins after the start."""
    board = start.board()
    kinship = Kinship(board)
    target: str | None = None
    over_at: float | None = None
    last = start.position
    for position, block in reader.read(after=start.position):
        if not position & 0x3FFF:
            progress(position)
        event = parse(block)
        if over_at is not None and (is_about_all(event) or abs(board.at - over_at) > _LINGER_SECONDS):
            break
        last = position
        facts = board.apply(event)
        about = touched(facts)
        kinship.note(event, about, facts)
        if target is None:
            target = _target(facts, call)
            if target is not None:
                kinship.keep(target)
        if target is not None and (about.calls or about.loosely):
            family = kinship.family(target)
            if family & (about.calls | about.loosely):
                over_at = None if _goes_on(board, family) else board.at
    if target is None:
        return None
    family = kinship.family(target)
    all_calls = family | kinship.needed(family)
    legs = kinship.legs(all_calls)
    return Scope(
        family=frozenset(family),
        legs=legs,
        older=frozenset(all_calls - legs.keys()),  # a call goes by the name of its first leg
        agents=frozenset(kinship.agents(all_calls)),
        last=last,
        going_on=over_at is None,
    )


def _target(facts: list[Fact], call: str) -> str | None:
    for fact in facts:
        if isinstance(fact, LegStarted) and call in (fact.leg.id, fact.leg.uniqueid):
            return fact.leg.call_id
    return None


def _goes_on(board: Board, family: set[str]) -> bool:
    on_board = any(board.call(call_id) is not None for call_id in family)
    return on_board or any(agent.state.call_id in family for agent in board.agents())


class _Taker:
    """The second reading: keeps what belongs to the call."""

    def __init__(self, start: Start, scope: Scope) -> None:
        self._scope = scope
        self._board = start.board()
        self.names = naming(scope.legs.values())
        self._bridges: set[str] = set()
        self._begun = False
        #: Since the events stopped to come, until a snapshot: the call may turn up in the midst of it.
        self._gap: list[tuple[bytes, float]] = []
        self.cutting = Cutting(
            scope=scope, node=start.node, opening=[], events=[], changes=Changes(start.node)
        )

    @property
    def at(self) -> float:
        """The instant of the last event."""
        return self._board.at

    def take(self, position: int, block: bytes) -> None:
        """Applies the next event, and keeps it if it belongs to the call."""
        event = parse(block)
        board, scope = self._board, self._scope
        named = self.names.search(block) is not None and any(
            leg_id in scope.legs for leg_id in leg_ids_in(event, board.boot)
        )
        of_all = is_about_all(event)
        if not self._begun and event.name == _BOOT and event.get("Boot") != board.boot:
            self._gap.clear()  # what was before has ended
        of_ledger = event.name == _LEDGER_CALL
        if not self._begun and not self._gap and (named or of_all or of_ledger):
            self.cutting.opening = opening(board, scope.agents, event.at or board.at)
        facts = board.apply(event)
        about = touched(facts)
        is_ours = not scope.family.isdisjoint(about.calls | about.loosely)
        if is_ours:
            ours = [fact for fact in facts if self._is_of_family(fact)]
            self.cutting.changes.mark(ours, position)
        named = named or (of_ledger and is_ours)
        bridges = {value for header, value in event.headers.items() if header.endswith("BridgeUniqueid")}
        if named:
            self._bridges |= bridges
            if not self._begun:
                self._begun = True
                self.cutting.events += self._gap
        wanted = named or is_ours or of_all or self._is_of_agent(event)
        wanted = wanted or (bool(bridges & self._bridges) and not any(leg_ids_in(event, "")))
        if wanted and self._begun:
            self.cutting.events.append((block, board.at))
        elif not self._begun:
            self._wait(event, block, of_all=of_all)

    def _wait(self, event: AmiEvent, block: bytes, *, of_all: bool) -> None:
        if event.name == _SNAPSHOT_END:
            self._gap.clear()
        elif of_all or (self._gap and self._is_of_agent(event)):
            self._gap.append((block, self._board.at))

    def _is_of_family(self, fact: Fact) -> bool:
        about = touched([fact])
        return not self._scope.family.isdisjoint(about.calls | about.loosely)

    def _is_of_agent(self, event: AmiEvent) -> bool:
        if event.name not in _MEMBERSHIP:
            return False
        return agent_id_of(event.get("MemberName") or event.get("Name")) in self._scope.agents

    def damaged(self, damage: Damage) -> None:
        """Refuses a hole in the call; one before it is no concern of this trace."""
        if self._begun:
            raise CallDamaged(
                f"the journal is damaged within this call: {damage.segment} at byte {damage.offset}, "
                f"from position {damage.position}"
            )


def _take(reader: JournalReader, start: Start, scope: Scope, progress: Progress) -> Cutting:
    taker = _Taker(start, scope)
    for position, block in reader.read(after=start.position, until=scope.last, report=taker.damaged):
        if not position & 0x3FFF:
            progress(position)
        taker.take(position, block)
    _take_later(reader, scope, taker, progress)
    return taker.cutting


def _take_later(reader: JournalReader, scope: Scope, taker: _Taker, progress: Progress) -> None:
    """What the ledger filled in when the call was over."""
    until = taker.at + _FILLED_SECONDS
    for position, block in reader.read(after=scope.last):
        if not position & 0x3FFF:
            progress(position)
            if parse(block).at > until:
                return
        if block.startswith(_LEDGER_BLOCK) and taker.names.search(block):
            taker.take(position, block)


def opening(board: Board, agents: frozenset[int], at: float) -> list[bytes]:
    """The events from which an empty board knows what this one knows of some agents before ``at``."""
    blocks = [encode("CtiBoot", board.at, Boot=board.boot)] if board.boot else []
    for agent in board.agents():
        if agent.agent_id in agents:
            blocks += _membership(agent, at)
    return blocks


def _membership(agent: Agent, at: float) -> Iterator[bytes]:
    """How an agent came to be where he is.

    If he is signed in nowhere, that matters only when the clock was set back since: no state begins before
    the one it follows.
    """
    paused = {"Paused": "1", "PausedReason": agent.pause_reason} if agent.pause_reason is not None else {}
    since, name = agent.state.started_at, member_name(agent.agent_id)
    for queue in agent.queues:
        interface = agent.interface or ""
        yield encode("QueueMemberAdded", since, Queue=queue, MemberName=name, Interface=interface, **paused)
    if not agent.queues and since > at:
        for event_name in ("QueueMemberAdded", "QueueMemberRemoved"):
            yield encode(event_name, since, Queue="-", MemberName=name)
