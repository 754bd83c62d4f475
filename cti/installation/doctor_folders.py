"""What ``cti doctor`` says of folders and files: those that the service writes, and those that it shares with
Asterisk.
"""

import asyncio
import os
import pwd
import re
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cti.config import Settings
from cti.errors import LedgerError
from cti.installation.asterisk_plan import GENERAL_MAILBOX
from cti.installation.findings import Finding, failure, fine, warning
from cti.ledger.sources import open_source
from cti.tasks.voicemail_watch import mailbox_folder

FREE_BYTES: Final = 1024**3
_SPOOL: Final = re.compile(r"^\s*astspooldir\s*=>?\s*([^;\n]*[^;\s])", re.MULTILINE)
#: Of a folder: to list what is in it, to put in and take out, to come to it.
_READ_WRITE_ENTER: Final = 0o7
_ENTER: Final = 0o1


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody for whom a program runs."""

    name: str
    uid: int
    gids: frozenset[int]

    @classmethod
    def of_this_process(cls) -> Self:
        """Whoever runs the doctor, and so the service."""
        uid = os.geteuid()
        return cls(name=_name_of(uid), uid=uid, gids=frozenset({os.getegid(), *os.getgroups()}))

    @classmethod
    def of_owner(cls, path: Path) -> Self | None:
        """Who has written a file; None when it is not on this machine."""
        try:
            status = path.stat()
        except OSError:
            return None
        gids = {status.st_gid}
        try:
            known = pwd.getpwuid(status.st_uid)
            gids |= {known.pw_gid, *os.getgrouplist(known.pw_name, known.pw_gid)}
        except KeyError:
            pass  # a container's user may have no name here
        return cls(name=_name_of(status.st_uid), uid=status.st_uid, gids=frozenset(gids))

    def may_use(self, folder: Path) -> bool:
        """Whether he can read and write in a folder, and come to it."""
        return self._may(folder, _READ_WRITE_ENTER) and all(
            self._may(parent, _ENTER) for parent in folder.absolute().parents
        )

    def _may(self, folder: Path, wanted: int) -> bool:
        try:
            status = folder.stat()
        except OSError:
            return False
        if self.uid == 0:
            return True
        bits = status.st_mode
        if status.st_uid == self.uid:
            bits >>= 6
        elif status.st_gid in self.gids:
            bits >>= 3
        return bits & wanted == wanted


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


async def examine_folders(settings: Settings) -> AsyncIterator[Finding]:
    """Journal, recordings, voicemail, CEL."""
    for code, folder in (("journal", settings.journal_dir), ("recordings", settings.recordings_dir)):
        problem, free = await asyncio.to_thread(_look_at, folder)
        if problem:
            yield failure(f"folder.{code}_unusable", path=folder, error=problem)
        elif free < FREE_BYTES:
            yield warning("folder.nearly_full", path=folder, megabytes=free // 1024**2)
        else:
            yield fine(f"folder.{code}", path=folder, gigabytes=free // 1024**3)
    # Asterisk writes queue_log, also before the first call.
    asterisk = await asyncio.to_thread(Account.of_owner, settings.queue_log_path)
    yield await asyncio.to_thread(examine_voicemail, settings, Account.of_this_process(), asterisk)
    source = open_source(settings, after=time.time())
    try:
        await source.rows()
        yield fine("cel.readable", path=source.name)
    except LedgerError:
        yield warning("cel.unreadable", path=source.name)
    finally:
        await source.close()


def examine_voicemail(settings: Settings, service: Account, asterisk: Account | None) -> Finding:
    """Whether messages that Asterisk takes while the service is away can become tasks.

    ``asterisk`` is None when nobody here knows for whom it runs.
    """
    folder = settings.voicemail_dir
    theirs = _asterisks_voicemail(settings.asterisk_etc_dir)
    if theirs is not None and theirs.resolve() != folder.resolve():
        return failure("folder.voicemail_elsewhere", path=folder, asterisk=theirs)
    try:
        if not folder.exists():
            return warning("folder.voicemail_absent", path=folder)
        # What is not there yet Asterisk makes like the folder around it.
        mailbox = mailbox_folder(folder, GENERAL_MAILBOX)
        place = next(part for part in (mailbox, *mailbox.parents) if part.exists())
        is_folder = place.is_dir()
    except PermissionError:
        return failure("folder.voicemail_closed", path=folder, user=service.name)
    if not is_folder:
        return failure("folder.voicemail_is_none", path=place)
    if not service.may_use(place):
        return failure("folder.voicemail_closed", path=place, user=service.name)
    if asterisk is not None and not asterisk.may_use(place):
        return failure("folder.voicemail_closed_to_asterisk", path=place, user=asterisk.name)
    return fine("folder.voicemail", path=folder)


def _asterisks_voicemail(etc: Path) -> Path | None:
    """Where Asterisk's own configuration puts messages; None when it cannot be read, or does not say."""
    try:
        found = _SPOOL.search((etc / "asterisk.conf").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return None if found is None else Path(found.group(1)) / "voicemail"


def _look_at(folder: Path) -> tuple[str, int]:
    """What keeps us from writing in a folder, or where it would be made, and the bytes left there."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        return f"{place} is no folder", 0
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} is not writable", 0
    return "", shutil.disk_usage(place).free
