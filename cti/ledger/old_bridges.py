"""Bridges in the CEL of older Asterisks, put as a newer one would write them.

Before Asterisk 12 one row (BRIDGE_START, BRIDGE_END) told of both channels, and other people's exports leave
out the column that names the bridge. Then all who are in a bridge in one call are taken to be in the same.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from cti.asterisk.cel import CelRow

_NEW: Final = {"BRIDGE_START": "BRIDGE_ENTER", "BRIDGE_END": "BRIDGE_EXIT"}


def with_bridges(rows: Sequence[CelRow]) -> Iterator[CelRow]:
    """The rows of one call, in order of time; every entry and exit is there and names its bridge."""
    bridge = {"bridge_id": f"call {rows[0].linkedid}"} if rows else {}
    #: Channels that go on, by Uniqueid: the row that each was answered with, or began with.
    open_rows: dict[str, CelRow] = {}
    for row in rows:
        if row.event in ("BRIDGE_ENTER", "BRIDGE_EXIT") and "bridge_id" not in row.extra:
            yield replace(row, extra=row.extra | bridge)
            continue
        if row.event not in _NEW:
            if row.event in ("CHAN_START", "ANSWER"):
                open_rows.pop(row.uniqueid, None)
                open_rows[row.uniqueid] = row
            elif row.event == "CHAN_END":
                open_rows.pop(row.uniqueid, None)
            yield row
            continue
        new = replace(row, event=_NEW[row.event], extra=row.extra | bridge)
        yield new
        peer = _peer(row, open_rows)
        if peer is not None:
            yield replace(
                new, uniqueid=peer.uniqueid, channel=peer.channel, number=peer.number, name=peer.name,
                exten=peer.exten,
            )  # fmt: skip


def _peer(row: CelRow, open_rows: dict[str, CelRow]) -> CelRow | None:
    """The other channel: the one that is named, else the one that was answered last."""
    others = [other for other in open_rows.values() if other.uniqueid != row.uniqueid]
    named = [other for other in others if other.channel == row.peer]
    answered = [other for other in others if other.event == "ANSWER"]
    found = named or answered
    return found[-1] if found else None
