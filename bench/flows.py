"""200 callers at once in one dialogue: led by a flow of the service, and then by Asterisk's own dialplan.

Most callers are sipp's; some are ours and listen, so that what a caller hears after a key is timed.
Everything is on this machine, the service with its database and its journal on disk as it is installed.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.figure import Figure
from cti.db.engine import open_engine
from cti.db.migrations import upgrade
from cti.flows.document import flow_of
from cti.installation.postgres import embedded
from cti.ivr.library.flow_book import new_version
from cti.ivr.library.flow_store import register_shipped
from cti.ivr.model import InboundRoute
from cti.ivr.store import write_inbound_numbers
from cti.simulation.call import SimulatedCall
from cti.simulation.keying import keying_callers
from cti.simulation.lab import Lab, laboratory
from cti.simulation.rtp import AudioStream

SIPP_CALLERS = 180
LISTENERS = 20
QUESTIONS = 10
MEASURED_SECONDS = 40.0
_KEY_SECONDS = 2.0
_FIRST_KEY_SECONDS = 1.5
_CALL_SECONDS = _FIRST_KEY_SECONDS + QUESTIONS * _KEY_SECONDS + 2.0
_RAMP_SECONDS = _CALL_SECONDS + 5.0
_PROMPT = "goodbye"
_FLOW_NUMBER, _DIALPLAN_NUMBER = "4001", "4900"
#: A packet that is louder than what a line of silence is.
_LOUD = 0x60
#: So long nothing is heard once a prompt is over.
_OVER_SECONDS = 0.3


class Ear:
    """Hears when there is sound on a listener's line."""

    def __init__(self, stream: AudioStream) -> None:
        self.heard_at = 0.0
        self._waiting: asyncio.Future[float] | None = None
        stream.datagram_received = self._hear  # type: ignore[method-assign]

    def _hear(self, data: bytes, addr: tuple[str | int, ...]) -> None:  # noqa: ARG002
        if data[1] & 0x7F != 0 or not any(byte & 0x7F < _LOUD for byte in data[12:172:4]):
            return
        self.heard_at = time.perf_counter()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self.heard_at)

    async def sound(self, seconds: float = 8.0) -> float:
        """When the next sound comes."""
        self._waiting = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(seconds):
            return await self._waiting

    async def silence(self) -> None:
        """Waits until a prompt is over."""
        while (left := self.heard_at + _OVER_SECONDS - time.perf_counter()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)


@dataclass
class Listened:
    """What listeners noted: seconds from the end of a key to the next sound, and what went wrong."""

    delays: list[float] = field(default_factory=list)
    failed: int = 0

    def quantile(self, share: float) -> float:
        """Of the delays, in milliseconds."""
        ordered = sorted(self.delays)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else float("nan")


async def _call(call: SimulatedCall, noted: Listened) -> None:
    if not await call.answered() or call.audio is None:
        noted.failed += 1
        return
    ear = Ear(call.audio)
    await ear.sound()
    for _ in range(QUESTIONS):
        await ear.silence()
        if call.over:
            noted.failed += 1
            return
        await call.audio.press("1", gap_seconds=0.0)
        pressed_at = time.perf_counter()
        noted.delays.append(await ear.sound() - pressed_at)
    await call.ended()


async def _listeners(lab: Lab, dnis: str, noted: Listened) -> None:
    """All listeners, call after call, until cancelled; they share one port of the trunk."""
    async with lab.trunk(3, audio=True, sound=[b"\xff" * 160]) as trunk:

        async def one(number: int) -> None:
            await asyncio.sleep(number * _CALL_SECONDS / LISTENERS)
            while True:
                call = await trunk.dial(dnis, caller=f"1380013{number:04d}")
                try:
                    async with asyncio.timeout(_CALL_SECONDS * 3):
                        await _call(call, noted)
                except TimeoutError:
                    noted.failed += 1
                    await call.hang_up()

        async with asyncio.TaskGroup() as group:
            for number in range(LISTENERS):
                group.create_task(one(number))


@contextlib.asynccontextmanager
async def _service(lab: Lab, home: Path, database_url: str) -> AsyncIterator[psutil.Process]:
    environment = os.environ | {
        f"CTI_{name.upper()}": str(value) for name, value in lab.settings(home, database_url).items()
    }
    environment["CTI_LOG_LEVEL"] = "warning"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "cti", "serve", env=environment)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


def _flow_text() -> str:
    following = [f"q{number}" for number in range(1, QUESTIONS)] + ["bye"]
    steps = "\n".join(
        f"  q{number}: {{menu: {{prompt: [{_PROMPT}], choices: {{'1': {after}}}}}}}"
        for number, after in enumerate(following)
    )
    return (
        "flow: bench\nkind: inbound\ntitle: {en: Bench, zh-CN: 测量}\nstart: q0\n"
        "noinput: {goto: bye}\nnomatch: {goto: bye}\nsteps:\n"
        f"{steps}\n  bye: {{exit: {{say: [{_PROMPT}]}}}}\n"
    )


