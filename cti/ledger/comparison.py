"""Our legs held against Asterisk's own ledger: each channel exactly one leg, each leg one channel.

Pure: channels come from `cti.ledger.channels`, legs from the database, findings go to whoever asked.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from cti.ledger.channels import WAIT_ENDS, Channel

#: How far an instant of ours may be from CEL's, in seconds. Both are Asterisk's clock, but read at two places
#: of its code; in an hour of real calls on a machine short of processor time the worst stayed within this.
TOLERANCE: Final = 0.2
#: queue_log's waits are differences of instants whose fraction is cut off.
WHOLE_SECOND: Final = 1.0 + TOLERANCE


class FindingKind(StrEnum):
    """What does not fit."""

    CHANNEL_WITHOUT_LEG = "channel_without_leg"
    LEG_WITHOUT_CHANNEL = "leg_without_channel"
    #: One channel, several legs.
    SEVERAL_LEGS = "several_legs"
    #: Asterisk says that it is over, and our leg goes on.
    LEG_STILL_OPEN = "leg_still_open"
    #: An instant of ours and of CEL's differ, or only one of them is known.
    TIME_DIFFERS = "time_differs"
    #: More talk than the channel was bridged.
    TALK_DIFFERS = "talk_differs"
    #: A wait or its outcome is not what queue_log says.
    QUEUE_DIFFERS = "queue_differs"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that does not fit; ``ours`` and ``theirs`` are as they would be shown."""

    kind: FindingKind
    node: str
    uniqueid: str
    linkedid: str
    #: When the channel or leg was over, and when it began, if that is known.
    at: float
    began_at: float | None = None
    boot: str | None = None
    leg_id: str | None = None
    call_id: str | None = None
    field: str | None = None
    ours: str | None = None
    theirs: str | None = None


class OurEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A queue entry of ours."""

    queue: str
    joined_at: float
    left_at: float | None
    outcome: str | None


class OurLeg(msgspec.Struct, kw_only=True):
    """A leg of ours, as the database has it."""

    id: str
    call_id: str
    uniqueid: str
    linkedid: str
    boot: str
    started_at: float
    answered_at: float | None
    ended_at: float | None
    #: NULL while it goes on.
    ending: str | None
    #: Events of its call were missed.
    gap: bool
    #: By how much Asterisk's clock jumped since the one that tells its instants; None: not at all.
    clock_step_seconds: float | None = None
    #: Talk and hold; None when one of them has an end that nobody knows.
    talk_seconds: float | None = None
    entries: list[OurEntry] = []

    @property
    def over_at(self) -> float | None:
        """Its end as Asterisk's clock told it by then."""
        return None if self.ended_at is None else self.ended_at + (self.clock_step_seconds or 0.0)

    @property
    def adopted(self) -> bool:
        """Whether its start is only known to the second: it lived before we looked."""
        return self.gap and self.started_at == int(self.started_at)


class Result(msgspec.Struct, kw_only=True):
    """What a comparison found."""

    channels: int = 0
    legs: int = 0
    #: Channels with exactly one leg and nothing that differs.
    matched: int = 0
    findings: list[Finding] = []
    #: The pairs, for whoever fills what is missing.
    unmatched: list[Channel] = []
    #: The greatest difference of each instant, in seconds, of those that fit.
    worst: dict[str, float] = {}


def compare(
    channels: Sequence[Channel],
    legs: Iterable[OurLeg],
    *,
    node: str,
    seen: Iterable[str] = (),
    with_queue_log: bool = True,
) -> Result:
    """Holds channels that are over against legs.

    ``legs`` are all that can belong to them, and all that ended in the same stretch of time. Those whose
    channel is in ``seen`` (it is still open, or was compared before) are not missed here.
    """
    result = Result(channels=len(channels))
    by_uniqueid: dict[str, list[OurLeg]] = defaultdict(list)
    for leg in legs:
        by_uniqueid[leg.uniqueid].append(leg)
        result.legs += 1
    for channel in channels:
        candidates = by_uniqueid.get(channel.uniqueid, [])
        mine = _of_same_life(channel, candidates)
        for leg in mine:
            candidates.remove(leg)
        found = list(_findings(channel, mine, node, result.worst, with_queue_log=with_queue_log))
        result.findings += found
        if found:
            result.unmatched.append(channel)
    known = set(seen)
    for leg in (leg for rest in by_uniqueid.values() for leg in rest):
        if leg.uniqueid not in known and leg.ended_at is not None:
            result.findings.append(_finding(FindingKind.LEG_WITHOUT_CHANNEL, node, None, leg))
    result.matched = result.channels - len(result.unmatched)
    return result


def _of_same_life(channel: Channel, legs: list[OurLeg]) -> list[OurLeg]:
    """The legs of the channel: those of one boot, when its Uniqueid came again in another."""
    if len({leg.boot for leg in legs}) < 2:
        return list(legs)
    at = channel.started_at if channel.started_at is not None else channel.last_at
    nearest = min(legs, key=lambda leg: abs(leg.started_at - at))
    return [leg for leg in legs if leg.boot == nearest.boot]


