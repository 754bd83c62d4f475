"""Sessions of people and tokens of integrations: opaque, hashed in PostgreSQL, cached briefly in memory.

A session ends after a time without use, at the latest after a day, and when its user is switched off. What
is cached here keeps people signed in while the database is down: an entry that could not be checked again
serves on until the session's own end.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.agents.tables import agents
from cti.db.engine import UNAVAILABLE
from cti.http.principal import Language, Principal, Role, Scope
from cti.people.tables import api_tokens, sessions, users

log = structlog.get_logger(__name__)

IDLE_SECONDS: Final = 12 * 3600.0
ABSOLUTE_SECONDS: Final = 24 * 3600.0
#: How long a check of the database holds good.
_FRESH_SECONDS: Final = 15.0
#: How often the use of sessions is written down.
_WRITE_SECONDS: Final = 30.0
_LOOKUPS_AT_A_TIME: Final = 4
_TIME_LIMIT_SECONDS: Final = 4.0
#: Of somebody who is known no longer than this.
_KNOWN_LIMIT_SECONDS: Final = 1.0
_MOST_CACHED: Final = 20_000
_TOKEN_PREFIX: Final = "cti_"  # noqa: S105  (not a secret)


#: Who, and until when (epoch seconds); None when the token is not good.
_Found = tuple[Principal, float] | None
_Reader = Callable[[AsyncConnection, bytes, str, float], Awaitable[_Found]]


class _Entry(msgspec.Struct):
    principal: Principal
    #: Epoch seconds after which the session is over whatever else happens.
    ends_at: float
    checked_at: float


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has just begun; ``token`` goes into the cookie and is kept nowhere."""

    token: str
    principal: Principal


