"""`cti reconcile`: the database with every recorded call, held against their CEL and queue_log."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from cti.config import Settings, load
from cti.db.engine import plain_dsn
from cti.errors import LedgerColumnsUnknown, LedgerDatabaseAway, LedgerUnreadable
from cti.ledger.audit import audit
from cti.ledger.comparison import FindingKind
from cti.ledger.sources import PastRows
from tests.integration.ledger.recorded_calls import record, span


@pytest_asyncio.fixture(scope="module")
async def settings(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return await record(postgres_url, tmp_path_factory.mktemp("ledger"))


@pytest_asyncio.fixture
async def database(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose changes are undone at the end."""
    connection = await asyncpg.connect(plain_dsn(settings.database_url.get_secret_value()))
    yield connection
    await connection.close()


def changed(settings: Settings, **changes: object) -> Settings:
    return load(**{**settings.model_dump(), **changes})


async def test_every_recorded_channel_has_exactly_one_leg_that_fits(settings: Settings) -> None:
    report = await audit(settings, *span())
    assert report.findings == []
    cel = PastRows(settings.cel_csv_path, timezone=UTC)
    starts = sum(row.event == "CHAN_START" for row in cel)
    assert report.channels == report.legs == report.matched == starts > 0
    assert (report.unmatched, report.broken_lines) == (0, 0)
    assert 0.0 < max(report.worst.values()) <= 0.2


