"""A busy hour in a minute: sipp's callers and simulated ones, agents' phones, and what each of them noted.

Whoever plays has a number that says what he does (`Part`), so that whoever answers knows his part too.
"""

import asyncio
import csv
import os
import random
import shutil
import struct
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from cti.simulation.call import SimulatedCall
from cti.simulation.lab import Lab
from cti.simulation.lab_ports import HOST
from cti.simulation.phone import SimulatedPhone

SCENARIOS: Final = Path(__file__).parent / "scenarios"
DNIS: Final = "4001"
#: For how long a patient caller presses his key again and again.
_KEYING_SECONDS: Final = 60
#: sipp sends its digits from a port of its own in each process.
_MEDIA_PORTS: Final = 16000


class Part(StrEnum):
    """What a caller does; the value stands in his number."""

    RATES = "1"
    KEYS_NONSENSE = "2"
    KEYS_NOTHING = "3"
    HANGS_UP_ON_THE_AGENT = "4"
    GIVES_UP = "5"
    #: In the middle of the survey; a simulated phone, for sipp cannot hear the survey begin.
    LEAVES_THE_SURVEY = "6"


#: How many play each part, and at how many a second they begin.
CAST: Final = {
    Part.RATES: (182, 6.1),
    Part.KEYS_NONSENSE: (8, 1.0),
    Part.KEYS_NOTHING: (10, 1.0),
    Part.HANGS_UP_ON_THE_AGENT: (40, 1.35),
    Part.GIVES_UP: (30, 1.0),
    Part.LEAVES_THE_SURVEY: (30, 1.0),
}
_SCENARIO: Final = {
    Part.RATES: "patient_caller",
    Part.KEYS_NONSENSE: "patient_caller",
    Part.KEYS_NOTHING: "silent_caller",
    Part.HANGS_UP_ON_THE_AGENT: "leaving_caller",
    Part.GIVES_UP: "leaving_caller",
}


def number_of(part: Part, index: int) -> str:
    """A mobile number in China that nobody has."""
    return f"154{part.value}{index:07d}"


def part_of(number: str) -> Part:
    """What the caller with this number does, with or without the country code."""
    return Part(number[-8])


@dataclass
class Noted:
    """What a caller's side of the line noted: instants are epoch seconds of this machine."""

    number: str
    answered_at: float | None = None
    ended_at: float | None = None


