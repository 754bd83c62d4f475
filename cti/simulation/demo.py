"""``cti demo``: the whole system on this machine, with simulated agents and callers, until Ctrl-C.

Everything is written below ``CTI_HOME`` (``./var``) and listens on loopback only. What is already there is
used again, so the second start takes seconds.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
from rich.console import Console
from rich.table import Table

from cti import config
from cti.customers.demo import demo_number
from cti.db.engine import open_engine
from cti.db.migrations import upgrade
from cti.errors import CtiError
from cti.installation.asterisk_plan import DNIS, AsteriskPlan, PhonePlan
from cti.installation.asterisk_process import find_program, running
from cti.installation.postgres import embedded
from cti.installation.secret_files import asterisk_secrets, kept, password
from cti.prompts import table
from cti.prompts.building import build
from cti.simulation import demo_data
from cti.simulation.demo_agents import (
    CallersOnLine,
    SimulatedAgent,
    agent_phone_script,
    call_now_and_then,
)
from cti.simulation.demo_campaign import NAME, somebody
from cti.simulation.demo_flows import FLOW_NUMBER, key_now_and_then
from cti.simulation.demo_ports import HOST, DemoFailed, DemoPorts
from cti.simulation.phone import SimulatedPhone

PHONES = [str(1001 + number) for number in range(10)]
DATABASE = "cti"
CALL_EVERY_SECONDS = 16.0
SERVICE_START_SECONDS = 60.0


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two demonstrations in one folder would take each other's Asterisk and database away."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed(
                f"`make run` runs already in {home}. Stop that one with Ctrl-C, or set CTI_HOME elsewhere."
            ) from None
        yield


@contextlib.contextmanager
def _step(console: Console, text: str) -> Iterator[None]:
    started = time.monotonic()
    with console.status(text):
        yield
    console.print(f"[green]✓[/green] {text} [dim]{time.monotonic() - started:.1f} s[/dim]")


async def demo(console: Console | None = None) -> None:
    """Run until cancelled (Ctrl-C).

    Raises:
        CtiError: when a part does not start; the message says which and why.
    """
    console = console or Console(highlight=False)
    home = config.home()
    secrets = home / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_alone(home))
        ports = DemoPorts.choose(phones=len(PHONES))
        url = await _database(stack, console, home)
        passwords = {
            user.username: kept(secrets, f"password_{user.username}", password) for user in demo_data.USERS
        }
        with _step(console, "Demo data"):
            async with open_engine(url, statement_timeout_ms=120_000) as engine, engine.begin() as connection:
                await demo_data.load(connection, passwords, PHONES)
        plan = _plan(home, ports, await _program_root(console))
        with _step(console, "Asterisk"):
            await build(config.sounds_dir(), table.shipped(), config.speech_cache_dir())
            program = await find_program()
            asterisk = await stack.enter_async_context(running(plan, program, config.sounds_dir()))
        base_url = f"http://{HOST}:{ports.http}"
        with _step(console, "The service"):
            service = await stack.enter_async_context(_service(home, ports, url, base_url))
        callers = CallersOnLine()
        await _phones(stack, plan, ports, callers)
        trunk = await stack.enter_async_context(
            SimulatedPhone(address=(HOST, ports.trunk), server=(HOST, ports.sip), user="trunk")
        )
        await stack.enter_async_context(
            SimulatedPhone(
                address=(HOST, ports.carrier), server=(HOST, ports.sip), user="carrier", behaviour=somebody
            )
        )
        _welcome(console, base_url, passwords, home)
        numbers = [demo_number(index) for index in range(200)]
        async with asyncio.TaskGroup() as group:
            for user, extension in zip(_simulated(), PHONES, strict=False):
                agent = SimulatedAgent(
                    base_url=base_url, username=user.username, password=passwords[user.username],
                    extension=extension,
                )  # fmt: skip
                group.create_task(agent.work(), name=user.username)
            dialled = [dnis.number for dnis in DNIS]
            group.create_task(call_now_and_then(trunk, callers, numbers, dialled[:2], CALL_EVERY_SECONDS))
            group.create_task(key_now_and_then(trunk, callers, numbers, CALL_EVERY_SECONDS))
            group.create_task(_guard("Asterisk", asterisk.wait))
            group.create_task(_guard("The service", service.wait))


async def _database(stack: contextlib.AsyncExitStack, console: Console, home: Path) -> str:
    if config.given("database_url"):
        url = os.environ.get(f"{config.PREFIX}DATABASE_URL") or ""
        if not url:
            url = _first_line(Path(os.environ[f"{config.PREFIX}DATABASE_URL_FILE"]))
    else:
        with _step(console, "PostgreSQL"):
            server = await stack.enter_async_context(embedded(home / "postgres"))
            await server.create(DATABASE)
            url = server.url(DATABASE)
    with _step(console, "Migrations"):
        await upgrade(url)
    return url


async def _program_root(console: Console) -> Path:
    program = await find_program()
    console.print(f"[green]✓[/green] Asterisk {program.version} found")
    return program.root


def _first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _plan(home: Path, ports: DemoPorts, root: Path) -> AsteriskPlan:
    secrets = asterisk_secrets(home / "secrets", PHONES)
    phones = [
        PhonePlan(extension=extension, contact=f"{HOST}:{ports.phones + number}")
        for number, extension in enumerate(PHONES)
    ]
    return AsteriskPlan(
        home=home / "asterisk", secrets=secrets, program_root=root, ami_port=ports.ami, agi_port=ports.agi,
        sip_port=ports.sip, trunk_sources=[f"{HOST}:{ports.trunk}"], carrier_port=ports.carrier,
        phones=phones,
    )  # fmt: skip


def service_environment(home: Path, ports: DemoPorts, url: str) -> dict[str, str]:
    """The environment in which ``cti serve`` finds this demonstration's parts."""
    secrets = home / "secrets"
    database = secrets / "database_url"
    kept(secrets, "database_url", lambda: url)
    database.write_text(url + "\n", encoding="utf-8")
    values = {
        "HOME": str(home),
        "DATABASE_URL_FILE": str(database),
        "AMI_PORT": str(ports.ami),
        "AMI_SECRET_FILE": str(secrets / "ami_secret"),
        "AMI_PHONE_SECRET_FILE": str(secrets / "ami_phone_secret"),
        "AGI_PORT": str(ports.agi),
        "AGI_SECRET_FILE": str(secrets / "agi_secret"),
        "HTTP_PORT": str(ports.http),
    }
    inherited = {name: value for name, value in os.environ.items() if name != f"{config.PREFIX}DATABASE_URL"}
    return inherited | {f"{config.PREFIX}{name}": value for name, value in values.items()}