async def test_a_stretch_of_time_counts_what_ended_in_it_and_misses_nothing_at_its_edges(
    settings: Settings,
) -> None:
    whole = await audit(settings, *span())
    cel = PastRows(settings.cel_csv_path, timezone=UTC)
    ends = sorted(row.at for row in cel if row.event == "CHAN_END")
    edges = [span()[0], *ends[:: len(ends) // 6], span()[1]]
    parts = [await audit(settings, a, b) for a, b in pairwise(edges)]
    assert sum(part.channels for part in parts) == whole.channels
    assert [part.findings for part in parts if part.findings] == []


async def test_a_row_that_is_gone_and_one_that_is_wrong_are_found(
    settings: Settings, database: asyncpg.Connection
) -> None:
    deleted, wrong = await database.fetch(
        "SELECT id, uniqueid, ended_at FROM legs WHERE kind = 'device' ORDER BY id LIMIT 2"
    )
    saved = await database.fetchrow("SELECT l FROM legs l WHERE id = $1", deleted["id"])
    assert saved is not None
    await database.execute("CREATE TEMP TABLE kept AS SELECT * FROM legs WHERE id = $1", deleted["id"])
    await database.execute(
        "CREATE TEMP TABLE spans AS SELECT * FROM intervals WHERE leg_id = $1", deleted["id"]
    )
    try:
        await database.execute("DELETE FROM legs WHERE id = $1", deleted["id"])
        await database.execute(
            "UPDATE legs SET ended_at = ended_at + interval '1 s' WHERE id = $1", wrong["id"]
        )
        report = await audit(settings, *span())
    finally:
        await database.execute("INSERT INTO legs SELECT * FROM kept")
        await database.execute("INSERT INTO intervals SELECT * FROM spans")
        await database.execute("UPDATE legs SET ended_at = $2 WHERE id = $1", wrong["id"], wrong["ended_at"])
    found = {(one.uniqueid, one.kind, one.field) for one in report.findings}
    assert found == {
        (deleted["uniqueid"], FindingKind.CHANNEL_WITHOUT_LEG, None),
        (wrong["uniqueid"], FindingKind.TIME_DIFFERS, "ended_at"),
    }
    assert report.unmatched == 2
    assert report.matched == report.channels - 2


async def test_cel_is_read_from_a_table_of_postgres(settings: Settings, database: asyncpg.Connection) -> None:
    """As `cel_pgsql` fills it; its name needs quoting, and another node writes into it too."""
    await database.execute("""
        CREATE TABLE public."Cel$Rows" (id bigserial PRIMARY KEY, eventtype text, eventtime timestamp,
            userdeftype text, cid_name text, cid_num text, exten text, context text, channame text,
            appname text, appdata text, uniqueid text, linkedid text, peer text, extra text)""")
    rows = [
        (
            row.event, datetime.fromtimestamp(row.at, UTC).replace(tzinfo=None), row.number, row.exten,
            row.context, row.channel, row.application, row.data, row.uniqueid, row.linkedid,
            json.dumps(row.extra),
        )
        for row in PastRows(settings.cel_csv_path, timezone=UTC)
    ]  # fmt: skip
    rows += [
        (*row[:8], f"other-{row[8]}", f"other-{row[9]}", row[10])
        for row in rows
        if not row[8].startswith("at-")  # an attempt's id names no node
    ]
    await database.executemany(
        'INSERT INTO "Cel$Rows" (eventtype, eventtime, cid_num, exten, context, channame, appname, appdata, '
        "uniqueid, linkedid, extra) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        rows,
    )
    url = settings.database_url.get_secret_value()
    table = changed(settings, cel_database_url=url, cel_table="public.Cel$Rows")
    from_table, from_file = await audit(table, *span()), await audit(settings, *span())
    assert from_table.findings == []
    assert from_table.channels == from_file.channels > 0
    with pytest.raises(LedgerUnreadable, match="does not exist"):
        await audit(changed(table, cel_table="absent"), *span())
    with pytest.raises(LedgerColumnsUnknown, match="eventtime"):
        await audit(changed(table, cel_table="calls"), *span())


async def test_what_cannot_be_read_is_named(settings: Settings, tmp_path: Path) -> None:
    absent = changed(settings, cel_csv_path=tmp_path / "absent.csv")
    with pytest.raises(LedgerUnreadable, match=r"absent\.csv: No such file"):
        await audit(absent, *span())
    other = tmp_path / "other.csv"
    other.write_text("name,number\nBob,1\n")
    with pytest.raises(LedgerColumnsUnknown, match="line 1: no column eventtype"):
        await audit(changed(settings, cel_csv_path=other), *span())
    away = changed(settings, database_url="postgresql://127.0.0.1:1/none")
    with pytest.raises(LedgerDatabaseAway):
        await audit(away, *span())
    broken = tmp_path / "broken.csv"
    broken.write_text(settings.cel_csv_path.read_text() + '"CHAN_END","17\n')
    report = await audit(changed(settings, cel_csv_path=broken), *span())
    assert report.broken_lines == 1
    assert report.faults[0].startswith("line ")
    assert (await audit(changed(settings, queue_log_path=tmp_path / "no"), *span())).queue_log is None


def reconcile(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    names = ("home", "node", "cel_csv_path", "queue_log_path")
    secrets = {"CTI_AMI_SECRET": "x", "CTI_AMI_PHONE_SECRET": "x", "CTI_AGI_SECRET": "x"}
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("CTI_")},
        **{f"CTI_{name.upper()}": str(getattr(settings, name)) for name in names},
        **secrets,
        "CTI_DATABASE_URL": settings.database_url.get_secret_value(),
        "COLUMNS": "200",
    }
    moments = [datetime.fromtimestamp(at, UTC).isoformat() for at in span()]
    return subprocess.run(
        [sys.executable, "-m", "cti", "reconcile", "--from", moments[0], "--to", moments[1], *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_command_says_so_in_both_languages_and_in_its_exit_status(
    settings: Settings, tmp_path: Path
) -> None:
    fine = reconcile(settings)
    assert fine.returncode == 0, fine.stderr
    assert "channels have exactly one leg; 0 do not fit" in fine.stdout
    assert "0 个不符" in fine.stdout
    report = json.loads(reconcile(settings, "--json").stdout)
    assert report["matched"] == report["channels"] > 0
    assert report["from_at"].endswith("Z")

    longer = tmp_path / "longer.csv"
    lines = settings.cel_csv_path.read_text().splitlines(keepends=True)
    extra = [line.replace("-1795", "-1794") for line in lines[:40] if "CHAN_" in line]
    longer.write_text("".join([*lines, *extra]))
    missing = reconcile(settings, "--cel", str(longer), "--report", "--language", "en")
    assert missing.returncode == 1
    assert "a channel has no leg" in missing.stdout
    assert "lab-1794" in missing.stdout

    absent = reconcile(settings, "--cel", str(tmp_path / "absent"))
    assert absent.returncode == 2
    assert "ledger.cel_unreadable" in absent.stderr
    assert "无法读取 Asterisk 的 CEL" in absent.stderr


def from_cel(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return reconcile(settings, "--from-cel", str(settings.cel_csv_path), *arguments)


async def test_history_is_imported_once_however_often(
    settings: Settings, database: asyncpg.Connection
) -> None:
    async def rows() -> dict[str, list[tuple[object, ...]]]:
        return {
            table: [
                tuple(row)
                for row in await database.fetch(
                    f"SELECT t.* FROM {table} t WHERE {which} ORDER BY t.id, t.started_at", "oldpbx"
                )
            ]
            for table, which in (
                ("calls", "node = $1"),
                ("legs", "node = $1"),
                ("intervals", "call_id IN (SELECT id FROM calls WHERE node = $1)"),
            )
        }

    first = await asyncio.to_thread(from_cel, settings, "--import", "--node", "oldpbx")
    assert first.returncode == 0, first.stderr
    assert "calls were written under the node oldpbx" in first.stdout
    once = await rows()
    cel = PastRows(settings.cel_csv_path, timezone=UTC)
    starts = {row.uniqueid for row in cel if row.event == "CHAN_START"}
    assert len(once["legs"]) == len(starts)
    assert once["calls"]
    assert once["intervals"]
    again = await asyncio.to_thread(from_cel, settings, "--import", "--node", "oldpbx")
    assert again.returncode == 0, again.stderr
    assert await rows() == once
    mine = await asyncio.to_thread(from_cel, settings, "--import", "--node", "lab")
    assert mine.returncode == 2
    assert "ledger.node_is_recorded" in mine.stderr
    nameless = await asyncio.to_thread(from_cel, settings, "--import")
    assert (nameless.returncode, "ledger.options" in nameless.stderr) == (2, True)


def test_what_is_listed_goes_to_the_output_and_complaints_go_beside_it(
    settings: Settings, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text(settings.cel_csv_path.read_text() + '"CHAN_END","17\n')
    listed = reconcile(settings, "--from-cel", str(broken), "--json")
    assert listed.returncode == 0
    calls = [json.loads(line) for line in listed.stdout.splitlines()]
    assert sum(len(call["legs"]) for call in calls) > 50
    assert "broken.csv: 1 broken lines" in listed.stderr
    table = reconcile(settings, "--from-cel", str(settings.cel_csv_path))
    assert "13800138000" in table.stdout
    assert table.stderr == ""
