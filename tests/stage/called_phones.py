"""Two thousand telephones behind the trunk, played by sipp, and what each of them saw.

What a telephone does stands in its number (`Part`), so that whoever reads a row knows what must have become
of it. What they saw is their own log, which knows nothing of the service: rows are held against it.
"""

import asyncio
import contextlib
import csv
import random
import shutil
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from cti.simulation.lab import Lab
from cti.simulation.lab_ports import HOST, take_block
from cti.simulation.rtp import encode_ulaw
from tests.stage.ear import samples_of

_SCENARIO: Final = Path(__file__).parent / "scenarios" / "called_phones.xml"
_PREFIX: Final = "+86155"
_MOST_PHONES: Final = 100_000
#: For four that are killed side by side, and another. Other sipps take theirs below.
_MEDIA_BLOCKS: Final = range(17_000, 20_000, 600)
_STOP_SECONDS: Final = 10.0
_SILENCE: Final = b"\xff" * 8000
#: For how long who has said who he is says nothing more.
_QUIET_SECONDS: Final = 60


class Part(StrEnum):
    """What a telephone does; the value stands in its number."""

    #: Somebody answers, says hello, and stays until he is hung up on.
    STAYS = "1"
    #: Somebody answers, and hangs up at once.
    HANGS_UP = "2"
    RINGS_OUT = "3"
    #: 486.
    BUSY = "4"
    #: It rings, and is declined: 603.
    REFUSES = "5"
    #: 404.
    WRONG = "6"
    #: 480.
    UNREACHABLE = "7"
    #: A machine with a long greeting.
    MACHINE = "8"


#: Who plays what.
CAST: Final[Mapping[Part, float]] = {
    Part.STAYS: 0.46,
    Part.HANGS_UP: 0.06,
    Part.RINGS_OUT: 0.12,
    Part.BUSY: 0.10,
    Part.REFUSES: 0.06,
    Part.WRONG: 0.06,
    Part.UNREACHABLE: 0.06,
    Part.MACHINE: 0.08,
}


def number_of(part: Part, index: int, *, ring_seconds: float = 0.2) -> str:
    """A mobile number of China, valid as a dialler wants it; ``ring_seconds`` is below 10."""
    assert 0 <= index < _MOST_PHONES
    return f"{_PREFIX}{part.value}{round(ring_seconds * 10):02d}{index:05d}"


def part_of(number: str) -> Part:
    """What the telephone with this number does."""
    return Part(number[len(_PREFIX)])


def cast(count: int, dice: random.Random, parts: Mapping[Part, float] = CAST) -> list[str]:
    """So many numbers, all different: as many of each part as its share says, in any order.

    Whoever lets it ring does so for 0.2 to 3 seconds.
    """
    played: list[Part] = []
    for part, share in parts.items():
        played += [part] * round(share * count)
    most = max(parts, key=parts.__getitem__)
    played = (played + [most] * (count - len(played)))[:count]
    dice.shuffle(played)
    return [number_of(part, index, ring_seconds=dice.uniform(0.2, 3.0)) for index, part in enumerate(played)]


@dataclass
class Ring:
    """One call that a telephone had; instants are epoch seconds of this machine."""

    phone: str
    #: What the header X-CTI-Attempt said; empty without one.
    attempt: str
    #: The header From.
    caller: str
    rung_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    #: `cancel`, `remote` or `local` (who hung up), the status with which it was refused, or `lost` when the
    #: other side was silent for two minutes; None: not yet.
    ended: str | None = None


@dataclass
class PhoneBook:
    """All calls that the telephones had, in the order in which they rang."""

    rings: list[Ring] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "PhoneBook":
        """Of what sipp has logged so far."""
        rings: dict[str, Ring] = {}
        if path.exists():
            # A line that is being written has no end yet.
            text, _, _ = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
            # A name in the header From is quoted, which means nothing here.
            for row in csv.reader(text.splitlines(), delimiter=";", quoting=csv.QUOTE_NONE):
                _note(rings, row)
        return cls(list(rings.values()))

    def by_attempt(self) -> dict[str, list[Ring]]:
        """The calls of each attempt."""
        return _grouped((ring.attempt, ring) for ring in self.rings)

    def by_phone(self) -> dict[str, list[Ring]]:
        """The calls of each telephone that had any."""
        return _grouped((ring.phone, ring) for ring in self.rings)

    def at_once(self) -> int:
        """How many calls there were at the same time at most."""
        changes = [(ring.rung_at, 1) for ring in self.rings]
        changes += [(ring.ended_at, -1) for ring in self.rings if ring.ended_at is not None]
        most = now = 0
        for _, change in sorted(changes):
            now += change
            most = max(most, now)
        return most


