"""``cti doctor``: looks at an installation and says, finding by finding, what is wrong and what to do about
it.

It changes nothing. Each check is a function that yields findings; the texts, in Chinese and English, are in
:mod:`cti.installation.doctor_texts`.
"""

import asyncio
import re
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import sqlalchemy as sa

from cti.asterisk.clock import AsteriskClock
from cti.asterisk.link import AmiSettings
from cti.asterisk.session import AmiSession
from cti.config import Settings
from cti.db.engine import open_engine
from cti.db.migrations import current_revision, head_revision
from cti.errors import AmiError, AmiWrongSecret, CtiError
from cti.installation.doctor_folders import examine_folders
from cti.installation.findings import Finding, failure, fine, warning
from cti.prompts import table
from cti.prompts.listing import State, listing

#: What the service's AMI user must be able to do.
NEEDED_ACTIONS = frozenset(
    {
        "Atxfer", "BlindTransfer", "BridgeList", "CancelAtxfer", "CoreSettings", "CoreShowChannels",
        "DeviceStateList", "Getvar", "Hangup", "Originate", "QueueAdd", "QueuePause", "QueueRemove",
        "QueueStatus", "Redirect", "Setvar",
    }
)  # fmt: skip
#: With one of these in its hands, an Originate could run programs on Asterisk's machine.
DANGEROUS_ACTIONS = frozenset({"Command", "PJSIPNotify", "ModuleLoad", "UpdateConfig"})
NEEDED_CONTEXTS = ("inbound", "flow", "queues", "queue-entry", "survey", "voicemail", "phones")
MINIMUM_POSTGRES = 150000
SKEW_SECONDS = 1.0


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """All findings, in the order in which one would repair them."""
    for check in (_ami, _phone_user, _manager_conf, _database, examine_folders, _sounds, _fastagi, _service):
        async for finding in check(settings):
            yield finding


async def _ami(settings: Settings) -> AsyncIterator[Finding]:
    where = f"{settings.ami_host}:{settings.ami_port}"
    try:
        session = await AmiSession.open(_ami_settings(settings), AsteriskClock())
    except AmiError as error:
        yield failure("ami.unreachable", where=where, error=error.message)
        return
    try:
        await session.greeted()
        await session.log_in(with_events=True)
        yield fine("ami.login", where=where, user=settings.ami_user)
        try:
            await session.booted()
        except AmiError:
            yield failure("ami.no_system_read", user=settings.ami_user)
        async for finding in _rights(session, settings.ami_user):
            yield finding
        async for finding in _asterisk(session, settings):
            yield finding
        async for finding in _queues(session, settings):
            yield finding
    except AmiWrongSecret:
        yield failure("ami.wrong_secret", user=settings.ami_user)
    except AmiError as error:
        yield failure("ami.broken", where=where, error=error.message)
    finally:
        session.close()


async def _rights(session: AmiSession, user: str) -> AsyncIterator[Finding]:
    allowed = set((await session.ask("ListCommands")).response.headers)
    missing = sorted(NEEDED_ACTIONS - allowed)
    dangerous = sorted(DANGEROUS_ACTIONS & allowed)
    if missing:
        yield failure("ami.rights_missing", user=user, actions=", ".join(missing))
    if dangerous:
        yield warning("ami.rights_too_many", user=user, actions=", ".join(dangerous))
    if not missing and not dangerous:
        yield fine("ami.rights", user=user)


async def _asterisk(session: AmiSession, settings: Settings) -> AsyncIterator[Finding]:
    core = (await session.ask("CoreSettings")).response
    version = core.get("AsteriskVersion")
    major = re.match(r"(?:certified[/-])?(\d+)", version)
    if major is not None and int(major.group(1)) >= 22:
        yield fine("asterisk.version", version=version)
    else:
        yield warning("asterisk.old", version=version)
    name = core.get("SystemName")
    if name == settings.node:
        yield fine("asterisk.systemname", name=name)
    else:
        yield failure("asterisk.other_systemname", name=name or "-", node=settings.node)
    before = time.time()
    stamp = (await session.ask("Ping")).response.get("Timestamp")
    skew = float(stamp or 0) - (before + time.time()) / 2
    if abs(skew) < SKEW_SECONDS:
        yield fine("clock.equal", milliseconds=f"{skew * 1000:+.0f}")
    else:
        yield warning("clock.skew", seconds=f"{skew:+.1f}")
    absent = [name for name in NEEDED_CONTEXTS if not await _has_context(session, name)]
    if absent:
        yield failure("dialplan.contexts_missing", contexts=", ".join(absent))
    else:
        yield fine("dialplan.contexts", contexts=", ".join(NEEDED_CONTEXTS))


async def _has_context(session: AmiSession, context: str) -> bool:
    try:
        await session.ask("ShowDialPlan", {"Context": context}, completed_by="EventList")
    except AmiError:
        return False
    return True


async def _queues(session: AmiSession, settings: Settings) -> AsyncIterator[Finding]:
    answer = await session.ask("QueueSummary", completed_by="EventList")
    there = {event.get("Queue") for event in answer.events if event.name == "QueueSummary"}
    try:
        url = settings.database_url.get_secret_value()
        async with open_engine(url, pool_size=1) as engine, engine.connect() as connection:
            ours = set(await connection.scalars(sa.text("SELECT name FROM queues")))
    except (OSError, sa.exc.SQLAlchemyError):
        return  # the check of the database says why
    if ours - there:
        yield failure("queues.not_in_asterisk", queues=", ".join(sorted(ours - there)))
    if there - ours:
        yield warning("queues.not_in_database", queues=", ".join(sorted(there - ours)))
    if ours == there:
        yield fine("queues.equal", queues=", ".join(sorted(ours)) or "-")


