"""The text of FastAGI: a command's arguments, safe inside it, and what Asterisk replies. Pure."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from cti.errors import InvalidField

#: Asterisk reads a command into 2,048 bytes.
_LONGEST_COMMAND: Final = 2000
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PROMPT: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_/][A-Za-z0-9_./-]{0,254}")
_DIGITS: Final = re.compile(r"[0-9*#]{0,12}")
_REPLY: Final = re.compile(r"result=(\S*)(?: \((.*)\))?(?: endpos=(\d+))?\s*", re.DOTALL)


class AgiReply(msgspec.Struct, frozen=True, kw_only=True):
    """The reply to one command."""

    #: 200 when carried out.
    code: int
    #: What follows `result=`; may be empty.
    result: str
    #: What stands in parentheses: a variable's value, or `timeout`.
    data: str
    #: The whole text, of all lines.
    text: str
    #: Where a recording ended, in samples.
    end_position: int | None = None


def quote(value: str) -> str:
    """One argument of an AGI command, safe inside it.

    Raises:
        InvalidField: it holds a control character; a line feed would begin another command.
    """
    if _CONTROL.search(value):
        raise InvalidField("argument", "holds a control character")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def encoded(command: str) -> bytes:
    """A whole command as it is sent, without its line feed.

    Raises:
        InvalidField: it has a control character or is too long.
    """
    if _CONTROL.search(command):
        raise InvalidField("command", "holds a control character")
    data = command.encode("utf-8", "replace")
    if len(data) > _LONGEST_COMMAND:
        raise InvalidField("command", f"has {len(data)} bytes, more than {_LONGEST_COMMAND}")
    return data


def decode(value: bytes) -> str:
    """Text from Asterisk: UTF-8, or Latin-1 when it is none, as names from old networks are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def reply_of(code: str, lines: Sequence[str]) -> AgiReply:
    """A reply by its code and its lines without it."""
    match = _REPLY.match(lines[0])
    return AgiReply(
        code=int(code),
        result=match[1] if match else "",
        data=(match[2] or "") if match else "",
        text="\n".join(lines),
        end_position=int(match[3]) if match and match[3] else None,
    )


def prompt(name: str) -> str:
    """A prompt's name as an argument; raises `InvalidField`."""
    if not _PROMPT.fullmatch(name):
        raise InvalidField("prompt", f"{name[:80]!r} is no name of a prompt")
    return quote(name)


def prompts(names: Sequence[str]) -> str:
    """Names of prompts as one argument of an application, not quoted; raises `InvalidField`."""
    for name in names:
        prompt(name)
    return "&".join(names)


def keys(digits: str) -> str:
    """Keys of a telephone, not quoted; raises `InvalidField`."""
    if not _DIGITS.fullmatch(digits):
        raise InvalidField("digits", f"{digits[:20]!r} are no keys")
    return digits


def key_of(reply: AgiReply) -> str:
    """The key whose code is a command's result; empty for none."""
    code = int(reply.result) if reply.result.isascii() and reply.result.isdigit() else 0
    return chr(code) if chr(code) in "0123456789*#ABCD" else ""
