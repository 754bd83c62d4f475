"""Starts the processes that read files of contacts, and notes how they ended."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.campaigns.imports import imports_store
from cti.campaigns.imports.file_preview import FilePreview
from cti.campaigns.imports.import_worker import Deed, Job, JobEnd
from cti.campaigns.imports.imports_store import ContactImportRow
from cti.campaigns.model import FileOptions
from cti.db.engine import UNAVAILABLE, plain_dsn
from cti.http.problems import Problem

log = structlog.get_logger(__name__)

_PREVIEW_SECONDS: Final = 30.0
#: Looked at beside one another; each reads a file that may be large.
_MOST_PREVIEWS: Final = 2
_KEPT_SECONDS: Final = 86_400


class ImportRunner:
    """Owns the processes. ``folder`` is where the files lie."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.folder = folder
        self._engine = engine
        self._dsn = plain_dsn(engine.url.render_as_string(hide_password=False))
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._previews = asyncio.Semaphore(_MOST_PREVIEWS)

    def file_of(self, import_id: int) -> Path:
        """Where the file of an import lies."""
        return self.folder / f"contacts-{import_id}"

    def forget(self, import_ids: Iterable[int]) -> None:
        """Take the files of these imports away."""
        for import_id in import_ids:
            self.file_of(import_id).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Take files away that nobody imported within a day, and those of requests that broke off."""
        oldest = time.time() - _KEPT_SECONDS
        for pattern in ("contacts-*", "sent-*"):
            for path in self.folder.glob(pattern):
                if path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)

    def works_on(self, import_id: int) -> bool:
        """Whether one of our processes has this import."""
        return import_id in self._tasks

    async def preview(self, path: Path, options: FileOptions) -> FilePreview:
        """What the file seems to hold.

        Raises:
            Problem: one of `file.…`, which says why it cannot be read.
        """
        job = Job(deed=Deed.PREVIEW, path=str(path), options=options)
        async with self._previews:
            try:
                async with asyncio.timeout(_PREVIEW_SECONDS):
                    end = await _done(job)
            except TimeoutError:
                raise Problem("file.slow") from None
        if end is not None and end.preview is not None:
            return end.preview
        if end is None or end.fault is None:
            # It was ended for want of memory or time.
            raise Problem("file.too_large")
        params: dict[str, Any] = end.fault["params"]
        raise Problem(end.fault["code"], **params)

    def start(self, deed: Deed, row: ContactImportRow) -> None:
        """Let a process import or undo; the row says already that one does."""
        job = Job(
            deed=deed,
            dsn=self._dsn,
            import_id=row.id,
            campaign_id=row.campaign_id,
            path=str(self.file_of(row.id)),
            options=row.file_options(),
        )
        task = asyncio.get_running_loop().create_task(self._work(job), name=f"contact import {row.id}")
        self._tasks[row.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(row.id, None))

    async def wait(self, import_id: int) -> None:
        """Until no process has this import any more."""
        task = self._tasks.get(import_id)
        if task is not None:
            await asyncio.wait({task})

    async def close(self) -> None:
        """End the processes; what they had begun is as if it had never been."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, job: Job) -> None:
        end = await _done(job)
        fault = {"code": "import.interrupted", "params": {}} if end is None else end.fault
        if fault is not None:
            log.warning(
                "contact_import.failed", contact_import=job.import_id, deed=job.deed, code=fault["code"]
            )
            try:
                async with self._engine.begin() as connection:
                    await imports_store.note_failure(connection, job.import_id, fault)
            except UNAVAILABLE as error:
                # Whoever asks for it next finds that nobody works on it.
                log.warning("contact_import.not_noted", contact_import=job.import_id, error=str(error)[:200])
            return
        log.info("contact_import.done", contact_import=job.import_id, deed=job.deed)
        if job.deed is Deed.IMPORT:
            # It is in the database now; a second copy of so many numbers is no use to anybody.
            self.forget([job.import_id])


CONTACT_IMPORTS: web.AppKey[ImportRunner] = web.AppKey("contact_imports", ImportRunner)


async def _done(job: Job) -> JobEnd | None:
    """The end of a job; None when its process broke off."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cti.campaigns.imports.import_worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        log.warning("contact_import.no_process", error=str(error)[:200])
        return None
    try:
        out, errors = await process.communicate(msgspec.json.encode(job))
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        # The kind of error alone: what follows it may hold a number.
        last = errors.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        log.warning("contact_import.process_ended", status=process.returncode, error=last[:80])
        return None
    return msgspec.json.decode(out, type=JobEnd)


@asynccontextmanager
async def open_import_runner(engine: AsyncEngine, folder: Path) -> AsyncIterator[ImportRunner]:
    """The runner; its processes end with it."""
    runner = ImportRunner(engine, folder)
    await asyncio.to_thread(runner.sweep)
    try:
        yield runner
    finally:
        await runner.close()