async def _phone_user(settings: Settings) -> AsyncIterator[Finding]:
    user = settings.ami_phone_user
    try:
        session = await AmiSession.open(_ami_settings(settings, phone=True), AsteriskClock())
    except AmiError:
        return  # the check before says so
    try:
        await session.greeted()
        await session.log_in(with_events=False)
        allowed = set((await session.ask("ListCommands")).response.headers)
        if "PJSIPNotify" not in allowed:
            yield failure("ami.phone_rights_missing", user=user)
        elif "Originate" in allowed:
            yield warning("ami.phone_rights_too_many", user=user)
        else:
            yield fine("ami.phone_rights", user=user)
    except AmiWrongSecret:
        yield failure("ami.wrong_secret", user=user)
    except AmiError as error:
        yield failure("ami.broken", where=user, error=error.message)
    finally:
        session.close()


async def _manager_conf(settings: Settings) -> AsyncIterator[Finding]:
    path = settings.asterisk_etc_dir / "manager.conf"
    text = await asyncio.to_thread(_read, path)
    if text is None:
        yield warning("manager.unreadable", path=path)
        return
    general, user = _section(text, "general"), _section(text, settings.ami_user)
    if re.search(r"^\s*timestampevents\s*=\s*yes\b", general, re.MULTILINE):
        yield fine("manager.timestamps")
    else:
        yield failure("manager.no_timestamps", path=path)
    if re.search(r"^\s*eventfilter", user, re.MULTILINE):
        yield fine("manager.eventfilter", user=settings.ami_user)
    else:
        yield warning("manager.no_eventfilter", path=path, user=settings.ami_user)
    timeout = re.search(r"^\s*writetimeout\s*=\s*(\d+)", user, re.MULTILINE)
    if timeout is None or int(timeout.group(1)) < 1000:
        yield warning("manager.short_writetimeout", path=path, user=settings.ami_user)
    bound = re.search(r"^\s*bindaddr\s*=\s*(\S+)", general, re.MULTILINE)
    if bound is None or bound.group(1) not in ("127.0.0.1", "::1", "localhost"):
        yield warning("manager.open_to_the_network", path=path)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url.get_secret_value()
    try:
        async with (
            asyncio.timeout(10),
            open_engine(url, pool_size=1) as engine,
            engine.connect() as connection,
        ):
            version = int(
                await connection.scalar(sa.text("SELECT current_setting('server_version_num')")) or 0
            )
            encoding = await connection.scalar(sa.text("SELECT current_setting('server_encoding')"))
        revision = await current_revision(url)
    except (OSError, TimeoutError, ValueError, sa.exc.SQLAlchemyError) as error:
        yield failure(
            "database.unreachable", error=str(error).splitlines()[0] if str(error) else type(error).__name__
        )
        return
    if version < MINIMUM_POSTGRES:
        yield failure("database.old", version=version // 10000)
    elif encoding != "UTF8":
        yield failure("database.encoding", encoding=encoding)
    else:
        yield fine("database.reachable", version=version // 10000)
    if revision == head_revision():
        yield fine("database.migrated", revision=revision)
    else:
        yield failure("database.not_migrated", revision=revision or "-", head=head_revision())


async def _sounds(settings: Settings) -> AsyncIterator[Finding]:
    for program in ("espeak-ng", "sox"):
        if shutil.which(program) is None:
            yield warning("sounds.no_program", program=program)
    try:
        found = await asyncio.to_thread(lambda: listing(settings.sounds_dir, table.shipped()))
    except CtiError as error:
        yield failure("sounds.broken", error=error.message)
        return
    counts = Counter(listed.state for listed in found)
    if counts[State.MISSING]:
        yield failure("sounds.missing", count=counts[State.MISSING], path=settings.sounds_dir)
    else:
        yield fine("sounds.complete", count=len(found), recorded=counts[State.RECORDED])
    if counts[State.OUTDATED]:
        yield warning("sounds.outdated", count=counts[State.OUTDATED])


async def _fastagi(settings: Settings) -> AsyncIterator[Finding]:
    where = f"{settings.agi_host}:{settings.agi_port}"
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(settings.agi_host, settings.agi_port)
        writer.close()
        yield fine("fastagi.reachable", where=where)
    except (OSError, TimeoutError) as error:
        yield failure("fastagi.unreachable", where=where, error=str(error) or "timeout")


async def _service(settings: Settings) -> AsyncIterator[Finding]:
    address = f"http://{settings.http_host}:{settings.http_port}/api/v1/health"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
            session.get(address) as answer,
        ):
            status = (await answer.json()).get("status")
        yield (
            fine("service.healthy", address=address)
            if status == "ok"
            else warning("service.degraded", address=address, status=status)
        )
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        yield failure("service.unreachable", address=address, error=str(error) or "timeout")


def _ami_settings(settings: Settings, *, phone: bool = False) -> AmiSettings:
    secret = settings.ami_phone_secret if phone else settings.ami_secret
    return AmiSettings(
        host=settings.ami_host, port=settings.ami_port, node=settings.node, secret=secret.get_secret_value(),
        username=settings.ami_phone_user if phone else settings.ami_user, booted_seconds=5.0,
    )  # fmt: skip


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _section(text: str, name: str) -> str:
    found = re.search(rf"^\[{re.escape(name)}\][^\n]*\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""
