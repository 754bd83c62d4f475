"""AMI events: which ones matter, how a block of bytes becomes one, and how the service writes its own.

A block is `Event: Name`, then `Key: value` lines, each ended by CR LF, then an empty line. It is the only
textual form of an event anywhere: on the socket, in the journal and in recorded transcripts.

An event is read only as far as somebody asks: the name and the time at once, a header when it is wanted.
Most of the twenty headers of an event are never looked at, and splitting them all costs more than
everything else that is done with it.
"""

import re
from typing import Final

from cti.errors import InvalidField

END_OF_BLOCK: Final = b"\r\n\r\n"

#: What the board needs of all that Asterisk sends. Everything else is dropped before it is parsed:
#: Newexten, VarSet, RTCP*, MusicOnHold*, CEL; the states of devices and members too, because what an agent's
#: device does shows in its channels.
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

#: The same, as they stand in a block.
WANTED_BYTES: Final = frozenset(name.encode() for name in WANTED)
_MOST_NEEDLES: Final = 1_024
#: Epoch seconds; later ones are no time (and infinity is none).
_END_OF_TIME: Final = 1e11

_ESCAPE: Final = re.compile(r"\\([abfnrtv\\'\"?])")
_ESCAPED: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.()-]*")


class _Needles(dict[str, str]):
    """What to look for in a block to find a header, by the header's name."""

    def __missing__(self, key: str) -> str:
        needle = f"\r\n{key}: "
        if len(self) < _MOST_NEEDLES:
            self[key] = needle
        return needle


_needle_of: Final = _Needles().__getitem__


class AmiEvent:
    """One event.

    ``at`` is the Timestamp header, epoch seconds of Asterisk's clock; 0.0 when there is none. Values are
    unescaped; a channel variable goes by the name `ChanVariable(NAME)`. Of a header that is sent twice the
    first value counts: what comes later may be a caller's text.
    """

    __slots__ = ("_headers", "_text", "at", "name")

    def __init__(self, name: str, at: float, text: str) -> None:
        self.name = name
        self.at = at
        self._text = text
        self._headers: dict[str, str] | None = None

    @classmethod
    def of(cls, name: str, at: float, headers: dict[str, str]) -> "AmiEvent":
        """The event of which only the headers were kept."""
        event = cls(name, at, "")
        event._headers = headers
        return event

    def get(self, key: str) -> str:
        """The header's value, or the empty text when the event has none."""
        if self._headers is not None:
            return self._headers.get(key, "")
        _, found, rest = self._text.partition(_needle_of(key))
        if not found:
            return self.headers.get(key, "") if key[-1:] == ")" else self.name if key == "Event" else ""
        value = rest.partition("\r\n")[0]
        return unescape(value) if "\\" in value else value

    @property
    def headers(self) -> dict[str, str]:
        """All headers."""
        if self._headers is None:
            self._headers = _split(self._text)
        return self._headers

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AmiEvent):
            return NotImplemented
        return self.name == other.name and self.headers == other.headers

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"AmiEvent({self.name!r}, {self.at!r}, {self.headers!r})"


def _split(text: str) -> dict[str, str]:
    lines = text.rstrip("\r\n").split("\r\n")
    if "\\" not in text and "ChanVariable" not in text:
        try:  # from the last to the first, so that the first of two counts
            return dict([line.split(": ", 1) for line in reversed(lines)])
        except ValueError:
            pass  # a line without a colon
    headers: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(": ")
        if key.endswith("ChanVariable"):
            name, _, value = value.partition("=")
            key = f"{key}({name})"
        headers.setdefault(key, unescape(value) if "\\" in value else value)
    headers.pop("", None)
    return headers


def parse(block: bytes) -> AmiEvent:
    """Reads one block, with or without its closing empty line.

    Never fails: broken UTF-8 is replaced, a line without a colon is kept as a header without value, and a
    block without an Event header has the empty name.
    """
    text = block.decode("utf-8", "replace")
    end = text.find("\r\n")
    if end < 0 and "\n" in text:  # a transcript that an editor saved with bare line feeds
        text = text.replace("\n", "\r\n")
        end = text.find("\r\n")
    if end < 0:
        end = len(text)
    name = text[7:end] if text.startswith("Event: ") else ""
    start = text.find("\r\nTimestamp: ", end)
    if start < 0:
        return AmiEvent(name, 0.0, text)
    start += 13
    end = text.find("\r\n", start)
    try:
        at = float(text[start:end] if end >= 0 else text[start:])
    except ValueError:
        at = 0.0
    return AmiEvent(name, at if 0.0 <= at < _END_OF_TIME else 0.0, text)


def name_of(block: bytes) -> bytes:
    """The event's name without parsing the rest; empty for a response or anything else."""
    if not block.startswith(b"Event: "):
        return b""
    end = block.find(b"\r", 7)
    return block[7:end] if end >= 0 else block[7:].rstrip()


def is_wanted(block: bytes) -> bool:
    """Whether the board needs this block from Asterisk, told from its first line alone."""
    return block.startswith(b"Event: ") and block[7 : block.find(b"\r", 7)] in WANTED_BYTES


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
