"""Past calls on the terminal: as a table, as CSV, as JSON lines."""

import csv
import sys
from collections.abc import Callable, Iterable
from typing import Final, TextIO

import msgspec
from rich.console import Console
from rich.table import Table

from cti.calls.model import Leg, Transfer
from cti.http.shapes import instant, instant_or_none
from cti.ledger.history import PastCall

_CALL: Final = (
    "started_at", "from", "from_name", "to", "direction", "answered", "answered_by", "wait_seconds",
    "talk_seconds", "seconds", "queue", "transfers", "pickups", "legs", "id",
)  # fmt: skip
_LEG: Final = (
    "call_id", "uniqueid", "channel", "kind", "number", "name", "dialled", "outgoing", "started_at",
    "answered_at", "ended_at", "hangup_cause",
)  # fmt: skip
#: What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, str]


def call_row(past: PastCall) -> Row:
    """A call in words; what is not known is empty."""
    call, answered_by = past.call, past.answered_by
    seconds = None if call.ended_at is None else call.ended_at - call.started_at
    values = (
        instant(call.started_at), call.caller_number or "", _caller_name(past), call.dialled_number or "",
        call.direction.value, "yes" if call.answered_at is not None else "no",
        "" if answered_by is None else answered_by.number or answered_by.interface or answered_by.channel,
        _seconds(past.wait_seconds), _seconds(past.talk_seconds), _seconds(seconds), call.queue or "",
        "; ".join(_handed_on(one) for one in past.transfers),
        "; ".join(f"{one.channel} → {one.by_channel}" for one in past.pickups), str(len(past.legs)), call.id,
    )  # fmt: skip
    return dict(zip(_CALL, values, strict=True))


def leg_rows(past: PastCall) -> list[Row]:
    """The legs of a call in words, in the order of their beginning."""
    return [_leg_row(leg) for leg in sorted(past.legs, key=lambda leg: leg.started_at)]


def _leg_row(leg: Leg) -> Row:
    values = (
        leg.call_id, leg.uniqueid, leg.channel, leg.kind.value, leg.number or "", leg.name or "",
        leg.dialled_number or "", "yes" if leg.outgoing else "no", instant(leg.started_at),
        instant_or_none(leg.answered_at) or "", instant_or_none(leg.ended_at) or "",
        "" if leg.hangup_cause is None else str(leg.hangup_cause),
    )  # fmt: skip
    return dict(zip(_LEG, values, strict=True))


def print_table(calls: Iterable[PastCall], console: Console, *, legs: bool) -> None:
    """One line for each call, or for each leg."""
    columns = _LEG if legs else _CALL[:-1]
    table = Table(*(name.replace("_", " ") for name in columns))
    for row in _rows(calls, legs=legs):
        table.add_row(*(_plain(row[name]).replace("[", "\\[") for name in columns))
    console.print(table)


def write_csv(calls: Iterable[PastCall], file: TextIO = sys.stdout, *, legs: bool) -> None:
    """With a heading."""
    writer = csv.DictWriter(file, _LEG if legs else _CALL, lineterminator="\n")
    writer.writeheader()
    for row in _rows(calls, legs=legs):
        writer.writerow({name: _cell(value) for name, value in row.items()})


def write_json_lines(calls: Iterable[PastCall], write: Callable[[str], object]) -> None:
    """One object a line: the call, and in it all that belongs to it; instants in seconds since the epoch."""
    for past in calls:
        plain = {
            "call": past.call, "legs": past.legs, "intervals": past.intervals, "queue_entries": past.entries,
            "transfers": past.transfers, "pickups": past.pickups,
            "answered": past.call.answered_at is not None,
            "answered_by": None if past.answered_by is None else past.answered_by.id,
            "wait_seconds": past.wait_seconds, "talk_seconds": past.talk_seconds,
        }  # fmt: skip
        write(msgspec.json.encode(plain).decode())


def _rows(calls: Iterable[PastCall], *, legs: bool) -> Iterable[Row]:
    for past in calls:
        if legs:
            yield from leg_rows(past)
        else:
            yield call_row(past)


def _handed_on(transfer: Transfer) -> str:
    outcome = "" if transfer.outcome is None else f" ({transfer.outcome.value})"
    return f"{transfer.kind.value} → {transfer.to_number or '?'}{outcome}"


def _caller_name(past: PastCall) -> str:
    first = min(past.legs, key=lambda leg: leg.started_at, default=None)
    return "" if first is None else first.name or ""


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _cell(value: str) -> str:
    plain = _plain(value)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
