"""Reads a file of contacts in a process of its own.

It runs as `python -m cti.campaigns.imports.import_worker`, with a job on stdin.

The file comes from outside and is large: whatever it does, calls go on. The process has little priority, and
bounds on memory and time; its end, whatever it was, leaves nothing half done. What a job ends with is on
stdout.
"""

import asyncio
import contextlib
import os
import resource
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from cti.campaigns.imports import contact_import
from cti.campaigns.imports.contact_import import ContactImport, ImportFault, connected, fault_of, tell_on
from cti.campaigns.imports.file_preview import FilePreview, preview
from cti.campaigns.model import FileOptions
from cti.sheets.model import SheetFault

_MOST_MEMORY: Final = 1024 * 1024 * 1024
_MOST_CPU_SECONDS: Final = 900
_NICENESS: Final = 10


class Deed(StrEnum):
    """What a job is."""

    PREVIEW = "preview"
    IMPORT = "import"
    UNDO = "undo"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job; ``dsn`` is the database as asyncpg takes it, ``path`` the file."""

    deed: Deed
    dsn: str = ""
    import_id: int = 0
    campaign_id: int = 0
    path: str = ""
    options: FileOptions = FileOptions()


class JobEnd(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a job ended with: a preview, a fault (a problem's code and parameters), or nothing to tell."""

    preview: FilePreview | None = None
    fault: dict[str, Any] | None = None


def main() -> None:
    """Does the job that stands on stdin."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    _bound()
    end = _preview(job) if job.deed is Deed.PREVIEW else asyncio.run(_work(job))
    sys.stdout.buffer.write(msgspec.json.encode(end))


def _bound() -> None:
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_SECONDS, _MOST_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _preview(job: Job) -> JobEnd:
    try:
        with Path(job.path).open("rb") as file:
            return JobEnd(preview=preview(file, job.options))
    except SheetFault as fault:
        return JobEnd(fault=fault_of(fault))
    except MemoryError:
        return JobEnd(fault={"code": "file.too_large", "params": {}})


async def _work(job: Job) -> JobEnd:
    async with contextlib.AsyncExitStack() as stack:
        connection, tell = [await stack.enter_async_context(connected(job.dsn)) for _ in range(2)]
        if job.deed is Deed.UNDO:
            await contact_import.undo(connection, job.import_id)
            return JobEnd()
        tells = tell_on(tell, job.import_id)
        work = ContactImport(connection, tells, job.import_id, job.campaign_id)
        try:
            await work.run(Path(job.path), job.options)
        except (SheetFault, ImportFault) as error:
            return JobEnd(fault=fault_of(error))
        except MemoryError:
            return JobEnd(fault={"code": "file.too_large", "params": {}})
    return JobEnd()


if __name__ == "__main__":
    main()