def _note(rings: dict[str, Ring], row: list[str]) -> None:
    # The header From has semicolons of its own.
    what, call, number, attempt, *detail, seconds, micros = row
    at = float(seconds) + float(micros) / 1e6
    if what == "rung":
        rings[call] = Ring(phone=number, attempt=attempt, caller=";".join(detail).strip(), rung_at=at)
        return
    ring = rings[call]
    if what == "answered":
        ring.answered_at = at
    elif ring.ended is None:
        # The first that ended it did.
        ring.ended_at, ring.ended = at, detail[0]


def _grouped(pairs: Iterator[tuple[str, Ring]] | list[tuple[str, Ring]]) -> dict[str, list[Ring]]:
    groups: dict[str, list[Ring]] = defaultdict(list)
    for key, ring in pairs:
        groups[key].append(ring)
    return dict(groups)


@dataclass
class CalledPhones:
    """The telephones at work; their log lies in ``folder``."""

    folder: Path
    process: asyncio.subprocess.Process

    @property
    def log(self) -> Path:
        """What they saw, a line for each thing."""
        return self.folder / "seen.log"

    def book(self) -> PhoneBook:
        """What they have seen so far."""
        return PhoneBook.read(self.log)

    async def until_rung(self, count: int, seconds: float = 60.0) -> PhoneBook:
        """What they have seen, once there were so many calls."""
        async with asyncio.timeout(seconds):
            while len((book := self.book()).rings) < count:
                assert self.process.returncode is None, self._errors()
                await asyncio.sleep(0.05)
        return book

    def _errors(self) -> str:
        path = self.folder / "errors.log"
        return path.read_text(encoding="utf-8", errors="replace")[-800:] if path.exists() else ""


@contextlib.asynccontextmanager
async def called_phones(lab: Lab, folder: Path) -> AsyncIterator[CalledPhones]:
    """Every number that a laboratory dials by the trunk is one of these telephones, until it is left."""
    await asyncio.to_thread(_furnish, lab, folder)
    first_media_port, guard = take_block(_MEDIA_BLOCKS)
    with guard:
        process = await asyncio.create_subprocess_exec(
            shutil.which("sipp") or "sipp", f"{HOST}:{lab.plan.sip_port}",
            "-sf", str(_SCENARIO), "-i", HOST, "-mi", HOST, "-p", str(lab.ports.carrier),
            "-mp", str(first_media_port), "-nostdin", "-trace_logs", "-log_file", str(folder / "seen.log"),
            "-trace_err", "-error_file", str(folder / "errors.log"),
            cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        phones = CalledPhones(folder, process)
        try:
            await _listening(phones, lab.ports.carrier)
            yield phones
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                try:
                    await asyncio.wait_for(process.wait(), _STOP_SECONDS)
                except TimeoutError:
                    process.kill()
                    await process.wait()


async def _listening(phones: CalledPhones, port: int) -> None:
    """Waits until somebody has the port."""
    async with asyncio.timeout(_STOP_SECONDS):
        while not _is_taken(port):
            assert phones.process.returncode is None, phones._errors()
            await asyncio.sleep(0.02)


def _is_taken(port: int) -> bool:
    """Whether a process of this machine listens on a UDP port."""
    rows = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
    return any(int(row.split()[1].partition(":")[2], 16) == port for row in rows)


def _furnish(lab: Lab, folder: Path) -> None:
    """What is heard of whoever answers is speech of the product's own."""
    folder.mkdir(parents=True, exist_ok=True)
    sounds = lab.plan.home / "sounds" / "en"
    hello, greeting = _speech(sounds / "goodbye.wav"), _speech(sounds / "poll-intro.wav")
    (folder / "person.ulaw").write_bytes(hello + _SILENCE * _QUIET_SECONDS)
    (folder / "machine.ulaw").write_bytes(greeting * 4)


def _speech(path: Path) -> bytes:
    return bytes(encode_ulaw(sample) for sample in samples_of(path))
