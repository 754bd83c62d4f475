"""Channels, folded from the rows of CEL: when each began, was answered, bridged, waited, and ended.

It is the other side of the comparison with our legs, so it shares no code with the board: a fault of the one
would hide in the other.
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from cti.asterisk.cel import CelRow
from cti.asterisk.queue_log import QueueLogLine

#: What queue_log calls the end of a wait, and what we call it.
WAIT_ENDS: Final = {
    "CONNECT": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "overflow",
    "EXITWITHKEY": "overflow",
    "EXITEMPTY": "overflow",
}
#: A Uniqueid as Asterisk makes it, with the count of the channel; whoever dials may choose another.
_UNIQUEID: Final = re.compile(r"(?:.+-)?\d{9,11}\.(\d+)", re.ASCII)
#: So long it is remembered which channels were given out.
_RECENT_SECONDS: Final = 120.0
#: A line of queue_log whose channel never ends is forgotten after so many others.
_MOST_WAITING: Final = 50_000


class Stay(msgspec.Struct, kw_only=True):
    """A caller in a queue."""

    queue: str
    joined_at: float
    left_at: float | None = None


class Channel(msgspec.Struct, kw_only=True):
    """One channel as CEL has it; None is what CEL does not say."""

    uniqueid: str
    linkedid: str
    name: str
    #: None when it began before the first row.
    started_at: float | None
    answered_at: float | None = None
    ended_at: float | None = None
    #: It has no end in CEL and never will have: Asterisk died.
    lost: bool = False
    bridged_seconds: float = 0.0
    #: When the bridge was entered in which it is.
    entered_at: float | None = None
    bridges: int = 0
    stays: list[Stay] = []
    #: How its waits ended by queue_log.
    waits: list[QueueLogLine] = []
    #: The last instant that CEL tells of it.
    last_at: float = 0.0


class ChannelFold:
    """Takes rows in the order of the ledger; gives channels out once they are over (`take_ended`)."""

    def __init__(self) -> None:
        self.open: dict[str, Channel] = {}
        #: The instants of the first and the last row.
        self.first_at: float | None = None
        self.last_at: float | None = None
        self._ended: list[Channel] = []
        #: Channels that ended lately, and when.
        self._recent: dict[str, float] = {}
        self._waits: dict[str, list[QueueLogLine]] = {}
        self._highest: int = -1

    @property
    def ended(self) -> int:
        """How many channels wait to be taken."""
        return len(self._ended)

    def known(self) -> set[str]:
        """Channels that go on, wait to be taken, or ended lately."""
        return {*self.open, *self._recent, *(channel.uniqueid for channel in self._ended)}

    def take(self, rows: Iterable[CelRow]) -> None:
        """The next rows."""
        for row in rows:
            self._take(row)

    def take_waits(self, lines: Iterable[QueueLogLine]) -> None:
        """The next lines of queue_log; those that end a wait go to their channel."""
        for line in lines:
            if line.verb not in WAIT_ENDS:
                continue
            channel = self.open.get(line.uniqueid)
            if channel is not None:
                channel.waits.append(line)
                continue
            self._waits.setdefault(line.uniqueid, []).append(line)
            if len(self._waits) > _MOST_WAITING:
                del self._waits[next(iter(self._waits))]

    def instant_of(self, number: int) -> float | None:
        """When the channel with that number was over, of those that wait; None when they are fewer."""
        if len(self._ended) <= number:
            return None
        return sorted(channel.last_at for channel in self._ended)[number]

    def take_ended(self, before: float) -> list[Channel]:
        """Channels that were over before an instant; they are given out once."""
        found = [channel for channel in self._ended if channel.last_at < before]
        self._ended = [channel for channel in self._ended if channel.last_at >= before]
        for channel in found:
            channel.waits += self._waits.pop(channel.uniqueid, [])
        return found

    def give_back(self, channels: Iterable[Channel]) -> None:
        """Takes channels again that could not be compared."""
        self._ended[:0] = channels

    def forget(self, at: float) -> None:
        """Of the channels that are over, remembers those that ended shortly before an instant or later."""
        recent, before = self._recent, at - _RECENT_SECONDS
        while recent and recent[next(iter(recent))] < before:
            del recent[next(iter(recent))]

    def lose(self, uniqueids: Iterable[str]) -> None:
        """These channels have no end in CEL: Asterisk died before it wrote one."""
        for uniqueid in list(uniqueids):
            channel = self.open.pop(uniqueid, None)
            if channel is not None:
                channel.lost = True
                self._ended.append(channel)

    def _take(self, row: CelRow) -> None:
        self.first_at = row.at if self.first_at is None else min(self.first_at, row.at)
        self.last_at = row.at if self.last_at is None else max(self.last_at, row.at)
        if row.event == "LINKEDID_END":
            return  # it comes after the end of its channel
        channel = self.open.get(row.uniqueid)
        if row.event == "CHAN_START":
            self._restarted(row, channel)
            channel = None
        if channel is None:
            if row.event != "CHAN_START" and row.uniqueid in self._recent:
                return  # rows of one instant come in any order
            channel = self.open[row.uniqueid] = Channel(
                uniqueid=row.uniqueid, linkedid=row.linkedid, name=row.channel,
                started_at=row.at if row.event == "CHAN_START" else None,
                waits=self._waits.pop(row.uniqueid, []),
            )  # fmt: skip
        channel.linkedid = row.linkedid
        channel.last_at = max(channel.last_at, row.at)
        self._apply(channel, row)

    def _apply(self, channel: Channel, row: CelRow) -> None:
        match row.event, row.application.lower():
            case "ANSWER", _:
                channel.answered_at = row.at if channel.answered_at is None else channel.answered_at
            case "BRIDGE_ENTER", _:
                channel.entered_at = row.at
                channel.bridges += 1
            case "BRIDGE_EXIT", _:
                self._leave_bridge(channel, row.at)
            case "APP_START", "queue":
                channel.stays.append(Stay(queue=row.data.partition(",")[0], joined_at=row.at))
            case "APP_END", "queue":
                if channel.stays:
                    channel.stays[-1].left_at = row.at
            case "CHAN_END", _:
                self._leave_bridge(channel, row.at)
                channel.ended_at = row.at
                del self.open[row.uniqueid]
                self._recent.pop(row.uniqueid, None)
                self._recent[row.uniqueid] = row.at
                self._ended.append(channel)

    def _leave_bridge(self, channel: Channel, at: float) -> None:
        if channel.entered_at is not None:
            channel.bridged_seconds += at - channel.entered_at
            channel.entered_at = None

    def _restarted(self, row: CelRow, same: Channel | None) -> None:
        """Asterisk counts its channels from 0 in every life: what is open when it begins anew is lost."""
        named = _UNIQUEID.fullmatch(row.uniqueid)
        number = int(named[1]) if named is not None else -1
        if number == 0 and self._highest > 0:
            self.lose(list(self.open))
            self._highest = -1
        elif same is not None:
            self.lose([row.uniqueid])
        self._highest = max(self._highest, number)
