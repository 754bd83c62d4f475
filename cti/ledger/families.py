"""Rows of CEL by the call that they belong to: everything that shares a Linkedid, transitively.

Rows are taken one after another, and a call is given out once all its channels are over and quiet. So a file
of any length takes no more memory than the calls that go on at once.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from cti.asterisk.cel import CelRow, order_of

#: A call goes on when another channel joins it so soon after the last one ended.
_QUIET_SECONDS: Final = 5.0
#: Where a row names other channels of the same call.
_NAMES: Final = (
    "pickup_channel_uniqueid",
    "channel2_uniqueid",
    "transferee_channel_uniqueid",
    "transfer_target_channel_uniqueid",
)
_NOBODY: Final = frozenset({"", "N/A"})


class Family:
    """One call: its rows so far, and the channels that are not over."""

    def __init__(self) -> None:
        self.rows: list[CelRow] = []
        self.names: set[str] = set()
        self.open: set[str] = set()
        self.last_at = 0.0
        self.given = False

    def in_order(self) -> list[CelRow]:
        """The rows in order of time."""
        return sorted(self.rows, key=order_of)


class FamilyFold:
    """Takes rows, gives calls."""

    def __init__(self) -> None:
        #: By Uniqueid and by Linkedid.
        self._by_name: dict[str, Family] = {}
        self._quiet: deque[Family] = deque()

    def take(self, row: CelRow) -> None:
        """The next row."""
        names = {row.uniqueid, row.linkedid, *(row.extra.get(name, "") for name in _NAMES)} - _NOBODY
        family = self._joined(names)
        family.rows.append(row)
        family.last_at = max(family.last_at, row.at)
        if row.event == "CHAN_START":
            family.open.add(row.uniqueid)
        elif row.event == "CHAN_END":
            family.open.discard(row.uniqueid)
            if not family.open:
                self._quiet.append(family)

    def finished(self, at: float) -> Iterator[Family]:
        """Calls that have been over for a while at an instant; each is given once."""
        while self._quiet and self._quiet[0].last_at < at - _QUIET_SECONDS:
            family = self._quiet.popleft()
            if not family.open and not family.given:
                yield self._give(family)

    def rest(self) -> Iterator[Family]:
        """All others, at the end of the file."""
        for family in list(self._by_name.values()):
            if not family.given:
                yield self._give(family)

    def _joined(self, names: Iterable[str]) -> Family:
        """The one call of these names; calls that turn out to be one are joined."""
        found = {id(family): family for name in names if (family := self._by_name.get(name)) is not None}
        families = sorted(found.values(), key=lambda family: len(family.rows), reverse=True)
        family = families[0] if families else Family()
        for other in families[1:]:
            family.rows += other.rows
            family.open |= other.open
            family.last_at = max(family.last_at, other.last_at)
            other.given = True
            self._name(family, other.names)
        self._name(family, names)
        return family

    def _name(self, family: Family, names: Iterable[str]) -> None:
        for name in names:
            family.names.add(name)
            self._by_name[name] = family

    def _give(self, family: Family) -> Family:
        family.given = True
        for name in family.names:
            self._by_name.pop(name, None)
        return family
