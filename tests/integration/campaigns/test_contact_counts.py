"""The counts of contacts are kept, and always those that counting would give, whoever writes."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cti.campaigns.model import ContactCounts
from cti.campaigns.runs.contact_counts import count_contacts, fold_counts, read_counts
from cti.db.engine import open_engine

CAMPAIGN = """
INSERT INTO campaigns (name, title, kind, queue, caller_ids, "window", ring_seconds, retries, caps, priority)
    VALUES (:name, '{}', 'preview', 'sales', '{}', '{}', 25, '{}', '{}', 50) RETURNING id
"""
ADD = """
INSERT INTO contacts (campaign_id, identity, phone)
    SELECT :campaign, phone, phone FROM (
        SELECT '+86138' || lpad(n::text, 8, '0') AS phone
        FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
    ) AS phones
"""
SOME = """id IN (
    SELECT id FROM contacts WHERE campaign_id = :campaign AND state IN ({states})
    ORDER BY id LIMIT :some FOR UPDATE SKIP LOCKED
)"""
OPEN = SOME.format(states="'open'")
DIALLING = SOME.format(states="'dialling'")
NOT_CLOSED = SOME.format(states="'open', 'dialling'")
ANY = SOME.format(states="'open', 'dialling', 'closed'")
TAKE = f"UPDATE contacts SET state = 'dialling' WHERE {OPEN}"
CLOSE = (
    "UPDATE contacts SET state = 'closed', closed = 'final',"
    f" last_attempt_at = now() - interval '{{age}} minutes' WHERE {NOT_CLOSED}"
)
ACTS = (
    TAKE,
    f"UPDATE contacts SET state = 'open' WHERE {DIALLING}",
    "UPDATE contacts SET priority = 60 WHERE campaign_id = :campaign AND id % 7 = :some",
    f"DELETE FROM contacts WHERE {ANY}",
    CLOSE.format(age=1),
    CLOSE.format(age=90),
)
COUNTED = "SELECT campaign_id, state, count(*) FROM contacts GROUP BY 1, 2 ORDER BY 1, 2"


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_engine(postgres_url) as engine:
        async with engine.begin() as connection:
            await connection.execute(sa.text("DELETE FROM campaigns"))
        yield engine


async def made(connection: AsyncConnection, name: str, contacts: int) -> int:
    campaign = int((await connection.execute(sa.text(CAMPAIGN), {"name": name})).scalar_one())
    await connection.execute(sa.text(ADD), {"campaign": campaign, "first": 1, "last": contacts})
    return campaign


async def agree(engine: AsyncEngine) -> None:
    """What is kept is what is there."""
    async with engine.connect() as connection:
        await connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        there = {tuple(row[:2]): row[2] for row in await connection.execute(sa.text(COUNTED))}
        kept = {
            (campaign, state): getattr(counts, state)
            for campaign, counts in (await read_counts(connection)).items()
            for state in ("open", "dialling", "closed")
            if getattr(counts, state)
        }
    assert kept == there


async def test_counts_follow_whatever_is_written(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        one = await made(connection, "one", 30)
        other = await made(connection, "other", 5)
    async with engine.begin() as connection:
        await connection.execute(sa.text(TAKE), {"campaign": one, "some": 3})
        await connection.execute(sa.text(CLOSE.format(age=1)), {"campaign": one, "some": 2})
        await connection.execute(sa.text(CLOSE.format(age=90)), {"campaign": one, "some": 4})
    async with engine.connect() as connection:
        counts = await read_counts(connection)
        assert counts[other] == ContactCounts(open=5)
        # Those that were closed were the first, some of whom were being called.
        assert counts[one] == ContactCounts(open=24, dialling=0, closed=6, closed_in_hour=2)
        assert counts[one].all == (await count_contacts(connection, one)).all == 30
        assert await count_contacts(connection, other) == ContactCounts(open=5)
    await agree(engine)
    async with engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM campaigns WHERE id = :id"), {"id": one})
    await agree(engine)
    async with engine.begin() as connection:
        await connection.execute(sa.text("TRUNCATE contacts CASCADE"))
    await agree(engine)
    async with engine.connect() as connection:
        assert await read_counts(connection) == {}


async def test_what_is_not_committed_is_not_counted(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        one = await made(connection, "one", 3)
    async with engine.connect() as connection:
        await connection.execute(sa.text(TAKE), {"campaign": one, "some": 2})
        assert await count_contacts(connection, one) == ContactCounts(open=1, dialling=2)
        await connection.rollback()
        assert await count_contacts(connection, one) == ContactCounts(open=3)


async def test_counts_are_exact_while_many_write_and_sum_up(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        campaigns = [await made(connection, name, 200) for name in ("one", "two")]

    async def write(seed: int) -> None:
        random = Random(seed)
        for _ in range(25):
            async with engine.begin() as connection:
                given = {"campaign": random.choice(campaigns), "some": random.randrange(1, 6)}
                await connection.execute(sa.text(random.choice(ACTS)), given)
                if random.random() < 0.2:
                    await connection.rollback()

    async def sum_up() -> None:
        for _ in range(25):
            async with engine.begin() as connection:
                await fold_counts(connection)
            await agree(engine)

    await asyncio.gather(*(write(seed) for seed in range(4)), sum_up(), sum_up())
    await agree(engine)
    async with engine.begin() as connection:
        await fold_counts(connection)
        rows = await connection.scalar(sa.text("SELECT count(*) FROM contact_counts"))
    assert rows is not None
    assert rows <= 6
    await agree(engine)
