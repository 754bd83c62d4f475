"""What PostgreSQL knows of campaigns in figures, and a memory of it: who looks each second asks no more than
the database can count.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import msgspec
import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.campaigns.model import ContactCounts
from cti.campaigns.runs.contact_counts import read_counts
from cti.dialling.records.result_sql import DISPOSITION_SAID
from cti.dialling.records.tables import attempt_results, attempts
from cti.dialling.rules.outcome import Outcome

Counted = TypeVar("Counted")

_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=30)
#: Counting takes this share of the database's time at most, beyond what costs nothing.
_SHARE: Final = 0.05
_FREE_SECONDS: Final = 0.05
_MOST_CAMPAIGNS: Final = 1_000


class PersonCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that a person answered in a span of time: somebody was there for him, or nobody."""

    answered: int
    abandoned: int

    @property
    def abandoned_share(self) -> float | None:
        """Of all that a person answered; None when nobody did."""
        persons = self.answered + self.abandoned
        return self.abandoned / persons if persons else None


class AttemptCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts of a campaign that were sent: ``outcomes`` of all that ended, and ``dispositions`` of all of
    which an agent said something, whenever; the rest by when they were sent.
    """

    outcomes: dict[Outcome, int]
    dispositions: dict[str, int]
    today: int
    day: PersonCounts
    month: PersonCounts


async def count_attempts(connection: AsyncConnection, campaign_id: int) -> AttemptCounts:
    """Of one campaign; today begins at midnight where this machine stands."""
    now = datetime.now(UTC)
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    columns = attempts.c

    def since(instant: datetime) -> sa.FunctionFilter[int]:
        return sa.func.count().filter(columns.sent_at >= instant)

    statement = (
        sa.select(
            columns.outcome,
            sa.func.count().label("of"),
            since(midnight).label("today"),
            since(now - _DAY).label("day"),
            since(now - _MONTH).label("month"),
        )
        .where(columns.campaign_id == campaign_id, columns.sent_at.is_not(None))
        .group_by(columns.outcome)
    )
    rows = (await connection.execute(statement)).all()
    said = (
        sa.select(DISPOSITION_SAID)
        .where(columns.campaign_id == campaign_id, columns.id.in_(sa.select(attempt_results.c.attempt_id)))
        .subquery()
    )
    counted = sa.select(said.c.disposition, sa.func.count().label("of")).group_by(said.c.disposition)
    dispositions = {row.disposition: row.of for row in await connection.execute(counted)}
    by_outcome = {Outcome(row.outcome): row for row in rows if row.outcome is not None}

    def persons(span: str) -> PersonCounts:
        return PersonCounts(
            answered=_of(by_outcome.get(Outcome.ANSWERED), span),
            abandoned=_of(by_outcome.get(Outcome.ABANDONED), span),
        )

    return AttemptCounts(
        outcomes={outcome: row.of for outcome, row in by_outcome.items()},
        dispositions=dispositions,
        today=sum(row.today for row in rows),
        day=persons("day"),
        month=persons("month"),
    )


def _of(row: sa.Row[Any] | None, span: str) -> int:
    return 0 if row is None else int(getattr(row, span))


class FigureMemory:
    """Figures as they were counted last, counted anew when they are asked for and old enough: the longer
    counting takes, the older they may be.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._contacts = _Kept(engine, read_counts)
        self._attempts: dict[int, _Kept[AttemptCounts]] = {}
        self._engine = engine

    async def contacts(self) -> dict[int, ContactCounts]:
        """As `cti.campaigns.runs.contact_counts.read_counts`."""
        return await self._contacts.read()

    async def attempts(self, campaign_id: int) -> AttemptCounts:
        """As `count_attempts`."""
        kept = self._attempts.get(campaign_id)
        if kept is None:
            if len(self._attempts) >= _MOST_CAMPAIGNS:
                self._attempts.clear()
            kept = self._attempts[campaign_id] = _Kept(
                self._engine, lambda connection: count_attempts(connection, campaign_id)
            )
        return await kept.read()


#: One for all who look.
FIGURES: web.AppKey[FigureMemory] = web.AppKey("campaign figures")


class _Kept(Generic[Counted]):
    """One answer, counted by one at a time."""

    def __init__(self, engine: AsyncEngine, count: Callable[[AsyncConnection], Awaitable[Counted]]) -> None:
        self._engine = engine
        self._count = count
        self._lock = asyncio.Lock()
        self._answer: Counted | None = None
        self._good_until = 0.0

    async def read(self) -> Counted:
        async with self._lock:
            if self._answer is None or time.monotonic() >= self._good_until:
                async with self._engine.connect() as connection:
                    began = time.monotonic()
                    self._answer = await self._count(connection)
                ended = time.monotonic()
                costly = max(0.0, ended - began - _FREE_SECONDS)
                self._good_until = ended + costly / _SHARE
            return self._answer
