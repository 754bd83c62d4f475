"""Asterisk as a process of ours: found, started, waited for, stopped; and nobody else's touched.

The host's own Asterisk is used when it is new enough. Otherwise the one of a root file system of another
Debian beside the host is started through that file system's own dynamic loader, so that its libraries are
found and all paths stay the host's: no chroot, no mounts, and the configuration lies where it was rendered.
"""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cti.config import PREFIX, cache_dir
from cti.errors import CtiError
from cti.installation.asterisk_data import link_data
from cti.installation.asterisk_files import write_all
from cti.installation.asterisk_plan import AsteriskPlan
from cti.installation.music import build_music

MINIMUM_VERSION = 22
START_SECONDS = 30.0
STOP_SECONDS = 10.0


class AsteriskMissing(CtiError):  # noqa: N818
    """No Asterisk of version 22 or newer was found; `make setup` gets one."""

    code = "installation.asterisk_missing"


class AsteriskFailed(CtiError):  # noqa: N818
    """Asterisk did not start."""

    code = "installation.asterisk_failed"


@dataclass(frozen=True, kw_only=True)
class AsteriskProgram:
    """How to start an Asterisk: the command, and the root its modules and sounds lie below."""

    command: Sequence[str]
    root: Path
    version: str


async def find_program(root: Path | None = None) -> AsteriskProgram:
    """The Asterisk to use: below ``root`` when given, else the host's, else the one in the cache folder.

    Raises:
        AsteriskMissing: when there is none of version 22 or newer.
    """
    candidates: list[tuple[list[str], Path]] = []
    if root is None and (
        installed := shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    ):
        candidates.append(([installed], Path("/")))
    beside = root or cache_dir() / "asterisk-root"
    candidates.extend(
        (_beside_command(beside), beside) for _ in [0] if (beside / "usr/sbin/asterisk").exists()
    )
    for command, place in candidates:
        version = await _version(command)
        if version is not None and int(version.partition(".")[0]) >= MINIMUM_VERSION:
            return AsteriskProgram(command=command, root=place, version=version)
    raise AsteriskMissing


def _beside_command(root: Path) -> list[str]:
    loader = next(
        iter(sorted(root.glob("lib64/ld-linux-*.so.*")) or sorted(root.glob("lib/ld-linux-*.so.*"))), None
    )
    if loader is None:
        return [str(root / "usr/sbin/asterisk")]
    libraries = [str(path) for path in sorted(root.glob("usr/lib/*-linux-gnu"))]
    return [str(loader), "--library-path", ":".join(libraries), str(root / "usr/sbin/asterisk")]


async def _version(command: Sequence[str]) -> str | None:
    try:
        process = await asyncio.create_subprocess_exec(
            *command, "-V", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return None
    output, _ = await process.communicate()
    found = re.search(r"Asterisk (?:certified[/-])?(\d+[^\s]*)", output.decode(errors="replace"))
    return found.group(1) if found else None


class AsteriskProcess:
    """A running Asterisk; :func:`running` makes one."""

    def __init__(self, plan: AsteriskPlan, program: AsteriskProgram) -> None:
        self.plan = plan
        self.program = program
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it is fully booted.

        Raises:
            AsteriskFailed: with the last lines that it wrote.
        """
        console = self.plan.home / "log" / "console.log"
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        with console.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *_ended_with_us(), *self.program.command, "-f", "-C", str(self.plan.etc / "asterisk.conf"),
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._booted():
                    if self._process.returncode is not None:
                        raise AsteriskFailed(f"Asterisk ended at once:\n{_tail(console)}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            await self.stop()
            raise AsteriskFailed(
                f"Asterisk was not up after {START_SECONDS:.0f} s:\n{_tail(console)}"
            ) from None

    async def _booted(self) -> bool:
        if not (self.plan.home / "run" / "asterisk.ctl").exists():
            return False
        return "fully booted" in (await self.command("core waitfullybooted")).lower()

    async def command(self, line: str) -> str:
        """The answer of Asterisk's console to a command."""
        process = await asyncio.create_subprocess_exec(
            *self.program.command, "-C", str(self.plan.etc / "asterisk.conf"), "-rx", line,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return output.decode(errors="replace")

    async def stop(self) -> None:
        """End it: politely, and after some seconds for good."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def wait(self) -> int:
        """Wait until it ends; its exit status."""
        if self._process is None:
            raise AsteriskFailed("Asterisk was not started")
        return await self._process.wait()


@contextlib.asynccontextmanager
async def running(
    plan: AsteriskPlan, program: AsteriskProgram, sounds: Path
) -> AsyncIterator[AsteriskProcess]:
    """Render the configuration, start Asterisk, and stop it at the end. Our prompts lie below ``sounds``."""
    write_all(plan)
    link_data(plan, sounds)
    build_music(plan.home / "moh")
    process = AsteriskProcess(plan, program)
    await process.start()
    try:
        yield process
    finally:
        await process.stop()


def _ended_with_us() -> list[str]:
    """The words before a command that have the kernel end it when this process is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _tail(path: Path, lines: int = 20) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
