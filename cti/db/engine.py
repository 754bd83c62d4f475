"""The connection pool that the API and the screen pop share; the recorder has a connection of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

#: Longer than this no person waits for an answer; milliseconds.
STATEMENT_TIMEOUT_MS: Final = 10_000
_CONNECT_SECONDS: Final = 5.0
#: What asyncpg raises when a question has no answer: the last is what it says when the server ended the
#: session between two statements.
NO_ANSWER: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


@asynccontextmanager
async def open_engine(
    url: str, *, pool_size: int = 10, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
) -> AsyncIterator[AsyncEngine]:
    """A pool of connections to the database, closed at the end.

    ``url`` is `postgresql://…` or `postgresql+asyncpg://…`. Nothing is connected before the first use, so the
    service starts without its database too.
    """
    engine = create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=5,
        pool_recycle=1800,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": statement_timeout_ms / 1000 + 1,
            "server_settings": {
                "application_name": "cti",
                "statement_timeout": str(statement_timeout_ms),
                "timezone": "UTC",
                "jit": "off",
            },
        },
    )
    try:
        yield engine
    finally:
        await engine.dispose()


def async_url(url: str) -> sa.URL:
    """The same database for SQLAlchemy with asyncpg."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def plain_dsn(url: str) -> str:
    """The same database as asyncpg itself takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
