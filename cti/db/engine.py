"""The connection pool that the API and the screen pop share; the recorder has a connection of its own."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
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
#: The same of the pool. That it has no connection to give, because the database is slow, is an error of its
#: own kind: neither the built-in TimeoutError nor one of the database's.
UNAVAILABLE: Final = (*NO_ANSWER, DBAPIError, PoolTimeoutError)


#: Classes of SQLSTATE that say that what was asked cannot be: wrong data, a constraint, a fault of the
#: statement, and what our own triggers say.
_REFUSALS: Final = ("22", "23", "42", "CT")


def is_refusal(error: BaseException) -> bool:
    """Whether the database is there and refuses what was asked, so that asking again changes nothing."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(state, str) and state.startswith(_REFUSALS)


#: SQLSTATE of a statement that was ended because it took longer than it may.
_CANCELED: Final = "57014"


def is_too_slow(error: BaseException) -> bool:
    """Whether a statement took too long, so that asking for less may help."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) == _CANCELED


class _NoNews(logging.Filter):
    """Keeps out of the log, with its traceback, that a lost connection could not be closed in order."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is None or not isinstance(record.exc_info[1], NO_ANSWER)


logging.getLogger("sqlalchemy.pool.impl.AsyncAdaptedQueuePool").addFilter(_NoNews())


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
