"""The real service as a process of its own, with a real PostgreSQL, customers and signed-in agents, before a
scripted Asterisk."""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.scripted_asterisk import QUEUE, ScriptedAsterisk
from cti.customers.demo import load_demo_customers
from cti.db.engine import open_engine
from cti.db.migrations import upgrade
from cti.http.principal import Language, Role
from cti.installation.postgres import embedded
from cti.people.sessions import Sessions
from cti.people.store import create_user
from cti.queues.store import create_queue

CUSTOMERS = 20_000
_SECRET = "bench-only"
_START_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class LoadedService:
    """The running service, its scripted peer, and a session token for each agent (agent ids from 1)."""

    base_url: str
    process: psutil.Process
    peer: ScriptedAsterisk
    tokens: list[str]
    supervisor_token: str
    database_url: str
    home: Path
    #: With which the service runs, for whoever starts it again.
    environment: dict[str, str]


@contextlib.asynccontextmanager
async def loaded_service(*, agents: int, wrap_up_seconds: int = 1) -> AsyncIterator[LoadedService]:
    """Starts everything; ends it in order."""
    async with contextlib.AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cti-bench-")))
        server = await stack.enter_async_context(embedded(home / "pg"))
        await server.create("bench")
        url = server.url("bench")
        await upgrade(url)
        tokens, supervisor_token = await _people(url, agents, wrap_up_seconds)
        peer = await stack.enter_async_context(ScriptedAsterisk(agents=agents))
        http_port, agi_port = _free_port(), _free_port()
        environment = service_environment(
            home, database_url=url, ami_port=peer.port, http_port=http_port, agi_port=agi_port
        )
        process = await stack.enter_async_context(_service(environment))
        async with asyncio.timeout(_START_SECONDS):
            await peer.ready.wait()
        yield LoadedService(
            base_url=f"http://127.0.0.1:{http_port}",
            process=psutil.Process(process.pid),
            peer=peer,
            tokens=tokens,
            supervisor_token=supervisor_token,
            database_url=url,
            home=home,
            environment=environment,
        )


def sales_queue(wrap_up_seconds: int) -> dict[str, object]:
    """The settings of the one queue that benchmarks use."""
    return {
        "name": QUEUE,
        "title": "Sales",
        "extension": "3001",
        "language": None,
        "service_level_seconds": 20,
        "service_level_target": 0.8,
        "wrap_up_seconds": wrap_up_seconds,
        "missed_offers_limit": 3,
    }


async def _people(url: str, agents: int, wrap_up_seconds: int) -> tuple[list[str], str]:
    async with open_engine(url) as engine:
        async with engine.begin() as connection:
            await create_queue(connection, sales_queue(wrap_up_seconds), survey=False)
            await load_demo_customers(connection, CUSTOMERS)
            users = [
                await create_user(
                    connection,
                    username=f"agent{number}",
                    name=f"Agent {number}",
                    role=Role.AGENT,
                    language=Language.ENGLISH,
                    password=None,
                    queues=[QUEUE],
                )
                for number in range(1, agents + 1)
            ]
            supervisor = await create_user(
                connection,
                username="supervisor",
                name="Supervisor",
                role=Role.SUPERVISOR,
                language=Language.ENGLISH,
                password=None,
            )
        sessions = Sessions(engine)
        by_agent = sorted(users, key=lambda user: user.agent_id or 0)
        tokens = [(await sessions.open(user.id)).token for user in by_agent]
        return tokens, (await sessions.open(supervisor.id)).token


def service_environment(home: Path, **settings: object) -> dict[str, str]:
    """The environment of a service that keeps its files in `home`."""
    values = {
        "home": home, "node": "lab", "log_level": "warning",
        "ami_secret": _SECRET, "ami_phone_secret": _SECRET, "agi_secret": _SECRET, **settings,
    }  # fmt: skip
    # Byte code is compiled once, as it is where the service is installed, whatever this shell says.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    return environment | {f"CTI_{name.upper()}": str(value) for name, value in values.items()}


async def start_service(environment: dict[str, str]) -> asyncio.subprocess.Process:
    """The service as a process of its own."""
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "cti", "serve", env=environment)


@contextlib.asynccontextmanager
async def _service(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start_service(environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
