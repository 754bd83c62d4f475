"""Idempotency keys: a write that comes twice is done once, and answered alike both times."""

import hashlib
import re
from typing import Protocol

import msgspec
from aiohttp import web

from cti.http.problems import Problem

_KEY = re.compile(r"[\x21-\x7e]{1,128}")


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given before; ``body`` is None when it held a secret."""

    status: int
    body: bytes | None


class IdempotencyStore(Protocol):
    """Where keys and answers are kept: PostgreSQL."""

    async def begin(self, owner: str, key: str, fingerprint: bytes) -> StoredAnswer | None:
        """Take the key; the stored answer when this very request was answered before.

        Raises:
            Problem: `idempotency.key_reused` for another request, `idempotency.in_progress` for one that
                is not done yet, `idempotency.outcome_unknown` for one that nobody works on any more and that
                may or may not have been done.
        """

    async def finish(self, owner: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer for replay."""

    async def forget(self, owner: str, key: str) -> None:
        """Give the key back: nothing was done."""


IDEMPOTENCY = web.AppKey("idempotency", IdempotencyStore)


def idempotency_key(request: web.Request) -> str | None:
    """The request's key, or None when it has none.

    Raises:
        Problem: `idempotency.key_invalid`.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise Problem("idempotency.key_invalid")
    return key


def fingerprint(request: web.Request, body: bytes) -> bytes:
    """What makes two requests the same: method, address and body."""
    return hashlib.sha256(f"{request.method} {request.path_qs}\n".encode() + body).digest()
