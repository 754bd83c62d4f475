"""What is sent to and answered by AMI: actions as bytes, responses as records."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from cti.errors import InvalidField

#: What an action carries: a field may come several times.
Fields: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]

#: Asterisk reads a line into 1,024 bytes, its end included, and cuts what is beyond.
LONGEST_LINE: Final = 1024
#: More headers than this are dropped by Asterisk without a word.
MOST_HEADERS: Final = 128

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one action. ``lines`` are the Output headers of a Command."""

    ok: bool
    message: str
    headers: dict[str, str]
    lines: tuple[str, ...] = ()

    def get(self, key: str) -> str:
        """The header's value, or the empty text when the response has none."""
        return self.headers.get(key, "")


def parse_response(block: bytes) -> Response:
    """Reads one response. Values are as Asterisk holds them: only events are C-escaped. Never fails."""
    headers: dict[str, str] = {}
    lines = []
    for line in block.decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "Output":
            lines.append(value)
        elif colon:
            headers.setdefault(key, value)
    return Response(
        ok=headers.get("Response") in ("Success", "Goodbye", "Follows"),
        message=headers.get("Message", ""),
        headers=headers,
        lines=tuple(lines),
    )


def header_of(block: bytes, name: bytes) -> bytes:
    """One header's value without parsing the rest; empty when the block has none."""
    start = block.find(b"\r\n" + name + b": ")
    if start < 0:
        return b""
    start += len(name) + 4
    end = block.find(b"\r\n", start)
    return block[start:] if end < 0 else block[start:end]


def stamp_of(block: bytes) -> float:
    """The block's Timestamp (epoch seconds of Asterisk's clock); 0.0 when it has none."""
    try:
        return float(header_of(block, b"Timestamp") or 0)
    except ValueError:
        return 0.0


def encode_action(name: str, action_id: str, fields: Fields) -> bytes:
    """One action as AMI reads it; a field may come several times.

    Raises:
        InvalidField: a name is no header name, a value holds a control character (a bare line feed would
        begin
            another header), a line is too long or there are too many.
    """
    pairs = list(fields.items() if isinstance(fields, Mapping) else fields)
    if len(pairs) + 2 > MOST_HEADERS:
        raise InvalidField(name, f"has {len(pairs)} fields, more than {MOST_HEADERS - 2}")
    lines = [_line("Action", name), _line("ActionID", action_id)]
    for key, value in pairs:
        if not _NAME.fullmatch(key) or key.lower() in ("action", "actionid"):
            raise InvalidField(key, "is no name of a field that can be set")
        lines.append(_line(key, value))
    return b"".join([*lines, b"\r\n"])


def _line(key: str, value: str) -> bytes:
    if _CONTROL.search(value):
        raise InvalidField(key, "holds a control character")
    try:
        line = f"{key}: {value}\r\n".encode()
    except UnicodeEncodeError:
        raise InvalidField(key, "is no text") from None
    if len(line) > LONGEST_LINE - 1:
        raise InvalidField(key, f"makes a line of {len(line)} bytes, more than {LONGEST_LINE - 1}")
    return line
