"""What Asterisk's ledger (CEL) says of attempts. Pure.

The ledger knows when a channel began, was answered, was with somebody and ended, why and by whom, and what
the dialplan said of it. It knows no SIP statuses; but by whom a call was ended tells the network's 480 from
what rang for as long as it may, which have one cause.
"""

from collections.abc import Iterable

import msgspec

from cti.asterisk.cel import CelRow
from cti.dialling.rules.outcome import Evidence, Machine


class LedgerTrace(msgspec.Struct, kw_only=True):
    """One attempt in the ledger; instants are epoch seconds, None is what it does not say."""

    answered_at: float | None = None
    connected_at: float | None = None
    ended_at: float | None = None
    hangup_cause: int | None = None
    #: It was the far end that ended it, and not we.
    by_far_end: bool = False
    dial_status: str | None = None
    #: When the dialplan found that nobody was there for him.
    abandoned_at: float | None = None
    machine: Machine | None = None
    machine_cause: str | None = None
    #: When Asterisk said what it takes him for.
    machine_at: float | None = None
    last_at: float = 0.0

    @property
    def left_after_seconds(self) -> float | None:
        """How long after the answer he left by himself; None when he did not, or it does not say."""
        if not self.by_far_end or self.answered_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.answered_at


def traces_of(rows: Iterable[CelRow], attempt_ids: set[str]) -> dict[str, LedgerTrace]:
    """What the ledger has of each attempt of which it has something. ``rows`` in order of time."""
    found: dict[str, LedgerTrace] = {}
    for row in rows:
        if row.uniqueid in attempt_ids and row.event != "LINKEDID_END":
            _take(found.setdefault(row.uniqueid, LedgerTrace()), row)
    return found


def evidence_with(seen: Evidence, trace: LedgerTrace) -> Evidence:
    """What was seen of an attempt, and what the ledger adds."""
    answered = seen.answered or trace.answered_at is not None
    machine = seen.machine or trace.machine
    connected = seen.connected
    if trace.abandoned_at is not None or machine is Machine.MACHINE:
        connected = False
    elif trace.connected_at is not None:
        connected = True
    elif connected is None and answered and trace.ended_at is not None:
        connected = False
    return msgspec.structs.replace(
        seen,
        answered=answered,
        connected=connected,
        abandoned=seen.abandoned or trace.abandoned_at is not None,
        left_after_seconds=trace.left_after_seconds,
        by_far_end=trace.by_far_end,
        machine=machine,
        machine_cause=seen.machine_cause or trace.machine_cause,
        hangup_cause=seen.hangup_cause if trace.hangup_cause is None else trace.hangup_cause,
        dial_status=trace.dial_status or seen.dial_status,
        lost=trace.ended_at is None,
    )


def _take(trace: LedgerTrace, row: CelRow) -> None:
    trace.last_at = max(trace.last_at, row.at)
    match row.event, row.application.lower():
        case "ANSWER", _:
            trace.answered_at = trace.answered_at or row.at
        case "BRIDGE_ENTER", _:
            trace.connected_at = trace.connected_at or row.at
        case "APP_START", "agi" if trace.abandoned_at is None:
            # Into a flow; when the service was away, the dialplan says so afterwards.
            trace.connected_at = trace.connected_at or row.at
        case "CtiAttemptAbandoned", _:
            trace.abandoned_at = trace.abandoned_at or row.at
        case "CtiAttemptMachine", _:
            said, _, cause = row.extra.get("extra", "").partition(" ")
            trace.machine = Machine(said) if said in set(Machine) else None
            trace.machine_cause, trace.machine_at = cause or None, row.at
        case "HANGUP", _:
            cause = row.extra.get("hangupcause", "")
            trace.hangup_cause = int(cause) if cause.isascii() and cause.isdecimal() else None
            trace.dial_status = row.extra.get("dialstatus") or None
            trace.by_far_end = row.extra.get("hangupsource") == row.channel
        case "CHAN_END", _:
            trace.ended_at = row.at