class Sessions:
    """Knows who is behind a cookie or a bearer token.

    ``on_end`` is called with the key of a session that ended before its time (sign-out, user switched off),
    so that open sockets can be closed.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        idle_seconds: float = IDLE_SECONDS,
        absolute_seconds: float = ABSOLUTE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.on_end: Callable[[bytes], None] | None = None
        self._engine = engine
        self._idle = idle_seconds
        self._absolute = absolute_seconds
        self._clock = clock
        self._cache: OrderedDict[bytes, _Entry] = OrderedDict()
        self._lookups = asyncio.Semaphore(_LOOKUPS_AT_A_TIME)
        #: Sessions and tokens that were used since this was last written down.
        self._used: set[bytes] = set()
        self._written_at = clock()
        #: Until when the database, which did not answer, is not asked about whom we know.
        self._ask_from = 0.0

    async def open(self, user_id: int) -> NewSession:
        """Begin a session of a user who has shown his password."""
        token = secrets.token_urlsafe(32)
        key = token_hash(token)
        now = self._clock()
        async with self._engine.begin() as connection:
            await connection.execute(
                sessions.insert().values(
                    token_hash=key,
                    user_id=user_id,
                    created_at=_aware(now),
                    last_used_at=_aware(now),
                    expires_at=_aware(now + self._absolute),
                )
            )
            expired = sessions.c.expires_at < _aware(now)
            idle = sessions.c.last_used_at < _aware(now - self._idle)
            await connection.execute(sessions.delete().where(expired | idle))
        principal = await self.of_cookie(token)
        if principal is None:
            raise LookupError("the session is over before it began")
        return NewSession(token=token, principal=principal)

    async def close(self, key: bytes) -> None:
        """End a session."""
        async with self._engine.begin() as connection:
            await connection.execute(sessions.delete().where(sessions.c.token_hash == key))
        self._ended(key)

    async def end_all_of(self, user_id: int) -> None:
        """End every session of a user: he was switched off, or his password or role changed."""
        async with self._engine.begin() as connection:
            statement = (
                sessions.delete().where(sessions.c.user_id == user_id).returning(sessions.c.token_hash)
            )
            keys = (await connection.execute(statement)).scalars().all()
        for key in keys:
            self._ended(key)

    def forget_token(self, token_id: int) -> None:
        """A token was revoked: it must not live on in memory."""
        for key, entry in tuple(self._cache.items()):
            if entry.principal.key == f"token:{token_id}":
                self._ended(key)

    def renamed(self, user_id: int) -> None:
        """A user's name or language changed: read him anew."""
        for entry in self._cache.values():
            if entry.principal.user_id == user_id:
                entry.checked_at = 0.0

    async def of_cookie(self, token: str) -> Principal | None:
        """Who is behind a session's cookie, or None when it is no session or is over."""
        return await self._find(token_hash(token), self._read_session, csrf_token(token))

    async def of_bearer(self, token: str) -> Principal | None:
        """Who is behind a bearer token, or None when it is none or was revoked."""
        if not token.startswith(_TOKEN_PREFIX):
            return None
        return await self._find(token_hash(token), self._read_token, "")

    async def _find(self, key: bytes, read: _Reader, csrf: str) -> Principal | None:
        now = self._clock()
        entry = self._cache.get(key)
        if entry is not None and now < entry.ends_at and self._holds_good(entry, now):
            self._used.add(key)
            return entry.principal
        try:
            # When everybody comes back at once, a few connections serve them all soonest.
            async with (
                asyncio.timeout(_TIME_LIMIT_SECONDS if entry is None else _KNOWN_LIMIT_SECONDS),
                self._lookups,
                self._engine.begin() as connection,
            ):
                found = await read(connection, key, csrf, now)
                if not 0.0 <= now - self._written_at < _WRITE_SECONDS:
                    await self._write_use(connection, now)
        except UNAVAILABLE as error:
            if entry is None or now >= entry.ends_at:
                raise ConnectionError("sessions cannot be read") from error
            # Once in a while, not once per request, and not everybody behind one another.
            self._ask_from = now + _FRESH_SECONDS
            return entry.principal
        if found is None:
            self._ended(key)
            return None
        principal, ends_at = found
        self._used.add(key)
        self._cache[key] = _Entry(principal, ends_at, now)
        self._cache.move_to_end(key)
        if len(self._cache) > _MOST_CACHED:
            self._cache.popitem(last=False)
        return principal

    def _holds_good(self, entry: _Entry, now: float) -> bool:
        """Whether what is known of him need not be asked again; this machine's clock may have jumped."""
        checked = 0.0 <= now - entry.checked_at < _FRESH_SECONDS
        return checked or 0.0 < self._ask_from - now <= _FRESH_SECONDS

    async def _read_session(self, connection: AsyncConnection, key: bytes, csrf: str, now: float) -> _Found:
        statement = (
            sa.select(users, agents.c.id.label("agent_id"), sessions.c.last_used_at, sessions.c.expires_at)
            .join(users, users.c.id == sessions.c.user_id)
            .outerjoin(agents, agents.c.user_id == users.c.id)
            .where(sessions.c.token_hash == key, users.c.active)
        )
        row = (await connection.execute(statement)).one_or_none()
        if row is None:
            return None
        last_used, expires = row.last_used_at.timestamp(), row.expires_at.timestamp()
        # What was used since, and is not written down yet, counts too.
        idle_from = max(last_used, self._written_at) if key in self._used else last_used
        if now >= min(idle_from + self._idle, expires):
            return None
        principal = Principal(
            key=f"user:{row.id}",
            role=Role(row.role),
            name=row.name,
            language=Language(row.language),
            user_id=row.id,
            agent_id=row.agent_id if row.role == Role.AGENT else None,
            session_key=key,
            csrf_token=csrf,
        )
        return principal, min(now + self._idle, expires)

    async def _read_token(self, connection: AsyncConnection, key: bytes, _csrf: str, now: float) -> _Found:
        valid = (api_tokens.c.token_hash == key) & api_tokens.c.revoked_at.is_(None)
        row = (await connection.execute(sa.select(api_tokens).where(valid))).one_or_none()
        if row is None:
            return None
        known = {scope.value for scope in Scope}
        principal = Principal(
            key=f"token:{row.id}",
            role=Role.INTEGRATION,
            name=row.name,
            scopes=frozenset(Scope(scope) for scope in row.scopes if scope in known),
        )
        return principal, now + self._absolute

    async def _write_use(self, connection: AsyncConnection, now: float) -> None:
        """Note in one go which sessions and tokens were used since the last time."""
        used, self._used = list(self._used), set()
        self._written_at = now
        if not used:
            return
        for table in (sessions, api_tokens):
            named = table.c.token_hash == sa.func.any(sa.cast(used, sa.ARRAY(sa.LargeBinary)))
            await connection.execute(table.update().where(named).values(last_used_at=_aware(now)))

    def _ended(self, key: bytes) -> None:
        if self._cache.pop(key, None) is not None and self.on_end is not None:
            self.on_end(key)


def new_bearer_token() -> str:
    """A fresh bearer token, recognisable by its beginning."""
    return _TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """How a token is kept and looked up: it is random, so a plain SHA-256 is as good as any."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def csrf_token(token: str) -> str:
    """What writes in this session must show; only a page that may read our answers can know it."""
    return hmac.new(token.encode("utf-8", "surrogateescape"), b"csrf", hashlib.sha256).hexdigest()


def _aware(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
