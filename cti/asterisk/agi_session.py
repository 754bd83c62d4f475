"""One call in our hands: the dialplan waits while we tell Asterisk what to do with it, command by command.

A caller who hangs up ends the flow by the exception `CallerHungUp`, wherever the flow is. What he keyed
just before is still given: Asterisk announces the hang-up on a line of its own (`HANGUP`, which is no
reply), and only the next command raises.
"""

import asyncio
import re
from typing import Final

import msgspec

from cti.errors import AgiCommandFailed, AgiError, AgiTimeout, CallerHungUp, InvalidField

#: Asterisk reads a command into 2,048 bytes.
_LONGEST_COMMAND: Final = 2000
_LONGEST_USAGE_LINES: Final = 200
#: How much longer than the caller is given the reply may take.
_SLACK_SECONDS: Final = 5.0

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_VARIABLE: Final = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,78}")
_READABLE: Final = re.compile(r"[A-Za-z0-9_]{1,80}(\([A-Za-z0-9_,-]{0,80}\))?")
_PROMPT: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_/][A-Za-z0-9_./-]{0,254}")
_LANGUAGE: Final = re.compile(r"[a-z]{2}([_-][A-Za-z]{2})?")
_DIGITS: Final = re.compile(r"[0-9*#]{0,12}")
_REPLY: Final = re.compile(r"result=(\S*)(?: \((.*)\))?(?: endpos=(\d+))?\s*", re.DOTALL)


class AgiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What Asterisk says of the call when it connects. Everything in it comes from outside."""

    #: The path of the address in the dialplan, without a leading slash.
    path: str
    uniqueid: str
    channel: str
    #: The dialled extension.
    extension: str
    #: As the network sent it; empty when withheld or unknown.
    caller_number: str
    language: str
    #: The arguments in the dialplan, without the token.
    arguments: tuple[str, ...]
    #: All headers, `agi_` included.
    headers: dict[str, str]


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


class DigitsRead(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller keyed, and whether the time ran out before he was done."""

    digits: str
    timed_out: bool


