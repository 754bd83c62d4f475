"""Attempts claimed in a second, out of a campaign of ten thousand contacts and of ten million.

A claim is what the dialler does: candidates are looked at, those who may be dialled become attempts, each
look leaves a decision record, all in one transaction. One contact in fifty is on the do-not-call list, one
in ten is to be called later. Between claims, outside the measured time, the attempts end unanswered.

Few and many begin alike: connections without plans from before, and attempts of which PostgreSQL knows that
there are none. Otherwise autovacuum tells it so during the minutes in which many are filled in, and not while
few are; plans that are made of nothing and kept once made ten million contacts look slow.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.figure import Figure
from bench.processor_time import seconds_of

_FEW: Final = 10_000
_MANY: Final = 200_000
_ALL: Final = 10_000_000
#: Attempts in a claim: a second's for 200 lines.
_AT_ONCE: Final = 50
_CLAIMS: Final = 100
_INDEXES: Final = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'contacts'"
    " AND indexname <> ALL(SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u'))"
)
_CONTACTS: Final = """
INSERT INTO contacts (campaign_id, identity, phone, name, language, details, priority, next_at)
SELECT $1, phone, phone, 'Customer ' || n, CASE n % 2 WHEN 0 THEN 'en' ELSE 'zh-CN' END,
    '{"product": "Daily"}', CASE n % 3 WHEN 0 THEN 80 ELSE 50 END,
    CASE n % 10 WHEN 0 THEN now() + interval '6 hours' ELSE '-infinity' END
FROM (
    SELECT n, '+8613' || n % 10 || lpad((n / 10)::text, 8, '0') AS phone
    FROM generate_series(1, $2::integer) AS n
) AS numbered
"""
_LISTED: Final = """
INSERT INTO do_not_call_entries (number, level, source)
SELECT '+8613' || n % 10 || lpad((n / 10)::text, 8, '0'), 'global', 'person'
FROM generate_series(1, $1::integer, 50) AS n
"""
#: What becomes of the attempts of a claim, all at once.
_END: Final = """
WITH ended AS (
    UPDATE attempts SET state = 'ended', outcome = 'no_answer', sent_at = now(), ended_at = now()
    WHERE state = 'reserved' RETURNING contact_id
)
UPDATE contacts SET state = 'open', attempts = attempts + 1, next_at = now() + interval '4 hours'
FROM ended WHERE contacts.id = ended.contact_id
"""


async def _fill(dsn: str, contacts: int) -> int:
    """A campaign with so many contacts; its id."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("TRUNCATE campaigns, do_not_call_entries, dial_counters CASCADE")
        await connection.execute(
            "UPDATE dial_limits SET calls_per_day = 1000000, campaign_calls_per_day = 1000000"
        )
        campaign_id: int = await connection.fetchval(
            'INSERT INTO campaigns (name, title, kind, queue, caller_ids, "window", ring_seconds, retries,'
            " caps, priority, state) VALUES ('poll', '{}', 'predictive', 'sales', '{+861065529988}',"
            """ '{"from": "00:00", "to": "24:00"}', 25, '{}', '{}', 50, 'running') RETURNING id"""
        )
        # So many rows at once are quicker without indexes and checks of what is known to be right.
        await connection.execute("SET session_replication_role = replica")
        indexes = await connection.fetch(_INDEXES)
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['indexname']}")
        await connection.execute(_CONTACTS, campaign_id, contacts, timeout=1_200)
        for index in indexes:
            await connection.execute(index["indexdef"], timeout=600)
        await connection.execute(_LISTED, contacts, timeout=600)
        await connection.execute("VACUUM ANALYZE contacts, do_not_call_entries, attempts", timeout=600)
        # What was just filled is not still to be written while it is measured.
        await connection.execute("CHECKPOINT", timeout=600)
        return campaign_id
    finally:
        await connection.close()


class Claimed(msgspec.Struct, kw_only=True):
    """How many attempts were claimed, and what that took."""

    attempts: int = 0
    #: Of each claim.
    seconds: list[float] = msgspec.field(default_factory=list)
    #: Ours and that of PostgreSQL's backend, which never work at the same time.
    processor_seconds: float = 0.0


async def _claim(engine: AsyncEngine, dsn: str, campaign_id: int) -> Claimed:
    from cti.campaigns.store import read_campaign
    from cti.dialling.records import lease_store
    from cti.dialling.records.claims import ClaimContext, claim
    from cti.dialling.rules.campaign_rules import window_of
    from cti.dialling.rules.may_dial import DialRules

    async with engine.connect() as connection:
        campaign = await read_campaign(connection, campaign_id)
    window = window_of(campaign.definition, None)
    beside = await asyncpg.connect(dsn)
    claimed = Claimed()
    try:
        for _ in range(_CLAIMS):
            now = time.time()
            async with engine.begin() as connection:
                lease = await lease_store.take(connection, "bench", "bench", now)
                # The pool has no other connection yet.
                backend = await connection.scalar(sa.text("SELECT pg_backend_pid()"))
            if lease is None:
                raise RuntimeError("the lease is another's")
            context = ClaimContext(
                node="bench", holder="bench", epoch=lease.epoch, now=now, day=datetime.now(UTC).date(),
                rules=DialRules(home_region="CN"), campaign=campaign, window=window,
            )  # fmt: skip
            used = time.process_time() + seconds_of(int(backend or 0))
            began = time.perf_counter()
            async with engine.begin() as connection:
                made = await claim(connection, context, _AT_ONCE)
            claimed.seconds.append(time.perf_counter() - began)
            claimed.processor_seconds += time.process_time() + seconds_of(int(backend or 0)) - used
            claimed.attempts += len(made)
            await beside.execute(_END)
    finally:
        await beside.close()
    return claimed


async def _measure(home: Path, sizes: Sequence[int]) -> list[Figure]:
    from cti.db.engine import open_engine, plain_dsn
    from cti.db.migrations import upgrade
    from cti.installation.postgres import embedded

    rates: dict[int, float] = {}
    figures: list[Figure] = []
    async with embedded(home / "pg") as server:
        await server.create("bench")
        url = server.url("bench")
        await upgrade(url)
        for size in sizes:
            campaign_id = await _fill(plain_dsn(url), size)
            async with open_engine(url) as engine:
                claimed = await _claim(engine, plain_dsn(url), campaign_id)
            rates[size] = claimed.attempts / sum(claimed.seconds)
            figures += [
                Figure(
                    name=f"claims_of_{size}",
                    value=rates[size],
                    unit="attempts/s",
                    baseline=None if size == sizes[0] else rates[sizes[0]],
                    baseline_name=f"{sizes[0]} contacts",
                    goal=">= 500, flat",
                ),
                Figure(
                    name=f"claims_of_{size}_p99",
                    value=1_000 * statistics.quantiles(claimed.seconds, n=100)[-1],
                    unit="ms",
                    goal="<= 500",
                ),
                Figure(
                    name=f"claims_of_{size}_processor",
                    value=1_000 * claimed.processor_seconds / claimed.attempts,
                    unit="ms/attempt",
                    goal="<= 2",
                ),
            ]
    return figures


def run(_: Path, *, full: bool = False) -> list[Figure]:
    """The rate from few contacts and from many; with ``full`` these are ten million: minutes, and 8 GB."""
    with tempfile.TemporaryDirectory(prefix="cti-bench-") as home:
        return asyncio.run(_measure(Path(home), (_FEW, _ALL if full else _MANY)))