@contextlib.asynccontextmanager
async def _service(
    home: Path, ports: DemoPorts, url: str, base_url: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    log = home / "log" / "service.log"
    _write_env_file(home, service_environment(home, ports, url))
    with _appending(log) as output:
        process = await asyncio.create_subprocess_exec(
            *_ended_with_us(), sys.executable, "-m", "cti", "serve",
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
            env=service_environment(home, ports, url), start_new_session=True,
        )  # fmt: skip
    try:
        await _healthy(process, base_url, log)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(15):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def _last_lines(path: Path, count: int = 15) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]


def _appending(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def _write_env_file(home: Path, environment: dict[str, str]) -> None:
    """Keep the settings: after ``set -a; . var/demo.env`` the command ``cti`` works on this system."""
    lines = [
        f"{name}={value}" for name, value in sorted(environment.items()) if name.startswith(config.PREFIX)
    ]
    (home / "demo.env").write_text("\n".join(lines) + "\n", encoding="utf-8")


async def _healthy(process: asyncio.subprocess.Process, base_url: str, log: Path) -> None:
    deadline = time.monotonic() + SERVICE_START_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while time.monotonic() < deadline:
            if process.returncode is not None:
                break
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(
                    f"{base_url}/api/v1/health", timeout=aiohttp.ClientTimeout(total=2)
                ) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
    raise DemoFailed("The service did not start. Its last lines:\n  " + "\n  ".join(_last_lines(log)))


async def _phones(
    stack: contextlib.AsyncExitStack, plan: AsteriskPlan, ports: DemoPorts, callers: CallersOnLine
) -> None:
    simulated = len(_simulated())
    for number, extension in enumerate(PHONES):
        talk = (10.0, 25.0) if number < simulated else None
        await stack.enter_async_context(
            SimulatedPhone(
                address=(HOST, ports.phones + number), server=(HOST, ports.sip), user=extension,
                password=plan.secrets.phones[extension], behaviour=agent_phone_script(callers, talk=talk),
            )
        )  # fmt: skip


async def _guard(what: str, wait: Callable[[], Coroutine[Any, Any, int]]) -> None:
    status = await wait()
    raise DemoFailed(f"{what} ended by itself (status {status}).")


def _simulated() -> Sequence[demo_data.DemoUser]:
    return [user for user in demo_data.USERS if user.simulated]


def _ended_with_us() -> list[str]:
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _welcome(console: Console, base_url: str, passwords: dict[str, str], home: Path) -> None:
    table = Table(title=f"\n[bold]{base_url}[/bold]", title_justify="left", box=None, pad_edge=False)
    for column in ("role", "user name", "password"):
        table.add_column(column)
    for user in demo_data.USERS:
        if not user.simulated:
            table.add_row(user.role.value, user.username, passwords[user.username])
    console.print(table)
    free = PHONES[len(_simulated())]
    console.print(
        f"\nSign in as agent and take a phone from {free} up: it answers by itself, you hang up.\n"
        f"Four simulated agents and a caller every {CALL_EVERY_SECONDS:.0f} s keep things moving.\n"
        f"The number {FLOW_NUMBER} leads into the flow main-menu; simulated callers key through it.\n"
        f"A campaign waits to be started: sign in as admin, menu Calls, Campaigns ({NAME}).\n"
        f"Logs: {home}/log/service.log, {home}/asterisk/log/messages.log.\n"
        "[bold]Ctrl-C[/bold] ends everything.\n"
    )


def main() -> int:
    """Run the demonstration; the exit status."""
    console = Console(highlight=False)

    async def until_signal() -> None:
        task = asyncio.ensure_future(demo(console))
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        asyncio.run(until_signal())
    except (CtiError, BaseExceptionGroup) as failure:
        known = [error for error in _flat(failure) if isinstance(error, CtiError)]
        if not known:
            raise
        for error in known:
            console.print("\n[red]Stopped:[/red]", error.message, markup=True)
        return 1
    console.print("\nEverything is stopped; what was written is kept for the next start.")
    return 0


def _flat(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [single for member in error.exceptions for single in _flat(member)]


if __name__ == "__main__":
    sys.exit(main())