async def _store_flow(url: str) -> None:
    new = new_version(text := _flow_text(), flow_of(text))
    route = InboundRoute(dnis=_FLOW_NUMBER, queue="support", flow="bench", language="en")
    async with open_engine(url) as engine, engine.begin() as connection:
        await register_shipped(connection, [new])
        await write_inbound_numbers(connection, [route])


async def _add_dialplan(lab: Lab) -> None:
    """The same dialogue without the service."""
    questions = [f"Read(KEY,cti/{_PROMPT},1,,1,5)"] * QUESTIONS
    steps = ["Answer()", "Set(CHANNEL(language)=en)", *questions, f"Playback(cti/{_PROMPT})", "Hangup()"]
    for number, step in enumerate(steps, 1):
        answer = await lab.asterisk.command(
            f'dialplan add extension {_DIALPLAN_NUMBER},{number},"{step}" into inbound'
        )
        if "added into" not in answer:
            raise RuntimeError(answer)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One way of leading callers: shares of a core, and what listeners heard."""

    service: float
    asterisk: float
    channels: float
    noted: Listened


async def _measure(lab: Lab, service: psutil.Process, folder: Path, dnis: str) -> Measured:
    folder.mkdir()  # noqa: ASYNC240
    script = [(_FIRST_KEY_SECONDS + n * _KEY_SECONDS, "1") for n in range(QUESTIONS)]
    rate = SIPP_CALLERS / _CALL_SECONDS
    calls = int(rate * (_RAMP_SECONDS + MEASURED_SECONDS + 2.0))
    asterisk = psutil.Process(lab.asterisk.pid)
    noted = Listened()
    callers = asyncio.create_task(
        keying_callers(lab, folder, "events", script, dnis=dnis, calls=calls, per_second=rate)
    )
    listeners = asyncio.create_task(_listeners(lab, dnis, noted))
    try:
        await asyncio.sleep(_RAMP_SECONDS)
        noted.delays.clear()
        began = _cpu(service), _cpu(asterisk)
        await asyncio.sleep(MEASURED_SECONDS / 2)
        count = await lab.asterisk.command("core show channels count")
        await asyncio.sleep(MEASURED_SECONDS / 2)
        spent = _cpu(service) - began[0], _cpu(asterisk) - began[1]
    finally:
        for task in (listeners, callers):
            task.cancel()
        await asyncio.gather(listeners, callers, return_exceptions=True)
    channels = float(count.split()[0])
    return Measured(
        service=spent[0] / MEASURED_SECONDS * 100,
        asterisk=spent[1] / MEASURED_SECONDS * 100,
        channels=channels,
        noted=noted,
    )


async def _run() -> list[Figure]:
    async with contextlib.AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cti-bench-")))
        server = await stack.enter_async_context(embedded(home / "pg"))
        await server.create("bench")
        url = server.url("bench")
        await upgrade(url)
        await _store_flow(url)
        lab = await stack.enter_async_context(laboratory(home / "asterisk", phones=1))
        await _add_dialplan(lab)
        service = await stack.enter_async_context(_service(lab, home / "home", url))
        observer = await stack.enter_async_context(lab.observer(filtered=True))
        await asyncio.sleep(5.0)  # it reads its flows and connects
        led = await _measure(lab, service, home / "flow", _FLOW_NUMBER)
        await lab.clear(observer)
        plain = await _measure(lab, service, home / "dialplan", _DIALPLAN_NUMBER)
    return [
        # The prompt itself begins with silence, and Asterisk takes a while to see the end of a key.
        Figure(
            name="flow_added_silence_p99",
            value=led.noted.quantile(0.99) - plain.noted.quantile(0.5),
            unit="ms",
            goal="<= 100 ms",
        ),
        Figure(
            name="flow_added_silence_p50",
            value=led.noted.quantile(0.5) - plain.noted.quantile(0.5),
            unit="ms",
        ),
        Figure(
            name="flow_silence_p99",
            value=led.noted.quantile(0.99),
            unit="ms",
            baseline=plain.noted.quantile(0.99),
            baseline_name="dialplan Read",
        ),
        Figure(
            name="flow_cpu",
            value=led.service,
            unit="%_of_a_core",
            baseline=plain.asterisk,
            baseline_name="dialplan Read/Playback",
            goal="ratio <= 1.0",
        ),
        Figure(name="flow_cpu_of_asterisk", value=led.asterisk, unit="%_of_a_core"),
        Figure(name="flow_channels", value=led.channels, unit="channels"),
        Figure(name="flow_keys_timed", value=float(len(led.noted.delays)), unit="keys"),
        Figure(name="flow_failed_calls", value=float(led.noted.failed + plain.noted.failed), unit="calls"),
    ]


def run(cache: Path) -> list[Figure]:  # noqa: ARG001
    """The figures of one run."""
    return asyncio.run(_run())
