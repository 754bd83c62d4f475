"""Many calls at once, with audio, by sipp: an implementation of SIP that is not ours.

For single calls that do something at a given moment there is :mod:`cti.simulation.phone`.
"""

import asyncio
import contextlib
import csv
import math
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from cti.errors import CtiError
from cti.simulation.lab import Lab
from cti.simulation.lab_ports import FIRST_EXTENSION, HOST, take_block
from cti.simulation.rtp import encode_ulaw

SCENARIOS = Path(__file__).parent / "scenarios"
_AUDIO_SECONDS = 10
#: sipp takes free ports for audio from one of these up, and gives up when a hundred in a row are taken: each
#: has a block of its own.
_MEDIA_BLOCKS = range(10_000, 17_000, 1_000)


class LoadFailed(CtiError):  # noqa: N818
    """sipp could not make the load that was asked for."""

    code = "simulation.load_failed"


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """What the callers of a run came to."""

    successful: int
    failed: int


@contextlib.asynccontextmanager
async def sipp_agents(lab: Lab, *, ring_seconds: float = 1.0) -> AsyncIterator[None]:
    """All phones of a laboratory made with ``one_socket``: each call is answered after ``ring_seconds``.

    They talk until the other side hangs up.
    """
    with tempfile.TemporaryDirectory(prefix="cti-sipp-") as name, _media_ports() as first_media_port:
        folder = Path(name)
        process = await _start(
            folder, "agents.xml", lab.ports.phone(FIRST_EXTENSION), lab,
            "-d", str(int(ring_seconds * 1000)), first_media_port=first_media_port,
        )  # fmt: skip
        try:
            await asyncio.sleep(0.3)
            if process.returncode is not None:
                raise LoadFailed(_errors(folder))
            yield
        finally:
            await _stop(process)


async def sipp_callers(
    lab: Lab, *, dnis: str = "4001", calls: int, per_second: float, talk_seconds: float, trunk: int = 0
) -> LoadResult:
    """Dial in ``calls`` times at a rate, each staying ``talk_seconds`` after the answer; returns at the end.

    Raises:
        LoadFailed: sipp could not run, or gave up before it had made all calls.
    """
    with tempfile.TemporaryDirectory(prefix="cti-sipp-") as name, _media_ports() as first_media_port:
        folder = Path(name)
        numbers = "\n".join(["SEQUENTIAL", *(f"154{index:08d}" for index in range(calls))]) + "\n"
        _write(folder / "callers.csv", numbers.encode())
        process = await _start(
            folder, "caller.xml", lab.ports.trunk(trunk), lab,
            "-s", dnis, "-inf", str(folder / "callers.csv"), "-m", str(calls), "-r", f"{per_second:g}",
            "-l", str(calls), "-d", str(int(talk_seconds * 1000)),
            "-trace_stat", "-stf", str(folder / "stat.csv"), first_media_port=first_media_port,
        )  # fmt: skip
        try:
            await process.wait()
        finally:
            await _stop(process)
        result = _result(folder)
        if result.successful + result.failed < calls:
            raise LoadFailed(_errors(folder))
        return result


@contextlib.contextmanager
def _media_ports() -> Iterator[int]:
    first, guard = take_block(_MEDIA_BLOCKS)
    with guard:
        yield first


async def _start(
    folder: Path, scenario: str, port: int, lab: Lab, *options: str, first_media_port: int
) -> asyncio.subprocess.Process:
    sipp = shutil.which("sipp")
    if sipp is None:
        raise LoadFailed("sipp is not installed; `make test` installs it (package sip-tester)")
    _write(folder / "tone.ulaw", _tone())
    return await asyncio.create_subprocess_exec(
        sipp, f"{HOST}:{lab.plan.sip_port}", "-sf", str(SCENARIOS / scenario), "-i", HOST, "-mi", HOST,
        "-p", str(port), "-mp", str(first_media_port), "-nostdin",
        "-trace_err", "-error_file", str(folder / "errors.log"), *options,
        cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _result(folder: Path) -> LoadResult:
    stat = folder / "stat.csv"
    if not stat.exists():
        raise LoadFailed(_errors(folder))
    with stat.open(encoding="utf-8") as lines:
        last = list(csv.DictReader(lines, delimiter=";"))[-1]
    return LoadResult(successful=int(last["SuccessfulCall(C)"]), failed=int(last["FailedCall(C)"]))


def _errors(folder: Path) -> str:
    log = folder / "errors.log"
    return "sipp: " + (
        log.read_text(encoding="utf-8", errors="replace")[-800:] if log.exists() else "did not run"
    )


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _tone() -> bytes:
    return bytes(
        encode_ulaw(int(6000 * math.sin(2 * math.pi * 400 * n / 8000))) for n in range(8000 * _AUDIO_SECONDS)
    )
