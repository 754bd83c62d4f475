"""Programs that work on sound (espeak-ng, sox): run with bounds on time, memory and what they write."""

import asyncio
import contextlib
import shutil
from typing import Final

from cti.errors import CtiError

_MOST_MEMORY: Final = 512 * 1024 * 1024
_MOST_WRITTEN: Final = 64 * 1024 * 1024


class ProgramFailed(CtiError):  # noqa: N818
    """A program that makes or converts sound failed."""

    code = "prompts.program"

    def __init__(self, message: str, *, ran: bool = False) -> None:
        super().__init__(message)
        #: Whether it was there and said no.
        self.ran = ran


async def run(*command: str, text: str = "", seconds: float = 20.0) -> str:
    """Run a program, with ``text`` on its standard input, never by a shell; what it said on standard error.

    Raises:
        ProgramFailed: it is not installed, failed, or took longer than ``seconds``.
    """
    bounds = (f"--as={_MOST_MEMORY}", f"--fsize={_MOST_WRITTEN}", f"--cpu={round(seconds) + 1}", "--core=0")
    program = shutil.which(command[0])
    if program is None:
        raise ProgramFailed(f"{command[0]} is not installed; `make setup` installs it")
    process = await asyncio.create_subprocess_exec(
        "prlimit", *bounds, "--", program, *command[1:],
        # A program that reads nothing may be over before anything is written to it, which uvloop refuses.
        stdin=asyncio.subprocess.PIPE if text else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            _, said = await process.communicate(text.encode() or None)
    except TimeoutError:
        raise ProgramFailed(f"{command[0]} took longer than {seconds:g} s", ran=True) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    last = said.decode(errors="replace").strip()[-300:]
    if process.returncode:
        raise ProgramFailed(f"{command[0]} ended with {process.returncode}: {last}", ran=True)
    return last
