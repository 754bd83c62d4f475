"""Callers that keep coming until told to stop (sipp), and agents who answer them, hold, talk and hang up."""

import asyncio
import contextlib
import csv
import random
import shutil
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab
from cti.simulation.lab_ports import FIRST_EXTENSION, HOST
from cti.simulation.phone import SimulatedPhone
from tests.stage.busy_hour import SCENARIOS, write_keys

DNIS = "4001"
#: sipp sends its digits from a port of its own in each process, beside those of other laboratories.
_MEDIA_PORTS = 17000
#: Nothing that a caller waits for takes longer, unless Asterisk is gone. While the service is away, agents
#: stay in the wrap-up that it would have ended, and the queue grows.
_RECEIVE_MILLISECONDS = 80_000
_STOP_SECONDS = 90.0
_QUIET_LOOKS = 4
_NUMBERS = 400
#: How the numbers of those begin who hang up on whoever answers them.
_LEAVING = "1551"
_MOST_AT_ONCE = 40
#: How many of the callers stay for the survey and key a digit; the others hang up when they have had enough.
_PATIENT = 0.6


@dataclass
class Traffic:
    """Calls at ``rate`` a second to the queue of `DNIS`, served by ``agents`` phones from 1001 on."""

    lab: Lab
    folder: Path
    dice: random.Random
    rate: float
    agents: int
    #: Callers whose call did not go as their scenario says, as sipp counts them.
    failed: int = 0
    served: int = 0
    phones: list[SimulatedPhone] = field(default_factory=list)
    _sipps: list[asyncio.subprocess.Process] = field(default_factory=list)
    _keepers: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self.folder.mkdir(parents=True)
        for extension in range(FIRST_EXTENSION, FIRST_EXTENSION + self.agents):
            phone = self.lab.phone(extension, self._agent)
            self.phones.append(await self._stack.enter_async_context(phone))
        for trunk, (scenario, rate) in enumerate(
            (("patient_caller", self.rate * _PATIENT), ("leaving_caller", self.rate * (1 - _PATIENT)))
        ):
            folder = self.folder / scenario
            folder.mkdir()
            (folder / "callers.csv").write_text(self._callers(trunk, scenario), encoding="utf-8")
            write_keys(folder)
            keeper = self._keep(trunk, scenario, rate, folder)
            self._keepers.append(asyncio.get_running_loop().create_task(keeper, name=scenario))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop(seconds=0.0 if kind is not None else _STOP_SECONDS)
        await self._stack.aclose()

    async def stop(self, *, seconds: float = _STOP_SECONDS) -> None:
        """Nobody calls any more; returns when the last caller is off the line, or after some seconds."""
        self._stopping = True
        for sipp in self._sipps:
            if sipp.returncode is None:
                sipp.send_signal(signal.SIGUSR1)
        if not self._keepers:
            return
        deadline = asyncio.get_running_loop().time() + seconds
        pending = set(self._keepers)
        quiet = 0
        while pending and quiet < _QUIET_LOOKS and asyncio.get_running_loop().time() < deadline:
            _, pending = await asyncio.wait(pending, timeout=1.0)
            # Callers whose Asterisk has died wait for a BYE that nobody will send.
            quiet = quiet + 1 if await self.lab.channels() == 0 else 0
        for keeper in pending:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers.clear()

    def _media_port(self, trunk: int) -> int:
        return _MEDIA_PORTS + self.lab.ports.base // 6 % 2000 + 20 * trunk

    def _callers(self, trunk: int, scenario: str) -> str:
        lines = ["RANDOM"]  # a 1 would send a caller who still waits to voicemail
        for index in range(_NUMBERS):
            second = (
                self.dice.choice("2345") if scenario == "patient_caller" else self.dice.randrange(400, 5000)
            )
            lines.append(f"155{trunk}{index:07d};{second}")
        return "\n".join(lines) + "\n"

    async def _keep(self, trunk: int, scenario: str, rate: float, folder: Path) -> None:
        """sipp itself gives up when Asterisk's port is closed for long: then it is started again."""
        life = 0
        while not self._stopping:
            life += 1
            stat = folder / f"stat{life}.csv"
            sipp = await asyncio.create_subprocess_exec(
                shutil.which("sipp") or "sipp", f"{HOST}:{self.lab.plan.sip_port}",
                "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", HOST, "-mi", HOST,
                "-p", str(self.lab.ports.trunk(trunk)), "-mp", str(self._media_port(trunk)),
                "-s", DNIS, "-inf", "callers.csv", "-l", str(_MOST_AT_ONCE),
                "-r", f"{round(rate * 100)}", "-rp", "100000", "-nostdin",
                "-recv_timeout", str(_RECEIVE_MILLISECONDS),
                "-trace_stat", "-stf", str(stat), "-trace_err", "-error_file", f"errors{life}.log",
                cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            self._sipps.append(sipp)
            try:
                await sipp.wait()
            finally:
                if sipp.returncode is None:
                    sipp.kill()
                    await sipp.wait()
                self._sipps.remove(sipp)
            self._count(stat)
            if not self._stopping:
                await asyncio.sleep(0.5)

    def _count(self, stat: Path) -> None:
        with contextlib.suppress(OSError, IndexError), stat.open(encoding="utf-8") as lines:
            last = list(csv.DictReader(lines, delimiter=";"))[-1]
            self.served += int(last["SuccessfulCall(C)"])
            self.failed += int(last["FailedCall(C)"])

    async def _agent(self, call: SimulatedCall) -> None:
        call.ring()
        await call.stay(self.dice.uniform(0.2, 0.8))
        if call.over:
            return
        await call.answer()
        if self.dice.random() < 0.3:
            await call.stay(self.dice.uniform(0.3, 0.6))
            await call.hold()
            await call.stay(self.dice.uniform(0.3, 0.8))
            await call.resume()
        if call.other.startswith(_LEAVING):
            await call.ended()
            return
        await call.stay(self.dice.uniform(0.6, 1.8))
        await call.hang_up()
