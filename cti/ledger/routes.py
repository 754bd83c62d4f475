"""How the record fits Asterisk's own ledger, for supervisors and admins."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
from aiohttp import web
from pydantic import Field

from cti.http.keys import ENGINE
from cti.http.principal import Role
from cti.http.problems import Problem
from cti.http.routing import Routes
from cti.http.shapes import (
    CursorInstant,
    Instant,
    Page,
    PageQuery,
    Query,
    When,
    decode_cursor,
    encode_cursor,
    instant,
    instant_or_none,
)
from cti.ledger import store
from cti.ledger.model import LedgerStatus
from cti.ledger.store import Day, StoredFinding, StoredGap

routes = Routes(tag="ledger")

LEADERS: Final = (Role.SUPERVISOR, Role.ADMIN)
LedgerSource = Callable[[], LedgerStatus]
LEDGER: web.AppKey[LedgerSource] = web.AppKey("ledger")

_DEFAULT_DAYS: Final = 30
_MOST_DAYS: Final = 366


#: What a cursor holds; whoever makes one up gets a refusal, not an error.
CursorKey = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class LedgerQuery(Query):
    """A span of time; the last thirty days when none is given."""

    from_: When | None = Field(None, alias="from")
    to: When | None = None


class LedgerPageQuery(PageQuery):
    """A span of time, in pages."""

    from_: When | None = Field(None, alias="from")
    to: When | None = None


class FindingsQuery(LedgerPageQuery):
    """Findings of a span of time; ``open`` leaves out what fits by now."""

    open: Annotated[bool, Field()] = False


class LedgerDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day (UTC): channels that ended, those with exactly one fitting leg, and legs without a channel.

    ``filled`` are those of the fitting that were filled in from CEL.
    """

    day: str
    channels: int
    matched: int
    filled: int
    lone_legs: int


class LedgerSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The figure over a span of time, and how the comparison stands now.

    ``state`` is `checking` when it is up to date; otherwise ``code`` says what keeps it.
    """

    state: str
    code: str | None
    checked_to: Instant | None
    queue_log: bool
    broken_lines: int
    channels: int
    matched: int
    filled: int
    unmatched: int
    gaps: int
    days: list[LedgerDay]


class LedgerFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that did not fit; ``settled_at`` is when it did after all."""

    id: int
    kind: str
    at: Instant
    uniqueid: str
    call_id: str | None
    field: str | None
    ours: str | None
    theirs: str | None
    settled_at: Instant | None


class LedgerGap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which events were missed; ``reason`` is why, as it was found out."""

    node: str
    from_at: Instant | None
    to_at: Instant
    reason: str


@routes.get("/api/v1/ledger", roles=LEADERS, summary="How the record fits Asterisk's ledger")
async def read_ledger(request: web.Request, query: LedgerQuery) -> LedgerSummary:
    """The counts of each day, and how the comparison stands."""
    begin, end = _span(query.from_, query.to)
    async with request.app[ENGINE].connect() as connection:
        days = await store.read_days(connection, begin.date(), (end - timedelta(microseconds=1)).date())
        gaps = await store.count_gaps(connection, begin, end)
    status = request.app[LEDGER]()
    channels, matched = sum(day.channels for day in days), sum(day.matched for day in days)
    return LedgerSummary(
        state=status.state.value, code=status.code, checked_to=instant_or_none(status.checked_to),
        queue_log=status.queue_log, broken_lines=status.broken_lines, channels=channels, matched=matched,
        filled=sum(day.filled for day in days), gaps=gaps,
        unmatched=channels - matched + sum(day.lone_legs for day in days),
        days=[_day(day) for day in days],
    )  # fmt: skip


@routes.get("/api/v1/ledger/findings", roles=LEADERS, summary="What does not fit Asterisk's ledger")
async def list_findings(request: web.Request, query: FindingsQuery) -> Page[LedgerFinding]:
    """Newest first."""
    begin, end = _span(query.from_, query.to)
    after = decode_cursor(query.cursor, tuple[CursorInstant, CursorKey]) if query.cursor else None
    async with request.app[ENGINE].connect() as connection:
        found, following = await store.page_findings(
            connection, begin, end, limit=query.limit, after=after, only_open=query.open
        )
    return Page(
        items=[_finding(one) for one in found],
        next_cursor=encode_cursor(*following) if following is not None else None,
    )


@routes.get("/api/v1/ledger/gaps", roles=LEADERS, summary="When events were missed")
async def list_gaps(request: web.Request, query: LedgerPageQuery) -> Page[LedgerGap]:
    """Newest first."""
    begin, end = _span(query.from_, query.to)
    after = decode_cursor(query.cursor, tuple[CursorInstant, str, CursorKey]) if query.cursor else None
    async with request.app[ENGINE].connect() as connection:
        found, following = await store.page_gaps(connection, begin, end, limit=query.limit, after=after)
    return Page(
        items=[_gap(one) for one in found],
        next_cursor=encode_cursor(*following) if following is not None else None,
    )


def _span(begin: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """The span that was asked for.

    Raises:
        Problem: `ledger.span_invalid`.
    """
    end = end or datetime.now(UTC) + timedelta(minutes=1)
    begin = begin or end - timedelta(days=_DEFAULT_DAYS)
    if not begin < end <= begin + timedelta(days=_MOST_DAYS):
        raise Problem("ledger.span_invalid")
    return begin, end


def _day(day: Day) -> LedgerDay:
    return LedgerDay(
        day=day.day.isoformat(), channels=day.channels, matched=day.matched, filled=day.filled,
        lone_legs=day.lone_legs,
    )  # fmt: skip


def _finding(one: StoredFinding) -> LedgerFinding:
    finding = one.finding
    return LedgerFinding(
        id=one.id, kind=finding.kind.value, at=instant(finding.at), uniqueid=finding.uniqueid,
        call_id=finding.call_id, field=finding.field, ours=finding.ours, theirs=finding.theirs,
        settled_at=instant_or_none(one.settled_at),
    )  # fmt: skip


def _gap(one: StoredGap) -> LedgerGap:
    return LedgerGap(
        node=one.node, from_at=instant_or_none(one.from_at), to_at=instant(one.to_at), reason=one.reason
    )
