"""AMI events: which ones matter, how a block of bytes becomes one, and how the service writes its own.

A block is `Event: Name`, then `Key: value` lines, each ended by CR LF, then an empty line. It is the only
textual form of an event anywhere: on the socket, in the journal and in recorded transcripts.

Most lines of a busy Asterisk are lines it sent a moment ago (`ChannelState: 6`, `Context: inbound`, and for
the length of a call its Uniqueid), so lines are parsed once and remembered. That is faster than splitting
each, and equal strings of all live calls are one object in memory. Only the Timestamp line never repeats.
"""

import re
from math import isfinite
from typing import Final

import msgspec

from cti.errors import InvalidField

END_OF_LINE: Final = b"\r\n"
END_OF_BLOCK: Final = b"\r\n\r\n"

#: What the board needs of all that Asterisk sends. Everything else is dropped before it is parsed:
#: Newexten, VarSet, RTCP*, MusicOnHold*, CEL; DeviceStateChange and ContactStatus too, QueueMemberStatus
#: says enough.
WANTED: Final = frozenset(
    {
        "Newchannel",
        "Newstate",
        "NewCallerid",
        "Rename",
        "HangupRequest",
        "SoftHangupRequest",
        "Hangup",
        "DialBegin",
        "DialEnd",
        "BridgeCreate",
        "BridgeDestroy",
        "BridgeEnter",
        "BridgeLeave",
        "BridgeMerge",
        "Hold",
        "Unhold",
        "LocalBridge",
        "LocalOptimizationBegin",
        "LocalOptimizationEnd",
        "BlindTransfer",
        "AttendedTransfer",
        "Pickup",
        "ParkedCall",
        "UnParkedCall",
        "ParkedCallTimeOut",
        "ParkedCallGiveUp",
        "QueueCallerJoin",
        "QueueCallerLeave",
        "QueueCallerAbandon",
        "AgentCalled",
        "AgentConnect",
        "AgentComplete",
        "AgentRingNoAnswer",
        "AgentDump",
        "QueueMemberAdded",
        "QueueMemberRemoved",
        "QueueMemberPause",
        "QueueMemberStatus",
        "QueueMemberPenalty",
        "QueueMemberRinginuse",
        "OriginateResponse",
        "UserEvent",
        "FullyBooted",
        "Shutdown",
        "CoreShowChannel",
        "CoreShowChannelsComplete",
        "BridgeListItem",
        "BridgeListComplete",
        "BridgeInfoChannel",
        "BridgeInfoComplete",
        "QueueParams",
        "QueueMember",
        "QueueEntry",
        "QueueStatusComplete",
    }
)

#: Names of the events that the service itself writes begin so; nothing on the AMI socket does.
OWN_PREFIX: Final = "Cti"

_WANTED_BYTES: Final = frozenset(name.encode() for name in WANTED)
_REMEMBERED_LINES: Final = 16_384
_REMEMBERED_HEADS: Final = 1_024
_LONGEST_REMEMBERED: Final = 256

_ESCAPE: Final = re.compile(r"\\([abfnrtv\\'\"?])")
_ESCAPED: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.()-]*")


class AmiEvent(msgspec.Struct, frozen=True):
    """One event.

    ``at`` is the Timestamp header, epoch seconds of Asterisk's clock; 0.0 when there is none (Asterisk
    has ``timestampevents`` off). ``headers`` are all headers as sent, unescaped; a channel variable is
    kept under `ChanVariable(NAME)`. Of a header that is sent twice the last value is kept.
    """

    name: str
    at: float
    headers: dict[str, str]

    def get(self, key: str) -> str:
        """The header's value, or the empty text when the event has none."""
        return self.headers.get(key, "")


class _Lines(dict[str, tuple[str, str]]):
    """Parsed lines by their text, forgotten all at once when there are too many."""

    def __missing__(self, line: str) -> tuple[str, str]:
        pair = _parse_line(line)
        if len(line) <= _LONGEST_REMEMBERED:
            if len(self) >= _REMEMBERED_LINES:
                self.clear()
            self[line] = pair
        return pair


class _Heads(dict[str, dict[str, str]]):
    """What stands before the Timestamp line, by its text: the name and the class of an event."""

    def __missing__(self, head: str) -> dict[str, str]:
        headers = dict(map(_pair_of, head.split("\r\n")))
        if len(self) < _REMEMBERED_HEADS and len(head) <= _LONGEST_REMEMBERED:
            self[head] = headers
        return headers


def _parse_line(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    value = value.removeprefix(" ")
    if "\\" in value:
        value = unescape(value)
    if key.endswith("ChanVariable"):
        name, _, value = value.partition("=")
        key = f"{key}({name})"
    return key, value


_pair_of: Final = _Lines().__getitem__
_head_of: Final = _Heads().__getitem__


def parse(block: bytes) -> AmiEvent:
    """Reads one block, with or without its closing empty line.

    Never fails: broken UTF-8 is replaced, a line without a colon is kept as a header without value, and a
    block without an Event header has the empty name.
    """
    text = block.decode("utf-8", "replace")
    if "\r" not in text:  # a transcript that an editor saved with bare line feeds
        text = text.replace("\n", "\r\n")
    head, _, rest = text.partition("\r\nTimestamp: ")
    stamp, _, rest = rest.partition("\r\n")
    headers = _head_of(head).copy()
    name = headers.get("Event", "")
    headers.update(map(_pair_of, rest.split("\r\n")))
    headers.pop("", None)
    if not stamp:
        return AmiEvent(name, 0.0, headers)
    headers["Timestamp"] = stamp
    try:
        at = float(stamp)
    except ValueError:
        at = 0.0
    return AmiEvent(name, at if isfinite(at) else 0.0, headers)


def name_of(block: bytes) -> bytes:
    """The event's name without parsing the rest; empty for a response or anything else."""
    if not block.startswith(b"Event: "):
        return b""
    end = block.find(b"\r", 7)
    return block[7:end] if end >= 0 else block[7:].rstrip()


def is_wanted(block: bytes) -> bool:
    """Whether the board needs this block from Asterisk, told from its first line alone."""
    return block.startswith(b"Event: ") and block[7 : block.find(b"\r", 7)] in _WANTED_BYTES


def unescape(value: str) -> str:
    """Undoes the C escapes that Asterisk puts into names."""
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), value)


def encode(event_name: str, event_at: float, /, **headers: str | float) -> bytes:
    """A block of the service's own, in the form in which Asterisk sends its events.

    :raises InvalidField: a name is no header name, or a value holds a control character.
    """
    lines = [f"Event: {_checked_name(event_name)}", f"Timestamp: {event_at:.6f}"]
    for key, value in headers.items():
        if key in ("Event", "Timestamp"):
            raise InvalidField(key, "is set by the event itself")
        text = str(value)
        if _CONTROL.search(text):
            raise InvalidField(key, "holds a control character")
        escaped = text.replace("\\", "\\\\")
        lines.append(f"{_checked_name(key)}: {escaped}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace")


def _checked_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise InvalidField("header name", f"{name!r} is no header name")
    return name
