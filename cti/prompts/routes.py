"""Prompts over HTTP: what there is of each, its sound to listen to, and recordings that an admin sends."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog
from aiohttp import web
from pydantic import Field

from cti.errors import CtiError
from cti.http.principal import Language, Principal, Role
from cti.http.problems import Problem
from cti.http.routing import Routes, Upload
from cti.http.shapes import Instant, Items, Query, instant
from cti.prompts import recordings, sound_files
from cti.prompts.book import sound_path
from cti.prompts.conversion import MOST_BYTES
from cti.prompts.listing import Listed, State, listing
from cti.prompts.model import PromptTable
from cti.prompts.refusals import RecordingRefused

log = structlog.get_logger(__name__)
routes = Routes(tag="prompts")

LEADERS: Final = (Role.SUPERVISOR, Role.ADMIN)
ADMIN: Final = (Role.ADMIN,)
_TYPES: Final = (
    "application/octet-stream", "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/mpeg",
    "audio/mp3", "audio/ogg", "application/ogg", "audio/flac", "audio/x-flac",
)  # fmt: skip
#: A large file over a slow line, and then its conversion.
_UPLOAD_SECONDS: Final = 120.0
_MOST_AT_ONCE: Final = 2


class SoundRoom:
    """Where the sounds of this installation lie; ``cache`` has synthetic ones."""

    def __init__(self, folder: Path, table: PromptTable, cache: Path) -> None:
        self.folder = folder
        self.table = table
        self.cache = cache
        self.gate = asyncio.Semaphore(_MOST_AT_ONCE)


SOUNDS = web.AppKey("sounds", SoundRoom)


class SoundView(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt in one language.

    ``state`` is `recorded`, `synthetic`, `outdated` (its text changed since) or `missing`; ``seconds`` is
    null when there is no sound, ``recorded_at`` when it is synthetic or not known. When ``restorable``, the
    recording before can be taken back.
    """

    language: str
    text: str
    state: State
    seconds: float | None
    recorded_at: Instant | None
    restorable: bool


class PromptView(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt in all its languages."""

    name: str
    sounds: list[SoundView]


class SoundQuery(Query):
    """Which sound."""

    name: str = Field(max_length=200)
    language: Language


@routes.get("/api/v1/prompts", roles=LEADERS, summary="List prompts")
async def list_prompts(request: web.Request) -> Items[PromptView]:
    """All of them, in the order of the files of texts."""
    room = request.app[SOUNDS]
    sounds: dict[str, list[SoundView]] = {}
    for listed in await asyncio.to_thread(listing, room.folder, room.table):
        sounds.setdefault(listed.name, []).append(_view(listed))
    return Items(items=[PromptView(name=name, sounds=views) for name, views in sounds.items()])


@routes.get("/api/v1/prompts/sound", roles=LEADERS, media_type="audio/wav", summary="Listen to a prompt")
async def read_sound(request: web.Request, query: SoundQuery) -> web.StreamResponse:
    """The sound as callers hear it: wav, 8 kHz, mono. Parts can be asked for (Range)."""
    room = request.app[SOUNDS]
    name, language = query.name, query.language.value
    if not room.table.known(name, language):
        raise Problem("prompts.not_found", name=name[:80], language=language)
    path = sound_path(room.folder, name, language)
    if not await asyncio.to_thread(sound_files.is_there, path):
        raise Problem("prompts.no_sound", name=name, language=language)
    headers = {"Content-Type": "audio/wav", "Cache-Control": "no-cache"}
    return web.FileResponse(path, headers=headers)


@routes.put(
    "/api/v1/prompts/sound",
    roles=ADMIN,
    summary="Take a recording over",
    upload=Upload(media_types=_TYPES, most_bytes=MOST_BYTES),
    timeout_seconds=_UPLOAD_SECONDS,
)
async def record_sound(
    request: web.Request, principal: Principal, query: SoundQuery, content: bytes
) -> SoundView:
    """A WAV, MP3, Ogg Vorbis or FLAC file becomes what callers hear; the recording before it is kept."""
    room, name, language = request.app[SOUNDS], query.name, query.language.value
    async with room.gate:
        with _told(), tempfile.TemporaryDirectory(prefix="cti-upload-") as folder:
            source = Path(folder) / "upload"
            await asyncio.to_thread(source.write_bytes, content)
            await recordings.add(room.folder, room.table, name=name, language=language, source=source)
    log.info("prompt.recorded", prompt=name, language=language, by=principal.key)
    return await _now(room, name, language)


@routes.delete("/api/v1/prompts/sound", roles=ADMIN, status=200, summary="Take a recording away")
async def remove_recording(request: web.Request, principal: Principal, query: SoundQuery) -> SoundView:
    """The synthetic voice speaks again; the recording is kept and can be taken back."""
    room, name, language = request.app[SOUNDS], query.name, query.language.value
    with _told():
        await recordings.remove(room.folder, room.table, room.cache, name=name, language=language)
    log.info("prompt.recording_removed", prompt=name, language=language, by=principal.key)
    return await _now(room, name, language)


@routes.post("/api/v1/prompts/sound/restore", roles=ADMIN, summary="Take the former recording back")
async def restore_recording(request: web.Request, principal: Principal, query: SoundQuery) -> SoundView:
    """It changes places with the present one."""
    room, name, language = request.app[SOUNDS], query.name, query.language.value
    with _told():
        await recordings.restore(room.folder, room.table, name=name, language=language)
    log.info("prompt.recording_restored", prompt=name, language=language, by=principal.key)
    return await _now(room, name, language)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What is refused becomes a problem in the reader's words."""
    try:
        yield
    except RecordingRefused as refusal:
        raise Problem(refusal.code, **refusal.parameters) from None
    except (CtiError, OSError) as error:
        log.warning("prompt.not_changed", error=str(error)[:300])
        raise Problem("prompts.unavailable") from None


async def _now(room: SoundRoom, name: str, language: str) -> SoundView:
    everything = await asyncio.to_thread(listing, room.folder, room.table)
    return next(_view(listed) for listed in everything if (listed.name, listed.language) == (name, language))


def _view(listed: Listed) -> SoundView:
    at = listed.recorded_at
    return SoundView(
        language=listed.language,
        text=listed.text,
        state=listed.state,
        seconds=listed.seconds,
        recorded_at=None if at is None else instant(datetime.fromisoformat(at).timestamp()),
        restorable=listed.restorable,
    )