def quote(value: str) -> str:
    """One argument of an AGI command, safe inside it.

    Raises:
        InvalidField: it holds a control character; a line feed would begin another command.
    """
    if _CONTROL.search(value):
        raise InvalidField("argument", "holds a control character")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class AgiSession:
    """The commands. All raise `CallerHungUp`, `AgiTimeout`, `AgiCommandFailed` or `InvalidField`."""

    def __init__(
        self, request: AgiRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.request = request
        #: Asterisk has announced the hang-up.
        self.hung_up = False
        self._reader = reader
        self._writer = writer

    async def answer(self) -> None:
        """Answers the call; does nothing when it is answered."""
        await self._done("ANSWER")

    async def hangup(self) -> None:
        """Hangs up the call; the flow goes on until its next command."""
        await self._done("HANGUP")

    async def set_variable(self, name: str, value: str) -> None:
        """Sets a channel variable to a text, which is not evaluated; whoever reads it must not either."""
        if not _VARIABLE.fullmatch(name):
            raise InvalidField("variable", f"{name[:80]!r} is no name of a variable")
        await self._done(f"SET VARIABLE {name} {quote(value)}")

    async def get_variable(self, name: str) -> str | None:
        """A channel variable's value, or that of a function like CHANNEL(state); None when there is none."""
        if not _READABLE.fullmatch(name):
            raise InvalidField("variable", f"{name[:80]!r} is no name of a variable")
        reply = await self._done(f"GET VARIABLE {name}")
        return reply.data if reply.result == "1" else None

    async def set_language(self, language: str) -> None:
        """Chooses the language of Asterisk's prompts, as `en` or `zh`."""
        if not _LANGUAGE.fullmatch(language):
            raise InvalidField("language", f"{language[:20]!r} is no language")
        await self._done(f"SET VARIABLE CHANNEL(language) {quote(language)}")

    async def stream_file(self, name: str, escape_digits: str = "", *, longest_seconds: float = 120) -> str:
        """Plays a prompt (without extension). Returns the key that broke it off, or the empty text."""
        command = f"STREAM FILE {_prompt(name)} {_digits(escape_digits)}"
        return _key(await self._done(command, longest_seconds))

    async def get_data(
        self, name: str, *, timeout_seconds: float, most_digits: int, longest_seconds: float = 120
    ) -> DigitsRead:
        """Plays a prompt, which a key breaks off, and reads keys until `#`, the number or the time is up.

        ``timeout_seconds`` is the time after the prompt and between two keys.
        """
        if not 0 < timeout_seconds <= 60 or not 1 <= most_digits <= 64:
            raise InvalidField("get_data", f"{timeout_seconds} s, {most_digits} digits are out of range")
        milliseconds = int(timeout_seconds * 1000)
        longest = longest_seconds + timeout_seconds * (most_digits + 1)
        reply = await self._done(f"GET DATA {_prompt(name)} {milliseconds} {most_digits}", longest)
        return DigitsRead(digits=reply.result, timed_out=reply.data == "timeout")

    async def wait_for_digit(self, timeout_seconds: float) -> str:
        """The next key, or the empty text when none came in time."""
        if not 0 < timeout_seconds <= 600:
            raise InvalidField("timeout", f"{timeout_seconds} s is out of range")
        return _key(await self._done(f"WAIT FOR DIGIT {int(timeout_seconds * 1000)}", timeout_seconds))

    async def command(self, text: str, *, seconds: float = 0.0) -> AgiReply:
        """Sends one command as it is and returns its reply, whatever it says. It may work for ``seconds``.

        Raises:
            InvalidField: the command has a control character or is too long.
            CallerHungUp: the channel is dead, or Asterisk is gone.
            AgiTimeout: no reply in time.
        """
        if _CONTROL.search(text):
            raise InvalidField("command", "holds a control character")
        data = text.encode("utf-8", "replace")
        if len(data) > _LONGEST_COMMAND:
            raise InvalidField("command", f"has {len(data)} bytes, more than {_LONGEST_COMMAND}")
        if self.hung_up:
            raise CallerHungUp
        try:
            async with asyncio.timeout(seconds + _SLACK_SECONDS):
                self._writer.write(data + b"\n")
                await self._writer.drain()
                reply = await self._reply()
        except TimeoutError:
            verb = " ".join(text.split()[:2])
            raise AgiTimeout(f"no reply to {verb} within {seconds + _SLACK_SECONDS:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            self.hung_up = True
            raise CallerHungUp("Asterisk closed the session") from None
        if reply.code == 511:
            self.hung_up = True
            raise CallerHungUp
        return reply

    async def _done(self, text: str, seconds: float = 0.0) -> AgiReply:
        reply = await self.command(text, seconds=seconds)
        if reply.code != 200:
            raise AgiCommandFailed(f"{text.split()[0]}: {reply.text}")
        if reply.result == "-1":
            if not self.hung_up:
                # It fails for a hang-up and for a missing file alike; a dead channel says so when asked.
                await self.command("CHANNEL STATUS")
            if self.hung_up:
                raise CallerHungUp
            raise AgiCommandFailed(f"{text.split()[0]} failed on a living channel: {reply.text}")
        return reply

    async def _reply(self) -> AgiReply:
        while True:
            line = await self._line()
            if line == "HANGUP":
                self.hung_up = True
            elif not line.startswith("100"):
                break
        code, separator, rest = line[:3], line[3:4], line[4:]
        if not (code.isascii() and code.isdigit()) or separator not in ("", " ", "-"):
            raise AgiError(f"{line[:80]!r} is no reply")
        lines = [rest]
        if separator == "-":
            while not line.startswith(f"{code} ") and len(lines) < _LONGEST_USAGE_LINES:
                line = await self._line()
                lines.append(line)
        match = _REPLY.match(rest)
        return AgiReply(
            code=int(code),
            result=match[1] if match else "",
            data=(match[2] or "") if match else "",
            text="\n".join(lines),
        )

    async def _line(self) -> str:
        try:
            return decode((await self._reader.readuntil(b"\n")).rstrip(b"\r\n"))
        except asyncio.LimitOverrunError:
            raise AgiError("a line of the reply is too long") from None


def decode(value: bytes) -> str:
    """Text from Asterisk: UTF-8, or Latin-1 when it is none, as names from old networks are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _prompt(name: str) -> str:
    if not _PROMPT.fullmatch(name):
        raise InvalidField("prompt", f"{name[:80]!r} is no name of a prompt")
    return quote(name)


def _digits(digits: str) -> str:
    if not _DIGITS.fullmatch(digits):
        raise InvalidField("digits", f"{digits[:20]!r} are no keys")
    return quote(digits)


def _key(reply: AgiReply) -> str:
    code = int(reply.result) if reply.result.isascii() and reply.result.isdigit() else 0
    return chr(code) if chr(code) in "0123456789*#ABCD" else ""