@dataclass
class BusyHour:
    """One run: ``callers`` by number, and the calls of the agents' phones, as these noted them."""

    lab: Lab
    folder: Path
    seed: int = 22
    callers: dict[str, Noted] = field(default_factory=dict)
    keyed: dict[str, str] = field(default_factory=dict)
    phones: list[SimulatedPhone] = field(default_factory=list)
    #: The longest that this process was kept from running: what it noted is late by that at most.
    lag: float = 0.0
    _talked: dict[str, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def calls(self) -> list[SimulatedCall]:
        """All calls of the agents' phones."""
        return [call for phone in self.phones for call in phone.calls]

    async def open_phones(self, stack: AsyncExitStack, extensions: range) -> None:
        """Put the agents at their phones, until the stack is left."""
        for extension in extensions:
            phone = self.lab.phone(extension, self._agent)
            self.phones.append(await stack.enter_async_context(phone))

    async def play(self) -> None:
        """Let everybody call; returns when the last caller is off the line."""
        watch = asyncio.create_task(self._watch_lag())
        async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
            stack.callback(watch.cancel)
            trunk = await stack.enter_async_context(self.lab.trunk(len(Part)))
            leaving = [self._chance.uniform(0.0, 1.0) for _ in range(CAST[Part.LEAVES_THE_SURVEY][0])]
            await group.create_task(self._everybody(group, trunk, leaving))

    async def _everybody(self, group: asyncio.TaskGroup, trunk: SimulatedPhone, leaving: list[float]) -> None:
        tasks = [
            group.create_task(self._sipp(number, part, count, rate))
            for number, (part, (count, rate)) in enumerate(CAST.items())
            if part in _SCENARIO
        ]
        _, rate = CAST[Part.LEAVES_THE_SURVEY]
        for index, moment in enumerate(leaving):
            tasks.append(group.create_task(self._leave_survey(trunk, index, moment)))
            await asyncio.sleep(1 / rate)
        await asyncio.gather(*tasks)

    async def _watch_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.02
            await asyncio.sleep(0.02)
            self.lag = max(self.lag, loop.time() - due)

    # --- those who call ---

    async def _sipp(self, trunk: int, part: Part, count: int, rate: float) -> None:
        rows = [(number_of(part, index), self._column(part, index)) for index in range(count)]
        folder = self.folder / part.name.lower()
        folder.mkdir()
        _write(folder / "callers.csv", "\n".join(["SEQUENTIAL", *(";".join(row) for row in rows)]) + "\n")
        write_keys(folder)
        process = await asyncio.create_subprocess_exec(
            shutil.which("sipp") or "sipp", f"{HOST}:{self.lab.plan.sip_port}",
            "-sf", str(SCENARIOS / f"{_SCENARIO[part]}.xml"), "-i", HOST, "-mi", HOST,
            "-p", str(self.lab.ports.trunk(trunk)), "-mp", str(_MEDIA_PORTS + 20 * trunk),
            "-s", DNIS, "-inf", str(folder / "callers.csv"), "-m", str(count), "-l", str(count),
            "-r", f"{round(rate * 100)}", "-rp", "100000", "-nostdin",
            "-trace_logs", "-log_file", str(folder / "noted.log"),
            "-trace_err", "-error_file", str(folder / "errors.log"),
            cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, f"sipp, {part.name}: {_text(folder / 'errors.log')[-800:]}"
        self._note(_text(folder / "noted.log"))

    def _column(self, part: Part, index: int) -> str:
        if part is Part.RATES:
            # Not 1: he presses his key while he waits too, and with 1 he would leave the queue.
            self.keyed[number_of(part, index)] = digit = self._chance.choice("2345")
            return digit
        if part is Part.KEYS_NONSENSE:
            return self._chance.choice("69")
        if part is Part.GIVES_UP:
            return str(self._chance.randrange(300, 900))
        return str(self._chance.randrange(6500, 9000))

    def _note(self, log: str) -> None:
        for what, number, seconds, micros in csv.reader(log.splitlines(), delimiter=" "):
            noted = self.callers.setdefault(number, Noted(number))
            setattr(noted, f"{what}_at", float(seconds) + float(micros) / 1e6)

    async def _leave_survey(self, trunk: SimulatedPhone, index: int, moment: float) -> None:
        number = number_of(Part.LEAVES_THE_SURVEY, index)
        talked = self._talked.setdefault(number, asyncio.Event())
        call = await trunk.dial(DNIS, caller=number)
        await talked.wait()
        await call.stay(0.7 + moment)
        await call.hang_up()
        self.callers[number] = Noted(number, answered_at=call.answered_at, ended_at=call.ended_at)

    # --- those who are called ---

    async def _agent(self, call: SimulatedCall) -> None:
        chance = random.Random(call.other)
        call.ring()
        part = part_of(call.other)
        await call.stay(3.0 if part is Part.GIVES_UP else chance.uniform(0.4, 1.2))
        if call.over:
            return
        await call.answer()
        for held in [True] * chance.choice((0, 0, 0, 1, 2)):
            await call.stay(chance.uniform(0.6, 0.9))
            await (call.hold() if held else asyncio.sleep(0))
            await call.stay(chance.uniform(0.5, 0.8))
            await call.resume()
        if part is Part.HANGS_UP_ON_THE_AGENT:
            await call.ended()
            return
        await call.stay(chance.uniform(1.2, 2.6))
        await call.hang_up()
        if part is Part.LEAVES_THE_SURVEY:
            self._talked.setdefault(call.other, asyncio.Event()).set()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if os.path.exists(path) else ""  # noqa: PTH110


def write_keys(folder: Path) -> None:
    """What sipp plays for each digit that a scenario keys."""
    for digit in "1234569":
        _write_key(folder / f"key{digit}.pcap", digit)


def _write_key(path: Path, digit: str) -> None:
    """A capture of one key pressed once a second for 100 ms (RFC 4733), for sipp to play.

    The addresses are filled in by sipp.
    """
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    sequence = 0
    for second in range(_KEYING_SECONDS):
        for slot, duration, end in [(n, 160 * (n + 1), 0) for n in range(5)] + [(5, 800, 0x80)] * 3:
            sequence += 1
            marker = 0x80 if not slot else 0
            head = struct.pack("!BBHII", 0x80, 101 | marker, sequence, 8000 * (second + 1), 22)
            rtp = head + struct.pack("!BBH", int(digit), end | 10, duration)
            udp = struct.pack("!HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
            ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 0x7F000001, 0x7F000001)
            frame = bytes(12) + b"\x08\x00" + ip + udp
            out += struct.pack("<IIII", second, slot * 20_000 + sequence % 8, len(frame), len(frame)) + frame
    path.write_bytes(out)
