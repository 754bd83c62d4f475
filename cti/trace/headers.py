"""What each header of an event may tell of a person, and the event without it.

A header that is not named here is left out: what nobody has looked at may hold anything.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from typing import Final

from cti.agents.model import agent_id_of
from cti.asterisk.events import AmiEvent, parse
from cti.trace.pseudonyms import Pseudonyms, numbers_in, without_count


class Content(Enum):
    """What a header holds."""

    #: Words of Asterisk's and ours, counts, instants, and ids that Asterisk made up.
    PLAIN = auto()
    NUMBER = auto()
    NAME = auto()
    CHANNEL = auto()
    #: A queue member: an agent's opaque name, or one that somebody wrote by hand.
    MEMBER = auto()


#: By the end of the header's name: the same stands in events with `Dest`, `Transferee` … before it.
_ENDINGS: Final = (
    ("CallerIDNum", Content.NUMBER),
    ("ConnectedLineNum", Content.NUMBER),
    ("Exten", Content.NUMBER),
    ("Extension", Content.NUMBER),
    ("CallerIDName", Content.NAME),
    ("ConnectedLineName", Content.NAME),
    ("Channel", Content.CHANNEL),
    ("Interface", Content.CHANNEL),
    ("MemberName", Content.MEMBER),
    ("Uniqueid", Content.PLAIN),
    ("Linkedid", Content.PLAIN),
    ("ChannelState", Content.PLAIN),
    ("ChannelStateDesc", Content.PLAIN),
    ("Context", Content.PLAIN),
    ("Priority", Content.PLAIN),
    ("Language", Content.PLAIN),
    ("BridgeType", Content.PLAIN),
    ("BridgeTechnology", Content.PLAIN),
    ("BridgeNumChannels", Content.PLAIN),
)
_PLAIN: Final = """
    Timestamp SystemName Version Previous New By Boot Kind Cause Cause-txt DialStatus Result Reason
    IsExternal TransferType DestType Queue Position OriginalPosition Count HoldTime TalkTime RingTime Wait
    Duration BridgeId Outcome HungUpFirst Membership Penalty Status InCall Ringinuse Wrapuptime Paused
    PausedReason LastPause LastCall LoginTime CallsTaken NumberState Question Questions Rating Menu
    LocalOptimization MusicClass ParkingLot ParkingTimeout ParkingDuration
"""
_NAMED: Final = {
    **dict.fromkeys(_PLAIN.split(), Content.PLAIN),
    **dict.fromkeys(("Number", "Choice", "ParkingSpace"), Content.NUMBER),
    **dict.fromkeys(("Oldname", "Newname", "Location", "ParkerDialString"), Content.CHANNEL),
    "Name": Content.MEMBER,
}
_ESCAPED: Final = {
    "\\": r"\\",
    "\r": r"\r",
    "\n": r"\n",
    "\t": r"\t",
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\v": r"\v",
}
_TO_ESCAPE: Final = re.compile("[\\\\\r\n\t\a\b\f\v]")
_OTHER_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


def content_of(header: str) -> Content | None:
    """What a header holds; None for one that is not known."""
    found = _NAMED.get(header)
    if found is not None:
        return found
    return next((content for ending, content in _ENDINGS if header.endswith(ending)), None)


def personal(event: AmiEvent) -> Iterator[tuple[Content, str]]:
    """What the event's headers say of persons."""
    for header, value in event.headers.items():
        content = content_of(header)
        if content is not None and content is not Content.PLAIN and not _is_agent(content, value):
            yield content, without_count(value) if content is Content.CHANNEL else value


def numbers_of(events: Iterable[AmiEvent]) -> set[str]:
    """All runs of digits in the headers of some events that may be somebody's number."""
    return {number for event in events for _, value in personal(event) for number in numbers_in(value)}


def without_persons(block: bytes, at: float, pseudonyms: Pseudonyms) -> bytes:
    """An event's block with pseudonyms in it, and with the instant ``at`` when it carries none."""
    other: dict[Content, Callable[[str], str]] = {
        Content.NUMBER: pseudonyms.number_or_name,
        Content.NAME: pseudonyms.name,
        Content.CHANNEL: pseudonyms.channel,
        Content.MEMBER: pseudonyms.name,
    }
    event = parse(block)
    lines = [f"Event: {event.name}"]
    if event.at <= 0.0:
        lines.append(f"Timestamp: {at:.6f}")
    for header in _in_order(block):
        content = content_of(header)
        if content is None or (header == "Timestamp" and event.at <= 0.0):
            continue
        value = event.get(header)
        kept = content is Content.PLAIN or _is_agent(content, value)
        lines.append(f"{header}: {_escaped(value if kept else other[content](value))}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace")


def _in_order(block: bytes) -> dict[str, None]:
    """The names of a block's headers as they stand in it; of one that is sent twice the first counts."""
    lines = block.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return dict.fromkeys(line.partition(": ")[0] for line in lines)


def _is_agent(content: Content, value: str) -> bool:
    return content is Content.MEMBER and agent_id_of(value) is not None


def _escaped(value: str) -> str:
    escaped = _TO_ESCAPE.sub(lambda found: _ESCAPED[found[0]], value)
    return _OTHER_CONTROL.sub(" ", escaped)
