"""A PostgreSQL that may be killed, stopped and slowed down, and the wire on which it is slow."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from cti.installation.postgres import EmbeddedPostgres, embedded

_SOCKET = ".s.PGSQL.5432"
_CHUNK = 256 * 1024


class OwnPostgres(EmbeddedPostgres):
    """A server of a test's own below a folder."""

    def __init__(self, folder: Path, server: EmbeddedPostgres) -> None:
        super().__init__(server._server, server.socket_dir)
        self.folder = folder

    def processes(self) -> list[psutil.Process]:
        """The server's processes, its first one last."""
        pid = int((self.folder / "postmaster.pid").read_text(encoding="ascii").split()[0])
        first = psutil.Process(pid)
        return [*first.children(recursive=True), first]

    def is_running(self) -> bool:
        """Whether its first process is there."""
        try:
            return self.processes()[-1].is_running()
        except (OSError, IndexError, psutil.NoSuchProcess):
            return False

    def kill(self) -> None:
        """Ends all of it at once, as a power cut does."""
        for process in reversed(self.processes()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    async def start_again(self) -> None:
        """Starts it after it was killed; it recovers by itself."""
        while self.is_running():  # noqa: ASYNC110  (who dies takes a moment)
            await asyncio.sleep(0.02)
        await asyncio.to_thread(self._server.ensure_postgres_running)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Whoever is connected gets no answer, and nobody new is let in."""
        stopped = self.processes()
        for process in reversed(stopped):
            os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in stopped:
                os.kill(process.pid, signal.SIGCONT)


@asynccontextmanager
async def own_postgres(folder: Path) -> AsyncIterator[OwnPostgres]:
    """A running server; it is gone at the end."""
    async with embedded(folder) as server:
        yield OwnPostgres(folder, server)


@dataclass
class SlowWire:
    """Between the service and the server: every answer takes ``delay`` seconds longer."""

    server: EmbeddedPostgres
    folder: Path
    delay: float = 0.0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._listener = await asyncio.start_unix_server(self._serve, self.folder / _SOCKET)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, url: str) -> str:
        """The address of a database by way of this wire."""
        return f"{url.partition('?')[0]}?host={self.folder}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError):
            answers, questions = await asyncio.open_unix_connection(self.server.socket_dir / _SOCKET)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pass(reader, questions, slow=False))
                    group.create_task(self._pass(answers, writer, slow=True))
            except* OSError:
                pass
            finally:
                questions.close()
        writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool) -> None:
        while data := await reader.read(_CHUNK):
            if slow and self.delay:
                await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError
