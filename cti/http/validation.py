"""What a request brings, checked: path, query and body become models, or a problem naming each bad value."""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cti.http.problems import FieldError, Problem
from cti.http.routing import Upload, UploadedFile

MAX_BODY_BYTES: Final = 64 * 1024
_PIECE: Final = 256 * 1024

Model = TypeVar("Model", bound=BaseModel)

#: Pydantic's kinds of error as stable codes of ours; everything else is `field.invalid`.
_CODES: Final = {
    "missing": "field.missing",
    "extra_forbidden": "field.unknown",
    "string_too_short": "field.too_short",
    "too_short": "field.too_short",
    "string_too_long": "field.too_long",
    "too_long": "field.too_long",
    "greater_than": "field.out_of_range",
    "greater_than_equal": "field.out_of_range",
    "less_than": "field.out_of_range",
    "less_than_equal": "field.out_of_range",
    "finite_number": "field.out_of_range",
    "int_parsing_size": "field.out_of_range",
    "literal_error": "field.not_allowed",
    "enum": "field.not_allowed",
    "union_tag_invalid": "field.not_allowed",
    "union_tag_not_found": "field.missing",
    "string_pattern_mismatch": "field.pattern",
    "instant": "field.instant",
    "control_character": "field.control_character",
    "time_of_day": "field.time_of_day",
    "time_zone": "field.time_zone",
    "pin_easy": "field.pin_easy",
}
_LIMITS: Final = ("min_length", "max_length", "gt", "ge", "lt", "le")


async def read_body(request: web.Request) -> bytes:
    """The body's bytes; empty when there is none.

    Raises:
        Problem: it is too large or no JSON by its headers.
    """
    if not request.body_exists:
        return b""
    if request.content_type != "application/json" or "Content-Encoding" in request.headers:
        raise Problem("request.media_type")
    if request.content_length is not None and request.content_length > MAX_BODY_BYTES:
        raise Problem("request.too_large", limit=MAX_BODY_BYTES)
    raw = await request.content.read(MAX_BODY_BYTES + 1)
    while len(raw) <= MAX_BODY_BYTES and not request.content.at_eof():
        raw += await request.content.read(MAX_BODY_BYTES + 1 - len(raw))
    if len(raw) > MAX_BODY_BYTES:
        raise Problem("request.too_large", limit=MAX_BODY_BYTES)
    return raw


async def read_upload(request: web.Request, upload: Upload) -> bytes:
    """The bytes of a file that is sent as it is.

    Raises:
        Problem: it is too large or not of a type that is taken.
    """
    return b"".join([piece async for piece in _pieces(request, upload)])


async def receive_upload(request: web.Request, upload: Upload, folder: Path) -> UploadedFile:
    """A file that is sent as it is, written into the folder as it comes; only its owner can read it.

    Raises:
        Problem: it is too large or not of a type that is taken; then nothing is left of it.
    """
    digest = hashlib.sha256()
    size = 0
    number, name = await asyncio.to_thread(_new_file, folder)
    try:
        with os.fdopen(number, "wb") as file:
            async for piece in _pieces(request, upload):
                size += len(piece)
                digest.update(piece)
                await asyncio.to_thread(file.write, piece)
    except BaseException:
        Path(name).unlink()  # noqa: ASYNC240  (nothing is waited for on the way out)
        raise
    return UploadedFile(path=Path(name), size=size, digest=digest.digest())


def _new_file(folder: Path) -> tuple[int, str]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.mkstemp(dir=folder, prefix="sent-")


async def _pieces(request: web.Request, upload: Upload) -> AsyncIterator[bytes]:
    if request.content_type not in upload.media_types or "Content-Encoding" in request.headers:
        raise Problem("request.upload_type", types=", ".join(upload.media_types))
    if request.content_length is not None and request.content_length > upload.most_bytes:
        raise Problem("request.too_large", limit=upload.most_bytes)
    read = 0
    async for piece in request.content.iter_chunked(_PIECE):
        read += len(piece)
        if read > upload.most_bytes:
            raise Problem("request.too_large", limit=upload.most_bytes)
        yield piece


def read_json(raw: bytes, shape: type[Model]) -> Model:
    """The body as a model; an absent body counts as an empty object."""
    try:
        return shape.model_validate_json(raw or b"{}")
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        if any(item["type"] == "json_invalid" for item in errors):
            raise Problem("request.malformed") from None
        raise Problem("request.invalid", errors=[_field_error(item, body=True) for item in errors]) from None


def read_query(request: web.Request, shape: type[Model]) -> Model:
    """The query as a model; a parameter given twice is refused."""
    query = request.query
    repeated = [name for name in set(query) if len(query.getall(name)) > 1]
    if repeated:
        raise Problem(
            "request.invalid", errors=[_parameter(name, "field.repeated") for name in sorted(repeated)]
        )
    return _read_texts(query, shape)


def read_path(request: web.Request, shape: type[Model]) -> Model:
    """The variable parts of the path as a model."""
    return _read_texts(request.match_info, shape)


def _read_texts(values: Mapping[str, str], shape: type[Model]) -> Model:
    unprintable = [name for name, value in values.items() if not f"{name}{value}".isprintable()]
    if unprintable:
        raise Problem(
            "request.invalid", errors=[_parameter(name, "field.control_character") for name in unprintable]
        )
    try:
        return shape.model_validate(dict(values))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        raise Problem("request.invalid", errors=[_field_error(item, body=False) for item in errors]) from None


def _parameter(name: str, code: str) -> FieldError:
    return FieldError(code=code, parameter=ascii(name)[1:-1])


def _field_error(item: ErrorDetails, *, body: bool) -> FieldError:
    kind = item["type"]
    code = _CODES.get(kind, "field.wrong_type" if kind.endswith(("_type", "_parsing")) else "field.invalid")
    context: dict[str, Any] = item.get("ctx", {})
    params = {}
    for name in _LIMITS:
        if name in context:
            params["limit"] = str(context[name])
    if "expected" in context:
        params["allowed"] = ", ".join(re.findall(r"'([^']*)'", str(context["expected"])))
    path = [str(part) for part in item["loc"]]
    if not body:
        return FieldError(code=code, parameter=path[0] if path else "", params=params)
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    return FieldError(code=code, pointer=pointer, params=params)
