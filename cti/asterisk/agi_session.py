"""One call in our hands: the dialplan waits while we tell Asterisk what to do with it, command by command.

A caller who hangs up ends the flow by the exception `CallerHungUp`, wherever the flow is. What he keyed
just before is still given: Asterisk announces the hang-up on a line of its own (`HANGUP`, which is no
reply), and only the next command raises.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

import msgspec

from cti.asterisk import agi_text
from cti.asterisk.agi_text import AgiReply, quote
from cti.errors import AgiCommandFailed, AgiError, AgiTimeout, CallerHungUp, InvalidField

_LONGEST_USAGE_LINES: Final = 200
_LONGEST_TIMEOUT: Final = 60.0
_ALL_KEYS: Final = "0123456789*#"
#: Where the dialplan's Read puts what was keyed.
_KEYED: Final = "CTI_KEYED"
#: Of the recordings that we ask for.
_SAMPLES_A_SECOND: Final = 8000
#: How much longer than the caller is given the reply may take.
_SLACK_SECONDS: Final = 5.0
_VARIABLE: Final = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,78}")
_READABLE: Final = re.compile(r"[A-Za-z0-9_]{1,80}(\([A-Za-z0-9_,-]{0,80}\))?")
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ._+*#:/@-]{0,200}")
_LANGUAGE: Final = re.compile(r"[a-z]{2}([_-][A-Za-z]{2})?")


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


class DigitsRead(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller keyed, and whether the time ran out before he was done."""

    digits: str
    timed_out: bool


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded: its length (0.0 for nothing), and what ended it: `dtmf`, `timeout`, `hangup`."""

    seconds: float
    ended_by: str


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

    async def set_variables(self, values: Mapping[str, str]) -> None:
        """Sets channel variables and functions of the channel in one command.

        No value may hold a comma, a quotation mark or a sign of a dialplan expression.
        """
        for name, value in values.items():
            if not (_VARIABLE.fullmatch(name) or _READABLE.fullmatch(name)):
                raise InvalidField("variable", f"{name[:80]!r} is no name of one")
            if not _PLAIN.fullmatch(value):
                raise InvalidField(
                    "variable", f"the value of {name} holds more than letters, digits and signs"
                )
        settings = ",".join(f"{name}={value}" for name, value in values.items())
        await self._done(f"EXEC MSet {quote(settings)}")

    async def stream_file(self, name: str, escape_digits: str = "", *, longest_seconds: float = 120) -> str:
        """Plays a prompt (without extension). Returns the key that broke it off, or the empty text."""
        command = f"STREAM FILE {agi_text.prompt(name)} {quote(agi_text.keys(escape_digits))}"
        return agi_text.key_of(await self._done(command, longest_seconds))

    async def get_data(
        self, name: str, *, timeout_seconds: float | None, most_digits: int, longest_seconds: float = 120
    ) -> DigitsRead:
        """Plays a prompt, which a key breaks off, and reads keys until `#`, the number or the time is up.

        ``timeout_seconds`` is the time after the prompt and between two keys; None means the channel's own
        two (`set_key_times`). Without a name only keys are read.
        """
        seconds = _checked_time(timeout_seconds, most_digits)
        milliseconds = 0 if timeout_seconds is None else max(int(seconds * 1000), 1)
        prompt = agi_text.prompt(name) if name else quote("")
        longest = longest_seconds + seconds * (most_digits + 1)
        reply = await self._done(f"GET DATA {prompt} {milliseconds} {most_digits}", longest)
        return DigitsRead(digits=reply.result, timed_out=reply.data == "timeout")

    async def read(
        self,
        names: Sequence[str],
        *,
        timeout_seconds: float | None,
        most_digits: int,
        terminator: str = "#",
        longest_seconds: float = 120,
    ) -> DigitsRead:
        """As `get_data`, for any number of prompts and another terminator or none.

        No key is lost between two prompts: to Asterisk they are one question.
        """
        if len(names) <= 1 and terminator == "#":
            return await self.get_data(
                names[0] if names else "",
                timeout_seconds=timeout_seconds,
                most_digits=most_digits,
                longest_seconds=longest_seconds,
            )
        seconds = _checked_time(timeout_seconds, most_digits)
        options = "" if terminator == "#" else f"t({agi_text.keys(terminator)})"
        timeout = "" if timeout_seconds is None else f"{seconds:.3f}"
        question = f"{_KEYED},{agi_text.prompts(names)},{most_digits},{options},1,{timeout}"
        await self._done(f"EXEC Read {quote(question)}", longest_seconds + seconds * (most_digits + 1))
        reply = await self._done(f'GET FULL VARIABLE "${{READSTATUS}}:${{{_KEYED}}}"')
        status, _, digits = reply.data.partition(":")
        if status not in ("OK", "TIMEOUT"):
            await self.command("CHANNEL STATUS")  # of a dead channel it raises
            raise AgiCommandFailed(f"Read: {status}")
        return DigitsRead(digits=digits, timed_out=status == "TIMEOUT")

    async def set_key_times(self, first_key_seconds: float, next_key_seconds: float) -> None:
        """How long `get_data` waits for the first key, and for each further one."""
        for name, seconds in (("response", first_key_seconds), ("digit", next_key_seconds)):
            if not 0 < seconds <= _LONGEST_TIMEOUT:
                raise InvalidField("key times", f"{seconds} s is out of range")
            await self._done(f'SET VARIABLE TIMEOUT({name}) "{seconds:.3f}"')

    async def limit(self, seconds: float) -> None:
        """How long the dialplan leaves us the call from now on; 0 for as long as we like."""
        await self._done(f'SET VARIABLE TIMEOUT(absolute) "{max(seconds, 0.0):.0f}"')

    async def playback(self, names: Sequence[str], *, longest_seconds: float = 120) -> None:
        """Plays prompts to their end; keys change nothing and are lost."""
        await self._done(f"EXEC Playback {quote(agi_text.prompts(names))}", longest_seconds)

    async def record_file(
        self, path: PurePosixPath, *, longest_seconds: float, silence_seconds: float, beep: bool
    ) -> Recording:
        """Records into ``path`` (absolute, without its ending `.wav`) until a key, silence, or the time is
        up.

        What was said before a hang-up is kept, and told; only the next command raises `CallerHungUp`.
        """
        if not 0 < longest_seconds <= 3600 or not 1 <= silence_seconds <= 60:
            raise InvalidField(
                "record_file", f"{longest_seconds} s, silence {silence_seconds} s: out of range"
            )
        if not path.is_absolute():
            raise InvalidField("record_file", "the path is not absolute")
        options = f"{int(longest_seconds * 1000)}{' beep' if beep else ''} s={max(round(silence_seconds), 1)}"
        text = f"RECORD FILE {quote(str(path))} wav {quote(agi_text.keys(_ALL_KEYS))} {options}"
        reply = await self.command(text, seconds=longest_seconds)
        if reply.code != 200 or (reply.result == "-1" and reply.data != "hangup"):
            raise AgiCommandFailed(f"RECORD: {reply.text}")
        if reply.data == "hangup":
            self.hung_up = True
        return Recording(seconds=(reply.end_position or 0) / _SAMPLES_A_SECOND, ended_by=reply.data)

    async def wait_for_digit(self, timeout_seconds: float) -> str:
        """The next key, or the empty text when none came in time."""
        if not 0 < timeout_seconds <= 600:
            raise InvalidField("timeout", f"{timeout_seconds} s is out of range")
        return agi_text.key_of(
            await self._done(f"WAIT FOR DIGIT {int(timeout_seconds * 1000)}", timeout_seconds)
        )

    async def command(self, text: str, *, seconds: float = 0.0) -> AgiReply:
        """Sends one command as it is and returns its reply, whatever it says. It may work for ``seconds``.

        Raises:
            InvalidField: the command has a control character or is too long.
            CallerHungUp: the channel is dead, or Asterisk is gone.
            AgiTimeout: no reply in time.
        """
        data = agi_text.encoded(text)
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
        return agi_text.reply_of(code, lines)

    async def _line(self) -> str:
        try:
            return agi_text.decode((await self._reader.readuntil(b"\n")).rstrip(b"\r\n"))
        except asyncio.LimitOverrunError:
            raise AgiError("a line of the reply is too long") from None


def _checked_time(timeout_seconds: float | None, most_digits: int) -> float:
    seconds = _LONGEST_TIMEOUT if timeout_seconds is None else timeout_seconds
    if not 0 < seconds <= _LONGEST_TIMEOUT or not 1 <= most_digits <= 64:
        raise InvalidField("timeout", f"{timeout_seconds} s, {most_digits} digits are out of range")
    return seconds