def _findings(
    channel: Channel, legs: list[OurLeg], node: str, worst: dict[str, float], *, with_queue_log: bool
) -> Iterable[Finding]:
    if not legs:
        yield _finding(FindingKind.CHANNEL_WITHOUT_LEG, node, channel, None)
        return
    leg = legs[0]
    if len(legs) > 1:
        yield _finding(FindingKind.SEVERAL_LEGS, node, channel, leg, "legs", str(len(legs)), "1")
        return
    if leg.ending is None:
        yield _finding(FindingKind.LEG_STILL_OPEN, node, channel, leg)
        return
    for field, ours, theirs in _instants(channel, leg):
        difference = abs(ours - theirs) if ours is not None and theirs is not None else None
        if difference is not None and leg.clock_step_seconds is not None:
            continue  # CEL has each of its instants by the clock of that moment, ours are all by one
        if difference is not None and difference <= TOLERANCE:
            worst[field] = max(worst.get(field, 0.0), difference)
        elif ours != theirs:
            said = (field, _instant(ours), _instant(theirs))
            yield _finding(FindingKind.TIME_DIFFERS, node, channel, leg, *said)
    # Every change of the bridge is seen twice, at either place of Asterisk's code.
    most = channel.bridged_seconds + TOLERANCE * max(1, channel.bridges)
    whole = channel.started_at is not None and not channel.lost
    if whole and leg.clock_step_seconds is None and leg.talk_seconds is not None and leg.talk_seconds > most:
        yield _finding(
            FindingKind.TALK_DIFFERS, node, channel, leg, "talk",
            f"{leg.talk_seconds:.3f}", f"{channel.bridged_seconds:.3f}",
        )  # fmt: skip
    if with_queue_log and whole:
        yield from _waits(channel, leg, node)


def _instants(channel: Channel, leg: OurLeg) -> Iterable[tuple[str, float | None, float | None]]:
    if channel.started_at is not None:
        near = 0.0 <= channel.started_at - leg.started_at < 1.0 + TOLERANCE
        if not (leg.adopted and near):
            yield "started_at", leg.started_at, channel.started_at
        yield "answered_at", leg.answered_at, channel.answered_at
    if not channel.lost:
        yield "ended_at", leg.ended_at, channel.ended_at


def _waits(channel: Channel, leg: OurLeg, node: str) -> Iterable[Finding]:
    """Each end of a wait in queue_log is one of ours, in the same order, as long and with that outcome."""
    entries = sorted(leg.entries, key=lambda entry: entry.joined_at)
    lines = channel.waits
    if leg.clock_step_seconds is None:  # (else they are in order as they were written)
        lines = sorted(lines, key=lambda line: line.at)

    def differs(field: str, ours: str | None, theirs: str | None) -> Finding:
        return _finding(FindingKind.QUEUE_DIFFERS, node, channel, leg, field, ours, theirs)

    if len(lines) != len(entries):
        yield differs(
            "entries",
            " ".join(f"{entry.queue}:{entry.outcome}" for entry in entries) or "-",
            " ".join(f"{line.queue}:{WAIT_ENDS[line.verb]}" for line in lines) or "-",
        )
        return
    for entry, line in zip(entries, lines, strict=True):
        theirs = "overflow" if _went_on(channel, line.verb, entry) else WAIT_ENDS[line.verb]
        if entry.outcome == "unknown":
            continue  # it vanished in a gap, and is said to be unknown
        if (entry.queue, entry.outcome) != (line.queue, theirs):
            yield differs("outcome", f"{entry.queue}:{entry.outcome}", f"{line.queue}:{theirs}")
            continue
        place = 0 if line.verb == "CONNECT" else 3 if line.verb == "EXITWITHKEY" else 2
        seconds = line.rest[place] if place < len(line.rest) else ""
        wait = entry.left_at - entry.joined_at if entry.left_at is not None else None
        if wait is None or not seconds.isdecimal() or leg.clock_step_seconds is not None:
            continue
        if abs(wait - int(seconds)) > WHOLE_SECOND:
            yield differs("wait", f"{wait:.3f}", seconds)


def _went_on(channel: Channel, verb: str, entry: OurEntry) -> bool:
    """Whether the dialplan's limit ended the wait: queue_log takes that for a hang-up, but the channel lives
    on.
    """
    return (
        verb == "ABANDON"
        and entry.outcome == "overflow"
        and entry.left_at is not None
        and channel.ended_at is not None
        and channel.ended_at - entry.left_at > TOLERANCE
    )


def _finding(
    kind: FindingKind,
    node: str,
    channel: Channel | None,
    leg: OurLeg | None,
    field: str | None = None,
    ours: str | None = None,
    theirs: str | None = None,
) -> Finding:
    subject = channel or leg
    assert subject is not None  # noqa: S101
    over_at = channel.last_at if channel is not None else leg and (leg.over_at or leg.started_at)
    return Finding(
        kind=kind, node=node, uniqueid=subject.uniqueid, linkedid=subject.linkedid, at=over_at or 0.0,
        began_at=subject.started_at, field=field, ours=ours, theirs=theirs,
        boot=leg.boot if leg is not None else None, leg_id=leg.id if leg is not None else None,
        call_id=leg.call_id if leg is not None else None,
    )  # fmt: skip


def _instant(at: float | None) -> str | None:
    return None if at is None else f"{at:.3f}"
