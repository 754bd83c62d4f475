"""Two sets of books of the same calls: the service's rows, and what Asterisk and the phones wrote down."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

import asyncpg

from cti.db.engine import plain_dsn
from cti.ledger.sources import PastRows


@dataclass
class Channel:
    """One channel as CEL has it."""

    uniqueid: str
    linkedid: str
    started_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    #: Spans in which it was in a bridge.
    bridged: list[list[float]] = field(default_factory=list)
    queued_at: float | None = None
    unqueued_at: float | None = None


def read_cel(path: Path, *, after: float) -> dict[str, Channel]:
    """The channels that began after an instant, by Uniqueid."""
    channels: dict[str, Channel] = {}
    for row in PastRows(path, timezone=UTC):
        if row.event == "CHAN_START" and row.at >= after:
            channels[row.uniqueid] = Channel(row.uniqueid, row.linkedid, row.at)
        channel = channels.get(row.uniqueid)
        if channel is None:
            continue
        match row.event, row.application:
            case "ANSWER", _:
                channel.answered_at = row.at
            case "CHAN_END", _:
                channel.ended_at = row.at
            case "BRIDGE_ENTER", _:
                channel.bridged.append([row.at, row.at])
            case "BRIDGE_EXIT", _:
                channel.bridged[-1][1] = row.at
            case "APP_START", "Queue":
                channel.queued_at = row.at
            case "APP_END", "Queue":
                channel.unqueued_at = row.at
    return channels


Row = dict[str, Any]


@dataclass
class Books:
    """The service's rows, all of them."""

    calls: dict[str, Row]
    legs: list[Row]
    intervals: dict[str, list[Row]]
    entries: dict[str, list[Row]]
    offers: list[Row]
    transfers: list[Row]
    surveys: dict[str, list[Row]]
    anomalies: list[Row]
    open_rows: dict[str, int]

    def leg(self, uniqueid: str) -> Row:
        """The leg of a channel."""
        return next(leg for leg in self.legs if leg["uniqueid"] == uniqueid)


async def read_books(database_url: str) -> Books:
    """Everything that was recorded."""
    connection = await asyncpg.connect(plain_dsn(database_url))
    try:
        calls = await _rows(connection, "calls", "started_at answered_at ended_at")
        legs = await _rows(connection, "legs", "started_at answered_at ended_at")
        intervals = await _rows(connection, "intervals", "started_at ended_at")
        entries = await _rows(connection, "queue_entries", "joined_at left_at")
        offers = await _rows(connection, "offers", "started_at ended_at")
        transfers = await _rows(connection, "transfers", "at")
        surveys = await _rows(connection, "surveys", "started_at ended_at")
        anomalies = await _rows(connection, "anomalies", "at")
        open_rows = await _open_rows(connection)
    finally:
        await connection.close()
    return Books(
        calls={row["id"]: row for row in calls},
        legs=legs,
        intervals=_grouped(intervals, "leg_id"),
        entries=_grouped(entries, "leg_id"),
        offers=offers,
        transfers=transfers,
        surveys=_grouped(surveys, "call_id"),
        anomalies=anomalies,
        open_rows=open_rows,
    )


async def _rows(connection: asyncpg.Connection, table: str, instants: str) -> list[Row]:
    rows = await connection.fetch(f"SELECT * FROM {table}")
    found = []
    for row in rows:
        plain = dict(row)
        for name in instants.split():
            plain[name] = plain[name].timestamp() if plain[name] is not None else None
        found.append(plain)
    return found


async def _open_rows(connection: asyncpg.Connection) -> dict[str, int]:
    """Rows of things that go on, by table."""
    conditions = {
        "calls": "ended_at IS NULL AND NOT unknown_end",
        "legs": "ending IS NULL",
        "intervals": "ended_at IS NULL AND NOT unknown_end",
        "queue_entries": "outcome IS NULL",
        "offers": "outcome IS NULL",
        "surveys": "outcome IS NULL",
    }
    return {
        table: await connection.fetchval(f"SELECT count(*) FROM {table} WHERE {condition}")
        for table, condition in conditions.items()
    }


async def open_rows(database_url: str) -> dict[str, int]:
    """Rows of things that go on, by table."""
    connection = await asyncpg.connect(plain_dsn(database_url))
    try:
        return await _open_rows(connection)
    finally:
        await connection.close()


async def agent_states(database_url: str) -> dict[str, int]:
    """How many agents are in which state."""
    connection = await asyncpg.connect(plain_dsn(database_url))
    try:
        rows = await connection.fetch("SELECT status, count(*) FROM agent_current_states GROUP BY status")
        return {row[0]: row[1] for row in rows}
    finally:
        await connection.close()


async def ledger_counts(database_url: str) -> tuple[int, int, int]:
    """What the service's own comparison has counted: channels, those that fit, legs without a channel."""
    connection = await asyncpg.connect(plain_dsn(database_url))
    try:
        row = await connection.fetchrow(
            "SELECT coalesce(sum(channels), 0)::int, coalesce(sum(matched), 0)::int,"
            " coalesce(sum(lone_legs), 0)::int FROM ledger_days"
        )
        return row[0], row[1], row[2]
    finally:
        await connection.close()


async def connections(database_url: str) -> int:
    """How many others are connected to the database."""
    connection = await asyncpg.connect(plain_dsn(database_url))
    try:
        count = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(count)
    finally:
        await connection.close()


def _grouped(rows: list[Row], key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups
