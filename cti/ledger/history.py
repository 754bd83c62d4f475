"""Calls from CEL alone: of a PBX that our service never saw.

The same way as everything else: rows become `CtiLedger` events, these go to a board, and its facts are the
calls, legs and spans. Nothing is known of hold; talk includes it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cti.asterisk.cel import CelRow
from cti.board.facts import (
    Anomaly,
    CallMerged,
    CallStarted,
    CallTransferred,
    Fact,
    IntervalStarted,
    LegStarted,
    QueueJoined,
)
from cti.board.ledger_calls import LedgerCall, play
from cti.board.state import State
from cti.calls.model import Call, Interval, IntervalKind, Leg, LegKind, QueueEntry, Transfer
from cti.ledger.families import Family, FamilyFold
from cti.ledger.gap_events import LedgerKind, ledger_headers
from cti.ledger.old_bridges import with_bridges

#: Boots are not known; Uniqueids carry the second in which their channel began.
BOOT: Final = "cel"


class Pickup(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody took a call that rang elsewhere."""

    at: float
    #: The channel that rang, and the one that took it.
    channel: str
    by_channel: str


class PastCall(msgspec.Struct, kw_only=True):
    """One call as the ledger tells it."""

    call: Call
    legs: list[Leg]
    intervals: list[Interval] = []
    entries: list[QueueEntry] = []
    transfers: list[Transfer] = []
    pickups: list[Pickup] = []
    #: What the board said, for whoever records it.
    facts: list[Fact] = []

    @property
    def answered_by(self) -> Leg | None:
        """Who talked first but for the caller, whom Asterisk may call too: who was called, or picked up."""
        talks = sorted(
            (one for one in self.intervals if one.kind is IntervalKind.TALK), key=lambda one: one.started_at
        )
        legs = {leg.id: leg for leg in self.legs}
        talking = [leg for one in talks if (leg := legs.get(one.leg_id)) is not None]
        others = [leg for leg in talking if leg.id != self.call.id]
        strangers = [leg for leg in others if leg.number != self.call.caller_number]
        called = [leg for leg in strangers if leg.outgoing]
        return next(iter(called or strangers or others), None)

    @property
    def talk_seconds(self) -> float | None:
        """For how long anybody talked with anybody; None when nobody did or nobody knows."""
        talks = [one for one in self.intervals if one.kind is IntervalKind.TALK]
        spans = sorted((one.started_at, one.ended_at) for one in talks if one.ended_at is not None)
        if not spans or len(spans) < len(talks):
            return None
        total, reached = 0.0, spans[0][0]
        for begin, end in spans:
            total += max(0.0, end - max(begin, reached))
            reached = max(reached, end)
        return total

    @property
    def wait_seconds(self) -> float | None:
        """How long the caller waited in queues; None when there was none."""
        waits = [(one.joined_at, one.left_at) for one in self.entries]
        if not waits or any(left is None for _, left in waits):
            return None
        return sum((left or joined) - joined for joined, left in waits)


def past_calls(rows: Iterable[CelRow], *, node: str = "", trunks: tuple[str, ...] = ()) -> Iterator[PastCall]:
    """The calls that rows amount to, each once it is over; ``trunks`` are beginnings of channel names."""
    fold = FamilyFold()
    for row in rows:
        fold.take(row)
        for family in fold.finished(row.at):
            yield from _calls(family, node, trunks)
    for family in fold.rest():
        yield from _calls(family, node, trunks)


def _calls(family: Family, node: str, trunks: tuple[str, ...]) -> Iterator[PastCall]:
    rows = list(with_bridges(family.in_order()))
    headers = ledger_headers(rows)
    for _, one in headers:
        if one["Kind"] == LedgerKind.BEGUN and trunks and one["Channel"].startswith(trunks):
            one["LegKind"] = LegKind.TRUNK.value
    boot = f"{BOOT}-{node}" if node else BOOT
    facts = play(State(node=node, boot=boot), LedgerCall(rows=headers, missing=[]))
    started = [fact.call for fact in facts if isinstance(fact, CallStarted)]
    calls = {call.id: PastCall(call=call, legs=[]) for call in started}
    if not calls:
        return
    into = {fact.call.id: fact.into.id for fact in facts if isinstance(fact, CallMerged)}

    def of(call_id: str) -> PastCall:
        while call_id in into:
            call_id = into[call_id]
        return calls[call_id]

    for fact in facts:
        match fact:
            case LegStarted(leg=leg):
                of(leg.call_id).legs.append(leg)
            case IntervalStarted(interval=interval):
                of(interval.call_id).intervals.append(interval)
            case QueueJoined(entry=entry):
                of(entry.call_id).entries.append(entry)
            case CallTransferred(transfer=transfer):
                past = of(transfer.call_id)
                if transfer not in past.transfers:  # what becomes of it is told later
                    past.transfers.append(transfer)
    found = [past for call_id, past in calls.items() if call_id not in into]
    for row in rows:
        if row.event == "PICKUP":
            rang = next((leg for past in found for leg in past.legs if leg.uniqueid == row.uniqueid), None)
            if rang is not None:
                taker = row.extra.get("pickup_channel", "")
                of(rang.call_id).pickups.append(Pickup(at=row.at, channel=row.channel, by_channel=taker))
    # The facts of a family go together: calls that became one refer to each other.
    found[0].facts = [fact for fact in facts if not isinstance(fact, Anomaly)]
    yield from found
