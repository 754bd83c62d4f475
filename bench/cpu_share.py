"""The service's processor time over Asterisk's, while both carry the same 200 calls with audio.

sipp makes the callers and the phones; everything is on this machine. Each call goes through the hook and the
queue to an agent and carries audio in both directions; eight calls end and eight begin each second.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from bench.figure import Figure
from bench.loaded_service import sales_queue
from cti.customers.demo import load_demo_customers
from cti.db.engine import open_engine
from cti.db.migrations import upgrade
from cti.installation.postgres import embedded
from cti.queues.store import create_queue
from cti.simulation.lab import Lab, laboratory
from cti.simulation.lab_ports import FIRST_EXTENSION
from cti.simulation.load import sipp_agents, sipp_callers

CONCURRENT = 200
TALK_SECONDS = 25.0
CALLS_A_SECOND = CONCURRENT / TALK_SECONDS
AGENTS = 240
MEASURED_SECONDS = 30.0
_RAMP_SECONDS = TALK_SECONDS + 8.0
_CALLS = int(CALLS_A_SECOND * (_RAMP_SECONDS + MEASURED_SECONDS + 2.0))


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


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _measure() -> list[Figure]:
    async with contextlib.AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cti-bench-")))
        server = await stack.enter_async_context(embedded(home / "pg"))
        await server.create("bench")
        url = server.url("bench")
        await upgrade(url)
        async with open_engine(url) as engine, engine.begin() as connection:
            await load_demo_customers(connection, 5_000)
            await create_queue(connection, sales_queue(wrap_up_seconds=1), survey=True)
        lab = await stack.enter_async_context(laboratory(home / "asterisk", phones=AGENTS, one_socket=True))
        service = await stack.enter_async_context(_service(lab, home / "home", url))
        observer = await stack.enter_async_context(lab.observer(filtered=True))
        for number in range(AGENTS):
            await lab.sign_in(observer, number + 1, FIRST_EXTENSION + number, "sales")
        await stack.enter_async_context(sipp_agents(lab, ring_seconds=0.5))
        callers = asyncio.create_task(
            sipp_callers(lab, calls=_CALLS, per_second=CALLS_A_SECOND, talk_seconds=TALK_SECONDS)
        )
        await asyncio.sleep(_RAMP_SECONDS)
        asterisk = psutil.Process(lab.asterisk.pid)
        status = await observer.send("CoreStatus")
        began = _cpu(service), _cpu(asterisk)
        await asyncio.sleep(MEASURED_SECONDS)
        spent = _cpu(service) - began[0], _cpu(asterisk) - began[1]
        result = await callers
    return [
        Figure(
            name="cpu_share_200_calls",
            value=spent[0] / MEASURED_SECONDS * 100,
            unit="%_of_a_core",
            baseline=spent[1] / MEASURED_SECONDS * 100,
            baseline_name="Asterisk",
            goal="ratio <= 0.10",
        ),
        Figure(name="cpu_share_channels", value=float(status["CoreCurrentCalls"]), unit="channels"),
        Figure(name="cpu_share_failed_calls", value=float(result.failed), unit="calls"),
    ]


def run(cache: Path) -> list[Figure]:  # noqa: ARG001
    """The figures of one run."""
    return asyncio.run(_measure())
