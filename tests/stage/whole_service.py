"""The service as a process of its own, as an init system runs it, beside a laboratory and a database."""

import asyncio
import contextlib
import os
import re
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from cti.simulation.lab import Lab

#: Generous: many may start at once on a busy machine.
_START_SECONDS = 120.0
#: Those that may still run: they have their laboratory's ports.
_started: list[asyncio.subprocess.Process] = []


@dataclass
class ServiceProcess:
    """`python -m cti serve`; its log stays below ``home``."""

    lab: Lab
    home: Path
    database_url: str
    #: A bearer token that may read the figures.
    token: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    #: Variables of its environment beside its settings.
    environment: dict[str, str] = field(default_factory=dict)
    #: Where its log is, when not below ``home``.
    log_folder: Path | None = None
    #: What the interpreter runs.
    command: tuple[str, ...] = ("-m", "cti", "serve")

    @property
    def url(self) -> str:
        """Where it serves HTTP."""
        return f"http://127.0.0.1:{self.lab.ports.http}"

    @property
    def log(self) -> str:
        """All that it has written, in all its lives."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def _log_path(self) -> Path:
        return (self.log_folder or self.home) / "service.log"

    async def start(self) -> None:
        """Start it; returns at once."""
        self.home.mkdir(parents=True, exist_ok=True)
        settings = {**self.lab.settings(self.home, self.database_url), **self.changes}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CTI_")}
        environment |= {f"CTI_{name.upper()}": str(value) for name, value in settings.items()}
        environment |= self.environment
        with self._log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *self.command, env=environment,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        _started.append(self.process)

    async def ready(self) -> None:
        """Wait until it is connected to Asterisk and the database."""
        async with asyncio.timeout(_START_SECONDS):
            while not await self.is_well():
                assert self.process is not None
                assert self.process.returncode is None, self.log[-2000:]
                await asyncio.sleep(0.05)

    async def is_well(self) -> bool:
        """Whether it answers and says so."""
        with contextlib.suppress(aiohttp.ClientError, OSError):
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/api/v1/health") as answer:
                return bool((await answer.json())["status"] == "ok")
        return False

    async def figures(self) -> dict[str, float]:
        """What /metrics says, by name; figures with labels are left out.

        Who asks is looked up in the database: as long as that is too slow for it, the service is asked again.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession(headers=headers) as session:
            while True:
                async with session.get(f"{self.url}/metrics") as answer:
                    if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                        answer.raise_for_status()
                        text = await answer.text()
                        break
                await asyncio.sleep(0.2)
        return {name: float(value) for name, value in re.findall(r"^(\w+) ([-+.\deE]+)$", text, re.MULTILINE)}

    def descriptors(self) -> list[str]:
        """What its open file descriptors lead to."""
        assert self.process is not None
        found = []
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(os.readlink(link))  # noqa: PTH115
        return found

    def memory(self) -> int:
        """Its resident memory, in bytes."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii", errors="replace")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    async def kill(self) -> None:
        """End it as a crash does."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """End it as an init system does; its exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
            async with asyncio.timeout(30):
                await self.process.wait()
        return self.process.returncode or 0


async def end_left_over() -> None:
    """End every service that a test has not ended because it failed."""
    while _started:
        process = _started.pop()
        if process.returncode is None:
            process.kill()
            await process.wait()
